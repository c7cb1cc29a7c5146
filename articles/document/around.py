"""What changed in a manifest around its body: titles, facts, sources, mentioned pages, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from articles import citations
from articles.document.tokens import APPROVAL, Node, Shown, Token, is_approval, is_reference, line, stored, words
from articles.document.wording import Piece, Sides, Wording, compared, whole

MISSING = object()


@dataclass(frozen=True)
class Change(Sides):
    """One thing around the body that changed: what it is called, both versions in pieces, sentences about the rest."""

    kind: str  # changed, added, removed
    name: str
    label: str
    what: list[str]
    old: list[Piece]
    new: list[Piece]
    change: int = 0
    is_fold: bool = False


# Fields


def _labels() -> dict[str, str]:
    return {
        "title": _("Title"),
        "standfirst": _("Standfirst"),
        "slug": _("Address"),
        "language": _("Language"),
        "bylines": _("By"),
        "seo": _("For search engines"),
        "seo.title": _("Title for search engines"),
        "seo.description": _("Description for search engines"),
        "facts": _("Facts"),
        "facts.brand": _("Brand name"),
        "facts.mark": _("Mark of the brand"),
        "facts.generic": _("Generic name"),
        "facts.drug_class": _("Class"),
        "facts.route": _("Given as"),
        "facts.target": _("Target"),
        "facts.other_names": _("Other names"),
        "facts.subtypes": _("Subtypes"),
        "facts.approvals": _("Approvals"),
        "facts.name": _("Name"),
        "facts.definition": _("Definition"),
        "facts.authority": _("Defined by"),
        "facts.synonyms": _("Other names"),
        "kind": _("Kind of page"),
        "uid": _("Identifier of the page"),
        "schema": _("Version of the format"),
        "body": _("Body"),
        "references": _("List of sources"),
        "pages": _("Mentioned pages"),
        "images": _("Pictures"),
    }  # fmt: skip


def _spread(manifest: Node) -> Node:
    """Every field that is not a panel of its own, by its name; what has an unknown form is one field as a whole."""
    spread: Node = {}
    for name, value in manifest.items():
        if name in ("seo", "facts") and isinstance(value, dict):
            spread |= {f"{name}.{key}": inner for key, inner in value.items()}
            if not value:
                spread[name] = value
        elif name == "body":
            rest = _rest_of_body(value)
            spread |= {} if rest is None else {name: rest}
        elif name == "references":
            rest = _rest_of_references(value)
            spread |= {} if rest is None else {name: rest}
        elif name in ("pages", "images"):
            odd = not isinstance(value, dict) or any(not isinstance(one, dict) for one in value.values())
            spread |= {name: value} if odd else {}
        else:
            spread[name] = value
    return spread


def _rest_of_body(body: Any) -> Any:
    """What the rows do not show of a body; nothing where it is a plain document."""
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        return body
    rest = {key: value for key, value in body.items() if key != "content"}
    return None if rest == {"type": "doc"} else rest


def _rest_of_references(references: Any) -> Any:
    """A list of sources that is not one, or that names one twice."""
    if not isinstance(references, list) or not all(is_reference(one) for one in references):
        return references
    return references if len({one["uid"] for one in references}) < len(references) else None


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and set(one) == {"name"} and isinstance(one["name"], str) for one in value
    )


def _lines(texts: list[str]) -> list[Token]:
    tokens: list[Token] = []
    for place, text in enumerate(texts):
        tokens += [line("text", text="\n" if place else "", more=("paragraph",)), *words(text)]
    return tokens


def _approvals(approvals: list[Node], shown: Shown) -> Iterator[Token]:
    for place, approval in enumerate(approvals):
        for column, name in enumerate(APPROVAL[:3]):
            start = "\t" if column else "\n" if place else ""
            yield line("cell" if column else "row", text=start, more=("cell", False))
            yield from words(approval[name])
            if name == "what" and approval["ref"]:
                yield shown.citation([approval["ref"]])


def _field(name: str, value: Any, shown: Shown) -> list[Token] | None:
    """A field as its reader sees it; None where its form is not the one we know."""
    if value is MISSING:
        return []
    if isinstance(value, str):
        return words(value)
    if name == "bylines" and _is_names(value):
        return _lines([one["name"] for one in value])
    if name == "facts.approvals" and isinstance(value, list) and all(is_approval(one) for one in value):
        return list(_approvals(value, shown))
    if name == "facts.subtypes" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        mentions = [shown.mention("subtype", {"page": one}) for one in value]
        return [token for one in mentions for token in (line("text", more=("paragraph",)), one)]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return _lines(value)
    return None


def _as_stored(value: Any) -> list[Token]:
    return [] if value is MISSING else words(stored(value))


def _same(old: Any, new: Any) -> bool:
    if old is MISSING or new is MISSING:
        return old is new
    return stored(old) == stored(new)


def _kind(old: Any, new: Any) -> str:
    return "added" if old is MISSING else "removed" if new is MISSING else "changed"


def _change(kind: str, name: str, label: str, wording: Wording, what: list[str] | None = None) -> Change:
    return Change(kind, name, label, [*(what or []), *wording.what], wording.old, wording.new)


def fields(old: Shown, new: Shown) -> list[Change]:
    """The fields that changed, in the order in which a reader meets them."""
    labels = _labels()
    was, now = _spread(old.manifest), _spread(new.manifest)
    order = {name: place for place, name in enumerate(labels)}
    found = []
    for name in sorted({*was, *now}, key=lambda name: (order.get(name, len(order)), name)):
        before, after = was.get(name, MISSING), now.get(name, MISSING)
        tokens, new_tokens = _field(name, before, old), _field(name, after, new)
        same = _same(before, after)
        wording = compared(tokens, new_tokens) if tokens is not None and new_tokens is not None else None
        if wording is None or (not same and not wording.is_changed):
            wording = compared(_as_stored(before), _as_stored(after))
        if wording.is_changed:
            found.append(_change(_kind(before, after), name, labels.get(name, name), wording))
    return found


# Panels


def _said(value: Any) -> str:
    return value if isinstance(value, str) else stored(value)


def _differences(old: Node, new: Node, labels: dict[str, str]) -> list[str]:
    """One sentence for each key that changed."""
    said = []
    for key in sorted({*old, *new}):
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        if _same(before, after):
            continue
        parts = {"name": labels.get(key, key)}
        if before is MISSING:
            said.append(_("%(name)s: “%(new)s” is new.") % {**parts, "new": _said(after)})
        elif after is MISSING:
            said.append(_("%(name)s: “%(old)s” is gone.") % {**parts, "old": _said(before)})
        else:
            both = {**parts, "old": _said(before), "new": _said(after)}
            said.append(_("%(name)s: was “%(old)s”, is “%(new)s” now.") % both)
    return said


def _description(reference: Node | None, shown: Shown) -> list[Token]:
    if reference is None:
        return []
    language = shown.manifest.get("language")
    try:
        text = citations.plain(citations.ama(reference["csl"], language=str(language).split("-")[0]))
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        text = stored(reference["csl"])
    return words(text)


def _unseen(reference: Node, shown: Shown) -> list[str]:
    """What is stored about a source and not in its description."""
    text = "".join(token.text for token in _description(reference, shown))
    values = {key: value for key, value in reference["csl"].items() if isinstance(value, str) and value not in text}
    return [f"{key}: {value}" for key, value in sorted(values.items())]


def references(old: Shown, new: Shown) -> list[Change]:
    """The sources that came, went or are described differently, by their number."""
    was, now = ({one["uid"]: one for one in shown.listed} for shown in (old, new))
    found = []
    for uid in [*now, *(uid for uid in was if uid not in now)]:
        before, after = was.get(uid), now.get(uid)
        if before is not None and after is not None and _same(before, after):
            continue
        what = []
        if before is not None and after is not None:
            what = _differences(before["csl"], after["csl"], {})
            rest, new_rest = ({key: one[key] for key in one if key != "csl"} for one in (before, after))
            what += _differences(rest, new_rest, {})
        else:
            what = _unseen(before or after or {}, old if after is None else new)
        kind = "added" if before is None else "removed" if after is None else "changed"
        wording = compared(_description(before, old), _description(after, new))
        number = new.numbers.get(uid) or old.numbers.get(uid)
        label = _("Source %(number)d") % {"number": number} if number else _("A source that is not cited")
        found.append(_change(kind, uid, label, wording, what))
    return found


def _page_labels() -> dict[str, str]:
    return {
        "slug": _("Address"),
        "brand": _("Brand name"),
        "mark": _("Mark of the brand"),
        "generic": _("Generic name"),
        "name": _("Name"),
        "kind": _("Kind of page"),
        "hash": _("Fingerprint"),
    }


def _page_change(before: Node, after: Node) -> list[str]:
    rest, new_rest = ({key: page[key] for key in page if key != "hash"} for page in (before, after))
    said = _differences(rest, new_rest, _page_labels())
    if _same(before.get("hash", MISSING), after.get("hash", MISSING)):
        return said
    if not before.get("hash") and after.get("hash"):
        return [*said, _("It is public now and will be linked.")]
    if before.get("hash") and not after.get("hash"):
        return [*said, _("It is no longer public and will not be linked.")]
    was, now = ({"hash": page["hash"]} if "hash" in page else {} for page in (before, after))
    return [*said, _("Its page has changed since."), *_differences(was, now, _page_labels())]


def _page_name(page: Node) -> str:
    brand, generic = (_said(page.get(key, "")) for key in ("brand", "generic"))
    names = [f"{brand}{_said(page.get('mark', ''))}", f"({generic})" if generic and brand else generic]
    return _said(page.get("name", "")) or " ".join(filter(None, names))


def _panel(
    old: dict[str, Node],
    new: dict[str, Node],
    label: Callable[[str], str],
    name: Callable[[Node], str],
    differences: Callable[[Node, Node], list[str]],
    labels: dict[str, str],
) -> list[Change]:
    """The entries of one panel, by uid: those that came, went or changed."""
    found = []
    for uid in [*new, *(uid for uid in old if uid not in new)]:
        before, after = old.get(uid), new.get(uid)
        if before is None or after is None:
            entry = before or after or {}
            shown = whole(words(name(entry)), "ins" if before is None else "del")
            what = [f"{labels.get(key, key)}: {_said(value)}" for key, value in sorted(entry.items()) if value]
            added = before is None
            texts = ([], shown) if added else (shown, [])
            found.append(Change("added" if added else "removed", uid, label(uid), what, *texts))
        elif not _same(before, after):
            wording = compared(words(name(before)), words(name(after)))
            found.append(_change("changed", uid, label(uid), wording, differences(before, after)))
    return found


def pages(old: Shown, new: Shown) -> list[Change]:
    """The drug and subtype pages whose pinned names or content changed."""
    kinds = {"drug": _("Drug"), "subtype": _("Subtype")}

    def label(uid: str) -> str:
        return kinds.get(_said((new.pages.get(uid) or old.pages.get(uid) or {}).get("kind", "")), _("Page"))

    return _panel(old.pages, new.pages, label, _page_name, _page_change, _page_labels())


def _picture_name(image: Node) -> str:
    return f"{_said(image.get('format'))} {_said(image.get('width'))} × {_said(image.get('height'))}"


def images(old: Shown, new: Shown) -> list[Change]:
    """The pictures whose file came, went or was replaced."""
    labels = {"sha256": _("File"), "width": _("Width"), "height": _("Height"), "format": _("Format")}

    def differences(before: Node, after: Node) -> list[str]:
        said = _differences(before, after, labels)
        replaced = not _same(before.get("sha256"), after.get("sha256"))
        return [_("The file was replaced."), *said] if replaced else said

    return _panel(
        old.images, new.images, lambda uid: _("Picture %(uid)s") % {"uid": uid}, _picture_name, differences, labels
    )
