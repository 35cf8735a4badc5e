"""Reading pools again and mending them, all at once or a share a night; it collects nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.clock import ByteRate
from mtdata.core.errors import StorageError
from mtdata.core.stop import StopToken
from mtdata.study.integrity.chain import HeadsFolder
from mtdata.study.integrity.verify import PoolVerification
from mtdata.study.ledger import Ledger
from mtdata.study.operations.opening import (
    alone_on,
    has_pool,
    knows_its_files,
    lacks_erasure,
    open_pool,
    refuse_unknown,
)

log = logging.getLogger(__name__)
VERIFIED = "verify {}"
"""How the ledger calls a share that was read; {} is the site."""

Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Given a number of bytes, something to be told how many more were read."""


def verify(
    site: SiteConfig,
    *,
    rate: float = 0,
    enough: Callable[[int, int], bool] = lambda read, total: False,
    bar: Bar = lambda total: nullcontext(lambda count: None),
    stop: StopToken | None = None,
) -> dict[str, Any]:
    """Read a pool against its ledger, longest unread first, and mend what can be mended.

    `rate` in bytes a second, 0 = as fast as it goes; `enough` is told the bytes read and those of
    the whole pool, and ends the pass.  StorageError where there is no ledger: an empty one made
    here would hide that it is lost.
    """
    _refuse_lost(site)
    pace = ByteRate(rate) if rate else None
    read = 0

    def paced(count: int) -> None:
        nonlocal read
        read += count
        advance(count)
        if pace:
            pace.spend(count)

    with (
        logs.at(site=site.name),
        alone_on(site) as held,
        open_pool(site, stop=stop, held=held, keys_at_need=True) as opening,
    ):
        verification = PoolVerification(
            opening.pool,
            paced,
            lambda: enough(read, total),
            holds_drift=site.holds_drift,
            heads=HeadsFolder(site.state, site.name) if site.state else None,
        )
        total = verification.total()
        with bar(total) as advance:
            shown = verification.play().as_json()
            log.debug("verified: %s", {name: n for name, n in shown.items() if isinstance(n, int)})
            return shown


def _refuse_lost(site: SiteConfig) -> None:
    """StorageError where there is no ledger, or one that knows nothing of the files."""
    refuse_unknown(site)
    if not knows_its_files(site):
        there_is = "is no" if not has_pool(site) else "are raw files, and they are unknown to its"
        if has_pool(site) and lacks_erasure(site):
            there_is = "is, from before an erasure, no"
        raise StorageError(
            f"{site.path}: there {there_is} {Ledger.NAME} to verify by. If there was one, put its "
            "copy back, or make it again from the files: "
            f"mtdata verify {site.name} --rebuild-ledger"
        )


def verify_share(
    site: SiteConfig, since: datetime, days: int, must_yield: Callable[[], bool], stop: StopToken
) -> dict[str, Any]:
    """Read on until one of `days` equal shares of the pool was read since then, or it must yield.

    A file at least is read first: where a round always waits, the pool would never be read whole.
    When the share is done, or all that could be read is, the ledger gets a line for it.
    """
    yielded = False

    def enough(read: int, total: int) -> bool:
        nonlocal yielded
        if (before + read) * days >= total > 0:
            return True
        yielded = read > 0 and must_yield()
        return yielded

    _refuse_lost(site)  # else one would be made here, and hide that it is lost
    with open_pool(site, keys_at_need=True) as opening:
        before = opening.pool.ledger.files.read_since(since, opening.pool.clock.now())
    found = verify(site, enough=enough, stop=stop)
    if not yielded:
        with open_pool(site, keys_at_need=True) as opening:
            runs, now = opening.pool.ledger.runs, opening.pool.clock.now()
            number = runs.begin_run(VERIFIED.format(site.name), now)
            runs.end_run(number, 1 if found["wrong"] else 0, found, now)
    return found
