"""The tables: teams, form responses, what an import changed, uploaded files; no rule stands here.

Each row tells which job wrote it last, in which attempt, and when a person edited it since: that is
what a stop and an undo go by.  Times are aware UTC.
"""

from __future__ import annotations

import uuid

from django.db import models

from mtdata.jobs.records.ready import prepare

prepare()
GENDERS = ("Male", "Female", "Other")


class ImportedRow(models.Model):
    """What every row has: who wrote it (`job` is NULL where no job did), and when it was edited."""

    job = models.UUIDField(null=True, editable=False)
    attempt = models.IntegerField(default=0, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True


class Team(ImportedRow):
    """A team; `name_key` is the digest of its name, for databases differ on which names are one."""

    name = models.CharField(max_length=600)
    name_key = models.CharField(max_length=64, unique=True, editable=False)
    description = models.TextField(blank=True, default="")
    manager = models.CharField(max_length=20, blank=True, default="")
    members = models.TextField(blank=True, default="")

    class Meta:
        """Rows are looked for by their job."""

        indexes = (models.Index(fields=["job", "id"], name="team_job"),)


class TeamChange(models.Model):
    """What a team was before a job changed it, while that can be undone.

    `before` is NULL where it was not there.  `before_job` is who had written that.
    """

    job = models.UUIDField()
    team = models.BigIntegerField()
    before = models.JSONField(null=True)
    before_job = models.UUIDField(null=True)

    class Meta:
        """One a job and team."""

        constraints = (models.UniqueConstraint(fields=["job", "team"], name="team_change_of"),)
        indexes = (models.Index(fields=["before_job"], name="team_change_before"),)


class FormResponse(ImportedRow):
    """One answered form."""

    timestamp = models.DateTimeField()
    user = models.CharField(max_length=500)
    name_of_respondent = models.CharField(max_length=500)
    gender_of_respondent = models.CharField(max_length=6, choices=[(one, one) for one in GENDERS])
    reading_books = models.BooleanField(default=False)
    listening_music = models.BooleanField(default=False)
    mobile_no = models.CharField(max_length=15, blank=True, default="")
    record_latitude = models.DecimalField(max_digits=9, decimal_places=6)
    record_longitude = models.DecimalField(max_digits=9, decimal_places=6)

    class Meta:
        """Rows are looked for by their job, and given out by their time."""

        indexes = (
            models.Index(fields=["job", "id"], name="form_job"),
            models.Index(fields=["timestamp", "id"], name="form_time"),
        )


class Upload(models.Model):
    """A file that somebody brought, kept until the job that reads it needs it no more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)  # as its owner calls it; never a path
    sort = models.CharField(max_length=16)  # of rows: teams or forms
    owner = models.CharField(max_length=150, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")  # '' until all of it came
    size = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()

    class Meta:
        """A file that comes twice is found by its digest."""

        indexes = (models.Index(fields=["sha256"], name="upload_digest"),)


class UploadPiece(models.Model):
    """A piece of an uploaded file."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        """They have numbers of their own."""

        constraints = (
            models.UniqueConstraint(fields=["upload", "number"], name="upload_piece_number"),
        )
