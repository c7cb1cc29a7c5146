"""Whether the words that a note is about still stand in its block."""

from __future__ import annotations

import unicodedata

from articles.document.tokens import Shown
from articles.document.tree import Node


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def find_quote(manifest: Node, node_id: str, quote: str) -> bool:
    """Whether the block is there and holds the quote, whatever its white space, with its markers or without them."""
    for block in Shown(manifest).blocks:
        if block.node_id == node_id:
            marked = "".join(token.text for token in block.tokens)
            bare = "".join(token.text for token in block.tokens if token.kind != "citation")
            return any(_plain(quote) in _plain(text) for text in (marked, bare))
    return False
