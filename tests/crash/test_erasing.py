"""An erasure cut off from power, or refused, at each of its changes: the next run ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.erasure.carrying import finish, settle
from mtdata.study.erasure.person import Person
from mtdata.study.erasure.planning import plan_of
from mtdata.study.erasure.search import PersonSearch
from mtdata.study.files.erased_list import ErasedList
from mtdata.study.pool import Pool
from tests.conftest import LONG, SEED
from tests.crash.cutting import sampled
from tests.crash.power import POOL, Moment, Power, World
from tests.fakes_torn import TornOs
from tests.tally import tried

MOST = 10**6 if LONG else 12
ANSWER = b"a-telling-answer"
SUITE = "erasures cut"
pytestmark = pytest.mark.timeout(3600)


def entry(number: int, who: int, **more: Any) -> bytes:
    text = ANSWER.decode() if who == 17 else "kept"
    return json.dumps({"id": number, "participant": who, "text": text} | more).encode()


SHOWN = {
    "QOL": ([entry(1, 17), entry(2, 18), entry(3, 17)], [entry(5, 18), entry(6, 17, wide=1)]),
    "OASIS": ([entry(11, 18)], [entry(12, 17)]),
}
STAY = {"QOL": ["2", "5"], "OASIS": ["11"]}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """Two days of two scales and of the table of people."""
    power, torn = Power(), TornOs()
    torn.mkdir(POOL.parent)
    torn.root.sync()
    torn.step = power.step
    torn.stand_in(monkeypatch)
    monkeypatch.setattr(LedgerDatabase, "commit", power.committing())
    made = World(torn, power, ClearCipher(), tmp_path / "shown")
    for day in (0, 1):
        for scale, days in SHOWN.items():
            made.site.put(scale, days[day])
        made.site.offer("Participant", deleteable=False)
        people = (16, 17, 18, 19)[: 3 + day]
        made.site._rows["Participant"] = [entry(number, number) for number in people]
        report = made.round()
        assert report is not None
        assert report.exit == 0, report.as_json()
        made.let_days_pass(1)
    return made


def lists(pool: Pool) -> list[ErasedList]:
    return [ErasedList(pool.disk)]


def erase(world: World, *, cut_at: int = 0, refuse_at: int = 0) -> None:
    """As the command does, in a process that may end at any change."""
    with world.cut_or_refused(cut_at, refuse_at), world.opened() as pool:
        settle(pool, lists(pool))
        person = Person("17")
        found = PersonSearch(pool, person).play()
        if not found.is_empty:
            plan = plan_of(pool, "study", person, found, raw=True)
            plan.write(pool.disk)
            finish(pool, plan, lists(pool))


def ids(world: World, scale: str) -> list[str]:
    sheets = [text for path, text in sorted(world.files().items())
              if path.startswith(f"active_data/{scale}_") and path.endswith(".csv")]  # fmt: skip
    return [line.split(b",")[0].decode() for text in sheets for line in text.splitlines()[1:]]


def data(world: World) -> dict[str, bytes]:
    return {p: c for p, c in world.files().items() if "_data/" in p and ".staged" not in p}


def faults(world: World, whole: dict[str, bytes]) -> Iterator[str]:
    """What is wrong once whoever has the pool next has had it, and a round on top of that.

    `whole` are the files before it all.
    """
    files = world.files()
    is_over = any(path.startswith("reports/erasure-") for path in files)
    if ".erasing.json" not in files and not is_over and data(world) != whole:
        yield "files were changed before the plan was written down"
    with world.opened() as pool:
        settle(pool, lists(pool))
    begun = "erased.jsonl" in world.files()
    if not begun:
        erase(world)
    report = world.round()
    if report is None or report.exit != 0:
        yield f"the round after it ended with {report and report.as_json()}"
    yield from world.judged()
    files = world.files()
    yield from (f"{path} has an answer of the person" for path, c in files.items() if ANSWER in c)
    for scale, stay in STAY.items():
        if ids(world, scale) != stay:
            yield f"{scale} has the rows {ids(world, scale)}"
    if not any(path.startswith("reports/erasure-") for path in files):
        yield "there is no certificate"
    yield from (f"{path} is too many" for path in files if "_part" in path or ".staged" in path)


def all_changes(world: World, before: Moment) -> list[tuple[int, str]]:
    erase(world)
    changes = [*world.changes, "the end"]
    world.back_to(before)
    return list(enumerate(changes, 1))


def test_an_erasure_whose_power_is_cut_is_ended_by_the_next_or_was_not_begun(world: World) -> None:
    before, whole, wrong = world.moment(), data(world), []
    for number, change in sampled(all_changes(world, before), MOST, "erase"):
        world.back_to(before)
        erase(world, cut_at=number)
        world.lose_power(Random(f"{SEED} erase {number}"))
        wrong += [f"cut {number} before {change}: {fault}" for fault in faults(world, whole)]
        tried(SUITE, f"power cut before {change}")
    assert not wrong, "\n".join(wrong)


def test_an_erasure_that_is_refused_a_change_is_ended_by_the_next(world: World) -> None:
    before, whole, wrong = world.moment(), data(world), []
    for number, change in sampled(all_changes(world, before), MOST, "refuse"):
        world.back_to(before)
        erase(world, refuse_at=number)
        wrong += [f"{number}, {change} refused: {fault}" for fault in faults(world, whole)]
        tried(SUITE, f"{change} refused")
    assert not wrong, "\n".join(wrong)


def test_ending_it_may_be_cut_as_well(world: World) -> None:
    before, whole, wrong, rng = world.moment(), data(world), [], Random(f"{SEED} twice")
    for number, change in sampled(all_changes(world, before), MOST // 2, "twice"):
        world.back_to(before)
        erase(world, cut_at=number)
        world.lose_power(rng)
        second = rng.randrange(1, 40)
        with world.cut_or_refused(second), world.opened() as pool:
            settle(pool, lists(pool))
        world.lose_power(rng)
        wrong += [f"cut {number} before {change}, then {second}: {f}" for f in faults(world, whole)]
        tried(SUITE, "cut twice")
    assert not wrong, "\n".join(wrong)
