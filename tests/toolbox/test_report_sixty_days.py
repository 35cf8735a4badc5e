"""The report on the study of sixty days finds each fault planted there, and nothing else."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mtdata.cli.main import run
from mtdata.demo.study.sixty_days import planted as plants
from mtdata.demo.study.sixty_days.plan import NOT_COUNTED, SESSIONS, TASKS, date_of
from mtdata.demo.study.sixty_days.planted import PLANTED
from mtdata.demo.study.sixty_days.pool import StudyPool

MISSING = (plants.MISSING, plants.IN_CONDITION, plants.IN_SESSION, plants.IN_PERIOD)


class Reported(NamedTuple):
    """What a report says of the study, and the folder with its files."""

    shown: dict[str, Any]
    folder: Path

    def rows(self, what: str) -> list[dict[str, str]]:
        """One of its tables."""
        (path,) = self.folder.glob(f"*{what}-*.csv")
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def reported(sixty_days: StudyPool, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Both reports, beside the pool."""
    folder = tmp_path_factory.mktemp("reported")
    more = ["--out", str(folder), "--config", str(sixty_days.config)]
    with redirect_stdout(StringIO()) as out:
        assert run(["report", "scale", "--json", *more]) == 0
    (shown,) = json.loads(out.getvalue())["sites"].values()
    with redirect_stdout(StringIO()):
        assert run(["report", "client", *more]) == 0
    return Reported(shown, folder)


def test_each_planted_mismatch_is_found_and_no_other(reported: Reported) -> None:
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    for one in PLANTED:
        kind = "missing" if one.kind in MISSING else one.kind.replace("_", " ")
        if one.kind in (*MISSING, plants.WRITTEN_TWICE):
            wanted[kind, one.scale, str(one.participant), one.session] += one.count
    found: Counter[tuple[str, str, str, str]] = Counter()
    for row in reported.rows("mismatches"):
        place = row["class"], row["scale"], row["participant"], row["session"]
        found[place] += int(row["rows"])
    assert found == wanted


def test_entries_that_were_written_twice_are_named_by_their_ids(reported: Reported) -> None:
    found = [set(row["ids"].split()) for row in reported.rows("mismatches") if row["ids"]]
    wanted = [set(map(str, one.ids)) for one in PLANTED if one.kind == plants.WRITTEN_TWICE]
    assert len(found) == len(wanted)
    assert all(any(ids < whole for whole in found) for ids in wanted)


def test_what_the_mismatches_share_is_what_was_planted(reported: Reported) -> None:
    found = {
        (one["scale"], one["only_in"], one["where"])
        for one in reported.shown["mismatches"]
        if one["only_in"]
    }
    scale, days = plants.LOST_IN_PERIOD
    assert found == {
        (plants.LOST_IN_CONDITION[0], "condition", plants.LOST_IN_CONDITION[1]),
        (plants.LOST_IN_SESSION[0], "session", plants.LOST_IN_SESSION[1]),
        (scale, "period", f"{date_of(days[0])} to {date_of(days[1])}"),
    }


def test_accounts_of_the_staff_are_counted_and_left_out(reported: Reported) -> None:
    assert reported.shown["tests"] == len(NOT_COUNTED)
    named = {row["participant"] for row in reported.rows("mismatches")}
    named |= {row["participant"] for row in reported.rows("client-report")}
    assert named.isdisjoint(map(str, NOT_COUNTED))


def test_every_task_of_the_schedule_is_a_line_of_its_session(reported: Reported) -> None:
    found = {(row["session"], row["scale"], row["tag"]) for row in reported.rows("session-report")}
    planned = {(session, scale, tag or "") for session in SESSIONS for scale, tag in TASKS[session]}
    assert found == planned
    assert {row["in_schedule"] for row in reported.rows("session-report")} == {"True"}


def test_nobody_lacks_a_task_by_the_log(reported: Reported) -> None:
    rows = reported.rows("client-report")
    assert {row["missing"] for row in rows} == {"0"}
    assert all(row["logged"] == row["expected"] for row in rows)
