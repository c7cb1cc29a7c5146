"""A page and its evidence in one file: complete, the same each time, and checked by somebody who has nothing else."""

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Board
from articles import closure
from articles.bundle import check, layout, opening, pack
from articles.models import Page, Publication, SignOff
from articles.workflow import calling_back, policies, publishing, review, signing, writing
from audit import seals
from audit.models import Entry
from audit.verify import NoSuchThing
from tests import cast
from tests.articles.test_verify_gate import spelled
from tests.articles.test_workflow_writing import figure

ROOT = Path(__file__).resolve().parent.parent.parent
Files = dict[str, bytes]


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def page(people, settings, tmp_path) -> Page:
    """A live article with a picture, under a policy that somebody set, with what nobody outside should read."""
    settings.MEDIA_ROOT = tmp_path / "media"
    policies.set_policy(
        kind="article", risk="standard", change_class="material", steps=["medical", "editorial"], validity_months=24,
        checks_claims=True, by=people.ada, number=1,
    )  # fmt: skip
    page = cast.draft(people.amara)
    image = writing.upload_image(page, cast.picture(), by=people.amara)
    content = page.draft.content
    content["body"]["content"].insert(0, figure(image.uid))
    writing.save_draft(page, content, version=1, by=people.amara)
    opened = writing.submit(page, version=2, by=people.amara, change_note="For Ruth alone: look at the table.")
    review.assign(opened, to=people.ruth, by=people.edda, version=opened.version)
    review.add_note(opened, by=people.ruth, text="Between us: is this still what the guideline says?")
    board = Board.objects.create(name="Example Board", slug="example-board")
    board.members.add(people.ruth)
    cast.sign(opened, people.ruth, conflict_of_interest="None.", board=board)
    cast.sign(opened, people.edda)
    publishing.publish(opened, by=people.edda)
    return Page.objects.get(pk=page.pk)


def name_of(page: Page) -> str:
    return f"article/{page.slug}"


def unzip(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def zipped(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return path


def summed(files: Files) -> Files:
    """The same files, with sums that fit: what a forger would not forget."""
    rest = {name: data for name, data in files.items() if name != layout.SUMS}
    lines = [f"{hashlib.sha256(rest[name]).hexdigest()}  {name}\n" for name in sorted(rest)]
    return {**rest, layout.SUMS: "".join(lines).encode()}


def failures(files: Files, tmp_path: Path) -> list[str]:
    return [one for outcome in check(zipped(files, tmp_path / "altered.zip")) for one in outcome.failures]


class TestWhatIsInIt:
    def test_the_same_page_gives_the_same_bytes(self, page):
        packed = pack(name_of(page))
        assert pack(name_of(page)) == packed == pack(f"articles/{page.uid}", 1)
        with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
            infos = bundle.infolist()
        assert [info.filename for info in infos] == sorted(info.filename for info in infos)
        assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}

    def test_every_file_is_there(self, page):
        files = unzip(pack(name_of(page)))
        live = page.live_publication
        picture = next(name for name in files if name.startswith("images/"))
        assert set(files) == {*layout.NEEDED, picture}
        assert files[layout.MANIFEST].decode() == live.revision.content
        assert files[layout.ARTEFACT].decode() == live.artefact
        assert hashlib.sha256(files[picture]).hexdigest() == picture[7:71]

    def test_all_of_it_holds(self, page, tmp_path):
        outcomes = list(check(zipped(unzip(pack(name_of(page))), tmp_path / "page.zip")))
        assert [(outcome.name, outcome.failures, outcome.left_out) for outcome in outcomes] == [
            (outcome.name, [], []) for outcome in outcomes
        ]
        assert len(outcomes) == 10

    def test_signatures_are_told_in_full(self, page):
        signed = json.loads(unzip(pack(name_of(page)))[layout.SIGNATURES])
        assert [one["step"] for one in signed] == ["medical", "editorial"]
        row = SignOff.objects.get(meaning="medical_review")
        assert signed[0]["row"] == seals.values(row)
        assert signed[0]["row"]["statement"] == row.statement
        assert signed[0]["credential"]["valid_from"] == "2015-01-01"

    def test_nothing_private_is_in_it(self, page, people):
        told = b"\n".join(data for name, data in unzip(pack(name_of(page))).items() if "images/" not in name).decode()
        for address in [user.email for user in vars(people).values()]:
            assert address not in told
        for handle in (
            "Between us",
            "For Ruth alone",
            "note.added",
            "review.assigned",
            "password hash",
            "@example.org",
            "assignee",
        ):
            assert handle not in told
        assert "Amara" not in told.replace(page.live_publication.revision.content, "")

    def test_the_readme_names_every_file_and_what_cannot_be_seen(self, page):
        files = unzip(pack(name_of(page)))
        readme = files[layout.README].decode()
        for name in {*files} - {layout.README}:
            assert name.partition("/")[0] in readme
        head = Entry.objects.order_by("-seq").first()
        assert f"{head.seq}:{head.hash}" in readme
        assert "WHAT YOU CANNOT SEE FROM HERE" in readme
        assert "That the log is complete." in readme
        assert page.live_publication.content_hash in readme
        # Readers see the board; the README, which may lie open anywhere, names no more than they see.
        assert "Example Board (medical)" in readme
        assert "Ruth" not in readme

    def test_the_readme_can_be_followed_by_hand(self, page, people, tmp_path):
        spelled(people, page)
        call_command("verify", "--export", str(tmp_path / "page.zip"), "--page", name_of(page), stdout=io.StringIO())
        folder = tmp_path / "unpacked"
        with zipfile.ZipFile(tmp_path / "page.zip") as bundle:
            bundle.extractall(folder)
        by_hand = (folder / layout.README).read_text().partition("HOW TO CHECK IT BY HAND")[2]
        lines = by_hand.partition("WHAT YOU CANNOT SEE")[0].splitlines()
        script = "set -e\n" + "\n".join(line[4:] for line in lines if line.startswith("    "))
        ran = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        live = Page.objects.get(pk=page.pk).live_publication
        told = ran.stdout
        assert (
            told.count(live.content_hash.removeprefix("b1:")) == 4
        )  # file, publication, artefact, the editor's signature
        assert told.count(live.vouched_hash.removeprefix("b1:")) == 3  # the publication and two signatures
        assert told.count(live.artefact_hash) == 2
        entries = json.loads((folder / layout.LOG).read_bytes())["entries"]
        assert [line for line in told.splitlines() if line.startswith("entry")] == [
            f"entry {entry['seq']} True" for entry in entries
        ]
        rows = re.findall(r"^(?:signoff|revision|publication) \d+ (True|False)$", told, re.MULTILINE)
        assert rows == ["True"] * 6


class TestAltered:
    def test_one_byte_of_any_file_is_named(self, page, tmp_path):
        files = unzip(pack(name_of(page)))
        for name in files:
            changed = bytearray(files[name])
            changed[len(changed) // 2] ^= 1
            try:
                found = failures({**files, name: bytes(changed)}, tmp_path)
            except NoSuchThing as error:
                found = [str(error)]
            assert any(name in one for one in found) or name == layout.SUMS, name
            assert found, name

    def test_a_file_more_or_less_is_named(self, page, tmp_path):
        files = unzip(pack(name_of(page)))
        picture = next(name for name in files if name.startswith("images/"))
        less = {name: data for name, data in files.items() if name != picture}
        more = {**files, f"images/{'0' * 64}.png": b""}
        assert picture in failures(less, tmp_path)[0]
        assert f"{picture}: is missing" in failures(summed(less), tmp_path)
        assert "0000.png" in failures(more, tmp_path)[0]
        assert "in no figure" in failures(summed(more), tmp_path)[0]

    # What nothing in the log covers: the README says so too.
    UNCOVERED = {
        (layout.PUBLICATION, "site"), (layout.PUBLICATION, "live"), (layout.POLICIES, "number"),
        (layout.POLICIES, "steps.position"), (layout.SIGNATURES, "board"), (layout.SIGNATURES, "credential.issuer"),
        (layout.SIGNATURES, "credential.valid_from"), (layout.REFERENCES, "source"), (layout.REFERENCES, "status"),
        (layout.LOG, "head.at"), (layout.LOG, "head.seq"),
    }  # fmt: skip

    def test_every_value_is_covered_even_if_the_sums_are_mended(self, page, tmp_path):
        files, uncovered = unzip(pack(name_of(page))), set()
        for name in layout.SHAPES:
            for path, told in altered(json.loads(files[name])):
                changed = summed({**files, name: json.dumps(told, ensure_ascii=False).encode()})
                try:
                    found = failures(changed, tmp_path)
                except NoSuchThing as error:
                    found = [str(error)]
                if not found:
                    uncovered.add((name, path))
        assert uncovered == self.UNCOVERED

    @pytest.mark.parametrize("name", [layout.MANIFEST, layout.ARTEFACT])
    def test_a_text_that_was_rewritten_with_its_sums(self, page, tmp_path, name):
        files = unzip(pack(name_of(page)))
        found = failures(summed({**files, name: files[name].replace(b"badly", b"madly")}), tmp_path)
        assert found[0].startswith(f"{name}: does not hash")

    def test_a_forger_who_mends_hashes_fails_at_the_seals(self, page, tmp_path):
        """Text, artefact, both hashes and the signatures' hash rewritten to fit each other: the log says otherwise."""
        files = unzip(pack(name_of(page)))
        manifest = json.loads(files[layout.MANIFEST])
        manifest["title"] = "Never signed"
        text, old = closure.canonical(manifest), page.live_publication.content_hash
        html, artefact_hash = closure.artefact(manifest)
        forged = {name: data.replace(old.encode(), closure.content_hash(text).encode()) for name, data in files.items()}
        publication = json.loads(forged[layout.PUBLICATION])
        publication["row"] |= {"title": "Never signed", "artefact_hash": artefact_hash}
        forged |= {
            layout.MANIFEST: text.encode(),
            layout.ARTEFACT: html.encode(),
            layout.PUBLICATION: json.dumps(publication).encode(),
        }
        found = failures(summed(forged), tmp_path)
        assert found[0].startswith(f"{layout.LOG}: entry")
        assert any("is not the row that audit.json sealed" in one for one in found)

    def test_a_signature_left_out_is_missed(self, page, tmp_path):
        files = unzip(pack(name_of(page)))
        signed = json.loads(files[layout.SIGNATURES])
        for step, kept in (("medical", signed[1:]), ("editorial", signed[:1])):
            found = failures(summed({**files, layout.SIGNATURES: json.dumps(kept).encode()}), tmp_path)
            assert found == [f"{layout.SIGNATURES}: the signature “{step}” was missing when this was published"]

    def test_another_renderer_is_said_and_not_held_against_it(self, page, tmp_path, monkeypatch):
        path = zipped(unzip(pack(name_of(page))), tmp_path / "page.zip")
        monkeypatch.setattr("articles.bundle.checking.RENDERER_VERSION", 2)
        outcomes = list(check(path))
        assert [one for outcome in outcomes for one in outcome.failures] == []
        assert [one for outcome in outcomes for one in outcome.left_out] == [
            "artefact.html was made by renderer 1, this is 2"
        ]


def altered(value, inside: str = "") -> Iterator[tuple[str, object]]:
    """Each way to change one leaf of a JSON value by as little as can be, with the names that lead to the leaf."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for path, told in altered(inner, f"{inside}.{key}".strip(".")):
                yield path, {**value, key: told}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for path, told in altered(inner, inside):
                yield path, [*value[:place], told, *value[place + 1 :]]
    else:
        yield inside, other(value)


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return 1
    # A time stays a time: what is changed is its last digit that says something.
    if value[-1:] == "Z" and value[4:5] == "-":
        return f"{value[:-2]}{(int(value[-2]) + 1) % 10}Z"
    if value[-1:].isdigit():
        return f"{value[:-1]}{(int(value[-1]) + 1) % 10}"
    return f"{value}x"


class TestTypos:
    def test_it_brings_the_text_and_the_signatures_it_leans_on(self, page, people, tmp_path):
        live = spelled(people, page)
        files = unzip(pack(name_of(page)))
        medical = live.review.leans_on
        assert files[layout.MANIFEST].decode() == live.revision.content
        assert files[layout.VOUCHED].decode() == medical.revision.content
        signed = json.loads(files[layout.SIGNATURES])
        assert sorted(one["step"] for one in signed) == ["editorial", "editorial", "medical"]
        assert failures(files, tmp_path) == []

    def test_it_falls_with_the_medical_signature(self, page, people, tmp_path):
        spelled(people, page)
        files = unzip(pack(name_of(page)))
        signed = [one for one in json.loads(files[layout.SIGNATURES]) if one["step"] != "medical"]
        found = failures(summed({**files, layout.SIGNATURES: json.dumps(signed).encode()}), tmp_path)
        assert "“medical” was missing" in found[0]
        less = summed({name: data for name, data in files.items() if name != layout.VOUCHED})
        assert "vouched-manifest.json" in failures(less, tmp_path)[0]


class TestWhatCameAfter:
    def test_a_signature_that_was_taken_back_is_named(self, page, people, tmp_path):
        signing.revoke(SignOff.objects.get(meaning="medical_review"), by=people.ruth, reason="error_found")
        with pytest.raises(NoSuchThing, match="is not public"):
            pack(name_of(page))
        found = failures(unzip(pack(name_of(page), 1)), tmp_path)
        assert found[0] == "revocations.json: the signature “medical” was taken back"
        assert "was withdrawn from readers" in found[1]
        files = unzip(pack(name_of(page), 1))
        assert failures(summed({**files, layout.REVOCATIONS: b"[]"}), tmp_path) != []

    def test_a_withdrawn_publication_is_named(self, page, people, tmp_path):
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose is wrong.")
        found = failures(unzip(pack(name_of(page), 1)), tmp_path)
        assert len(found) == 1
        assert "was withdrawn from readers" in found[0]

    def test_an_older_publication_still_holds(self, page, people, tmp_path):
        spelled(people, page)
        assert failures(unzip(pack(name_of(page), 1)), tmp_path) == []
        assert json.loads(unzip(pack(name_of(page), 1))[layout.PUBLICATION])["live"] is False

    def test_a_text_that_was_read_anew_rests_on_its_new_signatures(self, people, tmp_path):
        page = cast.live_page(people)
        again = review.review_again(page, by=people.edda)
        cast.sign(again, people.raj)
        publishing.publish(again, by=people.edda)
        files = unzip(pack(name_of(page)))
        assert failures(files, tmp_path) == []
        signed = [one for one in json.loads(files[layout.SIGNATURES]) if one["row"]["review_id"] != again.pk]
        found = failures(summed({**files, layout.SIGNATURES: json.dumps(signed).encode()}), tmp_path)
        assert "“medical” was missing" in found[0]

    def test_what_became_known_about_a_source_is_told(self, page, people):
        cited = page.live_publication.revision.cited.first().reference
        calling_back.record_reference_status(cited, status="concern", by=people.edda)
        assert json.loads(unzip(pack(name_of(page)))[layout.REFERENCES])[0]["status"] == "concern"


@pytest.fixture
def hostile(tmp_path):
    """A bundle that looks like one, made without a database: each test puts one file of its own in."""
    row = {"review_id": 1, "content_hash": "b1:0", "vouched_hash": "b1:0"}
    shells = {
        layout.PUBLICATION: {
            "format": layout.FORMAT, "site": "", "live": True, "row": row, "withdrawal": None,
            "page": {"uid": "", "kind": "", "language": "", "slug": ""},
        },
        layout.LOG: {"entries": [], "head": {"seq": 1, "hash": "", "at": ""}},
    }  # fmt: skip
    files = {name: json.dumps(shells.get(name, [])).encode() for name in layout.SHAPES}
    files |= {layout.MANIFEST: b"{}", layout.ARTEFACT: b"", layout.README: b"", layout.SUMS: b""}

    def run(name: str, data: bytes) -> list[str]:
        return failures({**files, name: data}, tmp_path)

    return run


class TestHostileFiles:
    @pytest.fixture
    def files(self, page) -> Files:
        return unzip(pack(name_of(page)))

    def refusal(self, path: Path) -> str:
        with pytest.raises(NoSuchThing) as refused:
            list(check(path))
        return str(refused.value)

    @pytest.mark.parametrize(
        "data", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 40, b"PK\x05\x06" + b"\xff" * 18], ids=range(4)
    )
    def test_no_zip_at_all(self, tmp_path, data):
        path = tmp_path / "page.zip"
        path.write_bytes(data)
        assert "is not a" in self.refusal(path)

    def test_no_file_or_a_folder(self, tmp_path):
        assert "There is no file" in self.refusal(tmp_path / "nothing.zip")
        assert "not a zip file that can be read" in self.refusal(tmp_path)

    def test_a_zip_cut_off_anywhere(self, page, tmp_path):
        packed, path = pack(name_of(page)), tmp_path / "page.zip"
        for length in range(0, len(packed), len(packed) // 40):
            path.write_bytes(packed[:length])
            self.refusal(path)

    def test_a_zip_with_any_byte_altered_is_named_or_refused(self, page, tmp_path):
        packed, path = pack(name_of(page)), tmp_path / "page.zip"
        for place in [*range(0, len(packed), len(packed) // 150), *range(len(packed) - 300, len(packed), 7)]:
            changed = bytearray(packed)
            changed[place] ^= 0x41
            path.write_bytes(bytes(changed))
            try:
                found = [one for outcome in check(path) for one in outcome.failures]
            except NoSuchThing:
                continue
            # A flag, a date or a mode in the zip's own table says nothing about the files.
            assert found or unzip(bytes(changed)) == unzip(packed), place

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd", "/etc/passwd", "..\\x", "images/../manifest.json", "images/", "images/x.png", "a/b",
            f"images/{'0' * 64}.svg", f"images/{'0' * 64}.png\n", "MANIFEST.JSON", "manifest.json/", "\u202ereadme", "x" * 5000,
        ],
    )  # fmt: skip
    def test_a_name_that_no_bundle_holds(self, files, tmp_path, name):
        assert "no bundle holds a file named" in self.refusal(zipped({**files, name: b"x"}, tmp_path / "x.zip"))
        assert not (tmp_path.parent / "etc").exists()

    def test_a_name_that_ends_early(self, files, tmp_path):
        """Two names that the library would read as one."""
        path = zipped({**files, "manifest.jsonXX": b"{}"}, tmp_path / "x.zip")
        path.write_bytes(path.read_bytes().replace(b"manifest.jsonXX", b"manifest.json\0X"))
        assert "no bundle holds a file named" in self.refusal(path)

    def test_the_same_name_twice(self, files, tmp_path):
        path = zipped(files, tmp_path / "x.zip")
        with zipfile.ZipFile(path, "a") as bundle, pytest.warns(UserWarning, match="Duplicate name"):
            bundle.writestr(layout.MANIFEST, b"{}")
        assert "twice" in self.refusal(path)

    @pytest.mark.parametrize("name", layout.NEEDED)
    def test_a_file_missing(self, files, tmp_path, name):
        del files[name]
        assert f"{name} is missing" in self.refusal(zipped(files, tmp_path / "x.zip"))

    def test_a_bomb(self, files, tmp_path, monkeypatch):
        """Packed small, endless when read: no more is read than the most that a bundle may hold."""
        monkeypatch.setattr(opening, "LARGEST_TEXT", 1_000_000)
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, data in files.items():
                bundle.writestr(name, data if name != layout.MANIFEST else b" " * 50_000_000)
        assert "manifest.json is larger than anything in a bundle" in self.refusal(path)

    def test_many_files_that_are_large_together(self, files, tmp_path, monkeypatch):
        monkeypatch.setattr(opening, "LARGEST_BUNDLE", sum(map(len, files.values())) - 1)
        assert "larger than anything" in self.refusal(zipped(files, tmp_path / "x.zip"))

    def test_a_size_that_is_a_lie(self, files, tmp_path):
        """The table says that a file is short; what is read is what is there, or nothing."""
        path = zipped(files, tmp_path / "x.zip")
        data = bytearray(path.read_bytes())
        at = data.rfind(b"PK\x01\x02")
        data[at + 24 : at + 28] = (1).to_bytes(4, "little")
        path.write_bytes(bytes(data))
        with contextlib.suppress(NoSuchThing):
            assert [one for outcome in check(path) for one in outcome.failures]

    def test_too_many_files(self, files, tmp_path):
        many = {f"images/{number:064}.png": b"" for number in range(opening.MOST_FILES)}
        assert "the most is 500" in self.refusal(zipped({**files, **many}, tmp_path / "x.zip"))

    def test_an_odd_way_of_packing(self, files, tmp_path):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as bundle:
            for name, data in files.items():
                bundle.writestr(name, data)
        assert "packed in a way that no bundle uses" in self.refusal(path)

    def test_packed_again_by_hand_it_still_holds(self, files, tmp_path):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name in reversed(files):
                bundle.writestr(name, files[name])
        assert [one for outcome in check(path) for one in outcome.failures] == []

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"{", b"\xff\xfe", b"null", b"[]", b"{}", b"3", b'"x"', b"[" * 100_000, b'{"a":' * 100_000, b"NaN",
            b"[Infinity]", b"1" * 10_000, b'{"head": 1, "head": 2}', b"[[]]", b"[null]",
        ],
        ids=range(16),
    )  # fmt: skip
    @pytest.mark.parametrize("name", [layout.MANIFEST, *layout.SHAPES])
    def test_json_of_any_kind(self, name, data, hostile):
        """Refused as no bundle, or named as something that does not hold; never an exception of another kind."""
        try:
            found = hostile(name, data)
        except NoSuchThing as error:
            found = [str(error)]
        assert found
        assert all(len(one) < 2_000 for one in found)


class TestCommand:
    def test_export_and_check(self, page, tmp_path, capsys):
        path = tmp_path / "page.zip"
        call_command("verify", "--export", str(path), "--page", name_of(page))
        assert path.read_bytes() == pack(name_of(page))
        capsys.readouterr()
        call_command("verify", "--bundle", str(path), "--json")
        report = json.loads(capsys.readouterr().out)
        assert report["failures"] == []
        assert {one["holds"] for one in report["checks"]} == {True}

    def test_the_first_failure_is_named_and_it_ends_with_one(self, page, tmp_path):
        files = unzip(pack(name_of(page)))
        path = zipped({**files, layout.README: b"Trust us."}, tmp_path / "page.zip")
        with pytest.raises(CommandError) as stopped:
            call_command("verify", "--bundle", str(path), stdout=io.StringIO())
        assert stopped.value.returncode == 1
        assert str(stopped.value) == "README.txt: is not the file that SHA256SUMS names"

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--export", "x.zip"], "Say which page"),
            (["--page", "article/x"], "go with --export"),
            (["--export", "x.zip", "--page", "article/nothing"], "There is no page “article/nothing”"),
            (["--export", "x.zip", "--page", "nothing"], "There is no page “nothing”"),
            (["--export", "x.zip", "--page", "article/a-draft"], "is not public; name one of its publications"),
            (["--export", "x.zip", "--page", "article/a-draft", "--publication", "3"], "has no 3"),
            (["--export", "/nowhere/at/all/x.zip", "--page", "article/live"], "No such file or directory"),
            (["--bundle", "/nowhere/x.zip"], "There is no file /nowhere/x.zip"),
        ],
    )
    def test_what_it_cannot_do_it_says_and_ends_with_two(self, people, tmp_path, monkeypatch, arguments, sentence):
        monkeypatch.chdir(tmp_path)
        cast.draft(people.amara, slug="a-draft")
        cast.live_page(people, slug="live")
        with pytest.raises(CommandError, match=sentence) as stopped:
            call_command("verify", *arguments, stdout=io.StringIO())
        assert stopped.value.returncode == 2
        assert list(tmp_path.glob("*.zip")) == []

    def test_two_pages_of_one_name_are_told_apart_by_uid(self, people):
        page = cast.live_page(people, slug="one-name")
        other = cast.draft(people.amara, title="Otro")
        Page.objects.filter(pk=other.pk).update(slug="one-name", language="es")
        with pytest.raises(NoSuchThing, match="in several languages"):
            pack("article/one-name")
        assert pack(f"article/{page.uid}")

    def test_it_needs_no_database(self, page, tmp_path):
        path = tmp_path / "page.zip"
        path.write_bytes(pack(name_of(page)))
        environment = {
            **os.environ,
            "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:1/nowhere",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }

        def run() -> subprocess.CompletedProcess:
            command = [sys.executable, str(ROOT / "manage.py"), "verify", "--bundle", str(path)]
            return subprocess.run(
                command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
            )

        ended = run()
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "holds: signed by all, before it was published" in ended.stdout
        files = unzip(path.read_bytes())
        zipped(summed({**files, layout.ARTEFACT: files[layout.ARTEFACT] + b" "}), path)
        ended = run()
        assert ended.returncode == 1
        assert "artefact.html: does not hash" in ended.stderr
        path.write_bytes(b"nonsense")
        assert run().returncode == 2
        assert Publication.objects.count() == 1
