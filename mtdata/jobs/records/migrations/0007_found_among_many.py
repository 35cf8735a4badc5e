"""What a claim, a list or a page looks for is found among a million jobs; no row is changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0006_part_calls")]

    operations = [
        migrations.AddIndex(
            model_name=model, index=models.Index(fields=fields.split(), name=f"{model}_{name}")
        )
        for model, name, fields in (
            ("job", "created", "created_at id"),
            ("job", "kind", "kind created_at"),
            ("job", "owner", "owner created_at"),
            ("job", "key", "key created_at"),
            ("job", "started", "started_at"),
            ("job", "ended", "ended_at"),
            ("artifact", "digest", "sha256"),
        )
    ]
