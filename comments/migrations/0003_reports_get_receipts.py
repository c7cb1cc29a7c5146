"""What the earlier release could not know: receipts and answers of reports, and that its comments are no news any more."""

import secrets

from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    Report = apps.get_model("comments", "Report")
    for report in Report.objects.select_related("comment").order_by("pk").iterator(chunk_size=500):
        report.receipt = secrets.token_hex(20)
        report.revision_id = report.comment.current_id
        if report.closed_at is not None:
            report.outcome = "kept" if report.comment.status == "live" else "removed"
        report.save(update_fields=["receipt", "revision", "outcome"])
    Comment = apps.get_model("comments", "Comment")
    Comment.objects.exclude(published_at=None).update(announced_at=F("published_at"))


class Migration(migrations.Migration):
    dependencies = [("comments", "0002_replies_and_company")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
