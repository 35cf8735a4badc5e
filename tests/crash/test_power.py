"""A round cut off from power at each of its changes, on a disk that forgets, tears and reorders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.decryption.cipher import RsaCipher
from mtdata.study.decryption.keys import load_keys
from mtdata.study.status.result import RoundResult
from tests.conftest import LONG, SEED
from tests.crash.oracle import deletes_without_proof, faults_of_the_pool
from tests.crash.power import POOL, Moment, Power, World
from tests.crash.story import Story
from tests.fakes_torn import TornOs
from tests.tally import tried

OUTCOMES = 40 if LONG else 1
TWICE, EVERY, NAMES = (20, 1, 10) if LONG else (1, 5, 4)
"""Tries with two cuts, and at every how many changes the first one is (the seed says where)."""
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(params=["first round", "later round"])
def world(
    request: pytest.FixtureRequest, story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> World:
    """A world before the round that is cut: without a pool, or with one and three sorts of entries.

    Some are gone from the site, some are owed, some are new.
    """
    power, torn = Power(), TornOs()
    torn.mkdir(POOL.parent)
    torn.root.sync()
    torn.step = power.step
    torn.stand_in(monkeypatch)
    monkeypatch.setattr(LedgerDatabase, "commit", power.committing())
    key = tmp_path / "study.pem"
    key.write_bytes(story.private)
    key.chmod(0o600)
    keys, _ = load_keys([key], None)
    made = World(torn, power, RsaCipher(keys, workers=0), tmp_path / "shown")
    if request.param == "first round":
        made.site.show(story, story.gone + story.owed, snapshot=0)
        return made
    for delete_mode, entries in ((True, story.gone), (False, story.owed)):
        made.site.show(story, entries, snapshot=0)
        report = made.round(delete_mode=delete_mode)
        assert report is not None
        assert report.exit == 0, report.as_json()
    made.site.show(story, story.new, snapshot=1)
    made.all_shown = True
    return made


def faults(world: World, story: Story) -> Iterator[str]:
    """What two clean rounds leave wrong; a pool whose power was cut needs no person."""
    if not world.all_shown:
        yield from unless_well(world.round())
        world.site.show(story, story.new, snapshot=1)
    yield from unless_well(world.round())
    second = world.round()
    assert second is not None
    if second.exit != 0:
        yield f"the second clean round ended with {second.as_json()}"
    for scale, did in second.scales.items():
        if did["fresh"] or did["appended"] or did["deleted"]:
            yield f"the second clean round still had work on {scale}: {did}"
    yield from world.judged()
    yield from faults_of_the_pool(world.shown(), story)
    names = world.files()
    yield from (f"{name} is too many" for name in names if "_part" in name or "/." in name)
    broken = [entry.body for entry in story.new if entry.cells is None]
    if [names[name] for name in names if name.startswith("held/")] != broken:
        yield "held/ is not the entry that is no JSON, once"


def unless_well(report: RoundResult | None) -> Iterator[str]:
    """How a round ended that should have ended well."""
    if report is None or report.exit not in (0, 1):  # 1: what is held was found in this round
        yield f"the clean round ended with {report and report.as_json()}"


def after_cut(world: World, story: Story, rng: Random) -> Iterator[str]:
    """What the power cut leaves, and whether all that is gone from the site is whole in it."""
    world.lose_power(rng)
    shown = story.entries if world.all_shown else story.gone + story.owed
    so_far = SimpleNamespace(deleteable=story.deleteable, entries=shown)
    yield from deletes_without_proof(world.shown(), so_far)


def all_cuts(world: World, before: Moment) -> list[str]:
    """The changes that an undisturbed round makes, and the rest after it."""
    assert world.round() is not None
    world.back_to(before)
    return [*world.changes, "the end"]


def test_a_round_whose_power_is_cut_at_any_change_is_mended_by_the_next(
    world: World, story: Story
) -> None:
    before, wrong = world.moment(), []
    for number, change in enumerate(all_cuts(world, before), 1):
        world.back_to(before)
        world.round(cut_at=number)
        cut = world.moment()
        for outcome in range(OUTCOMES):
            world.back_to(cut)
            rng = Random(f"{SEED} {number} {outcome}")
            found = [*after_cut(world, story, rng), *faults(world, story)]
            wrong += [f"cut {number} before {change}, outcome {outcome}: {f}" for f in found]
        tried("simulated disk", f"power cut before {change}", OUTCOMES)
    assert not wrong, "\n".join(wrong)


def names_unsynced(cuts: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The cuts that leave a name begun, moved or taken away, and not synced."""
    return [
        after
        for (_, change), after in pairwise(cuts)
        if change in ("mkdir", "replace", "unlink") and after[1] == "fsync"
    ]


@pytest.mark.parametrize("first", ["power", "kill"])
def test_a_mending_round_whose_power_is_cut_as_well_is_mended_by_the_next(
    world: World, story: Story, first: str
) -> None:
    before, wrong, rng = world.moment(), [], Random(f"{SEED} {first}")
    cuts = list(enumerate(all_cuts(world, before), 1))
    for number, change in cuts[SEED % EVERY :: EVERY] + names_unsynced(cuts) * NAMES:
        for again in range(TWICE):
            world.back_to(before)
            world.round(cut_at=number)
            found = [*after_cut(world, story, rng)] if first == "power" else []
            cut = world.moment()
            changes = all_cuts(world, cut)
            second = rng.randrange(1, len(changes) + 1)
            world.round(cut_at=second)
            found += [*after_cut(world, story, rng), *faults(world, story)]
            wrong += [
                f"{first} at {number} before {change}, power at {second} before "
                f"{changes[second - 1]}, try {again}: {f}"
                for f in found
            ]
        tried("simulated disk", f"{first} cut, then power cut while mending", TWICE)
    assert not wrong, "\n".join(wrong)
