"""Measure the screening on comments with labels, and list what it misses and what it takes for something else."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from comments.screening import measuring

CORPUS = Path("tests/comments/corpus")


class Command(BaseCommand):
    help = "Prints precision and recall of every label on labelled comments, and every miss and false alarm."

    def add_arguments(self, parser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="labels, a tab and the words in each line")
        parser.add_argument("--json", action="store_true", help="print it for machines")

    def handle(self, *args, files: list[Path], **options) -> None:
        paths = files or sorted((settings.BASE_DIR / CORPUS).glob("*.tsv"))
        if not paths:
            raise CommandError("There is no labelled comment to read: name a file.")
        scores = {path.name: measuring.measure(measuring.read(path)) for path in paths}
        if options["json"]:
            self.stdout.write(json.dumps({name: _plain(found) for name, found in scores.items()}, indent=1))
            return
        for name, found in scores.items():
            self._print(name, found)

    def _print(self, name: str, scores: dict[str, measuring.Score]) -> None:
        self.stdout.write(f"{name}\n{'label':<18} {'lines':>5} {'recall':>7} {'precision':>9}")
        for label, score in scores.items():
            lines = score.found + len(score.missed)
            self.stdout.write(f"{label:<18} {lines:>5} {score.recall:>7.2f} {score.precision:>9.2f}")
        for label, score in scores.items():
            for line in score.missed:
                self.stdout.write(f"missed       {label:<18} {line.place}: {line.text}")
            for line in score.false_alarms:
                self.stdout.write(f"false alarm  {label:<18} {line.place}: {line.text}")
        self.stdout.write("")


def _plain(scores: dict[str, measuring.Score]) -> dict[str, dict]:
    return {
        label: {
            "lines": score.found + len(score.missed),
            "recall": round(score.recall, 3),
            "precision": round(score.precision, 3),
            "missed": [line.place for line in score.missed],
            "false_alarms": [line.place for line in score.false_alarms],
        }
        for label, score in scores.items()
    }
