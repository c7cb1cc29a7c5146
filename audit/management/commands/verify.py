"""Recompute every hash, signature, artefact and the audit chain; name the first row that does not hold."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import Entry
from audit.verify import BUNDLES, CHECKS, NoSuchThing, Outcome, head_differs, one_moment


class Command(BaseCommand):
    help = f"{__doc__} Ends with 0 if all holds, with 1 if something does not, with 2 if it could not look."
    # A bundle is checked where there is no database.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
        parser.add_argument("--all", action="store_true", help="go on after the first failure")
        parser.add_argument(
            "--head", metavar="SEQ:HASH", help="a head of the chain from another day, still to be there"
        )
        parser.add_argument("--export", metavar="FILE", type=Path, help="write --page and its evidence into a zip file")
        parser.add_argument(
            "--page", metavar="KIND/NAME", help="with --export: article/<slug or uid>, drug/…, subtype/…"
        )
        parser.add_argument("--publication", metavar="N", type=int, help="with --export: this one, not the live one")
        parser.add_argument("--bundle", metavar="FILE", type=Path, help="check such a zip file; needs no database")

    def handle(self, *args, **options):
        try:
            if options["bundle"]:
                self._report(_until_a_failure(BUNDLES[0].check(options["bundle"]), options["all"]), options)
            elif options["export"]:
                self._export(options["export"], options["page"], options["publication"])
            elif options["page"] or options["publication"]:
                raise NoSuchThing("--page and --publication go with --export.")
            else:
                self._verify(options)
        except (NoSuchThing, OSError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _verify(self, options: dict[str, Any]) -> None:
        with one_moment():
            outcomes = list(_until_a_failure(_outcomes(options["head"], options["all"]), options["all"]))
            head = Entry.objects.order_by("-seq").values("seq", "hash").first()
        self._report(outcomes, options, head=head)

    def _export(self, path: Path, page: str | None, publication: int | None) -> None:
        if not page:
            raise NoSuchThing("Say which page: --page article/<slug or uid>.")
        with one_moment():
            packed = BUNDLES[0].pack(page, publication)
        path.write_bytes(packed)
        self.stdout.write(f"{path}: {len(packed)} bytes")

    def _report(self, outcomes: Iterable[Outcome], options: dict[str, Any], **more) -> None:
        outcomes = list(outcomes)
        failures = [failure for outcome in outcomes for failure in outcome.failures]
        if options["json"]:
            checks = [{"name": outcome.name, "holds": not outcome.failures} for outcome in outcomes]
            left_out = [words for outcome in outcomes for words in outcome.left_out]
            report = {"checks": checks, "failures": failures, **({"left_out": left_out} if left_out else {}), **more}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self._print(outcomes, **more)
        if failures:
            raise CommandError("\n".join(failures), returncode=1)

    def _print(self, outcomes: list[Outcome], head: dict[str, Any] | None = None) -> None:
        for outcome in outcomes:
            self.stdout.write(f"{'DOES NOT HOLD' if outcome.failures else 'holds'}: {outcome.name}")
            for words in outcome.left_out:
                self.stdout.write(f"  not looked at: {words}")
        if head:
            self.stdout.write(f"head of the audit chain: {head['seq']}:{head['hash']}")


def _outcomes(known_head: str | None, goes_on: bool) -> Iterator[Outcome]:
    most = None if goes_on else 1
    if known_head:
        yield Outcome("known head", [str(one) for one in head_differs(known_head)], [])
    for name, check in CHECKS:
        yield Outcome(name, [str(one) for one in islice(check(), most)], [])


def _until_a_failure(outcomes: Iterable[Outcome], goes_on: bool) -> Iterator[Outcome]:
    for outcome in outcomes:
        yield outcome if goes_on else Outcome(outcome.name, outcome.failures[:1], outcome.left_out)
        if outcome.failures and not goes_on:
            return
