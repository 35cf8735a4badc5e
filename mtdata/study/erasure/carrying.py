"""Carrying out an erasure, from a plan that is written down: what was cut off is ended by the next.

The lists first, so that nothing that is cut can come back; then each file, written anew beside
the old one, synced, read back, matched and renamed; then the ledger in one commit; then the
certificate.  Each step is safe to do again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from mtdata.core.errors import DamageError, StorageError
from mtdata.core.pool_files import ERASING_PLAN, RAW, SHEETS
from mtdata.core.step import Step, Watch, unwatched
from mtdata.study.erasure.certificate import write_certificate
from mtdata.study.erasure.new_places import new_places, snapshots_now
from mtdata.study.erasure.plan import ErasurePlan, FileCuts, begun_plan
from mtdata.study.erasure.proof import prove
from mtdata.study.files.append_file import digest_of
from mtdata.study.files.erased_list import ErasedList
from mtdata.study.pool import Pool

log = logging.getLogger(__name__)
CHANGED = (
    "{} was changed while an erasure was under way, and is neither what it was nor what it was to "
    "be. Put it back as it was; or let `mtdata verify SITE --rebuild-ledger` take the pool as it is"
)
OLDER = (
    "the ledger is older than an erasure, and knows places that are others now. "
    "`mtdata verify SITE --rebuild-ledger` makes it again from the files; nothing comes back"
)


def settle(pool: Pool, lists: Sequence[ErasedList]) -> bool:
    """End an erasure that is under way, and let every list and the ledger know what any does.

    Whether one was ended.  StorageError for a ledger of before an erasure.
    """
    plan = begun_plan(pool.disk)
    if plan is not None:
        log.warning("an erasure was cut off; it is ended now: %s", plan.erasure.sign)
        finish(pool, plan, lists)
    known = {one.sign: one for one in pool.ledger.erased.erasures()}
    for one in lists:
        known |= one.erasures()
    entered = pool.ledger.erased.signs() if known else set()
    lacking = [one for sign, one in known.items() if sign not in entered]
    if lacking and pool.ledger.files.knows_any():
        raise StorageError(OLDER)
    if lacking:
        pool.ledger.erased.enter(lacking)
    for one in lists:
        one.add(known.values())
    return plan is not None


def finish(
    pool: Pool, plan: ErasurePlan, lists: Sequence[ErasedList], watch: Watch = unwatched
) -> dict[str, Any]:
    """Do all that the plan says and is not done yet; the certificate."""
    for one in lists:
        one.add([plan.erasure])
    changed = []
    for file in plan.files:
        watch(Step(file.path))
        if not _replaced(pool, plan, file):
            changed.append(file.path)
    _commit(pool, plan)
    shown = write_certificate(pool.disk, plan, pool.clock.now().isoformat(), changed)
    _drop_staged(pool, ERASING_PLAN)
    pool.disk.remove(ERASING_PLAN)
    log.warning("erased: %d rows in %d files", shown["rows_removed"], len(plan.files))
    return shown


def _replaced(pool: Pool, plan: ErasurePlan, file: FileCuts) -> bool:
    """Whether the file is as it is to be; False for one that is nobody's business to change."""
    _drop_staged(pool, file.path)
    stands = _digest(pool, file.path)
    if stands == file.new_digest:
        pool.disk.confirm(file.path)  # killed before it could sync the name
        return True
    if stands != file.digest:
        return _changed_meanwhile(pool, file)
    staged = pool.disk.stage(file.path, file.stretches.remaining(pool.disk, file.path))
    if digest_of(pool.disk, staged).hex() != file.new_digest:
        raise DamageError(f"{staged}: read back other bytes than were written")
    if file.number and _is_in_ledger(pool, plan):
        prove(pool, file, staged, {seq for seq, _ in plan.entries})
    pool.disk.publish(staged, file.path)
    return True


def _drop_staged(pool: Pool, path: str) -> None:
    """What a run that was cut off has written and not published; it would keep its bytes here."""
    folder, _, name = path.rpartition("/")
    staged = f"{folder}/.{name}.staged".removeprefix("/")
    if pool.disk.size(staged) is not None:
        pool.disk.remove(staged)


def _digest(pool: Pool, path: str) -> str:
    return "" if pool.disk.size(path) is None else digest_of(pool.disk, path).hex()


def _is_in_ledger(pool: Pool, plan: ErasurePlan) -> bool:
    """Whether the ledger knows the files, and not yet the erasure."""
    signs = pool.ledger.erased.signs()
    return pool.ledger.files.knows_any() and plan.erasure.sign not in signs


def _changed_meanwhile(pool: Pool, file: FileCuts) -> bool:
    if file.number and pool.ledger.files.knows_any():
        raise DamageError(CHANGED.format(file.path))
    if file.path.startswith((f"{RAW}/", f"{SHEETS}/")) and not pool.ledger.files.knows_any():
        return True  # whoever makes the ledger again cuts out what the tombstones know
    log.warning("%s was changed meanwhile; it was let be", file.path)
    return False


def _commit(pool: Pool, plan: ErasurePlan) -> None:
    erased = pool.ledger.erased
    if plan.erasure.sign in erased.signs():
        return
    if not pool.ledger.files.knows_any():  # it is being made again
        erased.enter([plan.erasure])
        return
    places = [new_places(pool, file) for file in plan.files if file.number]
    erased.commit(plan.erasure, plan.entries, places, snapshots_now(pool, plan))
