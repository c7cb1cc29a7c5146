"""Periodic work and background jobs of comments."""

from audit.worker import every

from .workflow import following, opening


@every(300)
def close_conversations() -> None:
    """A conversation whose time is over says so on its page: the words readers see change, and so must the page's version."""
    for pk in list(opening.over().values_list("pk", flat=True)):
        opening.close_over(pk)


@every(15)
def announce() -> None:
    """Followers are told of what became public, once the time in which a decision can be undone is over."""
    following.announce_pending()
