"""The words of the demo are written once: no sentence is carried from one text to another."""

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.demo import reading

NOT_PROSE = {"references", "sources", "note", "slug", "review", "facts", "seo", "bylines", "topic"}


def texts(value: object) -> Iterator[str]:
    """Every string below a value, leaving out what is data and not prose."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in NOT_PROSE:
                yield from texts(part)


def units() -> Iterator[tuple[str, object]]:
    for entry in reading.pages():
        yield f"{entry['kind']}:{entry['slug']}", entry
    for kind, policy in reading.policies().items():
        yield f"policy:{kind}", policy
    for ref, comment in reading.comments().items():
        yield f"comment:{ref}", comment["text"]
    for handle, person in reading.people().items():
        yield f"person:{handle}", person["bio"]


def sentences(text: str) -> Iterator[str]:
    plain = reading.CITED.sub("", reading.MENTION.sub(r"\2", text))
    for sentence in re.split(r"[.!?:;|\n]+[”\"]?\s", plain + " "):
        words = re.findall(r"\w+", sentence.casefold())
        if len(words) >= 8:
            yield " ".join(words)


def test_no_sentence_of_eight_words_stands_in_two_texts():
    places = defaultdict(set)
    for name, value in units():
        for text in texts(value):
            for sentence in sentences(text):
                places[sentence].add(name)
    assert len(places) > 300
    assert {sentence: names for sentence, names in places.items() if len(names) > 1} == {}


def test_nothing_unfinished_is_shown_to_readers():
    waiting = re.compile(r"lorem ipsum|\bTBD\b|\?\?\?|\bplaceholder\b", re.IGNORECASE)
    assert [name for name, value in units() for text in texts(value) if waiting.search(text)] == []


def test_voice_has_no_shouting_in_pages_and_policies():
    for name, value in units():
        if not name.startswith(("comment:", "person:")):
            assert not [text for text in texts(value) if "!" in text], name
