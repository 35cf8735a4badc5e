"""A slot goes on, whatever a part says and whatever the machine or the program does to it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mtdata.alerts import notify
from mtdata.core.errors import BusyError, RecordsError
from mtdata.jobs.child_session import Child
from mtdata.jobs.records import claims, orders, runners
from mtdata.jobs.records.models import Part
from mtdata.jobs.runner import options_of
from mtdata.jobs.supervisor import Supervisor
from tests.jobs import odd_words
from tests.jobs.conftest import ENGINES, no_server
from tests.jobs.place import Place, until
from tests.jobs.traces import KINDS as TRACES


class OddPlace(Place):
    """A place whose jobs say odd things."""

    kinds = odd_words.KINDS
    child = odd_words.CHILD


@pytest.fixture(params=ENGINES)
def odd(request: pytest.FixtureRequest, urls: dict[str, str], tmp_path: Path) -> Iterator[OddPlace]:
    if request.param not in urls:
        pytest.skip(no_server(request.param))
    made = OddPlace(tmp_path, urls[request.param])
    yield made
    made.close()


def test_what_no_database_takes_ends_neither_a_slot_nor_a_wait_for_the_end(odd: OddPlace) -> None:
    jobs = {how: odd.enter("says", how=how) for how in ("fails", "is long", "waits", "is busy", "")}
    slots = odd.carry()
    assert odd_words.TOLD in odd.ended(jobs["fails"], "Failed")["reason"]
    assert "long long" in odd.ended(jobs["is long"], "Failed")["reason"]
    told = odd.ended(jobs[""], "Success")["events"]
    assert [one["level"] for one in told if odd_words.TOLD in one["text"]] == ["\\udcff"]
    until(lambda: odd_words.TOLD in _reason(jobs["waits"]), "the wait")
    until(lambda: odd_words.TOLD in _reason(jobs["is busy"]), "the second try")
    assert slots.is_well()


def _reason(job: str) -> str:
    return str(Part.objects.get(job=job, stage="work").reason)


def test_a_job_goes_back_where_no_process_can_be_begun(plain: Place) -> None:
    job = plain.enter()
    options = options_of(plain.settings, ("/nowhere/python",))
    slot = Supervisor(runners.register("embedded", 1), options, plain.kinds)
    with pytest.raises(BusyError, match="no process for a job can be begun here: No such file"):
        slot.work()
    part = Part.objects.get(job=job)
    assert (part.status, part.lost) == ("Queued", 0)


def test_slots_go_on_when_a_process_can_be_begun_again(
    plain: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faults, answer = iter([("/nowhere/python",), None]), "the answer of a participant"

    def begun(words: tuple[str, ...]) -> Child:
        for instead in faults:
            if instead is None:
                raise ValueError(answer)
            return Child(instead)
        return Child(words)

    monkeypatch.setattr("mtdata.jobs.supervisor.Child", begun)
    plain.configure(LEASE_S="1s")
    slots = plain.carry()
    job = plain.add(rows=20)
    plain.ended(job, "Success")
    assert slots.is_well()
    told = "\n".join(one.getMessage() for one in caplog.records if one.levelno > logging.INFO)
    assert "can be begun here: No such file or directory; this slot goes on in a while" in told
    assert "a fault of the program: ValueError; this slot goes on in a while" in told
    [incident] = notify.program_incidents(plain.settings)
    assert (incident.kind, incident.scale) == ("task_failed", "carrying jobs")
    assert "participant" not in told + incident.detail


def test_the_first_part_is_carried_though_nobody_can_say_how_many_wait(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(job_id: str) -> int:
        raise RecordsError("away")

    monkeypatch.setattr(claims, "waiting_parts", away)
    kinds = {"counted": replace(TRACES["counted"], max_runners=4)}
    words = (sys.executable, "-m", "mtdata.jobs.child", "tests.jobs.traces")
    job = str(orders.add(orders.Order("counted", {"how": "2"}, "counted", max_runners=4)).pk)
    slot = Supervisor(runners.register("embedded", 1), options_of(plain.settings, words), kinds)
    with closing(slot):
        assert slot.work()
    assert plain.ended(job, "Success")["parts"] == {"done": 2, "total": 2}
