"""The review history of a page and each version as reviewed: what readers see of it, and what they never see."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Board
from articles import reading
from articles.document.schema import new_id
from articles.freshness import cache
from articles.models import Page, PublishedImage
from articles.workflow import publishing, review, signing, writing
from tests import cast

pytestmark = pytest.mark.django_db

MOST_QUERIES = 7


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
def page(people) -> Page:
    return cast.live_article(people)


def revise(page: Page, people, *, change_class: str = "minor", note: str = "", **changes):
    """A newer revision of the page, waiting for its signature."""
    page.refresh_from_db()
    draft = writing.save_draft(page, page.draft.content | changes, version=page.draft.version, by=people.amara)
    return writing.submit(page, version=draft.version, by=people.amara, change_class=change_class, change_note=note)


def publish(opened, people, *, notice: str = ""):
    return publishing.publish(cast.signed_review(people, review=opened), by=people.edda, notice=notice)


def replace(page: Page, people, *, notice: str = "", **changes):
    """Publish a newer version of the page."""
    publication = publish(revise(page, people, **changes), people, notice=notice)
    page.refresh_from_db()
    return publication


def history_of(page: Page) -> str:
    return f"{page.get_absolute_url()}history/"


def version_of(page: Page, number: int) -> str:
    return f"{history_of(page)}{number}/"


def read(client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


def main_of(html: str) -> str:
    return html[html.index("<main") : html.index("</main>")]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", main_of(html)).split()).replace(" .", ".").replace(" ,", ",")


def entries(html: str) -> list[str]:
    listed = html[html.index('<ol class="timeline"') :]
    return re.findall(r"<li>(.*?)</li>", listed[: listed.index("</ol>")], re.DOTALL)


def in_order(text: str, *parts: str) -> None:
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


class Outline(HTMLParser):
    """Tags in order, and what is left open at the end."""

    VOID = {"area", "br", "hr", "img", "input", "link", "meta", "source"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class TestHistory:
    def test_tells_every_publication_newest_first(self, client, page, people):
        days = [timezone.localdate() + timedelta(days=number) for number in (0, 40, 80)]
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            replace(page, people, standfirst="Two.", note="A source was added & <b>checked</b>.")
        with time_machine.travel(timezone.now() + timedelta(days=80)):
            replace(
                page, people, standfirst="Three.", change_class="correction", note="The dose was wrong.", notice="Look."
            )
            html = read(client, history_of(page))
        newest, _notice, middle, first = entries(html)
        for entry, number, day in ((newest, 3, days[2]), (middle, 2, days[1]), (first, 1, days[0])):
            assert f'<h2>Version {number}, published <time datetime="{day.isoformat()}"' in entry
            assert 'Medical review: signed by <strong>Ruth Adeyemi, MD</strong>, <time datetime="' in entry
            assert f'href="{version_of(page, number)}"' in entry
        assert "Correction.</p>" in newest
        assert "Update. Small change.</p>" in middle
        # What writers tell reviewers is nobody else's: no clinician signed it.
        assert "The dose was wrong." not in html
        assert "A source was added" not in html
        assert "First publication.</p>" in first
        assert "What readers see now" in newest
        assert "What readers see now" not in middle + first

    def test_is_one_list_under_one_heading(self, client, page, people):
        replace(page, people, standfirst="Two.")
        outline = Outline(read(client, history_of(page)))
        assert outline.open == []
        assert outline.tags.count("h1") == 1
        assert outline.tags.count("h2") == 3

    def test_says_where_a_return_to_an_earlier_revision_was(self, client, page, people):
        first = page.live_publication.review
        replace(page, people, standfirst="Two.", note="Two notes.")
        publishing.publish(first, by=people.edda)
        newest, middle, _first = entries(read(client, history_of(page)))
        assert "Return to an earlier revision.</p>" in newest
        assert "Update. Small change." in middle

    def test_tells_interests_and_lets_a_board_stand_before_its_member(self, client, people):
        board = Board.objects.create(name="Board of Oncology", slug="oncology")
        board.members.add(people.ruth)
        opened = cast.open_review(people)
        cast.sign(opened, people.ruth, board=board, conflict_of_interest="Paid talks for <i>Velora</i>.")
        opened.refresh_from_db()
        publishing.publish(opened, by=people.edda)
        html = read(client, history_of(opened.page))
        assert "signed in the name of" in html
        assert "/team/#board-oncology" in html
        assert "Declared conflict of interest: Paid talks for &lt;i&gt;Velora&lt;/i&gt;." in html
        assert "Ruth Adeyemi" not in html
        assert "Ruth Adeyemi" not in read(client, version_of(opened.page, 1))

    def test_says_that_nothing_was_declared(self, client, page):
        assert "No conflict of interest declared." in read(client, history_of(page))

    def test_names_only_who_had_signed_when_a_version_went_live(self, client, page, people):
        """The same bytes were signed again later: that is the later version's signature."""
        with time_machine.travel(timezone.now() + timedelta(days=300)):
            opened = revise(page, people)
            assert opened.content_hash == page.live_publication.content_hash
            cast.sign(opened, people.raj)
            opened.refresh_from_db()
            assert "Raj Patel" not in read(client, page.get_absolute_url())
            publishing.publish(opened, by=people.edda)
            newest, first = entries(read(client, history_of(page)))
            assert "Raj Patel" in main_of(read(client, page.get_absolute_url()))
        assert "Raj Patel" in newest
        assert "Raj Patel" not in first

    def test_a_change_of_spelling_rests_on_the_review_before_it(self, client, page, people):
        """It keeps the day of the review, names whoever signed that, and falls with that signature."""
        medical = page.live_publication.review.sign_offs.get()
        signed = timezone.localdate()
        with time_machine.travel(timezone.now() + timedelta(days=50)):
            opened = revise(
                page,
                people,
                change_class="typo",
                note="A comma.",
                standfirst="Short nights are comon. Here is what can help.",
            )
            cast.sign(opened, people.edda)
            opened.refresh_from_db()
            third = cast.person("third", "editor", name="Third Editor")
            publishing.publish(opened, by=third)
            newest, _first = entries(read(client, history_of(page)))
            vouched = main_of(read(client, page.get_absolute_url()))
            assert "Short nights are comon." in read(client, version_of(page, 2))
            assert "Vouches for 1 page" in self.team(client, people)
            signing.revoke(medical, by=people.ruth, reason="error_found")
            assert client.get(version_of(page, 2)).status_code == 410
        assert "Spelling or layout.</p>" in newest
        assert "Medical review: signed by <strong>Ruth Adeyemi, MD</strong>" in newest
        assert "Editorial review: signed by <strong>Edda Lind</strong>" in newest
        assert f'Version 2 as reviewed on <time datetime="{signed.isoformat()}"' in newest
        assert "Ruth Adeyemi" in vouched
        assert "Edda Lind" not in vouched

    def team(self, client, people) -> str:
        people.ruth.slug = "ruth-adeyemi"
        people.ruth.save()
        return read(client, "/team/")

    def test_a_page_read_anew_is_vouched_for_by_who_read_it(self, client, page, people):
        with time_machine.travel(timezone.now() + timedelta(days=50)):
            again = review.review_again(page, by=people.edda)
            cast.sign(again, people.raj)
            again.refresh_from_db()
            publishing.publish(again, by=people.edda)
            newest, first = entries(read(client, history_of(page)))
            assert "Ruth Adeyemi" not in main_of(read(client, page.get_absolute_url()))
        assert "Reviewed again, nothing changed.</p>" in newest
        assert "Raj Patel" in newest
        assert "Ruth Adeyemi" not in newest
        assert "Raj Patel" not in first

    def test_says_that_a_signature_was_taken_back(self, client, page, people):
        old = page.live_publication.review.sign_offs.get()
        replace(page, people, title="A better title")
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            day = timezone.localdate()
            signing.revoke(old, by=people.ruth, reason="evidence_changed")
            newest, first = entries(read(client, history_of(page)))
        assert f'This signature was taken back: <time datetime="{day.isoformat()}"' in first
        assert "The evidence changed." in first
        assert version_of(page, 1) not in first
        assert "Sleep in the weeks" not in first
        assert "taken back" not in newest

    def test_says_that_a_version_was_taken_down(self, client, page, people):
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose was <b>ten</b> times too high.")
        replace(page, people, title="A better title")
        newest, first = entries(read(client, history_of(page)))
        assert f'Taken down <time datetime="{timezone.localdate().isoformat()}"' in first
        assert "For safety: A dose was &lt;b&gt;ten&lt;/b&gt; times too high." in first
        assert version_of(page, 1) not in first
        assert "Sleep in the weeks" not in first
        assert "Taken down" not in newest

    def test_tells_an_earlier_title_while_that_version_is_shown(self, client, page, people):
        replace(page, people, title="A <better> title")
        newest, first = entries(read(client, history_of(page)))
        assert "Its title was “Sleep in the weeks after treatment”." in first
        assert "Its title was" not in newest

    def test_notices_stand_in_their_place_in_time(self, client, page, people):
        with time_machine.travel(timezone.now() + timedelta(days=10)):
            publishing.post_notice(page, by=people.edda, kind="correction", text="The <table> was wrong.")
        with time_machine.travel(timezone.now() + timedelta(days=20)):
            replace(page, people, standfirst="Two.")
        with time_machine.travel(timezone.now() + timedelta(days=30)):
            publishing.post_notice(page, by=people.edda, kind="safety", text="Do not wait.")
            html = read(client, history_of(page))
        in_order(html, "Safety notice, <time", "Version 2, published", "Correction, <time", "Version 1, published")
        assert "The &lt;table&gt; was wrong." in html

    def test_knows_nothing_that_was_not_published(self, client, page, people):
        revise(page, people, title="Unsigned words", note="Unsigned words")
        waiting = revise(page, people, title="Signed, unpublished words", note="Signed, unpublished words")
        cast.signed_review(people, review=waiting)
        draft = page.draft.content | {"title": "Drafted words"}
        page.draft.refresh_from_db()
        writing.save_draft(page, draft, version=page.draft.version, by=people.amara)
        for url in (history_of(page), version_of(page, 1)):
            html = read(client, url)
            for secret in ("Unsigned", "unpublished", "Drafted", "Version 2"):
                assert secret not in html, url
        assert client.get(version_of(page, 2)).status_code == 404

    def test_reads_tables_of_what_is_public_and_no_other(self, client, page, people):
        revise(page, people, title="Unsigned words")
        for url in (history_of(page), version_of(page, 1)):
            with CaptureQueriesContext(connection) as asked:
                read(client, url)
            assert not [query["sql"] for query in asked if "articles_draft" in query["sql"]]

    def test_comes_in_pieces_that_tell_everything_once(self, client, people):
        now = timezone.now()
        page = cast.live_article(people)
        expected = ["Version 1"]
        for number in range(2, 17):
            with time_machine.travel(now + timedelta(days=3 * number)):
                replace(page, people, standfirst=f"Number {number}.")
                publishing.post_notice(page, by=people.edda, kind="update", text=f"Notice {number}.")
            expected += [f"Version {number}", f"Notice {number}"]
        with time_machine.travel(now + timedelta(days=60)):
            told, url, pieces = [], history_of(page), 0
            while url:
                html = read(client, url)
                told += entries(html)
                older = re.search(r'href="(\?before=[^"]+)"', html)
                url = older and history_of(page) + older[1]
                pieces += 1
        found = [re.search(r"Version \d+(?=, published)|Notice \d+", entry)[0] for entry in told]
        assert found == expected[::-1]
        assert pieces == 2
        assert 'href="./"' in html

    @pytest.mark.parametrize(("versions", "notices"), [(12, 11), (3, 25)], ids=["cut at a version", "cut at a notice"])
    def test_what_happened_at_one_moment_is_told_once(self, client, people, versions, notices):
        with time_machine.travel(timezone.now(), tick=False):
            page = cast.live_article(people)
            for number in range(2, versions + 1):
                replace(page, people, standfirst=f"Number {number}.")
            for number in range(notices):
                publishing.post_notice(page, by=people.edda, kind="update", text=f"Notice {number}.")
            first = read(client, history_of(page))
            older = re.search(r'href="(\?before=[^"]+)"', first)[1]
            second = read(client, history_of(page) + older)
        told = entries(first) + entries(second)
        found = {re.search(r"Version \d+(?=, published)|Notice \d+", entry)[0] for entry in told}
        assert len(told) == len(found) == versions + notices

    @pytest.mark.parametrize(
        "mark",
        ["x", "1", "version-0", "version-2", "version-", "version-1 ", "version-٣", "notice-1", "version-" + "9" * 400]
        + ["version-1\n", "%00", "version-" + "9" * 18, "' OR 1=1"],
    )
    def test_a_made_up_place_is_not_there(self, client, page, mark):
        assert client.get(history_of(page), {"before": mark}).status_code == 404

    def test_a_notice_of_another_page_is_no_place_here(self, client, page, people):
        other = cast.live_article(people, title="Another page entirely")
        notice = publishing.post_notice(other, by=people.edda, kind="update", text="Elsewhere.")
        assert client.get(history_of(page), {"before": f"notice-{notice.pk}"}).status_code == 404
        assert client.get(history_of(other), {"before": f"notice-{notice.pk}"}).status_code == 200

    def test_costs_the_same_for_one_publication_and_for_fifty(self, client, page, people):
        def cost(url: str) -> int:
            cache.clear()
            with CaptureQueriesContext(connection) as counted:
                read(client, url)
            return len(counted)

        publishing.post_notice(page, by=people.edda, kind="update", text="A notice.")
        urls = [history_of(page), version_of(page, 1), f"{history_of(page)}?before=version-1"]
        client.get(urls[0])
        before = [cost(url) for url in urls]
        for number in range(2, 51):
            replace(page, people, standfirst=f"Number {number}.")
        assert page.live_publication.number == 50
        assert [cost(url) for url in urls] == before
        assert max(before) <= MOST_QUERIES


class TestAsReviewed:
    def test_shows_the_stored_bytes_under_a_strip(self, client, page, people):
        first = page.live_publication
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            second = replace(page, people, title="A better title")
            html = read(client, version_of(page, 1))
        assert html.count(first.artefact) == 1
        assert html.count(f'data-signed="{first.content_hash}"') == 1
        assert "A better title" not in html[html.index("<article") :]
        said = words(html)
        day = f"{first.reviewed_on.day} {first.reviewed_on:%B %Y}"
        replaced = timezone.localdate(second.published_at)
        in_order(
            said,
            f"This is the page as reviewed on {day}.",
            f"It was replaced on {replaced.day} {replaced:%B %Y}.",
            "Read the current version",
            "Medical review: signed by Ruth Adeyemi, MD",
            "Short nights are common.",
            f"Fingerprint of the signed words: {first.content_hash}",
        )

    def test_is_not_for_search_engines(self, client, page, people, settings):
        replace(page, people, slug="sleeping-well")
        html = read(client, version_of(page, 1))
        assert '<meta name="robots" content="noindex">' in html
        assert f'<link rel="canonical" href="{settings.SITE_URL}/articles/sleeping-well/">' in html
        assert "ld+json" not in html

    def test_says_when_it_was_corrected(self, client, page, people):
        replace(page, people, standfirst="Two.", change_class="correction", notice="A dose was wrong.")
        assert "It was corrected and replaced on" in read(client, version_of(page, 1))

    def test_the_current_version_has_an_address_of_its_own_too(self, client, page):
        html = read(client, version_of(page, 1))
        assert "It is what readers see now." in html
        assert "replaced" not in main_of(html)
        assert "notice-warn" not in html

    def test_is_well_formed_with_one_heading_of_the_first_level(self, client, page, people):
        replace(page, people, standfirst="Two.")
        html = read(client, version_of(page, 1))
        outline = Outline(html)
        assert outline.open == []
        assert outline.tags.count("h1") == 1
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert "newsletter" not in main_of(html)

    def test_is_the_same_for_ever_whatever_is_published_later(self, client, page, people):
        replace(page, people, standfirst="Two.")
        before = read(client, version_of(page, 1))
        replace(page, people, standfirst="Three.", title="A better title")
        after = read(client, version_of(page, 1))
        one, other = (html[html.index("<article") : html.index("</article>")] for html in (before, after))
        assert one == other

    @pytest.mark.parametrize("number", ["0", "01", "3", "-1", "x", "1.0", "٣", "9" * 9, "9" * 10, "9" * 400])
    def test_other_numbers_are_not_there(self, client, page, people, number):
        replace(page, people, standfirst="Two.")
        assert client.get(f"{history_of(page)}{number}/").status_code == 404

    def test_is_gone_when_its_signature_was_taken_back(self, client, page, people):
        old = page.live_publication
        replace(page, people, title="A better title")
        read(client, version_of(page, 1))
        signing.revoke(old.review.sign_offs.get(), by=people.ruth, reason="error_found")
        response = client.get(version_of(page, 1))
        html = response.content.decode()
        assert response.status_code == 410
        assert "A signature on it was taken back:" in html
        assert "The reviewer found an error." in html
        assert "Sleep in the weeks" not in html
        assert "data-signed" not in html
        assert response["Cache-Control"] == "private, no-store"
        assert page.get_absolute_url() in html
        read(client, page.get_absolute_url())
        read(client, version_of(page, 2))

    def test_is_gone_when_it_was_taken_down(self, client, page, people):
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose was too high.")
        replace(page, people, title="A better title")
        html = read(client, version_of(page, 1), 410)
        assert "For safety" in html
        assert "A dose was too high." in html
        assert "Sleep in the weeks" not in html
        read(client, version_of(page, 2))

    def test_taken_down_for_safety_closes_the_versions_before_it_too(self, client, page, people):
        """What was dangerous in one version may have stood in the ones before it; nobody looked."""
        replace(page, people, title="A second title")
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose was too high.")
        replace(page, people, title="A third title")
        for number in (1, 2):
            assert "A dose was too high." in read(client, version_of(page, number), 410)
        read(client, version_of(page, 3))
        assert [one.number for one in reading.shown().filter(page=page)] == [3]

    def test_taken_down_as_out_of_date_it_closes_itself_alone(self, client, page, people):
        replace(page, people, title="A second title")
        publishing.withdraw(page, by=people.edda, kind="outdated", public_reason="It is old.")
        replace(page, people, title="A third title")
        read(client, version_of(page, 2), 410)
        read(client, version_of(page, 1))
        assert sorted(one.number for one in reading.shown().filter(page=page)) == [1, 3]

    def test_signed_anew_the_same_bytes_are_shown_as_the_new_version_only(self, client, page, people):
        signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="error_found")
        opened = revise(page, people)
        cast.sign(opened, people.raj)
        opened.refresh_from_db()
        publishing.publish(opened, by=people.edda)
        read(client, version_of(page, 1), 410)
        html = main_of(read(client, version_of(page, 2)))
        assert "Raj Patel" in html
        assert "Ruth Adeyemi" not in html


@pytest.mark.parametrize("kind", Page.Kind.values)
class TestNotLive:
    def addresses(self, page: Page) -> tuple[str, str]:
        return history_of(page), version_of(page, 1)

    def test_every_kind_of_page_has_a_history(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Velora")
        for url in self.addresses(page):
            assert "Ruth Adeyemi" in read(client, url)

    def test_its_page_leads_to_it(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Velora")
        html = read(client, page.get_absolute_url())
        assert f'<a href="{history_of(page)}">Review history</a>' in html[html.index("references-dates") :]

    def test_a_withdrawn_page_withholds_it(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Ten foods that heal")
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="Its sources fell.")
        for url in self.addresses(page):
            html = read(client, url, 410)
            assert "Its sources fell." in html
            assert "Ten foods" not in html
            assert "Ruth Adeyemi" not in html

    def test_a_page_that_was_never_published_has_none(self, client, people, kind):
        page = cast.signed_review(people, kind=kind, title="Not yet").page
        for url in self.addresses(page):
            assert "Not yet" not in read(client, url, 404)

    def test_an_old_address_leads_to_the_new_one(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Velora")
        old = self.addresses(page)
        replace(page, people, slug="velora-renamed")
        for before, now in zip(old, self.addresses(page), strict=True):
            response = client.get(before)
            assert response.status_code == 301
            assert response["Location"] == now
            read(client, now)
        publishing.withdraw(page, by=people.edda, kind="outdated", public_reason="Out of date.")
        for before in old:
            assert client.get(before, follow=True).status_code == 410

    def test_it_is_only_read(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Velora")
        for url in self.addresses(page):
            assert client.post(url).status_code == 405
            assert client.head(url).status_code == 200

    def test_an_address_of_another_kind_is_not_there(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Velora")
        others = [f"/{path}/{page.slug}/history/" for one, path in Page.PATHS.items() if one != kind]
        assert {client.get(url).status_code for url in others} == {404}


class TestFreshness:
    def test_its_tag_moves_with_the_page(self, client, page, people):
        urls = (history_of(page), version_of(page, 1))
        tags = {url: client.get(url)["ETag"] for url in urls}
        for url in urls:
            assert client.get(url, headers={"if-none-match": tags[url]}).status_code == 304
            assert client.get(url)["Cache-Control"] == "public, max-age=0, must-revalidate"
        publishing.post_notice(page, by=people.edda, kind="update", text="A notice.")
        replace(page, people, standfirst="Two.")
        for url in urls:
            assert client.get(url, headers={"if-none-match": tags[url]}).status_code == 200
        assert "A notice." in read(client, urls[0])
        assert "It was replaced on" in read(client, urls[1])

    def test_a_revocation_of_an_old_signature_shows_at_the_next_request(self, client, page, people):
        old = page.live_publication.review.sign_offs.get()
        replace(page, people, standfirst="Two.")
        tag = client.get(history_of(page))["ETag"]
        kept = client.get(version_of(page, 1))["ETag"]
        signing.revoke(old, by=people.ruth, reason="error_found")
        assert client.get(version_of(page, 1), headers={"if-none-match": kept}).status_code == 410
        again = client.get(history_of(page), headers={"if-none-match": tag})
        assert "taken back" in again.content.decode()

    def test_an_old_version_never_stands_in_for_the_database(self, client, page):
        def fail(execute, sql, params, many, context):
            raise OperationalError("the database is away")

        client.raise_request_exception = False
        client.get(version_of(page, 1))
        client.get(history_of(page))
        with connection.execute_wrapper(fail):
            assert client.get(history_of(page)).status_code == 200
            assert client.get(version_of(page, 1)).status_code >= 500


class TestPictures:
    @pytest.fixture
    def pictured(self, people) -> Page:
        """A live page with one picture in its first version and another in its second."""
        page = cast.draft(people.amara)
        plain = page.draft.content
        for width in (640, 720):
            self.show(page, plain, writing.upload_image(page, cast.picture(width, 360), by=people.amara), people)
        page.refresh_from_db()
        return page

    def show(self, page: Page, plain: dict, image, people) -> None:
        attrs = {"node_id": new_id(), "image": image.uid, "alt": "A purple field.", "decorative": False}
        figure = {"type": "figure", "attrs": attrs | {"caption": "", "credit": "", "hero": False}}
        body = plain["body"] | {"content": [*plain["body"]["content"], figure]}
        page.refresh_from_db()
        draft = writing.save_draft(page, plain | {"body": body}, version=page.draft.version, by=people.amara)
        publish(writing.submit(page, version=draft.version, by=people.amara), people)

    def addresses(self, page: Page, number: int) -> set[str]:
        return set(re.findall(r"/media/i/[0-9a-f]{64}/\d+\.\w+", page.publications.get(number=number).artefact))

    def statuses(self, client, page: Page, number: int) -> set[int]:
        found = set()
        for url in self.addresses(page, number):
            response = client.get(url)
            b"".join(response)
            found.add(response.status_code)
        return found

    def test_of_a_replaced_version_are_served(self, client, pictured, django_assert_num_queries):
        assert self.addresses(pictured, 1).isdisjoint(self.addresses(pictured, 2))
        assert self.statuses(client, pictured, 1) == {200}
        assert self.statuses(client, pictured, 2) == {200}
        url = min(self.addresses(pictured, 1))
        with django_assert_num_queries(1):
            b"".join(client.get(url))

    def test_of_a_version_whose_signature_was_taken_back_are_not(self, client, pictured, people):
        signature = pictured.publications.get(number=1).review.sign_offs.get()
        signing.revoke(signature, by=people.ruth, reason="error_found")
        assert self.statuses(client, pictured, 1) == {404}
        assert self.statuses(client, pictured, 2) == {200}

    def test_of_a_version_that_was_taken_down_are_not(self, client, pictured, people):
        publishing.withdraw(pictured, by=people.edda, kind="outdated", public_reason="Wrong scale.")
        assert self.statuses(client, pictured, 1) | self.statuses(client, pictured, 2) == {404}
        pictured.refresh_from_db()
        plain = pictured.draft.content
        plain["body"]["content"].pop()
        draft = writing.save_draft(pictured, plain, version=pictured.draft.version, by=people.amara)
        publish(writing.submit(pictured, version=draft.version, by=people.amara), people)
        assert self.statuses(client, pictured, 1) == {200}
        assert self.statuses(client, pictured, 2) == {404}

    def test_are_known_again_after_a_rebuild(self, client, pictured, capsys):
        call_command("rebuild_projections")
        assert "0 pages had drifted" in capsys.readouterr().out
        known = set(PublishedImage.objects.values_list("publication__number", "sha256"))
        assert {number for number, _sha256 in known} == {1, 2}
        PublishedImage.objects.filter(publication__number=1).delete()
        call_command("rebuild_projections")
        assert "1 pages had drifted" in capsys.readouterr().out
        assert set(PublishedImage.objects.values_list("publication__number", "sha256")) == known


def test_says_at_both_ends_that_a_review_is_overdue(client, page):
    with time_machine.travel(timezone.now() + timedelta(days=710)):
        html = read(client, page.get_absolute_url())
    due = f'Its next review was due <time datetime="{page.live_publication.next_review_due.isoformat()}"'
    assert html.count(due) == 2
    in_order(html[html.index("references-dates") :], due, "</article>")
