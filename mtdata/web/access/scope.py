"""The scope of a user: everything, or for a guest the jobs of the accounts of their instance.

It is asked anew at each request.  Who may do what is another question (`roles`), and at which
addresses guests may ask at all a third one (`routes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.http import Http404

from mtdata.config import Settings
from mtdata.jobs.duty import Duties
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import FormerJob, Job
from mtdata.web.access.foreign import duty_of
from mtdata.web.access.roles import is_guest
from mtdata.web.faults import JobForgotten


class Scope(NamedTuple):
    """`settings` and `kinds` name nothing beyond it, so that no form or fault can tell of it."""

    settings: Settings
    kinds: Kinds
    duties: Duties
    accounts: Sequence[str] | None = None  # whose jobs alone; None: everybody's

    @property
    def jobs(self) -> Q:
        """The jobs in the scope, as a condition of a query."""
        if self.accounts is None:
            return Q()
        found = Q(pk__in=())
        for kind in self.kinds.values():
            found |= Q(kind=kind.name, **{f"parameters__{kind.account}__in": self.accounts})
        return found

    def job(self, job_id: Any) -> Job | None:
        """The job of that id; None for one that is not there or beyond that scope."""
        with asking():
            return Job.objects.filter(self.jobs, pk=job_id).first()

    def existing_job(self, job_id: Any) -> Job:
        """The job of that id.

        Http404 for one that is not there or beyond that scope, JobForgotten for one that there was.
        """
        job = self.job(job_id)
        if job is None:
            if at := self._forgotten_at(job_id):
                raise JobForgotten(at)
            raise Http404
        return job

    def _forgotten_at(self, job_id: Any) -> datetime | None:
        with asking():
            left = FormerJob.objects.filter(pk=job_id).first()
        if left is None:
            return None
        is_ours = self.accounts is None or (
            left.kind in self.kinds and left.account in self.accounts
        )
        return left.forgotten_at if is_ours else None


def scope_of(user: Any) -> Scope:
    """The scope of a user who is logged in."""
    ours: Settings = settings.MTDATA
    kinds: Kinds = settings.MTDATA_KINDS
    if not is_guest(user):
        return Scope(ours, kinds, settings.MTDATA_DUTIES)
    duty = duty_of(user.get_username())
    if duty is None or duty.log_in is None:
        return Scope(ours, {}, (), ())
    names = duty.kinds().keys() & kinds.keys()
    theirs = {name: kind for name, kind in kinds.items() if name in names and kind.account}
    narrow = duty.log_in.narrowed(ours, user.guest.domain)
    return Scope(narrow, theirs, (duty,), duty.log_in.accounts(narrow))
