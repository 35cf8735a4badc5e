"""How many may carry parts of a job is called so; its column keeps its name, for older programs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0004_tally")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("job", "hands", "max_runners"),
                migrations.AlterField(
                    "job", "max_runners", models.IntegerField(db_column="hands", default=1)
                ),
            ]
        )
    ]
