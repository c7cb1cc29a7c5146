"""Spam, learnt from what moderators decided: a naive Bayes small enough to be read, whose words are shown with its score."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import User

from ..models import Comment, Decision, SpamModel
from .asking import ASK
from .scan import Scan, Seen, Span

NAME, VERSION, LABEL = "learnt", 1, "spam_like"
TOKEN = re.compile(r"[^\W\d_]{3,20}")
# The comments that were decided last; older ones teach what nobody writes any more.
LATEST = 20_000
# Of each kind, before anything is said at all.
LEAST = 50
# A word counts once for each comment. One that fewer members wrote could tell who they are.
LEAST_SEEN = 3
LEAST_WRITERS = 3
VOCABULARY = 3000
# Only the most telling words of a comment are added up, so that a long text neither hides spam nor looks like it.
TELLING = 15
LEAST_TELLING = 4
# Twenty to one, before it is said that a comment is like spam.
THRESHOLD = math.log(20)
MOST_SHOWN = 8
TAKEN_BACK = (Comment.Status.WITHDRAWN, Comment.Status.ERASED)


@dataclass(frozen=True)
class Learnt:
    """A model ready for use: how much each word speaks for spam (above nought) or against it."""

    enough: bool
    weights: dict[str, float]


def look(scan: Scan) -> list[Seen]:
    """`spam_like`, with the words that made it so; nothing where too little was learnt."""
    latest = SpamModel.objects.order_by("-pk").values_list("pk", "trained_at").first()
    return see(scan, _in_force(*latest)) if latest else []


@lru_cache(maxsize=4)
def _in_force(pk: int, _trained_at) -> Learnt:
    return of(SpamModel.objects.get(pk=pk))


def of(model: SpamModel) -> Learnt:
    """Log odds of each word, every count one higher than it is, so that nothing is ever impossible."""
    spam, other = (sum(counts[kind] for counts in model.words.values()) + len(model.words) for kind in (0, 1))
    weights = {
        word: math.log((counts[0] + 1) / spam) - math.log((counts[1] + 1) / other)
        for word, counts in model.words.items()
    }
    return Learnt(min(model.spam, model.other) >= LEAST, weights)


def see(scan: Scan, learnt: Learnt) -> list[Seen]:
    if not learnt.enough:
        return []
    telling = _telling(scan, learnt)
    if len(telling) < LEAST_TELLING or sum(learnt.weights[word] for word in telling) < THRESHOLD:
        return []
    shown = [spans[0] for word, spans in telling.items() if learnt.weights[word] > 0][:MOST_SHOWN]
    return [Seen(NAME, LABEL, sorted(shown), VERSION)]


def score(scan: Scan, learnt: Learnt) -> float:
    """The log odds that a comment is spam, by its most telling words."""
    return sum(learnt.weights[word] for word in _telling(scan, learnt))


def heaviest(model: SpamModel, many: int = 20) -> tuple[list[tuple[str, list[int]]], list[tuple[str, list[int]]]]:
    """(words that speak most for spam, words that speak most against it), each with how often it stood in either."""
    weights = of(model).weights
    ordered = sorted(weights, key=lambda word: (-weights[word], word))
    for_spam = [word for word in ordered[:many] if weights[word] > 0]
    against = [word for word in ordered[::-1][:many] if weights[word] < 0]
    return [(word, model.words[word]) for word in for_spam], [(word, model.words[word]) for word in against]


def train() -> SpamModel:
    """Learn anew from the comments decided last. What was erased or withdrawn since is not among them any more."""
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    writers: dict[str, set[int]] = {}
    seen: Counter[bool] = Counter()
    for is_spam, author, text in _examples():
        said = set(words_to_learn(Scan.of(text)))
        seen[is_spam] += 1
        counts[is_spam].update(said)
        for word in said:
            known = writers.setdefault(word, set())
            if len(known) < LEAST_WRITERS:
                known.add(author)
    total = counts[True] + counts[False]
    names = _names_of_members()
    common = [
        word
        for word, times in total.most_common()
        if times >= LEAST_SEEN and len(writers[word]) >= LEAST_WRITERS and word not in names
    ]
    words = {word: [counts[True][word], counts[False][word]] for word in common[:VOCABULARY]}
    with transaction.atomic():
        made = SpamModel.objects.create(spam=seen[True], other=seen[False], words=words)
        # An older model counts words that their writers may have taken back.
        SpamModel.objects.exclude(pk=made.pk).delete()
    return made


def words_to_learn(scan: Scan) -> Iterator[str]:
    """Folded words without addresses, numbers and names."""
    hidden = bytearray(len(scan.text))
    for detector in ASK:
        for one in detector(scan):
            for start, end in one.spans:
                hidden[start:end] = b"\1" * (end - start)
    for word, (start, end) in _tokens(scan):
        if not any(hidden[start:end]) and not _looks_like_a_name(scan.text, start, end):
            yield word


def _tokens(scan: Scan) -> Iterator[tuple[str, Span]]:
    copy = scan.unmasked
    for found in TOKEN.finditer(copy.letters):
        yield found.group(), copy.span(*found.span())


def _looks_like_a_name(text: str, start: int, end: int) -> bool:
    """A capital inside a sentence, and small letters behind it. SHOUTED words are words."""
    word = text[start:end]
    if not word[:1].isupper() or not word[-1:].islower():
        return False
    before = text[:start].rstrip(" \t\"'“‘(")
    return bool(before) and before[-1] not in ".!?\n:…"


def _telling(scan: Scan, learnt: Learnt) -> dict[str, list[Span]]:
    """The known words of a comment that weigh most, heaviest for spam first, and where they stand."""
    places: dict[str, list[Span]] = {}
    for word, span in _tokens(scan):
        if word in learnt.weights:
            places.setdefault(word, []).append(span)
    telling = sorted(places, key=lambda word: (-abs(learnt.weights[word]), word))[:TELLING]
    return {word: places[word] for word in sorted(telling, key=lambda word: (-learnt.weights[word], word))}


def _examples() -> Iterable[tuple[bool, int, str]]:
    """(spam or not, author, words) of comments whose last decision by a moderator says so."""
    spam = Q(to_status=Comment.Status.SPAM) | Q(to_status=Comment.Status.REJECTED, reason=Decision.Reason.SELLING)
    later = Decision.objects.filter(
        comment=OuterRef("comment"), version__gt=OuterRef("version"), source=Decision.Source.MODERATOR
    )
    decided = (
        Decision.objects.filter(spam | Q(to_status=Comment.Status.LIVE), source=Decision.Source.MODERATOR, undoes=None)
        .exclude(comment__status__in=TAKEN_BACK)
        .exclude(revision=None)
        .exclude(revision__text="")
        .filter(~Exists(later))
        .order_by("-pk")
        .values_list("to_status", "revision__author", "revision__text")
    )
    for status, author, text in decided[:LATEST].iterator(chunk_size=500):
        yield status != Comment.Status.LIVE, author, text


def _names_of_members() -> set[str]:
    """Words that are somebody's name here, folded as comments are."""
    names = User.objects.values_list("name", "handle").iterator(chunk_size=2000)
    return {
        found.group() for pair in names for part in pair for found in TOKEN.finditer(Scan.of(part or "").folded.letters)
    }
