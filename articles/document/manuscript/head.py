"""What stands around the text of a manuscript: picture, title, standfirst, author, review line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.text import slugify
from django.utils.translation import gettext as _

from articles.document.manuscript import furniture, labels
from articles.document.manuscript.pieces import Piece, Run, heading_like


@dataclass
class Desk:
    """What is known about a manuscript while it is read."""

    title: str = ""
    standfirst: str = ""
    bylines: list[str] = field(default_factory=list)
    seo: dict[str, str] = field(default_factory=lambda: {"title": "", "description": ""})
    slug: str = ""
    label: labels.Label = field(default_factory=labels.Label)
    labelled: bool = False
    hero: Piece | None = None
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)

    def take_label(self, label: labels.Label, line: str) -> None:
        known = self.label
        known.by = known.by or label.by
        if not known.date:
            known.date, known.precision = label.date, label.precision
        if not known.updated:
            known.updated, known.updated_precision = label.updated, label.updated_precision
        for rest in label.rest:
            names = labels.names(rest)
            if names and not self.bylines:
                self.bylines = names
            elif len(rest) > 4 and not re.match(r"(?:page|content|article|on|and|this page)\Z", rest, re.IGNORECASE):
                self.dropped.append(rest)
        self.warnings += label.warnings
        self.labelled = True
        self.understood.append(line)

    @property
    def legacy(self) -> dict[str, str] | None:
        if not self.labelled:
            return None
        date, precision = self.label.date, self.label.precision
        if not date:
            date, precision = self.label.updated, self.label.updated_precision
        return {"by": self.label.by[:300], "date": date, "precision": precision} if self.label.by or date else None


def is_label(line: str) -> bool:
    return bool(
        labels.review(line) or labels.names(line) or labels.waiting(line) or labels.FIELD.fullmatch(line) or labels.alt_inside(line)
        or labels.waiting_alt(line)
    )  # fmt: skip


def take_fields(fields: dict[str, str], desk: Desk) -> None:
    """Fields a manuscript states about itself, as "Title: …" or above a Markdown text."""
    for name, value in fields.items():
        key = re.sub(r"[\s_-]+", " ", name.lower())
        if key in ("title", "headline", "h1"):
            desk.title = desk.title or value[:300]
        elif key in (
            "standfirst",
            "subtitle",
            "subhead",
            "subheading",
            "sub headline",
            "dek",
            "deck",
            "summary",
            "excerpt",
        ):
            desk.standfirst = desk.standfirst or value[:1000]
        elif key in ("meta description", "seo description", "description"):
            desk.seo["description"] = value[:500]
        elif key in ("seo title", "meta title"):
            desk.seo["title"] = value[:300]
        elif key in ("slug", "url slug"):
            desk.slug = slugify(value)
        elif key in ("author", "authors", "by"):
            desk.bylines = [part.strip()[:200] for part in re.split(r",|;| and ", value.strip("[]")) if part.strip()]
        else:
            label = labels.review(f"{name.replace('_', ' ')}: {value}") or labels.review(f"{name} {value}")
            if label:
                desk.take_label(label, f"{name}: {value}")


def take_head(pieces: list[Piece], desk: Desk) -> list[Piece]:
    """Picture, title, standfirst, author and review line off the top of the manuscript; the rest comes back."""
    top = next(
        (place for place, piece in enumerate(pieces[:25]) if piece.kind == "heading" and piece.level == 1),
        None,
    )
    queue = list(pieces)
    kept: list[Piece] = []
    if top is not None:
        desk.title = desk.title or pieces[top].line[:300]
        before, queue = pieces[:top], pieces[top + 1 :]
        desk.understood.append(pieces[top].line)
        queue = _above_title(before, desk, kept) + queue
    elif desk.title:
        while queue and queue[0].line == desk.title:
            queue.pop(0)
    else:
        queue = _plain_title(queue, desk)
    return kept + _below_title(queue, desk)


def _above_title(before: list[Piece], desk: Desk, kept: list[Piece]) -> list[Piece]:
    """What stands above a marked title: pictures, labels, a kicker; longer text is kept."""
    queue = list(before)
    while queue:
        piece = queue.pop(0)
        if _front(piece, queue, desk):
            continue
        if piece.role == "caption" and desk.hero is not None:
            desk.hero.caption = piece.line
        elif piece.kind in ("text", "heading") and (heading_like(piece.line) or furniture.is_breadcrumb(piece.line)):
            desk.dropped.append(piece.line)
        elif piece.kind == "text" and desk.hero is None and len(piece.line.split()) >= 5 and not kept:
            _guess_hero(piece, desk)
        else:
            kept.append(piece)
    return []


def _guess_hero(piece: Piece, desk: Desk, *, sure: bool = False) -> None:
    desk.hero = Piece("image", [Run(piece.line)])
    if sure:
        return
    message = _("“%(words)s…” was read as the description of the main picture, because it stands before the title.")
    desk.warnings.append(message % {"words": piece.line[:60]})


def _front(piece: Piece, queue: list[Piece], desk: Desk) -> bool:
    """Take a piece that says something about the article; `queue` is what follows."""
    line = piece.line
    if piece.kind == "image":
        if desk.hero is not None:
            return False
        desk.hero = piece
        return True
    if piece.kind not in ("text", "heading"):
        return False
    if labels.waiting_alt(line) and queue and queue[0].kind == "text" and desk.hero is None:
        desk.understood.append(line)
        desk.hero = Piece("image", [Run(queue.pop(0).line)])
        return True
    alt = labels.alt(line)
    if alt and desk.hero is None:
        desk.understood.append(line)
        desk.hero = Piece("image", [Run(alt)])
        return True
    given = labels.FIELD.fullmatch(line)
    if given:
        take_fields({given["name"]: given["value"]}, desk)
        desk.understood.append(line)
        return True
    return _about(piece, queue, desk)


def _about(piece: Piece, queue: list[Piece], desk: Desk) -> bool:
    """Take a line on review or authorship, with the value on the next line where it stands there."""
    line = piece.line
    label = labels.review(line)
    if label is None and labels.waiting(line) and queue and queue[0].kind == "text":
        label = labels.review(f"{line} {queue[0].line}")
        if label:
            line = f"{line} {queue.pop(0).line}"
    if label:
        desk.take_label(label, line)
        return True
    names = labels.names(line)
    if names:
        desk.bylines = desk.bylines or [name[:200] for name in names]
        desk.understood.append(line)
        return True
    return False


def _plain_title(queue: list[Piece], desk: Desk) -> list[Piece]:
    """The title of a text without marked headings: the first line that looks like one."""
    queue = list(queue)
    held: list[Piece] = []
    while queue:
        piece = queue.pop(0)
        following = next((other for other in queue if not is_label(other.line)), None)
        if piece.kind == "item" or piece.kind == "table":
            held.append(piece)
            break
        if _front(piece, queue, desk):
            if desk.title:
                return held + queue
            continue
        if piece.kind == "text" and furniture.is_breadcrumb(piece.line) and queue:
            desk.dropped.append(piece.line)
        elif desk.hero is None and not held and _describes(piece, queue):
            _guess_hero(piece, desk)
        elif piece.kind == "heading" or heading_like(piece.line) or _short_sentence(piece, queue):
            if not (queue and is_label(queue[0].line)) and _is_kicker(piece, following):
                desk.dropped.append(piece.line)
                continue
            desk.title = piece.line[:300]
            desk.understood.append(piece.line)
            return held + queue
        elif (
            desk.hero is None and not held and following is not None and heading_like(following.line) and len(queue) > 1
        ):
            # A title with its review line below stands between the picture and the text: no guess.
            place = next(at for at, other in enumerate(queue) if other is following)
            _guess_hero(piece, desk, sure=place + 1 < len(queue) and is_label(queue[place + 1].line))
        else:
            held.append(piece)
            break
    desk.warnings.append(_("No title was found. Write one."))
    return held + queue


def _describes(piece: Piece, queue: list[Piece]) -> bool:
    """A description without a full stop: in small letters, above a title in capital ones with its review line."""
    title = queue[0].line if len(queue) > 1 and is_label(queue[1].line) else ""
    if not heading_like(piece.line) or not heading_like(title) or is_label(title) or len(piece.line.split()) < 6:
        return False
    return not _titled(piece.line) and _titled(title)


def _titled(line: str) -> bool:
    """Whether a line is a question or written In the Letters of a Title."""
    words = re.findall(r"[^\W\d_][\w’'-]{3,}", line)
    return line.endswith("?") or 3 * sum(word[0].isupper() for word in words) >= 2 * len(words)


def _short_sentence(piece: Piece, queue: list[Piece]) -> bool:
    """A title that ends like a sentence: short, and a label or a longer paragraph follows."""
    if len(piece.line.split()) > 16 or len(piece.line) > 120 or not queue:
        return False
    return (
        piece.line.endswith(("?", "!"))
        or is_label(queue[0].line)
        or (queue[0].kind == "text" and len(queue[0].line) > 2 * len(piece.line) and not heading_like(queue[0].line))
    )


def _is_kicker(piece: Piece, following: Piece | None) -> bool:
    """Whether a line above the title is only its section: few words, and a longer line follows that is a title."""
    if following is None or following.kind not in ("text", "heading") or not heading_like(following.line):
        return False
    words, more = len(piece.line.split()), len(following.line.split())
    if furniture.is_breadcrumb(piece.line):
        return True
    return (words <= 3 and more > words + 1) or (piece.line.isupper() and not following.line.isupper() and words <= 5)


def _below_title(queue: list[Piece], desk: Desk) -> list[Piece]:
    """Author, review line, picture and standfirst between the title and the first paragraph."""
    queue = list(queue)
    held: list[Piece] = []
    for _step in range(12):
        if not queue:
            break
        piece = queue.pop(0)
        if _front(piece, queue, desk):
            continue
        if piece.role == "caption" and desk.hero is not None and not desk.hero.caption:
            desk.hero.caption = piece.line
        elif not held and not desk.standfirst and _is_standfirst(piece, queue):
            desk.standfirst = piece.line[:1000]
            desk.understood.append(piece.line)
        elif piece.kind == "text" and _is_date(piece.line):
            desk.dropped.append(piece.line)
        else:
            queue.insert(0, piece)
            break
    return held + queue


def _is_date(line: str) -> bool:
    return bool(labels.parse_date(line)[0]) and len(line) > 4


def _is_standfirst(piece: Piece, queue: list[Piece]) -> bool:
    """One line between title and review line, or marked as such."""
    if piece.kind != "text" or len(piece.line.split()) > 60 or re.search(r"\d\Z|\]\Z", piece.line):
        return False
    if piece.role == "standfirst":
        return True
    return bool(queue) and (
        bool(labels.review(queue[0].line)) or bool(labels.names(queue[0].line)) or bool(labels.waiting(queue[0].line))
    )


def labels_inside(pieces: list[Piece], desk: Desk) -> list[Piece]:
    """Labels further down: a review line at the end, the description of a picture amid the text."""
    kept: list[Piece] = []
    queue = list(pieces)
    while queue:
        piece = queue.pop(0)
        line = piece.line
        if piece.kind != "text":
            kept.append(piece)
            continue
        if piece.role == "caption" and kept and kept[-1].kind == "image":
            kept[-1].caption = line
            continue
        label = labels.review(line) if piece.gap or not kept or kept[-1].kind != "item" else None
        if label is None and labels.waiting(line) and queue and queue[0].kind == "text":
            label = labels.review(f"{line} {queue[0].line}")
            line = f"{line} {queue.pop(0).line}" if label else line
        if label:
            desk.take_label(label, line)
        elif labels.alt_inside(line) and not any(run.href for run in piece.runs):
            desk.understood.append(line)
            kept.append(Piece("image", [Run(labels.alt_inside(line))]))
            message = _("“%(words)s…” was read as the description of a picture in the text.")
            desk.warnings.append(message % {"words": line[:60]})
        else:
            kept.append(piece)
    return kept
