"""How often a part asked a service; older programs leave it to the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0005_max_runners")]

    operations = [
        migrations.AddField(
            model_name="part", name="calls", field=models.BigIntegerField(default=0, db_default=0)
        ),
    ]
