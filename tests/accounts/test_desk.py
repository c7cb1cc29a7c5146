"""A member's own page, the desk's first page, and mail in demo mode."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import desks, mail
from accounts.desks import Card, Row
from accounts.models import OutboxMail, RoleGrant
from accounts.roles import Role
from tests import cast


@pytest.fixture
def sources(monkeypatch):
    """Cards of this test only."""
    monkeypatch.setattr(desks, "_sources", [])
    return desks.register


def card(title="Moderation", count=3, **more) -> Card:
    facts = {"url": "/desk/moderation/", "action": "Open the queue", "icon": "chat", "role": Role.MODERATOR}
    return Card(title, count, **(facts | more))


@pytest.mark.django_db
class TestDesk:
    @pytest.mark.parametrize("role", Role.values)
    def test_opens_for_every_role(self, client, role):
        client.force_login(cast.person("max", role))
        page = client.get("/desk/")
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]

    def test_strangers_sign_in_first_and_members_find_nothing(self, client):
        assert client.get("/desk/").url == "/account/login/?next=/desk/"
        client.force_login(cast.person("rita"))
        assert client.get("/desk/").status_code == 404

    def test_a_role_that_ended_or_was_taken_back_opens_nothing(self, client):
        max_, mona = cast.person("max"), cast.person("mona", Role.MODERATOR)
        now = timezone.now()
        RoleGrant.objects.create(
            user=max_, role=Role.MODERATOR, granted_by=mona, valid_from=now - timedelta(days=1), valid_until=now
        )
        RoleGrant.objects.filter(user=mona).update(revoked_at=now)
        for user in (max_, mona):
            client.force_login(user)
            assert client.get("/desk/").status_code == 404

    def test_it_collects_what_waits_urgent_first(self, client, sources):
        sources(lambda user: [card("Writing", 0), card("Review", 2)])
        sources(
            lambda user: [card("Moderation", 9, urgent="1 comment may be about suicide.", rows=[Row("A title", "/x/")])]
        )
        sources(lambda user: [])
        client.force_login(cast.person("max", Role.MODERATOR))
        page = client.get("/desk/")
        assert [one.title for one in page.context["cards"]] == ["Moderation", "Review", "Writing"]
        assert "1 comment may be about suicide." in page.text
        assert '<a href="/x/">A title</a>' in page.text

    def test_each_source_is_asked_about_this_person(self, sources):
        asked = []
        sources(lambda user: asked.append(user) or [])
        desks.waiting_for("max")
        assert asked == ["max"]

    def test_registering_twice_is_once(self, sources):
        def source(user):
            return [card()]

        sources(source)
        sources(source)
        assert len(desks.waiting_for(None)) == 1

    def test_less_than_nothing_cannot_wait(self):
        with pytest.raises(ValueError, match="less than"):
            card(count=-1)

    def test_it_takes_no_post(self, client):
        client.force_login(cast.person("max", Role.MODERATOR))
        assert client.post("/desk/").status_code == 405


@pytest.mark.django_db
class TestMe:
    def test_it_shows_the_name_the_address_and_the_ways_on(self, client):
        client.force_login(cast.person("rita"))
        page = client.get("/me/")
        assert page.status_code == 200
        for words in (
            "rita",
            "rita@example.org",
            "/me/comments/",
            "/account/2fa/",
            "/account/sessions/",
            "/account/email/",
        ):
            assert words in page.text
        assert "no-store" in page["Cache-Control"]

    def test_strangers_sign_in_first(self, client):
        assert client.get("/me/").url == "/account/login/?next=/me/"


@pytest.mark.django_db
class TestMail:
    def fill(self, number: int) -> list[int]:
        links = {"confirm_url": "http://testserver/newsletter/confirm/x/", "leave_url": "x"}
        return [mail.send("newsletter_confirm", f"rita{n}@example.org", links).pk for n in range(number)]

    @pytest.mark.parametrize("path", ["/desk/mail/", "/desk/mail/1/"])
    def test_outside_the_demo_there_is_none_for_anybody(self, client, path):
        OutboxMail.objects.create(pk=1, to="rita@example.org", message_id="<1@x>")
        assert client.get(path).status_code == 404
        client.force_login(cast.person("ada", Role.ADMINISTRATOR, is_superuser=True, is_staff=True))
        assert client.get(path).status_code == 404

    def test_in_the_demo_anybody_reads_it_with_links_to_follow(self, client, settings):
        settings.DEMO = True
        (pk,) = self.fill(1)
        page = client.get("/desk/mail/")
        assert f'href="/desk/mail/{pk}/"' in page.text
        assert "no-store" in page["Cache-Control"]
        detail = client.get(f"/desk/mail/{pk}/")
        assert 'href="http://testserver/newsletter/confirm/x/"' in detail.text
        assert "no-store" in detail["Cache-Control"]
        assert client.get("/desk/mail/999999/").status_code == 404
        assert not client.cookies

    def test_pages_go_by_key_in_both_directions(self, client, settings):
        settings.DEMO = True
        keys = self.fill(65)[::-1]

        def shown(path):
            page = client.get(path)
            return [row.pk for row in page.context["mails"]], page.context["newer"], page.context["older"]

        first, newer, older = shown("/desk/mail/")
        assert (first, newer) == (keys[:30], "")
        second, newer, older = shown(older)
        assert second == keys[30:60]
        assert shown(newer)[0] == keys[:30]
        third, _newer, older = shown(older)
        assert (third, older) == (keys[60:], "")

    @pytest.mark.parametrize(
        "query", ["before=x", "before=-1", "after=٢", "before=" + "9" * 30, "before=0", "after=999999"]
    )
    def test_a_strange_place_in_the_list_is_no_error(self, client, settings, query):
        settings.DEMO = True
        self.fill(2)
        assert client.get(f"/desk/mail/?{query}", follow=True).status_code == 200
