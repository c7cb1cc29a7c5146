"""From a manifest to the signed HTML. Pure: no query, no clock, no setting, no active language."""

from __future__ import annotations

import json
import re
from html import escape as _escape
from itertools import count
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from articles import citations
from articles.document import canonical, wall
from articles.document.pictures import widths
from articles.document.problems import link_problem
from articles.document.tree import Inlines, Node, block_text, blocks, drug_text, inline_text
from articles.document.words import long_date, words

RENDERER_VERSION = 1
SEAM = "<!--seam-->"
EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
SIZES = "(min-width: 48rem) 44rem, 100vw"
NOT_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}
RESERVED = re.compile(
    r"(?:c\d+|ref-\d+|.*-title(?:-\d+)?|title|main|references|conversation|newsletter.*|id-.*|comment-.*|content|search)\Z"
)


def escape(text: str) -> str:
    """Text for HTML. An apostrophe stays one: attribute values stand in double quotes."""
    return _escape(text, quote=False).replace('"', "&quot;")


class _Artefact:
    """One rendering: it knows the numbers of the references and counts the places where they are cited."""

    def __init__(self, manifest: Node) -> None:
        self.manifest = manifest
        self.language = manifest.get("language", "en")
        self.words = words(self.language)
        self.pages: dict[str, Node] = manifest.get("pages") or {}
        self.images: dict[str, Node] = manifest.get("images") or {}
        self.numbers = citations.numbering(manifest)
        self.places: dict[str, list[int]] = {}
        self.places_so_far = count(1)
        self.key_facts_so_far = count(1)
        self.anchors = {entry["node_id"]: entry["id"] for entry in _anchors(manifest)}

    # Inline

    def run(self, run: Inlines) -> str:
        return "".join(getattr(self, node["type"])(node) for node in run)

    def text(self, node: Node) -> str:
        html = escape(node["text"])
        for mark in node.get("marks", []):
            if mark["type"] in ("strong", "em"):
                html = f"<{mark['type']}>{html}</{mark['type']}>"
            elif not link_problem(mark["attrs"]["href"]):
                html = f'<a href="{escape(mark["attrs"]["href"])}">{html}</a>'
        return html

    def hard_break(self, _node: Node) -> str:
        return "<br>"

    def citation(self, node: Node) -> str:
        refs = sorted(node["attrs"]["refs"], key=self.numbers.__getitem__)
        place = next(self.places_so_far)
        for ref in refs:
            self.places.setdefault(ref, []).append(place)
        numbers = [self.numbers[ref] for ref in refs]
        hidden = self.words["references" if len(numbers) > 1 else "reference"]
        return (
            f'<sup class="citation"><a id="c{place}" href="#ref-{numbers[0]}"'
            f' data-refs="{",".join(map(str, numbers))}" role="doc-noteref">'
            f'<span class="vh">{hidden} </span>{citations.label(numbers)}</a></sup>'
        )

    def drug(self, node: Node) -> str:
        page, form = self.page(node), node["attrs"]["form"]
        html = self.drug_name(page) if form == "full" else escape(drug_text(page, form))
        return f'<a class="drug" href="/drugs/{escape(page["slug"])}/">{html}</a>' if page["hash"] else html

    def drug_name(self, page: Node) -> str:
        brand, generic = f"{page.get('brand', '')}{page.get('mark', '')}", page.get("generic", "")
        if not brand or not generic:
            return escape(brand or generic)
        return f'{escape(brand)} <span class="drug-generic">({escape(generic)})</span>'

    def subtype(self, node: Node) -> str:
        return self.subtype_link(self.page(node))

    def subtype_link(self, page: Node) -> str:
        name = escape(page["name"])
        return f'<a class="subtype" href="/subtypes/{escape(page["slug"])}/">{name}</a>' if page["hash"] else name

    def page(self, node: Node) -> Node:
        return self.pages[node["attrs"]["page"]]

    # Blocks

    def block(self, node: Node) -> str:
        return getattr(self, f"render_{node['type']}")(node)

    def render_paragraph(self, node: Node) -> str:
        return f"<p>{self.run(node.get('content') or [])}</p>"

    def render_heading(self, node: Node) -> str:
        attrs = node["attrs"]
        anchor = self.anchors.get(attrs.get("node_id", ""))
        identified = f' id="{anchor}"' if anchor else ""
        return f"<h{attrs['level']}{identified}>{self.run(node.get('content') or [])}</h{attrs['level']}>"

    def render_bullet_list(self, node: Node) -> str:
        return f"<ul>{self.items(node)}</ul>"

    def render_ordered_list(self, node: Node) -> str:
        return f"<ol>{self.items(node)}</ol>"

    def items(self, node: Node) -> str:
        return "".join(f"<li>{self.item(item)}</li>" for item in node["content"])

    def item(self, item: Node) -> str:
        first, *inner = item["content"]
        return self.run(first.get("content") or []) + "".join(self.block(child) for child in inner)

    def render_quote(self, node: Node) -> str:
        return f"<blockquote>{''.join(self.block(child) for child in node['content'])}</blockquote>"

    def render_callout(self, node: Node) -> str:
        urgent = " callout-urgent" if node["attrs"]["tone"] == "emergency" else ""
        return (
            f'<div class="callout{urgent}"><div>{"".join(self.block(child) for child in node["content"])}</div></div>'
        )

    def render_key_facts(self, node: Node) -> str:
        number = next(self.key_facts_so_far)
        title = "key-facts-title" if number == 1 else f"key-facts-title-{number}"
        items = "".join(f"<li><span>{self.item(item)}</span></li>" for item in node["content"])
        return (
            f'<section class="key-facts" aria-labelledby="{title}"><h2 id="{title}">{self.words["key_facts"]}</h2>'
            f"<ul>{items}</ul></section>"
        )

    def render_table(self, node: Node) -> str:
        head, *rows = node["content"]
        labels = [inline_text(cell.get("content") or [], self.pages) for cell in head["content"]]
        caption = node["attrs"]["caption"]
        heading = "".join(f'<th scope="col">{self.run(cell.get("content") or [])}</th>' for cell in head["content"])
        lines = "".join(f"<tr>{self.cells(row, labels)}</tr>" for row in rows)
        return (
            '<table class="table">'
            + (f"<caption>{escape(caption)}</caption>" if caption else "")
            + f"<thead><tr>{heading}</tr></thead><tbody>{lines}</tbody></table>"
        )

    def cells(self, row: Node, labels: list[str]) -> str:
        html = []
        for cell, label in zip(row["content"], labels, strict=True):
            inner = self.run(cell.get("content") or [])
            if cell["attrs"]["header"]:
                html.append(f'<th scope="row">{inner}</th>')
            else:
                html.append(f'<td data-label="{escape(label)}">{inner}</td>' if label else f"<td>{inner}</td>")
        return "".join(html)

    def render_figure(self, node: Node) -> str:
        attrs = node["attrs"]
        image = self.images.get(attrs["image"] or "")
        caption = escape(attrs["caption"])
        if attrs["credit"]:
            caption += f' <span class="figure-credit">{escape(attrs["credit"])}</span>'
        caption = f"<figcaption>{caption.strip()}</figcaption>" if caption else ""
        if image is None:
            alt = f" {escape(attrs['alt'])}" if attrs["alt"] else ""
            missing = f"<p>{self.words['no_picture']}{alt}</p>"
            return f'<figure class="figure figure-empty">{missing}{caption}</figure>'
        return f'<figure class="figure">{self.picture(attrs, image)}{caption}</figure>'

    def picture(self, attrs: Node, image: Node) -> str:
        sizes = widths(image["width"])
        largest = sizes[-1]
        alt = "" if attrs["decorative"] else escape(attrs["alt"])
        when = ' loading="eager" fetchpriority="high"' if attrs["hero"] else ' loading="lazy"'
        webp = ", ".join(f"{source(image, width, 'webp')} {width}w" for width in sizes)
        return (
            f'<picture><source type="image/webp" srcset="{webp}" sizes="{SIZES}">'
            f'<img src="{source(image, largest, image["format"])}" width="{largest}"'
            f' height="{round(image["height"] * largest / image["width"])}" alt="{alt}"{when} decoding="async"></picture>'
        )

    # Parts

    def header(self) -> str:
        manifest = self.manifest
        parts = [f'<h1 id="title">{self.title()}</h1>']
        if manifest.get("standfirst"):
            parts.append(f'<p class="lead">{escape(manifest["standfirst"])}</p>')
        names = [escape(byline["name"]) for byline in manifest.get("bylines") or [] if byline["name"]]
        if names:
            joint = f" {self.words['and']} "
            listed = joint.join(filter(None, [", ".join(names[:-1]), names[-1]]))
            parts.append(f'<p class="article-byline">{self.words["by"]} {listed}</p>')
        return f'<header class="article-head">{"".join(parts)}</header>'

    def title(self) -> str:
        """A drug page whose title is just its names shows them the way a mention does."""
        title, facts = self.manifest["title"], self.manifest.get("facts") or {}
        if self.manifest.get("kind") == "drug":
            names = [drug_text({**facts, "mark": mark}, form) for form in ("full", "brand") for mark in ("®", "™", "")]
            if title in ["", *names]:
                return self.drug_name(facts)
        return escape(title)

    def facts(self) -> str:
        """What a drug or subtype is at a glance, before the text."""
        facts = self.manifest.get("facts") or {}
        rows: list[tuple[str, str]] = []
        if self.manifest.get("kind") == "drug":
            rows.append(("brand", escape(f"{facts.get('brand', '')}{facts.get('mark', '')}")))
            rows += [(name, escape(facts.get(name, ""))) for name in ("generic", "drug_class", "route", "target")]
            rows.append(("other_names", escape(", ".join(facts.get("other_names", [])))))
            linked = [self.subtype_link(self.pages[uid]) for uid in facts.get("subtypes", []) if uid in self.pages]
            rows.append(("subtypes", ", ".join(linked)))
        elif self.manifest.get("kind") == "subtype":
            rows += [(name, escape(facts.get(name, ""))) for name in ("definition", "authority")]
            rows.append(("synonyms", escape(", ".join(facts.get("synonyms", [])))))
        listed = "".join(f"<dt>{self.words[name]}</dt><dd>{value}</dd>" for name, value in rows if value)
        if not listed:
            return ""
        return (
            '<section class="glance" aria-labelledby="glance-title">'
            f'<h2 id="glance-title">{self.words["glance"]}</h2><dl class="facts summary">{listed}</dl></section>'
        )

    def approvals(self) -> str:
        """What was approved, when and where, each with its source; after the text, so that numbers follow reading."""
        approvals = (self.manifest.get("facts") or {}).get("approvals") or []
        if self.manifest.get("kind") != "drug" or not approvals:
            return ""
        names = ("date", "what", "jurisdiction")
        head = "".join(f'<th scope="col">{self.words[name]}</th>' for name in names)
        rows = "".join(f"<tr>{self.approval(approval)}</tr>" for approval in approvals)
        return (
            '<section class="approvals" aria-labelledby="approvals-title">'
            f'<h2 id="approvals-title">{self.words["approvals"]}</h2>'
            f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>'
        )

    def approval(self, approval: Node) -> str:
        date = approval["date"]
        marker = self.citation({"attrs": {"refs": [approval["ref"]]}}) if approval.get("ref") else ""
        shown = f'<time datetime="{escape(date)}">{escape(long_date(date, self.language))}</time>'
        cells = (("date", shown), ("what", escape(approval["what"]) + marker))
        html = "".join(f'<td data-label="{self.words[name]}">{value}</td>' for name, value in cells)
        return html + f'<td data-label="{self.words["jurisdiction"]}">{escape(approval["jurisdiction"])}</td>'

    def references(self) -> str:
        if not self.numbers:
            return ""
        known = {reference["uid"]: reference["csl"] for reference in self.manifest["references"]}
        entries = "".join(
            f'<li id="ref-{number}">{self.entry(known[ref])}{self.backlinks(ref, number)}</li>'
            for ref, number in self.numbers.items()
        )
        return (
            '<section class="references" id="references" role="doc-endnotes" aria-labelledby="references-title">'
            f'<h2 id="references-title">{self.words["references"]}</h2><ol>{entries}</ol></section>'
        )

    def entry(self, csl: Node) -> str:
        html = []
        for text, style in citations.ama(csl, language=self.language.split("-")[0]):
            if style in ("", "i"):
                html.append(f"<i>{escape(text)}</i>" if style else escape(text))
            else:
                html.append(f'<a href="{escape(style)}">{escape(text)}</a>')
        return "".join(html) or self.words["empty"]

    def backlinks(self, ref: str, number: int) -> str:
        places = self.places.get(ref, [])
        if not places:
            return ""
        links = []
        for order, place in enumerate(places, start=1):
            hidden = self.words["back"].format(number=number, place=order, places=len(places))
            links.append(f'<a role="doc-backlink" href="#c{place}">↑<span class="vh"> {hidden}</span></a>')
        return f' <span class="references-back">{" ".join(links)}</span>'


def source(image: Node, width: int, form: str) -> str:
    """The address of one rendition."""
    return f"/media/i/{image['sha256']}/{width}.{EXTENSIONS[form]}"


def _anchors(content: Node) -> list[dict[str, Any]]:
    taken: set[str] = set()
    entries = []
    for block in blocks(content):
        if block["type"] != "heading":
            continue
        text = inline_text(block.get("content") or [], content.get("pages"))
        anchor = slugify(text)[:60].strip("-_").replace("_", "-") or "section"
        unique = anchor if not RESERVED.match(anchor) else f"{anchor}-2"
        for number in count(2):
            if unique not in taken and not RESERVED.match(unique):
                break
            unique = f"s-{anchor}-{number}" if RESERVED.match(f"{anchor}-{number}") else f"{anchor}-{number}"
        taken.add(unique)
        node_id = block["attrs"]["node_id"]
        entries.append({"id": unique, "text": text, "level": block["attrs"]["level"], "node_id": node_id})
    return entries


def contents(manifest: Node) -> list[dict[str, Any]]:
    """The headings of the text with their anchors, for "On this page"."""
    return [{key: entry[key] for key in ("id", "text", "level")} for entry in _anchors(manifest)]


def _opening_length(body: list[Node]) -> int:
    """How many blocks stand before the third heading of level 2."""
    sections = [
        place for place, block in enumerate(body) if block["type"] == "heading" and block["attrs"]["level"] == 2
    ]
    return sections[2] if len(sections) > 2 else len(body)


def render(manifest: Node) -> str:
    """The artefact: header, seam, opening, seam, rest; each part balanced and cleaned on its own."""
    artefact = _Artefact(manifest)
    body = blocks(manifest)
    cut = _opening_length(body)
    opening = artefact.facts() + "".join(artefact.block(block) for block in body[:cut])
    rest = "".join(artefact.block(block) for block in body[cut:])
    rest += artefact.approvals() + artefact.references()
    parts = SEAM.join(wall.clean(part) for part in (artefact.header(), opening, rest))
    kind = escape(manifest.get("kind", "article"))
    signed = canonical.content_hash(canonical.canonical(manifest))
    language = escape(artefact.language)
    return f'<article class="article {kind}" data-signed="{signed}" lang="{language}" aria-labelledby="title">{parts}</article>'


def parts(artefact: str) -> list[SafeString]:
    """A stored artefact cut at its seams, for a page template: start and header, opening, rest and end."""
    return [mark_safe(part) for part in artefact.split(SEAM)]  # noqa: S308


def whole(artefact: str) -> SafeString:
    """A stored artefact to the last byte, seams and all."""
    return mark_safe(artefact)  # noqa: S308


def data_block(data: dict[str, Any]) -> SafeString:
    """Linked data for machines as a script element, which browsers never run.

    Its content is not HTML: entities would stay as they are, so format_html() would spoil every quotation mark. What
    could end the element or open another is escaped in JSON's own way, as Django's json_script does for another type.
    """
    harmless = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(NOT_IN_SCRIPT)
    return mark_safe(f'<script type="application/ld+json">{harmless}</script>')  # noqa: S308


def pieces(manifest: Node) -> list[tuple[str, SafeString]]:
    """Each block on its own, as the reader will see it, for the review page: (node_id, HTML)."""
    artefact = _Artefact(manifest)
    rendered = [(block["attrs"]["node_id"], artefact.block(block)) for block in blocks(manifest)]
    return [(node_id, mark_safe(wall.clean(html))) for node_id, html in rendered]  # noqa: S308


def plain_text(content: Node) -> str:
    """The words of a draft, a manifest or a body without its markers, a blank line between blocks."""
    pages = content.get("pages")
    return "\n\n".join(filter(None, (block_text(block, pages).strip() for block in blocks(content))))


def word_count(content: Node) -> int:
    """The words a reader reads; the description of a picture is not one of them."""
    pages = content.get("pages")
    return sum(len(block_text(block, pages).split()) for block in blocks(content) if block["type"] != "figure")


def reading_minutes(content: Node) -> int:
    """Minutes to read it at 220 words a minute, at least one."""
    return max(1, round(word_count(content) / 220))
