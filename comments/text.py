"""What a member typed: refused with a reason, kept as typed, and turned into HTML at this one door."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

import bleach
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LIMIT = 2000
# Living scripts stack four marks or fewer on a letter; more only covers the lines above and below.
MOST_MARKS = 5
# They turn the direction of the text around them, or make it look like other text.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2800\u3164\uffa0\u115f\u1160")

TAGS = {"p", "br", "a"}
ATTRIBUTES = {"a": ["href", "rel"]}
REL = "nofollow ugc noopener"
LINE = re.compile(r"[^\n]+|\n+")
ADDRESS = re.compile(r"https://[^\s<>\"`{}|\\^]+", re.IGNORECASE)
# No "user@" before the host and no letters of other scripts in it: both pose as somebody else's address.
HONEST_HOST = re.compile(
    r"https://[a-z0-9][a-z0-9.-]*\.[a-z][a-z0-9-]+(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE | re.ASCII
)
TRAILING = ".,;:!?'\"”’»…"


def clean(text: str) -> str:
    """The text to keep: NFC, one kind of line break, no space around it. Raises ValidationError in the member's words."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not any(_visible(letter) for letter in text):
        raise ValidationError(_("Write your comment before you post it."), code="empty")
    if len(text) > LIMIT:
        over = len(text) - LIMIT
        words = ngettext("Your comment is {n} character too long.", "Your comment is {n} characters too long.", over)
        raise ValidationError(words.format(n=over), code="long")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text):
        raise ValidationError(
            _("Your comment holds a hidden control character. Type the words around it again, without it."),
            code="control",
        )
    if not BIDI_CONTROLS.isdisjoint(text):
        raise ValidationError(
            _("Your comment holds hidden characters that turn the direction of the text. Remove them and try again."),
            code="direction",
        )
    if _most_marks(text) > MOST_MARKS:
        raise ValidationError(_("Some letters carry too many marks to be read. Write them plainly."), code="marks")
    return text


def to_html(text: str) -> SafeString:
    """Paragraphs, line breaks and https links; whatever else was typed is shown as typed.

    Everything is escaped before the first tag is written. Bleach is the second wall: it would only ever have to act
    if the first one had a hole.
    """
    paragraphs = ["<br>".join(_linked(line) for line in lines) for lines in _paragraphs(text)]
    written = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return mark_safe(second_wall(written))


def redacted(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with every marked place replaced by words that say so; touching places become one.

    Raises ValidationError where a place lies outside the text, nothing is marked or nothing else would be left.
    """
    written, at = [], 0
    for start, end in _joined(spans, len(text)):
        written += [text[at:start], _("[removed: personal information]")]
        at = end
    kept = "".join([*written[::2], text[at:]])
    if not written:
        raise ValidationError(_("Mark what is to be taken out."), code="nothing")
    if not any(_visible(letter) for letter in kept):
        raise ValidationError(_("Nothing would be left of this comment. Reject it instead."), code="everything")
    return "".join([*written, text[at:]])


def places(text: str, words: str) -> list[tuple[int, int]]:
    """Everywhere these words stand in the text, however their spaces and line breaks were copied.

    Raises ValidationError where they stand nowhere.
    """
    wanted = unicodedata.normalize("NFC", words).split()
    found = re.finditer(r"\s+".join(map(re.escape, wanted)), text) if wanted else ()
    spans = [match.span() for match in found]
    if not spans:
        raise ValidationError(
            _("“{words}” does not stand in this comment. Copy the words as they are.").format(words=words.strip()),
            code="nowhere",
        )
    return spans


def _joined(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not 0 <= start < end <= length:
            raise ValidationError(_("The places to take out do not fit this text. Mark them again."), code="span")
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def second_wall(html: str) -> str:
    return bleach.clean(html, tags=TAGS, attributes=ATTRIBUTES, protocols={"https"}, strip=True)


def stored(html: str, source: str) -> SafeString:
    """HTML that `to_html` wrote when the comment was posted; made anew where `rerender` dropped it."""
    return mark_safe(html) if html or not source else to_html(source)


def marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """The text for a moderator: every line break kept, the spans inside <mark>, and no link to follow by accident."""
    inside = bytearray(len(text) + 1)
    for start, end in spans:
        for place in range(max(start, 0), min(end, len(text))):
            inside[place] = 1
    html: list[str] = []
    paragraph: list[str] = []
    for run in LINE.finditer(text):
        if run.group().startswith("\n"):
            if len(run.group()) > 1:
                html.append(f"<p>{''.join(paragraph)}</p>")
                paragraph = []
            else:
                paragraph.append("<br>")
        else:
            paragraph.append(_marks(run.group(), inside[run.start() : run.end()]))
    html.append(f"<p>{''.join(paragraph)}</p>")
    return mark_safe("".join(html))


def compared(old: str, new: str) -> tuple[SafeString, SafeString]:
    """Two versions of a comment, word by word: what went, marked in the old one, and what came, marked in the new one."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    left: list[str] = []
    right: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        went, came = _lines("".join(before[a:b])), _lines("".join(after[c:d]))
        left.append(f"<del>{went}</del>" if went and kind != "equal" else went)
        right.append(f"<ins>{came}</ins>" if came and kind != "equal" else came)
    return mark_safe("".join(left)), mark_safe("".join(right))


def _lines(piece: str) -> str:
    return escape(piece).replace("\n", "<br>")


def _visible(letter: str) -> bool:
    return letter not in INVISIBLE and unicodedata.category(letter)[0] not in "ZC"


def _most_marks(text: str) -> int:
    most = run = 0
    for letter in text:
        run = run + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        most = max(most, run)
    return most


def _paragraphs(text: str) -> Iterable[list[str]]:
    for block in re.split(r"\n[ \t]*\n\s*", text):
        yield block.split("\n")


def _linked(line: str) -> str:
    written, at = [], 0
    for found in ADDRESS.finditer(line):
        address = _without_trailing(found.group())
        if not HONEST_HOST.match(address):
            continue
        written += [escape(line[at : found.start()]), f'<a href="{escape(address)}" rel="{REL}">{escape(address)}</a>']
        at = found.start() + len(address)
    return "".join([*written, escape(line[at:])])


def _without_trailing(address: str) -> str:
    """The full stop after a link belongs to the sentence, and so does a bracket that was opened before it."""
    while address and (address[-1] in TRAILING or (address[-1] in ")]" and _unopened(address))):
        address = address[:-1]
    return address


def _unopened(address: str) -> bool:
    close = address[-1]
    return address.count(close) > address.count("(" if close == ")" else "[")


def _marks(line: str, inside: bytes) -> str:
    written, at = [], 0
    while at < len(line):
        end = at
        while end < len(line) and inside[end] == inside[at]:
            end += 1
        piece = escape(line[at:end])
        written.append(f"<mark>{piece}</mark>" if inside[at] else str(piece))
        at = end
    return "".join(written)
