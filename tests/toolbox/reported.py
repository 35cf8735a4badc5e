"""A study of two sessions whose pool a test fills, and its reports as rows; it tests nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.toolbox.pools_made import Answered, MadePool

ITEMS = ("date", "id", "item", "participantRSA", "session", "tag", "timeOnPage")
LOG = ("dateCompleted", "id", "sessionName", "study", "tag", "taskName", "timeOnTask")
PERSON = ("admin", "id", "study", "testAccount")
STUDY = ("conditioning", "currentSession", "currentTaskIndex", "id", "studyType")
PLAN = {
    "PRE": [("QOL", "pre"), ("PHQ4", None)],
    "SESSION1": [("OASIS", "before"), ("Trial", None), ("OASIS", "after")],
}
"""Session -> tasks, as (scale, tag)."""
TASKS = [(session, *task) for session, tasks in PLAN.items() for task in tasks]


def schedule(plan: dict[str, list[tuple[str, str | None]]] = PLAN) -> list[dict[str, Any]]:
    """What GET study says of it."""
    sessions = [
        {"name": name, "displayName": name.title(), "index": index, "tasks": _tasks(tasks)}
        for index, (name, tasks) in enumerate(plan.items())
    ]
    return [{"name": "calm", "sessions": sessions}]


def _tasks(tasks: list[tuple[str, str | None]]) -> list[dict[str, Any]]:
    kinds = {"Trial": "angular"}
    return [{"name": n, "type": kinds.get(n, "questions"), "tag": tag} for n, tag in tasks]


def at(day: int, minute: int = 0) -> str:
    """A moment of the study, as its site writes it."""
    return f"Mon, {day:02} Mar 2026 10:{minute:02}:00 -0500"


class StudyMade:
    """The pool of a study, begun with nothing in it; `write` lays down its sheets."""

    def __init__(self, folder: Path, people: Sequence[int] = (), *, planned: bool = True) -> None:
        self.pool = MadePool(folder)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._next = 1000
        if planned:
            self.schedule(json.dumps(schedule()))
        for person in people:
            self.join(person)
            self.do(person, len(TASKS))

    def schedule(self, text: str, day: str = "2026-03-01") -> None:
        """What the pool keeps as the schedule of a day."""
        (self.pool.path / "schedule").mkdir(exist_ok=True)
        (self.pool.path / "schedule" / f"Schedule-{day}.json").write_text(text)

    def join(self, person: int, *, condition: str = "TRAINING", **more: str) -> None:
        """An account, and its row of Study, of which the id is 500 more."""
        study = str(person + 500)
        self.add("Participant", {"id": person, "study": study, "admin": "False"} | more)
        row = {"id": study, "conditioning": condition, "currentSession": "COMPLETE"}
        self.add("Study", row | {"studyType": "calm", "currentTaskIndex": "0"})

    def do(self, person: int, count: int, *, day: int = 10) -> None:
        """Let a participant do so many tasks, from the first on."""
        for place, (session, scale, tag) in enumerate(TASKS[:count]):
            self.log(person, session, scale, tag, day)
            for _ in range(3 if scale == "Trial" else 1):
                self.entry(person, session, scale, tag, day, place)

    def log(self, person: int, session: str, scale: str, tag: str | None, day: int = 10) -> None:
        """A row of TaskLog."""
        row = {"study": person + 500, "sessionName": session, "taskName": scale, "tag": tag}
        minute = 10 + len(self.rows.get("TaskLog", ())) % 50
        self.add("TaskLog", row | {"id": self._number(), "dateCompleted": at(day, minute)})

    def entry(
        self,
        person: object,
        session: str,
        scale: str,
        tag: str | None,
        day: int = 10,
        minute: int = 0,
    ) -> None:
        """An entry of a scale."""
        row = {"participantRSA": person, "session": session, "tag": tag, "date": at(day, minute)}
        self.add(scale, row | {"id": self._number(), "item": 1, "timeOnPage": 12.5})

    def _number(self) -> int:
        self._next += 1
        return self._next

    def add(self, scale: str, row: dict[str, Any]) -> None:
        """A row with these cells."""
        self.rows.setdefault(scale, []).append(row)

    def drop(self, scale: str, person: int, session: str) -> None:
        """Lose a participant's entries of a scale and session; the log keeps them."""
        kept = [
            row
            for row in self.rows[scale]
            if (row["participantRSA"], row["session"]) != (person, session)
        ]
        assert len(kept) < len(self.rows[scale])
        self.rows[scale] = kept

    def write(self) -> StudyMade:
        """Lay down a sheet of each scale."""
        for scale, rows in self.rows.items():
            usual = {"TaskLog": LOG, "Participant": PERSON, "Study": STUDY}.get(scale, ITEMS)
            columns = sorted({*usual, *(name for row in rows for name in row)})
            lines = [[_cell(row.get(name)) for name in columns] for row in rows]
            self.pool.sheet(scale, [columns, *lines])
        return self

    def report(self, *words: str) -> dict[str, Any]:
        """What `report scale --json` says of it."""
        ended = self.pool.run("report", "scale", self.pool.server, "--json", *words)
        assert ended.code == 0, ended
        shown: dict[str, Any] = json.loads(ended.out)["sites"][self.pool.server]
        return shown

    def run(self, *words: str) -> Answered:
        """Carry out a report in this process."""
        return self.pool.run("report", *words)

    def table(self, what: str) -> list[dict[str, str]]:
        """A CSV file that a report wrote."""
        (path,) = self.pool.path.glob(f"reports/{what}-*.csv")
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def mismatches(shown: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    """Cases and entries by class and scale."""
    return {(m["kind"], m["scale"]): (m["cases"], m["rows"]) for m in shown["mismatches"]}
