"""A child that carried a job carries the next one, which sees nothing of it; else another does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from mtdata.jobs import child
from mtdata.jobs import supervisor as slots
from mtdata.jobs.leftovers import CAN_LOOK
from mtdata.jobs.records import orders, queries, runners, setting
from mtdata.jobs.runner import options_of
from mtdata.jobs.supervisor import Supervisor
from tests.jobs.conftest import no_server
from tests.jobs.place import Place, until
from tests.jobs.traces import DEEDS, KINDS
from tests.preloaded import ROOT, fork_children_of_jobs

shown = pytest.mark.skipif(not CAN_LOOK, reason="only Linux shows what a process holds")


class TracesPlace(Place):
    """A place with jobs that leave something and look for it."""

    kinds = KINDS
    child = (sys.executable, "-m", "mtdata.jobs.child", "tests.jobs.traces")


@pytest.fixture
def traces(urls: dict[str, str], tmp_path: Path) -> Iterator[TracesPlace]:
    made = TracesPlace(tmp_path, urls["sqlite"])
    yield made
    made.close()


def serving(place: TracesPlace) -> Iterator[Supervisor]:
    """A slot there, closed in the end."""
    fork_children_of_jobs()
    options = options_of(place.settings, place.child)
    made = Supervisor(runners.register("embedded", 1), options, KINDS)
    yield made
    made.close()


@pytest.fixture
def slot(traces: TracesPlace) -> Iterator[Supervisor]:
    yield from serving(traces)


def carried(slot: Supervisor, place: Place, kind: str, **given: str) -> dict[str, Any]:
    """What a job told of itself that was carried now, and its id."""
    job = place.enter(kind, **given)
    assert slot.work()
    told: dict[str, Any] = json.loads((place.folder / f"seen-{job}").read_text())
    return {"job": job, **told}


@shown
def test_the_next_job_has_the_same_child_and_sees_nothing_of_the_one_before(
    traces: TracesPlace, slot: Supervisor
) -> None:
    first, *later = [carried(slot, traces, "looks") for _ in range(3)]
    assert {one["pid"] for one in later} == {first["pid"]}
    chances = [one.pop("chance") for one in (first, *later)]
    assert len(set(chances)) == 3
    for one in later:
        assert {**one, "job": ""} == {**first, "job": ""}
    assert (first["marks"], first["remembered"], first["tables"]) == (0, 0, [])


def test_the_lines_of_a_job_stand_in_its_own_log(traces: TracesPlace, slot: Supervisor) -> None:
    for _ in range(2):
        job = carried(slot, traces, "looks")["job"]
        lines = [one["text"] for one in queries.events(orders.job_named(job), 50)]
        assert [line for line in lines if "a line of" in line] == [f"all: a line of {job}"]


@shown
def test_the_next_job_has_the_config_as_it_is_by_then(
    traces: TracesPlace, slot: Supervisor
) -> None:
    first = carried(slot, traces, "looks")
    traces.configure(QUEUE_JOBS=7)
    second = carried(slot, traces, "looks")
    assert (second["pid"], second["most"]) == (first["pid"], 7)
    assert first["most"] != 7


@pytest.fixture
def shared(urls: dict[str, str], tmp_path: Path) -> Iterator[TracesPlace]:
    """The same with records in PostgreSQL."""
    if "postgres" not in urls:
        pytest.skip(no_server("postgres"))
    made = TracesPlace(tmp_path, urls["postgres"])
    yield made
    made.close()


@pytest.fixture
def shared_slot(shared: TracesPlace) -> Iterator[Supervisor]:
    yield from serving(shared)


@shown
def test_the_next_job_has_the_session_of_the_database_as_if_it_were_a_new_one(
    shared: TracesPlace, shared_slot: Supervisor
) -> None:
    first, *later = [carried(shared_slot, shared, "session") for _ in range(3)]
    for one in later:
        assert {**one, "job": ""} == {**first, "job": ""}, "not the same session, or not wiped"
    found = [first[word] for word in ("table", "locks", "prepared", "channels")]
    assert found == [None, 0, 0, 0]


@shown
def test_a_session_that_its_server_ended_meanwhile_costs_the_next_job_nothing(
    shared: TracesPlace, shared_slot: Supervisor
) -> None:
    first = carried(shared_slot, shared, "session")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first["pid"]])
    assert carried(shared_slot, shared, "session")["pid"] != first["pid"]


def test_whoever_waits_for_long_is_told_once_that_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "REST_S", 0.01)
    lines: Queue[bytes] = Queue()  # its supervisor is never gone
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=iter(lines.get, None)))
    inbox, told = child.Inbox(), list[str]()

    def rests() -> None:
        told.append("rests")
        lines.put(b'{"an": "order"}')

    assert inbox.next(rests) == {"an": "order"}
    assert told == ["rests"]


@shown
def test_each_trace_is_found_and_told_by_no_word_of_its_own() -> None:
    words = [sys.executable, "-c", "from tests.jobs.traces import main; main()"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() == DEEDS.keys()
    assert told.pop("nothing") == []
    assert [deed for deed, differences in told.items() if not differences] == []
    assert "a word" not in done.stdout


@pytest.mark.parametrize("how", ["environment", "open file", "orphan", "fails"])
def test_a_child_in_which_a_job_left_something_or_failed_carries_no_other(
    traces: TracesPlace, slot: Supervisor, how: str
) -> None:
    first = carried(slot, traces, "leaves", how=how)
    second = carried(slot, traces, "looks")
    assert first["pid"] != second["pid"]
    until(lambda: not Path(f"/proc/{first['pid']}").exists(), "its end")


def test_a_child_whose_part_had_to_wait_carries_no_other_job(
    traces: TracesPlace, slot: Supervisor
) -> None:
    first = carried(slot, traces, "leaves", how="waits")
    assert first["pid"] != carried(slot, traces, "looks")["pid"]


@shown
def test_a_child_that_carried_many_jobs_carries_no_other(
    traces: TracesPlace, slot: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MOST_JOBS", 2)
    pids = [carried(slot, traces, "looks")["pid"] for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]


def test_a_job_whose_order_tells_its_parts_is_planned_without_a_child(
    traces: TracesPlace,
) -> None:
    slot = childless(traces)
    empty, wrong = traces.enter("counted", how="0"), traces.enter("counted", how="many")
    assert slot.work()
    assert traces.ended(empty, "Success")["parts"] == {"done": 0, "total": 0}
    assert slot.work()  # what a stranger put into the records ends his job, and no slot
    assert "plan: its parts cannot be told (ValueError)" in traces.ended(wrong, "Failed")["reason"]


def childless(place: Place) -> Supervisor:
    """A slot whose children end before they do anything."""
    runner = runners.register("embedded", 1)
    return Supervisor(runner, options_of(place.settings, ("false",)), KINDS)


def test_a_part_of_such_a_job_has_a_child(traces: TracesPlace, slot: Supervisor) -> None:
    job = carried(slot, traces, "counted", how="3")["job"]
    assert traces.ended(job, "Success")["parts"] == {"done": 3, "total": 3}


def test_where_a_process_cannot_be_looked_at_its_child_carries_no_other_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(setting, "forget_records", lambda: None)
    nothing_looked_at: Any = None
    carrier = child.Carrier(ROOT, nothing_looked_at, KINDS)
    assert carrier.tidy() == [child.UNSEEN]
