"""Recompute what a bundle says: texts, artefact, pictures, the log's entries, seals, signatures and the gate. No database."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import models

from accounts.models import Credential
from audit import seals
from audit.models import SEPARATOR
from audit.verify import NoSuchThing, Outcome

from .. import assertions, closure, standing, vouching
from ..ceremony import challenge_of
from ..document.render import RENDERER_VERSION
from ..images import EXTENSIONS
from ..models import Publication, Review, ReviewPolicy, Revision, Revocation, SignOff, Withdrawal
from ..verify import A_DAY, rendered
from ..workflow.policies import STEPS
from . import layout
from .opening import open_bundle, parse

Row = dict[str, Any]


@dataclass
class LeftOut(Exception):
    """Something in a bundle cannot be looked at here; the text says what and why."""

    what: str


class Bundle:
    """An opened bundle: its files as bytes, its tables as parsed JSON."""

    def __init__(self, files: dict[str, Any]) -> None:
        self.files = {name: data for name, data in files.items() if isinstance(data, bytes)}
        self.publication = files[f"{layout.PUBLICATION}:"]
        self.revisions = files[f"{layout.REVISIONS}:"]
        self.reviews = {one["id"]: one for one in files[f"{layout.REVIEWS}:"]}
        self.policies = {one["id"]: one for one in files[f"{layout.POLICIES}:"]}
        self.signatures = files[f"{layout.SIGNATURES}:"]
        self.revocations = files[f"{layout.REVOCATIONS}:"]
        self.references = files[f"{layout.REFERENCES}:"]
        self.log = files[f"{layout.LOG}:"]

    @property
    def row(self) -> Row:
        return self.publication["row"]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return parse(layout.MANIFEST, self.files[layout.MANIFEST])

    @cached_property
    def cycles(self) -> list[standing.Cycle]:
        """The review it was published under and, last, the one that vouches for the medical side."""
        own = self.reviews[self.row["review_id"]]
        base = own["leans_on_id"]
        return [self._cycle(own), *([self._cycle(self.reviews[base])] if base is not None else [])]

    @cached_property
    def signed(self) -> list[standing.Signature]:
        taken_back = {one["sign_off_id"]: _time(one["at"]) for one in self.revocations}
        return [_signature(one, taken_back) for one in self.signatures]

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def entries(self, model: type[models.Model], pk: int) -> list[Row]:
        about = (model._meta.label_lower, str(pk))
        return [one for one in self.log["entries"] if (one["object_type"], one["object_id"]) == about]

    def sealed_rows(self) -> Iterator[tuple[str, type[models.Model], Row]]:
        """Each row with the file it stands in, whole again: its long texts are files of their own."""
        yield layout.PUBLICATION, Publication, {**self.row, "artefact": self.text(layout.ARTEFACT)}
        for one in self.revisions:
            yield layout.REVISIONS, Revision, {**one["row"], "content": self.text(one["content"])}
        for one in self.signatures:
            yield layout.SIGNATURES, SignOff, one["row"]
        for row in self.revocations:
            yield layout.REVOCATIONS, Revocation, row
        if self.publication["withdrawal"]:
            yield layout.PUBLICATION, Withdrawal, self.publication["withdrawal"]

    def _cycle(self, review: Row) -> standing.Cycle:
        revision = next(one for one in self.revisions if one["row"]["id"] == review["revision_id"])
        steps = self.policies[review["policy_id"]]["steps"]
        return standing.Cycle(
            review=review["id"],
            content_hash=review["content_hash"],
            reaffirms=review["reaffirms"],
            steps=tuple(standing.Step(one["id"], one["code"], one["needs_credential"]) for one in steps),
            contributors=frozenset(revision["contributors"]),
        )


def check(path: Path) -> Iterator[Outcome]:
    """What each check found, in order. Raises NoSuchThing where the file is no bundle."""
    bundle = Bundle(open_bundle(path))
    for name, look in CHECKS.items():
        failures, left_out = [], []
        try:
            for found in look(bundle):
                (left_out if isinstance(found, LeftOut) else failures).append(
                    found.what if isinstance(found, LeftOut) else found
                )
        except NoSuchThing as error:
            failures.append(str(error))
        # Rows of a made-up bundle may lack or twist anything; whatever that does to a check, it did not hold.
        except Exception as error:
            failures.append(f"{name}: something in the bundle does not fit together ({type(error).__name__}: {error})")
        yield Outcome(name, failures, left_out)


Found = Iterator[str | LeftOut]


def files(bundle: Bundle) -> Found:
    told = dict(line.split("  ", 1)[::-1] for line in bundle.text(layout.SUMS).splitlines())
    for name in sorted(bundle.files.keys() - {layout.SUMS} | told.keys()):
        if name not in bundle.files:
            yield f"{layout.SUMS} names {name}, which is not there"
        elif name not in told:
            yield f"{name}: is not named in {layout.SUMS}"
        elif _sha256(bundle.files[name]) != told[name]:
            yield f"{name}: is not the file that {layout.SUMS} names"


def text(bundle: Bundle) -> Found:
    row = bundle.row
    if bundle.publication["format"] != layout.FORMAT:
        yield f"{layout.PUBLICATION}: is of another format than {layout.FORMAT}"
    for name, told in ((layout.MANIFEST, row["content_hash"]), (layout.VOUCHED, row["vouched_hash"])):
        if name in bundle.files:
            yield from _text(name, bundle.files[name], told)
    if (row["vouched_hash"] != row["content_hash"]) != (layout.VOUCHED in bundle.files):
        yield f"{layout.VOUCHED}: must be there where the publication rests on another text, and only there"
    own = [bundle.manifest[name] for name in ("uid", "kind", "language", "slug", "title", "standfirst")]
    page = bundle.publication["page"]
    if own != [page["uid"], page["kind"], page["language"], page["slug"], row["title"], row["standfirst"]]:
        yield f"{layout.PUBLICATION}: names another page, title or standfirst than {layout.MANIFEST}"


def _text(name: str, data: bytes, told: str) -> Found:
    if closure.content_hash(data.decode()) != told:
        yield f"{name}: does not hash to {told}, which {layout.PUBLICATION} names"
    elif closure.canonical(parse(name, data)) != data.decode():
        yield f"{name}: is not canonical"


def artefact(bundle: Bundle) -> Found:
    html, row = bundle.text(layout.ARTEFACT), bundle.row
    if _sha256(bundle.files[layout.ARTEFACT]) != row["artefact_hash"]:
        yield f"{layout.ARTEFACT}: does not hash to the artefact_hash in {layout.PUBLICATION}"
    if f'data-signed="{row["content_hash"]}"' not in html:
        yield f"{layout.ARTEFACT}: does not carry the hash of {layout.MANIFEST}"
    if row["renderer_version"] != RENDERER_VERSION:
        yield LeftOut(f"{layout.ARTEFACT} was made by renderer {row['renderer_version']}, this is {RENDERER_VERSION}")
    elif html != rendered(bundle.manifest):
        yield f"{layout.ARTEFACT}: is not what {layout.MANIFEST} renders to"


def pictures(bundle: Bundle) -> Found:
    wanted = {f"images/{one['sha256']}.{EXTENSIONS[one['format']]}" for one in bundle.manifest["images"].values()}
    there = {name for name in bundle.files if layout.IMAGE.match(name)}
    for name in sorted(wanted ^ there):
        yield f"{name}: {'is missing' if name in wanted else f'is in no figure of {layout.MANIFEST}'}"
    for name in sorted(wanted & there):
        if _sha256(bundle.files[name]) != layout.IMAGE.match(name)[1]:
            yield f"{name}: does not hash to its name"


def sources(bundle: Bundle) -> Found:
    if [one["number"] for one in bundle.references] != list(range(1, len(bundle.references) + 1)):
        yield f"{layout.REFERENCES}: is not numbered one after the other"
    if [one["csl"] for one in bundle.references] != [one["csl"] for one in bundle.manifest["references"]]:
        yield f"{layout.REFERENCES}: lists other sources than {layout.MANIFEST}"
    for one in bundle.references:
        if _sha256(closure.canonical(one["csl"]).encode()) != one["csl_hash"]:
            yield f"{layout.REFERENCES}: source {one['number']} does not hash to its hash"


def log(bundle: Bundle) -> Found:
    entries, head = bundle.log["entries"], bundle.log["head"]
    known = {}
    for one in entries:
        parts = ("seq", "prev_hash", "at", "actor", "verb", "object_type", "object_id", "payload")
        line = SEPARATOR.join("" if one[part] is None else str(one[part]) for part in parts)
        if _sha256(line.encode()) != one["hash"]:
            yield f"{layout.LOG}: entry {one['seq']} does not hash to its own hash"
        if one["seq"] in known or one["seq"] > head["seq"]:
            yield f"{layout.LOG}: entry {one['seq']} stands there twice, or after the head"
        if one["prev_hash"] != known.get(one["seq"] - 1, one["prev_hash"]):
            yield f"{layout.LOG}: entry {one['seq']} does not name the hash of the entry before it"
        known[one["seq"]] = one["hash"]
    if known.get(head["seq"], head["hash"]) != head["hash"]:
        yield f"{layout.LOG}: the head is not the entry with its number"


def rows(bundle: Bundle) -> Found:
    """Each row is the one that the log sealed when it was made."""
    for name, model, row in bundle.sealed_rows():
        entries = bundle.entries(model, row["id"])
        told = [seal for one in entries if (seal := seals.told_by(one["payload"]))]
        if not entries:
            yield f"{name}: {model.__name__} {row['id']} is not in {layout.LOG}"
        elif not told:
            yield LeftOut(f"{model.__name__} {row['id']} in {name} is older than seals")
        elif seals.form_of(told[0]) not in seals.forms(model):
            yield LeftOut(f"{model.__name__} {row['id']} in {name} is sealed in a form that this release does not know")
        elif any(seals.digest(row, seals.form_of(seal)) != seal for seal in told):
            yield f"{name}: {model.__name__} {row['id']} is not the row that {layout.LOG} sealed"


def reviews(bundle: Bundle) -> Found:
    """Reviews, policies and contributors are those of the log, and belong to this publication."""
    row, own = bundle.row, bundle.reviews[bundle.row["review_id"]]
    base = bundle.reviews[own["leans_on_id"]] if own["leans_on_id"] is not None else own
    if set(bundle.reviews) != {own["id"], base["id"]} or base["leans_on_id"] is not None:
        yield f"{layout.REVIEWS}: holds other reviews than those that this publication rests on"
    if (own["revision_id"], own["content_hash"]) != (row["revision_id"], row["content_hash"]):
        yield f"{layout.REVIEWS}: the review of this publication is of another text"
    if base["content_hash"] != row["vouched_hash"]:
        yield f"{layout.REVIEWS}: the medical review is of another text than the publication names"
    for one in bundle.reviews.values():
        yield from _review(bundle, one)
    for one in bundle.revisions:
        for told in _facts(bundle, Revision, one["row"]["id"], "revision.submitted"):
            if told.get("contributors", one["contributors"]) != one["contributors"]:
                yield f"{layout.REVISIONS}: revision {one['row']['id']} has other contributors than {layout.LOG} says"
    for one in bundle.policies.values():
        yield from _policy(bundle, one)


def _review(bundle: Bundle, one: Row) -> Found:
    facts = _facts(bundle, Review, one["id"], "review.opened")
    if not facts:
        yield f"{layout.REVIEWS}: review {one['id']} is not in {layout.LOG}"
    for told in facts:
        same = (one["revision_id"], one["policy_id"], one["leans_on_id"], one["reaffirms"])
        if tuple(told.get(name) for name in ("revision", "policy", "leans_on", "reaffirms")) != same:
            yield f"{layout.REVIEWS}: review {one['id']} is not the one that {layout.LOG} says was opened"
    revision = next(two["row"] for two in bundle.revisions if two["row"]["id"] == one["revision_id"])
    page = bundle.row["page_id"]
    if (revision["content_hash"], revision["page_id"], one["page_id"]) != (one["content_hash"], page, page):
        yield f"{layout.REVIEWS}: review {one['id']} is of another page or another text than its revision"


def _policy(bundle: Bundle, one: Row) -> Found:
    facts = _facts(bundle, ReviewPolicy, one["id"], "policy.review_set")
    if not facts:
        yield LeftOut(f"policy {one['id']} in {layout.POLICIES} came with the software; no entry says what it asks for")
    for step in one["steps"]:
        if STEPS.get(step["code"]) != (step["role"], step["needs_credential"]):
            yield f"{layout.POLICIES}: step {step['id']} may be taken by others than a step of its kind"
    for told in facts:
        steps = [step["code"] for step in one["steps"]]
        own = [one["kind"], one["risk"], one["change_class"], one["validity_months"], one["checks_claims"], steps]
        if own != [told.get(name) for name in ("kind", "risk", "change_class", "months", "claims", "steps")]:
            yield f"{layout.POLICIES}: policy {one['id']} asks for something else than {layout.LOG} says"


def signatures(bundle: Bundle) -> Found:
    for one in bundle.signatures:
        for sentence in _wrong_with_signature(bundle, one):
            yield f"{layout.SIGNATURES}: signature {one['row']['id']} {sentence}"


def _wrong_with_signature(bundle: Bundle, one: Row) -> Iterator[str]:
    row = one["row"]
    steps = {step["id"]: step for policy in bundle.policies.values() for step in policy["steps"]}
    step = steps.get(row["step_id"])
    hands = {two["row"]["id"]: two for two in bundle.revisions}.get(row["revision_id"])
    if row["content_hash"] not in {cycle.content_hash for cycle in bundle.cycles} or hands is None:
        yield "is of another text"
        return
    if hands["row"]["content_hash"] != row["content_hash"]:
        yield "names another hash than its revision has"
    if step is None or step["code"] != one["step"]:
        yield "is for a step of another policy"
        return
    if row["signer_id"] in (*hands["contributors"], hands["row"]["created_by_id"]):
        yield "is by somebody who wrote part of the text"
    if row["meaning"] != (vouching.MEDICAL if step["code"] == standing.MEDICAL else step["code"]):
        yield "means something else than its step asks for"
    if row["printed_name"] not in row["statement"]:
        yield "has a statement that does not name its signer"
    yield from _wrong_with_credential(bundle, one, needed=step["needs_credential"])
    if row["auth_method"] == "passkey" and not _passkey_holds(row):
        yield "has an answer of a passkey that does not fit"


def _wrong_with_credential(bundle: Bundle, one: Row, *, needed: bool) -> Iterator[str]:
    row, told, credential = one["row"], one["credential"], _credential(one["credential"])
    if (told and told["id"]) != row["credential_id"]:
        yield "names another credential than the one that is here"
    if needed and not (credential and credential.was_good(row["signer_id"], _time(row["signed_at"]))):
        yield "is not backed by a credential that was valid that day"
    if told is None:
        return
    if told["title"] != row["printed_credentials"]:
        yield "has another title printed than its credential has"
    for facts in _facts(bundle, Credential, told["id"], "credential.verified"):
        if [facts.get("user"), facts.get("until")] != [told["user_id"], told["valid_until"]]:
            yield f"has a credential that is not the one {layout.LOG} says was checked"
    if bool(_facts(bundle, Credential, told["id"], "credential.revoked")) != bool(told["revoked_at"]):
        yield f"has a credential that was taken back, or was not: {layout.LOG} says otherwise"


def gate(bundle: Bundle) -> Found:
    """Every step was signed by another person, none of whom wrote the text, before it went public, and still is."""
    at, row = _time(bundle.row["published_at"]), bundle.row
    if not any(step.code == standing.MEDICAL for step in bundle.cycles[-1].steps):
        yield f"{layout.POLICIES}: the policy behind this publication asks for no medical review"
    standing_now = [one for one in bundle.signed if one.revoked_at is None]
    for cycle in bundle.cycles:
        if left := standing.unsigned(cycle, bundle.signed, at):
            yield f"{layout.SIGNATURES}: the signature “{left[0]}” was missing when this was published"
        elif left := standing.unsigned(cycle, standing_now, at):
            yield f"{layout.REVOCATIONS}: the signature “{left[0]}” was taken back"
    told = standing.dates(bundle.cycles[-1], bundle.signed, at)
    if len(bundle.cycles) > 1:
        yield LeftOut("the dates of a change of spelling are those of an earlier publication, which is not here")
    elif told:
        reviewed, due = date.fromisoformat(row["reviewed_on"]), row["next_review_due"]
        if abs(told[0].date() - reviewed) > A_DAY or told[1].isoformat() != due:
            yield f"{layout.PUBLICATION}: says other dates than its signatures do"
    if withdrawal := bundle.publication["withdrawal"]:
        if withdrawal["publication_id"] != row["id"]:
            yield f"{layout.PUBLICATION}: holds the withdrawal of another publication"
        yield f"{layout.PUBLICATION}: this was withdrawn from readers on {withdrawal['at']} ({withdrawal['kind']})"


CHECKS = {
    "files": files,
    "signed text": text,
    "page as shown": artefact,
    "pictures": pictures,
    "sources": sources,
    "entries of the log": log,
    "sealed rows": rows,
    "reviews and policies": reviews,
    "signatures": signatures,
    "signed by all, before it was published": gate,
}


def _facts(bundle: Bundle, model: type[models.Model], pk: int, verb: str) -> list[dict[str, Any]]:
    return [json.loads(one["payload"]) for one in bundle.entries(model, pk) if one["verb"] == verb]


def _signature(one: Row, taken_back: dict[int, datetime]) -> standing.Signature:
    row = one["row"]
    return standing.Signature(
        pk=row["id"],
        review=row["review_id"],
        step=row["step_id"],
        signer=row["signer_id"],
        content_hash=row["content_hash"],
        signed_at=_time(row["signed_at"]),
        valid_until=_time(row["valid_until"]),
        next_review_due=date.fromisoformat(row["next_review_due"]),
        revoked_at=taken_back.get(row["id"]),
        credential=_credential(one["credential"]),
    )


def _credential(told: Row | None) -> standing.Credential | None:
    if told is None:
        return None
    return standing.Credential(
        holder=told["user_id"],
        valid_from=date.fromisoformat(told["valid_from"]),
        valid_until=date.fromisoformat(told["valid_until"]) if told["valid_until"] else None,
        revoked_at=_time(told["revoked_at"]) if told["revoked_at"] else None,
    )


def _passkey_holds(row: Row) -> bool:
    asked = challenge_of(row["ceremony"], row["content_hash"], row["closure"])
    return assertions.holds(row["auth_evidence"], asked)


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
