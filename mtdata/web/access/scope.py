"""The scope of a user: everything, or for a guest the jobs of the accounts of their instance.

It is asked anew at each request.  Who may do what is another question (`roles`), and at which
addresses guests may ask at all a third one (`routes`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q

from mtdata.config import Settings
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job
from mtdata.web.access.roles import is_guest


class Scope(NamedTuple):
    """`settings` and `kinds` name nothing beyond it, so that no form or fault can tell of it."""

    settings: Settings
    kinds: Kinds
    is_whole: bool = True

    @property
    def jobs(self) -> Q:
        """The jobs in the scope, as a condition of a query."""
        if self.is_whole:
            return Q()
        names = [account.name for account in self.settings.export.cake]
        found = Q(pk__in=())
        for kind in self.kinds.values():
            found |= Q(kind=kind.name, **{f"parameters__{kind.account}__in": names})
        return found

    def job(self, job_id: Any) -> Job | None:
        """The job of that id; None for one that is not there or beyond that scope."""
        with asking():
            return Job.objects.filter(self.jobs, pk=job_id).first()


def scope_of(user: Any) -> Scope:
    """The scope of a user who is logged in."""
    ours: Settings = settings.MTDATA
    kinds: Kinds = settings.MTDATA_KINDS
    if not is_guest(user):
        return Scope(ours, kinds)
    theirs = ours.export.of_domain(user.guest.domain)
    narrow = ours.model_copy(update={"export": theirs})
    return Scope(narrow, {name: kind for name, kind in kinds.items() if kind.account}, False)
