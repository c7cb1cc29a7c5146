"""The writing desk as a writer without script meets it: list, edit page, preview."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from articles.models import Draft, Edit, Image, Page, Review, Topic
from articles.workflow import review as reviewing
from articles.workflow import writing
from articles.writing_list import PAGE_SIZE
from tests import cast
from tests.articles.plain_form import PlainForm, filled

pytestmark = pytest.mark.django_db

LIST = "/desk/writing/"
NEW = "/desk/writing/new/"


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
def amara(client, people):
    client.force_login(people.amara)
    return client


@pytest.fixture
def page(people):
    return cast.draft(people.amara)


def url(page) -> str:
    return reverse("articles:write", args=[page.pk])


def stored(page) -> Draft:
    return Draft.objects.get(page=page)


def words(draft: Draft) -> str:
    return str(draft.content["body"])


def errors(response) -> list[str]:
    """The sentences of the error summary."""
    return [error["text"] for error in response.context["form"].errors]


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestDoors:
    @pytest.mark.parametrize("path", [LIST, NEW, "/desk/writing/1/", "/desk/writing/1/preview/"])
    def test_a_stranger_is_asked_to_sign_in(self, client, path):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/account/login/?next=/desk/writing/")

    @pytest.mark.parametrize("who", ["rita", "max", "ada"])
    def test_others_are_not_told_that_there_is_a_desk(self, client, people, page, who):
        client.force_login(getattr(people, who))
        for path in (LIST, NEW, url(page), f"{url(page)}preview/"):
            assert client.get(path).status_code == 404
            assert client.post(path).status_code == 404

    @pytest.mark.parametrize("who", ["amara", "edda"])
    def test_writers_and_editors_come_in(self, client, people, page, who):
        client.force_login(getattr(people, who))
        for path in (LIST, NEW, url(page), f"{url(page)}preview/"):
            assert client.get(path).status_code == 200

    def test_a_reviewer_sees_the_preview_and_nothing_else(self, client, people, page):
        client.force_login(people.ruth)
        assert client.get(f"{url(page)}preview/").status_code == 200
        assert client.get(url(page)).status_code == 404

    def test_a_page_that_does_not_exist_is_not_there(self, amara):
        assert amara.get("/desk/writing/999/").status_code == 404
        assert amara.post("/desk/writing/999/").status_code == 404

    def test_a_post_without_the_token_is_refused(self, people, page):
        from django.test import Client

        strict = Client(enforce_csrf_checks=True)
        strict.force_login(people.amara)
        assert strict.post(url(page), {"act": "save"}).status_code == 403
        assert stored(page).version == 1


class TestList:
    def test_it_tells_every_state(self, amara, people):
        cast.draft(people.amara, title="Only begun")
        cast.open_review(people, title="With a reviewer")
        cast.signed_review(people, title="Signed by Ruth")
        cast.live_page(people, title="For readers")
        sent_back = cast.open_review(people, title="Came back")
        reviewing.ask_for_changes(sent_back, by=people.ruth, text="Say where.", version=sent_back.version)
        rows = {row.title: row for row in amara.get(LIST).context["shown"].rows}
        assert {title: row.state for title, row in rows.items()} == {
            "Only begun": "draft",
            "With a reviewer": "in_review",
            "Signed by Ruth": "signed",
            "For readers": "published",
            "Came back": "changes_asked",
        }
        assert not rows["For readers"].newer_draft
        assert rows["Signed by Ruth"].next_step == "Ready to publish"

    def test_it_tells_a_withdrawn_page_and_a_draft_newer_than_what_readers_see(self, amara, people):
        from articles.workflow import publishing

        live = cast.live_page(people, title="For readers")
        content = stored(live).content | {"standfirst": "Changed since."}
        writing.save_draft(live, content, version=1, by=people.amara)
        gone = cast.live_page(people, title="Taken down")
        publishing.withdraw(gone, by=people.edda, kind="safety", public_reason="A dose was wrong.")
        rows = {row.title: row for row in amara.get(LIST).context["shown"].rows}
        assert rows["For readers"].newer_draft
        assert rows["Taken down"].state == "withdrawn"
        assert "Newer draft" in text_of(amara.get(LIST))

    def test_it_filters_by_kind_and_counts_each(self, amara, people):
        cast.draft(people.amara, title="An article")
        cast.draft(people.amara, title="Exampla", kind="drug")
        response = amara.get(LIST, {"kind": "drug"})
        assert [row.title for row in response.context["shown"].rows] == ["Exampla"]
        assert [tab["count"] for tab in response.context["shown"].tabs] == [2, 1, 1, 0]
        assert amara.get(LIST, {"kind": "poem"}).status_code == 404

    def test_pages_of_the_list_join_without_a_gap(self, amara, people):
        for number in range(PAGE_SIZE + 3):
            cast.draft(people.amara, title=f"Page {number:02}")
        # Rows of one moment are told apart by their id.
        Draft.objects.update(updated_at=timezone.now())
        seen, path = [], LIST
        while path:
            shown = amara.get(path).context["shown"]
            seen.append([row.title for row in shown.rows])
            path = shown.older_url
        assert [len(part) for part in seen] == [PAGE_SIZE, 3]
        assert sorted(sum(seen, [])) == [f"Page {number:02}" for number in range(PAGE_SIZE + 3)]

    @pytest.mark.parametrize("before", ["x", "1-", "-1", "9" * 40 + "-1", "1-" + "9" * 40, "1.5-2", "²-1"])
    def test_a_place_nobody_gave_is_the_start(self, amara, page, before):
        assert len(amara.get(LIST, {"before": before}).context["shown"].rows) == 1

    def test_it_costs_the_same_for_one_page_and_for_many(self, amara, people, django_assert_num_queries):
        cast.open_review(people)
        amara.get(LIST)
        with django_assert_num_queries(5):  # session, user, roles, counts, rows
            amara.get(LIST)
        for number in range(12):
            cast.open_review(people, title=f"Page {number}")
        with django_assert_num_queries(5):
            amara.get(LIST)

    def test_an_empty_desk_says_how_to_begin(self, amara):
        assert "Nothing here yet" in text_of(amara.get(LIST))


class TestNew:
    @pytest.mark.parametrize(
        ("kind", "title", "facts"),
        [
            ("article", "Sleep well", {}),
            ("drug", "Exampla®", {"brand": "Exampla", "mark": "®"}),
            ("subtype", "Sample type", {"name": "Sample type"}),
        ],
    )
    def test_it_begins_a_page_of_each_kind(self, amara, kind, title, facts):
        response = amara.post(NEW, {"kind": kind, "title": title})
        page = Page.objects.get()
        assert (response.status_code, response["Location"]) == (302, url(page))
        assert page.kind == kind
        assert facts.items() <= stored(page).content["facts"].items()
        assert amara.get(url(page)).status_code == 200

    def test_the_link_chooses_the_kind(self, amara):
        assert amara.get(NEW, {"kind": "drug"}).context["form"]["kind"].value() == "drug"
        assert amara.get(NEW, {"kind": "<b>"}).context["form"]["kind"].value() == "article"

    @pytest.mark.parametrize(
        "said", [{}, {"kind": "article", "title": " "}, {"kind": "poem", "title": "x"},
                 {"kind": "article", "title": "a" * 201}, {"kind": "article", "title": "NUL \0 in it"},
                 {"kind": "article", "title": "right \u202e left"}],
    )  # fmt: skip
    def test_it_says_what_is_wrong(self, amara, said):
        response = amara.post(NEW, said)
        assert response.status_code == 422
        assert "errorlist" in response.content.decode()
        assert not Page.objects.exists()


class TestSave:
    def test_it_saves_what_was_typed_and_nothing_else_changes(self, amara, people, page):
        before = stored(page).content
        response = amara.get(url(page))
        response = amara.post(url(page), filled(response, standfirst="New words.", act="save"))
        assert (response.status_code, response["Location"]) == (302, url(page))
        assert stored(page).content == before | {"standfirst": "New words."}
        assert (stored(page).version, stored(page).updated_by) == (2, people.amara)

    def test_the_page_as_it_was_opened_saves_to_the_same_content(self, amara, people, page):
        """Every block, reference and field comes back as it was: no save, no version, no contributor."""
        amara.logout()
        amara.force_login(people.edda)
        amara.post(url(page), filled(amara.get(url(page)), act="save"))
        assert stored(page).version == 1
        assert not Edit.objects.filter(user=people.edda).exists()

    def test_it_keeps_what_the_fields_of_a_reference_do_not_show(self, amara, page):
        draft = stored(page)
        csl = draft.content["references"][0]["csl"]
        csl |= {"publisher": "A house", "issued": {"date-parts": [[2021, 3, 4]]}, "PMID": "123456"}
        writing.save_draft(page, draft.content, version=1, by=draft.updated_by)
        data = filled(amara.get(url(page)), r1_title="Another title", act="save")
        assert data["r1-year"] == ["2021-03-04"]
        amara.post(url(page), data)
        saved = stored(page).content["references"][0]["csl"]
        assert saved["title"] == "Another title"
        assert (saved["publisher"], saved["PMID"]) == ("A house", "123456")
        assert saved["issued"] == {"date-parts": [[2021, 3, 4]]}

    def test_a_reference_is_read_from_its_fields(self, amara, page):
        data = filled(
            amara.get(url(page)),
            r1_title="A trial", r1_authors="Lind BC; Sample Society; Okoro A", r1_source="Sample Journal",
            r1_year="2024-08", r1_volume="12", r1_issue="3", r1_pages="10-19", r1_type="article-journal",
            r1_identifier="https://doi.org/10.5555/ABC.1; PMID: 765432", act="save",
        )  # fmt: skip
        assert amara.post(url(page), data).status_code == 302
        csl = stored(page).content["references"][0]["csl"]
        authors = [{"family": "Lind", "given": "BC"}, {"literal": "Sample Society"}, {"family": "Okoro", "given": "A"}]
        assert csl == {
            "type": "article-journal", "title": "A trial", "container-title": "Sample Journal", "volume": "12",
            "author": authors, "issued": {"date-parts": [[2024, 8]]}, "issue": "3", "page": "10-19",
            "DOI": "10.5555/abc.1", "PMID": "765432",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("field", "typed", "part"),
        [
            ("block_2", "It helps.[9]", "Reference 9 does not exist"),
            ("block_2", "It **helps.", "never closed"),
            ("block_2", "{{drug:nowhere}}", "no drug page called"),
            ("block_3", "no hyphen", "Start each item"),
            ("block_2", "right \u202e left", "direction of writing"),
            ("r2_year", "last year", "four digits"),
            ("r2_year", "2024-13", "four digits"),
            ("r2_identifier", "see the library", "not a DOI"),
            ("title", "", "Write a title."),
            ("title", "NUL \0", "Null characters"),
            ("slug", "Not an address!", "small letters"),
            ("standfirst", "a" * 1001, "1000 characters"),
            ("block_2", "a" * 200_001, "200001 characters long"),
        ],
    )
    def test_an_error_stands_beside_its_field_and_the_rest_is_saved(self, amara, page, field, typed, part):
        before = stored(page).content
        data = filled(amara.get(url(page)), seo_description="Found by search.", act="save", **{field: typed})
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert any(part in sentence for sentence in errors(response)), errors(response)
        html = response.content.decode()
        assert 'class="errorlist' in html
        assert 'role="alert"' in html
        # nothing typed is lost, and the form goes on from the version that was saved
        again = PlainForm(response).fields
        name = field.replace("_", "-") if field not in data else field
        assert again[name][0].replace("\r\n", "\n").strip() == typed.replace("\0", "\ufffd").strip() or "\0" in typed
        assert again["version"] == ["2"]
        assert stored(page).content["seo"]["description"] == "Found by search."
        assert stored(page).content["body"] == before["body"]
        assert stored(page).content["references"] == before["references"]

    def test_every_link_of_the_summary_leads_to_a_field(self, amara, page):
        data = filled(amara.get(url(page)), title="", block_2="[77]", r1_year="x", act="save")
        response = amara.post(url(page), data)
        html = response.content.decode()
        links = [error["id"] for error in response.context["form"].errors]
        assert len(links) == 3
        assert all(f'id="{one}"' in html for one in links)

    def test_pressing_save_twice_saves_once(self, amara, page):
        data = filled(amara.get(url(page)), block_2="One paragraph.[1]\r\n\r\nAnother one.", act="save")
        assert [amara.post(url(page), data).status_code for _ in range(2)] == [302, 302]
        assert stored(page).version == 2

    def test_a_topic_is_kept_and_on_the_record(self, amara, page):
        from audit.models import Entry

        topic = Topic.objects.create(name="Living with it", slug="living")
        amara.post(url(page), filled(amara.get(url(page)), topic=str(topic.pk), act="save"))
        assert Page.objects.get(pk=page.pk).topic == topic
        assert Entry.objects.filter(verb="page.filed", object_id=str(page.pk)).count() == 1

    def test_an_address_of_another_page_is_refused(self, amara, people, page):
        cast.draft(people.amara, title="Taken address")
        response = amara.post(url(page), filled(amara.get(url(page)), slug="taken-address", act="save"))
        assert response.status_code == 422
        assert "Another page has this address" in errors(response)[0]
        assert Page.objects.get(pk=page.pk).slug == page.slug

    def test_script_in_a_text_is_text(self, amara, page):
        attack = "<script>alert(1)</script> <img src=x onerror=alert(2)>"
        data = filled(amara.get(url(page)), title=attack, block_2=attack, r1_title=attack, act="save")
        assert amara.post(url(page), data).status_code == 302
        for path in (url(page), f"{url(page)}preview/", LIST):
            html = amara.get(path).content.decode()
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert "&lt;script&gt;alert(1)" in html

    def test_a_closing_tag_does_not_end_the_field(self, amara, page):
        data = filled(amara.get(url(page)), block_2="a </textarea><b>b", act="save")
        amara.post(url(page), data)
        assert PlainForm(amara.get(url(page))).fields["block-2"] == ["a </textarea><b>b"]

    def test_a_form_larger_than_the_server_takes_changes_nothing(self, amara, page):
        data = filled(amara.get(url(page)), block_2="a" * 1_100_000, act="save")
        assert amara.post(url(page), data).status_code == 400
        assert stored(page).version == 1

    def test_a_form_that_arrives_cut_short_deletes_nothing(self, amara, page):
        data = filled(amara.get(url(page)), act="save")
        for cut in (
            ["end"],
            ["end", "kind-5", "block-5"],
            [name for name in data if name not in ("act", "version")],
        ):
            response = amara.post(url(page), {name: said for name, said in data.items() if name not in cut})
            assert response.status_code == 422
            assert "without its end" in errors(response)[0]
            assert stored(page).version == 1

    def test_two_blocks_with_one_id_stay_two(self, amara, page):
        data = filled(amara.get(url(page)), act="save")
        data["node-5"] = data["node-2"]
        assert amara.post(url(page), data).status_code == 302
        ids = [block["attrs"]["node_id"] for block in stored(page).content["body"]["content"]]
        assert len(set(ids)) == len(ids) == 5


class TestSmallButtons:
    def typed(self, amara, page, act, **changes):
        response = amara.post(url(page), filled(amara.get(url(page)), act=act, **changes))
        assert response.status_code == 200
        assert stored(page).version == 1, "a small button saves nothing"
        return PlainForm(response).fields

    def test_add_puts_an_empty_block_after_and_keeps_what_was_typed(self, amara, page):
        fields = self.typed(amara, page, "add-2", block_2="Typed just now.")
        assert fields["block-2"] == ["Typed just now."]
        assert fields["block-3"] == [""]
        assert fields["kind-4"] == ["bullet_list"]

    def test_up_and_down_move_a_block(self, amara, page):
        fields = self.typed(amara, page, "up-3")
        assert (fields["kind-2"], fields["kind-3"]) == (["bullet_list"], ["paragraph"])
        fields = self.typed(amara, page, "down-1")
        assert fields["kind-2"] == ["heading2"]

    def test_remove_takes_one_block_out(self, amara, page):
        fields = self.typed(amara, page, "remove-3")
        assert "block-5" not in fields
        assert fields["kind-3"] == ["heading2"]

    @pytest.mark.parametrize(
        "act",
        ["up-1", "down-5", "up-99", "remove-0", "remove-99", "remove-reference-99", "remove-approval-1"],
    )
    def test_a_button_that_makes_no_sense_changes_nothing(self, amara, page, act):
        before = PlainForm(amara.get(url(page))).fields
        assert self.typed(amara, page, act) == before

    def test_they_do_not_complain_about_other_fields(self, amara, page):
        fields = self.typed(amara, page, "add-1", title="")
        assert fields["title"] == [""]

    def test_a_new_kind_keeps_the_words(self, amara, page):
        fields = self.typed(amara, page, "add-5", kind_2="key_facts", kind_5="figure")
        assert fields["block-2"] == ["- Many people sleep badly at first.[1] It often passes.[2,3]"]
        assert "four weeks" in fields["caption-5"][0]

    def test_a_reference_is_added_at_the_end(self, amara, page):
        fields = self.typed(amara, page, "add-reference")
        assert fields["r4-title"] == [""]

    def test_removing_a_reference_closes_up_the_markers(self, amara, page):
        fields = self.typed(
            amara,
            page,
            "remove-reference-1",
            block_2="Yes.[2,3] \\[1] 1 in 8",
            block_3="- No[3]",
            block_5="So.[2-3]",
        )
        assert fields["block-2"] == ["Yes.[1,2] \\[1] 1 in 8"]
        assert fields["block-3"] == ["- No[2]"]
        assert fields["block-5"] == ["So.[1-2]"]
        assert fields["r1-title"] == [stored(page).content["references"][1]["csl"]["title"]]

    def test_a_cited_reference_stays_and_says_where_it_is_cited(self, amara, page):
        response = amara.post(url(page), filled(amara.get(url(page)), act="remove-reference-2"))
        assert response.status_code == 422
        assert errors(response) == ["Reference 2 is cited in block 2, 5. Remove its marker there first."]
        assert "r3-title" in PlainForm(response).fields

    def test_a_page_of_two_hundred_blocks_is_still_a_page(self, amara, people, django_assert_max_num_queries):
        page = cast.draft(people.amara)
        data = filled(amara.get(url(page)), act="save")
        for number in range(6, 201):
            data |= {
                f"kind-{number}": "paragraph",
                f"block-{number}": f"Paragraph {number}.[1]",
                f"node-{number}": "",
            }
        assert amara.post(url(page), data).status_code == 302
        with django_assert_max_num_queries(12):
            response = amara.get(url(page))
        assert response.content.count(b"<textarea") > 200
        again = filled(response, block_150="Changed.", act="save")
        assert amara.post(url(page), again).status_code == 302
        assert len(stored(page).content["body"]["content"]) == 200

    def test_a_form_that_would_not_fit_is_not_made_longer(self, amara, page):
        data = filled(amara.get(url(page)), act="add-reference")
        for number in range(4, 151):
            data[f"r{number}-title"] = f"Source {number}"
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert errors(response) == ["A page holds 150 references at most."]


class TestFigures:
    def add(self, amara, page, **changes):
        data = filled(amara.get(url(page)), act="add-5")
        data = filled(amara.post(url(page), data), kind_6="figure", act="add-6")
        return {**filled(amara.post(url(page), data)), "act": "save", **changes}

    def test_a_picture_is_kept_with_its_words(self, amara, page):
        data = self.add(
            amara, page, **{"file-6": cast.picture(), "alt-6": "A plum square.", "caption-6": "One colour."}
        )
        assert amara.post(url(page), data).status_code == 302
        figure = stored(page).content["body"]["content"][-1]
        image = Image.objects.get()
        assert figure["attrs"]["image"] == image.uid
        assert (figure["attrs"]["alt"], figure["attrs"]["caption"]) == ("A plum square.", "One colour.")
        assert f"/media/i/{image.sha256}/" in amara.get(url(page)).content.decode()

    def test_a_refused_file_says_so_and_must_be_chosen_again(self, amara, page):
        broken = SimpleUploadedFile("x.png", b"not a picture", content_type="image/png")
        response = amara.post(url(page), self.add(amara, page, **{"file-6": broken, "alt-6": "Typed."}))
        assert response.status_code == 422
        assert any("not a JPEG, PNG or WebP" in sentence for sentence in errors(response))
        assert "choose the file again" in text_of(response).lower()
        assert PlainForm(response).fields["alt-6"] == ["Typed."]
        assert not Image.objects.exists()

    def test_a_good_file_is_kept_when_something_else_is_wrong(self, amara, page):
        data = self.add(amara, page, **{"file-6": cast.picture(), "alt-6": "A square.", "block-2": "[99]"})
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert PlainForm(response).fields["image-6"] == [Image.objects.get().uid]

    def test_a_small_button_keeps_the_file_too(self, amara, page):
        data = self.add(amara, page, **{"file-6": cast.picture(), "act": "up-6"})
        response = amara.post(url(page), data)
        assert PlainForm(response).fields["image-5"] == [Image.objects.get().uid]

    def test_sending_the_same_form_twice_saves_once(self, amara, page):
        data = self.add(amara, page, **{"alt-6": "A square."})
        codes = [amara.post(url(page), {**data, "file-6": cast.picture()}).status_code for _ in range(2)]
        assert codes == [302, 302]
        assert stored(page).version == 2

    def test_a_figure_without_a_file_blocks_sending_and_says_which(self, amara, page):
        data = self.add(amara, page, **{"alt-6": "A square.", "act": "submit"})
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert any("Block 6" in sentence and "no picture file" in sentence for sentence in errors(response))
        assert not Review.objects.exists()

    def test_more_figures_than_one_form_may_send_files_for(self, amara, page):
        data = filled(amara.get(url(page)), act="save")
        for number in range(6, 31):
            data |= {
                f"kind-{number}": "figure",
                f"drawn-{number}": "figure",
                f"alt-{number}": f"Square {number}",
            }
        assert amara.post(url(page), data).status_code == 302
        html = amara.get(url(page)).content.decode()
        assert html.count('type="file"') == 20
        assert "Save first, then choose the file" in html


class TestSubmit:
    def test_a_ready_draft_goes_to_review(self, amara, people, page):
        data = filled(amara.get(url(page)), change_class="minor", change_note="First version.", act="submit")
        response = amara.post(url(page), data, follow=True)
        review = Review.objects.get()
        assert (review.status, review.page, review.opened_by) == ("open", page, people.amara)
        assert (review.revision.change_class, review.revision.change_note) == ("minor", "First version.")
        assert "Sent for review" in text_of(response)

    def test_it_saves_what_was_typed_before_it_freezes(self, amara, page):
        amara.post(url(page), filled(amara.get(url(page)), block_2="Changed at the last moment.[1-3]", act="submit"))
        assert "Changed at the last moment." in Review.objects.get().revision.content

    def test_pressing_twice_opens_one_review(self, amara, page):
        data = filled(amara.get(url(page)), standfirst="Now.", act="submit")
        assert [amara.post(url(page), data).status_code for _ in range(3)] == [302, 302, 302]
        assert Review.objects.count() == 1

    def test_everything_that_is_missing_is_said_at_once_and_the_rest_is_saved(self, amara, page):
        fields = filled(amara.get(url(page)), act="add-reference")
        data = filled(amara.post(url(page), fields), block_2="It helps.[9]", block_5="So.[4]", act="submit")
        data |= {"kind-6": "figure", "drawn-6": "figure", "alt-6": "Four cells."}
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert "This draft was saved. It cannot go to review yet." in text_of(response)
        said = errors(response)
        assert any("Block 2: Reference 9 does not exist" in sentence for sentence in said)
        assert any(sentence.startswith("Reference 4 is empty") for sentence in said)
        assert any("Block 6" in sentence and "no picture file" in sentence for sentence in said)
        assert "So." in words(stored(page))
        assert not Review.objects.exists()

    def test_a_change_class_nobody_offers_is_refused(self, amara, page):
        response = amara.post(url(page), filled(amara.get(url(page)), change_class="harmless", act="submit"))
        assert response.status_code == 422
        assert not Review.objects.exists()

    def test_an_empty_page_says_that_it_has_no_text(self, amara):
        amara.post(NEW, {"kind": "article", "title": "Empty"})
        page = Page.objects.get()
        response = amara.post(url(page), filled(amara.get(url(page)), act="submit"))
        assert response.status_code == 422
        assert any("no text" in sentence for sentence in errors(response))


class TestTwoTabs:
    def test_the_second_save_overwrites_nothing_and_loses_nothing(self, amara, people, page):
        opened = amara.get(url(page))
        content = stored(page).content | {"standfirst": "Words of Edda."}
        content["body"]["content"][1]["content"][0]["text"] = "Edda changed this."
        writing.save_draft(page, content, version=1, by=people.edda)
        response = amara.post(url(page), filled(opened, block_2="Amara changed this too.", act="save"))
        assert response.status_code == 409
        text = text_of(response)
        assert "nothing was overwritten" in text
        assert "Edda Lind" in text
        assert "Edda changed this." in text
        assert PlainForm(response).fields["block-2"] == ["Amara changed this too."]
        assert f'href="{url(page)}"' in response.content.decode()
        assert stored(page).content["standfirst"] == "Words of Edda."

    def test_pressing_save_again_is_still_refused(self, amara, people, page):
        opened = amara.get(url(page))
        writing.save_draft(page, stored(page).content | {"standfirst": "Edda."}, version=1, by=people.edda)
        response = amara.post(url(page), filled(opened, standfirst="Amara.", act="save"))
        assert amara.post(url(page), filled(response, act="save")).status_code == 409
        assert amara.post(url(page), filled(response, act="submit")).status_code == 409

    def test_one_may_save_over_the_newer_text_after_seeing_it_but_not_over_a_still_newer_one(self, amara, people, page):
        opened = amara.get(url(page))
        writing.save_draft(page, stored(page).content | {"standfirst": "Edda."}, version=1, by=people.edda)
        response = amara.post(url(page), filled(opened, standfirst="Amara.", act="save"))
        assert ("act", "replace-2") in PlainForm(response).buttons
        writing.save_draft(page, stored(page).content | {"standfirst": "Edda again."}, version=2, by=people.edda)
        refused = amara.post(url(page), filled(response, act="replace-2"))
        assert refused.status_code == 409
        assert amara.post(url(page), filled(refused, act="replace-3")).status_code == 302
        assert stored(page).content["standfirst"] == "Amara."

    @pytest.mark.parametrize("version", ["", "x", "-1", "0", "99999999999999999999", "1e0"])
    def test_a_version_that_is_none_overwrites_nothing(self, amara, page, version):
        response = amara.post(url(page), filled(amara.get(url(page)), standfirst="?", version=version, act="save"))
        assert response.status_code == 409
        assert stored(page).content["standfirst"] != "?"


class TestDrugNames:
    @pytest.fixture
    def suggested(self, people):
        content = cast.content()
        node = content["body"]["content"][1]
        node["content"] = [{"type": "text", "text": "Ask about Exampla® (exampumab) and Otherin® (otherinib)."}]
        drugs = [
            {"brand": "Exampla", "mark": "®", "generic": "exampumab", "node_id": node["attrs"]["node_id"]},
            {"brand": "Otherin", "mark": "®", "generic": "otherinib", "node_id": node["attrs"]["node_id"]},
        ]
        suggestions = {"drugs": drugs, "dropped": ["Join the conversation"], "warnings": ["Odd marker: 1a"]}
        return writing.create_page("article", content, by=people.amara, suggestions=suggestions)

    def answer(self, amara, page, **answers):
        response = amara.get(url(page))
        fields = {one["brand"]: one["field"] for one in response.context["suggestions"]}
        return amara.post(
            url(page),
            filled(response, act="save") | {fields[brand]: said for brand, said in answers.items()},
            follow=True,
        )

    def test_the_page_says_what_the_directory_has(self, amara, people, suggested):
        cast.live_page(people, title="Exampla", kind="drug")
        text = text_of(amara.get(url(suggested)))
        assert "Exampla® (exampumab) In the directory, reviewed" in text
        assert "Otherin® (otherinib) Not in the directory" in text

    def test_linking_a_known_drug_makes_a_mention(self, amara, people, suggested):
        drug = cast.draft(people.amara, title="Exampla", kind="drug")
        self.answer(amara, suggested, Exampla="link")
        draft = stored(suggested)
        assert {"type": "drug", "attrs": {"page": drug.uid, "form": "full"}} in draft.content["body"]["content"][1][
            "content"
        ]
        assert [one["brand"] for one in draft.suggestions["drugs"]] == ["Otherin"]
        assert "{{drug:exampla}}" in PlainForm(amara.get(url(suggested))).fields["block-2"][0]

    def test_linking_an_unknown_drug_begins_its_entry(self, amara, suggested):
        response = self.answer(amara, suggested, Otherin="link")
        drug = Page.objects.get(kind="drug")
        assert drug.draft.content["facts"]["generic"] == "otherinib"
        assert "A draft entry for Otherin was begun" in text_of(response)

    def test_both_at_once(self, amara, suggested):
        self.answer(amara, suggested, Exampla="link", Otherin="text")
        draft = stored(suggested)
        assert draft.suggestions["drugs"] == []
        assert draft.suggestions["dropped"] == ["Join the conversation"]
        assert Page.objects.filter(kind="drug").count() == 1
        assert "Otherin® (otherinib)" in PlainForm(amara.get(url(suggested))).fields["block-2"][0]

    def test_a_name_that_was_written_away_is_not_linked(self, amara, suggested):
        response = amara.get(url(suggested))
        field = response.context["suggestions"][0]["field"]
        data = filled(response, block_2="Nothing to see.", act="save") | {field: "link"}
        text = text_of(amara.post(url(suggested), data, follow=True))
        assert "no longer in its block" in text
        assert not Page.objects.filter(kind="drug").exists()

    def test_one_button_links_all_that_are_known(self, amara, people, suggested):
        cast.draft(people.amara, title="Exampla", kind="drug")
        amara.post(url(suggested), filled(amara.get(url(suggested)), act="link-all"))
        assert [one["brand"] for one in stored(suggested).suggestions["drugs"]] == ["Otherin"]
        assert Page.objects.filter(kind="drug").count() == 1

    def test_the_side_tells_what_the_importer_left_out(self, amara, suggested):
        text = text_of(amara.get(url(suggested)))
        assert "1 line was left out" in text
        assert "Odd marker: 1a" in text


class TestFacts:
    def test_a_drug_has_its_facts_and_approvals(self, amara, people):
        subtype = cast.draft(people.amara, title="Sample type", kind="subtype")
        page = cast.draft(people.amara, title="Exampla", kind="drug")
        response = amara.post(url(page), filled(amara.get(url(page)), act="add-approval"))
        data = filled(
            response, generic="exampumab", drug_class="antibody", route="infusion", target="protein", mark="™",
            other_names="EX-1; Examplar", a1_date="2022-8-5", a1_what="Sample cancer", a1_jurisdiction="EU",
            a1_reference="[2]", act="save",
        )  # fmt: skip
        data["subtypes"] = [subtype.uid]
        assert amara.post(url(page), data).status_code == 302
        content = stored(page).content
        facts = content["facts"]
        assert facts["approvals"] == [
            {
                "date": "2022-08-05",
                "what": "Sample cancer",
                "jurisdiction": "EU",
                "ref": content["references"][1]["uid"],
            }
        ]
        assert (facts["mark"], facts["other_names"], facts["subtypes"]) == (
            "™",
            ["EX-1", "Examplar"],
            [subtype.uid],
        )
        again = PlainForm(amara.get(url(page))).fields
        assert (again["a1-reference"], again["a1-date"]) == (["2"], ["2022-08-05"])

    def test_an_approval_says_what_is_wrong_with_it(self, amara, people):
        page = cast.draft(people.amara, title="Exampla", kind="drug")
        data = filled(amara.get(url(page)), act="save")
        data |= {"a1-date": "soon", "a1-what": "Sample cancer", "a1-jurisdiction": "", "a1-reference": "44"}
        response = amara.post(url(page), data)
        assert response.status_code == 422
        assert [sentence.partition(":")[0] for sentence in errors(response)] == ["Approval 1"] * 3
        assert PlainForm(response).fields["a1-date"] == ["soon"]
        assert stored(page).content["facts"]["approvals"] == []

    def test_a_reference_beside_an_approval_stays(self, amara, people):
        page = cast.draft(people.amara, title="Exampla", kind="drug")
        data = filled(amara.get(url(page)), block_2="-", block_3="- x", block_5="x", act="remove-reference-1")
        data |= {"a1-date": "2022", "a1-what": "Sample cancer", "a1-jurisdiction": "US", "a1-reference": "1"}
        response = amara.post(url(page), data)
        assert errors(response) == ["Reference 1 stands beside an approval. Change that first."]

    def test_a_subtype_has_its_facts(self, amara, people):
        page = cast.draft(people.amara, title="Sample type", kind="subtype")
        data = filled(amara.get(url(page)), definition="Two\r\nlines.", synonyms="ST; type S", act="save")
        assert amara.post(url(page), data).status_code == 302
        facts = stored(page).content["facts"]
        assert (facts["name"], facts["definition"], facts["synonyms"]) == (
            "Sample type",
            "Two lines.",
            ["ST", "type S"],
        )

    def test_a_drug_without_a_generic_name_cannot_be_sent(self, amara, people):
        page = cast.draft(people.amara, title="Exampla", kind="drug")
        response = amara.post(url(page), filled(amara.get(url(page)), generic="", act="submit"))
        assert response.status_code == 422
        assert response.context["form"].errors[0]["id"] == "id_generic"


class TestPreview:
    def test_it_shows_the_draft_and_says_that_nobody_signed_it(self, amara, page):
        response = amara.get(f"{url(page)}preview/")
        html = response.content.decode()
        assert "You are looking at a draft, not signed." in html
        assert '<meta name="robots" content="noindex">' in html
        assert "data-signed" not in html
        assert html.count("<article") == html.count("</article>") == 1
        assert "What helps" in html
        assert "no-store" in response["Cache-Control"]

    def test_an_unfinished_draft_can_be_looked_at(self, amara):
        amara.post(NEW, {"kind": "drug", "title": "Exampla®"})
        page = Page.objects.get()
        data = filled(amara.get(url(page)), block_1="Text.", act="add-reference")
        data = filled(amara.post(url(page), data), block_1="Text.[1]", act="save")
        data |= {"kind-2": "figure", "drawn-2": "figure"}
        assert amara.post(url(page), data).status_code == 302
        assert amara.get(f"{url(page)}preview/").status_code == 200

    def test_the_button_saves_first(self, amara, page):
        response = amara.post(url(page), filled(amara.get(url(page)), standfirst="Seen before.", act="preview"))
        assert response["Location"] == f"{url(page)}preview/"
        assert "Seen before." in amara.get(response["Location"]).content.decode()
