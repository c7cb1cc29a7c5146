"""The page cache: current at every request, the same for all strangers, and nobody's own."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import roles
from accounts.models import User
from articles import freshness
from articles.freshness import cache
from articles.models import Page, PublicNotice, SiteVersion
from articles.workflow import publishing, scheduling
from tests import cast

pytestmark = pytest.mark.django_db

ON_HIT = 1


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
def page(people) -> Page:
    return cast.live_article(people)


@pytest.fixture
def url(page) -> str:
    return page.get_absolute_url()


@contextmanager
def database_gone(error=OperationalError):
    """Every query fails, as when the server is away."""

    def fail(execute, sql, params, many, context):
        raise error("the database is away")

    with connection.execute_wrapper(fail):
        yield


def withdraw(page: Page, people, capture) -> None:
    with capture(execute=True):
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="Two of its sources were withdrawn.")


class TestSameForAll:
    def test_sets_headers_for_shared_caches(self, client, url):
        response = client.get(url)
        assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "Cookie" in response["Vary"]
        assert response["ETag"].startswith('W/"')
        assert not response.cookies

    def test_a_hit_costs_one_query_and_gives_the_same_bytes(self, client, url, django_assert_num_queries):
        first = client.get(url)
        with django_assert_num_queries(ON_HIT):
            second = client.get(url)
        assert second.content == first.content
        assert dict(second.items()) == dict(first.items())

    def test_a_hit_reaches_neither_view_nor_session(self, client, url, monkeypatch):
        client.get(url)
        monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", None)
        assert client.get(url).status_code == 200

    def test_keeps_every_security_header(self, client, url):
        client.get(url)
        hit = client.get(url)
        for name in (
            "Content-Security-Policy",
            "X-Frame-Options",
            "X-Content-Type-Options",
            "Referrer-Policy",
        ):
            assert hit.has_header(name), name

    def test_a_csrf_cookie_or_a_foreign_one_changes_nothing(self, client, url):
        plain = client.get(url).content
        client.cookies["csrf"] = "x" * 32
        client.cookies["messages"] = "tampered"
        cache.clear()
        response = client.get(url)
        assert response.content == plain
        assert not response.cookies
        assert response["Cache-Control"].startswith("public")

    def test_head_has_the_length_but_no_body(self, client, url):
        length = client.get(url)["Content-Length"]
        for response in (client.head(url), (cache.clear(), client.head(url))[1]):
            assert response.status_code == 200
            assert response.content == b""
            assert response["Content-Length"] == length
            assert response["ETag"]

    def test_head_does_not_leave_an_empty_page_behind(self, client, url):
        client.head(url)
        assert b"data-signed" in client.get(url).content

    def test_a_wrong_host_is_refused_on_a_hit_too(self, client, url):
        client.get(url)
        assert client.get(url, headers={"host": "evil.example"}).status_code == 400

    def test_the_host_does_not_show_in_the_bytes(self, client, url):
        plain = client.get(url).content
        cache.clear()
        assert client.get(url, headers={"host": "testserver:8443"}).content == plain

    def test_other_methods_pass_by(self, client, url):
        client.get(url)
        assert client.post(url).status_code == 405
        assert client.options(url).status_code == 405


class TestConditional:
    @pytest.mark.parametrize(
        ("pattern", "status"),
        [
            ("{tag}", 304),
            ("{strong}", 304),
            ('"other", {tag}', 304),
            ('W/"other" , {strong},"third"', 304),
            ("*", 304),
            ('"other"', 200),
            ('W/""', 200),
            ("{bare}", 200),
            ("", 200),
            (",,,", 200),
            ('"unfinished', 200),
        ],
    )
    @pytest.mark.parametrize("cold", [False, True], ids=["kept", "cold"])
    def test_compares_tags_weakly(self, client, url, pattern, status, cold):
        tag = client.get(url)["ETag"]
        strong = tag.removeprefix("W/")
        if cold:
            cache.clear()
        listed = pattern.format(tag=tag, strong=strong, bare=strong.strip('"'))
        response = client.get(url, headers={"if-none-match": listed})
        assert response.status_code == status
        if status == 304:
            assert response.content == b""
            assert response["ETag"] == tag
            assert response["Cache-Control"].startswith("public")
            assert "Cookie" in response["Vary"]
            assert not response.cookies

    def test_an_unchanged_page_is_not_rendered_for_a_304(self, client, url, django_assert_num_queries):
        tag = client.get(url)["ETag"]
        cache.clear()
        with django_assert_num_queries(ON_HIT):
            assert client.get(url, headers={"if-none-match": tag}).status_code == 304

    def test_a_star_does_not_make_a_missing_page_exist(self, client):
        response = client.get("/articles/nothing-here/", headers={"if-none-match": "*"})
        assert response.status_code == 404

    def test_head_knows_304_too(self, client, url):
        tag = client.get(url)["ETag"]
        assert client.head(url, headers={"if-none-match": tag}).status_code == 304

    def test_the_tag_of_one_page_is_not_that_of_another(self, client, people, url):
        other = cast.live_article(people, title="Another page entirely").get_absolute_url()
        assert client.get(url)["ETag"] != client.get(other)["ETag"]


class TestChange:
    def test_each_change_shows_at_the_next_request(self, client, page, url, people):
        before = client.get(url)
        publishing.post_notice(page, by=people.edda, kind="correction", text="A number in the table was wrong.")
        after = client.get(url)
        assert b"A number in the table was wrong." in after.content
        assert after["ETag"] != before["ETag"]
        assert client.get(url, headers={"if-none-match": before["ETag"]}).status_code == 200

    def test_bump_moves_one_page_and_the_site_all(self, client, page, url, people):
        other = cast.live_article(people, title="Another page entirely").get_absolute_url()
        tags = [client.get(one)["ETag"] for one in (url, other, "/")]
        freshness.bump(page)
        moved = [client.get(one)["ETag"] for one in (url, other, "/")]
        assert [new != old for new, old in zip(moved, tags, strict=True)] == [True, False, False]
        freshness.bump_site()
        again = [client.get(one)["ETag"] for one in (url, other, "/")]
        assert all(new != old for new, old in zip(again, moved, strict=True))

    def test_what_becomes_of_a_reviewer_shows_on_the_home_page(self, client, page, people):
        grant = people.ruth.grants.get()
        people.ruth.slug = "ruth-adeyemi"
        people.ruth.save()
        assert b"Ruth Adeyemi, MD" in client.get("/").content
        people.ruth.name = "Ruth Adeyemi-Cole"
        people.ruth.save()
        assert b"Ruth Adeyemi-Cole, MD" in client.get("/").content
        roles.revoke(grant, by=people.ada, reason="left")
        assert b"Adeyemi-Cole" not in client.get("/").content
        roles.grant(people.ruth, "medical_reviewer", by=people.ada)
        assert b"Ruth Adeyemi-Cole, MD" in client.get("/").content

    def test_signing_in_moves_nothing(self, client, people):
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        before = SiteVersion.objects.get().number
        client.force_login(User.objects.get(pk=people.ruth.pk))
        assert SiteVersion.objects.get().number == before

    def test_a_later_save_does_not_write_the_old_version_back(self, page):
        page.refresh_from_db()
        version = page.version
        freshness.bump(page)
        page.review_interval_months = 6
        page.save()
        assert Page.objects.get(pk=page.pk).version == version + 1

    def test_a_rolled_back_bump_moves_nothing(self, page):
        version = Page.objects.get(pk=page.pk).version
        with transaction.atomic():
            freshness.bump(page)
            transaction.set_rollback(True)
        assert Page.objects.get(pk=page.pk).version == version

    def test_the_tag_moves_at_midnight_with_the_overdue_line(self, client, url, page):
        due = page.live_publication.next_review_due
        with time_machine.travel(timezone.now().replace(year=due.year, month=due.month, day=due.day), tick=False):
            before = client.get(url)
        with time_machine.travel(
            timezone.now().replace(year=due.year, month=due.month, day=due.day) + timedelta(days=1),
            tick=False,
        ):
            after = client.get(url)
        assert before["ETag"] != after["ETag"]
        assert b"notice-warn" not in before.content
        assert b"notice-warn" in after.content

    def test_a_release_has_tags_of_its_own(self, client, url, settings):
        before = client.get(url)["ETag"]
        settings.RELEASE = "next"
        assert client.get(url)["ETag"] != before

    def test_what_changed_while_rendering_is_asked_for_again(self, page, url):
        """The version is read before the page is drawn: bytes may be newer than their tag, never older."""

        def draws_slowly(request):
            response = HttpResponse(str(Page.objects.get(pk=page.pk).version))
            freshness.bump(page)
            return response

        cached = freshness.PageCacheMiddleware(draws_slowly)
        request = RequestFactory().get(url)
        first, second = cached(request), cached(request)
        assert int(second.content) == int(first.content) + 1
        assert first["ETag"] != second["ETag"]

    def test_takedown_shows_at_the_next_request(self, client, page, url, people, django_capture_on_commit_callbacks):
        tag = client.get(url)["ETag"]
        withdraw(page, people, django_capture_on_commit_callbacks)
        for headers in ({}, {"if-none-match": tag}, {"if-none-match": "*"}):
            response = client.get(url, headers=headers)
            assert response.status_code == 410
            assert b"data-signed" not in response.content
        assert response["Cache-Control"] == "private, no-store"
        assert not response.has_header("ETag")

    def test_lists_forget_a_withdrawn_page_at_the_next_request(
        self, client, page, people, django_capture_on_commit_callbacks
    ):
        title = page.live_publication.title.encode()
        assert all(title in client.get(one).content for one in ("/", "/articles/"))
        withdraw(page, people, django_capture_on_commit_callbacks)
        assert not any(title in client.get(one).content for one in ("/", "/articles/"))

    def test_a_page_comes_back_with_a_new_tag(self, client, page, url, people, django_capture_on_commit_callbacks):
        tag = client.get(url)["ETag"]
        withdraw(page, people, django_capture_on_commit_callbacks)
        again = cast.signed_review(people, review=_resubmitted(page, people))
        publishing.publish(again, by=people.edda)
        response = client.get(url, headers={"if-none-match": tag})
        assert response.status_code == 200

    def test_what_was_planned_shows_at_the_next_request(self, client, page, url, people):
        before = {one: client.get(one)["ETag"] for one in (url, "/", "/articles/")}
        signed = cast.signed_review(people, review=_resubmitted(page, people))
        planned = scheduling.schedule(signed, at=timezone.now() + timedelta(hours=1), by=people.edda)
        assert client.get(url, headers={"if-none-match": before[url]}).status_code == 304
        with time_machine.travel(planned.at + timedelta(seconds=1)):
            scheduling.publish_due()
            for one, tag in before.items():
                assert client.get(one, headers={"if-none-match": tag}).status_code == 200, one
            assert b"Looked at again." in client.get(url).content

    def test_a_planned_first_publication_is_there_and_listed_at_the_next_request(self, client, people):
        signed = cast.signed_review(people, title="Planned for later")
        address = signed.page.get_absolute_url()
        planned = scheduling.schedule(signed, at=timezone.now() + timedelta(hours=1), by=people.edda)
        assert client.get(address).status_code == 404
        assert b"Planned for later" not in client.get("/articles/").content
        with time_machine.travel(planned.at + timedelta(seconds=1)):
            scheduling.publish_due()
            assert client.get(address).status_code == 200
            assert b"Planned for later" in client.get("/articles/").content

    def test_a_plan_that_a_withdrawal_ended_shows_nothing(
        self, client, page, url, people, django_capture_on_commit_callbacks
    ):
        signed = cast.signed_review(people, review=_resubmitted(page, people))
        planned = scheduling.schedule(signed, at=timezone.now() + timedelta(hours=1), by=people.edda)
        client.get(url)
        withdraw(page, people, django_capture_on_commit_callbacks)
        with time_machine.travel(planned.at + timedelta(seconds=1)):
            scheduling.publish_due()
            assert client.get(url).status_code == 410


def _resubmitted(page: Page, people):
    from articles.workflow import writing

    page.refresh_from_db()
    content = page.draft.content | {"standfirst": "Looked at again."}
    draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    return writing.submit(page, version=draft.version, by=people.amara)


class TestNobodysOwn:
    def test_what_a_member_gets_reaches_nobody_else(self, client, url, people):
        member = Client()
        member.force_login(people.rita)
        hers = member.get(url)
        assert hers["Cache-Control"] == "private, no-store"
        assert b"rita" in hers.content
        strangers = client.get(url)
        assert b"rita" not in strangers.content
        assert b"csrf" not in strangers.content
        assert strangers["Cache-Control"].startswith("public")

    def test_a_member_is_not_given_the_kept_page(self, client, url, people):
        client.get(url)
        member = Client()
        member.force_login(people.rita)
        assert b"rita" in member.get(url).content

    def test_a_member_gets_no_304_from_a_strangers_tag(self, client, url, people):
        tag = client.get(url)["ETag"]
        member = Client()
        member.force_login(people.rita)
        assert member.get(url, headers={"if-none-match": tag}).status_code == 200

    @pytest.mark.parametrize("value", ["forged", "", "x" * 3000, "../../etc", "%00"])
    def test_a_forged_session_neither_reads_nor_fills_the_cache(self, client, url, settings, value):
        forger = Client()
        forger.cookies[settings.SESSION_COOKIE_NAME] = value
        response = forger.get(url)
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
        assert not response.has_header("ETag")
        assert _kept(url) is None
        assert client.get(url)["Cache-Control"].startswith("public")

    def test_other_answers_are_private_unless_they_say_otherwise(self, client):
        assert client.get("/nothing/at/all/")["Cache-Control"] == "private, no-store"
        assert "no-store" in client.get("/account/login/")["Cache-Control"]


def _kept(url: str):
    return cache.get(freshness.key_of(url))


def _through(response, url: str) -> HttpResponse:
    return freshness.PageCacheMiddleware(lambda request: response)(RequestFactory().get(url))


class TestWhatIsKept:
    def test_a_whole_page_is(self, url):
        _through(HttpResponse("as it is"), url)
        assert _kept(url).body == b"as it is"

    @pytest.mark.parametrize("status", [204, 206, 301, 302, 400, 403, 404, 410, 500, 503])
    def test_nothing_but_200(self, url, status):
        response = _through(HttpResponse("no", status=status), url)
        assert _kept(url) is None
        assert response["Cache-Control"] == "private, no-store"

    def test_nothing_that_sets_a_cookie(self, url):
        hers = HttpResponse("hers")
        hers.set_cookie("session", "secret")
        response = _through(hers, url)
        assert _kept(url) is None
        assert response["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize("wish", ["no-store", "private", "max-age=60"])
    def test_nothing_with_a_wish_of_its_own(self, url, wish):
        response = _through(HttpResponse("own", headers={"Cache-Control": wish}), url)
        assert _kept(url) is None
        assert response["Cache-Control"] == wish

    def test_nothing_that_streams(self, url):
        _through(StreamingHttpResponse(iter([b"a", b"b"])), url)
        assert _kept(url) is None

    def test_nothing_too_large(self, url):
        _through(HttpResponse(b"x" * freshness.LARGEST), url)
        assert _kept(url) is not None
        cache.clear()
        response = _through(HttpResponse(b"x" * (freshness.LARGEST + 1)), url)
        assert _kept(url) is None
        assert response["ETag"]

    @pytest.mark.parametrize("query", ["utm_source=x", "before=1", "a=1&a=2", "%01=%ff", "=", "&&", "page=2"])
    def test_nothing_with_a_query(self, client, url, query):
        response = client.get(f"{url}?{query}")
        assert response.status_code == 200
        assert not response.cookies
        assert response["Cache-Control"].startswith("public")
        assert _kept(url) is None

    def test_an_unknown_query_shows_the_page_as_it_is(self, client, url):
        assert client.get(f"{url}?fbclid=1").content == client.get(url).content

    def test_a_query_has_a_tag_of_its_own(self, client):
        assert client.get("/drugs/?q=a")["ETag"] != client.get("/drugs/?q=b")["ETag"]
        tag = client.get("/drugs/?q=a")["ETag"]
        assert client.get("/drugs/?q=a", headers={"if-none-match": tag}).status_code == 304

    def test_nothing_while_somebody_changes_the_code(self, client, url, settings):
        settings.DEBUG = True
        response = client.get(url)
        assert _kept(url) is None
        assert client.get(url, headers={"if-none-match": response["ETag"]}).status_code == 304

    def test_a_broken_cache_leaves_the_page_readable(self, client, url, monkeypatch):
        def broken(*args, **kwargs):
            raise ConnectionError("the cache is away")

        for name in ("get_many", "set", "delete_many"):
            monkeypatch.setattr(f"django.core.cache.backends.locmem.LocMemCache.{name}", broken)
        assert client.get(url).status_code == 200

    def test_the_team_is_drawn_each_time_and_tagged_by_its_bytes(self, client, people):
        User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
        before = client.get("/team/")
        assert client.get("/team/", headers={"if-none-match": before["ETag"]}).status_code == 304
        User.objects.filter(pk=people.ruth.pk).update(name="Ruth Adeyemi-Cole")
        after = client.get("/team/", headers={"if-none-match": before["ETag"]})
        assert after.status_code == 200
        assert b"Adeyemi-Cole" in after.content


class TestDatabaseAway:
    @pytest.mark.parametrize("error", [OperationalError, InterfaceError])
    def test_serves_what_was_current_a_moment_ago(self, client, url, error):
        fresh = client.get(url)
        with database_gone(error):
            stale = client.get(url)
            known = client.get(url, headers={"if-none-match": fresh["ETag"]})
        assert stale.status_code == 200
        assert stale.content == fresh.content
        assert stale["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert known.status_code == 304

    def test_other_errors_of_the_database_are_not_hidden(self, client, url):
        from django.db import ProgrammingError

        client.get(url)
        client.raise_request_exception = False
        with database_gone(ProgrammingError):
            assert client.get(url).status_code == 500

    def test_only_for_so_long(self, client, url, settings):
        settings.STALE_IF_ERROR = 60
        client.raise_request_exception = False
        client.get(url)
        with database_gone():
            with time_machine.travel(timezone.now() + timedelta(seconds=55)):
                assert client.get(url).status_code == 200
            with time_machine.travel(timezone.now() + timedelta(seconds=65)):
                assert client.get(url).status_code >= 500

    def test_each_check_begins_the_time_anew(self, client, url, settings):
        settings.STALE_IF_ERROR = 60
        client.get(url)
        with time_machine.travel(timezone.now() + timedelta(seconds=50)):
            assert client.get(url).status_code == 200
        with time_machine.travel(timezone.now() + timedelta(seconds=100)), database_gone():
            assert client.get(url).status_code == 200

    def test_never_where_it_is_switched_off(self, client, url, settings):
        settings.STALE_IF_ERROR = 0
        client.raise_request_exception = False
        client.get(url)
        with database_gone():
            assert client.get(url).status_code >= 500

    def test_never_a_page_that_was_withdrawn(self, client, page, url, people, django_capture_on_commit_callbacks):
        client.raise_request_exception = False
        client.get(url)
        withdraw(page, people, django_capture_on_commit_callbacks)
        with database_gone():
            assert client.get(url).status_code >= 500

    def test_never_a_page_seen_gone_though_another_process_withdrew_it(self, client, page, url, people):
        client.raise_request_exception = False
        client.get(url)
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="Withdrawn elsewhere.")
        assert client.get(url).status_code == 410
        with database_gone():
            assert client.get(url).status_code >= 500

    def test_never_a_page_last_checked_before_a_withdrawal_that_is_known(self, client, page, url, people):
        """Another process withdrew something; this one has only seen that, not what it was."""
        other = cast.live_article(people, title="Another page entirely").get_absolute_url()
        client.raise_request_exception = False
        client.get(url)
        client.get(other)
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="Withdrawn elsewhere.")
        client.get(other)
        with database_gone():
            assert client.get(url).status_code >= 500
            assert client.get(other).status_code == 200

    def test_not_a_page_that_was_being_drawn_while_it_was_withdrawn(
        self, client, page, url, people, django_capture_on_commit_callbacks
    ):
        client.raise_request_exception = False

        def draws_slowly(request):
            withdraw(page, people, django_capture_on_commit_callbacks)
            return HttpResponse("as it was")

        freshness.PageCacheMiddleware(draws_slowly)(RequestFactory().get(url))
        with database_gone():
            assert client.get(url).status_code >= 500

    def test_not_a_page_known_to_have_changed(self, client, page, url, django_capture_on_commit_callbacks):
        """A comment was taken down: what showed it does not come back."""
        client.raise_request_exception = False
        client.get(url)
        with django_capture_on_commit_callbacks(execute=True):
            freshness.bump(page)
        with database_gone():
            assert client.get(url).status_code >= 500

    def test_nothing_for_members(self, client, url, people):
        client.get(url)
        member = Client(raise_request_exception=False)
        member.force_login(people.rita)
        with database_gone():
            assert member.get(url).status_code >= 500

    def test_is_fresh_again_as_soon_as_the_database_is_back(self, client, page, url, people):
        client.get(url)
        with database_gone():
            client.get(url)
        PublicNotice.objects.create(page=page, kind="update", text="Back again.", by=people.edda)
        freshness.bump(page)
        assert b"Back again." in client.get(url).content


class TestVersions:
    def test_one_small_query_for_any_address(self, url, django_assert_num_queries):
        for path in (url, "/", "/drugs/nothing/", "/articles/nothing/conversation/"):
            address = freshness.address_of(RequestFactory().get(path))
            with django_assert_num_queries(1):
                freshness.state_of(address)

    def test_the_conversation_counts_the_version_of_its_page(self, page, url):
        address = freshness.address_of(RequestFactory().get(f"{url}conversation/"))
        assert (address.kind, address.slug) == ("article", page.slug)
        before = freshness.state_of(address)
        freshness.bump(page)
        assert freshness.state_of(address) != before

    def test_a_site_without_a_version_row_still_has_one_to_compare(self, client, url):
        SiteVersion.objects.all().delete()
        first = client.get(url)
        assert first.status_code == 200
        freshness.bump_site()
        assert client.get(url)["ETag"] != first["ETag"]
