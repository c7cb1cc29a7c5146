"""Record side effects and hand them to whoever must hear of them in time. Publishing the comment is a decision of its own."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import CharField, Exists, Min, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import OutboxMail, User
from articles.models import DrugFacts, Page
from audit.moves import WrongState, move, record

from .. import permissions, side_effects
from ..models import AdverseEvent, Comment, SafetyContact, TeamNote

State = AdverseEvent.State
MAIL, CSV = "mail", "csv"
WAYS = (MAIL, CSV)
LONGEST_NOTE = 1000
LONGEST_NUMBER = 120
LONGEST_HOURS = 30 * 24


def record_event(
    comment: Comment,
    *,
    by: User,
    revision: int,
    products: Sequence[DrugFacts],
    events: Sequence[str],
    elements: Collection[str],
    seriousness: Sequence[str] = (),
    situations: Sequence[str] = (),
    note: str = "",
) -> AdverseEvent:
    """Keep the words as they stand, with what a moderator found in them; `revision` is the one that was read.

    Its clock began when a moderator first had the comment in hand. Raises WrongState where the words changed or where a
    record names one of the products already, and ValidationError for what the words do not say.
    """
    _may(by, comment)
    with transaction.atomic():
        row = Comment.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=comment.pk)
        if row.current_id != revision:
            raise WrongState(_("The member changed these words since you opened them. Your record was not saved."))
        _must_be_told(row.current.text, products, events, situations)
        _not_yet_recorded(row, products)
        seen = row.queue_items.aggregate(first=Min("first_seen_at"))["first"] or timezone.now()
        contact = _contact(products, timezone.localdate(seen))
        event = AdverseEvent.objects.create(
            comment=row,
            revision_id=row.current_id,
            snapshot=row.current.text,
            snapshot_hash=hash_of(row.current.text),
            products=[drug.brand for drug in products],
            events=list(events),
            **{f"has_{name}": name in elements for name in side_effects.ELEMENTS},
            seriousness=_known(seriousness, side_effects.SERIOUSNESS),
            situations=_known(situations, side_effects.SITUATIONS),
            note=note.strip()[:LONGEST_NOTE],
            aware_at=seen,
            recorded_by=by,
            contact=contact,
            due_at=contact and seen + timedelta(hours=contact.hours),
        )
        record(
            event, by=by, verb="adverse_event.recorded", comment=row.pk, revision=row.current_id,
            sha256=event.snapshot_hash, contact=event.contact_id, due=event.due_at,
        )  # fmt: skip
    return event


def hand_over(events: Sequence[AdverseEvent], *, by: User, how: str) -> None:
    """All of them, or none: by mail to the sponsor of each, or by a table that somebody passes on."""
    if how not in WAYS:
        raise ValidationError(_("Choose how you hand it over."))
    with transaction.atomic():
        # All rows first: the audit chain comes last in the order of locks.
        rows = [_in_time(event) for event in sorted(events, key=lambda one: one.pk)]
        for row in rows:
            _may(by, row.comment)
            if row.contact is None:
                raise ValidationError(_("Record {number}: nobody is named who must be told.").format(number=row.pk))
        for row in rows:
            facts = {"how": how, "contact": row.contact_id}
            verb = "adverse_event.handed_over"
            move(row, State.HANDED_OVER, by=by, verb=verb, field="state", facts=facts, handed_over_at=timezone.now())
            if how == MAIL:
                context = {"event": row, "contact": row.contact, **in_words(row)}
                mail.send("comments/adverse_event", row.contact.email, context, key=letter_key(row))


def acknowledge(event: AdverseEvent, *, by: User, version: int, number: str) -> None:
    """The sponsor said that it arrived, and under which number they keep it. There is no way back."""
    number = " ".join(number.split())[:LONGEST_NUMBER]
    if not number:
        raise ValidationError({"number": _("Enter the number that the sponsor gave it.")})
    with transaction.atomic():
        row = _open(event, by, version)
        changes = {"acknowledged_at": timezone.now(), "acknowledgement": number}
        move(row, State.ACKNOWLEDGED, by=by, verb="adverse_event.acknowledged", field="state", **changes)


def not_an_event(event: AdverseEvent, *, by: User, version: int, note: str) -> None:
    """Recorded by mistake. The record stays, and a note for the team says why nobody is told."""
    note = note.strip()[:LONGEST_NOTE]
    if not note:
        raise ValidationError({"note": _("Say why this is not a side effect.")})
    with transaction.atomic():
        row = _open(event, by, version)
        TeamNote.objects.create(comment_id=row.comment_id, by=by, text=note)
        move(row, State.NONE, by=by, verb="adverse_event.not_one", field="state")


def add_contact(
    page: Page, *, by: User, sponsor: str, email: str, hours: int, valid_from: date, valid_until: date | None = None
) -> SafetyContact:
    """From now on records of this medicine go to this sponsor. On one day there is one contact for one medicine."""
    _may_keep_contacts(by)
    validate_email(email)
    if not 1 <= hours <= LONGEST_HOURS:
        raise ValidationError({"hours": _("Enter a number of hours, at most 720.")})
    if valid_until is not None and valid_until < valid_from:
        raise ValidationError({"valid_until": _("It ends before it begins.")})
    with transaction.atomic():
        Page.objects.select_for_update(no_key=True).get(pk=page.pk)
        others = SafetyContact.objects.filter(page=page).filter(Q(valid_until=None) | Q(valid_until__gte=valid_from))
        if valid_until is not None:
            others = others.filter(valid_from__lte=valid_until)
        if others.exists():
            raise ValidationError(_("There is a contact for this medicine on some of these days. End that one first."))
        contact = SafetyContact.objects.create(
            page=page, sponsor=sponsor.strip(), email=email, hours=hours, valid_from=valid_from, valid_until=valid_until
        )
        record(
            contact, by=by, verb="safety_contact.added", page=page.pk, hours=hours, start=valid_from, end=valid_until
        )
    return contact


def end_contact(contact: SafetyContact, *, by: User, on: date) -> None:
    """The contract ends with this day. What was recorded under it is still handed over to them."""
    _may_keep_contacts(by)
    if on < contact.valid_from:
        raise ValidationError({"on": _("It ends before it begins.")})
    with transaction.atomic():
        open_then = SafetyContact.objects.filter(pk=contact.pk).filter(Q(valid_until=None) | Q(valid_until__gt=on))
        if not open_then.update(valid_until=on):
            raise WrongState(_("This contract has an earlier end already."))
        record(contact, by=by, verb="safety_contact.ended", end=on)
    contact.refresh_from_db()


def sound_alarm() -> int:
    """Tell whoever is on call, once, of each record that is late; how many were told of."""
    if not settings.ADVERSE_EVENTS or not settings.SAFETY_ON_CALL:
        return 0
    key = Concat(Value("adverse-event-"), Cast("pk", CharField()), Value("-overdue"), output_field=CharField())
    late = side_effects.overdue().annotate(alarm=key)
    untold = list(late.filter(~Exists(OutboxMail.objects.filter(key=OuterRef("alarm")))).order_by("due_at")[:100])
    for event in untold:
        url = mail.absolute(reverse("comments:safety_event", args=[event.pk]))
        with transaction.atomic():
            for place, address in enumerate(settings.SAFETY_ON_CALL):
                key = f"adverse-event-{event.pk}-overdue" + (f"-{place}" if place else "")
                mail.send("comments/adverse_event_overdue", address, {"event": event, "url": url}, key=key)
    return len(untold)


def letter_key(event: AdverseEvent) -> str:
    return f"adverse-event-{event.pk}-handed-over"


def hash_of(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def _may(by: User, comment: Comment) -> None:
    if reason := permissions.why_not_decide(by, comment):
        raise PermissionDenied(reason)


def _may_keep_contacts(by: User) -> None:
    if not permissions.can_keep_safety_contacts(by):
        raise PermissionDenied(_("Only an administrator may say who is told of side effects."))


def _must_be_told(words: str, products: Sequence, events: Sequence[str], situations: Sequence[str]) -> None:
    """A medicine and what happened, both from the words: nothing is added, and nobody is asked for more."""
    if not words:
        raise WrongState(_("The words of this comment were erased."))
    if not products:
        raise ValidationError({"products": _("Choose at least one medicine.")})
    if not events and not situations:
        raise ValidationError({"events": _("Write down what happened, in the member’s own words.")})
    told = _plain(words)
    for phrase in events:
        if _plain(phrase) not in told:
            message = _("“{words}” is not in the comment. Use the member’s own words.").format(words=phrase)
            raise ValidationError({"events": message})


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def _known(codes: Sequence[str], names: dict) -> list[str]:
    if strange := set(codes) - set(names):
        raise ValidationError(_("Not known: {codes}.").format(codes=", ".join(sorted(strange))))
    return [code for code in names if code in codes]


def _not_yet_recorded(row: Comment, products: Sequence[DrugFacts]) -> None:
    names = {drug.brand for drug in products}
    earlier = (
        AdverseEvent.objects.filter(revision=row.current_id).exclude(state=State.NONE).select_related("recorded_by")
    )
    for one in earlier:
        if names & set(one.products):
            at = time_format(timezone.localtime(one.recorded_at), "H:i")
            raise WrongState(
                _("Already recorded by {name} at {time}. Your record was not saved.").format(
                    name=one.recorded_by.get_full_name(), time=at
                )
            )


def _contact(products: Sequence[DrugFacts], day: date) -> SafetyContact | None:
    found = [one for drug in products if (one := side_effects.contact_for(drug, day)) is not None]
    if len({one.email for one in found}) > 1:
        raise ValidationError(
            {"products": _("These medicines are of different sponsors. Make one record for each of them.")}
        )
    return min(found, key=lambda one: one.hours, default=None)


def _open(event: AdverseEvent, by: User, version: int) -> AdverseEvent:
    row = _in_time(event, version)
    _may(by, row.comment)
    return row


def _in_time(event: AdverseEvent, version: int | None = None) -> AdverseEvent:
    rows = AdverseEvent.objects.select_for_update(no_key=True, of=("self",)).select_related("comment", "contact")
    row = rows.get(pk=event.pk)
    if row.version != (event.version if version is None else version):
        raise WrongState(_("Somebody else changed record {number} first. Nothing was saved.").format(number=row.pk))
    return row


def in_words(event: AdverseEvent) -> dict:
    elements = [name for name in side_effects.ELEMENTS if getattr(event, f"has_{name}")]
    return {
        "elements": [(label, name in elements) for name, label in side_effects.ELEMENTS.items()],
        "seriousness": side_effects.labels(event.seriousness, side_effects.SERIOUSNESS),
        "situations": side_effects.labels(event.situations, side_effects.SITUATIONS),
    }
