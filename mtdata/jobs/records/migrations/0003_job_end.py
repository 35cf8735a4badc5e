"""Jobs that ended and of which nobody was told yet; of those that ended before, nobody is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0002_waiting")]

    operations = [
        migrations.CreateModel(
            name="JobEnd",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("Queued", "Queued"),
                            ("In Progress", "In Progress"),
                            ("Stopping", "Stopping"),
                            ("Success", "Success"),
                            ("Failed", "Failed"),
                            ("Stopped", "Stopped"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ends",
                        to="records.job",
                    ),
                ),
            ],
        ),
    ]
