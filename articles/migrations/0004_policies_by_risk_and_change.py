"""Policies for every kind, risk and change class; and the hash that vouches for what is published already."""

from django.db import migrations
from django.db.models import F

KINDS = ("article", "drug", "subtype")
MEDICAL, EDITORIAL = ("medical", "medical_reviewer", True), ("editorial", "editor", False)
# By risk and change class: months a signature may still be used to publish, and the steps.
POLICIES = {
    ("standard", "material"): (36, [MEDICAL]),
    ("standard", "minor"): (36, [MEDICAL]),
    ("standard", "correction"): (36, [MEDICAL]),
    ("standard", "typo"): (36, [EDITORIAL]),
    ("high", "material"): (24, [MEDICAL, MEDICAL]),
    ("high", "minor"): (24, [MEDICAL, EDITORIAL]),
    ("high", "correction"): (24, [MEDICAL, EDITORIAL]),
    ("high", "typo"): (24, [EDITORIAL]),
}


def add(apps, schema_editor):
    policies, steps = apps.get_model("articles", "ReviewPolicy"), apps.get_model("articles", "ReviewStep")
    for kind in KINDS:
        for (risk, change_class), (months, wanted) in POLICIES.items():
            if (risk, change_class) == ("standard", "material"):
                continue  # there since the first migration
            policy = policies.objects.create(
                kind=kind, risk=risk, change_class=change_class, number=1, validity_months=months
            )
            for position, (code, role, needs_credential) in enumerate(wanted, start=1):
                steps.objects.create(
                    policy=policy, position=position, code=code, role=role, needs_credential=needs_credential
                )
    apps.get_model("articles", "Publication").objects.filter(vouched_hash="").update(vouched_hash=F("content_hash"))


class Migration(migrations.Migration):
    dependencies = [("articles", "0003_review_at_its_fullest")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
