"""The feed of a conversation: what every reader may see, in an order and with names that stay."""

import re
import xml.etree.ElementTree as ET  # our own output; nothing of a stranger's is parsed
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.workflow import publishing
from comments.models import Conversation
from comments.workflow import deciding, posting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def url(world) -> str:
    return f"{world.page.get_absolute_url()}conversation.xml"


def feed(world, **options) -> ET.Element:
    answer = Client().get(url(world), **options)
    assert answer.status_code == 200
    return ET.fromstring(answer.content)  # noqa: S314


def entries(world) -> list[ET.Element]:
    return feed(world).findall("a:entry", ATOM)


def said(entry: ET.Element, name: str) -> str:
    return entry.findtext(f"a:{name}", namespaces=ATOM)


def reply(world, to, text="An answer.", by=None):
    to.refresh_from_db()
    made = posting.post(
        world.page, by=by or world.nora, text=text, token=text[:30], rules_version=world.rules, reply_to=to
    )
    if made.status != "live":
        deciding.approve(made, by=world.max, version=made.version)
    return made


class TestWhatIsInIt:
    def test_the_newest_first_with_author_words_and_lasting_names(self, world):
        first = publish(world, text='It got <b> better & "so" on.\n\nSee https://example.org/a?b=1&c=2')
        second = reply(world, first)
        newer, older = entries(world)
        assert said(newer, "id").endswith(f":comment/{second.public_id}")
        assert older.findtext("a:author/a:name", namespaces=ATOM) == world.rita.handle
        assert said(older, "content") == first.current.html
        assert older.find("a:content", ATOM).get("type") == "html"
        assert older.find("a:link", ATOM).get("href") == f"http://testserver{first.get_absolute_url()}"
        assert said(older, "id") == f"tag:testserver,{first.published_at:%Y-%m-%d}:comment/{first.public_id}"

    def test_thirty_of_any_depth_at_the_same_cost(self, world, clock):
        top = publish(world)
        costs = []
        for number in range(32):
            clock.shift(timedelta(minutes=11))
            made = reply(world, top, text=f"Answer {number}.")
            with CaptureQueriesContext(connection) as asked:
                Client().get(url(world), {"n": number})
            costs.append(len(asked))
        found = entries(world)
        assert len(found) == 30
        assert made.public_id in said(found[0], "id")
        assert len(set(costs)) == 1

    def test_an_edit_moves_its_date_and_keeps_its_name(self, world, clock):
        publish(world)
        Conversation.objects.update(mode="open")
        comment = write(world, text="As first written.")
        before = entries(world)[0]
        clock.shift(timedelta(minutes=5))
        posting.edit(comment, by=world.rita, text="As it is now.", version=comment.version, rules_version=world.rules)
        after = entries(world)[0]
        assert said(after, "id") == said(before, "id")
        assert said(after, "published") == said(before, "published")
        assert said(after, "updated") > said(before, "updated")
        assert "As it is now." in said(after, "content")

    # edge cases 13 and 37
    def test_nothing_of_what_readers_may_not_see(self, world):
        parent = publish(world, text="secret parent")
        under_it = reply(world, parent, text="A live answer.")
        for text, end in (("secret held", None), ("secret rejected", "reject"), ("secret spam", "spam")):
            comment = write(world, text=text)
            if end == "reject":
                turn_down(world, comment)
            elif end == "spam":
                deciding.mark_spam(comment, by=world.max, version=comment.version)
        parent.refresh_from_db()
        turn_down(world, parent)
        client = Client()
        client.force_login(world.rita)
        for body in (Client().get(url(world)).text, client.get(url(world)).text):
            assert "secret" not in body
            assert "rita" not in body
            assert body.count("<entry>") == 1
            assert under_it.public_id in body

    def test_a_former_member_is_not_named(self, world):
        publish(world)
        world.rita.erased_at = "2026-01-01T00:00:00Z"
        world.rita.save(update_fields=["erased_at"])
        assert entries(world)[0].findtext("a:author/a:name", namespaces=ATOM) == "Former member"

    @pytest.mark.parametrize("letter", ["\ufffe", "\uffff"])
    def test_what_no_xml_may_hold_is_left_out(self, world, letter):
        comment = publish(world, text=f"before{letter}after")
        assert letter in comment.current.html
        assert said(entries(world)[0], "content") == "<p>beforeafter</p>"

    def test_an_empty_one_is_as_old_as_its_page(self, world, clock):
        before = Client().get(url(world)).content
        clock.shift(timedelta(hours=1))
        assert Client().get(url(world), {"again": 1}).content == before
        assert b"<entry>" not in before


class TestHowItIsSent:
    def test_it_is_atom_for_everybody_and_asked_again_by_its_version(self, world):
        publish(world)
        answer = Client().get(url(world))
        assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
        assert answer["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert answer["X-Robots-Tag"] == "noindex"
        assert not answer.cookies
        assert Client().get(url(world), headers={"If-None-Match": answer["ETag"]}).status_code == 304
        publish(world, text="New.")
        fresh = Client().get(url(world), headers={"If-None-Match": answer["ETag"]})
        assert fresh.status_code == 200
        assert "New." in fresh.text

    def test_only_reading(self, world):
        assert Client().post(url(world)).status_code == 405
        assert Client().head(url(world)).content == b""

    def test_the_article_and_the_thread_point_to_it(self, world):
        publish(world)
        for address in (world.page.get_absolute_url(), f"{world.page.get_absolute_url()}conversation/"):
            head = re.search(r"(?s)<head>.*</head>", Client().get(address).text)[0]
            assert (
                f'<link rel="alternate" type="application/atom+xml" title="Comments on this page" href="{url(world)}">'
                in head
            )

    def test_a_hidden_conversation_has_none(self, world):
        publish(world)
        Conversation.objects.update(mode="hidden")
        assert Client().get(url(world)).status_code == 404
        assert "atom+xml" not in Client().get(world.page.get_absolute_url(), {"n": 1}).text

    def test_a_withdrawn_page_has_none(self, world):
        publish(world)
        Client().get(url(world))
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        assert Client().get(url(world)).status_code == 404

    def test_an_entry_of_the_drug_directory_has_one_once_somebody_opens_it(self, world):
        drug = actors.live_page(world, kind="drug", title="Madeupol")
        address = f"{drug.get_absolute_url()}conversation.xml"
        assert Client().get(address).status_code == 404
        Conversation.objects.filter(page=drug).update(mode="open")
        assert Client().get(address).status_code == 200

    @pytest.mark.parametrize("path", ["/articles/nowhere/conversation.xml", "/topics/x/conversation.xml"])
    def test_nowhere_is_nowhere(self, world, path):
        assert Client().get(path).status_code == 404
