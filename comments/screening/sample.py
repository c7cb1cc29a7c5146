"""Some of what is published unread is read afterwards: only so does anybody learn what the screening misses."""

import dataclasses
import hashlib

from django.conf import settings

from ..models import QueueItem
from .policy import Outcome

REASON = "sample"
FINE = 10_000


def drawn(outcome: Outcome, public_id: str) -> Outcome:
    """A comment that nothing was found in goes to the sample lane if the draw falls on it; it is public meanwhile."""
    if outcome.held or outcome.lane or not is_drawn(public_id, settings.SAMPLE_PERCENT):
        return outcome
    return dataclasses.replace(outcome, lane=QueueItem.Lane.SAMPLE, reasons=[*outcome.reasons, REASON])


def is_drawn(public_id: str, percent: int) -> bool:
    """The same answer for the same comment every time; nobody chooses their public id."""
    number = int.from_bytes(hashlib.sha256(f"sample:{public_id}".encode()).digest()[:8])
    return number % FINE < percent * FINE // 100
