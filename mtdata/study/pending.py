"""What a round finds unfinished, and how it leaves the pool; it asks no site.

Rows wait though their bytes are safe: left by a broken round, or by a missing key.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.core.errors import StorageError
from mtdata.study.from_ledger import waiting
from mtdata.study.ledger import Snapshot
from mtdata.study.ledger.schema import REBUILD
from mtdata.study.model.receipt import Backup, StepNoticeKind
from mtdata.study.model.scale import Scale
from mtdata.study.pipeline import make_rows
from mtdata.study.pool import Pool
from mtdata.study.scale_report import ScaleReport
from mtdata.study.snapshots import make_sheet, stands

NO_KEYS = "none"
"""The fingerprint of no keys: to it whatever is held for a key is worth a try."""


def mend_files(pool: Pool) -> None:
    """Take back what a round that ended without a word left unfinished, raw files and sheets."""
    pool.archive.recover()
    pool.sheets.recover()


def release_files(pool: Pool) -> None:
    """After a fault: no file stays in hand, so that nothing a person adds to one is cut as ours."""
    mend_files(pool)
    pool.ledger.files.release_all()


def make_waiting_rows(
    pool: Pool,
    report_of: Callable[[Scale], ScaleReport],
    noted: Callable[[ScaleReport], None] = lambda report: None,
    holds_up: Callable[[str], bool] = lambda scale: False,
) -> None:
    """Make the rows that a broken round left out, or that other keys may open; asks no site.

    Of a scale that `holds_up` none is made.
    """
    ledger = pool.ledger
    if not (ledger.entries.scales_waiting(NO_KEYS) or ledger.snapshots.unfinished(NO_KEYS)):
        return  # and no key need be loaded
    fingerprint = pool.cipher.fingerprint()
    known = {scale.name: scale for scale in ledger.listing.scales()}
    for name in ledger.entries.scales_waiting(fingerprint):
        if not holds_up(name):
            report = report_of(_met(known, name))
            make_rows(report, waiting(report.run))
            noted(report)
    for snapshot in ledger.snapshots.unfinished(fingerprint):
        if not holds_up(snapshot.scale):
            report = report_of(_met(known, snapshot.scale))
            _make_table(report, snapshot)
            noted(report)


def _make_table(report: ScaleReport, snapshot: Snapshot) -> None:
    """The sheet of a snapshot; of a damaged one none, else it would end every round."""
    run = report.run
    if stands(run.pool, snapshot):
        make_sheet(report, snapshot)
        return
    run.pool.ledger.snapshots.distrust(snapshot.span.file)
    detail = (
        "the raw bytes of the newest snapshot are damaged, and its sheet cannot be made; "
        "the next round of the scales that stay stores the table anew"
    )
    notice = run.damage(StepNoticeKind.RAW_CHANGED, detail)
    report.take(Backup(run.scale, (), notices=(notice,)))


def _met(known: dict[str, Scale], name: str) -> Scale:
    """The scale of that name; StorageError for one that the ledger does not know."""
    if name not in known:
        raise StorageError(f"the ledger has entries of a scale that it does not know.{REBUILD}")
    return known[name]
