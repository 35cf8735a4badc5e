"""A schedule as a site tells it, read into sessions and tasks; whatever else comes is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtdata.core.errors import PackageError
from mtdata.demo.study.rows import schedule
from mtdata.demo.study.sixty_days import plan
from mtdata.study.model.study_schedule import (
    MAX_NAME,
    MAX_SCHEDULE,
    ScheduledTask,
    schedules_of,
)


def sent(value: object) -> bytes:
    return json.dumps(value).encode()


def study(*tasks: object, **session: Any) -> list[Any]:
    return [{"name": "Calm", "sessions": [{"name": "PRE", "tasks": list(tasks), **session}]}]


def test_a_schedule_is_its_studies_with_sessions_and_tasks_in_order() -> None:
    [found] = schedules_of(sent(plan.schedule()))
    assert found.name == "calm"
    assert [(one.name, one.index) for one in found.sessions] == [
        ("PRE", 0), ("SESSION1", 1), ("SESSION2", 2), ("SESSION3", 3), ("SESSION4", 4), ("POST", 5),
    ]  # fmt: skip
    second = found.sessions[2].tasks
    assert [one.name for one in second] == ["OASIS", "JsPsychTrial", "QOL", "BBSIQ", "OASIS"]
    assert (second[0].tag, second[4].tag) == ("pre", "post")
    assert second[1] == ScheduledTask("JsPsychTrial", "angular", "training")


def test_the_schedule_of_every_stand_in_is_one() -> None:
    assert [len(one.sessions) for one in schedules_of(sent(schedule()))] == [4]


def test_what_is_left_out_or_odd_is_filled_by_what_is_known() -> None:
    told = study({"name": "QOL", "type": 3, "tag": ["x"], "more": {}}, index=True, displayName="")
    [found] = schedules_of(sent(told))
    [session] = found.sessions
    assert (session.title, session.index) == ("PRE", 0)
    assert session.tasks == (ScheduledTask("QOL", "", None),)
    assert schedules_of(b"[]") == ()
    assert schedules_of(b"\xef\xbb\xbf[]") == ()


def test_sessions_come_by_index_whatever_their_order() -> None:
    sessions = [{"name": f"S{place}", "index": place, "tasks": []} for place in (2, 0, 1)]
    [found] = schedules_of(sent([{"name": "Calm", "sessions": sessions}]))
    assert [one.name for one in found.sessions] == ["S0", "S1", "S2"]


HOSTILE = {
    "an object": b"{}",
    "texts": b'["Calm"]',
    "cut off": b'[{"name":"Calm"',
    "nothing": b"",
    "no UTF-8": '[{"name":"ö","sessions":[]}]'.encode("latin-1"),
    "UTF-16": "[]".encode("utf-16"),
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "deep in a value": sent(study(index=json.loads("[" * 200 + "]" * 200))),
    "many parts": b"[" + b"1," * 499_999 + b"1]",
    "too large": b"[" + b" " * MAX_SCHEDULE + b"]",
    "no number": b'[{"name":"Calm","sessions":[],"size":NaN}]',
    "a long number": b'[{"name":"Calm","sessions":[],"size":' + b"9" * 5_000 + b"}]",
    "no sessions": sent([{"name": "Calm"}]),
    "sessions by name": sent([{"name": "Calm", "sessions": {"PRE": []}}]),
    "no tasks": sent([{"name": "Calm", "sessions": [{"name": "PRE"}]}]),
    "a task that is a text": sent(study("QOL")),
    "a task without a name": sent(study({"type": "questions"})),
    "a name that is a number": sent(study({"name": 7})),
    "an empty name": sent(study({"name": ""})),
    "a long name": sent(study({"name": "n" * (MAX_NAME + 1)})),
    "a name on two lines": sent(study({"name": "QOL\nSECRET"})),
    "a name that a terminal obeys": sent(study({"name": "\x1b[2JSECRET"})),
    "half a pair": sent(study({"name": "\ud83dSECRET"})),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_schedule_is_refused_without_a_word_of_it(body: bytes) -> None:
    with pytest.raises(PackageError) as caught:
        schedules_of(body)
    assert "schedule" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert len(str(caught.value)) < 200
