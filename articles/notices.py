"""Mail to the people of the desk: asked, assigned, sent back, signed, taken back, not published.

Each function runs inside the transaction of the act it tells of, and nobody is told what they did themselves.
"""

import json
import logging
from collections.abc import Callable, Iterable
from functools import partial

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail
from accounts.models import OutboxMail, User
from accounts.roles import Role

from . import vouching
from .addressees import Desk
from .models import Review, Revision, Revocation, Schedule, SignOff

log = logging.getLogger(__name__)

# In the words of the form on which a signature is taken back.
REVOKED_BECAUSE = {
    "error_found": gettext_lazy("I found an error"),
    "evidence_changed": gettext_lazy("The evidence changed"),
    "signed_by_mistake": gettext_lazy("I signed by mistake"),
    "other": gettext_lazy("Another reason"),
}


def asked(review: Review) -> None:
    """A review waits: the one it is given to, else everybody who could take a step of it."""
    desk, facts = Desk(), _facts(review)
    if review.assignee_id:
        assigned(review)
    elif vouching.steps_left(review, signatures := vouching.standing(review)):
        people = _but(review.opened_by_id, desk.who_can_sign(review, signatures))
        tell(people, "asked", facts, key=f"review-{review.pk}-asked", path=_review(review))
    else:
        # The text did not change, so its signatures stand: what it waits for is an editor.
        people = _but(review.opened_by_id, desk.holding(Role.EDITOR))
        tell(people, "signed", facts | {"approved": True}, key=f"review-{review.pk}-kept", path=_review(review))


def assigned(review: Review) -> None:
    """A review was given to somebody, by somebody else."""
    people, key = Desk().those([review.assignee_id]), f"review-{review.pk}-assigned-{review.version}"
    tell(people, "assigned", _facts(review), key=key, path=_review(review))


def sent_back(review: Review, *, by: User, text: str) -> None:
    """Changes are asked for: everybody whose hand is in the revision, else the editors; in the reviewer's words."""
    desk = Desk()
    wrote = desk.those(review.revision.contributors.values_list("user", flat=True))
    facts = _facts(review) | {"reviewer": one_line(by.get_full_name()), "words": quoted(text)}
    people = _but(by.pk, wrote or desk.holding(Role.EDITOR))
    tell(people, "sent_back", facts, key=f"review-{review.pk}-sent-back", path=partial(_draft_for, desk, review))


def signed(sign_off: SignOff, *, approved: bool) -> None:
    """A signature was given: the page's owner and the editors."""
    review, desk = sign_off.review, Desk()
    facts = _facts(review) | {
        "signer": one_line(", ".join(filter(None, [sign_off.printed_name, sign_off.printed_credentials]))),
        "approved": approved,
        "left": len(vouching.steps_left(review)),
    }
    people = _but(sign_off.signer_id, [*desk.holding(Role.EDITOR), *desk.those([review.page.owner_id])])
    tell(people, "signed", facts, key=f"signature-{sign_off.pk}-given", path=partial(_review_for, desk, review))


def revoked(revocation: Revocation, *, page_went_down: bool) -> None:
    """A signature was taken back: editors, medical reviewers and the page's owner."""
    sign_off, desk = revocation.sign_off, Desk()
    review = sign_off.review
    facts = _facts(review) | {
        "signer": one_line(sign_off.printed_name),
        "reason": REVOKED_BECAUSE.get(revocation.reason, revocation.reason),
        "went_down": page_went_down,
    }
    people = [*desk.holding(Role.EDITOR, Role.MEDICAL_REVIEWER), *desk.those([review.page.owner_id])]
    key = f"signature-{sign_off.pk}-revoked"
    tell(_but(revocation.by_id, people), "revoked", facts, key=key, path=partial(_review_for, desk, review))


def not_published(planned: Schedule, why: str) -> None:
    """What was planned did not go public: who planned it and all editors. `why` is a code or a sentence."""
    desk, review = Desk(), planned.review
    facts = _facts(review) | {
        "planner": one_line(planned.created_by.get_full_name()),
        "at": planned.at,
        "why": why_not_published(why),
    }
    people = _but(None, [*desk.holding(Role.EDITOR), *desk.those([planned.created_by_id])])
    key = f"schedule-{planned.pk}-not-published"
    tell(people, "not_published", facts, key=key, path=partial(_review_for, desk, review))


def why_not_published(why: str) -> str:
    """The reason kept with a planned publication, as a sentence."""
    if why == "withdrawn":
        return _("The page was withdrawn before its time came.")
    if why.isidentifier():  # the name of an error of ours, not a sentence
        return _("Something went wrong here ({error}), also when it was tried again.").format(error=why)
    return one_line(why)


def tell(
    people: Iterable[User], template: str, context: dict, *, key: str, path: str | Callable[[User], str] = ""
) -> None:
    """One mail for each person and `key`. An address that takes no mail must not hold up what is being done."""
    keys = {f"{key}-{person.pk}": person for person in people}
    there = set(OutboxMail.objects.filter(key__in=keys).values_list("key", flat=True))
    letters = []
    for one, person in keys.items():
        if one in there:
            continue
        words = context | {
            "name": one_line(person.get_full_name()),
            "path": path(person) if callable(path) else path,
        }
        try:
            letters.append(mail.write(f"articles/{template}", person.email, words, key=one))
        except ValidationError:
            log.warning("Person %s has an address that takes no mail.", person.pk)
    mail.queue(letters)


def one_line(text: str) -> str:
    return " ".join(text.split())


def quoted(text: str) -> str:
    """Somebody's words, marked line by line: they cannot pass for ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _facts(review: Review) -> dict:
    """What every mail about a review may say. Of the text it is the title only."""
    return {
        "title": one_line(json.loads(review.revision.content)["title"]),
        "number": review.revision.number,
        "due_on": review.due_on,
        "again": review.reaffirms,
        "typo": review.revision.change_class == Revision.ChangeClass.TYPO,
    }


def _but(pk: int | None, people: Iterable[User]) -> list[User]:
    return list({person.pk: person for person in people if person.pk != pk}.values())


def _review(review: Review) -> str:
    return reverse("articles:review", args=[review.pk])


def _draft(review: Review) -> str:
    return reverse("articles:write", args=[review.page_id])


def _review_for(desk: Desk, review: Review, person: User) -> str:
    """The review, or the draft for a writer, who may not open the review."""
    return _review(review) if desk.holds(person, Role.EDITOR, Role.MEDICAL_REVIEWER) else _draft(review)


def _draft_for(desk: Desk, review: Review, person: User) -> str:
    """The draft, or the review for a reviewer, who may not open the draft."""
    return _draft(review) if desk.holds(person, Role.EDITOR, Role.WRITER) else _review(review)
