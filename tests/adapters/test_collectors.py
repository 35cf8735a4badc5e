"""What stands between a round and any kind of site: a stop ends it, an older kind is no fault."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from mtdata.core.errors import Stopped
from mtdata.core.stop import StopToken
from mtdata.study.collectors import CancellableSite, schedule_of
from mtdata.study.ports import Site
from tests.contracts.site_contract import SCHEDULE, SiteContract, World, fetched
from tests.fakes import MemorySite


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


def test_a_kind_that_is_older_than_the_schedule_tells_none() -> None:
    older: Any = OlderKind()
    assert schedule_of(older) is None
    assert CancellableSite(older, StopToken()).schedule() is None
    told = MemorySite()
    told.tell_schedule(SCHEDULE)
    assert schedule_of(told) == SCHEDULE
