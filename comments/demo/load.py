"""The comments of the demo world with their reports, decisions and appeals, made by the real verbs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.demo.clock import Event
from accounts.demo.load import erase, person
from accounts.models import PolicyClause
from articles.demo.load import Pages
from articles.models import DrugFacts, Page

from .. import protocol, queue, rules, word_list
from ..models import Comment, CrisisCase, Decision, QueueItem, Report
from ..screening import learnt
from ..workflow import appealing, crisis, deciding, following, posting, reporting, safety, sanctioning, wording

HERE = Path(__file__).parent
Row = dict[str, Any]
Lane = QueueItem.Lane
Source = Decision.Source
# What a moderator reads beside a live comment that waits for a second look.
SECOND_LOOK = {Lane.SAFETY: "drug_and_symptom", Lane.SAMPLE: "sample"}

A_MINUTE = 1 / 60
# Who is told by mail of everything new under a page.
FOLLOWERS = [("harbour-light", "her2-low-what-the-label-means")]
# What was imposed after a comment had been refused: which comment, what, and in which words.
SANCTIONS = {
    "noor-appeal": ("warning", "Please tell what helped you, and leave it to others to decide what they take."),
    "mushroom": (
        "always_hold",
        "Two of your comments could have hurt somebody, so one of us reads each of yours first.",
    ),
}
# Who asks for a second look at it, so many hours after, and why.
SECOND_LOOKS = {
    "mushroom": (20, "Nobody was hurt by my tea. I only wrote what we do at home, and I will leave it out from now on.")
}
# What moderators watch for: hours ago, the list as they wrote it, and why.
WATCHED_BY = "kofi-hallstrom"
FIRST_WORDS = """\
word selling held: multilevel ## sold in three threads in spring
phrase selling held: miracle clinic
pattern selling held: \\bforex (?:\\w{1,8} ){0,2}(?:signal|robot)s?\\b
"""
MORE_WORDS = "phrase privacy privacy: patient list\nword medical shown: zzquil ## only to see how often it comes up\n"
WATCHED = [
    (24 * 40, FIRST_WORDS, "What came up most in the first weeks."),
    (24 * 9, FIRST_WORDS + MORE_WORDS, "Two words that readers asked about."),
]
LEARNT_LAST = 5
READ_LAST = 24 * 30  # hours ago that they looked at what is new


@dataclass
class Said:
    """What is made while the events are played: the comment of each row, by its name in the file."""

    pages: Pages
    made: dict[str, int] = field(default_factory=dict)

    def comment(self, row: Row) -> Comment:
        return self.find(row["ref"])

    def find(self, ref: str) -> Comment:
        return Comment.objects.get(pk=self.made[ref])


def rows() -> list[Row]:
    return json.loads((HERE / "comments.json").read_text("utf-8"))["comments"]


def events(pages: Pages) -> Iterator[Event]:
    """Everything that was said, reported, decided and appealed."""
    said = Said(pages)
    for handle, page in FOLLOWERS:
        first = max(row["hours_ago"] for row in rows() if row["page"] == page)
        yield Event(first, partial(_follow, said, handle, page))
        yield Event(READ_LAST, partial(_read, handle))
    for number, (hours, written, changes) in enumerate(WATCHED):
        yield Event(hours, partial(_watch, written, changes, number))
    yield Event(LEARNT_LAST, learnt.train)
    for row in rows():
        yield Event(row["hours_ago"], partial(_post, said, row))
        for report in row["reports"]:
            yield Event(report["hours_ago"], partial(_report, said, row, report))
        for decision in row["decisions"]:
            yield Event(decision["hours_ago"], partial(_decide, said, row, decision))
        if row["ref"] in SANCTIONS:
            yield Event(row["decisions"][-1]["hours_ago"] - A_MINUTE, partial(_sanction, said, row))
        if row["ref"] in SECOND_LOOKS:
            hours, words = SECOND_LOOKS[row["ref"]]
            yield Event(row["decisions"][-1]["hours_ago"] - hours, partial(_ask_again, said, row, words))
        if row["appeal"]:
            yield Event(row["appeal"]["hours_ago"], partial(_appeal, said, row))
        if row["status"] == Comment.Status.LIVE and row["decisions"]:
            yield Event(row["decisions"][-1]["hours_ago"] - A_MINUTE, following.announce_pending)
        if row["status"] == Comment.Status.LIVE and row["lane"] in SECOND_LOOK:
            last = row["decisions"][-1]["hours_ago"]
            yield Event(last, partial(_enqueue, said, row, SECOND_LOOK[row["lane"]]))
    for hours, care in CARE:
        yield Event(hours, partial(care, said.find, IN_DANGER))
    yield Event(24 * 30, _sign_contract)
    for ref, told, *steps in SIDE_EFFECTS:
        for hours, step in steps:
            yield Event(hours, partial(step, said, ref, told))


def _post(said: Said, row: Row) -> None:
    comment = posting.post(
        said.pages.of(Page.Kind.ARTICLE, row["page"]),
        by=person(row["author"]),
        text=row["text"],
        token=f"demo-{row['ref']}",
        rules_version=rules.current(),
        reply_to=said.find(row["parent"]) if row["parent"] else None,
    )
    said.made[row["ref"]] = comment.pk


def _watch(written: str, changes: str, number: int) -> None:
    entries, _errors = word_list.read(written)
    wording.publish(entries, by=person(WATCHED_BY), changes=changes, based_on=number)


def _follow(said: Said, handle: str, slug: str) -> None:
    page = said.pages.of(Page.Kind.ARTICLE, slug)
    following.follow(page.conversation, by=person(handle), by_mail=True)


def _read(handle: str) -> None:
    member = person(handle)
    newest = member.notifications.order_by("-pk").first()
    if newest is not None:
        following.mark_seen(by=member, newest=newest.pk)


def _report(said: Said, row: Row, report: Row) -> None:
    comment = said.comment(row)
    if report["by"]:
        reporting.report(comment, by=person(report["by"]), reason=report["reason"], text=report["text"])
        return
    # A letter from outside: nobody who has an account.
    Report.objects.create(
        comment=comment, revision_id=comment.current_id, reporter=None, reason=report["reason"], text=report["text"]
    )
    _enqueue(said, row, f"report_{report['reason']}")


def _enqueue(said: Said, row: Row, reason: str) -> None:
    with transaction.atomic():
        comment = Comment.objects.select_for_update(no_key=True).get(pk=said.made[row["ref"]])
        queue.enqueue(comment, row["lane"], [reason])


def _appeal(said: Said, row: Row) -> None:
    posting.appeal(said.comment(row), by=person(row["author"]), text=row["appeal"]["text"])


def _sanction(said: Said, row: Row) -> None:
    kind, message = SANCTIONS[row["ref"]]
    decision = posting.last_decision(said.comment(row))
    sanctioning.impose(
        decision.author, by=decision.decided_by, kind=kind, reason=decision.reason, message=message, decision=decision
    )


def _ask_again(said: Said, row: Row, words: str) -> None:
    author = person(row["author"])
    appealing.appeal_sanction(author.sanctions.latest("pk"), by=author, words=words)


def _decide(said: Said, row: Row, told: Row) -> None:
    comment = said.comment(row)
    if told["source"] == Source.AUTHOR:
        posting.withdraw(comment, by=person(told["by"]), version=comment.version)
    elif told["source"] == Source.ERASURE:
        erase(comment.author)
    elif told["source"] == Source.MODERATOR:
        _moderate(comment, told)
    else:
        _machine(comment, told)


def _moderate(comment: Comment, told: Row) -> None:
    moderator = {"by": person(told["by"]), "version": comment.version}
    if told["action"] == "approve":
        deciding.approve(comment, **moderator)
    elif told["action"] == "spam":
        deciding.mark_spam(comment, **moderator)
    else:
        words = {"reason": told["reason"], "message": told["message"]}
        deciding.reject(comment, clause=_clause(comment, told["rule"]), **words, **moderator)


def _machine(comment: Comment, told: Row) -> None:
    """What several reports or the screening did without a person."""
    if told["action"] == "publish":
        return  # What the team answers is public as soon as it is said.
    verb = "comment.hidden" if told["action"] == "hide" else "comment.marked_spam"
    clause = _clause(comment, told["rule"]) if told["rule"] else None
    ruling = deciding.Ruling(told["to"], verb, told["source"], told["reason"], None, clause)
    deciding.transition(comment, ruling, comment.version)


def _sign_contract() -> None:
    drug = DrugFacts.objects.select_related("page").get(brand=MEDICINE)
    safety.add_contact(
        drug.page, by=person("robin-lake"), sponsor="Maker of this demonstration", email="safety@sponsor.example",
        hours=24, valid_from=timezone.localdate(),
    )  # fmt: skip


def _record(said: Said, ref: str, words: list[str]) -> None:
    comment = said.find(ref)
    safety.record_event(
        comment, by=person("yasmin-tregarthen"), revision=comment.current_id, events=words,
        products=[DrugFacts.objects.get(brand=MEDICINE)], elements=["reporter", "product", "event"],
    )  # fmt: skip


def _hand_over(said: Said, ref: str, words: list[str]) -> None:
    events = list(said.find(ref).adverse_events.all())
    safety.hand_over(events, by=person("yasmin-tregarthen"), how=safety.MAIL)


def _acknowledge(said: Said, ref: str, words: list[str]) -> None:
    event = said.find(ref).adverse_events.get()
    safety.acknowledge(event, by=person("kofi-hallstrom"), version=event.version, number="DEMO-2041")


def _case(find: Callable[[str], Comment], ref: str) -> CrisisCase:
    return CrisisCase.objects.get(comment=find(ref))


def _look_after(find: Callable[[str], Comment], ref: str) -> None:
    case, by = _case(find, ref), person("kofi-hallstrom")
    crisis.join(case, by=by)
    for code in protocol.POINTS:
        crisis.check(case, by=by, code=code, yes=code == "method")
    crisis.write_to(case, by=by, message=LETTER)


def _close(find: Callable[[str], Comment], ref: str) -> None:
    crisis.close(_case(find, ref), by=person("kofi-hallstrom"), outcome=CrisisCase.Outcome.PRIVATE)


def _look_again(find: Callable[[str], Comment], ref: str) -> None:
    due = _case(find, ref).follow_ups.filter(done_at=None).earliest("due_at")
    crisis.looked_again(due, by=person("yasmin-tregarthen"), note="She answered, and her sister stays with her.")


def _clause(comment: Comment, number: int) -> PolicyClause:
    return PolicyClause.objects.get(version=comment.current.rules_version_id, number=number)


# Somebody who was in danger, by what her comment is called, and what was done hours ago.
IN_DANGER = "grace-tablets"
LETTER = (
    "Hello Grace, thank you for writing what you wrote. It sounds very hard, and you do not have to carry it alone. Is somebody with "
    "you tonight? On the page “Get help now” you find people who listen at any hour."
)
CARE = [(599.8, _look_after), (599.2, _close), (575, _look_again), (430, _look_again)]
# Side effects that moderators recorded: by what the comment is called, its words for what happened, and what was done when.
MEDICINE = "Enhertu"
SIDE_EFFECTS = [
    ("hana-nausea", ["could not keep food down"], (207, _record), (206, _hand_over), (180, _acknowledge)),
    ("theo-rash", ["dry cough", "out of breath"], (70, _record)),
]
