"""HTML and Markdown as pieces: structure where the markup gives it, plain lines where it does not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from articles.document.manuscript.pieces import Piece, Run, clean

IGNORED = {
    "script",
    "style",
    "template",
    "svg",
    "math",
    "iframe",
    "object",
    "noscript",
    "canvas",
    "audio",
    "video",
    "map",
}
FURNITURE = {"nav", "form", "button", "select", "textarea", "label", "footer", "dialog"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "header", "hgroup", "hr", "html", "li", "main", "menu", "nav", "ol", "p", "picture", "pre", "section", "summary",
    "table", "ul", "h1", "h2", "h3", "h4", "h5", "h6", "head", "title", "caption", "tr", "td", "th", "tbody", "thead", "tfoot", "button", "option",
}  # fmt: skip
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
MARKS = {"b": "strong", "strong": "strong", "em": "em", "i": "em", "cite": "em", "dfn": "em"}
STRUCK = {"s", "strike", "del"}
AROUND = re.compile(
    r"(?:^|[-_ ])(?:ads?|advert\w*|promo\w*|sponsor\w*|related\w*|recirc\w*|newsletter\w*|subscri\w+|sign-?up|share\w*|sharing|social\w*|cookie\w*|consent\w*"
    r"|comments?|breadcrumbs?|sidebar|navbar|navigation|toc|site-footer|popup|modal|byline-social)(?:$|[-_ ])",
    re.IGNORECASE,
)
KEPT = re.compile(r"refer|footnote|citation|source|biblio|endnote", re.IGNORECASE)
STANDFIRST = re.compile(
    r"(?:^|[-_ ])(?:standfirst|dek|deck|subtitle|sub-?head(?:line)?|lede|lead|intro)(?:$|[-_ ])",
    re.IGNORECASE,
)
BREAK = "\x0b"  # stands for a <br> until white space is collapsed


class _Page(HTMLParser):
    """Collects pieces while a page is read; unclosed and crossed tags are taken as browsers take them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Piece] = []
        self.title = ""
        self.struck: list[str] = []
        self.pictures: list[str] = []
        self.open: list[tuple[str, str]] = []  # tag, and what it adds: strong, em, raised, link:…, hidden, …
        self.tags: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.runs: list[Run] = []
        self.lists: list[list[int | str]] = []  # kind, next number
        self.item: Piece | None = None
        self.table: list[list[tuple[bool, list[Run]]]] | None = None
        self.caption = ""
        self.gap = True

    # Reading

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if self.within("ignored") and tag not in VOID:
            self.push(tag, "ignored")
            return
        if tag in BLOCKS:
            self.flush()
        if tag == "br":
            self.runs.append(Run(BREAK))
        elif tag == "img":
            self.picture(found)
        elif tag not in VOID:
            self.start(tag, found)

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        if tag in ("p", "li", "tr", "td", "th", "dt", "dd", "option"):
            self.close_like(tag)
        self.push(tag, self.effect(tag, attrs))
        if tag in ("ul", "ol", "menu"):
            start = attrs.get("start", "")
            self.lists.append(["1" if tag == "ol" else "•", int(start) if start.isdigit() and len(start) < 4 else 1])
            self.item = None
        elif tag == "li":
            self.start_item(attrs)
        elif tag == "table" and self.table is None:
            self.table, self.caption = [], ""
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table is not None:
            if not self.table:
                self.table.append([])
            self.table[-1].append((tag == "th", []))

    def close_like(self, tag: str) -> None:
        """A new <p> or <li> closes the one before it, up to the list or table around."""
        stops = {"p": {"*"}, "li": {"ul", "ol", "menu"}}.get(tag, {"table", "dl", "select"})
        for place in range(len(self.open) - 1, -1, -1):
            name = self.open[place][0]
            if name == tag or (tag in ("td", "th") and name in ("td", "th")):
                self.flush()
                self.pop_to(place)
                return
            if name in stops or (tag == "p" and name in BLOCKS):
                return

    def effect(self, tag: str, attrs: dict[str, str]) -> str:
        style = attrs.get("style", "").lower().replace(" ", "")
        names = f"{attrs.get('class', '')} {attrs.get('id', '')}"
        if tag in IGNORED:
            return "ignored"
        if "hidden" in attrs or "display:none" in style or "mso-hide:all" in style:
            return "furniture"
        if (tag in FURNITURE or (tag in BLOCKS | {"span", "a"} and AROUND.search(names))) and not KEPT.search(names):
            return "furniture" if tag not in ("body", "html", "main", "article") else ""
        if tag in STRUCK or "line-through" in style:
            return "struck"
        if tag == "sup" or "vertical-align:super" in style:
            return "raised"
        if tag == "sub" or "vertical-align:sub;" in f"{style};":
            return "lowered"
        if tag == "a":
            return f"link:{attrs.get('href', '').strip()}"
        if tag in MARKS:
            return (
                ""
                if "font-weight:normal" in style or "font-weight:400" in style or "font-style:normal" in style
                else MARKS[tag]
            )
        if tag == "span" and re.search(r"font-weight:(?:bold|[6-9]00)", style):
            return "strong"
        if tag == "span" and "font-style:italic" in style:
            return "em"
        level = re.search(r"mso-list:l\d+level(\d)", style)
        if tag == "p" and level:
            return f"level:{level.group(1)}"
        return "standfirst" if tag in ("p", "div", "h2") and STANDFIRST.search(names) else ""

    def start_item(self, attrs: dict[str, str]) -> None:
        if not self.lists:
            self.lists.append(["•", 1])
        kind, number = self.lists[-1]
        value = attrs.get("value", "")
        number = int(value) if value.isdigit() and len(value) < 4 else int(number)
        self.lists[-1][1] = number + 1
        self.item = Piece(
            "item",
            [],
            sure=True,
            indent=len(self.lists) * 10,
            glyph=str(kind),
            number=number if kind == "1" else 0,
        )

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.flush()
        for place in range(len(self.open) - 1, -1, -1) if self.within_tag(tag) else ():
            if self.open[place][0] == tag:
                self.pop_to(place)
                break
            if self.open[place][0] in ("td", "th", "table") and tag not in ("table", "tr", "tbody", "thead"):
                break
        if tag in ("ul", "ol", "menu") and self.lists:
            self.lists.pop()
            self.item = None
        elif tag == "li":
            self.item = None
        elif tag == "table" and self.table is not None and not self.within_tag("table"):
            self.end_table()

    def handle_data(self, data: str) -> None:
        if self.within("ignored") or not data:
            return
        if self.within("struck"):
            self.struck.append(" ".join(data.split()))
            return
        if self.within_tag("title"):
            self.title += data
            return
        marks = frozenset(mark for mark in ("strong", "em") if self.within(mark))
        links = (effect[5:] for _tag, effect in reversed(self.open) if effect.startswith("link:"))
        href = next(links, "") if self.within("link") else ""
        if self.within("lowered") and data.strip().isdigit():
            data = data.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
        self.runs.append(Run(clean(data).replace("\n", " "), marks, href, self.within("raised")))

    def push(self, tag: str, effect: str) -> None:
        self.open.append((tag, effect))
        self.tags[tag] += 1
        self.effects[effect.partition(":")[0]] += 1

    def pop_to(self, place: int) -> None:
        for tag, effect in self.open[place:]:
            self.tags[tag] -= 1
            self.effects[effect.partition(":")[0]] -= 1
        del self.open[place:]

    def within(self, effect: str) -> bool:
        return self.effects[effect] > 0

    def within_tag(self, tag: str) -> bool:
        return self.tags[tag] > 0

    # Writing

    def picture(self, attrs: dict[str, str]) -> None:
        alt = clean(attrs.get("alt", "")).strip()
        source = attrs.get("src", "").rsplit("/", 1)[-1][:80]
        if self.within("furniture") or attrs.get("width") == "1":
            return
        if not alt or re.fullmatch(r"[\w.-]*\.(?:jpe?g|png|gif|webp|svg)", alt, re.IGNORECASE):
            self.pictures.append(alt or source)
            return
        if self.table is not None or self.lists:
            self.runs.append(Run(f" {alt} "))
            return
        self.flush()
        self.pieces.append(Piece("image", [Run(" ".join(alt.split()))], sure=True))

    def flush(self) -> None:
        """What was collected becomes pieces, one for each line that is one."""
        runs, self.runs = collapse(self.runs), []
        if not any(run.text.strip() for run in runs):
            return
        if self.table is not None and self.within_tag("caption"):
            self.caption = "".join(run.text for run in runs).strip()
        elif self.table is not None and self.table and self.table[-1]:
            header, cell = self.table[-1][-1]
            self.table[-1][-1] = (header, [*cell, *([Run(" ")] if cell else []), *runs])
        elif self.item is not None:
            self.add_to_item(runs)
        else:
            self.pieces += self.lines(runs)

    def add_to_item(self, runs: list[Run]) -> None:
        assert self.item is not None
        if self.item.runs:
            self.item.runs += [Run("\n"), *runs]
            return
        self.item.runs = runs
        self.item.furniture = self.within("furniture")
        self.pieces.append(self.item)

    def lines(self, runs: list[Run]) -> list[Piece]:
        level = next((int(tag[1]) for tag, _effect in reversed(self.open) if re.fullmatch(r"h[1-6]", tag)), 0)
        text = "".join(run.text for run in runs)
        bold = len(text) <= 110 and all("strong" in run.marks or not run.text.strip() for run in runs)
        role = "caption" if self.within_tag("figcaption") else "standfirst" if self.within("standfirst") else ""
        blank = Piece(
            "text", [], sure=True, quote=self.within_tag("blockquote"), furniture=self.within("furniture"), role=role
        )
        if level:
            flat = [replace(run, text=run.text.replace("\n", " "), marks=run.marks - {"strong"}) for run in runs]
            return [replace(blank, kind="heading", runs=flat, level=level)]
        indent = next((int(effect[6:]) * 4 for _tag, effect in reversed(self.open) if effect.startswith("level:")), 0)
        role = "bold" if bold and not role else role
        return [
            replace(blank, runs=part, gap=place == 0, indent=indent, role=role)
            for place, part in enumerate(_split_lines(runs))
        ]

    def end_table(self) -> None:
        rows = [row for row in self.table or [] if any(run.text.strip() for _header, cell in row for run in cell)]
        self.table = None
        width = max((len(row) for row in rows), default=0)
        furniture = self.within("furniture")
        if width < 2 or width > 12 or len(rows) < 2:
            for row in rows:
                for _header, cell in row:
                    self.pieces += [Piece("text", cell, sure=True, furniture=furniture)] if cell else []
            return
        padded = [[*row, *[(False, [])] * (width - len(row))] for row in rows]
        self.pieces.append(Piece("table", [], sure=True, rows=padded, caption=self.caption, furniture=furniture))

    def close(self) -> None:
        super().close()
        self.flush()
        if self.table is not None:
            self.end_table()


def collapse(runs: list[Run]) -> list[Run]:
    """White space as a browser shows it: one space, none at the ends or around a line break."""
    kept: list[Run] = []
    before = "\n"
    for run in runs:
        text = re.sub(rf" *{BREAK} *", "\n", re.sub(r"[ \t\r\n]+", " ", run.text))
        if before.endswith((" ", "\n")):
            text = text.lstrip(" ")
        if text.startswith("\n") and kept:
            kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(" "))
        if text:
            kept.append(replace(run, text=text))
            before = text
    while kept and not kept[-1].text.rstrip():
        kept.pop()
    if kept:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return kept


def _split_lines(runs: list[Run]) -> list[list[Run]]:
    """The lines of a paragraph as paragraphs of their own where a blank line or bullets divide them."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        first, *more = run.text.split("\n")
        lines[-1] += [replace(run, text=first)] if first else []
        for text in more:
            lines.append([replace(run, text=text)] if text else [])
    return [line for line in lines if line]


def html_pieces(text: str) -> _Page:
    """The pieces of an HTML page."""
    page = _Page()
    page.feed(re.sub(r"<!--.*?-->|<!\[(?:if|endif)[^>]*>", "", text, flags=re.DOTALL))
    page.close()
    page.title = " ".join(page.title.split())
    return page


def markdown_pieces(text: str) -> _Page:
    """The pieces of a Markdown text: footnotes become a list of references, round bullets become lists."""
    notes = re.findall(r"^\[\^(\d{1,3})\]:[ \t]+(.+(?:\n(?:[ \t]{2,}|\t)\S.*)*)", text, re.MULTILINE)
    text = re.sub(r"^\[\^(\d{1,3})\]:[ \t]+.+(?:\n(?:[ \t]{2,}|\t)\S.*)*\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[\^(\d{1,3})\]", r"<sup>\1</sup>", text)
    text = re.sub(r"(?<!\[)\^\[?(\d[\d,;\s–-]*)\]?\^", r"<sup>\1</sup>", text)  # noqa: RUF001
    text = re.sub(r"^([ ]*)[•●◦▪‣·∙○][ \t]*(?=\S)", r"\1- ", text, flags=re.MULTILINE)
    if notes and not re.search(r"^#*\s*(?:references|sources)\s*$", text, re.IGNORECASE | re.MULTILINE):
        text += "\n\n## References\n"
    if notes:
        entries = (
            f"{number}. {' '.join(note.split())}" for number, note in sorted(notes, key=lambda note: int(note[0]))
        )
        text += "\n\n" + "\n".join(entries) + "\n"
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("table").disable(["code"])
    return html_pieces(parser.render(text))


def is_html(text: str, name: str) -> bool:
    tags = re.findall(
        r"<(?:!doctype html|html|body|p|h[1-6]|div|ul|ol|li|br|span|table|article|section|img|sup|strong|em|b|i|a)\b[^<>]*>",
        text[:20000],
        re.IGNORECASE,
    )
    if re.search(r"\.x?html?\Z", name, re.IGNORECASE):
        return bool(tags)
    block = re.search(r"<(?:!doctype|html|body|p|h[1-6]|div|ul|ol|table|article)\b[^<>]*>", text[:20000], re.IGNORECASE)
    return len(tags) > 2 and bool(block) and not re.search(r"^#{1,3} \S", text, re.MULTILINE)


def is_markdown(text: str, name: str) -> bool:
    if re.search(r"\.(?:md|markdown|mdown|mkd)\Z", name, re.IGNORECASE):
        return True
    signs = (
        r"^#{1,6} +\S.*$", r"\[[^\]\n]{1,300}\]\(https?://[^)\s]+\)", r"^\[\^\d+\]:", r"^!\[[^\]\n]*\]\([^)\s]+\)", r"(?<![*\w])\*\*[^*\s][^*\n]{0,300}\*\*(?!\w)",
        r"^>\s+\S", r"^\|.*\|[ \t]*\n\|[-:| ]+\|",
    )  # fmt: skip
    found = [bool(re.search(sign, text, re.MULTILINE)) for sign in signs]
    return any(found[:4]) or sum(found) > 1 or len(re.findall(signs[4], text)) > 1
