"""The signing ceremony through its page: what is shown, how one proves who one is, what happens twice, every refusal."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from fido2.utils import websafe_decode

from accounts import roles
from accounts.models import Board, RoleGrant
from accounts.signing import WRONG_TRIES, evidence_holds
from articles import ceremony, checking, permissions
from articles.document.claims import Claim
from articles.models import Page, Reference, Review, SignOff
from articles.workflow import calling_back, publishing, review, signing, writing
from audit.models import Entry
from tests import cast
from tests.passkeys import PRESENT, Passkey

CONFLICT = "Paid talks for a maker of beds"


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def opened(people) -> Review:
    return waiting(people)


@pytest.fixture
def ruth(client, people, opened) -> Client:
    cast.sign_in(client, people.ruth)
    return client


def waiting(people, **options) -> Review:
    """A revision whose claims Ruth and Raj have ticked."""
    opened = cast.open_review(people, **{"title": "Short nights", **options})
    for who in (people.ruth, people.raj):
        cast.check_claims(opened, who)
    return opened


def sign_page(opened: Review) -> str:
    return reverse("articles:sign", args=[opened.pk])


def filled_in(shown, **changes) -> dict:
    """What the page sends when all is right. `shown` is the answer that showed it."""
    fields = shown.context["form"].fields
    told = {
        "ceremony": shown.context["ceremony"],
        "coi": "some",
        "coi_text": CONFLICT,
        "agree": "on",
        "password": cast.PASSWORD,
    }
    if "next_review" in fields:
        told["next_review"] = fields["next_review"].choices[0][0]
    return told | changes


def refused(answer, words: str) -> str:
    """It was refused with these words, nothing was signed, and what was typed is still there."""
    assert answer.status_code == 422, answer
    assert escape(words) in answer.text
    assert not SignOff.objects.exists()
    assert f'value="{CONFLICT}"' in answer.text
    assert cast.PASSWORD not in answer.text
    return answer.text


def a_morning() -> datetime:
    """A time from which an hour does not reach midnight, when the statement would name another day."""
    return (timezone.now() + timedelta(days=1)).replace(hour=9, minute=0)


def codes(user):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return lambda: totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


class TestWhatIsShown:
    def test_the_text_its_fingerprint_and_the_exact_words(self, ruth, opened):
        shown = ruth.get(sign_page(opened))
        assert opened.content_hash in shown.text
        assert "Many people sleep badly at first." in shown.text
        assert '<details class="panel signed-text" open>' in shown.text, "the text is not hidden from its signer"
        assert "I am Ruth Adeyemi, MD. I have read revision 1 of “Short nights” in full" in shown.text
        assert '<span data-declared data-none="none">none</span>.' in shown.text

    def test_looking_at_it_stores_nothing(self, ruth, opened):
        before = Entry.objects.count()
        for _ in range(2):
            ruth.get(sign_page(opened))
        assert (Entry.objects.count(), SignOff.objects.count()) == (before, 0)

    def test_each_showing_is_another(self, ruth, opened):
        first, second = (ruth.get(sign_page(opened)).context["ceremony"] for _ in range(2))
        assert first != second

    def test_it_is_kept_by_no_cache(self, ruth, opened):
        assert "no-store" in ruth.get(sign_page(opened))["Cache-Control"]

    def test_after_a_mistake_the_statement_says_what_was_declared(self, ruth, opened):
        page = ruth.get(sign_page(opened))
        text = refused(ruth.post(sign_page(opened), filled_in(page, password="wrong")), "The password is not right.")
        assert f">{CONFLICT}</span>." in text
        text = ruth.post(sign_page(opened), filled_in(page, coi="none", password="wrong")).text
        assert '<span data-declared data-none="none">none</span>.' in text

    def test_the_words_shown_are_the_words_signed(self, ruth, opened):
        page = ruth.get(sign_page(opened))
        again = ruth.post(sign_page(opened), filled_in(page, password="wrong"))
        words = "".join(again.context["statement"])
        ruth.post(sign_page(opened), filled_in(again))
        assert SignOff.objects.get().statement == words

    @pytest.mark.parametrize("typed", ["one\u202etwo", "x" * 501])
    def test_a_declaration_that_readers_could_not_read_is_refused(self, ruth, opened, typed):
        answer = ruth.post(sign_page(opened), filled_in(ruth.get(sign_page(opened)), coi_text=typed))
        assert answer.status_code == 422
        assert not SignOff.objects.exists()

    def test_a_declaration_is_one_line(self, ruth, opened):
        ruth.post(sign_page(opened), filled_in(ruth.get(sign_page(opened)), coi_text=" one\r\n two. "))
        assert SignOff.objects.get().statement.endswith("My conflicts of interest: one two.")

    def test_a_board_of_ones_own_is_offered(self, ruth, people, opened):
        board = Board.objects.create(name="Northside Review Board", slug="northside")
        Board.objects.create(name="Another Board", slug="another")
        board.members.add(people.ruth)
        page = ruth.get(sign_page(opened))
        assert "Northside" in page.text
        assert "Another Board" not in page.text
        ruth.post(sign_page(opened), filled_in(page, board=board.pk))
        assert SignOff.objects.get().board == board


class TestPassword:
    def test_it_signs(self, ruth, people, opened):
        answer = ruth.post(sign_page(opened), filled_in(ruth.get(sign_page(opened))), follow=True)
        sign_off = SignOff.objects.get()
        assert answer.redirect_chain[-1][0] == reverse("articles:receipt", args=[sign_off.pk])
        assert (sign_off.signer, sign_off.auth_method, sign_off.conflict_of_interest) == (
            people.ruth, "password", CONFLICT,
        )  # fmt: skip
        assert sign_off.shown_at <= sign_off.authenticated_at <= sign_off.signed_at

    def test_after_five_wrong_tries_not_even_the_right_one(self, ruth, opened):
        page = ruth.get(sign_page(opened))
        for _ in range(WRONG_TRIES):
            refused(ruth.post(sign_page(opened), filled_in(page, password="wrong")), "The password is not right.")
        refused(ruth.post(sign_page(opened), filled_in(page)), "Too many wrong tries.")

    def test_where_a_second_step_is_required_the_code_is_asked_for(self, ruth, people, opened, settings):
        settings.REQUIRE_STAFF_MFA = True
        code = codes(people.ruth)
        page = ruth.get(sign_page(opened))
        refused(ruth.post(sign_page(opened), filled_in(page)), "Enter the code from your authenticator app too.")
        refused(ruth.post(sign_page(opened), filled_in(page, code="000000x")), "The password or the code is not right.")
        given = code()
        text = refused(ruth.post(sign_page(opened), filled_in(page, code=given, agree="")), "Confirm that this is")
        assert given not in text, "a code does not come back with the page"
        answer = ruth.post(sign_page(opened), filled_in(page, code=given), follow=True)
        assert "with a password and a code" in answer.text
        assert SignOff.objects.get().auth_method == "password+totp"

    def test_where_a_second_step_is_required_and_there_is_only_a_passkey_no_password_is_asked(
        self, ruth, people, opened, settings
    ):
        settings.REQUIRE_STAFF_MFA = True
        Passkey().belongs_to(people.ruth)
        page = ruth.get(sign_page(opened))
        assert "password" not in page.context["form"].fields
        assert "Use your passkey" in page.text
        refused(ruth.post(sign_page(opened), filled_in(page)), "Use your passkey to sign.")


class TestPasskey:
    @pytest.fixture
    def key(self, people) -> Passkey:
        made = Passkey()
        made.belongs_to(people.ruth)
        return made

    def asked(self, page) -> bytes:
        """The challenge that the page hands to the browser."""
        options = json.loads(page.context["passkey_options"])
        return websafe_decode(options["challenge"])

    def with_key(self, page, key, challenge=None, **wrong) -> dict:
        return filled_in(page, password="", passkey=key.answer(challenge or self.asked(page), **wrong))

    def test_without_one_there_is_no_button(self, ruth, opened):
        assert "data-passkey" not in ruth.get(sign_page(opened)).text

    def test_it_signs_this_very_hash_and_the_signature_shows_it_ever_after(self, ruth, people, opened, key):
        page = ruth.get(sign_page(opened))
        assert escape(page.context["passkey_options"]) in page.text
        answer = ruth.post(sign_page(opened), self.with_key(page, key), follow=True)
        assert "with a passkey" in answer.text
        made = SignOff.objects.get()
        assert made.auth_method == "passkey"
        challenge = ceremony.challenge_of(made.ceremony, made.content_hash, made.closure)
        assert evidence_holds(made.auth_evidence, challenge, people.ruth)
        for other in (
            (made.ceremony, "b1:" + "0" * 64, made.closure),
            ("0" * 32, made.content_hash, made.closure),
            (made.ceremony, made.content_hash, "0" * 64),
        ):
            assert not evidence_holds(made.auth_evidence, ceremony.challenge_of(*other), people.ruth)

    def test_it_is_enough_where_a_second_step_is_required(self, ruth, opened, key, settings):
        settings.REQUIRE_STAFF_MFA = True
        ruth.post(sign_page(opened), self.with_key(ruth.get(sign_page(opened)), key))
        assert SignOff.objects.get().auth_method == "passkey"

    def test_the_answer_to_another_showing_does_not_fit(self, ruth, opened, key):
        page, other = ruth.get(sign_page(opened)), ruth.get(sign_page(opened))
        refused(ruth.post(sign_page(opened), self.with_key(page, key, self.asked(other))), "The passkey did not fit.")

    def test_the_answer_for_another_text_does_not_fit(self, ruth, people, opened, key):
        other = ruth.get(sign_page(waiting(people, title="Another text")))
        page = ruth.get(sign_page(opened))
        refused(ruth.post(sign_page(opened), self.with_key(page, key, self.asked(other))), "The passkey did not fit.")

    def test_anothers_key_does_not_fit(self, ruth, people, opened, key):
        his = Passkey()
        his.belongs_to(people.raj)
        page = ruth.get(sign_page(opened))
        refused(ruth.post(sign_page(opened), self.with_key(page, his)), "The passkey did not fit.")

    def test_a_key_that_did_not_verify_its_holder_does_not_fit(self, ruth, opened, key):
        page = ruth.get(sign_page(opened))
        refused(ruth.post(sign_page(opened), self.with_key(page, key, flags=PRESENT)), "The passkey did not fit.")

    @pytest.mark.parametrize("answer", ["{", "null", "[" * 19_000, "x" * 20_001, "x" * 500_000, "\ufffd"])
    def test_what_is_no_answer_is_refused_in_words(self, ruth, opened, key, answer):
        page = ruth.get(sign_page(opened))
        text = refused(ruth.post(sign_page(opened), filled_in(page, password="", passkey=answer)), "did not fit")
        assert answer not in text or len(answer) < 10, "it does not come back with the page"

    def test_the_same_answer_again_signs_nothing_again(self, ruth, people, opened, key):
        told = self.with_key(ruth.get(sign_page(opened)), key)
        ruth.post(sign_page(opened), told)
        assert "Nothing was signed twice." in ruth.post(sign_page(opened), told, follow=True).text
        other = waiting(people, title="Another text")
        page = ruth.get(sign_page(other))
        assert ruth.post(sign_page(other), told | {"ceremony": page.context["ceremony"]}).status_code == 422
        assert SignOff.objects.count() == 1


class TestOnce:
    def test_pressing_twice_signs_once_says_so_and_leads_to_the_receipt(self, ruth, opened):
        told = filled_in(ruth.get(sign_page(opened)))
        ruth.post(sign_page(opened), told)
        answer = ruth.post(sign_page(opened), told, follow=True)
        assert answer.redirect_chain == [(reverse("articles:receipt", args=[SignOff.objects.get().pk]), 302)]
        assert "You have signed this revision already. Nothing was signed twice." in answer.text

    def test_so_does_opening_the_page_again(self, ruth, opened):
        ruth.post(sign_page(opened), filled_in(ruth.get(sign_page(opened))))
        assert ruth.get(sign_page(opened)).url == reverse("articles:receipt", args=[SignOff.objects.get().pk])

    def test_after_an_hour_the_page_is_shown_anew(self, ruth, opened):
        with time_machine.travel(a_morning(), tick=False) as clock:
            page = ruth.get(sign_page(opened))
            clock.shift(ceremony.LASTS + timedelta(seconds=2))
            again = ruth.post(sign_page(opened), filled_in(page))
            text = refused(again, "This page was open for too long")
            assert f'value="{filled_in(page)["next_review"]}" selected' in text
            assert again.context["form"]["agree"].value() is True
            assert ruth.post(sign_page(opened), filled_in(again)).status_code == 302

    @pytest.mark.parametrize("whose", ["another review", "another person", "altered", "empty", "missing", "odd"])
    def test_a_page_meant_for_something_else_is_refused_and_nothing_is_lost(self, ruth, people, opened, whose):
        board = Board.objects.create(name="Northside Review Board", slug="northside")
        board.members.add(people.ruth)
        page = ruth.get(sign_page(opened))
        token = {
            "another review": ceremony.seal(ceremony.begin(waiting(people, title="Two"), people.ruth)),
            "another person": ceremony.seal(ceremony.begin(opened, people.raj)),
            "altered": page.context["ceremony"][:-1] + ("a" if page.context["ceremony"][-1] != "a" else "b"),
            "empty": "",
            "odd": "\u00e9:\u00e9:\u00e9",
        }.get(whose)
        told = filled_in(page, ceremony=token, board=board.pk)
        if token is None:
            del told["ceremony"]
        answer = ruth.post(sign_page(opened), told)
        text = refused(answer, "was meant for another signature")
        assert f'<option value="{board.pk}" selected>' in text
        assert f'<option value="{told["next_review"]}" selected>' in text
        assert answer.context["form"]["agree"].value() is True
        assert answer.context["ceremony"] != token
        assert ruth.post(sign_page(opened), filled_in(answer)).status_code == 302


class TestRefusals:
    """Whatever stands against it when the button is pressed, it is said in a sentence and nothing is signed."""

    def test_whoever_wrote_part_of_it(self, client, people, opened):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        page = Page.objects.get(pk=cast.draft(both).pk)
        own = writing.submit(page, version=1, by=both)
        cast.check_claims(opened, both)
        cast.sign_in(client, both)
        assert "You wrote part of this revision" in client.get(sign_page(own), follow=True).text
        told = filled_in(client.get(sign_page(opened)), ceremony=ceremony.seal(ceremony.begin(own, both)))
        refused(client.post(sign_page(own), told), "You wrote part of this revision")

    def test_whoever_has_no_credential(self, client, people, opened):
        bare = cast.person("bare", "medical_reviewer", name="Bea Bare", credential=False)
        cast.check_claims(opened, bare)
        cast.sign_in(client, bare)
        answer = client.get(sign_page(opened), follow=True)
        assert answer.redirect_chain[-1][0] == reverse("articles:review", args=[opened.pk])
        assert "You have no credential that is valid today." in answer.text

    def test_a_credential_that_ran_out_since_the_page_was_shown(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        people.ruth.credentials.update(valid_until=timezone.now().date() - timedelta(days=1))
        refused(ruth.post(sign_page(opened), filled_in(page)), "You have no credential that is valid today.")

    def test_an_account_closed_since_the_page_was_shown(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        people.ruth.is_active = False
        people.ruth.save()
        answer = ruth.post(sign_page(opened), filled_in(page), follow=True)
        assert answer.redirect_chain[0][0].startswith("/account/login/")
        assert not SignOff.objects.exists()

    def test_a_role_taken_back_since_the_page_was_shown(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        roles.revoke(RoleGrant.objects.get(user=people.ruth), by=people.ada, reason="left")
        assert ruth.post(sign_page(opened), filled_in(page)).status_code == 404, "the desk does not tell that it exists"
        assert not SignOff.objects.exists()

    def test_a_role_taken_back_from_somebody_with_another_one(self, ruth, people, opened):
        roles.grant(people.ruth, "editor", by=people.ada)
        page = ruth.get(sign_page(opened))
        roles.revoke(RoleGrant.objects.get(user=people.ruth, role="medical_reviewer"), by=people.ada, reason="left")
        answer = ruth.post(sign_page(opened), filled_in(page), follow=True)
        assert "Only a medical reviewer can sign this revision." in answer.text
        assert not SignOff.objects.exists()

    @pytest.mark.parametrize("session", ["no beginning", "began as another's"])
    def test_a_session_that_did_not_begin_with_the_signers_signing_in(self, people, opened, session):
        """What tools leave that let support staff log in as somebody."""
        own, borrowed = Client(), Client()
        cast.sign_in(own, people.ruth)
        if session == "no beginning":
            borrowed.force_login(people.ruth)
        else:
            cast.sign_in(borrowed, people.max)
            kept = borrowed.session
            kept["_auth_user_id"], kept["_auth_user_hash"] = str(people.ruth.pk), people.ruth.get_session_auth_hash()
            kept.save()
        assert "cannot sign" in borrowed.get(sign_page(opened), follow=True).text
        told = filled_in(own.get(sign_page(opened)))
        refused(borrowed.post(sign_page(opened), told), "This session did not begin with your signing in")

    def test_a_new_revision_sent_from_another_tab(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        newer = new_words(opened.page, people)
        answer = ruth.post(sign_page(opened), filled_in(page), follow=True)
        assert answer.redirect_chain[-1][0] == reverse("articles:review", args=[newer.pk])
        assert "Amara Diop sent revision 2 of this page at" in answer.text
        assert not SignOff.objects.exists()

    def test_a_review_that_was_closed(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        review.ask_for_changes(opened, by=people.raj, text="Say which study.", version=opened.version)
        assert "This review is no longer open." in ruth.post(sign_page(opened), filled_in(page), follow=True).text
        assert not SignOff.objects.exists()

    def test_another_who_signed_first(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        cast.sign(opened, people.raj)
        answer = ruth.post(sign_page(opened), filled_in(page), follow=True)
        assert "This review is no longer open." in answer.text
        assert SignOff.objects.get().signer == people.raj

    def test_another_who_signs_between_two_questions_of_the_page(self, ruth, people, opened, monkeypatch):
        page = ruth.get(sign_page(opened))
        asks = permissions.why_not_sign

        def answered_a_moment_too_early(user, review):
            answer = asks(user, review)
            if user == people.ruth and not SignOff.objects.exists():
                monkeypatch.setattr(permissions, "why_not_sign", asks)
                cast.sign(opened, people.raj)
            return answer

        monkeypatch.setattr(permissions, "why_not_sign", answered_a_moment_too_early)
        answer = ruth.post(sign_page(opened), filled_in(page))
        assert answer.status_code == 422
        assert SignOff.objects.get().signer == people.raj

    def test_a_source_retracted_meanwhile(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        source = opened.revision.cited.first().reference
        calling_back.record_reference_status(source, status=Reference.Status.RETRACTED, by=people.edda)
        again = ruth.post(sign_page(opened), filled_in(page))
        refused(again, "Something became known about a source while you were reading. Look again before you sign.")
        assert again.context["ceremony"] != page.context["ceremony"], "what is shown now is another showing"

    def test_a_source_retracted_and_reinstated_meanwhile_is_a_change_too(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        source = opened.revision.cited.first().reference
        for status in (Reference.Status.RETRACTED, Reference.Status.OK):
            calling_back.record_reference_status(source, status=status, by=people.edda)
        refused(ruth.post(sign_page(opened), filled_in(page)), "Something became known about a source")

    def test_a_drug_entry_published_anew_meanwhile(self, ruth, people):
        drug = cast.live_page(people, kind="drug", title="Veltrana")
        content = cast.content("Mentions it")
        content["body"]["content"][1]["content"].append({"type": "drug", "attrs": {"page": drug.uid, "form": "full"}})
        page_of_it = writing.create_page("article", content, by=people.amara)
        mentions = writing.submit(page_of_it, version=1, by=people.amara)
        cast.check_claims(mentions, people.ruth)
        page = ruth.get(sign_page(mentions))
        before = SignOff.objects.count()
        again = new_words(drug, people)
        cast.sign(again, people.raj)
        publishing.publish(again, by=people.edda)
        answer = ruth.post(sign_page(mentions), filled_in(page))
        assert answer.status_code == 422
        assert "A drug or subtype entry that this page mentions changed" in answer.text
        assert SignOff.objects.count() == before + 1, "Raj's alone"
        assert ruth.post(sign_page(mentions), filled_in(answer)).status_code == 302

    @pytest.mark.parametrize(
        ("blocking", "words"), [(True, "1 blocking note is still open."), (False, "Somebody wrote or settled a note")]
    )
    def test_a_note_written_meanwhile(self, ruth, people, opened, blocking, words):
        page = ruth.get(sign_page(opened))
        review.add_note(opened, by=people.raj, text="The second number is old.", blocking=blocking)
        refused(ruth.post(sign_page(opened), filled_in(page)), words)

    def test_a_claim_that_nobody_ticked(self, ruth, opened, monkeypatch):
        page = ruth.get(sign_page(opened))
        claim = Claim("k" * 64, "n" * 12, "Half of them sleep.", (), (), True, "")
        monkeypatch.setattr(checking, "claims", lambda manifest: [claim])
        refused(ruth.post(sign_page(opened), filled_in(page)), "1 claim is not checked yet.")
        assert "1 claim is not checked yet." in ruth.get(sign_page(opened), follow=True).text

    def test_a_name_that_changed_meanwhile(self, ruth, people, opened):
        page = ruth.get(sign_page(opened))
        people.ruth.name = "Ruth Cole"
        people.ruth.save()
        text = refused(ruth.post(sign_page(opened), filled_in(page)), "Your statement reads differently now.")
        assert "I am Ruth Cole, MD." in text

    def test_a_day_that_ended_meanwhile(self, ruth, people, opened):
        """The statement names the day; nobody signs yesterday's."""
        with time_machine.travel(a_morning().replace(hour=23, minute=59), tick=False) as clock:
            cast.sign_in(ruth, people.ruth)
            page = ruth.get(sign_page(opened))
            clock.shift(120)
            refused(ruth.post(sign_page(opened), filled_in(page)), "Your statement reads differently now.")

    @pytest.mark.parametrize("date", ["", "1999-01-01", "2999-01-01", "soon"])
    def test_a_next_review_that_was_not_offered(self, ruth, opened, date):
        answer = ruth.post(sign_page(opened), filled_in(ruth.get(sign_page(opened)), next_review=date))
        assert answer.status_code == 422
        assert answer.context["form"].errors["next_review"]
        assert not SignOff.objects.exists()

    def test_strangers_to_the_desk(self, client, people, opened):
        for who in (people.rita, people.amara, people.max, people.ada):
            cast.sign_in(client, who)
            assert client.post(sign_page(opened), {"agree": "on"}).status_code == 404
        client.logout()
        assert client.post(sign_page(opened), {"agree": "on"}).url.startswith("/account/login/")
        assert not SignOff.objects.exists()


def new_words(page: Page, people) -> Review:
    page = Page.objects.get(pk=page.pk)
    changed = {**page.draft.content, "standfirst": "Now with other words."}
    writing.save_draft(page, changed, version=page.draft.version, by=people.amara)
    return writing.submit(page, version=page.draft.version + 1, by=people.amara)


def two_steps(people, change_class: str) -> Review:
    """A review of a page of high risk, which two people sign."""
    page = cast.draft(people.amara)
    Page.objects.filter(pk=page.pk).update(risk=Page.Risk.HIGH)
    opened = writing.submit(Page.objects.get(pk=page.pk), version=1, by=people.amara, change_class=change_class)
    for who in (people.ruth, people.raj):
        cast.check_claims(opened, who)
    return opened


class TestTwoSteps:
    def test_two_medical_reviewers_read_at_once_and_both_sign(self, client, people):
        opened = two_steps(people, "material")
        cast.sign_in(client, people.ruth)
        page = client.get(sign_page(opened))
        cast.sign(opened, people.raj)
        assert client.post(sign_page(opened), filled_in(page)).status_code == 302
        assert SignOff.objects.count() == 2

    def test_nobody_signs_a_step_whose_words_they_were_not_shown(self, client, people):
        opened = two_steps(people, "minor")
        roles.grant(people.ruth, "editor", by=people.ada)
        cast.sign_in(client, people.ruth)
        page = client.get(sign_page(opened))
        assert "In my professional opinion" in page.text
        cast.sign(opened, people.raj)
        answer = client.post(sign_page(opened), filled_in(page))
        assert "Your statement reads differently now." in answer.text
        assert SignOff.objects.count() == 1
        assert "as an editor." in "".join(answer.context["statement"])
        text = client.post(sign_page(opened), filled_in(answer), follow=True).text
        assert "Editorial: says what its sources and its medical review support" in text
        assert SignOff.objects.get(signer=people.ruth).step.code == "editorial"


class TestReceipt:
    def test_it_says_who_what_when_how_and_for_what(self, ruth, people, opened):
        board = Board.objects.create(name="Northside Review Board", slug="northside")
        board.members.add(people.ruth)
        page = ruth.get(sign_page(opened))
        text = ruth.post(sign_page(opened), filled_in(page, board=board.pk), follow=True).text
        made, entry = SignOff.objects.get(), Entry.objects.get(verb="revision.signed")
        for words in (
            "You signed revision 1",
            "Ruth Adeyemi, MD",
            "For Northside Review Board",
            "Medical review: read in full",
            "with a password",
            CONFLICT,
            made.statement,
            made.content_hash,
            made.ceremony,
            made.closure,
            f"{entry.seq}: {entry.hash}",
            f"{made.signed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "It does not cover the site around the article",
        ):
            assert escape(words) in text, words
        assert "print-button" in text

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
    def test_its_times_name_their_zone(self, client, people, opened, settings, zone):
        settings.TIME_ZONE = zone
        made = cast.sign(opened, people.ruth)
        cast.sign_in(client, people.raj)
        text = client.get(reverse("articles:receipt", args=[made.pk])).text
        here = made.signed_at.astimezone(ZoneInfo(zone))
        assert f"{here:%H:%M}</time> {here:%Z}" in text
        assert "Ruth Adeyemi signed revision 1" in text


def test_six_who_press_at_once_with_one_page_make_one_signature(committed_db, race):
    people = cast.people()
    opened = waiting(people)
    client = Client()
    cast.sign_in(client, people.ruth)
    told = filled_in(client.get(sign_page(opened)))

    def press(number: int):
        own = Client()
        own.cookies = client.cookies
        return own.post(sign_page(opened), told)

    answers = race(press, runners=6)
    made = SignOff.objects.get()
    assert [answer.status_code for answer in answers] == [302] * 6, answers
    assert {answer.url for answer in answers} == {reverse("articles:receipt", args=[made.pk])}
    assert Entry.objects.filter(verb="revision.signed").count() == 1


def test_six_verbs_at_once_with_one_showing_make_one_signature(committed_db, race):
    people = cast.people()
    opened = waiting(people)
    showing = ceremony.begin(opened, people.ruth)

    def sign(number: int):
        return signing.sign(
            Review.objects.get(pk=opened.pk), by=people.ruth, ceremony=showing,
            proof=cast.proof(people.ruth, showing.purpose), next_review_due=timezone.localdate() + timedelta(days=90),
        )  # fmt: skip

    results = race(sign, runners=6)
    assert sum(isinstance(result, SignOff) for result in results) == 1, results
    assert SignOff.objects.count() == 1
