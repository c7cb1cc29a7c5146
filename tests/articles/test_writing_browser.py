"""The edit page in a real browser: without script, on a phone, with an axe at it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from articles.models import Draft
from articles.workflow import writing
from tests import cast
from tests.journeys.steps import already_signed_in

pytestmark = pytest.mark.browser


@pytest.fixture
def people(committed_db, site):
    return cast.people()


@pytest.fixture
def draft(people):
    return cast.draft(people.amara)


def test_blocks_are_added_moved_and_removed_without_script(new_page, people, draft):
    page = already_signed_in(new_page(java_script_enabled=False), people.amara)
    page.goto(f"/desk/writing/{draft.pk}/")
    page.get_by_label("Standfirst").fill("Typed before the first button.")
    page.get_by_role("button", name="Add below 2").click()
    # The address of the answer leads to the new field, and browsers focus it.
    expect(page.locator("#id_block-3")).to_be_focused()
    page.keyboard.type("A new paragraph.[2]")
    page.get_by_role("button", name="Up 3").click()
    expect(page.locator("#id_block-2")).to_have_value("A new paragraph.[2]")
    page.get_by_role("button", name="Remove 4").click()
    expect(page.get_by_label("Standfirst")).to_have_value("Typed before the first button.")
    assert Draft.objects.get(page=draft).version == 1
    page.get_by_label("Standfirst").press("Tab")
    page.get_by_label("Title", exact=True).first.press("Enter")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    content = Draft.objects.get(page=draft).content
    assert content["standfirst"] == "Typed before the first button."
    assert [block["type"] for block in content["body"]["content"]] == [
        "heading", "paragraph", "paragraph", "heading", "paragraph"
    ]  # fmt: skip


def test_a_link_of_the_summary_leads_to_its_field(new_page, people, draft):
    page = already_signed_in(new_page(), people.amara)
    page.goto(f"/desk/writing/{draft.pk}/")
    page.locator("#id_block-2").fill("It helps.[9]")
    page.get_by_role("button", name="Send for review").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("This draft was saved. It cannot go to review yet.")
    summary.get_by_role("link", name=re.compile("Block 2")).click()
    expect(page.locator("#id_block-2")).to_be_focused()
    expect(page.locator("#id_block-2")).to_have_value("It helps.[9]")


@pytest.mark.parametrize("state", ["as opened", "with errors", "overtaken", "drug"])
def test_it_is_accessible_and_fits_a_phone(new_page, people, state):
    kind = "drug" if state == "drug" else "article"
    draft = cast.draft(people.amara, title="Exampla", kind=kind)
    page = already_signed_in(new_page(), people.amara)
    page.goto(f"/desk/writing/{draft.pk}/")
    if state == "with errors":
        page.locator("#id_kind-2").select_option("figure")
        page.locator("#id_block-5").fill("[9]")
        page.get_by_role("button", name="Send for review").click()
        expect(page.locator(".errorlist").first).to_be_visible()
    if state == "overtaken":
        newer = draft.draft.content | {"standfirst": "By Edda."}
        newer["body"]["content"][1]["content"][0]["text"] = "By Edda too."
        writing.save_draft(draft, newer, version=1, by=people.edda)
        page.locator("#id_block-2").fill("By Amara.")
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("By Edda too.")).to_be_visible()
    if state == "drug":
        page.get_by_role("button", name="Add an approval").click()
        expect(page.locator("#id_a1-date")).to_be_visible()
    for width, scheme in ((1280, "light"), (390, "dark"), (320, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
