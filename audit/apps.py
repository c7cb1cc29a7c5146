from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_tasks.signals import task_finished

        from . import checks, seals, tasks, triggers, worker  # noqa: F401  they register themselves

        task_finished.connect(worker.retry_later, dispatch_uid="audit.retry_later")

        # Django remakes a table on SQLite when a migration alters it, and its triggers vanish without a word.
        pre_migrate.connect(triggers.before_migrate, sender=self)
        post_migrate.connect(triggers.after_migrate, sender=self)
