"""A role is a group alone: who was an admin by Django's own mark gets the group in its place."""

from __future__ import annotations

from typing import Any

from django.db import migrations

ADMIN = "admin"


def into_groups(apps: Any, schema_editor: Any) -> None:
    """Nobody who could administer before cannot do so afterwards; a guest never could."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM auth_group WHERE name = %s", [ADMIN])
        if cursor.fetchone() is None:
            cursor.execute("INSERT INTO auth_group (name) VALUES (%s)", [ADMIN])
        marked = (
            "SELECT id FROM auth_user WHERE is_superuser = %s"
            " AND id NOT IN (SELECT user_id FROM web_guest)"
        )
        cursor.execute(marked, [True])
        marked_users = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT id FROM auth_group WHERE name = %s", [ADMIN])
        group = cursor.fetchone()[0]
        for user in marked_users:
            pair = [user, group]
            known = "SELECT 1 FROM auth_user_groups WHERE user_id = %s AND group_id = %s"
            cursor.execute(known, pair)
            if cursor.fetchone() is None:
                words = "INSERT INTO auth_user_groups (user_id, group_id) VALUES (%s, %s)"
                cursor.execute(words, pair)
        words = "UPDATE auth_user SET is_superuser = %s, is_staff = %s"
        cursor.execute(words, [False, False])


class Migration(migrations.Migration):
    dependencies = [("web", "0004_tries"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(into_groups, migrations.RunPython.noop)]
