"""What somebody who reported a comment is told about it: never who wrote it, who decided, or the words themselves."""

from dataclasses import dataclass
from datetime import datetime

from .models import Comment, Report

PAGE_SIZE = 20
RELATED = ("comment__conversation__page__live_publication",)


@dataclass(frozen=True)
class Receipt:
    """A report as its sender reads it."""

    receipt: str
    reason: str
    at: datetime
    page_title: str  # "" once the page is no longer public
    page_url: str
    comment_url: str  # "" unless the comment is public
    answered_at: datetime | None
    answer: str


def of(report: Report) -> Receipt:
    page = report.comment.conversation.page
    publication = page.live_publication
    is_live = publication is not None and report.comment.status == Comment.Status.LIVE
    return Receipt(
        receipt=report.receipt,
        reason=report.get_reason_display(),
        at=report.created_at,
        page_title=publication.title if publication else "",
        page_url=page.get_absolute_url() if publication else "",
        comment_url=report.comment.get_absolute_url() if is_live else "",
        answered_at=report.closed_at,
        answer=report.get_outcome_display() if report.closed_at else "",
    )


def rows():
    """Reports with what a receipt says of them; the pages' words, which are large, are left out."""
    artefact = "comment__conversation__page__live_publication__artefact"
    return Report.objects.select_related(*RELATED).defer(artefact)


def sent_by(user, before: Report | None = None) -> tuple[list[Receipt], str]:
    """Twenty of a member's reports, the newest first, and where the next page begins."""
    own = rows().filter(reporter=user).order_by("-pk")
    if before is not None:
        own = own.filter(pk__lt=before.pk)
    found = list(own[: PAGE_SIZE + 1])
    return [of(one) for one in found[:PAGE_SIZE]], found[PAGE_SIZE - 1].receipt if len(found) > PAGE_SIZE else ""
