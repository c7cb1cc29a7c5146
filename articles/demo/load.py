"""Pages of the demo world, brought to where they stand by the verbs of publishing and in no other way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts import signing
from accounts.demo.clock import HOURS_A_DAY, Event
from accounts.demo.load import person
from accounts.models import Board, Specialty

from .. import ceremony, checking
from ..document import blank, notation
from ..document.schema import new_id
from ..models import Page, Review, ReviewTrigger, Topic
from ..workflow import calling_back, publishing, writing
from ..workflow import review as reviewing
from ..workflow import signing as signing_off

HERE = Path(__file__).parent
# Hours of writing before a page was sent, and of reading where the file tells only the day of signing.
WRITING, READING = 20, 4
Entry = dict[str, Any]


@dataclass
class Pages:
    """What is made while the events are played: the page of each entry, by kind and address in the files."""

    password: str
    made: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, kind: str, slug: str) -> Page:
        return Page.objects.get(pk=self.made[kind, slug])

    def uids(self) -> dict[tuple[str, str], str]:
        uids = dict(Page.objects.filter(pk__in=self.made.values()).values_list("pk", "uid"))
        return {key: uids[pk] for key, pk in self.made.items()}


def read(name: str) -> Any:
    return json.loads((HERE / name).read_text("utf-8"))


def entries() -> list[Entry]:
    """Every page, in the order in which they lean on each other."""
    articles = [read(f"articles/{path.name}") for path in sorted((HERE / "articles").glob("*.json"))]
    return [*read("subtypes.json")["subtypes"], *read("drugs.json")["drugs"], *articles]


def events(pages: Pages) -> Iterator[Event]:
    """How each page came to where it stands."""
    for entry in entries():
        yield from _life(pages, entry)


def _life(pages: Pages, entry: Entry) -> Iterator[Event]:
    told = entry["review"]
    signed = told.get("signed_days_ago", 0) * HOURS_A_DAY
    submitted = told["submitted_days_ago"] * HOURS_A_DAY if "submitted_days_ago" in told else signed + READING
    yield Event(submitted + WRITING, partial(_write, pages, entry))
    yield Event(submitted, partial(_submit, pages, entry))
    if entry["state"] == "in_review":
        yield Event(submitted - 2, partial(_take, pages, entry))
    for letter in entry.get("reports", []):
        yield Event(letter["days_ago"] * HOURS_A_DAY, partial(_report, pages, entry, letter))
    if signed:
        yield Event(signed, partial(_sign, pages, entry, told))
        # On the same day the editor is an hour behind the reviewer.
        yield Event(min(told["published_days_ago"] * HOURS_A_DAY, signed - 1), partial(_publish, pages, entry))
    if entry["state"] == "sent_back":
        yield Event(told["sent_back_days_ago"] * HOURS_A_DAY, partial(_send_back, pages, entry))
    if entry["state"] == "withdrawn":
        yield Event(told["withdrawn_days_ago"] * HOURS_A_DAY, partial(_withdraw, pages, entry))
    if entry["state"] == "overdue":
        yield Event(_hours_since_due(told), partial(_call_back, pages, entry))
    if "update" in entry:
        yield from _update(pages, entry)


def _update(pages: Pages, entry: Entry) -> Iterator[Event]:
    """A changed block of a live page that was signed and now waits for an editor."""
    told = entry["update"]
    submitted = told["submitted_days_ago"] * HOURS_A_DAY
    yield Event(submitted + 1, partial(_rewrite, pages, entry))
    yield Event(submitted, partial(_submit, pages, entry, told["change_class"], told["change_note"]))
    yield Event(told["signed_days_ago"] * HOURS_A_DAY, partial(_sign, pages, entry, told))


def _page(pages: Pages, entry: Entry) -> Page:
    return pages.of(entry["kind"], entry["slug"])


def _write(pages: Pages, entry: Entry) -> None:
    writer, last = person(entry["bylines"][0]), person(entry["bylines"][-1])
    content = content_of(entry, pages.uids())
    page = writing.create_page(entry["kind"], content, by=writer, topic=_topic(entry["topic"]))
    specialty = Specialty.objects.filter(name=entry["specialty"]).first()
    Page.objects.filter(pk=page.pk).update(
        review_interval_months=entry["review"]["interval_months"], specialty=specialty
    )
    pages.made[entry["kind"], entry["slug"]] = page.pk
    content = page.draft.content
    for block, node in zip(entry["body"], content["body"]["content"], strict=True):
        if block["kind"] == "figure":
            picture = ContentFile((HERE / block["file"]).read_bytes(), name=Path(block["file"]).name)
            node["attrs"]["image"] = writing.upload_image(page, picture, by=writer).uid
    writing.save_draft(page, content, version=page.draft.version, by=last)


def _rewrite(pages: Pages, entry: Entry) -> None:
    page, told = _page(pages, entry), entry["update"]
    content = page.draft.content
    old = content["body"]["content"][told["block"]]
    slots = {number: slot["uid"] for number, slot in enumerate(content["references"], start=1)}
    content["body"]["content"][told["block"]] = notation.from_text(
        notation.kind_of(old), told["text"], node_id=old["attrs"]["node_id"], slots=slots, pages=pages.uids()
    )
    writing.save_draft(page, content, version=page.draft.version, by=person(entry["bylines"][0]))


def _submit(pages: Pages, entry: Entry, change_class: str = "material", change_note: str = "") -> None:
    page = _page(pages, entry)
    writing.submit(
        page,
        version=page.draft.version,
        by=person(entry["bylines"][-1]),
        change_class=change_class,
        change_note=change_note,
    )


def _sign(pages: Pages, entry: Entry, told: dict[str, Any]) -> None:
    signer, opened = person(told["signed_by"]), _review(pages, entry)
    showing = ceremony.begin(opened, signer)
    _check_claims(opened, signer)
    signing_off.sign(
        opened,
        by=signer,
        ceremony=showing,
        proof=signing.prove(signer, password=pages.password, purpose=showing.purpose),
        next_review_due=timezone.localdate() + _interval(entry["review"]),
        conflict_of_interest=told["conflict_of_interest"],
        board=Board.objects.filter(members=signer).first() if told["capacity"] == "board" else None,
    )


def _publish(pages: Pages, entry: Entry) -> None:
    publishing.publish(_review(pages, entry), by=person(entry["review"]["published_by"]))


def _take(pages: Pages, entry: Entry) -> None:
    opened, taker = _review(pages, entry), person(entry["review"]["assigned_to"])
    reviewing.assign(opened, to=taker, by=taker, version=opened.version)
    _check_claims(opened, taker)


def _check_claims(opened: Review, signer) -> None:
    """As somebody does who compared each claim with its sources."""
    reviewing.check_claims(opened, by=signer, keys={claim.key for claim in checking.claims_of(opened)})


def _report(pages: Pages, entry: Entry, letter: dict[str, Any]) -> None:
    calling_back.report_error(_page(pages, entry), kind=letter["kind"], text=letter["text"])


def _send_back(pages: Pages, entry: Entry) -> None:
    opened, told = _review(pages, entry), entry["review"]
    blocks = json.loads(opened.revision.content)["body"]["content"]
    for note in told["notes"]:
        reviewing.add_note(
            opened,
            by=person(note["by"]),
            text=note["text"],
            node_id=blocks[note["block"]]["attrs"]["node_id"],
            blocking=note["blocking"],
        )
    reviewing.ask_for_changes(
        opened, by=person(told["assigned_to"]), text=told["sent_back_message"], version=opened.version
    )


def _withdraw(pages: Pages, entry: Entry) -> None:
    told = entry["review"]
    publishing.withdraw(
        _page(pages, entry),
        by=person(told["withdrawn_by"]),
        kind=told["withdrawal_kind"],
        public_reason=told["withdrawal_reason"],
    )


def _call_back(pages: Pages, entry: Entry) -> None:
    """The review date went by, and nobody has looked again."""
    page = _page(pages, entry)
    due = page.live_publication.next_review_due
    calling_back.open_trigger(
        page,
        source_kind=ReviewTrigger.Source.DATE,
        source_id=due.isoformat(),
        severity=ReviewTrigger.Severity.REVIEW,
        due_on=due,
    )


def _hours_since_due(told: dict[str, Any]) -> float:
    today = timezone.localdate()
    due = today - timedelta(days=told["signed_days_ago"]) + _interval(told)
    return ((today - due).days - 1) * HOURS_A_DAY


def _interval(told: dict[str, Any]) -> relativedelta:
    return relativedelta(months=told["interval_months"])


def _review(pages: Pages, entry: Entry) -> Review:
    return Review.objects.filter(page=_page(pages, entry)).latest("pk")


def _topic(slug: str) -> Topic:
    name = next(row["name"] for row in read("topics.json")["topics"] if row["slug"] == slug)
    return Topic.objects.get_or_create(slug=slug, defaults={"name": name})[0]


def content_of(entry: Entry, uids: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The draft of an entry; `uids` are those of pages that are there already. Figures have no file yet."""
    slots = {number: new_id() for number in range(1, len(entry["references"]) + 1)}
    return {
        **blank.content(entry["kind"], title=entry["title"], language=entry["language"]),
        "standfirst": entry["standfirst"],
        "slug": entry["slug"],
        "bylines": [{"name": person(handle).get_full_name()} for handle in entry["bylines"]],
        "body": {"type": "doc", "content": [_block(block, slots, uids) for block in entry["body"]]},
        "references": [{"uid": slots[n], "csl": csl} for n, csl in enumerate(entry["references"], start=1)],
        "facts": _facts(entry, slots, uids),
        "seo": entry["seo"],
    }


def _block(block: dict[str, Any], slots: dict[int, str], uids: dict[tuple[str, str], str]) -> dict[str, Any]:
    if block["kind"] == "figure":
        words = {key: block[key] for key in ("alt", "caption", "credit", "hero")}
        return {
            "type": "figure",
            "attrs": {"node_id": new_id(), "image": None, "decorative": False, **words},
        }
    return notation.from_text(block["kind"], block["text"], node_id=new_id(), slots=slots, pages=uids)


def _facts(entry: Entry, slots: dict[int, str], uids: dict[tuple[str, str], str]) -> dict[str, Any]:
    facts = dict(entry.get("facts", {}))
    if entry["kind"] == Page.Kind.DRUG:
        facts["subtypes"] = [uids[Page.Kind.SUBTYPE, slug] for slug in facts["subtypes"]]
        facts["approvals"] = [
            {
                "date": row["date"],
                "what": row["what"],
                "jurisdiction": row["jurisdiction"],
                "ref": slots[row["ref"]],
            }
            for row in facts["approvals"]
        ]
    return facts
