"""Periodic work and background jobs of comments."""

from audit.worker import every

from .workflow import opening


@every(300)
def close_conversations() -> None:
    """A conversation whose time is over says so on its page: the words readers see change, and so must the page's version."""
    for pk in list(opening.over().values_list("pk", flat=True)):
        opening.close_over(pk)
