"""Who is told what about a review: exactly these people, in words that give away no more than a title."""

import json
import re
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import OutboxMail, RoleGrant, Specialty, User
from accounts.roles import Role
from articles import notices
from articles.models import Page, Review, Revision, Revocation
from articles.review_forms import RevokeForm
from articles.workflow import calling_back, publishing, review, scheduling, signing, taking_down, writing
from articles.workflow import review as reviewing
from tests import cast
from tests.worlds import kept

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
@kept
def people() -> SimpleNamespace:
    """The cast, and beside it everybody who must never be told: gone, switched off, of the demo, without a role."""
    made = cast.people()
    both = (Role.MEDICAL_REVIEWER, Role.EDITOR, Role.WRITER)
    cast.person("off", *both, is_active=False)
    cast.person("gone", *both, erased_at=timezone.now())
    cast.person("demo", *both, is_demo=True)
    leave(cast.person("was", *both))
    later = cast.person("later", credential=True)
    for role in both:
        RoleGrant.objects.create(user=later, role=role, granted_by=made.ada, valid_from=timezone.now() + DAY)
    machine = User.objects.machine()
    User.objects.filter(pk=machine.pk).update(is_active=True)
    RoleGrant.objects.create(user=machine, role=Role.EDITOR, granted_by=made.ada)
    return made


def leave(user: User, role: str = "") -> None:
    """Take this person's roles back and give them another, or none."""
    RoleGrant.objects.filter(user=user).update(revoked_at=timezone.now())
    if role:
        RoleGrant.objects.create(user=user, role=role, granted_by=User.objects.machine())


def told(template: str) -> list[str]:
    """Who got this mail, each as often as it came."""
    mails = OutboxMail.objects.filter(template=f"articles/{template}")
    return sorted(mail.to.removesuffix("@example.org") for mail in mails)


@contextmanager
def only():
    """Nothing but what happens in here."""
    OutboxMail.objects.all().delete()
    yield


def submit(page: Page, by: User, **options) -> Review:
    page.draft.refresh_from_db()
    return writing.submit(page, version=page.draft.version, by=by, **options)


def edit(page: Page, by: User, *, old: str = "at first", new: str = "in the beginning") -> None:
    page.draft.refresh_from_db()
    content = json.loads(json.dumps(page.draft.content).replace(old, new))
    writing.save_draft(page, content, version=page.draft.version, by=by)


def planned_for_tomorrow(people):
    signed = cast.signed_review(people)
    return scheduling.schedule(signed, at=timezone.now() + timedelta(days=1), by=people.edda)


class TestAsked:
    def test_every_reviewer_who_could_sign(self, people):
        cast.person("unchecked", Role.MEDICAL_REVIEWER, credential=False)
        cast.qualify(cast.person("lapsed", Role.MEDICAL_REVIEWER, credential=False), until=timezone.localdate() - DAY)
        cast.open_review(people)
        assert told("asked") == ["raj", "ruth"]
        assert OutboxMail.objects.count() == 2

    def test_no_contributor_whatever_their_roles(self, people):
        RoleGrant.objects.create(user=people.ruth, role=Role.WRITER, granted_by=people.ada)
        page = cast.draft(people.amara)
        edit(page, people.ruth)
        submit(page, people.amara)
        assert told("asked") == ["raj"]

    def test_those_of_the_specialty(self, people):
        oncology = Specialty.objects.create(name="Oncology", slug="oncology")
        people.raj.specialties.add(oncology)
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(specialty=oncology)
        submit(page, people.amara)
        assert told("asked") == ["raj"]

    @pytest.mark.parametrize("unable", ["amara", "edda", "nobody"])
    def test_all_where_nobody_who_could_sign_has_the_specialty(self, people, unable):
        oncology = Specialty.objects.create(name="Oncology", slug="oncology")
        if unable != "nobody":
            getattr(people, unable).specialties.add(oncology)
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(specialty=oncology)
        submit(page, people.amara)
        assert told("asked") == ["raj", "ruth"]

    def test_reviewers_and_editors_where_both_must_sign_each_once(self, people):
        cast.person("both", Role.MEDICAL_REVIEWER, Role.EDITOR)
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        page.refresh_from_db()
        submit(page, people.amara, change_class="minor")
        assert told("asked") == ["both", "edda", "raj", "ruth"]

    def test_editors_who_did_not_contribute_for_a_change_of_spelling(self, people):
        emil = cast.person("emil", Role.EDITOR)
        page = cast.live_page(people)
        edit(page, emil, new="at first,")
        with only():
            submit(page, people.amara, change_class="typo")
        assert told("asked") == ["edda"]
        assert "spelling or layout only" in OutboxMail.objects.get().text

    def test_the_others_when_a_reviewer_wants_a_public_text_read_anew(self, people):
        page = cast.live_page(people)
        with only():
            review.review_again(page, by=people.ruth)
        assert told("asked") == ["raj"]
        assert "did not change" in OutboxMail.objects.get().text

    def test_nobody_who_signed_these_words_before(self, people):
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        page.refresh_from_db()
        opened = submit(page, people.amara)
        cast.sign(opened, people.ruth)
        edit(page, people.amara)
        submit(page, people.amara)
        edit(page, people.amara, old="in the beginning", new="at first")
        with only():
            submit(page, people.amara)
        assert told("asked") == ["raj"]

    def test_a_text_that_did_not_change_needs_an_editor_and_no_reviewer(self, people):
        signed = cast.signed_review(people)
        edit(signed.page, people.amara)
        submit(signed.page, people.amara)
        edit(signed.page, people.amara, old="in the beginning", new="at first")
        with only():
            assert submit(signed.page, people.amara).status == Review.Status.APPROVED
        assert (told("asked"), told("signed")) == ([], ["edda"])
        assert "its signatures stand" in OutboxMail.objects.get().text

    def test_sending_the_same_text_twice_asks_once(self, people):
        opened = cast.open_review(people)
        submit(opened.page, people.amara)
        notices.asked(opened)
        assert told("asked") == ["raj", "ruth"]

    def test_people_of_the_demo_while_it_is_on(self, people, settings):
        settings.DEMO = True
        cast.open_review(people)
        assert told("asked") == ["demo", "raj", "ruth"]


class TestAssigned:
    def test_the_one_it_is_given_to_and_again_when_it_is_given_again(self, people):
        opened = cast.open_review(people)
        with only():
            review.assign(opened, to=people.raj, by=people.edda, version=opened.version)
            assert told("assigned") == ["raj"]
            review.assign(opened, to=None, by=people.edda, version=opened.version)
            assert told("assigned") == ["raj"]
            review.assign(opened, to=people.raj, by=people.edda, version=opened.version)
        assert told("assigned") == ["raj", "raj"]
        assert OutboxMail.objects.count() == 2

    def test_nobody_who_takes_it_themselves(self, people):
        opened = cast.open_review(people)
        with only():
            review.assign(opened, to=people.raj, by=people.raj, version=opened.version)
        assert not OutboxMail.objects.exists()

    def test_only_the_one_it_is_given_to_from_the_start(self, people):
        opened = cast.open_review(people)
        opened.assignee = people.ruth
        with only():
            notices.asked(opened)
        assert (told("asked"), told("assigned")) == ([], ["ruth"])


class TestSentBack:
    def test_everybody_whose_hand_is_in_it_with_the_reviewers_words(self, people):
        page = cast.draft(people.amara)
        edit(page, people.edda)
        cast.person("other", Role.WRITER)
        opened = submit(page, people.amara)
        with only():
            review.ask_for_changes(opened, by=people.ruth, text="Name the study.\nHello,\n\nthe end", version=1)
        assert told("sent_back") == ["amara", "edda"]
        text = OutboxMail.objects.first().text
        assert "Ruth Adeyemi read revision 1" in text
        assert "> Name the study.\n> Hello,\n>\n> the end\n" in text
        assert f"/desk/writing/{page.pk}/" in text

    def test_the_editors_where_no_writer_is_left(self, people):
        opened = cast.open_review(people)
        leave(people.amara)
        with only():
            review.ask_for_changes(opened, by=people.ruth, text="Name the study.", version=1)
        assert told("sent_back") == ["edda"]

    def test_a_refused_change_class_goes_back_too(self, people):
        page = cast.live_page(people)
        edit(page, people.amara, new="at first,")
        opened = submit(page, people.amara, change_class="typo")
        with only():
            review.refuse_class(opened, by=people.edda, version=1)
        assert told("sent_back") == ["amara"]
        assert "> This is more than a change of spelling or layout." in OutboxMail.objects.get().text

    def test_a_reviewer_who_wrote_gets_an_address_they_may_open(self, people):
        opened = cast.open_review(people)
        leave(people.amara, Role.MEDICAL_REVIEWER)
        with only():
            review.ask_for_changes(opened, by=people.ruth, text="Name the study.", version=1)
        assert f"/desk/review/{opened.pk}/" in OutboxMail.objects.get(to="amara@example.org").text


class TestSigned:
    def test_the_owner_and_the_editors(self, people):
        cast.person("other", Role.WRITER)
        opened = cast.open_review(people)
        with only():
            cast.sign(opened, people.ruth)
        assert told("signed") == ["amara", "edda"]
        mails = {mail.to: mail for mail in OutboxMail.objects.all()}
        assert "Ruth Adeyemi, MD signed revision 1" in mails["edda@example.org"].text
        assert "An editor can publish it now." in mails["edda@example.org"].text
        assert f"/desk/review/{opened.pk}/" in mails["edda@example.org"].text
        assert f"/desk/writing/{opened.page_id}/" in mails["amara@example.org"].text

    def test_one_of_two_says_that_one_is_missing(self, people):
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        page.refresh_from_db()
        opened = submit(page, people.amara)
        with only():
            cast.sign(opened, people.ruth)
        first = OutboxMail.objects.first()
        assert first.subject.startswith("A signature was given: ")
        assert "1 more signature is needed." in first.text
        assert "publish" not in first.text

    def test_an_owner_without_a_role_is_told_nothing(self, people):
        opened = cast.open_review(people)
        leave(people.amara)
        with only():
            cast.sign(opened, people.ruth)
        assert told("signed") == ["edda"]

    def test_an_editor_who_signs_and_owns_is_not_told_of_it(self, people):
        cast.person("emil", Role.EDITOR)
        page = cast.live_page(people)
        Page.objects.filter(pk=page.pk).update(owner=people.edda)
        edit(page, people.amara, new="at first,")
        opened = submit(Page.objects.get(pk=page.pk), people.amara, change_class="typo")
        with only():
            cast.sign(opened, people.edda)
        assert told("signed") == ["emil"]


class TestRevoked:
    def test_editors_reviewers_and_owner_when_the_page_goes_down(self, people):
        cast.person("other", Role.WRITER)
        cast.person("unchecked", Role.MEDICAL_REVIEWER, credential=False)
        page = cast.live_page(people)
        with only():
            signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="error_found")
        assert told("revoked") == ["amara", "edda", "raj", "unchecked"]
        first = OutboxMail.objects.first()
        assert first.subject.startswith("Taken down: ")
        assert "Reason: I found an error" in first.text

    def test_they_are_told_that_no_page_went_down(self, people):
        signed = cast.signed_review(people)
        with only():
            signing.revoke(signed.sign_offs.get(), by=people.ruth, reason="a-code-of-later")
        assert told("revoked") == ["amara", "edda", "raj"]
        first = OutboxMail.objects.first()
        assert first.subject.startswith("A signature was taken back: ")
        assert "Reason: a-code-of-later" in first.text

    def test_the_reasons_are_those_of_the_form(self):
        assert list(notices.REVOKED_BECAUSE.items()) == RevokeForm.REASONS


class TestNotPublished:
    def test_editors_and_whoever_planned_it_when_the_page_is_withdrawn(self, people):
        cast.person("emil", Role.EDITOR)
        page = cast.live_page(people)
        edit(page, people.amara)
        again = submit(page, people.amara)
        cast.sign(again, people.raj)
        again.refresh_from_db()
        scheduling.schedule(again, at=timezone.now() + DAY, by=people.edda)
        with only():
            publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong.")
        assert told("not_published") == ["edda", "emil"]
        assert "Reason: The page was withdrawn before its time came." in OutboxMail.objects.first().text

    def test_the_reason_is_a_sentence(self, people):
        planned = planned_for_tomorrow(people)
        signing.revoke(planned.review.sign_offs.get(), by=people.ruth, reason="other")
        with only():
            due(planned)
            scheduling.publish_due()
        planned.refresh_from_db()
        assert (planned.status, told("not_published")) == ("refused", ["edda"])
        assert f"Reason: {planned.why}\n" in OutboxMail.objects.get().text

    def test_whoever_planned_it_also_when_they_are_no_editor_any_more(self, people):
        planned = planned_for_tomorrow(people)
        leave(people.edda, Role.WRITER)
        cast.person("emil", Role.EDITOR)
        with only():
            notices.not_published(planned, "OperationalError")
        assert told("not_published") == ["edda", "emil"]
        assert "Something went wrong here (OperationalError)" in OutboxMail.objects.first().text

    def test_once_however_often_it_is_said(self, people):
        planned = planned_for_tomorrow(people)
        with only():
            notices.not_published(planned, "withdrawn")
            notices.not_published(planned, "Somebody else.")
        assert told("not_published") == ["edda"]


def fresh(row):
    """The row as the database has it, also after what was done to it was taken back."""
    return type(row).objects.get(pk=row.pk)


def broken(*args, **kwargs):
    raise RuntimeError("the audit entry could not be written")


class TestTransactions:
    """Mail is part of the act: where the act comes to nothing, nobody hears of it."""

    def acts(self, people) -> dict:
        opened = cast.open_review(people, title="Opened")
        page = cast.live_page(people, title="Public")
        given = page.live_publication.review.sign_offs.get()
        draft = cast.draft(people.amara, title="Draft")
        typo = cast.live_page(people, title="Mended")
        edit(typo, people.amara, new="at first,")
        mended = submit(typo, people.amara, change_class="typo")
        return {
            "asked": lambda: submit(draft, people.amara),
            "assigned": lambda: reviewing.assign(fresh(opened), to=people.raj, by=people.edda, version=1),
            "sent_back": lambda: reviewing.ask_for_changes(fresh(opened), by=people.ruth, text="No.", version=1),
            "refused": lambda: reviewing.refuse_class(fresh(mended), by=people.edda, version=1),
            "signed": lambda: cast.sign(fresh(opened), people.ruth),
            "revoked": lambda: signing.revoke(given, by=people.ruth, reason="other"),
        }

    @pytest.mark.parametrize("act", ["asked", "assigned", "sent_back", "refused", "signed", "revoked"])
    def test_an_act_that_breaks_off_leaves_no_mail(self, people, monkeypatch, act):
        acts = self.acts(people)
        OutboxMail.objects.all().delete()
        with monkeypatch.context() as broke:
            for module in (reviewing, signing, writing):
                for name in {"record", "move"} & set(vars(module)):
                    broke.setattr(module, name, broken)
            with pytest.raises(RuntimeError), transaction.atomic():
                acts[act]()
        assert not OutboxMail.objects.exists()
        acts[act]()
        assert OutboxMail.objects.exists(), "it would have been sent"

    def test_a_withdrawal_that_breaks_off_says_nothing_of_what_was_planned(self, people, monkeypatch):
        page = cast.live_page(people)
        edit(page, people.amara)
        again = submit(page, people.amara)
        cast.sign(again, people.raj)
        again.refresh_from_db()
        scheduling.schedule(again, at=timezone.now() + DAY, by=people.edda)
        with only():
            monkeypatch.setattr(taking_down.page_withdrawn, "send", broken)
            with pytest.raises(RuntimeError):
                publishing.withdraw(page, by=people.edda, kind="safety", public_reason="a dose was wrong.")
        assert not OutboxMail.objects.exists()

    def test_an_address_that_takes_no_mail_stops_nothing(self, people):
        User.objects.filter(pk=people.edda.pk).update(email="edda@intranet")
        page = cast.live_page(people)
        with only():
            signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="other")
        assert told("revoked") == ["amara", "raj"]
        assert Revocation.objects.exists()

    def test_the_queries_do_not_grow_with_the_people(self, people):
        given = cast.live_page(people, title="Public").live_publication.review.sign_offs.get()
        revocation = Revocation(sign_off=given, by=people.ruth, reason="other")
        planned = planned_for_tomorrow(people)
        opened = cast.open_review(people, title="Opened")

        def tell_all() -> list[int]:
            counts = []
            for act in (
                lambda: notices.asked(Review.objects.get(pk=opened.pk)),
                lambda: notices.sent_back(Review.objects.get(pk=opened.pk), by=people.ruth, text="No."),
                lambda: notices.signed(given, approved=False),
                lambda: notices.revoked(revocation, page_went_down=False),
                lambda: notices.not_published(planned, "withdrawn"),
            ):
                OutboxMail.objects.all().delete()
                with CaptureQueriesContext(connection) as queries:
                    act()
                counts.append(len(queries))
            return counts

        tell_all()
        few = tell_all()
        for number in range(6):
            cast.person(f"more{number}", Role.MEDICAL_REVIEWER, Role.EDITOR)
        assert tell_all() == few
        assert max(few) <= 15


HOSTILE = 'T-DM1 <b>&amp; {{ site_url }} {% now "Y" %} %(name)s {name} “x”'


class TestWords:
    def play(self, people, title: str) -> list[OutboxMail]:
        """Every mail there is about one page."""
        opened = cast.open_review(people, title=title, slug="a-page")
        reviewing.assign(opened, to=people.ruth, by=people.edda, version=1)
        reviewing.ask_for_changes(opened, by=people.raj, text="Name the study.", version=2)
        reviewing.resolve_note(opened.notes.get(), by=people.raj)
        edit(opened.page, people.amara)
        again = submit(opened.page, people.amara)
        cast.sign(again, people.raj)
        again.refresh_from_db()
        notices.not_published(scheduling.schedule(again, at=timezone.now() + DAY, by=people.edda), "Not now.")
        scheduling.cancel(again.schedules.get(), by=people.edda, version=1)
        publishing.publish(again, by=people.edda)
        signing.revoke(again.sign_offs.get(), by=people.raj, reason="other")
        mails = list(OutboxMail.objects.order_by("pk"))
        names = {"asked", "assigned", "sent_back", "signed", "not_published", "revoked"}
        assert {sent.template for sent in mails} == {f"articles/{name}" for name in names}
        return mails

    def test_a_hostile_title_stays_a_title(self, people):
        for sent in self.play(people, HOSTILE):
            assert HOSTILE in sent.subject
            assert HOSTILE in sent.text

    def test_no_words_of_the_page_but_its_title(self, people):
        for sent in self.play(people, "Sleep"):
            assert not re.search("Tell your team|Short nights|fixed time", sent.text + sent.subject)

    def test_a_long_title_ends_in_the_subject_and_stands_in_the_text(self, people):
        for sent in self.play(people, "Sleep " * 49):
            assert len(sent.subject) <= 200
            assert ("Sleep " * 49).strip() in sent.text

    @pytest.mark.parametrize("ending", ["\r\nBcc: all@example.org", "\n\nx", "\u2028x", "\x0bx", "\x85x"])
    def test_no_line_break_gets_into_a_subject(self, people, ending):
        revision = Revision(content=json.dumps({"title": f"Sleep{ending}"}), number=1)
        facts = notices._facts(Review(revision=revision)) | {"left": 1}
        people.edda.name = f"Edda{ending}"
        for template in ("asked", "assigned", "reminded", "overdue", "sent_back", "signed", "revoked"):
            notices.tell([people.edda], template, facts, key=template)
        for sent in OutboxMail.objects.all():
            assert sent.subject.splitlines() == [sent.subject]
            assert " ".join(("Sleep" + ending).split()) in sent.subject
            assert sent.text.startswith("Hello " + " ".join(("Edda" + ending).split()) + ",\n")

    def test_every_word_can_be_translated(self, people, monkeypatch, settings):
        settings.SITE_NAME = "BEDSIDE"
        User.objects.update(name="RUTH")
        for person in vars(people).values():
            person.name = "RUTH"
        shouted = cast.live_page(people, title="TITLE").live_publication.review
        planned = planned_for_tomorrow(people)
        given = shouted.sign_offs.get()
        planned.review = given.review = shouted
        given.printed_name, given.printed_credentials = "RUTH", ""
        shouted.assignee, shouted.due_on = people.ruth, timezone.localdate()
        kept = Review(pk=shouted.pk, page=shouted.page, revision=shouted.revision, policy=shouted.policy)
        monkeypatch.setattr(notices.vouching, "steps_left", lambda *known: [1, 2])
        shout(monkeypatch)
        OutboxMail.objects.all().delete()
        for again in (False, True):
            shouted.reaffirms = again
            monkeypatch.setattr(notices.Desk, "who_can_sign", lambda *known: [people.ruth])
            notices.asked(Review(pk=again + 1, revision=shouted.revision, due_on=shouted.due_on, reaffirms=again))
        notices.assigned(shouted)
        notices.sent_back(shouted, by=people.raj, text="NO.")
        notices.signed(given, approved=False)
        notices.revoked(Revocation(sign_off=given, by=people.raj, reason="error_found"), page_went_down=True)
        notices.not_published(planned, "withdrawn")
        monkeypatch.setattr(notices.vouching, "steps_left", lambda *known: [])
        notices.asked(kept)
        for template in ("reminded", "overdue"):
            notices.tell([people.ruth], template, notices._facts(shouted), key=template)
        assert OutboxMail.objects.values("template").distinct().count() == 8
        assert untranslated() == []


def shout(monkeypatch) -> None:
    """A language in which every word is in capitals: what is not, was never given to the translators."""

    def loud(words: str) -> str:
        return re.sub(
            r"%\(\w+\)s|\{\w+\}|[^%{]+", lambda part: part[0] if part[0][0] in "%{" else part[0].upper(), words
        )

    monkeypatch.setattr(translation._trans, "gettext", loud)
    monkeypatch.setattr(translation._trans, "pgettext", lambda context, words: loud(words))
    monkeypatch.setattr(translation._trans, "ngettext", lambda one, many, n: loud(one if n == 1 else many))


def untranslated() -> list[str]:
    lines = [
        line
        for mail in OutboxMail.objects.all()
        for line in [mail.subject, *mail.text.splitlines()]
        if "http://" not in line
    ]
    return [line for line in lines if re.search("[a-z]", line)]


def due(planned) -> None:
    """Its time has come."""
    type(planned).objects.filter(pk=planned.pk).update(next_try_at=timezone.now() - timedelta(minutes=1))


def test_calling_a_page_back_writes_to_nobody_at_once(people):
    """A source that was retracted calls back many pages; the digest tells of them together."""
    page = cast.live_page(people)
    with only():
        calling_back.open_trigger(page, source_kind="policy", source_id="1", severity="review")
    assert not OutboxMail.objects.exists()
