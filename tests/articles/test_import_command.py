"""`manage.py import_article`: what it prints, what it refuses, and the way of a manuscript to its review."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from articles.models import Draft, Edit, Page, Review
from audit.models import Entry
from tests import cast
from tests.articles.plain_form import PlainForm, filled

MANUSCRIPTS = Path(__file__).parent / "manuscripts"

FOUND = {
    "swelling.txt": {
        "slug": "can-exercise-make-arm-swelling-worse",
        "title": "Can Exercise Make Arm Swelling Worse?",
        "legacy_review": {"by": "Harbour Clinic Board", "date": "2021-06", "precision": "month"},
        "headings": ["What the studies looked at", "When to ask for help"],
        "lists": [{"items": 3, "nested": 2}],
        "citations": [[1], [2, 3], [2, 3, 4], [3, 5], [4], [5]],
        "references": 5,
        "drugs": [
            {"brand": "Celebrex", "mark": "®", "generic": "celecoxib"},
            {"brand": "Arimidex", "mark": "®", "generic": "anastrozole"},
        ],
        "warnings": [],
    },
    "sleep.md": {
        "slug": "sleeping-after-chemotherapy",
        "hero": {"alt": "A window at night with a lamp on the sill. The clock beside it says ten past three."},
        "legacy_review": {"by": "Dr. Wen Okoye", "date": "2022-05-14", "precision": "day"},
        "headings": ["What may help", "Medicines"],
        "lists": [{"items": 2, "nested": 2}],
        "citations": [[1], [1, 2], [2, 3, 4], [4]],
        "references": 4,
        "dropped": [],
    },
    "bones.html": {
        "slug": "bones-and-hormone-therapy",
        "hero": None,
        "legacy_review": {"by": "Harbour Clinic Board", "date": "2020", "precision": "year"},
        "lists": [{"items": 3, "nested": 2}],
        "citations": [[1], [2, 3], [3], [2, 3, 4]],
        "references": 4,
    },
    "dry-mouth.txt": {
        "slug": "dry-mouth-small-things-that-help",
        "hero": None,
        "legacy_review": {"by": "HB Board", "date": "2019-01", "precision": "month"},
        "headings": ["What to try"],
        "lists": [{"items": 2, "nested": 0}],
        "citations": [[1], [1, 2], [2, 3, 4], [4]],
        "drugs": [{"brand": "Salagen", "mark": "®", "generic": "pilocarpine"}],
        "dropped": ["Join the conversation"],
    },
}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("import_article", *arguments, stdout=out)
    return out.getvalue()


def read(name: str, *arguments: str) -> dict:
    return json.loads(run(str(MANUSCRIPTS / name), "--json", *arguments))


def page_of(report: dict) -> Page:
    return Page.objects.get(pk=int(report["draft_url"].rstrip("/").rpartition("/")[2]))


@pytest.mark.django_db
class TestWhatItPrints:
    @pytest.mark.parametrize("name", sorted(FOUND))
    def test_it_prints_what_it_found(self, name):
        report = read(name)
        assert {key: report[key] for key in FOUND[name]} == FOUND[name]
        assert list(report) == [
            "slug", "title", "hero", "legacy_review", "headings", "lists", "citations", "references", "drugs",
            "dropped", "warnings", "draft_url",
        ]  # fmt: skip

    def test_the_address_of_the_draft_is_whole(self, settings):
        settings.SITE_URL = "https://health.example.org"
        report = read("swelling.txt")
        assert report["draft_url"] == "https://health.example.org" + reverse(
            "articles:write", args=[Page.objects.get().pk]
        )

    def test_the_draft_holds_what_was_printed(self):
        draft = page_of(read("swelling.txt")).draft
        assert draft.content["legacy_review"]["by"] == "Harbour Clinic Board"
        assert [one["csl"] for one in draft.content["references"]] == [{}] * 5
        assert draft.suggestions["dropped"] == read("swelling.txt")["dropped"]
        assert len(draft.imported_sha256) == 64

    def test_an_old_review_line_is_no_signature(self):
        page = page_of(read("swelling.txt"))
        assert not page.reviews.exists()
        assert page.live_publication is None

    def test_a_person_reads_sentences(self):
        said = run(str(MANUSCRIPTS / "swelling.txt"))
        for part in (
            "New draft: Can Exercise Make Arm Swelling Worse?",
            "Old label, never a sign-off: reviewed by Harbour Clinic Board, 2021-06.",
            "2 headings", "1 list", "6 citation markers", "5 references to fill in",
            "Celebrex® (celecoxib)", "Left out:", "  Join the conversation", "/desk/writing/",
        ):  # fmt: skip
            assert part in said
        assert "nothing was written" in run(str(MANUSCRIPTS / "swelling.txt"))

    def test_a_drug_or_a_subtype_gets_its_own_facts(self):
        assert page_of(read("sleep.md", "--kind", "drug")).draft.content["facts"]["brand"] == ""


@pytest.mark.django_db
class TestTheSameFile:
    def test_it_makes_no_second_draft(self):
        first, second = read("swelling.txt"), read("swelling.txt")
        assert first == second
        assert Page.objects.count() == 1
        assert Entry.objects.filter(verb="page.created").count() == 1

    def test_again_makes_one(self):
        first, second = read("swelling.txt"), read("swelling.txt", "--again")
        assert second["draft_url"] != first["draft_url"]
        assert second["slug"] == f"{first['slug']}-2"
        assert {**second, "slug": "", "draft_url": ""} == {**first, "slug": "", "draft_url": ""}
        assert read("swelling.txt")["draft_url"] == first["draft_url"]

    def test_one_byte_more_is_another_file(self, tmp_path):
        read("swelling.txt")
        other = tmp_path / "other.txt"
        other.write_bytes((MANUSCRIPTS / "swelling.txt").read_bytes() + b"\n")
        run(str(other), "--json")
        assert Page.objects.count() == 2


@pytest.mark.django_db
class TestWhoseDraft:
    def test_on_an_empty_database_it_is_the_machines(self):
        page = page_of(read("swelling.txt"))
        assert page.owner == User.objects.machine()
        assert Edit.objects.get().verb == "imported"

    def test_the_only_writer_is_meant(self):
        amara = cast.person("amara", Role.WRITER)
        assert page_of(read("swelling.txt")).owner == amara

    def test_of_two_writers_neither_is(self):
        cast.person("amara", Role.WRITER)
        cast.person("jo", Role.WRITER)
        assert page_of(read("swelling.txt")).owner == User.objects.machine()

    def test_somebody_can_be_named(self):
        cast.person("amara", Role.WRITER)
        edda = cast.person("edda", Role.EDITOR)
        assert page_of(read("swelling.txt", "--by", "Edda@Example.org")).owner == edda

    @pytest.mark.parametrize("email", ["nobody@example.org", "rita@example.org", "ruth@example.org"])
    def test_but_only_a_writer_or_editor(self, email):
        cast.people()
        with pytest.raises(CommandError, match="no writer or editor") as refused:
            read("swelling.txt", "--by", email)
        assert refused.value.returncode == 2
        assert not Page.objects.exists()


def bytes_of(case: str) -> bytes:
    return {
        "empty": b"",
        "only space": b" \n\t\r\n",
        "only a mark": b"\xef\xbb\xbf",
        "binary": bytes(range(256)) * 40,
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(400),
        "a PDF": b"%PDF-1.7\n" + b"text " * 100,
        "Word": b"PK\x03\x04" + bytes(400),
        "Latin-1": "Müdigkeit nach der Behandlung\n\nViele Menschen sind müde.".encode("latin-1"),
        "broken UTF-8": b"A title\n\nText that ends in half a letter \xc3",
        "huge": b"A title\n\n" + b"word " * 420_000,
        "too long a text": b"A title\n\n" + b"One sentence with some words in it. " * 6_000,
        "too many parts": b"A title\n\n" + b"\n\n".join(b"Paragraph number %d stands here." % n for n in range(2_000)),
        "only furniture": b"Join the conversation\n\nPlease read our rules before commenting.\n",
    }[case]


@pytest.mark.django_db
class TestWhatItRefuses:
    @pytest.mark.parametrize(
        "case",
        [
            "empty", "only space", "only a mark", "binary", "a picture", "a PDF", "Word", "Latin-1",
            "broken UTF-8",
            "huge", "too long a text", "too many parts", "only furniture",
        ],
    )  # fmt: skip
    def test_it_says_why_and_writes_nothing(self, tmp_path, case):
        path = tmp_path / "manuscript.txt"
        path.write_bytes(bytes_of(case))
        with pytest.raises(CommandError) as refused:
            run(str(path), "--json")
        assert refused.value.returncode == 2
        assert str(path) in str(refused.value)
        for model in (Page, Draft, Edit, Entry, User):
            assert not model.objects.exists()

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read") as refused:
            run(str(tmp_path / "nothing.txt"))
        assert refused.value.returncode == 2

    def test_a_folder(self, tmp_path):
        with pytest.raises(CommandError, match="is a folder") as refused:
            run(str(tmp_path))
        assert refused.value.returncode == 2

    def test_a_file_it_may_not_read(self, monkeypatch):
        def locked(*args):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", locked)
        with pytest.raises(CommandError, match="cannot be read: Permission denied") as refused:
            run(str(MANUSCRIPTS / "sleep.md"))
        assert refused.value.returncode == 2

    def test_an_endless_file_is_not_read_to_its_end(self):
        with pytest.raises(CommandError, match="larger than"):
            run("/dev/zero")


class TestAsAProcess:
    def test_errors_go_to_stderr_with_exit_2(self, manage, tmp_path):
        done = manage("import_article", str(tmp_path / "nothing.txt"), "--json")
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot be read" in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_output_is_json_and_nothing_else(self, manage):
        done = manage("import_article", str(MANUSCRIPTS / "dry-mouth.txt"), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["references"] == 4
        again = manage("import_article", str(MANUSCRIPTS / "dry-mouth.txt"), "--json")
        assert (again.returncode, again.stdout) == (0, done.stdout)

    def test_a_terminal_that_knows_only_ascii(self, manage):
        done = manage("import_article", str(MANUSCRIPTS / "dry-mouth.txt"), PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert "Salagen" in done.stdout


@pytest.mark.django_db
class TestFromManuscriptToReview:
    """Steps 1 and 2 of the story, through the pages and without script."""

    @pytest.mark.parametrize("name", sorted(FOUND))
    def test_the_whole_way(self, client, name):
        amara = cast.person("amara", Role.WRITER, name="Amara Diop")
        path = reverse("articles:write", args=[page_of(read(name)).pk])
        client.force_login(amara)
        opened = client.get(path)

        # Opened and sent as it is: saved unchanged, refused for what is missing, and each thing is named.
        refused = client.post(path, filled(opened, act="submit"))
        assert refused.status_code == 422
        said = [error["text"] for error in refused.context["form"].errors]
        fields = PlainForm(refused).fields
        count = len([field for field in fields if field.startswith("r") and field.endswith("-title")])
        assert [sentence for sentence in said if "is empty" in sentence] == [
            f"Reference {number} is empty. Fill it in, or remove its marker from the text."
            for number in range(1, count + 1)
        ]
        assert any("no picture file" in sentence for sentence in said) == bool(read(name)["hero"])
        assert Draft.objects.get().version == 1
        assert not Review.objects.exists()

        # Everything filled in: references, picture, a heading's level, the drugs.
        data = filled(refused, act="submit", change_note="From an old manuscript.")
        for number in range(1, count + 1):
            data |= {
                f"r{number}-title": f"Source {number}", f"r{number}-authors": "Lind BC; Sample Society",
                f"r{number}-source": "Journal of Examples", f"r{number}-year": "2021",
                f"r{number}-identifier": f"10.5555/{name}.{number}",
            }  # fmt: skip
        heading = next(field for field, value in fields.items() if field.startswith("kind-") and value == ["heading2"])
        data[heading] = "heading3"
        if read(name)["hero"]:
            data["file-1"] = cast.picture()
        for one in refused.context["suggestions"]:
            data[one["field"]] = "link"
        sent = client.post(path, data)
        assert (sent.status_code, sent["Location"]) == (302, path)

        review = Review.objects.get()
        manifest = json.loads(review.revision.content)
        kinds = [block["type"] for block in manifest["body"]["content"]]
        cited = [len(node["attrs"]["refs"]) for node in every(manifest["body"]) if node.get("type") == "citation"]
        mentioned = [node for node in every(manifest["body"]) if node.get("type") == "drug"]
        assert len(manifest["references"]) == count
        assert cited == [len(group) for group in read(name)["citations"]]
        assert len(mentioned) == len(read(name)["drugs"]) == Page.objects.filter(kind="drug").count()
        assert "legacy_review" not in manifest
        assert kinds.count("figure") == len(manifest["images"]) == bool(read(name)["hero"])
        assert [contributor.user for contributor in review.revision.contributors.all()] == [amara]


def every(node):
    """Every object in a JSON value."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from every(child)
