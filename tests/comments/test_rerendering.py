"""After the renderer changed: comments are shown from their words, never from HTML that was stored earlier."""

from io import StringIO

from django.core.management import call_command
from django.urls import reverse

from comments import text, verify
from comments.models import CommentRevision
from comments.workflow import rerendering
from tests.comments.conftest import publish, write

WORDS = "see https://example.org <b>"


def said(world, client) -> str:
    return client.get(reverse("comments:conversation", args=["articles", world.page.slug])).content.decode()


# edge case 46
def test_old_html_is_dropped_and_made_anew_from_the_words(world, client, monkeypatch):
    comment = publish(world, text=WORDS)
    world.page.refresh_from_db()
    before = world.page.version
    assert 'href="https://example.org"' in said(world, client)
    # As if a later version made no links.
    monkeypatch.setattr(text, "_linked", text.escape)
    assert rerendering.drop_stale() == 1
    world.page.refresh_from_db()
    assert world.page.version > before
    assert 'href="https://example.org"' not in said(world, client)
    assert "<p>see https://example.org &lt;b&gt;</p>" in said(world, client)
    comment.current.refresh_from_db()
    assert (comment.current.html, comment.current.text) == ("", WORDS)
    assert list(verify.words()) == []


def test_what_is_as_today_stays_and_the_second_time_nothing_is_left(world):
    comment = write(world, text=WORDS)
    assert rerendering.drop_stale() == 0
    CommentRevision.objects.filter(pk=comment.current_id).update(html="")
    out = StringIO()
    call_command("rerender", stdout=out)
    assert out.getvalue() == "0 comments are rendered anew from their words.\n"
    assert list(verify.words()) == []


def test_erased_words_are_shown_as_nothing():
    assert text.stored("", "") == ""
