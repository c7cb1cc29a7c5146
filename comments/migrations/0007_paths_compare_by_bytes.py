"""Paths are compared byte by byte whatever language the database speaks: in some, "aa" or "z" stand elsewhere."""

from django.db import migrations


def by_bytes(apps, schema_editor):
    # SQLite compares bytes anyway.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE comments_comment ALTER COLUMN path TYPE varchar(120) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("comments", "0006_what_followers_were_not_told")]
    operations = [migrations.RunPython(by_bytes, migrations.RunPython.noop)]
