"""The review desk through its pages: reading, signing, publishing, taking down, and everybody who may not."""

import pytest
from django.urls import reverse

from articles.models import Note, Page, Publication, PublicNotice, Review, SignOff
from articles.workflow import review as verbs
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
def opened(people) -> Review:
    return cast.open_review(people, title="Short nights")


def url(name: str, pk: int) -> str:
    return reverse(f"articles:{name}", args=[pk])


def signing(opened: Review, client, **changes) -> dict:
    """What the sign page sends when nothing is wrong."""
    page = client.get(url("sign", opened.pk)).context
    form = page["form"]
    return {
        "ceremony": page["ceremony"],
        "coi": "none",
        "next_review": form.fields["next_review"].choices[-1][0],
        "agree": "on",
        "password": cast.PASSWORD,
    } | changes


class TestDoors:
    @pytest.mark.parametrize("name", ["reviewing", "live_pages"])
    def test_anonymous_people_are_asked_to_sign_in(self, client, name):
        assert client.get(reverse(f"articles:{name}"))["Location"].startswith("/account/login/")

    @pytest.mark.parametrize("who", ["rita", "max", "amara", "ada"])
    def test_others_do_not_learn_that_the_desk_exists(self, client, people, opened, who):
        cast.sign_in(client, getattr(people, who))
        for path in (reverse("articles:reviewing"), url("review", opened.pk), url("sign", opened.pk)):
            assert client.get(path).status_code == 404

    def test_publishing_is_for_editors_and_by_post(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        assert client.post(url("publish", opened.pk)).status_code == 404
        cast.sign_in(client, people.edda)
        assert client.get(url("publish", opened.pk)).status_code == 200
        assert client.put(url("publish", opened.pk)).status_code == 405
        cast.sign_in(client, people.rita)
        assert client.get(url("publish", opened.pk)).status_code == 404


class TestComingSecond:
    @pytest.mark.parametrize("act", ["note", "changes"])
    def test_the_words_stay_on_the_page(self, client, people, opened, act):
        version = opened.version
        verbs.ask_for_changes(opened, by=people.raj, text="The second list.", version=version)
        cast.sign_in(client, people.ruth)
        fields = {"act": act, f"{act}-text": "My own long note.", "changes-version": version}
        page = client.post(url("review", opened.pk), fields)
        assert page.status_code == 409
        assert "My own long note." in page.text
        assert opened.notes.count() == 1


class TestWhatNoPageSends:
    @pytest.mark.parametrize("note", ["", "abc", "²", "\x00", "9" * 40])
    def test_a_note_that_is_none(self, client, people, opened, note):
        cast.sign_in(client, people.ruth)
        assert client.post(url("review", opened.pk), {"act": "resolve", "note": note}).status_code == 404

    @pytest.mark.parametrize("act", ["", "publish"])
    def test_a_button_that_is_none(self, client, people, opened, act):
        cast.sign_in(client, people.ruth)
        assert client.post(url("review", opened.pk), {"act": act}).status_code == 404

    def test_a_note_of_another_review(self, client, people, opened):
        note = verbs.add_note(cast.open_review(people), by=people.raj, text="Look here.", blocking=True)
        cast.sign_in(client, people.ruth)
        assert client.post(url("review", opened.pk), {"act": "resolve", "note": note.pk}).status_code == 404
        note.refresh_from_db()
        assert note.resolved_at is None


class TestReview:
    def test_it_shows_the_very_artefact_that_will_be_published(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        body = client.get(url("review", opened.pk)).content.decode()
        assert f'data-signed="{opened.content_hash}"' in body
        assert "noindex" in body

    def test_a_note_is_kept_and_settled(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        client.post(url("review", opened.pk), {"act": "note", "note-text": "Look here.", "note-blocking": "on"})
        note = Note.objects.get()
        assert note.blocking
        client.post(url("review", opened.pk), {"act": "resolve", "note": note.pk})
        note.refresh_from_db()
        assert note.resolved_by == people.ruth

    def test_an_empty_note_is_refused_beside_its_field(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        page = client.post(url("review", opened.pk), {"act": "note", "note-text": ""})
        assert page.status_code == 422
        assert "errorlist" in page.content.decode()

    def test_asking_for_changes_ends_the_cycle(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        client.post(
            url("review", opened.pk), {"act": "changes", "changes-text": "Name the study.", "changes-version": 1}
        )
        opened.refresh_from_db()
        assert opened.status == "changes_asked"

    def test_two_reviewers_ask_at_once_and_the_second_is_told(self, client, people, opened):
        verbs.ask_for_changes(opened, by=people.raj, text="Name the study.", version=1)
        cast.sign_in(client, people.ruth)
        answer = client.post(
            url("review", opened.pk), {"act": "changes", "changes-text": "Another.", "changes-version": 1}, follow=True
        )
        assert answer.status_code == 409
        assert Note.objects.count() == 1


class TestSign:
    @pytest.fixture(autouse=True)
    def _read(self, people, opened):
        cast.check_claims(opened, people.ruth)

    def test_the_statement_and_the_fingerprint_are_on_the_page(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        body = client.get(url("sign", opened.pk)).content.decode()
        assert "I am Ruth Adeyemi, MD. I have read revision 1" in body
        assert opened.content_hash in body

    def test_it_signs_and_hands_out_a_receipt(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        answer = client.post(url("sign", opened.pk), signing(opened, client), follow=True)
        sign_off = SignOff.objects.get()
        assert answer.redirect_chain[-1][0] == url("receipt", sign_off.pk)
        assert sign_off.statement in answer.content.decode().replace("&#x27;", "'")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"password": "wrong"}, "not right"),
            ({"password": ""}, "Enter your password to sign."),
            ({"agree": ""}, "Confirm that this is your statement."),
            ({"coi": "some", "coi_text": ""}, "Say what you declare"),
            ({"ceremony": "made up"}, "meant for another signature"),
            ({"next_review": "1999-01-01"}, "errorlist"),
        ],
        ids=["wrong password", "no password", "no statement", "empty declaration", "another page", "another date"],
    )
    def test_what_is_wrong_stands_beside_its_field_and_nothing_is_signed(self, client, people, opened, changes, words):
        cast.sign_in(client, people.ruth)
        answer = client.post(url("sign", opened.pk), signing(opened, client, **changes))
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not SignOff.objects.exists()

    def test_what_is_declared_goes_into_the_signed_statement(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        client.post(
            url("sign", opened.pk), signing(opened, client, coi="some", coi_text="Paid talks for a maker of beds")
        )
        assert SignOff.objects.get().statement.endswith("My conflicts of interest: Paid talks for a maker of beds.")

    def test_who_wrote_it_is_sent_back_with_the_reason(self, client, people):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        page = cast.draft(both)
        opened = cast.writing.submit(page, version=1, by=both)
        cast.sign_in(client, both)
        answer = client.get(url("sign", opened.pk), follow=True)
        assert "You wrote part of this revision" in answer.content.decode()

    def test_pressing_twice_signs_once(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        data = signing(opened, client)
        for _ in range(2):
            client.post(url("sign", opened.pk), data)
        assert SignOff.objects.count() == 1


class TestPublishAndTakeDown:
    def test_an_editor_publishes_what_is_signed(self, client, people):
        signed = cast.signed_review(people)
        cast.sign_in(client, people.edda)
        answer = client.post(url("publish", signed.pk), follow=True)
        assert "is public now" in answer.content.decode()
        assert Publication.objects.count() == 1

    def test_an_unsigned_one_stays_and_says_why(self, client, people, opened):
        cast.sign_in(client, people.edda)
        answer = client.post(url("publish", opened.pk), follow=True)
        assert "signature is missing" in answer.content.decode()
        assert not Publication.objects.exists()

    def test_taking_back_a_signature_takes_the_page_down(self, client, people):
        page = cast.live_page(people)
        cast.sign_in(client, people.ruth)
        sign_off = SignOff.objects.get()
        client.post(url("receipt", sign_off.pk), {"reason": "error_found", "sure": "on"})
        assert Page.objects.get(pk=page.pk).live_publication is None

    def test_taking_back_needs_to_be_meant(self, client, people):
        cast.live_page(people)
        cast.sign_in(client, people.ruth)
        answer = client.post(url("receipt", SignOff.objects.get().pk), {"reason": "error_found"})
        assert answer.status_code == 422
        assert not hasattr(SignOff.objects.get(), "revocation")

    def test_somebody_elses_signature_cannot_be_taken_back(self, client, people):
        cast.live_page(people)
        cast.sign_in(client, people.raj)
        answer = client.post(url("receipt", SignOff.objects.get().pk), {"reason": "error_found", "sure": "on"})
        assert answer.status_code == 403

    def test_withdrawing_needs_a_reason_that_readers_see(self, client, people):
        page = cast.live_page(people)
        cast.sign_in(client, people.ruth)
        assert client.post(url("withdraw", page.pk), {"kind": "safety", "public_reason": ""}).status_code == 422
        client.post(url("withdraw", page.pk), {"kind": "safety", "public_reason": "a dose was wrong."})
        assert Page.objects.get(pk=page.pk).live_publication is None

    def test_a_notice_stands_above_the_article_at_once(self, client, people):
        page = cast.live_page(people)
        cast.sign_in(client, people.edda)
        client.post(url("notice", page.pk), {"kind": "safety", "text": "Ask your team <b>first</b>."})
        assert PublicNotice.objects.get().text == "Ask your team <b>first</b>."
        client.logout()
        assert "Ask your team &lt;b&gt;first&lt;/b&gt;." in client.get(page.get_absolute_url()).content.decode()

    @pytest.mark.parametrize("name", ["notice", "withdraw"])
    def test_hidden_characters_are_refused_and_line_breaks_become_spaces(self, client, people, name):
        page = cast.live_page(people)
        cast.sign_in(client, people.edda)
        data = {"kind": "safety", "text": "one\u202etwo", "public_reason": "one\u202etwo"}
        assert client.post(url(name, page.pk), data).status_code == 422
        client.post(url(name, page.pk), data | {"text": "one\r\ntwo", "public_reason": "one\r\ntwo"})
        kept = PublicNotice.objects.first() or Page.objects.get(pk=page.pk).withdrawals.get()
        assert "one two" in (getattr(kept, "text", ""), getattr(kept, "public_reason", ""))
