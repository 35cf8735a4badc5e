"""A short trial: faults, kills, and the same pool as without any of them."""

from __future__ import annotations

from pathlib import Path

from mtdata.demo.study.site import StudySite
from tests.endurance.trial import FAULTS, Trial

SEED = 4711


def test_every_fault_of_a_trial_is_one_of_the_stand_in() -> None:
    with StudySite() as site:
        for kind, detail in FAULTS.values():
            if kind != "down":
                site.fault(kind, **detail)


def test_what_is_disturbed_and_killed_again_and_again_ends_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    names = [
        "the site is down",
        "packages break off",
        "deletes are refused",
        "connections are dropped",
    ]
    assert set(names) <= set(FAULTS)
    trial = Trial(tmp_path / "hard", SEED)
    hard = trial.play(seconds=24, kills=8, faults=names, fault_s=2.5)
    assert (hard.lost, hard.doubled, hard.left_on_site) == (0, 0, 0)
    assert (hard.verify, hard.check) == (0, 0)
    assert hard.kills >= 6
    assert not [one for one in hard.incidents if one["closed_at"] is None]
    assert hard.digest == trial.undisturbed()
