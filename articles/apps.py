from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import bundle, cards, tasks, verify, verify_live  # noqa: F401  cards, periodic work, checks
