"""Reports of CAKE whose child or runner is killed at every step: whole in the end, nothing twice.

The clicks are those of the day on which an hour comes twice.  Which steps there are an undisturbed
job tells; the normal run tries some of them, others with each seed, and --long every one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mtdata.demo.cake.site import CakeSite
from tests.conftest import LONG, SEED
from tests.crash.cutting import sampled
from tests.system.kitchen import DAY, LONG_DAY, Kitchen, kitchen
from tests.tally import tried

pytestmark = pytest.mark.timeout(7200)
SUITE = "steps of a report of CAKE cut"
KINDS = ("cake.conversions", "cake.clicks")
PLACES = ("folder", "bucket")
A_STORY = 10**6 if LONG else 1
WHO = ("child", "runner", "stop")
HURT = [(kind, place, who) for kind in KINDS for place in PLACES for who in WHO]
if not LONG:  # a day of clicks is 25 files: one is dear enough
    one_day, clicks = HURT[:6], HURT[6:8]
    HURT = sampled(one_day, 2, "one day") + sampled(clicks, 1, "clicks")
DEEDS = {"child": "child killed", "runner": "runner killed", "stop": "stopped"}
NO_STOP = ("output: publish", "after records: done")
"""The records are locked there, or the job has ended: nobody can order a stop at that moment."""


class Place(NamedTuple):
    """Where a job is hurt: at event `at` of its children or of its runner."""

    role: str
    at: str

    def deed(self, log: Path, who: str) -> dict[str, str]:
        """The environment for it (tests/system/cake_child.py)."""
        told = {"CAKE_CUT": str(log), "CAKE_AT": self.at, "CAKE_WHO": who}
        return {**told, "CAKE_IN": self.role}


OF_THE_RUNNER = [
    Place("runner", f"{number} {side} {what} in the records")
    for what in ("claim", "order")
    for number in (1, 2, 3)
    for side in ("before", "after")
]


class Story:
    """One kind of report and where its files go; `events` are those of an undisturbed job."""

    def __init__(self, home: Kitchen, kind: str) -> None:
        self.home, self.kind = home, kind
        self.log = home.folder / "events"
        self.undisturbed: dict[str, bytes] = {}
        self.events: list[str] = []

    def counted(self) -> Story:
        """Carry it once without harm."""
        if not self.events:
            self.begun()
            job = self.home.order(self.kind, **self.home.given())
            self.home.carry(**Place("child", "0").deed(self.log, "nobody"))
            self.undisturbed = self.home.whole(self.kind, job)
            self.events = self.logged()
        return self

    def logged(self) -> list[str]:
        """The events of the children so far."""
        return Path(f"{self.log}.child").read_text().splitlines()

    def begun(self) -> None:
        """Nothing is there: no job, no file, no log."""
        self.home.forget()
        for role in ("child", "runner"):
            Path(f"{self.log}.{role}").unlink(missing_ok=True)

    def places(self, who: str) -> list[Place]:
        """The first and the last of each event; those of the runner only for its own kill."""
        found = list(OF_THE_RUNNER) if who == "runner" else []
        for words, count in Counter(self.events).items():
            if who == "stop" and any(word in words for word in NO_STOP):
                continue
            found += [Place("child", f"{number} {words}") for number in sorted({1, count})]
        return found

    def cut(self, place: Place, who: str) -> None:
        """Carry what is queued, hurt there."""
        carry = self.home.carry_in_a_process if who == "runner" else self.home.carry
        carry(**place.deed(self.log, who))
        assert f"{place.at.partition(' ')[2]}\n" in Path(f"{self.log}.{place.role}").read_text()


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.bucket import Bucket, store_started

    with ExitStack() as open_:
        cake = open_.enter_context(CakeSite(clicks_a_day=480, events_a_day=120))
        store = open_.enter_context(store_started())
        made: dict[tuple[str, str], Story] = {}

        def story(kind: str, place: str, heard: Any) -> Story:
            if (kind, place) not in made:
                folder = tmp_path_factory.mktemp(f"{kind}-{place}")
                home = open_.enter_context(kitchen(folder, heard))
                home.programme(HEARTBEAT_S="0.05s", SWEEP_S="1s")
                home.serve(cake, Bucket(store) if place == "bucket" else None)
                home.day = LONG_DAY if kind == "cake.clicks" else DAY
                made[kind, place] = Story(home, kind)
            made[kind, place].home._heard = heard
            return made[kind, place].counted()

        yield story


@pytest.fixture
def told(stories: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda kind, place: stories(kind, place, lambda: tuple(capsys.readouterr()))


def chosen(story: Story, who: str, place: str) -> list[Place]:
    found = sampled(story.places(who), A_STORY, f"{story.kind} {place} {who}")
    print(f"seed {SEED}: {who}: {found}")
    return found


@pytest.mark.parametrize(("kind", "place", "who"), HURT)
def test_a_report_that_is_cut_anywhere_comes_whole_in_the_end(
    told: Any, kind: str, place: str, who: str
) -> None:
    story = told(kind, place)
    home = story.home
    for at in chosen(story, who, place):
        story.begun()
        job = home.order(kind, **home.given())
        story.cut(at, who)
        if who == "stop":
            assert home.shown(job)["status"] == "Stopped", at
            assert (home.sheets(), home.spooled(), home.uploads()) == ({}, [], []), at
            assert home.run("jobs", "retry", job).code == 0
        home.let_leases_end()
        home.carry()
        assert home.whole(kind, job) == story.undisturbed, at
        tried(SUITE, f"{DEEDS[who]}, {kind} to a {place}")


@pytest.mark.parametrize("place", PLACES if LONG else PLACES[:1])
def test_a_report_is_taken_back_whole_though_who_does_it_is_killed(told: Any, place: str) -> None:
    kind = "cake.conversions"
    story = told(kind, place)
    home = story.home
    places: list[Place] | None = None
    while places is None or places:
        story.begun()
        job = home.order(kind, **home.given())
        home.carry()
        home.run("jobs", "undo", job)
        at = Place("child", "0") if places is None else places.pop()
        home.carry(**at.deed(story.log, "child"))
        assert home.shown(job)["status"] == "Stopped", at
        assert (home.sheets(), home.spooled(), home.uploads()) == ({}, [], []), at
        if places is None:
            events = [Place("child", f"1 {words}") for words in dict.fromkeys(story.logged())]
            places = sampled(events, A_STORY, f"undo {place}")
        tried(SUITE, f"killed while it is taken back, {kind} in a {place}")
