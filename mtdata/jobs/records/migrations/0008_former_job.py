"""What is left of jobs that are forgotten, so that their addresses can say so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0007_found_among_many")]

    operations = [
        migrations.CreateModel(
            name="FormerJob",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=64)),
                ("account", models.CharField(blank=True, default="", max_length=128)),
                ("forgotten_at", models.DateTimeField(db_index=True)),
            ],
        )
    ]
