"""The bytes of a manuscript as clean text, and the pieces every format is cut into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

MAX_BYTES = 2_000_000
SIGNATURES = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "Word (.docx)"),
    (b"\xd0\xcf\x11\xe0", "Word (.doc)"),
    (b"{\\rtf", "RTF"),
)
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff\u061c\u206a-\u206f]")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
TERMINAL = re.compile("[.!?…:;][\"'”’»)\\]]*\\Z")


class UnreadableManuscript(ValueError):
    """A file that cannot be read at all; the message says why, in the words of its reader."""


@dataclass(frozen=True)
class Run:
    """A stretch of text with one look. A newline in it is a line break somebody made on purpose."""

    text: str
    marks: frozenset[str] = frozenset()
    href: str = ""
    raised: bool = False


@dataclass
class Piece:
    """A line, paragraph, heading, list item, picture or table, before anybody decided what it means."""

    kind: str  # text, heading, item, image, table
    runs: list[Run]
    gap: bool = True  # a blank line or the edge of a block stands before it
    sure: bool = False  # markup says what it is
    level: int = 0  # of a heading
    indent: int = 0
    glyph: str = ""  # of an item: its bullet, or "1", "a", "i"
    number: int = 0
    quote: bool = False
    furniture: bool = False  # markup says it is not part of the article
    after_furniture: bool = False
    role: str = ""  # caption, standfirst
    caption: str = ""
    rows: list[list[tuple[bool, list[Run]]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def line(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())


def decode(data: bytes) -> str:
    """The text of a file; UnreadableManuscript for what is not text, too big, empty or badly encoded."""
    if len(data) > MAX_BYTES:
        raise UnreadableManuscript(_("The file is larger than 2 MB. A manuscript is text; pictures are added later."))
    for signature, name in SIGNATURES:
        if data.startswith(signature):
            message = _("This is a %(name)s file. Save it as plain text, HTML or Markdown and try again.")
            raise UnreadableManuscript(message % {"name": name})
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise UnreadableManuscript(_("The file is in UTF-32. Save it as UTF-8 and try again."))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data:
        raise UnreadableManuscript(_("This is not a text file: it holds binary data."))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        message = _("The file is not in UTF-8: byte %(place)d cannot be read. Save it as UTF-8 and try again.")
        raise UnreadableManuscript(message % {"place": error.start + 1}) from error
    controls = len(CONTROLS.findall(text))
    if "\x00" in text or controls > max(8, len(text) // 100):
        raise UnreadableManuscript(_("This is not a text file: it holds binary data."))
    text = clean(text)
    if not text.strip():
        raise UnreadableManuscript(_("The file is empty."))
    return text


def clean(text: str) -> str:
    """NFC, one kind of line end and space, nothing invisible."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\u2028", "\n")
    text = text.replace("\x0c", "\n\n").replace("\u2029", "\n\n").replace("\x85", "\n")
    text = CONTROLS.sub("", BIDI.sub("", INVISIBLE.sub("", text)))
    return unicodedata.normalize("NFC", SPACES.sub(" ", text))


def plain_pieces(text: str) -> list[Piece]:
    """Every line of a plain text as a piece; rules of dashes and stars only separate."""
    pieces: list[Piece] = []
    gap = True
    for line in text.split("\n"):
        line = line.expandtabs(4).rstrip()
        bare = line.strip()
        if not bare:
            gap = True
        elif re.fullmatch(r"([-=_*~#•·.] ?){3,}", bare):
            if pieces and not gap and bare[0] in "=-" and len(pieces[-1].text) <= 120:
                pieces[-1] = replace(pieces[-1], kind="heading", level=2, sure=True)
            gap = True
        else:
            pieces.append(Piece("text", [Run(bare)], gap=gap, indent=len(line) - len(line.lstrip())))
            gap = False
    return pieces


def joined(runs: Iterable[Run], more: Iterable[Run], joint: str = " ") -> list[Run]:
    """Two stretches of runs as one line."""
    first, second = list(runs), list(more)
    if first and second:
        first[-1] = replace(first[-1], text=first[-1].text.rstrip() + joint)
    return first + second


def ends(text: str) -> bool:
    """Whether a text ends like a sentence, a marker after it or not."""
    text = text.rstrip()[-80:]
    bare = re.sub(r"[\s\[(^]*[\d⁰¹²³⁴-⁹][\d⁰¹²³⁴-⁹,;\s–-]*[\])^]*\Z", "", text)  # noqa: RUF001
    return bool(TERMINAL.search(text) or (bare and TERMINAL.search(bare)))


def ends_with_colon(text: str) -> bool:
    return bool(re.search(r":[\s\[(^]*[\d⁰¹²³⁴-⁹,;\s–-]*[\])^]*\Z", text.rstrip()[-80:]))  # noqa: RUF001


def heading_like(text: str) -> bool:
    """A short line without the end of a sentence, that starts like one."""
    if not 2 <= len(text) <= 110 or len(text.split()) > 16 or not re.search(r"[^\W\d_]", text):
        return False
    if re.search("[.!…:;,][\"'”’)]*\\Z", text) and not re.search(r"\b(?:vs|etc|U\.S|Jr|Sr|Inc)\.\Z", text):
        return False
    sentences = re.search(r"(?:[.!?][\"”’)]*|[a-z)][.!?][\"”’)]*\d[\d,–-]*)\s+[A-Z].*\w\Z", text)  # noqa: RUF001
    if sentences and "?" not in text and len(text.split()) > 8:
        return False
    if re.search(
        '[^\\W_]["”)]?[.,:;!?]["”)]?[\\d⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}(?:[,–-][\\d⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})*\\Z', text
    ) and not re.search(r"\A(?:\S+\s){1,3}\d+\.\d+\Z", text):  # noqa: RUF001
        return False
    first = text.lstrip("“\"'‘(¿¡[")[:1]
    return bool(first) and (first.isupper() or first.isdigit() or not first.islower())
