"""Teams as an import writes them, by the policy for names that are there; it reads no file."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from mtdata.core.errors import JobError
from mtdata.programme.imports import RowCounts
from mtdata.programme.records.models import Team, TeamChange
from mtdata.programme.table_rows import insert, update

FIELDS = ("name", "description", "manager", "members")
KEPT_KEYS = 8192
"""More names than an import puts in order together, and then writes."""
INSERTED = ("job", "attempt", "name_key", *FIELDS)


class Duplicates(StrEnum):
    """What is done with a row whose name is there: leave that, change that, or fail."""

    SKIP = "skip"
    UPDATE = "update"
    FAIL = "fail"


@lru_cache(KEPT_KEYS)
def name_key(name: str) -> str:
    """The digest by which a name is one: databases differ on case, blanks and other alphabets."""
    return sha256(unicodedata.normalize("NFC", name.strip()).encode()).hexdigest()


class TeamWriter:
    """Port RowWriter for teams."""

    def __init__(self, job: str, attempt: int, duplicates: Duplicates) -> None:
        self._job, self._attempt, self._duplicates = UUID(job), attempt, duplicates
        self._expects_known = duplicates is not Duplicates.SKIP

    def doubt(self) -> None:
        """Port: RowWriter.doubt."""
        self._expects_known = True

    def key(self, values: tuple[Any, ...]) -> str:
        """Port: RowWriter.key."""
        return name_key(values[0])

    def write(self, rows: Sequence[tuple[Any, ...]]) -> RowCounts:
        """Port: RowWriter.write."""
        wanted: dict[str, tuple[Any, ...]] = {}
        for row in rows:
            key = name_key(row[0])
            if self._duplicates is Duplicates.UPDATE or key not in wanted:
                wanted[key] = row
            elif self._duplicates is Duplicates.FAIL:
                raise self._refusal()
        known = self._known_teams(wanted) if self._expects_known else {}
        if known and self._duplicates is Duplicates.FAIL:
            raise self._refusal()
        # in the order of their keys: so two imports never wait for each other
        new = sorted(wanted.keys() - known.keys())
        insert(
            Team, INSERTED, [(key, *wanted[key]) for key in new], first=(self._job, self._attempt)
        )
        updated = self._update(wanted, known) if self._duplicates is Duplicates.UPDATE else 0
        self._expects_known = bool(known) or self._duplicates is not Duplicates.SKIP
        return RowCounts(new=len(new), updated=updated, skipped=len(rows) - len(new) - updated)

    @staticmethod
    def _refusal() -> JobError:
        return JobError(
            "a team of the file is there already, or twice in it, and duplicates is fail; "
            "all that was written is taken back"
        )

    def _known_teams(self, wanted: Mapping[str, Any]) -> dict[str, Team]:
        found = Team.objects.filter(name_key__in=list(wanted))
        if self._duplicates is Duplicates.UPDATE:
            return {team.name_key: team for team in found.order_by("name_key").select_for_update()}
        return {key: Team() for key in found.values_list("name_key", flat=True)}

    def _update(self, wanted: Mapping[str, tuple[Any, ...]], known: Mapping[str, Team]) -> int:
        """Change the teams that differ, and keep what they were; how many."""
        differ = {
            team.pk: team
            for key, team in known.items()
            if wanted[key] != tuple(content_of(team).values())
        }
        others = {pk: team for pk, team in differ.items() if team.job != self._job}
        # what this job wrote and another changed since stays as that made it
        since = TeamChange.objects.filter(before_job=self._job, team__in=list(others))
        for pk in since.values_list("team", flat=True):
            del differ[pk], others[pk]
        kept = TeamChange.objects.filter(job=self._job, team__in=list(others))
        for pk in kept.values_list("team", flat=True):
            del others[pk]
        images = [(self._job, pk, image_of(team), team.job) for pk, team in others.items()]
        insert(TeamChange, ("job", "team", "before", "before_job"), images)
        written = (self._job, self._attempt, None)
        update(Team, ("job", "attempt", "edited_at", *FIELDS),
               [(*written, *wanted[team.name_key], pk) for pk, team in differ.items()])  # fmt: skip
        return len(differ)


def content_of(team: Team) -> dict[str, Any]:
    """What a file says of it."""
    return {name: getattr(team, name) for name in FIELDS}


def image_of(team: Team) -> dict[str, Any]:
    """All of a team, as it is kept while a change of it can be undone."""
    edited = team.edited_at.isoformat() if team.edited_at else None
    return {**content_of(team), "attempt": team.attempt, "edited_at": edited}
