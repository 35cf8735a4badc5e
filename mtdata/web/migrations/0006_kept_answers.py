"""Answers to orders with a key, which are kept for a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0005_roles_are_groups")]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("asked", models.CharField(max_length=64)),
                ("status", models.IntegerField(default=0)),
                ("place", models.CharField(default="", max_length=255)),
                ("body", models.TextField(default="")),
                ("made_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
