"""Periodic work and background jobs of comments."""

from audit.worker import every

from . import backlog, webhooks
from .screening import learnt
from .workflow import batches, crisis, following, opening, safety


@every(300)
def close_conversations() -> None:
    """A conversation whose time is over says so on its page: the words readers see change, and so must the page's version."""
    for pk in list(opening.over().values_list("pk", flat=True)):
        opening.close_over(pk)


@every(15)
def announce() -> None:
    """Followers are told of what became public, once the time in which a decision can be undone is over."""
    following.announce_pending()


@every(60)
def raise_overdue_lanes() -> None:
    """Somebody outside the site hears of it when the queue grows old."""
    backlog.raise_overdue()


@every(10)
def deliver_webhooks() -> None:
    webhooks.deliver_due()


@every(24 * 3600)
def forget_old_deliveries() -> None:
    webhooks.forget_old()


@every(10)
def run_batches() -> None:
    """What moderators chose to do with many comments at once and no request could wait for."""
    batches.run_unfinished()


@every(24 * 3600)
def learn_spam() -> None:
    """What was decided since teaches, and what was erased since is forgotten."""
    learnt.train()


@every(300)
def sound_safety_alarm() -> None:
    """Side effects that should have been handed over by now."""
    safety.sound_alarm()


@every(60)
def raise_overdue_crises() -> None:
    """On-call is told again, once each, of what nobody saw, answered or closed in time, and of follow-ups that are due."""
    crisis.raise_overdue()
