"""What a conversation's mode means for members, in the words that they read."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Page

from . import hours, permissions
from .models import Comment, Conversation

Mode = Conversation.Mode

WORDS: dict[str, str | Promise] = {
    Mode.OPEN: gettext_lazy("Comments appear at once, unless something in them needs a closer look."),
    Mode.FIRST_HELD: gettext_lazy(
        "Your first comment is read by a moderator before it appears. After that, comments appear at once."
    ),
    Mode.ALL_HELD: gettext_lazy("Every comment is read by a moderator before it appears."),
}
# What the desk says about each, beside the button.
MEANING: dict[str, str | Promise] = {
    Mode.OPEN: gettext_lazy("Comments appear at once. What screening stops still waits."),
    Mode.FIRST_HELD: gettext_lazy("Comments of members wait until a moderator has approved one of theirs."),
    Mode.ALL_HELD: gettext_lazy("Nothing appears before a moderator has read it. What is public already stays."),
    Mode.READ_ONLY: gettext_lazy("Everybody can read, nobody can write."),
    Mode.HIDDEN: gettext_lazy("Readers see nothing of it, not even that there is one. Nothing is deleted."),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How a conversation stands: shown and taking comments or not, and the sentence about it."""

    is_shown: bool
    is_open: bool
    words: str  # what becomes of a comment; "" where none is taken
    hours: str  # when moderators read, the same sentence at any time of the day; "" where somebody always does
    open_until: datetime | None
    closed_since: datetime | None


def conversation_of(page: Page) -> Conversation | None:
    """The conversation under a page, read once where the head of the page asked for it already."""
    if Page.conversation.is_cached(page):
        return page.conversation
    return Conversation.objects.filter(page=page).first()


def standing(conversation: Conversation | None) -> Standing:
    """The same for every reader, so that it may stand on a public page."""
    if not permissions.is_shown(conversation):
        return Standing(False, False, "", "", None, None)
    if not permissions.takes_comments(conversation):
        closed = conversation.closes_at
        return Standing(True, False, "", "", None, closed if closed and closed <= timezone.now() else None)
    times = hours.in_words()
    said = _("Comments are read {hours}. What is sent at other times waits until then.").format(hours=times)
    return Standing(True, True, str(WORDS[conversation.mode]), said if times else "", conversation.closes_at, None)


def sent_now() -> str:
    """For the page where a comment is written; "" while somebody is there."""
    opens = hours.next_opening(timezone.now())
    if opens is None:
        return ""
    return _("Sent now, your comment is read from {time}.").format(time=hours.moment_in_words(opens))


def thanks_for(comment: Comment) -> str:
    """What its author is told right after sending."""
    if comment.status == Comment.Status.LIVE:
        return _("Thank you. Your comment is published.")
    opens = hours.next_opening(timezone.now())
    if opens is None:
        return _("Thank you. A moderator will read your comment before it appears.")
    return _("Thank you. Your comment is read from {time}, before it appears.").format(
        time=hours.moment_in_words(opens)
    )
