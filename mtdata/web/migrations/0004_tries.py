"""Tries of passwords are counted in a table of our own; the one before held names in clear."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

BEFORE = ("accessattemptexpiration", "accessattempt", "accesslog", "accessfailurelog")


def forget(apps: Any, schema_editor: Any) -> None:
    """Drop the tables of django-axes, in which names stood as they were typed."""
    connection = schema_editor.connection
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = ON")  # else they stay in free pages of the file
        for name in BEFORE:
            if f"axes_{name}" in there:
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(f'axes_{name}')}")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'axes'")


class Migration(migrations.Migration):
    dependencies = [("web", "0003_guests")]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("failures", models.IntegerField()),
                ("last_at", models.DateTimeField(db_index=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("known_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
