"""The recount command, the first mode of a conversation, and closing by date."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles.models import Page
from articles.workflow import publishing
from comments.models import Conversation, QueueItem
from comments.tasks import close_conversations
from comments.workflow import claiming
from tests import cast as actors
from tests.comments.conftest import publish, write


def recount(*options) -> str:
    out = StringIO()
    call_command("recount", *options, stdout=out)
    return out.getvalue()


def test_recount_says_when_all_is_right(world):
    publish(world)
    assert "All counts are right." in recount()


def test_recount_reports_drift_and_repairs_only_when_told(world):
    publish(world)
    Conversation.objects.update(live_count=7)
    with pytest.raises(CommandError, match="1 counts differ"):
        recount()
    assert Conversation.objects.get().live_count == 7
    before = Page.objects.get().version
    assert "says 7 comments, there are 1" in recount("--repair")
    assert Conversation.objects.get().live_count == 1
    assert Page.objects.get().version == before + 1


@pytest.mark.parametrize(("kind", "mode"), [("article", "all_held"), ("drug", "hidden"), ("subtype", "hidden")])
def test_a_page_gets_its_conversation_when_it_is_published(db, kind, mode):
    cast = actors.people()
    page = actors.live_page(cast, kind=kind, title="Exampla")
    assert Conversation.objects.get(page=page).mode == mode


def test_a_later_publication_keeps_mode_and_comments(world):
    publish(world)
    Conversation.objects.update(mode="open")
    publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
    publishing.publish(world.page.reviews.get(), by=world.edda)
    assert (Conversation.objects.get().mode, Conversation.objects.get().live_count) == ("open", 1)


def test_nobody_keeps_a_claim_under_a_withdrawn_page(world):
    claiming.claim(write(world).queue_items.get(), by=world.max)
    publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
    assert QueueItem.objects.get().claimed_by is None


def test_a_conversation_closes_on_its_day_and_the_page_changes_once(world):
    Conversation.objects.update(closes_at=timezone.now() + timedelta(minutes=1))
    before = Page.objects.get().version
    close_conversations()
    assert Page.objects.get().version == before
    Conversation.objects.update(closes_at=timezone.now())
    close_conversations()
    close_conversations()
    assert Conversation.objects.get().mode == "read_only"
    assert Page.objects.get().version == before + 1
