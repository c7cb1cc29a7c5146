"""Policies: versions that never change, and who agreed to which."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from accounts import policies
from accounts.models import PolicyAcceptance, PolicyVersion
from accounts.roles import Role
from audit.models import Entry
from audit.moves import WrongState
from tests import cast

CLAUSES = [
    {"code": "kind", "title": "Be kind", "text": "As in a room."},
    {"code": "privacy", "title": "Protect privacy", "text": "Leave out names."},
]


def publish(by, kind="rules", **options):
    return policies.publish(
        kind, **{"title": "Community rules", "text": "Read them.", "clauses": CLAUSES, "by": by, **options}
    )


@pytest.fixture
def ada(db):
    return cast.person("ada", Role.ADMINISTRATOR)


@pytest.fixture
def rita(db):
    return cast.person("rita")


class TestPublish:
    def test_versions_count_up_and_the_newest_is_in_force(self, ada):
        assert policies.current("rules") is None
        first, second = publish(ada), publish(ada, changes="Softer words.")
        assert (first.number, second.number) == (1, 2)
        assert policies.current("rules") == second
        assert [(clause.number, clause.code) for clause in second.clauses.all()] == [(1, "kind"), (2, "privacy")]
        assert policies.current("privacy") is None

    def test_it_is_on_the_record_and_the_apps_above_are_told(self, ada):
        told = []
        policies.policy_published.connect(
            lambda sender, version, **kwargs: told.append(version), weak=False, dispatch_uid="t"
        )
        try:
            version = publish(ada)
        finally:
            policies.policy_published.disconnect(dispatch_uid="t")
        assert told == [version]
        entry = Entry.objects.get(verb="policy.published")
        assert (entry.actor, entry.payload) == (ada, '{"kind":"rules","version":1}')

    @pytest.mark.parametrize("roles", [[], [Role.MODERATOR, Role.EDITOR], [Role.MEDICAL_REVIEWER]])
    def test_only_an_administrator_may(self, db, roles):
        with pytest.raises(PermissionDenied):
            publish(cast.person("max", *roles))
        assert not PolicyVersion.objects.exists()

    def test_an_unknown_kind_is_refused(self, ada):
        with pytest.raises(ValueError, match="not a valid"):
            publish(ada, kind="cookies")

    def test_of_two_at_the_same_moment_both_land_or_one_is_told(self, committed_db, race):
        ada = cast.person("ada", Role.ADMINISTRATOR)
        results = race(lambda number: publish(ada))
        made = [result.number for result in results if isinstance(result, PolicyVersion)]
        assert sorted(made) == list(range(1, len(made) + 1))
        assert made
        assert all(isinstance(result, PolicyVersion | WrongState) for result in results), results
        assert Entry.objects.filter(verb="policy.published").count() == len(made)


class TestAccept:
    def test_it_counts_until_the_next_version(self, ada, rita):
        version = publish(ada)
        assert not policies.has_accepted(rita, "rules")
        policies.accept(rita, version)
        assert policies.has_accepted(rita, "rules")
        assert not policies.has_accepted(cast.person("nora"), "rules")
        publish(ada)
        assert not policies.has_accepted(rita, "rules")

    def test_twice_is_once(self, ada, rita):
        version = publish(ada)
        assert policies.accept(rita, version) == policies.accept(rita, version, by=rita)
        assert Entry.objects.filter(verb="policy.accepted").count() == 1

    def test_a_stale_version_is_refused_in_words(self, ada, rita):
        stale = publish(ada)
        publish(ada)
        with pytest.raises(WrongState, match="read the new version"):
            policies.accept(rita, stale)
        assert not PolicyAcceptance.objects.exists()

    def test_nobody_agrees_for_somebody_else(self, ada, rita):
        version = publish(ada)
        with pytest.raises(PermissionDenied):
            policies.accept(rita, version, by=ada)
        assert not PolicyAcceptance.objects.exists()

    def test_a_stranger_accepted_nothing(self, ada):
        publish(ada)
        assert not policies.has_accepted(AnonymousUser(), "rules")
        assert not policies.has_accepted(None, "rules")

    def test_without_a_version_nobody_accepted_it(self, rita):
        assert not policies.has_accepted(rita, "rules")

    def test_many_presses_at_once_make_one(self, committed_db, race):
        version = publish(cast.person("ada", Role.ADMINISTRATOR))
        rita = cast.person("rita")
        made = race(lambda number: policies.accept(rita, version).pk)
        assert len(set(made)) == 1
        assert Entry.objects.filter(verb="policy.accepted").count() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One.\n\nTwo\nlines.", [("", ["One.", "Two lines."])]),
        ("## Who\n\nWe.\n## Where\nHere.", [("Who", ["We."]), ("Where", ["Here."])]),
        ("We keep:\n- names\n- dates\n\nFor a year.", [("", ["We keep:", (["names", "dates"],), "For a year."])]),
        ("- one\r\n- two\r\n\r\n- three", [("", [(["one", "two"],), (["three"],)])]),
        ("##no heading\n-no item", [("", ["##no heading -no item"])]),
        ("## Empty", [("Empty", [])]),
    ],
)
def test_words_become_sections(text, expected):
    assert policies.sections(text) == expected


@pytest.mark.django_db
class TestPages:
    PAGES = ["rules", "privacy", "terms", "health-data", "accessibility", "review-process", "get-help-now"]

    @pytest.mark.parametrize("kind", PAGES)
    def test_each_kind_has_its_page(self, client, ada, kind):
        assert client.get(f"/{kind}/").status_code == 404
        publish(ada, kind=kind, title="These words", text="## Part\n\nFirst.\n\n- item")
        page = client.get(f"/{kind}/")
        assert page.status_code == 200
        assert "<h1>These words</h1>" in page.text
        assert "<h2>Part</h2>" in page.text
        assert "<li>item</li>" in page.text
        assert 'id="rule-1"' in page.text

    def test_older_versions_are_listed_and_stay_readable(self, client, ada):
        publish(ada, text="The first words.")
        publish(ada, text="The second words.", changes="Clearer.")
        page = client.get("/rules/")
        assert "The second words." in page.text
        assert 'href="?version=1"' in page.text
        assert "Clearer." in page.text
        old = client.get("/rules/?version=1")
        assert "The first words." in old.text
        assert "older version" in old.text
        assert client.get("/rules/?version=2").text.count("older version") == 0

    @pytest.mark.parametrize("version", ["3", "0", "-1", "x", "1e0", "٢", "1 OR 1=1", "9" * 40])
    def test_a_version_that_is_not_there_is_404(self, client, ada, version):
        publish(ada)
        assert client.get("/rules/", {"version": version}).status_code == 404

    def test_everybody_gets_the_same_bytes_and_no_cookie(self, client, ada, django_assert_max_num_queries):
        publish(ada)
        with django_assert_max_num_queries(4):
            page = client.get("/rules/")
        assert not page.cookies
        assert "csrfmiddlewaretoken" not in page.text
        assert "Cookie" not in page.get("Set-Cookie", "")

    def test_it_takes_no_post(self, client, ada):
        publish(ada)
        assert client.post("/rules/").status_code in (403, 405)

    def test_what_was_typed_is_shown_as_typed(self, client, ada):
        publish(ada, title="<b>Rules</b>", text="<script>alert(1)</script>", clauses=[])
        assert "<script>alert" not in client.get("/rules/").text
