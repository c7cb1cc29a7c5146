"""What the earlier release could not know: receipts and answers of reports, where answers stand in their thread, how many
live ones are below each comment, and that its comments are no news any more."""

import secrets
from collections import Counter

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
    live_below = Counter()
    for comment in Comment.objects.exclude(parent=None).order_by("pk").iterator(chunk_size=500):
        # A path is made of the ids of all comments above, eight letters each.
        above = [int(comment.path[at : at + 8], 36) for at in range(0, len(comment.path) - 8, 8)]
        Comment.objects.filter(pk=comment.pk).update(root=above[0], reply_to=comment.parent_id)
        if comment.status == "live":
            live_below.update(above)
    for pk, count in live_below.items():
        Comment.objects.filter(pk=pk).update(live_below=count)


class Migration(migrations.Migration):
    dependencies = [("comments", "0002_replies_and_company")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
