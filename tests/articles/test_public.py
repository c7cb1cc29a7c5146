"""What readers open, as they open it: without an account, without a script, at addresses they make up."""

import io
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image as Picture

from accounts import policies
from accounts.models import Board, RoleGrant, User
from articles.document import notation, render
from articles.document.schema import new_id
from articles.freshness import cache
from articles.models import DrugSubtype, Image, Page, ReviewTrigger, Topic, Withdrawal
from articles.workflow import calling_back, publishing, signing, writing
from comments.models import Comment
from comments.workflow import deciding, posting
from tests import cast

pytestmark = pytest.mark.django_db

MOST_QUERIES = 7
LISTS = ("/", "/articles/", "/drugs/", "/subtypes/", "/team/")


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
def page(people) -> Page:
    return cast.live_article(people)


@pytest.fixture
def html(client, page) -> str:
    return client.get(page.get_absolute_url()).content.decode()


class Elements(HTMLParser):
    """Every start tag with its attributes; how deep tags are nested where the document ends."""

    VOID = {"area", "br", "hr", "img", "input", "link", "meta", "source"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, *names: str) -> list[str]:
        return [attrs[name] for _tag, attrs in self.found for name in names if attrs.get(name)]


def in_order(html: str, *words: str) -> None:
    places = [html.index(word) for word in words]
    assert places == sorted(places)


class TestArticle:
    def test_serves_the_signed_bytes_whole_and_in_order(self, html, page):
        parts = page.live_publication.artefact.removesuffix("</article>").split(render.SEAM)
        assert len(parts) == 3
        assert all(len(part) > 50 for part in parts)
        in_order(html, *parts, "</article>")

    def test_names_the_hash_of_the_signed_revision(self, html, page):
        signed = re.findall(r'data-signed="([^"]+)"', html)
        assert signed == [page.live_publication.revision.content_hash]

    def test_is_well_formed_around_the_artefact(self, html):
        assert Elements(html).open == []

    def test_says_who_reviewed_it_and_when_at_both_ends(self, html, page):
        assert html.count("Medically reviewed by") == 2
        assert html.count("Last reviewed <time") == 2
        assert html.count("Next review due <time") == 2
        assert html[html.index("<main") :].count("Ruth Adeyemi") == 3
        assert f'datetime="{page.live_publication.reviewed_on.isoformat()}"' in html
        in_order(
            html,
            "</header>",
            "Medically reviewed by",
            "What helps</h2>",
            'id="references"',
            "references-dates",
        )

    def test_lists_its_sections_references_and_conversation(self, html):
        contents = html[html.index('class="contents"') : html.index('class="prose"')]
        assert re.findall(r'href="#([^"]+)"', contents) == [
            "what-helps",
            "when-to-ask",
            "references",
            "conversation",
        ]
        targets = Elements(html).values("id")
        assert all(anchor in targets for anchor in re.findall(r'href="#([^"]+)"', html))

    def test_no_id_stands_twice(self, html):
        ids = Elements(html).values("id")
        assert len(ids) == len(set(ids))

    def test_newsletter_stands_between_second_section_and_rest(self, client, people):
        content = cast.content()
        content["body"]["content"] += [
            notation.from_text(kind, text, node_id=new_id(), slots={}, pages={})
            for kind, text in (("heading2", "A third section"), ("paragraph", "More."))
        ]
        page = _publish(people, content)
        html = client.get(page.get_absolute_url()).content.decode()
        in_order(html, "When to ask</h2>", 'class="newsletter"', "A third section</h2>", 'id="references"')
        assert html.count('action="/newsletter/"') == 1

    def test_ends_with_the_conversation(self, html):
        after = html[html.index("</article>") :]
        in_order(after, 'id="conversation"', "Join the conversation", "/rules/", "/comment/", "</main>")

    def test_shows_when_a_review_is_overdue(self, client, page, html):
        assert "notice-warn" not in html
        with time_machine.travel(timezone.now() + timedelta(days=710)):
            assert "notice-warn" in client.get(page.get_absolute_url()).content.decode()

    def test_shows_notices_dated_and_labelled_as_text(self, client, page, people):
        publishing.post_notice(
            page, by=people.edda, kind="correction", text="The dose in <b>week 2</b> was wrong & is fixed."
        )
        publishing.post_notice(page, by=people.edda, kind="safety", text="Do not wait: call your team.")
        html = client.get(page.get_absolute_url()).content.decode()
        assert "The dose in &lt;b&gt;week 2&lt;/b&gt; was wrong &amp; is fixed." in html
        in_order(html, "</header>", "Safety notice, <time", "Correction, <time", "What helps</h2>")

    def test_tells_readers_when_a_source_was_retracted(self, client, page, people, html):
        assert "looked at again" not in html
        reference = page.live_publication.citations.first().reference
        calling_back.record_reference_status(reference, status="retracted", by=people.edda)
        assert "looked at again" in client.get(page.get_absolute_url()).content.decode()
        for trigger in ReviewTrigger.objects.filter(page=page):
            calling_back.resolve_trigger(trigger, by=people.edda, resolution="no_change_needed")
        assert "looked at again" not in client.get(page.get_absolute_url()).content.decode()

    def test_a_board_stands_before_the_member_who_signed(self, client, people):
        board = Board.objects.create(name="Board of Oncology", slug="oncology")
        board.members.add(people.ruth)
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        opened = cast.open_review(people)
        cast.sign(opened, people.ruth, board=board)
        opened.refresh_from_db()
        publishing.publish(opened, by=people.edda)
        urls = [opened.page.get_absolute_url(), "/", "/articles/"]
        pages = [client.get(url).content.decode() for url in urls]
        assert "Board of Oncology" in pages[0]
        assert "/team/#board-oncology" in pages[0]
        assert 'id="board-oncology"' in client.get("/team/").content.decode()
        assert "Ruth Adeyemi" not in pages[0] + pages[2]
        assert opened.page.get_absolute_url() not in client.get("/team/ruth-adeyemi/").content.decode()

    def test_an_update_says_when_and_keeps_the_first_day(self, client, page, people):
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            again = _resubmit(page, people, standfirst="Looked at again.")
            publishing.publish(again, by=people.edda)
            html = client.get(page.get_absolute_url()).content.decode()
        first, second = page.publications.order_by("number").values_list("published_at", flat=True)
        assert first.date() != second.date()
        assert f'Published <time datetime="{first.date().isoformat()}"' in html
        assert f'Updated <time datetime="{second.date().isoformat()}"' in html

    def test_a_draft_newer_than_the_publication_does_not_show(self, client, page, people):
        page.refresh_from_db()
        content = page.draft.content | {"title": "Unsigned words", "standfirst": "Unsigned words"}
        writing.save_draft(page, content, version=page.draft.version, by=people.amara)
        writing.submit(page, version=page.draft.version + 1, by=people.amara)
        for url in (page.get_absolute_url(), "/", "/articles/"):
            assert "Unsigned words" not in client.get(url).content.decode()


class TestAnonymous:
    @pytest.fixture
    def urls(self, page, people) -> list[str]:
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        topic = Topic.objects.create(name="Sleep", slug="sleep")
        Page.objects.filter(pk=page.pk).update(topic=topic)
        drug = cast.live_page(people, kind="drug", title="Velora")
        subtype = cast.live_page(people, kind="subtype", title="Low group")
        own = [one.get_absolute_url() for one in (page, drug, subtype)]
        return [*LISTS, *own, "/topics/sleep/", "/drugs/classes/antibody/", "/team/ruth-adeyemi/"]

    def test_gets_neither_cookie_nor_script_nor_strangers_files(self, client, urls):
        for url in urls:
            response = client.get(url)
            html = response.content.decode()
            elements = Elements(html)
            assert response.status_code == 200, url
            assert not response.cookies, url
            assert "csrf" not in html, url
            assert not elements.values("style", "onclick", "onload", "onerror"), url
            assert not [attrs for tag, attrs in elements.found if tag == "style"], url
            scripts = [attrs for tag, attrs in elements.found if tag == "script"]
            assert all(attrs.get("src") or attrs["type"] == "application/ld+json" for attrs in scripts), url
            fetched = elements.values("src", "srcset", "action", "poster", "data")
            fetched += [attrs["href"] for tag, attrs in elements.found if tag in ("link", "use")]
            own = [one for one in fetched if not one.startswith("http://testserver/")]
            assert all(one.startswith("/") and not one.startswith("//") for one in own), url

    def test_gets_the_same_bytes_as_anybody(self, urls):
        for url in urls:
            first = Client(headers={"user-agent": "one", "accept-language": "de", "x-forwarded-for": "10.0.0.1"})
            second = Client(headers={"user-agent": "two", "accept-language": "es", "referer": "https://a.example/"})
            one = first.get(url).content
            cache.clear()
            assert second.get(url).content == one, url

    def test_links_lead_somewhere(self, client, urls):
        """Every address of ours on these pages answers."""
        found = {link for url in urls for link in re.findall(r'href="(/[^"#?]*)', client.get(url).content.decode())}
        # Search belongs to a later slice; static files and the rules need files and a first version.
        elsewhere = ("/static/", "/search/", "/comment/", "/account/")
        pages = {link for link in found if not link.startswith(elsewhere) and "/comment/" not in link}
        assert len(pages) > 10
        policies = {
            "/rules/",
            "/privacy/",
            "/terms/",
            "/health-data/",
            "/accessibility/",
            "/review-process/",
            "/get-help-now/",
        }
        assert {link: client.get(link).status_code for link in pages - policies} == dict.fromkeys(pages - policies, 200)

    def test_a_member_sees_herself_and_nothing_is_kept(self, urls, people):
        member = Client()
        member.force_login(people.rita)
        for url in urls:
            response = member.get(url)
            assert "rita" in response.content.decode(), url
            assert response["Cache-Control"] == "private, no-store", url


class TestQueries:
    def test_an_article_costs_the_same_with_one_comment_and_with_two_hundred(
        self, client, page, people, monkeypatch, django_assert_max_num_queries, django_assert_num_queries
    ):
        monkeypatch.setattr(posting, "_may_post_now", lambda by, conversation: None)
        policies.accept(people.rita, cast.rules(people))
        url = page.get_absolute_url()
        client.get(url)
        publishing.post_notice(page, by=people.edda, kind="update", text="A notice costs a query too.")
        costs = []
        for total in (1, 200):
            for number in range(Comment.objects.count(), total):
                _say(people, page, f"It got better with time, {number}.")
            cache.clear()
            with django_assert_max_num_queries(MOST_QUERIES) as counted:
                html = client.get(url).content.decode()
            costs.append(len(counted))
            assert html.count('class="comment-body"') == min(total, 20)
            with django_assert_num_queries(1):
                assert client.get(url).content.decode() == html
        assert costs[0] == costs[1]

    def test_an_article_without_a_word_costs_no_more(self, client, page, django_assert_max_num_queries):
        client.get(page.get_absolute_url())
        cache.clear()
        with django_assert_max_num_queries(MOST_QUERIES):
            client.get(page.get_absolute_url())

    def test_a_comment_taken_down_is_gone_at_the_next_request(self, client, page, people):
        policies.accept(people.rita, cast.rules(people))
        comment = _say(people, page, "Something unkind.")
        tag = client.get(page.get_absolute_url())["ETag"]
        deciding.hide(comment, by=people.max, version=comment.version)
        response = client.get(page.get_absolute_url(), headers={"if-none-match": tag})
        assert response.status_code == 200
        assert "Something unkind." not in response.content.decode()

    def test_lists_cost_the_same_with_more_in_them(self, client, people):
        def cost(url: str) -> int:
            cache.clear()
            with CaptureQueriesContext(connection) as counted:
                assert client.get(url).status_code == 200
            return len(counted)

        def publish(number: int) -> None:
            for kind in Page.Kind:
                page = cast.live_page(people, kind=kind, title=f"Velora {kind} {number}")
                Page.objects.filter(pk=page.pk).update(topic=topic)

        topic = Topic.objects.create(name="Sleep", slug="sleep")
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        urls = [
            *LISTS,
            "/topics/sleep/",
            "/team/ruth-adeyemi/",
            "/drugs/velora-drug-0/",
            "/drugs/classes/antibody/",
        ]
        publish(0)
        before = {url: cost(url) for url in urls}
        for number in range(1, 5):
            publish(number)
        assert {url: cost(url) for url in urls} == before
        assert max(before.values()) <= 10


class TestNotLive:
    @pytest.mark.parametrize("kind", Page.Kind.values)
    def test_a_draft_is_not_there(self, client, people, kind):
        page = cast.draft(people.amara, kind=kind, title="Not yet")
        response = client.get(page.get_absolute_url())
        assert response.status_code == 404
        assert b"Not yet" not in response.content

    def test_a_signed_page_is_not_there_before_it_is_published(self, client, people):
        assert client.get(cast.signed_review(people).page.get_absolute_url()).status_code == 404

    @pytest.mark.parametrize("kind", Page.Kind.values)
    def test_a_withdrawn_page_says_when_and_why_and_nothing_else(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Ten foods that heal")
        client.get(page.get_absolute_url())
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="Two of its <i>sources</i> fell.")
        response = client.get(page.get_absolute_url())
        html = response.content.decode()
        assert response.status_code == 410
        assert "Two of its &lt;i&gt;sources&lt;/i&gt; fell." in html
        assert f'datetime="{timezone.localdate().isoformat()}"' in html
        assert "Ten foods" not in html
        assert not response.cookies
        assert response["Cache-Control"] == "private, no-store"

    def test_a_revoked_signature_takes_the_page_down(self, client, page, people):
        client.get(page.get_absolute_url())
        signature = page.live_publication.review.sign_offs.get()
        signing.revoke(signature, by=people.ruth, reason="error")
        response = client.get(page.get_absolute_url())
        assert response.status_code == 410
        assert "Its medical review was withdrawn." in response.content.decode()

    def test_an_old_address_leads_to_the_new_one(self, client, page, people):
        old = page.get_absolute_url()
        client.get(old)
        publishing.publish(_resubmit(page, people, slug="sleeping-well"), by=people.edda)
        response = client.get(old)
        assert response.status_code == 301
        assert response["Location"] == "/articles/sleeping-well/"
        assert response["Cache-Control"] == "private, no-store"
        assert client.get(response["Location"]).status_code == 200
        assert old not in client.get("/articles/").content.decode()
        # Withdrawn, both say so: the old one by way of the new one.
        publishing.withdraw(page, by=people.edda, kind="outdated", public_reason="Out of date.")
        assert client.get(old, follow=True).status_code == 410

    def test_an_address_of_one_kind_is_not_that_of_another(self, client, page):
        for path in ("drugs", "subtypes"):
            assert client.get(f"/{path}/{page.slug}/").status_code == 404

    def test_another_language_is_not_served_here(self, client, page):
        Page.objects.filter(pk=page.pk).update(language="es")
        assert client.get(page.get_absolute_url()).status_code == 404
        assert page.live_publication.title not in client.get("/articles/").content.decode()

    @pytest.mark.parametrize("place", ["articles", "drugs", "drugs/classes", "subtypes", "topics", "team"])
    def test_made_up_addresses_are_not_there(self, client, place):
        slugs = [
            "nothing", "x" * 5000, "HER2", "a_b", "-", "..", "../../etc/passwd", "%2e%2e%2f", "a%00b",
            "'; DROP TABLE articles_page; --", "<script>alert(1)</script>", "%0d%0aSet-Cookie:%20a=b",
            "\u202egnp.exe", "1e309", "null", "a b", "a/b", "é", "𝒜", "%ff%fe",
        ]  # fmt: skip
        for slug in slugs:
            response = client.get(f"/{place}/{slug}/")
            assert response.status_code in (400, 404), slug
            assert not response.cookies
            assert b"<script>alert" not in response.content


class TestLists:
    def test_index_is_newest_first_and_pages_by_publication(self, client, people):
        titles = []
        for number in range(23):
            with time_machine.travel(timezone.now() + timedelta(days=number), tick=False):
                titles.append(cast.live_article(people, title=f"Number {number:02}").live_publication.title)
        with time_machine.travel(timezone.now() + timedelta(days=30)):
            first = client.get("/articles/").content.decode()
            older = re.search(r'href="(\?before=\d+)"', first)[1]
            second = client.get(f"/articles/{older}").content.decode()
        listed = re.findall(r"Number \d\d", first) + re.findall(r"Number \d\d", second)
        assert list(dict.fromkeys(listed)) == titles[::-1]
        assert "before=" not in second
        assert 'href="./"' in second

    def test_pages_published_at_the_same_moment_are_all_listed_once(self, client, people):
        with time_machine.travel(timezone.now(), tick=False):
            for number in range(22):
                cast.live_article(people, title=f"Number {number:02}")
            first = client.get("/articles/").content.decode()
            second = client.get("/articles/" + re.search(r'href="(\?before=\d+)"', first)[1]).content.decode()
        listed = re.findall(r">Number (\d\d)<", first + second)
        assert sorted(listed) == [f"{number:02}" for number in range(22)]

    def test_a_withdrawn_page_still_marks_the_place_in_a_list(self, client, page, people):
        other = cast.live_article(people, title="Another page entirely")
        mark = other.live_publication_id
        publishing.withdraw(other, by=people.edda, kind="other", public_reason="Twice.")
        assert page.live_publication.title in client.get(f"/articles/?before={mark}").content.decode()

    @pytest.mark.parametrize(
        "before",
        [
            "x",
            "-1",
            "0",
            "1.5",
            "9" * 18,
            "9" * 19,
            "9" * 400,
            "٣",
            "²",
            "1%00",
            "%00",
            "' OR 1=1",
            "1,2",
            " 1",
        ],
    )
    def test_a_made_up_place_in_a_list_is_not_there(self, client, page, before):
        for url in ("/articles/", "/drugs/nothing/"):
            assert client.get(url, {"before": before}).status_code == 404

    def test_topics_list_what_is_live_under_them(self, client, page, people):
        sleep, empty = (
            Topic.objects.create(name="Sleep", slug="sleep"),
            Topic.objects.create(name="Empty", slug="empty"),
        )
        hidden = cast.draft(people.amara, title="Not yet")
        Page.objects.filter(pk__in=[page.pk, hidden.pk]).update(topic=sleep)
        html = client.get("/topics/sleep/").content.decode()
        assert page.get_absolute_url() in html
        assert "Not yet" not in html
        assert '/topics/sleep/" aria-current="page">Sleep <span class="number">1<' in html
        assert "/topics/empty/" not in html
        assert client.get(f"/topics/{empty.slug}/").status_code == 200
        assert client.get("/topics/nothing/").status_code == 404

    def test_home_is_built_from_what_is_live(self, client, people):
        assert "Nothing has been published yet" in client.get("/").content.decode()
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        for kind in Page.Kind:
            cast.live_page(people, kind=kind, title=f"Velora {kind}")
        html = client.get("/").content.decode()
        for url in (
            "/articles/velora-article/",
            "/drugs/velora-drug/",
            "/subtypes/velora-subtype/",
            "/team/ruth-adeyemi/",
        ):
            assert f'href="{url}"' in html

    def test_names_are_shown_as_text(self, client, people):
        title = "<script>alert(1)</script> & “quotes”"
        cast.live_article(people, title=title)
        for url in LISTS[:2]:
            html = client.get(url).content.decode()
            assert "<script>alert" not in html
            assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “quotes”" in html


class TestDirectory:
    @pytest.fixture
    def drug(self, people) -> Page:
        return cast.live_page(people, kind="drug", title="Velora")

    def test_drugs_stand_under_their_letter(self, client, people, drug):
        for title in ("aspera", "Zorva", "Ástra", "5-Omnia"):
            cast.live_page(people, kind="drug", title=title)
        html = client.get("/drugs/").content.decode()
        in_order(html, 'id="letter-A"', "aspera®", 'id="letter-V"', "Velora®", 'id="letter-Z"', "Zorva®")
        assert "(veloraumab)" in html
        assert html.index("5-Omnia®") > html.index('id="letter-other"')
        assert 'href="#letter-B"' not in html

    def test_drugs_are_found_by_either_name(self, client, drug, people):
        cast.live_page(people, kind="drug", title="Zorva")
        for words in ("velo", "VELORAUMAB", "  umab  "):
            assert "Velora®" in client.get("/drugs/", {"q": words}).content.decode()
        html = client.get("/drugs/", {"q": "velo"}).content.decode()
        assert "Zorva®" not in html
        for words in ('"><script>alert(1)</script>', "%", "_", "x" * 5000, "٣", "\ud7ff"):
            response = client.get("/drugs/", {"q": words})
            assert response.status_code == 200
            assert "<script>alert" not in response.content.decode()

    def test_classes_list_their_drugs(self, client, drug, people):
        other = cast.content("Zorva", kind="drug")
        other["facts"] |= {"drug_class": "Kinase inhibitor"}
        _publish(people, other, kind="drug")
        html = client.get("/drugs/classes/antibody/").content.decode()
        assert "Velora®" in html
        assert "Zorva®" not in html
        assert "/drugs/classes/kinase-inhibitor/" in html
        publishing.withdraw(drug, by=people.edda, kind="other", public_reason="Twice.")
        assert client.get("/drugs/classes/antibody/").status_code == 404

    def test_a_drug_page_is_the_signed_entry_and_who_mentions_it(self, client, drug, people):
        mentioning = _publish(people, _mentioning(drug, "Living with side effects"))
        cast.live_article(people, title="Says nothing of it")
        html = client.get(drug.get_absolute_url()).content.decode()
        parts = drug.live_publication.artefact.removesuffix("</article>").split(render.SEAM)
        in_order(
            html,
            *[part for part in parts if part],
            "</article>",
            "Articles that mention it",
            "Living with side effects",
        )
        assert mentioning.get_absolute_url() in html
        assert "Says nothing of it" not in html
        assert "newsletter" not in html
        assert Elements(html).open == []
        publishing.withdraw(mentioning, by=people.edda, kind="other", public_reason="Twice.")
        assert "Living with side effects" not in client.get(drug.get_absolute_url()).content.decode()

    def test_mentions_come_in_pieces_of_twenty(self, client, drug, people):
        for number in range(21):
            _publish(people, _mentioning(drug, f"Number {number:02}"))
        first = client.get(drug.get_absolute_url()).content.decode()
        older = re.search(r'href="(\?before=\d+)#mentions-title"', first)[1]
        second = client.get(drug.get_absolute_url() + older).content.decode()
        numbers = re.findall(r">Number (\d\d)<", first), re.findall(r">Number (\d\d)<", second)
        assert (len(numbers[0]), numbers[1]) == (20, ["00"])

    def test_a_subtype_lists_its_drugs_while_they_are_live(self, client, drug, people):
        subtype = cast.live_page(people, kind="subtype", title="Low group")
        DrugSubtype.objects.create(drug=drug.drug_facts, subtype=subtype)
        html = client.get(subtype.get_absolute_url()).content.decode()
        in_order(html, "data-signed", "</article>", "Drugs in the directory", "Velora®")
        assert "A made-up subtype." in client.get("/subtypes/").content.decode()
        publishing.withdraw(drug, by=people.edda, kind="other", public_reason="Twice.")
        assert "Velora®" not in client.get(subtype.get_absolute_url()).content.decode()


class TestTeam:
    @pytest.fixture(autouse=True)
    def _addresses(self, people):
        for person, slug in (
            (people.ruth, "ruth-adeyemi"),
            (people.amara, "amara-diop"),
            (people.rita, None),
        ):
            User.objects.filter(pk=person.pk).update(slug=slug)

    def test_lists_reviewers_and_writers_and_no_members(self, client, page):
        html = client.get("/team/").content.decode()
        in_order(
            html,
            "Medical reviewers",
            "Ruth Adeyemi, MD",
            "Vouches for 1 page",
            "Writers and editors",
            "Amara Diop",
        )
        assert "rita" not in html
        assert "@example.org" not in html

    def test_a_role_taken_back_shows_at_once(self, client, people):
        assert "Ruth Adeyemi" in client.get("/team/").content.decode()
        RoleGrant.objects.filter(user=people.ruth).update(revoked_at=timezone.now())
        assert "Ruth Adeyemi" not in client.get("/team/").content.decode()

    def test_a_person_shows_what_qualifies_them_and_what_they_vouch_for(self, client, page, people):
        people.ruth.credentials.update(valid_until=timezone.localdate())
        html = client.get("/team/ruth-adeyemi/").content.decode()
        assert "General Medical Board" in html
        assert page.get_absolute_url() in html
        with time_machine.travel(timezone.now() + timedelta(days=1)):
            assert "General Medical Board" not in client.get("/team/ruth-adeyemi/").content.decode()

    def test_what_is_withdrawn_is_no_longer_vouched_for(self, client, page, people):
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="Twice.")
        assert page.get_absolute_url() not in client.get("/team/ruth-adeyemi/").content.decode()
        assert "Vouches for" not in client.get("/team/").content.decode()

    def test_whoever_left_has_no_page_and_no_link(self, client, page, people):
        User.objects.filter(pk=people.ruth.pk).update(is_active=False)
        assert client.get("/team/ruth-adeyemi/").status_code == 404
        html = client.get(page.get_absolute_url()).content.decode()
        assert "Ruth Adeyemi" in html
        assert "/team/ruth-adeyemi/" not in html

    def test_a_bio_is_text(self, client, people):
        User.objects.filter(pk=people.ruth.pk).update(bio="One <b>line</b>.\n\nAnother.")
        assert "One &lt;b&gt;line&lt;/b&gt;." in client.get("/team/ruth-adeyemi/").content.decode()


def status_of(client, url: str, method: str = "get") -> int:
    """The answer's status; whoever reads a file to its end closes it."""
    response = getattr(client, method)(url)
    b"".join(response)
    return response.status_code


class TestMedia:
    @pytest.fixture
    def picture(self, people) -> Image:
        page = cast.draft(people.amara)
        return writing.upload_image(page, cast.picture(640, 360), by=people.amara)

    @pytest.fixture
    def url(self, picture) -> str:
        return f"/media/i/{picture.sha256}/480.png"

    def show(self, people, picture: Image) -> Page:
        """Publish the page of the picture, with the picture in it."""
        page = picture.page
        attrs = {"node_id": new_id(), "image": picture.uid, "alt": "A purple field.", "decorative": False}
        figure = {"type": "figure", "attrs": attrs | {"caption": "", "credit": "", "hero": False}}
        content = page.draft.content
        content["body"]["content"].append(figure)
        draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
        opened = writing.submit(page, version=draft.version, by=people.amara)
        publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
        return page

    def test_is_public_while_a_live_page_shows_it(self, client, people, picture, url, django_assert_num_queries):
        self.show(people, picture)
        with django_assert_num_queries(1):
            response = client.get(url)
        assert response.status_code == 200
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'"
        assert not response.cookies
        bytes_of = b"".join(response)
        assert Picture.open(io.BytesIO(bytes_of)).width == 480
        known = client.get(url, headers={"if-none-match": response["ETag"]})
        assert known.status_code == 304
        assert known["Cache-Control"].startswith("public")
        assert status_of(client, url, "head") == 200
        assert status_of(client, url, "post") == 405

    def test_every_address_in_the_artefact_answers(self, client, people, picture):
        page = self.show(people, picture)
        found = set(re.findall(r"/media/i/[0-9a-f]{64}/\d+\.\w+", page.publications.get().artefact))
        assert len(found) >= 2
        assert {status_of(client, url) for url in found} == {200}

    def test_goes_down_with_the_pointer_even_if_nothing_else_was_tidied_up(self, client, people, picture, url):
        publication = self.show(people, picture).publications.get()
        Withdrawal.objects.create(
            page=picture.page, publication=publication, kind="other", public_reason="Twice.", by=people.edda
        )
        assert publication.images.exists()
        assert status_of(client, url) == 404

    def test_goes_down_with_the_last_page_that_shows_it(self, client, people, picture, url):
        page = self.show(people, picture)
        assert status_of(client, url) == 200
        publishing.withdraw(Page.objects.get(pk=page.pk), by=people.edda, kind="other", public_reason="Twice.")
        assert client.get(url).status_code == 404

    @pytest.mark.parametrize(
        ("who", "status"), [(None, 404), ("rita", 404), ("max", 404), ("amara", 200), ("ruth", 200)]
    )
    def test_before_that_only_the_desks_see_it(self, client, people, url, who, status):
        if who:
            client.force_login(getattr(people, who))
        response = client.get(url)
        assert response.status_code == status
        assert response["Cache-Control"] == "private, no-store"
        b"".join(response)

    def test_nothing_else_can_be_asked_for(self, client, people, picture, settings):
        self.show(people, picture)
        sha256 = picture.sha256
        names = [
            "481.png", "0480.png", "0.png", "-1.png", "480.gif", "480.svg", "480.PNG", "480.png/", "480",
            "480.png.part", "..%2foriginal.png", "../original.png", "480.png%00.jpg", "480.png%0a",
            "original.png", "99999.webp",
            "٤٨٠.png", "100000.png", "%2e%2e/%2e%2e/demo.sqlite3",
        ]  # fmt: skip
        for name in names:
            assert client.get(f"/media/i/{sha256}/{name}").status_code == 404, name
        for folder in (sha256.upper(), sha256[:63], sha256 + "0", "..", "0" * 64, f"../i/{sha256}"):
            assert client.get(f"/media/i/{folder}/480.png").status_code == 404, folder
        (settings.MEDIA_ROOT / "secret.png").write_bytes(b"secret")
        for path in (
            "/media/secret.png",
            "/media/i/../secret.png",
            "/media/",
            "/media/i/",
            f"/media/i/{sha256}/",
        ):
            assert client.get(path).status_code == 404, path


def _publish(people, content: dict, kind: str = Page.Kind.ARTICLE) -> Page:
    page = writing.create_page(kind, content, by=people.amara)
    opened = writing.submit(page, version=page.draft.version, by=people.amara)
    publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    return Page.objects.get(pk=page.pk)


def _mentioning(drug: Page, title: str) -> dict:
    content = cast.content(title)
    words = "It is treated with {{drug:" + drug.slug + "}}."
    pages = {("drug", drug.slug): drug.uid}
    content["body"]["content"].append(notation.from_text("paragraph", words, node_id=new_id(), slots={}, pages=pages))
    return content


def _resubmit(page: Page, people, **changes):
    page.refresh_from_db()
    draft = writing.save_draft(page, page.draft.content | changes, version=page.draft.version, by=people.amara)
    return cast.signed_review(people, review=writing.submit(page, version=draft.version, by=people.amara))


def _say(people, page: Page, text: str) -> Comment:
    """A comment that a moderator let through."""
    rules = cast.rules(people)
    comment = posting.post(page, by=people.rita, text=text, token=new_id(), rules_version=rules)
    deciding.approve(comment, by=people.max, version=comment.version)
    comment.refresh_from_db()
    return comment
