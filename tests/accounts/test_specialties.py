"""Specialties: the list, who knows which, kept by administrators on the record."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts import people as verbs
from accounts.models import Specialty
from audit.models import Entry
from tests import cast

URL = "/desk/people/specialties/"


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def oncology(people) -> Specialty:
    return verbs.add_specialty("Oncology", by=people.ada)


class TestVerbs:
    def test_one_is_added_renamed_and_given_on_the_record(self, people, oncology):
        verbs.rename_specialty(oncology, "  Cancer   care ", by=people.ada)
        verbs.set_specialties(people.ruth, [oncology], by=people.ada)
        assert (oncology.name, oncology.slug) == ("Cancer care", "oncology")
        assert list(people.ruth.specialties.all()) == [oncology]
        assert list(Entry.objects.order_by("-seq").values_list("verb", flat=True)[:3]) == [
            "person.specialties",
            "specialty.renamed",
            "specialty.added",
        ]

    @pytest.mark.parametrize("who", ["ruth", "edda", "amara", "max", "rita"])
    def test_nobody_else_does(self, people, oncology, who):
        by = getattr(people, who)
        for act in (
            lambda: verbs.add_specialty("Nursing", by=by),
            lambda: verbs.rename_specialty(oncology, "Nursing", by=by),
            lambda: verbs.set_specialties(people.ruth, [oncology], by=by),
        ):
            with pytest.raises(PermissionDenied):
                act()

    @pytest.mark.parametrize("name", ["Oncology", "ONCOLOGY", " oncology ", "Oncology!", "?!"])
    def test_two_of_one_name_are_refused(self, people, oncology, name):
        with pytest.raises(ValidationError):
            verbs.add_specialty(name, by=people.ada)
        assert Specialty.objects.count() == 1

    def test_other_letters_of_its_own_name_are_fine(self, people, oncology):
        verbs.rename_specialty(oncology, "ONCOLOGY", by=people.ada)
        assert oncology.name == "ONCOLOGY"

    def test_no_specialty_can_be_called_as_the_filter_of_ones_own(self, people):
        assert verbs.add_specialty("_mine", by=people.ada).slug == "mine"


class TestDesk:
    def test_an_administrator_adds_and_renames(self, client, people):
        cast.sign_in(client, people.ada)
        assert "was added" in client.post(URL, {"name": "Oncology"}, follow=True).text
        one = Specialty.objects.get()
        client.post(URL, {"what": one.pk, "name": "Cancer care"})
        one.refresh_from_db()
        assert one.name == "Cancer care"

    @pytest.mark.parametrize(
        ("name", "words"), [("", "errorlist"), ("x" * 81, "errorlist"), ("oncology", "of this name already")]
    )
    def test_what_is_wrong_is_said_and_kept(self, client, people, oncology, name, words):
        cast.sign_in(client, people.ada)
        answer = client.post(URL, {"name": name, "what": ""})
        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{name}"' in answer.text

    def test_they_are_given_on_the_page_of_a_person(self, client, people, oncology):
        cast.sign_in(client, people.ada)
        address = reverse("accounts:person", args=[people.ruth.pk])
        client.post(address, {"act": "specialties", "specialties-specialties": [oncology.pk]})
        assert list(people.ruth.specialties.all()) == [oncology]
        assert "checked" in client.get(address).text
        client.post(address, {"act": "specialties"})
        assert not people.ruth.specialties.exists()
        answer = client.post(address, {"act": "specialties", "specialties-specialties": ["999"]})
        assert answer.status_code == 422

    @pytest.mark.parametrize("who", ["ruth", "edda", "max", "rita"])
    def test_others_do_not_learn_that_it_exists(self, client, people, who):
        cast.sign_in(client, getattr(people, who))
        assert client.get(URL).status_code == 404

    def test_the_list_costs_the_same_whatever_its_length(self, client, people, django_assert_max_num_queries):
        cast.sign_in(client, people.ada)
        for n in range(8):
            verbs.add_specialty(f"Field {n}", by=people.ada)
        with django_assert_max_num_queries(6):
            client.get(URL)
