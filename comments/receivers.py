"""What the conversation does when news comes from below. Everything happens inside the sender's transaction."""

from django.dispatch import receiver

from accounts.models import RoleGrant, User
from accounts.signals import collect_user_data, role_revoked, user_erased
from articles import freshness
from articles.models import Page
from articles.signals import page_published, page_withdrawn

from . import erasure, queue, webhooks
from .models import Batch, Comment, Conversation, QueueItem
from .signals import batch_finished, crisis_opened, crisis_overdue, entered_crisis
from .workflow import batches, crisis, opening

# Drug and subtype entries are looked up, not talked about, until somebody opens them.
FIRST_MODE = {Page.Kind.ARTICLE: Conversation.Mode.ALL_HELD}


@receiver(page_published)
def open_conversation(page: Page, **kwargs) -> None:
    """Every page gets its conversation at its first publication and keeps it through all later ones."""
    queue.pause(page.pk, paused=False)
    mode = FIRST_MODE.get(Page.Kind(page.kind), Conversation.Mode.HIDDEN)
    closes_at = None if mode == Conversation.Mode.HIDDEN else opening.first_closing()
    Conversation.objects.get_or_create(page=page, defaults={"mode": mode, "closes_at": closes_at})


@receiver(page_withdrawn)
def put_queue_down(page: Page, **kwargs) -> None:
    """What waits under a withdrawn page is paused, not lost; nobody keeps a claim on it."""
    queue.pause(page.pk, paused=True)


@receiver(role_revoked)
def take_badge_off(grant: RoleGrant, **kwargs) -> None:
    """A badge beside a name is public: the pages that show it have changed. Claims of a former moderator end."""
    shown_on = Comment.objects.live().filter(author=grant.user_id).values("conversation_id")
    for page in Page.objects.filter(pk__in=shown_on).order_by("pk"):
        freshness.bump(page)
    QueueItem.objects.filter(claimed_by=grant.user_id, closed_at=None).update(claimed_by=None, claimed_until=None)


@receiver(entered_crisis)
def open_crisis_case(comment: Comment, why: list[str], **kwargs) -> None:
    crisis.open_case(comment, why)


@receiver(user_erased)
def erase_words(user: User, remove_words: bool = True, **kwargs) -> None:
    erasure.erase(user, remove_words=remove_words)


@receiver(collect_user_data)
def export_words(user: User, **kwargs) -> dict:
    return {"conversation": erasure.export(user)}


@receiver(crisis_opened)
def tell_of_crisis(key: str, payload: dict, **kwargs) -> None:
    webhooks.tell("crisis.opened", key, payload)


@receiver(crisis_overdue)
def tell_of_overdue_crisis(key: str, payload: dict, **kwargs) -> None:
    webhooks.tell("crisis.overdue", key, payload)


@receiver(batch_finished)
def tell_of_batch(batch: Batch, **kwargs) -> None:
    done = sum(code == batches.Outcome.DONE for code, _said in batch.outcomes.values())
    payload = {"batch": batch.pk, "act": batch.act, "done": done, "not_done": len(batch.items) - done}
    webhooks.tell("batch.finished", f"batch-{batch.pk}", payload)
