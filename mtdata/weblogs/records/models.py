"""The tables of lines as Django makes them; columns are those of `ledger.schema`, which asks them.

Nothing is looked for by a text that databases compare as they like: of a log that is its digest.
"""

from __future__ import annotations

from django.db import models

from mtdata.jobs.records.ready import prepare

prepare()
SITE, WORD, DAY, MOMENT, DIGEST = 100, 16, 10, 40, 64


class LedgerRow(models.Model):
    """A site whose lines are here; whoever commits for it locks this row."""

    site = models.CharField(max_length=SITE, primary_key=True)

    class Meta:
        """Named as the others."""

        db_table = "weblogs_ledgers"


class MoveRow(models.Model):
    """A file whose lines are here now, by the token that is in it."""

    token = models.CharField(max_length=DIGEST, primary_key=True)
    site = models.CharField(max_length=SITE)
    at = models.DateTimeField()

    class Meta:
        """Named as the others."""

        db_table = "weblogs_moves"


class LogRow(models.Model):
    """A log, and how far it was taken."""

    number = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=SITE)
    place = models.CharField(max_length=DIGEST)
    bucket = models.TextField()
    key = models.TextField()
    day = models.CharField(max_length=DAY)
    etag = models.TextField()
    size = models.BigIntegerField()
    modified_at = models.CharField(max_length=MOMENT)
    format = models.CharField(max_length=64)
    state = models.CharField(max_length=WORD)
    reason = models.TextField()
    lines = models.BigIntegerField()
    ending = models.BigIntegerField()
    digest = models.BinaryField()
    skipped = models.TextField()
    again = models.BigIntegerField()
    turn = models.BinaryField()
    read_at = models.CharField(max_length=MOMENT, null=True)
    pushed_at = models.CharField(max_length=MOMENT, null=True)

    class Meta:
        """One of a site and place."""

        db_table = "weblogs_logs"
        constraints = (models.UniqueConstraint(fields=["site", "place"], name="weblogs_log_of"),)
        indexes = (models.Index(fields=["site", "day"], name="weblogs_log_day"),)


class BatchRow(models.Model):
    """A batch, and what became of it."""

    number = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=SITE)
    state = models.CharField(max_length=WORD)
    hits = models.BigIntegerField()
    size = models.BigIntegerField()
    tries = models.BigIntegerField()
    tracked = models.BigIntegerField()
    invalid = models.BigIntegerField()
    reason = models.TextField()
    resolved = models.TextField()
    sent_at = models.CharField(max_length=MOMENT, null=True)
    ended_at = models.CharField(max_length=MOMENT, null=True)
    forget_at = models.CharField(max_length=MOMENT, null=True)

    class Meta:
        """Most are stored, and forgot who came; the others are looked for."""

        db_table = "weblogs_batches"
        indexes = (
            models.Index(fields=["site", "state"], name="weblogs_batch_state"),
            models.Index(fields=["site", "forget_at"], name="weblogs_batch_forget"),
        )


class ShareRow(models.Model):
    """The lines of one log that are in a batch."""

    batch = models.BigIntegerField()
    log = models.BigIntegerField()
    first_line = models.BigIntegerField()
    last_line = models.BigIntegerField()
    hits = models.BigIntegerField()
    invalid = models.BigIntegerField()
    taken = models.BinaryField()
    refused = models.BinaryField(null=True)
    local_days = models.TextField()
    besides = models.TextField(null=True)
    visitors = models.BinaryField(null=True)

    class Meta:
        """In the order of lines, and by batch."""

        db_table = "weblogs_shares"
        constraints = (
            models.UniqueConstraint(fields=["log", "last_line", "batch"], name="weblogs_share_of"),
        )
        indexes = (models.Index(fields=["batch", "log"], name="weblogs_share_batch"),)


class DayRow(models.Model):
    """What followed on the import of a day."""

    site = models.CharField(max_length=SITE)
    day = models.CharField(max_length=DAY)
    archive = models.TextField()
    push = models.TextField()
    archived_at = models.CharField(max_length=MOMENT, null=True)
    compared_at = models.CharField(max_length=MOMENT, null=True)
    found = models.TextField()

    class Meta:
        """One of a site and day."""

        db_table = "weblogs_days"
        constraints = (models.UniqueConstraint(fields=["site", "day"], name="weblogs_day_of"),)
