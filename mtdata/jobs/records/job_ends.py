"""Jobs that ended and of which nobody was told yet, and the address of who ordered one.

An end is entered in the commit that ends the job, and goes in the one in which it was passed on:
so none is lost, and of several runners one passes it on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from django.db import connection, transaction

from mtdata.jobs.records.asking import asking, now, whole
from mtdata.jobs.records.models import Job, JobEnd
from mtdata.jobs.states import Status

STALE = timedelta(days=2)
"""What nobody passed on for so long is of no use to anybody."""


def untold_ends(most: int) -> list[JobEnd]:
    """The oldest of them, with their jobs; what is stale is forgotten."""
    with asking():
        found = list(JobEnd.objects.select_related("job").order_by("pk")[:most])
        if found:
            JobEnd.objects.filter(at__lt=now() - STALE).delete()
        return found


def pass_on(end: JobEnd, act: Callable[[], bool]) -> bool:
    """Take an end away by `act`, which says whether it took care of it; False when it did not.

    Somebody else may have it already: then nothing is done.  A job that goes on, being tried again,
    is told of when it ends anew.
    """

    def move() -> bool:
        if not JobEnd.objects.filter(pk=end.pk).delete()[0]:
            return True
        stands = Job.objects.filter(pk=end.job_id, status=end.status, ended_at=end.at).exists()
        done = not stands or act()
        transaction.set_rollback(not done)
        return done

    return whole(move)


def still_failed(names: Collection[str]) -> set[str]:
    """Those of these jobs that are Failed, or were and are under way again."""
    with asking():
        over = (Status.SUCCESS, Status.STOPPED)
        jobs = Job.objects.filter(name__in=names).exclude(status__in=over)
        return set(jobs.values_list("name", flat=True))


def address_of(owner: str) -> str:
    """The mail address that a user of the page gave; '' for none, and where there is no page."""
    with asking(), connection.cursor() as cursor:
        if not owner or "auth_user" not in connection.introspection.table_names(cursor):
            return ""
        cursor.execute("SELECT email FROM auth_user WHERE username = %s AND is_active", [owner])
        row = cursor.fetchone()
        return str(row[0]) if row else ""
