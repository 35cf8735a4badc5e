"""The one state of a site: the worst that holds, and well only where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mtdata.study.status.shape import DiskShape, EndedShape, OnSiteShape, SiteShape
from mtdata.study.status.verdict import judged

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
WELL = SiteShape(
    scales={},
    last_round=EndedShape(NOW, 60, 0),
    last_good=None,
    incidents=[],
    incidents_open={"critical": 0, "error": 0, "warning": 0},
    deletes_blocked=[],
    replicas=[],
    ready=True,
    overdue=False,
    late={},
    disk=DiskShape(1, 2, 3),
    new_rows={"2026-03-12": 3},
    on_site=OnSiteShape(0, None, None, None, None),
    last_success_at=None,
    last_success_s=None,
    last_static_at=None,
    next_round_at=NOW + timedelta(minutes=1),
    next_static_at=None,
    state="",
    level="",
)
WARNING: dict[str, Any] = {"incidents_open": {"critical": 0, "error": 0, "warning": 1}}
DUE: dict[str, Any] = {"next_round_at": NOW - timedelta(seconds=73)}
PART: dict[str, Any] = {"last_round": EndedShape(NOW, 60, 1)}
GRAVE: dict[str, Any] = {"incidents_open": {"critical": 1, "error": 0, "warning": 1}}
STOPPED: dict[str, Any] = {"deletes_blocked": ["why"]}
FAILED: dict[str, Any] = {"last_round": EndedShape(NOW, 60, 69)}
NONE: dict[str, Any] = {"last_round": None}


@pytest.mark.parametrize(
    ("changes", "state", "level"),
    [
        ({}, "Well", "good"),
        (PART, "In part", "warn"),
        (PART | WARNING, "Warning", "warn"),
        (WARNING | DUE, "Due, nobody runs", "warn"),
        ({"next_round_at": NOW - timedelta(seconds=5)}, "Well", "good"),
        (DUE | NONE, "No round yet", "warn"),
        (NONE | GRAVE, "Trouble", "bad"),
        ({"incidents_open": {"critical": 0, "error": 1, "warning": 0}}, "Trouble", "bad"),
        (GRAVE | STOPPED, "Deletes stopped", "bad"),
        (STOPPED | FAILED, "Failing", "bad"),
        (FAILED | {"overdue": True}, "Overdue", "bad"),
        ({"overdue": True, "ready": False}, "Not READY", "quiet"),
    ],
)
def test_the_worst_that_holds_is_the_state(changes: dict[str, Any], state: str, level: str) -> None:
    found = judged(replace(WELL, **changes), NOW, is_running=False)
    assert (found.state, found.level) == (state, level)


def test_a_round_that_goes_on_is_not_waited_for() -> None:
    assert judged(replace(WELL, **DUE), NOW, is_running=True).state == "Well"
    assert judged(replace(WELL, **DUE, **NONE), NOW, is_running=True).state == "First round"
