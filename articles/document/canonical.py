"""The exact bytes of a manifest and their hash: RFC 8785 over NFC strings."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from articles.document.normal import nfc

PREFIX = "b1:"


def canonical(manifest: dict[str, Any]) -> str:
    """The canonical JSON of a manifest: the same content always gives the same bytes."""
    return rfc8785.dumps(nfc(manifest)).decode()


def content_hash(text: str) -> str:
    """ "b1:" and the SHA-256 of the UTF-8 bytes; the prefix names the format and the algorithm."""
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
