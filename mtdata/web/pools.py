"""How every pool stands, read at most once in a few seconds; it takes no pool's lock.

What `standing` gives of a site is what `mtdata status --json` prints of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from mtdata import logs
from mtdata.alerts.incident import Incident
from mtdata.config import Settings, SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError, MTDataError
from mtdata.study.ledger.queries import Balance, Shelved
from mtdata.study.model.forecast import OF_DAYS
from mtdata.study.operations import commands as app
from mtdata.study.operations.opening import has_pool, look_into

KEPT_S, PATIENCE_S, MOST_KEPT = 5.0, 30.0, 64
TIMES = 10
"""A look is kept for so many times as long as it took: of a large pool it takes a second."""
MOST_DRIFTS = 20
NO_POOL = "no pool yet; `mtdata export` makes it"
Found = TypeVar("Found")


class CachedLook(Generic[Found]):
    """What a look found, for so long; of many that ask at once one looks."""

    def __init__(
        self,
        look: Callable[..., Found],
        kept_s: float = KEPT_S,
        patience_s: float = PATIENCE_S,
        times: float = TIMES,
    ) -> None:
        self._look, self._kept_s, self._patience_s = look, kept_s, patience_s
        self._times = times
        self._clock, self._turn = SystemClock(), threading.Lock()
        self._found: dict[tuple[Any, ...], tuple[float, Found]] = {}

    def __call__(self, settings: Settings, *of: str) -> Found:
        """What it finds; what is older while somebody looks anew.

        BusyError when somebody has been looking for too long, and nothing was known before.
        """
        key = (settings.folder, *of)
        known = self._found.get(key)
        if known is not None and self._is_fresh(known):
            return known[1]
        if not self._turn.acquire(timeout=0 if known else self._patience_s):
            if known is None:
                raise BusyError("the pools are being looked at and do not answer; try again")
            return known[1]
        try:
            known = self._found.get(key)
            if known is None or not self._is_fresh(known):
                begun = self._clock.ticks()
                known = self._keep(key, begun, self._look(settings, *of))
            return known[1]
        finally:
            self._turn.release()

    def forget(self) -> None:
        """Something was changed here: look anew when next asked."""
        self._found.clear()

    def _keep(self, key: tuple[Any, ...], begun: float, found: Found) -> tuple[float, Found]:
        if len(self._found) >= MOST_KEPT:
            self._found.clear()
        now = self._clock.ticks()
        known = (now + max(self._kept_s, self._times * (now - begun)), found)
        self._found[key] = known
        return known

    def _is_fresh(self, known: tuple[float, Found]) -> bool:
        return self._clock.ticks() < known[0]


def _by_site(settings: Settings, look: Callable[[SiteConfig], Any]) -> dict[str, dict[str, Any]]:
    """`{"fault": words}` where the ledger cannot be read, `{"absent": words}` where there is none.

    The fault of one site does not end the others' turn.
    """
    return {site.name: _of_site(site, look) for site in settings.sites}


def _of_site(site: SiteConfig, look: Callable[[SiteConfig], Any]) -> dict[str, Any]:
    with logs.at(site=site.name):
        try:
            found: dict[str, Any] = look(site) if has_pool(site) else {"absent": NO_POOL}
        except MTDataError as error:
            return {"fault": str(error)}
        except OSError as error:
            return {"fault": f"{site.path}: the pool cannot be read: {error.strerror}"}
        return found


def _rounds(site: SiteConfig) -> dict[str, Any]:
    """By 'collected' and 'kept', of each of the site's last days the good rounds and the others."""
    sorts = {"collected": app.COLLECTED, "kept": app.KEPT}
    with look_into(site) as pool:
        now = pool.clock.now()
        today = pool.clock.local(now).date()
        days = [(today - timedelta(days=back)).isoformat() for back in range(OF_DAYS - 1, -1, -1)]
        counts = {sort: {day: [0, 0] for day in days} for sort in sorts}
        since = now - timedelta(days=OF_DAYS + 1)
        words = {c.format(site.name) for commands in sorts.values() for c in commands}
        for one in pool.ledger.queries.rounds(since, *sorted(words)):
            # where midnight does not fall on the hour, one hour may count for its neighbour
            moment = datetime.fromisoformat(f"{one.hour}:00").replace(tzinfo=UTC)
            day = pool.clock.local(moment).date().isoformat()
            for sort, commands in sorts.items():
                if one.command in (c.format(site.name) for c in commands) and day in counts[sort]:
                    counts[sort][day][0] += one.good
                    counts[sort][day][1] += one.bad
    return dict(counts)


def _whole(site: SiteConfig) -> dict[str, Any]:
    """What only the page of one pool shows: whether it adds up, what was read again, drift."""
    with look_into(site) as pool:
        ledger = pool.ledger
        balances = {}
        for scale in ledger.listing.scales():
            last = None if scale.deleteable else ledger.snapshots.last(scale.name)
            if last is not None:
                left_out = last.sealed or 0
                balances[scale.name] = Balance(
                    last.rows + last.malformed, last.rows - left_out, last.malformed + left_out, 0
                )
            else:
                balances[scale.name] = ledger.queries.balance(scale.name)
        shelves: list[Shelved] = ledger.queries.shelves()
        drifts: list[Incident] = ledger.incidents.of_kinds(("drift", "entry_drift"), MOST_DRIFTS)
        return {"balances": balances, "shelves": shelves, "drifts": drifts}


standing = CachedLook(lambda settings: _by_site(settings, app.status))
"""How each site stands."""
rounds = CachedLook(lambda settings: _by_site(settings, _rounds))
whole = CachedLook(lambda settings, name: _of_site(settings.site(name), _whole))


def forget() -> None:
    """Something was changed here: look anew when next asked."""
    for kept in (standing, rounds, whole):
        kept.forget()
