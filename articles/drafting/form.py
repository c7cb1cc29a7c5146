"""The edit page as one form: what was typed, the content it makes, each error with the id of its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .. import mentions
from ..document import blank, normal, schema
from ..document.problems import Problem
from ..document.words import long_date
from ..forms import DrugForm, HeadForm, SendForm, SubtypeForm
from ..models import Draft, Page
from .directory import Directory, known_drugs, suggestion_name
from .rows import ApprovalRow, BlockRow, ReferenceRow, Row
from .sheet import Sheet

ACT = re.compile(r"(add|remove|up|down|remove-reference|remove-approval|replace)-(\d{1,9})\Z")
FACTS = {Page.Kind.DRUG: DrugForm, Page.Kind.SUBTYPE: SubtypeForm}


class DraftForm:
    """One edit page. A part that cannot be read keeps what was stored, so that the rest can be saved."""

    def __init__(self, page: Page, draft: Draft, data: Mapping | None = None) -> None:
        self.page, self.draft, self.data = page, draft, data
        self.stored = blank.content(page.kind, language=page.language) | draft.content
        self.directory = Directory(page.language)
        head = HeadForm.initial_of(page, self.stored)
        self.head = HeadForm(page, data, initial=head, use_required_attribute=False)
        self.facts = self._facts_form(data)
        self.send = SendForm(data, use_required_attribute=False)
        self.sheet = self._sheet(data)
        self.version = draft.version if data is None else self._version(data)
        self.general: list[str] = []

    def _facts_form(self, data: Mapping | None) -> DrugForm | SubtypeForm | None:
        form = FACTS.get(self.page.kind)
        if form is None:
            return None
        facts = self.stored["facts"]
        own = {"stored": facts, "language": self.page.language}
        return form(data, initial=form.initial_of(facts), use_required_attribute=False, **own)

    def _sheet(self, data: Mapping | None) -> Sheet:
        if data is not None:
            return Sheet.from_post(data)
        sheet = Sheet.from_content(self.stored, self.directory)
        if not sheet.blocks:
            sheet.add_block(0)
        return sheet

    @staticmethod
    def _version(data: Mapping) -> int:
        """The version this form was opened at; "replace-7" says: over version 7, which I have seen."""
        found = ACT.match(data.get("act", ""))
        text = found.group(2) if found and found.group(1) == "replace" else data.get("version", "")
        return int(text) if re.fullmatch(r"\d{1,9}", text) else 0

    # What the small buttons do: the form changes, the draft does not

    def act(self, act: str) -> bool:
        """Do what a small button says; False when `act` is none of them."""
        found = ACT.match(act)
        if act in ("add-reference", "add-approval"):
            self._add(act.partition("-")[2])
        elif found and found.group(1) != "replace":
            self._change(found.group(1), int(found.group(2)))
        else:
            return False
        for form in (self.head, self.facts, self.send):
            _unjudged(form)
        return True

    def _add(self, what: str, after: int = 0) -> None:
        full = self.sheet.why_full(what)
        if full:
            self.general.append(full)
        elif what == "reference":
            self.sheet.add_reference()
        elif what == "approval":
            self.sheet.add_approval()
        else:
            self.sheet.add_block(min(after, len(self.sheet.blocks)))

    def _change(self, verb: str, number: int) -> None:
        sheet = self.sheet
        if verb == "add":
            self._add("block", after=number)
        elif verb in ("up", "down"):
            sheet.swap_blocks(number, number - 1 if verb == "up" else number + 1)
        elif verb == "remove" and 1 <= number <= len(sheet.blocks):
            sheet.remove_block(number)
        elif verb == "remove-reference" and 1 <= number <= len(sheet.references):
            sheet.remove_reference(number)
        elif verb == "remove-approval" and 1 <= number <= len(sheet.approvals):
            sheet.remove_approval(number)

    # Pictures

    def take_pictures(self, files: Mapping, upload: Callable) -> None:
        """Keep every chosen picture at once, whatever else is wrong; a refused one must be chosen again."""
        for row in self.sheet.blocks:
            chosen = files.get(f"file-{row.posted}") if row.is_figure else None
            if chosen is None:
                continue
            try:
                image = upload(chosen)
                # The same file again is the same picture: a form sent twice must not look like a change.
                same = self.page.images.filter(sha256=image.sha256).order_by("pk")
                row.image = same.values_list("uid", flat=True)[0]
            except ValidationError as error:
                row.choose_again = True
                for sentence in error.messages:
                    row.refuse("file", sentence)

    # Content

    def read(self) -> dict | None:
        """The content to save, or nothing when not even the sound parts make a draft."""
        if "end" not in self.data:
            self.general.append(_("This form arrived without its end, so nothing was changed."))
            return None
        self.sheet.split_paragraphs()
        self.directory.know_texts(row.text for row in self.sheet.blocks)
        content = self._typed(refused=set())
        problems = schema.validate(content, kind=self.page.kind)
        if problems:
            self.take_problems(problems)
            content = self._typed(refused={problem.where for problem in problems})
        if problems and schema.validate(content, kind=self.page.kind):
            return None
        return normal.normalise(content)

    def _typed(self, *, refused: set[str]) -> dict:
        """Every sound part as typed, the refused ones as stored."""
        self.head.is_valid()
        content = self.head.over(self.stored) | {"language": self.page.language}
        for name in ("title", "standfirst", "slug", "bylines", "seo"):
            if any(place.partition(".")[0] == name for place in refused):
                content[name] = self.stored[name]
        content["references"] = self._references(refused)
        if self.facts is not None:
            content["facts"] = self._facts(refused)
        content["body"] = {"type": "doc", "content": self._blocks(refused)}
        return content

    def _references(self, refused: set[str]) -> list[dict]:
        stored = {reference["uid"]: reference["csl"] for reference in self.stored["references"]}
        return [
            {"uid": row.uid, "csl": stored.get(row.uid, {}) if row.uid in refused else csl}
            for row in self.sheet.references
            for csl in [row.csl(stored.get(row.uid, {}))]
        ]

    def _facts(self, refused: set[str]) -> dict:
        stored = self.stored["facts"]
        self.facts.is_valid()
        facts = self.facts.over(stored)
        if self.page.kind == Page.Kind.DRUG:
            slots = self.sheet.slots
            rows = [row.approval(slots) for row in self.sheet.approvals if not row.is_empty]
            kept = [approval for approval in stored["approvals"] if approval["ref"] in {None, *slots}]
            facts["approvals"] = kept if None in rows or "facts.approvals" in refused else rows
        for name in facts:
            if f"facts.{name}" in refused and name != "approvals":
                facts[name] = stored[name]
        return facts

    def _blocks(self, refused: set[str]) -> list[dict]:
        """The body. Empty blocks are left out; one that cannot be read keeps what was stored in its place."""
        stored = {block["attrs"]["node_id"]: block for block in self.stored["body"]["content"]}
        found = []
        for row in self.sheet.blocks:
            if row.is_blank:
                continue
            block = None if row.node_id in refused else row.block(self.sheet.slots, self.directory)
            if block is None:
                block = stored.get(row.node_id)
            if block is not None:
                found.append(block)
        return found

    # Errors

    def take_problems(self, problems: list[Problem]) -> None:
        """Put what the validator or the checks found beside the fields it is about."""
        for problem in problems:
            where, part = self._field_of(problem)
            if isinstance(where, Row):
                where.refuse(part, problem.message)
            elif where is not None:
                said = where.errors.setdefault(part, where.error_class())
                if problem.message not in said:
                    said.append(problem.message)
            elif problem.message not in self.general:
                self.general.append(problem.message)

    @property
    def language_name(self) -> str:
        return str(dict(settings.LANGUAGES).get(self.page.language, self.page.language))

    @property
    def legacy_date(self) -> str:
        """The date of an old "Last reviewed" line, in words."""
        date = self.stored.get("legacy_review", {}).get("date", "")
        return long_date(date, self.page.language) if date else ""

    def link(self, problem: Problem) -> str:
        """The id of the field a problem is about, or nothing."""
        where, part = self._field_of(problem)
        if isinstance(where, Row):
            return f"id_{where.name(part)}"
        return where[part].auto_id if where is not None else ""

    def _field_of(self, problem: Problem) -> tuple[Row | forms.Form | None, str]:
        where = problem.where
        for row in self.sheet.blocks:
            if row.node_id == where:
                return row, row.part_of(problem.code)
        for row in self.sheet.references:
            if row.uid == where:
                return row, "identifier" if "identifier" in problem.code else "title"
        name, fact = where.replace(".", "_"), where.removeprefix("facts.")
        if name in self.head.fields:
            return self.head, name
        if self.facts is not None and fact in self.facts.fields:
            return self.facts, fact
        if where == "body" and self.sheet.blocks:
            return self.sheet.blocks[0], self.sheet.blocks[0].part_of(problem.code)
        return None, ""

    @property
    def errors(self) -> list[dict[str, str]]:
        """Every error in the order of the page, with the id of the field it is about."""
        found = [{"id": "main", "text": sentence} for sentence in self.general]
        found += _of_form(self.head) + _of_form(self.facts)
        for row in self.sheet.rows:
            found += [{"id": field, "text": _said_of(row, sentence)} for field, sentence in row.problems()]
        return found + _of_form(self.send)

    # After a save

    def show(self, draft: Draft) -> None:
        """Go on from what was just saved; rows with an error keep what was typed."""
        self.draft, self.version = draft, draft.version
        self.stored = self.stored | draft.content
        saved = {row.node_id: row for row in Sheet.from_content(self.stored, self.directory).blocks}
        for row in self.sheet.blocks:
            now = saved.get(row.node_id)
            if now is not None and not row.errors and now.kind == row.kind:
                row.text = now.text

    def compare(self, draft: Draft) -> None:
        """Somebody saved first: note beside each block what the newer draft has in its place."""
        self.draft = draft
        newer = Sheet.from_content(self.stored | draft.content, self.directory)
        theirs = {row.node_id: row.words() for row in newer.blocks}
        for row in self.sheet.blocks:
            if theirs.get(row.node_id, row.words()) != row.words():
                row.saved = theirs[row.node_id]

    # Drug names to confirm

    def decisions(self) -> list[tuple[dict, str]]:
        """(suggestion, "link" or "text") for each name that was decided about."""
        drugs = self.draft.suggestions.get("drugs", [])
        data = self.data or {}
        said = [(one, data.get(suggestion_name(one), "")) for one in drugs]
        known = known_drugs(drugs) if data.get("act") == "link-all" else {}
        said = [(one, answer or ("link" if one["brand"].casefold() in known else "")) for one, answer in said]
        return [(one, answer) for one, answer in said if answer in ("link", "text")]

    def suggestions(self) -> list[dict[str, Any]]:
        """The names still to decide about: where they stand and whether the directory has them."""
        drugs = self.draft.suggestions.get("drugs", [])
        numbers = {row.node_id: row.number for row in self.sheet.blocks}
        known = known_drugs(drugs)
        return [
            {
                **one,
                "field": suggestion_name(one),
                "block": numbers.get(one["node_id"]),
                "known": known.get(one["brand"].casefold()),
                "answer": (self.data or {}).get(suggestion_name(one), ""),
            }
            for one in drugs
        ]


def stands_there(content: dict, suggestion: dict) -> bool:
    """Whether the suggested name is still in its block."""
    form = "full" if suggestion.get("generic") else "brand"
    return mentions.confirm(content, suggestion, "a" * 12, form) is not content


def _said_of(row: Row, sentence: str) -> str:
    """A sentence of the summary names the row it is about."""
    if isinstance(row, BlockRow):
        return _("Block {n}: {problem}").format(n=row.number, problem=sentence)
    if isinstance(row, ApprovalRow):
        return _("Approval {n}: {problem}").format(n=row.number, problem=sentence)
    if isinstance(row, ReferenceRow) and not re.search(rf"\b{row.number}\b", sentence):
        return _("Reference {n}: {problem}").format(n=row.number, problem=sentence)
    return sentence


def _unjudged(form: forms.Form | None) -> None:
    """Show a form as typed without judging it: a small button is no reason to complain about other fields."""
    if form is not None and form.is_bound:
        form.initial = {
            name: field.widget.value_from_datadict(form.data, {}, name) for name, field in form.fields.items()
        }
        form.is_bound = False


def _of_form(form: forms.Form | None) -> list[dict[str, str]]:
    if form is None or not form.is_bound:
        return []
    return [{"id": form[name].auto_id, "text": text} for name in form.fields for text in form.errors.get(name, [])]
