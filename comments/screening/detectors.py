"""All detectors, in the order they run. Each reads a scan of the text and says where it saw what; none decides.

Patterns repeat nothing without a bound, so the work grows with the length of the text alone; a test holds them to it.
"""

import logging
import time
from collections.abc import Callable, Iterable

from .age import under_age
from .crisis import crisis
from .medical import medical_question, side_effect, treatment_advice
from .names import names
from .personal import personal_details
from .scan import Scan, Seen
from .selling import links, selling
from .words import words

logger = logging.getLogger(__name__)

# Crisis comes first: whatever fails or takes too long after it, somebody in danger is seen.
DETECTORS: dict[str, Callable[[Scan], list[Seen]]] = {
    detector.__name__: detector
    for detector in (
        crisis, under_age, personal_details, names, links, selling, words, treatment_advice, side_effect, medical_question,
    )
}  # fmt: skip
# Seconds of this thread's own work, not of the clock: a busy machine must not hold everybody's comments.
BUDGET = 0.25


def screen(text: str, *, drug_names: Iterable[str] = ()) -> list[Seen]:
    """What all detectors see. Whatever keeps one of them from finishing is itself a finding, and holds the comment."""
    scan = scanned(text, drug_names)
    return look(scan) if scan else [Seen("scan", "detector_failed")]


def scanned(text: str, drug_names: Iterable[str] = ()) -> Scan | None:
    try:
        return Scan.of(text, drug_names)
    except Exception as error:
        log("scan", error)
        return None


def look(scan: Scan) -> list[Seen]:
    """One that breaks does not stop the others; once the time is used up, the others are not run."""
    found: list[Seen] = []
    began, late = time.thread_time(), False
    for name, detector in DETECTORS.items():
        if late:
            found.append(Seen(name, "not_screened"))
            continue
        try:
            found += detector(scan)
        except Exception as error:
            log(name, error)
            found.append(Seen(name, "detector_failed"))
        late = time.thread_time() - began > BUDGET
        if late:
            logger.error("screening ran out of time in detector %s", name)
            found.append(Seen(name, "out_of_time"))
    return found


def log(name: str, error: Exception) -> None:
    # The comment's words must not reach the log, and the message of an error may hold some of them.
    logger.error("detector %s failed: %s", name, type(error).__name__)
