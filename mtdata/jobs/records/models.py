"""The tables: jobs, their parts, what happened, what came out, who carries; no rule stands here.

Times are aware UTC by the database's own clock.
"""

from __future__ import annotations

import uuid

from django.db import models

from mtdata.jobs.records.ready import prepare
from mtdata.jobs.states import Stage, Status

prepare()
STATUS = [(one.value, one.value) for one in Status]
STAGE = [(one.value, one.value) for one in Stage]


class Runner(models.Model):
    """A program that carries jobs, or did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    engine = models.CharField(max_length=16)
    slots = models.IntegerField()
    version = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class Job(models.Model):
    """A queued piece of work; `held_key` is its concurrency key while it is under way."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=128, unique=True)
    kind = models.CharField(max_length=64)
    parameters = models.JSONField()
    status = models.CharField(max_length=16, choices=STATUS, default=Status.QUEUED.value)
    attempt = models.IntegerField(default=1)
    reason = models.CharField(max_length=1000, blank=True, default="")
    key = models.CharField(max_length=128, blank=True, default="")
    # NULL where it is not under way: the database itself keeps two jobs of one key apart
    held_key = models.CharField(max_length=128, null=True, unique=True)
    max_runners = models.IntegerField(db_column="hands", default=1)
    can_undo = models.BooleanField(default=False)
    owner = models.CharField(max_length=150, blank=True, default="")
    account = models.CharField(max_length=128, blank=True, default="")  # of its kind's service
    created_at = models.DateTimeField()
    # Queued, and waits: nobody needs to look at it before
    not_before = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    stopping_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first is how people look at them; what is looked for is found among a million."""

        indexes = (
            models.Index(fields=["status", "created_at"], name="job_status"),
            models.Index(fields=["created_at", "id"], name="job_created"),
            models.Index(fields=["kind", "created_at"], name="job_kind"),
            models.Index(fields=["owner", "created_at"], name="job_owner"),
            models.Index(fields=["key", "created_at"], name="job_key"),
            models.Index(fields=["started_at"], name="job_started"),
            models.Index(fields=["ended_at"], name="job_ended"),
        )


class Tally(models.Model):
    """What became of the jobs of a kind at an account so far; numbers that only grow."""

    kind = models.CharField(max_length=64)
    account = models.CharField(max_length=128)
    succeeded = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    stopped = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    calls = models.BigIntegerField(default=0)
    faults = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)

    class Meta:
        """One of each."""

        constraints = (models.UniqueConstraint(fields=["kind", "account"], name="tally_of"),)


class FormerJob(models.Model):
    """What is left of a job that was forgotten: that there was one, for who still has its id."""

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=64)
    account = models.CharField(max_length=128, blank=True, default="")
    forgotten_at = models.DateTimeField(db_index=True)


class JobEnd(models.Model):
    """A job that came to Success or Failed, until people were told; entered as it ended."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="ends")
    status = models.CharField(max_length=16, choices=STATUS)
    at = models.DateTimeField()


class Part(models.Model):
    """The unit that is claimed; `attempt` fences what an earlier claim still tries to write."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    stage = models.CharField(max_length=8, choices=STAGE)
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=STATUS, default=Status.QUEUED.value)
    attempt = models.IntegerField(default=0)
    lost = models.IntegerField(default=0)
    begun = models.BooleanField(default=False)
    runner = models.ForeignKey(Runner, null=True, on_delete=models.SET_NULL)
    leased_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # since when it waits without having got on; NULL after a fault, which has a pause of its own
    waiting_since = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    expected = models.BigIntegerField(null=True)
    # of a service, by all its tries; the database fills it in for programs that do not know it
    calls = models.BigIntegerField(default=0, db_default=0)
    step = models.CharField(max_length=255, blank=True, default="")
    checkpoint = models.JSONField(null=True)
    reason = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        """A job's parts have numbers of their own."""

        constraints = (
            models.UniqueConstraint(fields=["job", "number"], name="part_number_of_job"),
        )
        indexes = (
            models.Index(fields=["status", "leased_until"], name="part_lease"),
            models.Index(fields=["job", "status"], name="part_status"),
        )


class Event(models.Model):
    """One line of what happened to a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    level = models.CharField(max_length=8)
    text = models.CharField(max_length=1000)


class Artifact(models.Model):
    """Something that a job made: a file in a folder or an object in a store."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    part = models.ForeignKey(Part, null=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=255)
    place = models.CharField(max_length=1024)
    rows = models.BigIntegerField(null=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    made_at = models.DateTimeField()

    class Meta:
        """Whether another job made the same file is asked before one is taken away."""

        indexes = (models.Index(fields=["sha256"], name="artifact_digest"),)
