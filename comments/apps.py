from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import desks

        from . import cards, receivers, tasks  # noqa: F401  registers what comes from below and the periodic work

        desks.register(cards.moderation)
