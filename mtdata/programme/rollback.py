"""Takes back what an import did: its rows go, and what it changed becomes what it was before.

Batch by batch, each in one commit, and each finds what is left: after a crash it just goes on.  A
row that another import changed since stays as that made it; what that import would bring back, if
it is undone in its turn, is what was there before the first of the two.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from mtdata.core.border import Border
from mtdata.core.errors import JobError
from mtdata.jobs.kind import Work
from mtdata.programme.records.models import FormResponse, Team, TeamChange
from mtdata.programme.table_rows import update
from mtdata.programme.teams import name_key

BATCH = 2000
"""Rows of one commit: few enough that nobody waits long for them."""
LISTED = 50
"""Numbers of rows in one line of the log."""


class TakenBack(NamedTuple):
    """What was taken back so far, and what was not."""

    removed: int = 0
    restored: int = 0
    passed_on: int = 0  # another import has changed them since
    left: int = 0  # of what it changed: gone since, edited by a person, or the old name is taken
    kept: int = 0  # edited by a person since; they are no import's any more

    @classmethod
    def of_checkpoint(cls, kept: Any) -> TakenBack:
        """As it was kept.  JobError where that is damaged."""
        with Border(JobError, "what is kept of how far it came is damaged"):
            return cls(*map(int, kept or ()))


class RollbackStep(Protocol):
    """One batch of a job; where nothing is counted, nothing is left to do."""

    def __call__(self, job: UUID, *, keeps_edited: bool) -> TakenBack: ...


def take_back_teams(work: Work, *, keeps_edited: bool) -> TakenBack:
    """Every team of the job as it was before, in batches."""
    # once more in the end: another import may have changed some of them meanwhile
    steps = (_pass_on, _restore, _remove_teams, _pass_on)
    return _take_back(work, Team, steps, keeps_edited=keeps_edited)


def take_back_forms(work: Work, *, keeps_edited: bool) -> TakenBack:
    """Every form response of the job is removed, in batches."""
    return _take_back(work, FormResponse, (_remove_forms,), keeps_edited=keeps_edited)


def _take_back(
    work: Work, table: Any, steps: tuple[RollbackStep, ...], *, keeps_edited: bool
) -> TakenBack:
    job = UUID(work.job)
    done = TakenBack.of_checkpoint(work.checkpoint)
    for step in steps:
        done = _until_none(work, partial(step, job, keeps_edited=keeps_edited), done)
    if keeps_edited:
        _tell_kept(work, table, job)
        done = _until_none(work, partial(_disown, table, job), done)
    return done


def _until_none(work: Work, step: Any, done: TakenBack) -> TakenBack:
    while True:
        work.stop_token.check()
        before = done
        work.commit(partial(_move, step, before))
        done = TakenBack.of_checkpoint(work.checkpoint)
        work.progress(sum(done), step="taking back")
        if done == before:  # a step that still finds something counts it
            return done


def _move(step: Any, before: TakenBack) -> list[int]:
    return [one + other for one, other in zip(before, step(), strict=True)]


def _pass_on(job: UUID, *, keeps_edited: bool) -> TakenBack:
    """What later imports would bring back of this one's becomes what was there before it.

    What a person had made of it before they changed it is no import's: they bring that back.
    """
    later = list(TeamChange.objects.filter(before_job=job).order_by("team")[:BATCH])
    own = {one.team: one for one in TeamChange.objects.filter(
        job=job, team__in=[one.team for one in later])}  # fmt: skip
    for one in later:
        mine = own.get(one.team)
        if keeps_edited and one.before["edited_at"]:
            one.before_job = None
        else:
            one.before, one.before_job = (mine.before, mine.before_job) if mine else (None, None)
    update(
        TeamChange,
        ("before", "before_job"),
        [(one.before, one.before_job, one.pk) for one in later],
    )
    TeamChange.objects.filter(pk__in=[one.pk for one in own.values()]).delete()
    return TakenBack(passed_on=len(later))


def _restore(job: UUID, *, keeps_edited: bool) -> TakenBack:
    """Teams that it changed become what they were; one that is gone since stays so."""
    own = TeamChange.objects.filter(job=job).exclude(team__in=_passed_on(job))
    changes = {one.team: one for one in own.order_by("team")[:BATCH]}
    found = Team.objects.filter(pk__in=list(changes), job=job).order_by("pk").select_for_update()
    teams = [team for team in found if not (keeps_edited and team.edited_at)]
    # who held one of them till now was an import that changed it
    for team in _passed_on(job).filter(team__in=list(changes)):
        del changes[team]
    gone = [team.pk for team in teams if changes[team.pk].before is None]
    back = [team for team in teams if changes[team.pk].before is not None]
    for team in back:
        _become(team, changes[team.pk])
    back = _restorable(back)
    update(Team, _RESTORED, [[getattr(one, name) for name in (*_RESTORED, "pk")] for one in back])
    Team.objects.filter(pk__in=gone).delete()
    TeamChange.objects.filter(pk__in=[one.pk for one in changes.values()]).delete()
    left = len(changes) - len(gone) - len(back)
    return TakenBack(len(gone), len(back), left=left)


def _passed_on(job: UUID) -> Any:
    """The teams that others changed since."""
    return TeamChange.objects.filter(before_job=job).values_list("team", flat=True)


_IMAGE = ("name", "description", "manager", "members", "attempt", "edited_at")
_RESTORED = (*_IMAGE, "name_key", "job")


def _become(team: Team, change: TeamChange) -> None:
    with Border(JobError, f"what team {team.pk} was before is kept no more as it should be"):
        for name in _IMAGE:
            setattr(team, name, change.before[name])
        edited = change.before["edited_at"]
        team.edited_at = datetime.fromisoformat(edited) if edited else None
        team.name_key, team.job = name_key(team.name), change.before_job


def _restorable(back: list[Team]) -> list[Team]:
    """Those whose old name no other team has now; the rest, which people renamed, are theirs."""
    keys = {team.name_key: team.pk for team in back}
    found = Team.objects.filter(name_key__in=list(keys)).values_list("name_key", "pk")
    taken = [keys[key] for key, pk in found if keys[key] != pk]
    Team.objects.filter(pk__in=taken).update(job=None)
    return [team for team in back if team.pk not in taken]


def _remove_teams(job: UUID, *, keeps_edited: bool) -> TakenBack:
    return _removed(Team, job, keeps_edited=keeps_edited)


def _remove_forms(job: UUID, *, keeps_edited: bool) -> TakenBack:
    return _removed(FormResponse, job, keeps_edited=keeps_edited)


def _removed(table: Any, job: UUID, *, keeps_edited: bool) -> TakenBack:
    rows = table.objects.filter(job=job)
    if keeps_edited:
        rows = rows.filter(edited_at=None)
    while some := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        count, _ = table.objects.filter(pk__in=some, job=job).delete()
        if count:  # otherwise others have changed them this very moment
            return TakenBack(removed=count)
    return TakenBack()


def _tell_kept(work: Work, table: Any, job: UUID) -> None:
    kept = [str(pk) for pk in _edited(table, job)]
    for first in range(0, len(kept), LISTED):
        numbers = ", ".join(kept[first : first + LISTED])
        work.say("WARNING", f"edited since, and kept as they are: {numbers}")


def _edited(table: Any, job: UUID) -> list[int]:
    rows = table.objects.filter(job=job).exclude(edited_at=None).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _disown(table: Any, job: UUID) -> TakenBack:
    """What a person edited is theirs from now on: no later stop of that job reaches it."""
    count = table.objects.filter(pk__in=_edited(table, job), job=job).update(job=None)
    return TakenBack(kept=count)
