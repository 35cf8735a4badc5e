"""Teams, form responses, what an import changed, and uploaded files."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
WRITTEN = [
    ("job", models.UUIDField(editable=False, null=True)),
    ("attempt", models.IntegerField(default=0, editable=False)),
    ("edited_at", models.DateTimeField(editable=False, null=True)),
]
GENDERS = [("Male", "Male"), ("Female", "Female"), ("Other", "Other")]


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", ID),
                *WRITTEN,
                ("name", models.CharField(max_length=600)),
                ("name_key", models.CharField(editable=False, max_length=64, unique=True)),
                ("description", models.TextField(blank=True, default="")),
                ("manager", models.CharField(blank=True, default="", max_length=20)),
                ("members", models.TextField(blank=True, default="")),
            ],
            options={"indexes": [models.Index(fields=["job", "id"], name="team_job")]},
        ),
        migrations.CreateModel(
            name="TeamChange",
            fields=[
                ("id", ID),
                ("job", models.UUIDField()),
                ("team", models.BigIntegerField()),
                ("before", models.JSONField(null=True)),
                ("before_job", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["before_job"], name="team_change_before")],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "team"), name="team_change_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="FormResponse",
            fields=[
                ("id", ID),
                *WRITTEN,
                ("timestamp", models.DateTimeField()),
                ("user", models.CharField(max_length=500)),
                ("name_of_respondent", models.CharField(max_length=500)),
                ("gender_of_respondent", models.CharField(choices=GENDERS, max_length=6)),
                ("reading_books", models.BooleanField(default=False)),
                ("listening_music", models.BooleanField(default=False)),
                ("mobile_no", models.CharField(blank=True, default="", max_length=15)),
                ("record_latitude", models.DecimalField(decimal_places=6, max_digits=9)),
                ("record_longitude", models.DecimalField(decimal_places=6, max_digits=9)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["job", "id"], name="form_job"),
                    models.Index(fields=["timestamp", "id"], name="form_time"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("sort", models.CharField(max_length=16)),
                ("owner", models.CharField(blank=True, default="", max_length=150)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("size", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["sha256"], name="upload_digest")]},
        ),
        migrations.CreateModel(
            name="UploadPiece",
            fields=[
                ("id", ID),
                ("number", models.IntegerField()),
                ("content", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="programme.upload",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("upload", "number"), name="upload_piece_number")
                ],
            },
        ),
    ]
