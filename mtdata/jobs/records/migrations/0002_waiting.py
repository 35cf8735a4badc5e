"""Work that waits: until when a job does, and since when a part has."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="job", name="not_before", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="part", name="waiting_since", field=models.DateTimeField(null=True)
        ),
    ]
