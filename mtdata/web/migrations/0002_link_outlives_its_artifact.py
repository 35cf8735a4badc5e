"""A link no more keeps a runner from removing its artifact."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("web", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="link",
            name="artifact",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="records.artifact",
            ),
        ),
    ]
