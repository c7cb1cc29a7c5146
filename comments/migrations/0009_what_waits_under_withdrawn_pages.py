"""Items under pages that are not public now carry the mark that the earlier release asked for at every reading."""

from django.db import migrations


def pause(apps, schema_editor):
    items = apps.get_model("comments", "QueueItem").objects.filter(
        closed_at=None, comment__conversation__page__live_publication=None
    )
    items.exclude(lane__in=["crisis", "legal", "privacy", "safety", "appeal"]).update(paused=True)


class Migration(migrations.Migration):
    dependencies = [("comments", "0008_the_desk")]
    operations = [migrations.RunPython(pause, migrations.RunPython.noop)]
