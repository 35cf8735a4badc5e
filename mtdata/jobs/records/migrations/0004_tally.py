"""What became of the jobs of each kind and account, counted; and whose account a job is of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0003_job_end")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="account",
            field=models.CharField(blank=True, default="", max_length=128),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=64)),
                ("account", models.CharField(max_length=128)),
                ("succeeded", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                ("stopped", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("calls", models.BigIntegerField(default=0)),
                ("faults", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("last_failure_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(fields=("kind", "account"), name="tally_of"),
        ),
    ]
