"""Hold a list of retractions against our sources, record what is news, and say which live pages lean on them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User

from ... import impact, permissions, sources
from ...models import Reference
from ...retractions import NotReadable, Row, read
from ...workflow.sources import Outcome, carry_out

UNREADABLE = 2


class Command(BaseCommand):
    help = "Read a CSV file in the Retraction Watch layout and record what became of the sources that our pages cite."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the list")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would do")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")
        parser.add_argument("--by", metavar="EMAIL", help="the reviewer or editor who records it; else Bedside itself")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self.recorder(options["by"])
        plan = self.plan(options["file"])
        # Looked at first: a page that is taken down leans on nothing afterwards.
        leaning = lean_on(plan)
        outcome = Outcome() if options["dry_run"] else carry_out(plan, by=by or User.objects.machine())
        report = report_on(plan, leaning, outcome, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))
        else:
            # A terminal that lacks a letter shows "?": what was recorded is recorded, and that is no error.
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            self.stdout.write("\n".join(lines(report)).encode(encoding, "replace").decode(encoding))
        if outcome.failed:
            raise CommandError(_("Some sources could not be recorded."), returncode=1)

    def plan(self, name: str) -> sources.Plan:
        shown = ascii(name)[1:-1]
        try:
            file = Path(name).open("rb")  # noqa: SIM115  closed below; only opening may fail in these ways
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            message = _("{file} cannot be read: {why}.").format(file=shown, why=why)
            raise CommandError(message, returncode=UNREADABLE) from error
        with file:
            try:
                return sources.look(read(file))
            except NotReadable as refused:
                raise CommandError(f"{shown}: {refused}", returncode=UNREADABLE) from refused

    def recorder(self, email: str | None) -> User | None:
        if not email:
            return None
        found = User.objects.filter(email=email.replace("\x00", "").strip().lower()).first()
        if found is None or not permissions.can_review(found):
            message = _("{email} is no reviewer or editor here.").format(email=email)
            raise CommandError(message, returncode=UNREADABLE)
        return found


def lean_on(plan: sources.Plan) -> dict[int, impact.Impact]:
    """What leans on the sources of a plan, and what happens to it where the plan moves a status."""
    aside = [reference for reference, _row in plan.notices]
    leaning = impact.of([*(found.reference for found in plan.found), *aside])
    for found in plan.found:
        if found.standing:
            impact.foresee(leaning[found.reference.pk], found.after)
    return leaning


def report_on(
    plan: sources.Plan, leaning: dict[int, impact.Impact], outcome: Outcome, *, dry_run: bool
) -> dict[str, Any]:
    """All that there is to say, as plain data."""
    references = [reference for reference, _row in [*plan.notices, *plan.doubtful]]
    words = sources.described([*(found.reference for found in plan.found), *references])
    failed = {reference.pk: why for reference, why in outcome.failed}
    outcomes = Counter(change.outcome for found in plan.found for change in found.changes)
    pages = {one.page.pk for found in plan.found for one in leaning[found.reference.pk].live}
    return {
        "dry_run": dry_run,
        "rows": plan.rows,
        "unreadable": plan.unreadable,
        "matched": len(plan.found),
        "news": outcomes["new"] + outcomes["history"],
        "known": outcomes["known"],
        "recorded": outcome.recorded,
        "failed": len(failed),
        "live_pages": len(pages),
        "sources": [
            source(found, leaning[found.reference.pk], words[found.reference.pk], failed.get(found.reference.pk, ""))
            for found in plan.found
        ],
        "notices": [
            aside(reference, row, words) | {"pages": [page(one) for one in leaning[reference.pk].live]}
            for reference, row in plan.notices
        ],
        "doubtful": [aside(reference, row, words) for reference, row in plan.doubtful],
        "problems": [{"line": problem.line, "why": problem.why} for problem in plan.problems],
    }


def source(found: sources.Found, leaning: impact.Impact, words: str, failure: str) -> dict[str, Any]:
    return {
        "id": found.reference.pk,
        "identifier": str(found.reference),
        "description": words,
        "before": found.before,
        "status": found.after,
        "notice": next((row.notice for row in reversed(found.rows) if row.status == found.after), ""),
        "replaced": found.is_replaced,
        "decided": found.standing is not None,
        "failure": failure,
        "events": [
            {
                "line": change.row.line,
                "record": change.row.record,
                "date": change.row.on.isoformat(),
                "status": change.row.status,
                "notice": change.row.notice,
                "reason": change.row.reason,
                "replaced": change.row.replaced,
                "outcome": change.outcome,
            }
            for change in found.changes
        ],
        "places": leaning.places,
        "pages": [page(one) for one in leaning.live],
        "pending": [
            {
                "title": one.title,
                "kind": one.review.page.kind,
                "revision": one.number,
                "status": one.review.status,
                "acknowledged": one.acknowledged,
            }
            for one in leaning.pending
        ],
    }


def page(one: impact.LivePage) -> dict[str, Any]:
    return {
        "title": one.title,
        "kind": one.page.kind,
        "url": one.url,
        "revision": one.revision,
        "numbers": one.numbers,
        "places": one.count,
        "severity": str(one.severity),
        "effect": one.effect,
        "acknowledged": one.acknowledged,
        "claims": [place._asdict() for place in one.places],
        "signatures": [
            {"name": by.name, "credentials": by.credentials, "board": by.board, "date": by.on.isoformat()}
            for by in one.signatures
        ],
    }


def aside(reference: Reference, row: Row, words: dict[int, str]) -> dict[str, Any]:
    """A row that is about one of our sources and changes nothing."""
    return {
        "id": reference.pk,
        "identifier": str(reference),
        "description": words[reference.pk],
        "line": row.line,
        "record": row.record,
        "row_status": row.status,
        "row_doi": row.doi,
        "row_pmid": row.pmid,
    }


def lines(report: dict[str, Any]) -> list[str]:
    """The report as a person reads it."""
    said = [line for one in report["sources"] for line in about(one)]
    for one in report["notices"]:
        said += ["", one["description"]]
        sentence = _("  Itself the notice (line {line}) about {paper}; its status was not changed.")
        said.append(sentence.format(line=one["line"], paper=one["row_doi"] or one["row_pmid"] or "?"))
        said += [line for leaning in one["pages"] for line in page_lines(leaning)]
    for one in report["doubtful"]:
        said += ["", one["description"]]
        sentence = _("  Line {line} has its PubMed number, but another DOI ({doi}). Look at it; nothing was recorded.")
        said.append(sentence.format(line=one["line"], doi=one["row_doi"]))
    return [*said, "", *totals(report)] if said else totals(report)


def about(one: dict[str, Any]) -> list[str]:
    said = ["", f"{one['description']} [{one['identifier']}]"]
    status, before = _label(one["status"]), _label(one["before"])
    if one["decided"]:
        said.append("  " + _("Now: {status} (was: {before})").format(status=status, before=before))
    else:
        said.append("  " + _("Stays: {status}").format(status=status))
    for event in one["events"]:
        words = _("line {line}: {status} on {date}, notice {notice} ({outcome})").format(
            line=event["line"],
            status=_label(event["status"]),
            date=event["date"],
            notice=event["notice"] or _("not given"),
            outcome=_outcome(event["outcome"]),
        )
        said.append(f"  {words}")
    if one["replaced"]:
        said.append("  " + _("Retracted and replaced: look whether the new paper still carries what the page says."))
    if one["failure"]:
        said.append("  " + _("Could not be recorded: {why}").format(why=one["failure"]))
    said += [line for leaning in one["pages"] for line in page_lines(leaning)]
    if not one["pages"]:
        said.append("  " + _("No live page cites it."))
    for leaning in one["pending"]:
        words = _("Revision {n} of “{title}”, not public yet, cites it too.")
        said.append("  " + words.format(n=leaning["revision"], title=leaning["title"]))
    return said


def page_lines(one: dict[str, Any]) -> list[str]:
    names = ", ".join(dict.fromkeys(by["name"] for by in one["signatures"]))
    places = ngettext("{n} place", "{n} places", one["places"]).format(n=one["places"])
    said = [f"  {one['title']} ({one['url']}): {places}; " + _("signed by {names}").format(names=names)]
    if one["effect"]:
        said.append("    " + _("Effect: {effect}").format(effect=one["effect"]))
    return said + [f"    [{place['marker']}] {place['text'][:160]}" for place in one["claims"]]


def totals(report: dict[str, Any]) -> list[str]:
    said = [
        ngettext("{n} row read", "{n} rows read", report["rows"]).format(n=report["rows"])
        + ", "
        + _("{n} not understood").format(n=report["unreadable"])
    ]
    said += [_("line {line}: {why}").format(line=problem["line"], why=problem["why"]) for problem in report["problems"]]
    if more := report["unreadable"] - len(report["problems"]):
        said.append(_("and {n} more").format(n=more))
    said.append(
        _("{sources} of our sources are in it, cited by {pages} live pages; {news} events are news, {known} were known.")
        .format(sources=report["matched"], pages=report["live_pages"], news=report["news"], known=report["known"])
    )  # fmt: skip
    recorded = ngettext("{n} event was recorded.", "{n} events were recorded.", report["recorded"])
    said.append(_("Nothing was written.") if report["dry_run"] else recorded.format(n=report["recorded"]))
    return said


def _label(status: str) -> str:
    return str(Reference.Status(status).label)


def _outcome(code: str) -> str:
    return {"new": _("news"), "history": _("news, but overtaken"), "known": _("known")}[code]
