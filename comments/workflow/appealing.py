"""A member asks for a second look at what stands against her, and a moderator who did not impose it answers."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import User
from audit.moves import WrongState, record

from .. import permissions, text
from ..models import Sanction, SanctionAppeal
from . import sanctioning

LONGEST_ANSWER = 1000


def appeal_sanction(sanction: Sanction, *, by: User, words: str) -> SanctionAppeal:
    """Ask, once, that somebody else looks again at a sanction. A ban keeps nobody from asking.

    Raises ValidationError for words that cannot be taken, and WrongState where nothing is left to ask about.
    """
    if sanction.user_id != by.pk:
        raise PermissionDenied(_("Only the member herself may ask us to look again."))
    cleaned = text.clean(words)
    with transaction.atomic():
        row = Sanction.objects.select_for_update(no_key=True, of=("self",)).select_related("appeal").get(pk=sanction.pk)
        if not permissions.can_appeal_sanction(by, row):
            raise WrongState(
                _("There is nothing to look at again: you asked already, it is over, or more than 30 days have passed.")
            )
        made = SanctionAppeal.objects.create(sanction=row, first_moderator_id=row.by_id, text=cleaned)
        record(made, by=by, verb="sanction.appealed", user=by.pk, sanction=row.pk)
    return made


def hear(appeal: SanctionAppeal, *, by: User, lift: bool, answer: str) -> SanctionAppeal:
    """Answer an appeal: lift the sanction, or let it stand. The member is told, in the words of `answer`.

    Of two moderators who answer at once one wins; the other gets WrongState.
    """
    if not permissions.can_hear(by, appeal):
        raise PermissionDenied(_("A moderator who did not impose it must hear this appeal."))
    answer = answer.strip()
    if not lift and not answer:
        raise ValidationError({"answer": _("Write why it stays.")})
    if len(answer) > LONGEST_ANSWER:
        raise ValidationError({"answer": _("Write at most {n} characters.").format(n=LONGEST_ANSWER)})
    with transaction.atomic():
        row = SanctionAppeal.objects.select_for_update(no_key=True).get(pk=appeal.pk)
        if row.decided_at is not None:
            raise WrongState(_("Somebody else answered this appeal first. Your answer was not saved."))
        sanction = Sanction.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.sanction_id)
        SanctionAppeal.objects.filter(pk=row.pk, decided_at=None).update(
            decided_by=by, decided_at=timezone.now(), upheld=lift, answer=answer
        )
        if lift and sanction.lifted_at is None:
            sanctioning.lift(sanction, by=by, reason=sanctioning.OVERTURNED)
        elif not lift:
            _tell_that_it_stands(sanction, answer)
        record(row, by=by, verb="sanction.appeal_heard", user=sanction.user_id, sanction=sanction.pk, upheld=lift)
    appeal.refresh_from_db()
    return appeal


def _tell_that_it_stands(sanction: Sanction, answer: str) -> None:
    user = sanction.user
    if user.is_active and not user.erased_at:
        context = {"sanction": sanction, "answer": answer}
        mail.send("comments/sanction_stands", user.email, context, key=f"sanction_stands-{sanction.pk}")
