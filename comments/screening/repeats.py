"""Whether the same words, or nearly the same, were written here before: by this member or by anybody else."""

import hashlib
from datetime import timedelta

from django.utils import timezone

from ..models import CommentRevision
from .scan import Scan, Seen

VERSION = 1
# "Thank you so much, this helped me" may be said by many; a text of this many letters and digits is said once.
SHORTEST = 60
GRAM = 5
KEPT = 32
# Of the sketch that two texts share. One changed letter in the shortest text leaves more than this.
NEARLY = 0.6
# However large the site is: only so many rows are read to find texts that are nearly the same.
NEWEST = 300
OWN = 50
REMEMBERED = timedelta(days=7)


def digest_of(scan: Scan) -> str:
    """The same for the same words, however they are spaced, capitalised or disguised."""
    return hashlib.sha256(_bare(scan).encode()).hexdigest()


def sketch_of(scan: Scan) -> list[int]:
    """The smallest hashes of all runs of five letters: texts that share many runs share many of these."""
    bare = _bare(scan)
    if len(bare) < SHORTEST:
        return []
    grams = {bare[at : at + GRAM] for at in range(len(bare) - GRAM + 1)}
    return sorted(int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=4).digest()) for gram in grams)[:KEPT]


def likeness(one: list[int], other: list[int]) -> float:
    """How much of what both texts consist of they share, from 0 to 1, estimated from the sketches."""
    mine, theirs = set(one), set(other)
    smallest = sorted(mine | theirs)[:KEPT]
    return sum(number in mine and number in theirs for number in smallest) / len(smallest) if smallest else 0.0


def remember(revision: CommentRevision, scan: Scan) -> None:
    revision.digest, revision.sketch = digest_of(scan), sketch_of(scan)
    CommentRevision.objects.filter(pk=revision.pk).update(digest=revision.digest, sketch=revision.sketch)


def look(revision: CommentRevision) -> list[Seen]:
    """Compare with what others wrote, and with her other comments. Two posts of the same second may miss each other."""
    if not revision.sketch:
        return []
    others = CommentRevision.objects.exclude(comment=revision.comment_id)
    if others.filter(digest=revision.digest).exists():
        return [Seen("repeats", "same_words", version=VERSION)]
    newest = list(others.order_by("-pk").values_list("created_at", "sketch")[:NEWEST])
    own = list(others.filter(author=revision.author_id).order_by("-pk").values_list("created_at", "sketch")[:OWN])
    since = timezone.now() - REMEMBERED
    if any(at > since and likeness(revision.sketch, sketch) >= NEARLY for at, sketch in (*newest, *own) if sketch):
        return [Seen("repeats", "nearly_same_words", version=VERSION)]
    return []


def _bare(scan: Scan) -> str:
    return "".join(letter for letter in scan.unmasked.letters if letter.isalnum())
