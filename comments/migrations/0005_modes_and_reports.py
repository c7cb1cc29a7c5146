"""Why a conversation is in its mode; more reasons for a report, which is of certain words."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("comments", "0004_reports_have_receipts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="report",
            name="one_open_report_per_reporter",
        ),
        migrations.AddField(
            model_name="conversation",
            name="note",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AlterField(
            model_name="report",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("removed", "We removed the comment."),
                    ("kept", "We read the comment again, and it stays."),
                    ("changed", "Its writer has changed the comment since. We read the new words, and they stay."),
                    ("gone", "The comment is no longer there: its writer deleted it."),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="report",
            name="reason",
            field=models.CharField(
                choices=[
                    ("harm", "It could harm someone’s health"),
                    ("medical", "What it says about medicine is wrong"),
                    ("privacy", "It shares private details"),
                    ("unkind", "It is unkind or abusive"),
                    ("selling", "It sells something or is spam"),
                    ("worried", "I am worried about this person"),
                    ("under_16", "Its writer may be under 16"),
                    ("illegal", "It is against the law"),
                    ("other", "Something else"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("revision", "reporter"),
                name="one_open_report_per_reporter",
            ),
        ),
    ]
