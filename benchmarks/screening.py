"""What screening costs: `python benchmarks/screening.py` prints median and p99 of all detectors together."""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LENGTH = 5000
RUNS = 100
HOSTILE = {
    "letters": "a", "digits": "1 ", "words": "stop ", "questions": "should i ", "at signs": "a.b@", "dots": "a at b dot ",
    "marks": "\u0301", "ligatures": "\ufdfa", "spaced": "k i l l ", "capitals": "Anna Berg ", "brackets": "0(",
    "long links": "https://", "line breaks": "a\n",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from comments.screening import measuring
    from comments.screening.detectors import screen

    corpus = [line.text for path in (ROOT / "tests/comments/corpus").glob("*.tsv") for line in measuring.read(path)]
    texts = {"ordinary": (" ".join(corpus) * 2)[:LENGTH]}
    texts |= {name: (piece * LENGTH)[:LENGTH] for name, piece in HOSTILE.items()}
    print(f"{LENGTH} characters, {RUNS} runs, time of the processor\n{'text':<12} {'median ms':>9} {'p99 ms':>8}")
    for name, text in texts.items():
        took = sorted(_seconds(screen, text) * 1000 for _ in range(RUNS))
        print(f"{name:<12} {statistics.median(took):>9.1f} {took[int(RUNS * 0.99) - 1]:>8.1f}")


def _seconds(screen, text: str) -> float:
    began = time.thread_time()
    screen(text)
    return time.thread_time() - began


if __name__ == "__main__":
    main()
