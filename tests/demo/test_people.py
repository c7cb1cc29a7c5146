"""People and policies of the demo: every role filled, nobody real, every rule usable."""

import re
from datetime import date

import pytest

from accounts.models import Board, Policy, User
from accounts.models.people import skeleton
from accounts.policies import Items, sections
from accounts.roles import Role
from tests.demo import reading

ESSENTIAL = (
    "kindness",
    "own_privacy",
    "others_privacy",
    "treatment_advice",
    "no_selling",
    "crisis",
    "true_identity",
)
LOGINS = (
    "reader",
    "reader2",
    "writer",
    "reviewer",
    "reviewer2",
    "editor",
    "moderator",
    "moderator2",
    "admin",
)


class TestPeople:
    def test_the_promised_logins_are_there(self):
        emails = {person["email"] for person in reading.people().values()}
        assert {f"{name}@example.org" for name in LOGINS} <= emails
        assert len(emails) == len(reading.people()) >= 12

    def test_all_addresses_lead_nowhere(self):
        assert all(person["email"].endswith("@example.org") for person in reading.people().values())

    def test_every_role_is_held_and_no_other(self):
        held = {role for person in reading.people().values() for role in person["roles"]}
        assert held == set(Role.values)

    def test_public_names_fit_and_cannot_be_mixed_up(self):
        handles = list(reading.people())
        limit = User._meta.get_field("handle").max_length
        assert all(len(handle) <= limit for handle in handles)
        assert len({skeleton(handle) for handle in handles}) == len(handles)

    def test_two_reviewers_may_sign_and_one_may_not_any_more(self):
        reviewers = [person for person in reading.people().values() if "medical_reviewer" in person["roles"]]
        ends = [date.fromisoformat(row["valid_until"]) for person in reviewers for row in person["credentials"]]
        assert sorted(end > date(2030, 1, 1) for end in ends) == [False, True, True]
        for person in reviewers:
            for row in person["credentials"]:
                assert row["verified_by"] != person["handle"]
                assert "invented" in row["issuer"]

    def test_people_on_the_team_page_are_said_to_be_invented(self):
        for person in reading.people().values():
            if person["roles"]:
                assert "Invented for the demonstration." in person["bio"]

    def test_every_reviewer_knows_a_specialty_and_every_page_has_one_that_somebody_knows(self):
        known = set()
        for person in reading.people().values():
            assert ("medical_reviewer" in person["roles"]) == bool(person.get("specialties"))
            known |= set(person.get("specialties", []))
        assert {entry["specialty"] for entry in reading.pages()} == known

    def test_one_board_of_reviewers(self):
        (board,) = reading.load("accounts/demo/people.json")["boards"]
        assert len(board["name"]) <= Board._meta.get_field("name").max_length
        assert all("medical_reviewer" in reading.people()[handle]["roles"] for handle in board["members"])

    def test_rules_are_accepted_by_some_in_an_old_version_and_by_somebody_not_at_all(self):
        accepted = {tuple(person["accepted_rules"]) for person in reading.people().values()}
        assert accepted == {(), (1,), (2,), (1, 2)}

    def test_nobody_accepted_a_version_of_before_their_time(self):
        published = {row["version"]: row["published_days_ago"] for row in reading.policies()["rules"]["versions"]}
        for person in reading.people().values():
            if 1 in person["accepted_rules"]:
                assert person["joined_days_ago"] > published[2]


class TestPolicies:
    def test_every_kind_has_words(self):
        assert set(reading.policies()) == set(Policy.Kind.values)

    @pytest.mark.parametrize("kind", Policy.Kind.values)
    def test_versions_are_numbered_and_dated_in_order(self, kind):
        versions = reading.policies()[kind]["versions"]
        assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
        days = [row["published_days_ago"] for row in versions]
        assert days == sorted(days, reverse=True)
        assert all(bool(row["changes"]) == (row["version"] > 1) for row in versions)

    @pytest.mark.parametrize("kind", sorted(set(Policy.Kind.values) - {"rules"}))
    def test_the_page_shows_headings_and_paragraphs_and_no_marks(self, kind):
        text = reading.policies()[kind]["versions"][0]["text"]
        shown = sections(text)
        assert len(shown) >= 4
        assert all(section.paragraphs for section in shown)
        parts = [part for section in shown for part in section.paragraphs]
        lines = [line for part in parts for line in (part.items if isinstance(part, Items) else [part])]
        assert not [line for line in lines if re.match(r"(- |#|\d+\. )", line) or "**" in line]

    @pytest.mark.parametrize("version", [1, 2])
    def test_rules_are_numbered_and_complete(self, version):
        clauses = reading.rules(version)
        assert 8 <= len(clauses) <= 10
        assert list(clauses) == list(range(1, len(clauses) + 1))
        codes = [clause["code"] for clause in clauses.values()]
        assert len(set(codes)) == len(codes)
        assert set(ESSENTIAL) <= set(codes)

    def test_version_two_names_what_is_new(self):
        old, new = ({clause["code"] for clause in reading.rules(number).values()} for number in (1, 2))
        assert new - old == {"no_diagnosis"}
        assert old <= new

    def test_help_lists_well_known_lines_by_country(self):
        contacts = reading.policies()["get-help-now"]["contacts"]
        numbers = {(row["country"], row["number"]) for row in contacts}
        assert {("US", "988"), ("GB", "116123")} <= numbers
        assert contacts[0]["how"] == "Call your local emergency number"
        assert all(row["country_name"] and row["name"] and row["how"] for row in contacts)

    def test_the_newsletter_line_says_what_is_agreed_to(self):
        (consent,) = reading.load("accounts/demo/policies.json")["newsletter_consent"]["versions"]
        assert "Privacy policy" in consent["text"]
        assert "Terms of use" in consent["text"]
