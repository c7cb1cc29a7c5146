"""Every kind of page starts with a policy of one medical signature, usable for three years."""

from django.db import migrations


def add(apps, schema_editor):
    policies, steps = apps.get_model("articles", "ReviewPolicy"), apps.get_model("articles", "ReviewStep")
    for kind in ("article", "drug", "subtype"):
        policy = policies.objects.create(kind=kind, number=1, validity_months=36)
        steps.objects.create(policy=policy, position=1, code="medical", role="medical_reviewer", needs_credential=True)
    apps.get_model("articles", "SiteVersion").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
