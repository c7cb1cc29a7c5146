"""What machines read about a live page: true, complete, harmless, and allowed by the policy of the page."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Board, User
from articles.document import render
from articles.models import Page
from articles.workflow import publishing, writing
from tests import cast

HOSTILE = "Sleep</script><script>alert(1)</script> & “quotes” \"straight\" '<!--' \\u003c"
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def people(db):
    return cast.people()


def linked_data(html: str) -> dict:
    [block] = BLOCK.findall(html)
    return json.loads(block)


def told(client, page: Page) -> dict:
    return linked_data(client.get(page.get_absolute_url()).content.decode())


def replace(page: Page, people, **changes) -> None:
    page.refresh_from_db()
    draft = writing.save_draft(page, page.draft.content | changes, version=page.draft.version, by=people.amara)
    opened = writing.submit(page, version=draft.version, by=people.amara)
    publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    page.refresh_from_db()


def test_an_article_is_described_by_its_publication_and_its_signatures(client, people, settings):
    settings.SITE_NAME = "Clear Words"
    User.objects.filter(pk=people.ruth.pk).update(slug="ruth-adeyemi")
    page = cast.live_article(people)
    first = timezone.localdate()
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        replace(page, people, standfirst="Looked at again.")
        found = told(client, page)
        today = timezone.localdate()
    citations = found.pop("citation")
    assert found == {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "@id": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "name": "Sleep in the weeks after treatment",
        "description": "Looked at again.",
        "url": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "inLanguage": "en",
        "datePublished": first.isoformat(),
        "dateModified": today.isoformat(),
        "lastReviewed": today.isoformat(),
        "reviewedBy": [
            {
                "@type": "Person",
                "name": "Ruth Adeyemi",
                "honorificSuffix": "MD",
                "url": f"{settings.SITE_URL}/team/ruth-adeyemi/",
            }
        ],
        "publisher": {"@type": "Organization", "name": "Clear Words", "url": f"{settings.SITE_URL}/"},
    }
    printed = page.live_publication.artefact
    titles = [re.search(r"Surgery and survival \d+", one)[0] for one in citations]
    assert titles == re.findall(r"Surgery and survival \d+", printed)
    assert all(one.startswith("Okoro A, Lind BC.") and "doi" in one for one in citations)
    assert not any("<" in one for one in citations)


def test_a_board_is_an_organisation_and_hides_its_member(client, people, settings):
    board = Board.objects.create(name="Board of Oncology", slug="oncology")
    board.members.add(people.ruth)
    opened = cast.open_review(people)
    cast.sign(opened, people.ruth, board=board)
    opened.refresh_from_db()
    publishing.publish(opened, by=people.edda)
    html = client.get(opened.page.get_absolute_url()).content.decode()
    assert linked_data(html)["reviewedBy"] == [
        {
            "@type": "Organization",
            "name": "Board of Oncology",
            "url": f"{settings.SITE_URL}/team/#board-oncology",
        }
    ]
    assert "Ruth Adeyemi" not in html


def test_a_drug_entry_is_about_the_drug_of_its_signed_facts(client, people):
    content = cast.content("Velora", kind="drug")
    content["facts"] |= {"other_names": ["VLR-1"]}
    page = writing.create_page(Page.Kind.DRUG, content, by=people.amara)
    opened = writing.submit(page, version=page.draft.version, by=people.amara)
    publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    assert told(client, page)["about"] == {
        "@type": "Drug",
        "name": "Velora",
        "nonProprietaryName": "veloraumab",
        "alternateName": ["VLR-1"],
        "drugClass": "antibody",
    }


def test_a_subtype_entry_is_about_the_condition_of_its_signed_facts(client, people):
    page = cast.live_page(people, kind="subtype", title="Low group")
    assert told(client, page)["about"] == {"@type": "MedicalCondition", "name": "Low group"}


def test_an_article_is_not_about_what_it_mentions(client, people):
    assert "about" not in told(client, cast.live_article(people))


def test_words_from_outside_stay_data(client, people):
    page = cast.live_article(people, title=HOSTILE, slug="sleep")
    html = client.get(page.get_absolute_url()).content.decode()
    assert linked_data(html)["name"] == HOSTILE
    assert "<script>alert" not in html
    block = BLOCK.search(html)[1]
    assert not set("<>&\u2028\u2029") & set(block)


@pytest.mark.parametrize(
    "text", ["</script>", "<!--<script>", "]]>", "\u2028\u2029", "&lt;", "\\", '"', "\u202e", "é𝒜"]
)
def test_whatever_a_value_is_it_reads_back(text):
    block = render.data_block({"name": text})
    inside = BLOCK.fullmatch(block)[1]
    assert json.loads(inside) == {"name": text}
    assert not set("<>&\u2028\u2029") & set(inside)


def test_only_what_is_live_is_described(client, people):
    page = cast.live_article(people)
    page.refresh_from_db()
    content = page.draft.content | {"title": "Unsigned words", "standfirst": "Unsigned words"}
    draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    writing.submit(page, version=draft.version, by=people.amara)
    assert "Unsigned" not in json.dumps(told(client, page))
    publishing.withdraw(page, by=people.edda, kind="other", public_reason="Twice.")
    assert "ld+json" not in client.get(page.get_absolute_url()).content.decode()


@pytest.mark.browser
def test_a_browser_keeps_it_as_data_and_its_policy_has_nothing_against_it(committed_db, site, new_page):
    people = cast.people()
    live = cast.live_article(people, title=HOSTILE, slug="sleep")
    page = new_page()
    page.add_init_script(
        "window.refused = []; addEventListener('securitypolicyviolation', (event) => refused.push(event.blockedURI))"
    )
    said = []
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(live.get_absolute_url())
    page.wait_for_load_state("load")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    blocks = page.locator('script[type="application/ld+json"]')
    assert blocks.count() == 1
    assert page.evaluate("text => JSON.parse(text).name", blocks.text_content()) == HOSTILE
    assert page.evaluate("refused") == []
    assert said == []
