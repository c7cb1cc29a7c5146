"""Django's admin shows evidence and changes none of it, whatever a superuser sends there."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.forms.models import model_to_dict

from articles.models import SignOff
from articles.workflow import publishing, signing
from audit.admin import EvidenceAdmin
from audit.models import Entry
from tests import cast

REGISTERED = [model for model, found in admin.site._registry.items() if isinstance(found, EvidenceAdmin)]
OURS = [
    model for app in ("audit", "accounts", "articles", "comments") for model in apps.get_app_config(app).get_models()
]
HIDDEN = [model for model in OURS if model not in admin.site._registry]


@pytest.fixture
def client(client, db):
    """A superuser, in a world with a signature, a publication, a withdrawal and their entries."""
    people = cast.people()
    page = cast.live_page(people)
    publishing.post_notice(page, by=people.edda, kind="update", text="Two sentences were made clearer.")
    signing.revoke(SignOff.objects.get(), by=people.ruth, reason="error_found")
    cast.rules(people)
    cast.sign_in(client, cast.person("root", is_superuser=True, is_staff=True))
    return client


def address(model, *parts) -> str:
    return "/".join(["/admin", model._meta.app_label, model._meta.model_name, *map(str, parts), ""])


def test_all_of_ours_that_is_registered_is_evidence():
    assert [model for model in OURS if model in admin.site._registry and model not in REGISTERED] == []
    assert Entry in REGISTERED


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_registered_row_is_neither_added_changed_nor_deleted(client, model):
    before = list(model._base_manager.order_by("pk").values())
    row = model._base_manager.order_by("pk").last()
    pk = row.pk if row else 1
    told = {key: value for key, value in (model_to_dict(row) if row else {}).items() if isinstance(value, str | int)}
    sent = {**told, "post": "yes", "_save": "Save", "verb": "forged.entry", "name": "forged", "text": "forged"}
    assert client.post(address(model, "add"), sent).status_code == 403
    for act in ("change", "delete"):
        assert client.post(address(model, pk, act), sent).status_code in ([403] if row else [302, 403])
    listed = {"action": "delete_selected", "_selected_action": [pk], "post": "yes", "form-TOTAL_FORMS": 1}
    client.post(address(model), listed)
    assert list(model._base_manager.order_by("pk").values()) == before


@pytest.mark.parametrize("model", HIDDEN, ids=lambda model: model._meta.label)
def test_what_is_not_registered_is_not_there(client, model):
    pk = model._base_manager.order_by("pk").values_list("pk", flat=True).first() or 1
    for parts in ((), ("add",), (pk, "change"), (pk, "delete")):
        assert client.get(address(model, *parts)).status_code == 404
        assert client.post(address(model, *parts), {"post": "yes"}).status_code == 404
