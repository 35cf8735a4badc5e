"""Reading pools again and mending them, all at once or a share a night; it collects nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.clock import ByteRate
from mtdata.core.cores import cores
from mtdata.core.errors import StorageError
from mtdata.core.stop import StopToken
from mtdata.study.integrity.chain import HeadsFolder
from mtdata.study.integrity.marked_file import PageWorkers
from mtdata.study.integrity.page_check import page_check
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
    workers: int | None = None,
) -> dict[str, Any]:
    """Read a pool against its ledger, longest unread first, and mend what can be mended.

    `rate` in bytes a second, 0 = as fast as it goes; `enough` is told the bytes read and those of
    the whole pool, and ends the pass.  So many `workers` read large files beside this process, None
    being one a core; none do on one core, or at a rate.  StorageError where there is no ledger: an
    empty one made here would hide that it is lost.
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
        _page_workers(site, 0 if rate else workers) as at_work,
    ):
        verification = PoolVerification(
            opening.pool,
            paced,
            lambda: enough(read, total),
            holds_drift=site.holds_drift,
            heads=HeadsFolder(site.state, site.name) if site.state else None,
            workers=at_work,
        )
        total = verification.total()
        with bar(total) as advance:
            shown = verification.play().as_json()
            held.prove()  # what is told is of a pool that was ours to the end
            log.debug("verified: %s", {name: n for name, n in shown.items() if isinstance(n, int)})
            return shown


@contextmanager
def _page_workers(site: SiteConfig, count: int | None) -> Iterator[PageWorkers | None]:
    """Processes that read pages of the pool's files, none begun yet; they end with this."""
    if count is None:
        count = many if (many := cores()) > 1 else 0
    if not count:
        yield None
        return
    outfit = partial(page_check, site.path)
    workers = PageWorkers(outfit, count=count, lost=False, here_below=0, chunk=1)
    with closing(workers):
        yield workers


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
    It takes one process, whatever there is of cores: rounds and jobs want the others.
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
    found = verify(site, enough=enough, stop=stop, workers=0)
    if not yielded:
        with open_pool(site, keys_at_need=True) as opening:
            runs, now = opening.pool.ledger.runs, opening.pool.clock.now()
            number = runs.begin_run(VERIFIED.format(site.name), now)
            runs.end_run(number, 1 if found["wrong"] else 0, found, now)
    return found
