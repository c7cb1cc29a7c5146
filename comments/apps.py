from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import desks

        from . import cards, receivers, tasks, verify  # noqa: F401  they register themselves

        desks.register(cards.moderation)
