"""Which lines of web logs went out: the tables, as the file of a site has them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LedgerRow",
            fields=[
                ("site", models.CharField(max_length=100, primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "weblogs_ledgers",
            },
        ),
        migrations.CreateModel(
            name="MoveRow",
            fields=[
                ("token", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "weblogs_moves",
            },
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=100)),
                ("state", models.CharField(max_length=16)),
                ("hits", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("tries", models.BigIntegerField()),
                ("tracked", models.BigIntegerField()),
                ("invalid", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("resolved", models.TextField()),
                ("sent_at", models.CharField(max_length=40, null=True)),
                ("ended_at", models.CharField(max_length=40, null=True)),
                ("forget_at", models.CharField(max_length=40, null=True)),
            ],
            options={
                "db_table": "weblogs_batches",
                "indexes": [
                    models.Index(fields=["site", "state"], name="weblogs_batch_state"),
                    models.Index(fields=["site", "forget_at"], name="weblogs_batch_forget"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DayRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("site", models.CharField(max_length=100)),
                ("day", models.CharField(max_length=10)),
                ("archive", models.TextField()),
                ("push", models.TextField()),
                ("archived_at", models.CharField(max_length=40, null=True)),
                ("compared_at", models.CharField(max_length=40, null=True)),
                ("found", models.TextField()),
            ],
            options={
                "db_table": "weblogs_days",
                "constraints": [
                    models.UniqueConstraint(fields=("site", "day"), name="weblogs_day_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="LogRow",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("site", models.CharField(max_length=100)),
                ("place", models.CharField(max_length=64)),
                ("bucket", models.TextField()),
                ("key", models.TextField()),
                ("day", models.CharField(max_length=10)),
                ("etag", models.TextField()),
                ("size", models.BigIntegerField()),
                ("modified_at", models.CharField(max_length=40)),
                ("format", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=16)),
                ("reason", models.TextField()),
                ("lines", models.BigIntegerField()),
                ("ending", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("skipped", models.TextField()),
                ("again", models.BigIntegerField()),
                ("turn", models.BinaryField()),
                ("read_at", models.CharField(max_length=40, null=True)),
                ("pushed_at", models.CharField(max_length=40, null=True)),
            ],
            options={
                "db_table": "weblogs_logs",
                "indexes": [models.Index(fields=["site", "day"], name="weblogs_log_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("site", "place"), name="weblogs_log_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="ShareRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("batch", models.BigIntegerField()),
                ("log", models.BigIntegerField()),
                ("first_line", models.BigIntegerField()),
                ("last_line", models.BigIntegerField()),
                ("hits", models.BigIntegerField()),
                ("invalid", models.BigIntegerField()),
                ("taken", models.BinaryField()),
                ("refused", models.BinaryField(null=True)),
                ("local_days", models.TextField()),
                ("besides", models.TextField(null=True)),
                ("visitors", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "weblogs_shares",
                "indexes": [models.Index(fields=["batch", "log"], name="weblogs_share_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("log", "last_line", "batch"), name="weblogs_share_of"
                    )
                ],
            },
        ),
    ]
