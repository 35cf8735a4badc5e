"""What a round finds unfinished, and how it leaves the pool; it asks no site.

Rows wait though their bytes are safe: left by a broken round, or by a missing key.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.core.errors import StorageError
from mtdata.study.from_ledger import waiting
from mtdata.study.ledger.schema import REBUILD
from mtdata.study.model.scale import Scale
from mtdata.study.pipeline import settle
from mtdata.study.pool import Pool, ScaleRun
from mtdata.study.snapshots import lay_out, stands


def mend_files(pool: Pool) -> None:
    """Take back what a round that ended without a word left unfinished, raw files and sheets."""
    pool.archive.recover()
    pool.sheets.recover()


def lay_down(pool: Pool) -> None:
    """After a fault: no file stays in hand, so that nothing a person adds to one is cut as ours."""
    mend_files(pool)
    pool.ledger.files.put_down()


def settle_waiting(
    pool: Pool,
    course_of: Callable[[Scale], ScaleRun],
    noted: Callable[[ScaleRun], None],
    stands_still: Callable[[str], bool] = lambda scale: False,
) -> None:
    """Make the rows that a broken round left out, or that other keys may open; asks no site.

    Of a scale that `stands_still` none is made.
    """
    ledger, fingerprint = pool.ledger, pool.cipher.fingerprint()
    known = {scale.name: scale for scale in ledger.listing.scales()}
    for name in ledger.entries.scales_waiting(fingerprint):
        if stands_still(name):
            continue
        course = course_of(_met(known, name))
        settle(course, waiting(course))
        noted(course)
    for snapshot in ledger.snapshots.unfinished(fingerprint):
        if stands_still(snapshot.scale):
            continue
        course = course_of(_met(known, snapshot.scale))
        if stands(pool, snapshot):
            lay_out(course, snapshot)
        else:  # else this one table would end every round before the site is asked
            ledger.snapshots.distrust(snapshot.span.file)
            course.damaged(
                "raw_changed",
                "the raw bytes of the newest snapshot are damaged, and its sheet cannot be made; "
                "the next round of the scales that stay stores the table anew",
            )
        noted(course)


def _met(known: dict[str, Scale], name: str) -> Scale:
    """The scale of that name; StorageError for one that the ledger does not know."""
    if name not in known:
        raise StorageError(f"the ledger has entries of a scale that it does not know.{REBUILD}")
    return known[name]
