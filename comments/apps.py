from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import delivery, desks

        from . import cards, checks, receivers, tasks, verify  # noqa: F401  they register themselves
        from .workflow import following

        desks.register(cards.moderation)
        desks.register(cards.questions)
        desks.register(cards.safety)
        delivery.ask_before_sending(following.NEWS, following.is_still_news)
