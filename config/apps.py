from django.apps import AppConfig


class BedsideConfig(AppConfig):
    """The site as a whole: it has no models, only system checks."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401
