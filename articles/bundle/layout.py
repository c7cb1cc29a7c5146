"""What stands in a bundle: names of its files and the shape of each. Written by `packing`, demanded by `opening`."""

import re

FORMAT = "bedside bundle 1"

README, SUMS = "README.txt", "SHA256SUMS"
MANIFEST, VOUCHED, ARTEFACT = "manifest.json", "vouched-manifest.json", "artefact.html"
PUBLICATION, REVISIONS, REVIEWS, POLICIES = "publication.json", "revisions.json", "reviews.json", "policies.json"
SIGNATURES, REVOCATIONS, REFERENCES, LOG = "signoffs.json", "revocations.json", "references.json", "audit.json"

NEEDED = [
    README, MANIFEST, ARTEFACT, PUBLICATION, REVISIONS, REVIEWS, POLICIES, SIGNATURES, REVOCATIONS, REFERENCES, LOG, SUMS,
]  # fmt: skip
IMAGE = re.compile(r"images/([0-9a-f]{64})\.(jpg|png|webp)\Z")

# Shapes: a type or a tuple of types; {"key": shape} has exactly these keys; [shape] is a list of such things.
# `dict` is any object: a sealed row, whose columns its seal accounts for.
_OPTIONAL_TEXT, _OPTIONAL_NUMBER = (str, type(None)), (int, type(None))
_ENTRY = {
    "seq": int, "prev_hash": str, "at": str, "actor": _OPTIONAL_NUMBER, "verb": str, "object_type": str,
    "object_id": str, "payload": str, "hash": str,
}  # fmt: skip
SHAPES = {
    PUBLICATION: {
        "format": str, "site": str, "page": {"uid": str, "kind": str, "language": str, "slug": str}, "live": bool,
        "row": dict, "withdrawal": (dict, type(None)),
    },
    REVISIONS: [{"row": dict, "content": str, "contributors": [int]}],
    REVIEWS: [
        {
            "id": int, "page_id": int, "revision_id": int, "content_hash": str, "policy_id": int,
            "leans_on_id": _OPTIONAL_NUMBER, "reaffirms": bool,
        }
    ],
    POLICIES: [
        {
            "id": int, "kind": str, "risk": str, "change_class": str, "number": int, "validity_months": int, "checks_claims": bool,
            "steps": [{"id": int, "position": int, "code": str, "role": str, "needs_credential": bool}],
        }
    ],
    SIGNATURES: [
        {
            "row": dict, "step": str, "board": _OPTIONAL_TEXT,
            "credential": (
                {
                    "id": int, "user_id": int, "title": str, "issuer": str, "valid_from": str,
                    "valid_until": _OPTIONAL_TEXT, "revoked_at": _OPTIONAL_TEXT,
                },
                type(None),
            ),
        }
    ],
    REVOCATIONS: [dict],
    REFERENCES: [{"number": int, "source": str, "status": str, "csl_hash": str, "csl": dict}],
    LOG: {"entries": [_ENTRY], "head": {"seq": int, "hash": str, "at": str}},
}  # fmt: skip


def fits(value, shape) -> bool:
    """Whether `value` (parsed JSON) has exactly this shape."""
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        has_keys = isinstance(value, dict) and value.keys() == shape.keys()
        return has_keys and all(fits(value[key], inner) for key, inner in shape.items())
    return type(value) is shape
