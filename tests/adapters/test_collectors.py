"""What stands between a round and any kind of site: a stop ends it, an older kind is no fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Event
from typing import Any

import pytest

from mtdata.core.errors import Stopped
from mtdata.core.stop import StopToken
from mtdata.demo.study.site import StudySite
from mtdata.study.collectors import CancellableSite, schedule_of
from mtdata.study.operations.opening import site_of
from mtdata.study.ports import Site
from tests.contracts.site_contract import SCHEDULE, SiteContract, World, fetched
from tests.fakes import MemorySite
from tests.sites import site_config


class CancellableWorld(MemorySite):
    """A site that a stop may end, which never comes."""

    @property
    def site(self) -> Any:
        return CancellableSite(self, StopToken())


class TestCancellableSite(SiteContract):
    """Every promise of a site holds for one that may be stopped."""

    @pytest.fixture
    def world(self) -> World:
        return CancellableWorld()


class CountedWaits(Event):
    """Notes how long it is waited for it, and comes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.set()
        return True


class OlderKind:
    """A kind of somebody else from before there was a schedule."""

    delete = close = listing = fetch = None


@pytest.mark.parametrize(
    "ask",
    [lambda site: site.listing(), lambda site: site.schedule(), lambda site: fetched(site, "QOL")],
    ids=["listing", "schedule", "package"],
)
def test_nothing_more_is_asked_once_somebody_asked_to_stop(ask: Callable[[Site], object]) -> None:
    behind, stopping = MemorySite(), Event()
    behind.put("QOL", [{"id": 1}])
    behind.tell_schedule(SCHEDULE)
    site = CancellableSite(behind, StopToken(stopping))
    assert ask(site)
    stopping.set()
    with pytest.raises(Stopped):
        ask(site)


def test_a_stop_ends_the_wait_for_a_site_that_is_too_busy() -> None:
    stopping = CountedWaits()
    with StudySite() as busy:
        busy.fault("status", scale="", code=503)
        account = {"server": busy.url, "user": busy.user, "password": busy.password}
        site = site_of(site_config(**account), StopToken(stopping))
        with closing(site), pytest.raises(Stopped):
            site.listing()
    [waited] = stopping.waits
    assert waited > 0


def test_a_kind_that_is_older_than_the_schedule_tells_none() -> None:
    older: Any = OlderKind()
    assert schedule_of(older) is None
    assert CancellableSite(older, StopToken()).schedule() is None
    told = MemorySite()
    told.tell_schedule(SCHEDULE)
    assert schedule_of(told) == SCHEDULE
