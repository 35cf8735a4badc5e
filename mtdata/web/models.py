"""The tables of the web page: guests, tokens and orders of the API, links to download."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mtdata.jobs.records.models import Artifact


class Guest(models.Model):
    """A user who is one by the word of somebody else's service; without a password here."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="guest"
    )
    domain = models.CharField(max_length=255)  # that of the instance, as the config has it


class Token(models.Model):
    """A key to the API; only its digest is kept, so nobody can read it here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=16)  # the name of a role: it may do no more than that
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class Tries(models.Model):
    """How often a password was tried; of a name, an address or both only a keyed digest is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.IntegerField()
    last_at = models.DateTimeField(db_index=True)
    next_at = models.DateTimeField(null=True)  # of a name: before then it is nobody's turn
    known_at = models.DateTimeField(null=True)  # of a pair: when somebody last logged in


class KeptAnswer(models.Model):
    """What an order with an `Idempotency-Key` was answered; user and key are kept as a digest."""

    key = models.CharField(max_length=64, primary_key=True)
    asked = models.CharField(max_length=64)  # the digest of what was ordered
    status = models.IntegerField(default=0)
    place = models.CharField(max_length=255, default="")  # the header Location
    body = models.TextField(default="")
    made_at = models.DateTimeField(db_index=True)


class Link(models.Model):
    """Where a link was renewed or revoked; one that was not lives by the end of its job alone.

    It may outlive its artifact: who takes back what a job did is a runner, which knows no links.
    """

    artifact = models.OneToOneField(Artifact, on_delete=models.CASCADE, db_constraint=False)
    generation = models.IntegerField(default=0)  # links of an earlier one open nothing
    until = models.DateTimeField()
