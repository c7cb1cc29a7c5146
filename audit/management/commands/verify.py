"""Recompute every hash, signature, artefact and the audit chain; name the first row that does not hold."""

import json

from django.core.management.base import BaseCommand, CommandError

from audit.models import Entry
from audit.verify import CHECKS


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
        parser.add_argument("--all", action="store_true", help="go on after the first failure")

    def handle(self, *args, **options):
        report = {"checks": [], "failures": []}
        for name, check in CHECKS:
            found = []
            for failure in check():
                found.append(str(failure))
                if not options["all"]:
                    break
            report["checks"].append({"name": name, "holds": not found})
            report["failures"] += found
            if found and not options["all"]:
                break
        head = Entry.objects.order_by("-seq").values("seq", "hash").first()
        report["head"] = head
        self._print(report, options["json"])
        if report["failures"]:
            raise CommandError(report["failures"][0], returncode=1)

    def _print(self, report: dict, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, indent=2))
            return
        for check in report["checks"]:
            self.stdout.write(f"{'holds' if check['holds'] else 'DOES NOT HOLD'}: {check['name']}")
        if report["head"]:
            self.stdout.write(f"head of the audit chain: {report['head']['seq']} {report['head']['hash']}")
