"""Whom somebody in danger can call: by country, true within a year, and never nothing."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts import policies
from comments import checks, contacts
from config import env
from tests.comments.conftest import write

ENTRY = """
[[contact]]
country = "{country}"
name = "Listeners"
number = "{number}"
how = "Call"
hours = "Day and night"
languages = "English"
website = ""
emergency = "112"
checked_on = {day}
"""


@pytest.fixture
def file(tmp_path, settings):
    """`file("…")`: the contacts are these."""

    def put(words: str) -> None:
        path = tmp_path / f"{abs(hash(words))}.toml"
        path.write_text(words, "utf-8")
        settings.HELP_CONTACTS = path

    return put


def entry(country: str = "US", number: str = "988", day: date | str = "2026-01-01") -> str:
    return ENTRY.format(country=country, number=number, day=day)


# edge case 55
class TestNeverEmpty:
    def test_the_sites_own_country_comes_first_and_what_is_for_everybody_last(self, settings):
        settings.DEFAULT_COUNTRY = "NZ"
        found = contacts.listed()
        assert (found[0].country, found[0].number, found[-1].country) == ("NZ", "1737", "")
        assert len(found) == len({(one.country, one.name) for one in found})

    @pytest.mark.parametrize("country", ["XX", "", "us", "BR"])
    def test_a_country_without_an_entry_gets_the_one_for_everybody(self, country):
        assert [one.name for one in contacts.of(country)] == ["Find A Helpline"]

    def test_our_file_has_what_it_should(self):
        numbers = {one.country: one.number for one in contacts.listed()}
        assert numbers == {
            "US": "988", "CA": "988", "GB": "116 123", "IE": "116 123", "AU": "13 11 14", "NZ": "1737",
            "DE": "0800 111 0 111", "FR": "3114", "EU": "112", "": "",
        }  # fmt: skip

    @pytest.mark.parametrize("words", ["", "[[contact]\n", "contact = 5", entry(), '[[contact]]\nname = "x"\n'])
    def test_whatever_the_file_holds(self, file, words):
        file(words)
        assert contacts.listed()[-1] == contacts.LAST_RESORT
        assert contacts.of("FR") == [contacts.LAST_RESORT]

    def test_nor_when_there_is_no_file(self, settings, tmp_path):
        settings.HELP_CONTACTS = tmp_path / "gone.toml"
        assert contacts.listed() == [contacts.LAST_RESORT]
        assert [one.id for one in checks.contacts_are_true(None)] == ["comments.E001"]


class TestChecks:
    def test_our_file_can_be_read(self):
        assert not [one for one in checks.contacts_are_true(None) if one.id == "comments.E001"]

    @pytest.mark.parametrize(("days", "said"), [(366, ["comments.W001"]), (364, [])])
    def test_what_nobody_looked_at_for_a_year_is_named(self, file, days, said):
        file(entry(day=timezone.localdate() - timedelta(days=days)))
        assert [one.id for one in checks.contacts_are_true(None)] == said

    @pytest.mark.parametrize(
        "words",
        [
            entry() + 'colour = "red"\n', entry().replace('how = "Call"\n', ""), entry(number=""),
            entry().replace('"112"', "112"), entry(day='"2026-01-01"'),
        ],
    )  # fmt: skip
    def test_an_entry_that_is_only_almost_right_is_refused(self, file, words):
        file(words)
        assert [one.id for one in checks.contacts_are_true(None)] == ["comments.E001"]

    def test_with_nobody_on_call_a_site_with_readers_is_warned(self, settings):
        assert [one.id for one in checks.somebody_is_on_call(None)] == ["comments.W002"]
        settings.CRISIS_ON_CALL = ("night@example.org",)
        assert checks.somebody_is_on_call(None) == []


class TestWhereTheyStand:
    def test_in_the_panel_she_sees_at_once(self, world, client, settings):
        settings.DEFAULT_COUNTRY = "GB"
        write(world, text="I want to die.")
        client.force_login(world.rita)
        page = client.get(world.page.get_absolute_url()).text
        panel = page[page.index("You do not have to face this alone") :]
        assert "call <strong>999</strong>" in panel
        # Her site's country and the directory stand open, the others one press away.
        assert panel.index("116 123") < panel.index("findahelpline.com") < panel.index("In other countries")
        assert panel.index("In other countries") < panel.index("13 11 14")

    def test_in_the_panel_of_a_site_without_a_country_nothing_is_folded_away(self, world, client):
        write(world, text="I want to die.")
        client.force_login(world.rita)
        page = client.get(world.page.get_absolute_url()).text
        assert "call your local emergency number" in page
        assert 'href="tel:0800111' in page
        assert "In other countries" not in page

    def test_on_the_help_page_all_of_them(self, world, client):
        policies.publish("get-help-now", title="Get help now", text="Call.", clauses=[], changes="", by=world.ada)
        page = client.get("/get-help-now/").text
        for one in contacts.listed():
            assert one.name.replace("&", "&amp;") in page
        assert "Checked on" in page
        assert "findahelpline.com" not in client.get("/rules/").text


class TestSettings:
    @pytest.mark.parametrize("value", ["1,2", "3,2,1", "1,1,2", "0,1,2", "a,b,c", "1,2,99999999"])
    def test_minutes_that_are_only_almost_right_are_refused(self, monkeypatch, value):
        monkeypatch.setenv("CRISIS_MINUTES", value)
        with pytest.raises(ImproperlyConfigured, match="CRISIS_MINUTES is"):
            env.rising("CRISIS_MINUTES", default="15,60,240", count=3, most=10080)

    def test_addresses(self, monkeypatch):
        assert env.addresses("CRISIS_ON_CALL") == ()
        monkeypatch.setenv("CRISIS_ON_CALL", "a@example.org, b@example.org")
        assert env.addresses("CRISIS_ON_CALL") == ("a@example.org", "b@example.org")
        monkeypatch.setenv("CRISIS_ON_CALL", "a@example.org; b")
        with pytest.raises(ImproperlyConfigured, match="CRISIS_ON_CALL is"):
            env.addresses("CRISIS_ON_CALL")

    @pytest.mark.parametrize("value", ["us", "USA", "U1", "Ü1"])
    def test_countries(self, monkeypatch, value):
        monkeypatch.setenv("DEFAULT_COUNTRY", value)
        with pytest.raises(ImproperlyConfigured, match="DEFAULT_COUNTRY is"):
            env.country("DEFAULT_COUNTRY")
