"""Write mail into the outbox: it is part of the caller's transaction, and no page waits for a mail server."""

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import validate_email
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone

from . import tasks
from .models import OutboxMail

SUBJECT_MAX = 200


def send(
    template: str,
    to: str,
    context: dict,
    *,
    not_before=None,
    key: str | None = None,
    headers: dict | None = None,
) -> OutboxMail:
    """Queue `templates/mail/<template>` for one address; the same `key` is queued once, whoever asks first.

    Raises what `write` raises.
    """
    row = _row(template, to, context, not_before, headers)
    if key is None:
        mail, is_new = OutboxMail.objects.create(**row), True
    else:
        mail, is_new = OutboxMail.objects.get_or_create(key=key, defaults=row)
    if is_new:
        # The queue is a table of the same database: the job is there exactly if the mail is.
        tasks.deliver_mail.using(run_after=mail.not_before if not_before else None).enqueue(mail.pk)
    return mail


def write(template: str, to: str, context: dict, *, key: str, headers: dict | None = None) -> OutboxMail:
    """One of many letters, not yet queued: give them to `queue` together.

    Raises ValidationError for what is no address, and ValueError for a header with a line break, since both
    could smuggle in further headers. The subject loses its line breaks.
    """
    return OutboxMail(key=key, **_row(template, to, context, None, headers))


def queue(letters: list[OutboxMail]) -> None:
    """Many letters with one query; a key that is there already is left alone. The next round of delivery takes them."""
    OutboxMail.objects.bulk_create(letters, ignore_conflicts=True)


def _row(template: str, to: str, context: dict, not_before, headers: dict | None) -> dict:
    validate_email(to)
    headers = {name: one_line(value) for name, value in (headers or {}).items()}
    context = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    return {
        "to": to,
        "template": template,
        "subject": " ".join(render(f"{template}.subject.txt", context).split())[:SUBJECT_MAX],
        "text": render(f"{template}.txt", context).strip() + "\n",
        "html": render_html(template, context),
        "headers": headers,
        "message_id": f"<{uuid.uuid4().hex}@{urlsplit(settings.SITE_URL).hostname}>",
        "not_before": not_before or timezone.now(),
    }


def absolute(path: str) -> str:
    """The address of a page as a mail must give it."""
    return settings.SITE_URL + path


def render(name: str, context: dict) -> str:
    # Plain text is not HTML: nothing in it is escaped.
    return get_template(f"mail/{name}").template.render(Context(context, autoescape=False))


def render_html(template: str, context: dict) -> str:
    try:
        return get_template(f"mail/{template}.html").render(context)
    except TemplateDoesNotExist:
        return ""


def one_line(value: str) -> str:
    if len(value.splitlines()) > 1 or "\n" in value or "\r" in value:
        raise ValueError("A mail header cannot hold a line break.")
    return value
