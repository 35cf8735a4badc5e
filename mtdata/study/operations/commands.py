"""What the commands do, each with a pool of its own; it decides nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata import logs
from mtdata.config import Settings, SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError, UsageError
from mtdata.core.journal import BESIDE, LOGS
from mtdata.core.lock import HeldLock
from mtdata.core.pool_files import RECOVERED
from mtdata.core.ports import Clock
from mtdata.core.sqlite import LedgerNewer
from mtdata.core.step import Watch, unwatched
from mtdata.core.stop import StopToken
from mtdata.study.erasure.plan import sign_of_begun
from mtdata.study.integrity.adopt import AdoptedTotals, Adoption
from mtdata.study.integrity.catch_up import CatchUp, log_stand
from mtdata.study.integrity.decode import PoolDecoder
from mtdata.study.integrity.placing import strangers
from mtdata.study.ledger import Ledger, Released
from mtdata.study.ledger.schema import LedgerLost, last_head
from mtdata.study.operations.known_pool import KnownPool, has_ledger, has_raw
from mtdata.study.operations.opening import (
    HeldDisk,
    Opening,
    alone_on,
    has_pool,
    knows_its_files,
    lacks_erasure,
    locked,
    look_into,
    open_pool,
    seldom_searched,
    site_of,
)
from mtdata.study.operations.reclaiming import accept
from mtdata.study.operations.restored_pool import carry_over
from mtdata.study.pool import Pool
from mtdata.study.round.round import Round
from mtdata.study.round.round_files import FilesInStep
from mtdata.study.status import forecasts, overview
from mtdata.study.status.result import RoundResult
from mtdata.study.status.shape import GlanceShape, SiteShape

if TYPE_CHECKING:
    from mtdata.core.metrics import MetricsPage

log = logging.getLogger(__name__)
REBUILDING = ".ledger.rebuilding"
NOT_WHOLE = (
    "the ledger that was made from the files could not be closed: somebody has it open, or the disk"
    " is full. Nothing of the pool was changed, nothing is deleted; the next round makes it again"
)
REBUILD = "`mtdata verify {} --rebuild-ledger`"
COLLECTED, KEPT = forecasts.COLLECTED, forecasts.KEPT


def export(
    site: SiteConfig,
    wanted: str,
    watch: Watch = unwatched,
    stop: StopToken | None = None,
    clock: Clock | None = None,
    then: Callable[[Pool, RoundResult], None] = lambda pool, result: None,
    in_step: FilesInStep | None = None,
) -> RoundResult:
    """One round of one site, alone on its pool; one whose ledger is lost gets a new one first.

    `watch` is told each step, `stop` is checked with every touch of the world and may end it;
    `clock` None is the machine's.  `then` is done while the pool is open still; by `in_step` an
    idle round may go.
    """
    with (
        logs.at(site=site.name),
        alone_on(site) as held,
        seldom_searched(),
        _open_known(site, watch, held, stop, clock) as opening,
        closing(site_of(site, stop)) as client,
    ):
        keep = partial(KnownPool(site).keep, opening.pool.disk)
        faults = opening.key_faults
        ended = Round(site, opening.pool, client, faults, watch, keep, in_step).play(wanted)
        then(opening.pool, ended)
        return ended


@contextmanager
def _open_known(
    site: SiteConfig, watch: Watch, held: HeldLock, stop: StopToken | None, clock: Clock | None
) -> Iterator[Opening]:
    """The pool with a ledger that knows its files: `knows_its_files`, and opened once for it."""
    may_be_lost = has_raw(site)
    if may_be_lost and (not has_ledger(site) or lacks_erasure(site)):
        _adopt(site, watch, held)
        may_be_lost = False  # there may be nothing to enter
    opened = partial(open_pool, site, stop=stop, held=held, clock=clock)
    with ExitStack() as left:
        try:
            opening = left.enter_context(opened(knowing=may_be_lost))
        except LedgerLost:
            _adopt(site, watch, held)
            opening = left.enter_context(opened())
        yield opening


def rebuild_ledger(site: SiteConfig, watch: Watch = unwatched) -> dict[str, Any]:
    """Make a lost or unreadable ledger, or one behind its files, again from the files.

    So a person says that what lies there is meant, though it be another pool than was known.
    UsageError for one that is well.
    """
    meant = accept(site, renamed=False)["accepted"]
    with logs.at(site=site.name), alone_on(site) as held:
        is_erasing = sign_of_begun(FolderDisk(site.path)) != ""
        if not is_erasing and knows_its_files(site) and _is_in_step(site):
            if meant:
                told = f"the ledger is well. From now on this is meant: {meant}"
                return AdoptedTotals(odd=[told]).as_json()
            raise UsageError(
                f"{site.path / Ledger.NAME} is there, readable, and knows every raw file: nothing "
                "was done. `mtdata verify` without --rebuild-ledger holds the pool against it"
            )
        return _adopt(site, watch, held).as_json()


def _is_in_step(site: SiteConfig) -> bool:
    """Whether the ledger can be read and no raw file holds an entry that it does not know."""
    try:
        with open_pool(site, workers=0) as opening:
            return opening.pool.ledger.is_sound() and not strangers(opening.pool)
    except LedgerNewer:
        raise  # made again it would be an older one
    except StorageError:
        return False


def _adopt(site: SiteConfig, watch: Watch, held: HeldLock) -> AdoptedTotals:
    """Enter the pool's files in a new ledger, which gets its name when it is whole."""
    disk = HeldDisk(site.path, held, StopToken().check)
    for ending in BESIDE:
        disk.remove(REBUILDING + ending)
    with open_pool(site, REBUILDING, held=held) as opening:
        opening.pool.ledger.events.begin_from_files(last_head(site.path / Ledger.NAME))
        carry_over(site.path / Ledger.NAME, opening.pool.ledger, opening.pool.clock.now())
        adopted = Adoption(opening.pool, watch).play()
    if any(disk.size(REBUILDING + log) for log in LOGS):  # its name would go without them
        raise StorageError(f"{site.path}: {NOT_WHOLE}")
    for ending in BESIDE:  # an old log beside a new ledger would be played into it
        if disk.size(Ledger.NAME + ending) is not None:
            disk.publish(Ledger.NAME + ending, f"{Ledger.NAME}.lost{ending}")
    disk.publish(REBUILDING, Ledger.NAME)
    log.warning("made the ledger from the files of the pool: %s", adopted.summary())
    for odd in adopted.odd:
        log.warning("%s", odd)
    return adopted


def recovered_to(settings: Settings, site: SiteConfig, out: Path | None) -> Path | None:
    """Where `decode` puts a site's sheets, None being its pool; each of several has its own folder.

    Sheets of two sites may have one name, and neither may take the place of the other.
    """
    return out / site.name if out and len(settings.sites) > 1 else out


def decode(site: SiteConfig, scale: str, out: Path | None, *, check: bool) -> list[dict[str, Any]]:
    """Sheets out of raw again; without a ledger every raw file gives one of its own.

    StorageError for a check without a ledger.
    """
    known = knows_its_files(site)
    with (
        logs.at(site=site.name),
        locked(site) as held,
        open_pool(site, Ledger.NAME if known else None, held=held) as opening,
    ):
        recovery = PoolDecoder(opening.pool)
        if check:
            if not known:
                raise StorageError(
                    f"{site.path}: no ledger to compare by, or one that knows none of the raw files"
                    f"; `decode` without --check works, and so does {REBUILD.format(site.name)}"
                )
            done = recovery.check(scale)
        else:
            disk = FolderDisk(site.path if out is None else out)
            folder = f"{RECOVERED}/" if out is None else ""
            if known:
                log_stand(CatchUp(opening.pool).play())
            write = recovery.write if known else recovery.write_loose
            done = write(scale, disk, folder)
            recovery.write_readmes(disk, folder)
        for one in done:
            if one.difference:
                log.warning("%s: %s", one.sheet, one.difference)
            else:
                level = logging.INFO if one.made and not one.identical else logging.DEBUG
                log.log(level, "%s: %d rows, %d left out", one.sheet, one.rows, one.left_out)
        return [one.as_json() for one in done]


def last_success(site: SiteConfig, commands: Iterable[str]) -> datetime | None:
    """When the last of these began that went well; None for never, or where there is no ledger."""
    if not has_ledger(site):
        return None
    with closing(Ledger(site.path / Ledger.NAME, only_look=True)) as ledger:
        return ledger.runs.last_success(*(command.format(site.name) for command in commands))


def look_ahead(site: SiteConfig) -> None:
    """Open and close the incidents of what is foreseen; a round may be running beside it.

    Where there is no ledger there is nothing to foresee, and none is made.
    """
    if has_pool(site):
        with look_into(site) as pool:
            forecasts.look_ahead(pool, site, pool.clock.now())


def is_overdue(site: SiteConfig) -> bool:
    """Whether the last good round is too long ago; where none was begun yet, it is not."""
    if not has_pool(site):
        return False
    with look_into(site) as pool:
        return bool(forecasts.late_of(forecasts.tries_of(pool, site), site, pool.clock.now()))


def status(site: SiteConfig) -> SiteShape:
    """How the pool stands."""
    with look_into(site) as pool:
        return overview.overview(pool, site)


def glance(site: SiteConfig) -> GlanceShape:
    """How the pool stands, without a look at each scale."""
    with look_into(site) as pool:
        return overview.glance(pool, site)


def fill_metrics(settings: Settings, page: MetricsPage) -> None:
    """Enter how every pool stands; a site whose ledger cannot be read is one that is not up."""
    from mtdata.study.status import metrics  # late: few commands write numbers

    states: dict[str, SiteShape] = {}
    faulty = []
    for site in (site for site in settings.sites if has_pool(site)):
        try:
            states[site.name] = status(site)
        except StorageError as error:
            faulty.append(site.name)
            log.warning("%s: its numbers are missing: %s", site.name, error)
    metrics.fill(page, states, faulty)


def held(site: SiteConfig) -> list[dict[str, Any]]:
    """Held entries and why."""
    with open_pool(site) as opening:
        return overview.held(opening.pool)


def release(site: SiteConfig, scale: str, number: int | None) -> Released:
    """Let held versions through; returns how many become rows, and how many wait for a key."""
    with locked(site) as held, open_pool(site, held=held) as opening:
        return opening.pool.ledger.entries.release(scale, number)
