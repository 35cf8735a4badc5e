"""The schedule of the study comes with the static scales; nothing about it changes a round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.demo.study.faults import STUDY_CALL
from mtdata.demo.study.rows import schedule
from mtdata.study.files.schedules import ScheduleFiles
from tests.system.home import STUDY, Home, row

CALL, DAY = "/api/study", "2026-03-12"
SECRET = "SECRET task"


def kept(home: Home) -> dict[str, bytes]:
    folder = home.pool / "schedule"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def calls(home: Home) -> int:
    return sum(one.path == CALL for one in home.site.requests)


def told(home: Home) -> str:
    """Every line of the log that tells of the schedule."""
    lines = (home.folder / "logs" / "DEBUG.log").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if "schedule" in line)


@pytest.fixture
def filled(home: Home) -> Home:
    home.configure(DELETE_MODE=True, TIMEOUT="1s")
    home.site.put("QOL", [row(1)])
    home.site.put("TaskLog", [row(2)], deleteable=False)
    return home


def test_a_round_of_the_static_scales_keeps_the_schedule_as_sent(filled: Home) -> None:
    filled.site.schedule = body = json.dumps(schedule(), indent=1).encode()
    filled.export(STUDY, "static")
    assert kept(filled) == {f"Schedule-{DAY}.json": body}
    found = ScheduleFiles(FolderDisk(filled.pool)).newest()
    assert found is not None
    assert (found.day.isoformat(), len(found.studies[0].sessions)) == (DAY, 4)
    filled.export(STUDY, "all")
    assert (len(kept(filled)), calls(filled)) == (1, 2)
    assert filled.is_clean()


@pytest.mark.parametrize("words", [(), (".",), ("QOL",), ("TaskLog",)])
def test_no_other_round_asks_for_it(filled: Home, words: tuple[str, ...]) -> None:
    filled.export(STUDY, *words)
    assert (kept(filled), calls(filled)) == ({}, 0)


def test_a_schedule_that_changed_is_kept_beside_the_one_before(filled: Home) -> None:
    filled.export(STUDY, "static")
    before = kept(filled)
    filled.site.schedule = [*schedule(), {"name": "More", "sessions": []}]
    filled.now = filled.now.replace(day=14)
    filled.export(STUDY, "static")
    assert kept(filled).keys() == {f"Schedule-{DAY}.json", "Schedule-2026-03-14.json"}
    assert kept(filled).items() > before.items()


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no such call": ("status", {"code": 404}),
    "an error": ("status", {"code": 500}),
    "busy": ("status", {"code": 503}),
    "not allowed": ("forbidden", {}),
    "a log-in page": ("login_page", {}),
    "a web page": ("html", {}),
    "no answer": ("hang", {}),
    "dropped": ("drop", {}),
    "elsewhere": ("redirect", {}),
    "cut off": ("truncated", {}),
    "endless": ("endless", {}),
    "deep": ("garbled", {"bytes": b"[" * 100_000}),
    "no list": ("garbled", {"bytes": b'{"SECRET task":1}'}),
    "no schedule": ("garbled", {"bytes": b'[{"name":"SECRET task"}]'}),
    "a bomb": ("gzip", {"size_mb": 20}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_schedule_that_does_not_come_changes_nothing_in_the_round(
    filled: Home, name: str
) -> None:
    kind, detail = FAULTS[name]
    filled.site.fault(kind, scale=STUDY_CALL, **detail)
    did = filled.export(STUDY, "all")
    assert (did["QOL"]["deleted"], did["TaskLog"]["appended"]) == (1, 1)
    assert (kept(filled), filled.troubles()) == ({}, set())
    assert filled.run("status", STUDY).code == 0
    assert " DEBUG " in told(filled)
    assert " WARNING " not in told(filled), "a site that never told one has none, for all we know"
    filled.site.heal()
    filled.export(STUDY, "static")
    before = kept(filled)
    filled.site.fault(kind, scale=STUDY_CALL, **detail)
    filled.export(STUDY, "static")
    assert told(filled).count(" WARNING ") == 1
    assert (kept(filled), len(before), filled.troubles()) == (before, 1, set())
    assert SECRET not in told(filled)
    assert filled.is_clean()


def test_a_pool_that_cannot_take_the_schedule_is_collected_all_the_same(filled: Home) -> None:
    filled.pool.mkdir(mode=0o700)
    (filled.pool / "schedule").write_bytes(b"a file in the place of the folder")
    filled.export(STUDY, "all")
    assert filled.deletes() == [1]
    assert told(filled).count(" WARNING ") == 1
    assert filled.troubles() == set()


def test_a_round_that_did_not_see_the_site_does_not_ask_for_it(filled: Home) -> None:
    filled.site.fault("status", code=500, scale="")
    filled.export(STUDY, "static", code=69)
    assert calls(filled) == 0


def test_a_kind_of_site_without_the_call_is_collected_all_the_same(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtdata.study.collectors.mindtrails import MindTrailsSite

    monkeypatch.delattr(MindTrailsSite, "schedule")
    filled.export(STUDY, "all")
    assert (filled.deletes(), kept(filled)) == ([1], {})


def test_the_folder_is_the_owners_alone(filled: Home) -> None:
    filled.export(STUDY, "static")
    folder: Path = filled.pool / "schedule"
    assert [one.stat().st_mode & 0o077 for one in (folder, *folder.iterdir())] == [0, 0]
