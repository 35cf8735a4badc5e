"""The story of one scale: collect -> back_up -> decrypt -> append -> verify -> delete.

Each step takes the receipts of the step before and yields its own, with what it has to tell; the
round notes them as they pass.  Only `verify` makes a Verified, and only a Verified can be deleted.
Batches of bounded size flow through; nothing holds a whole package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mtdata.study.drift import compare_fields
from mtdata.study.model.canary import CanaryGroups
from mtdata.study.model.package import entries, in_batches
from mtdata.study.model.receipt import Backup, Deleted, Package, Placed, Rows, Sheet, Verified
from mtdata.study.model.row_layout import enveloped, rows_of
from mtdata.study.pool import ScaleRun, SheetInHand
from mtdata.study.ports import Site
from mtdata.study.raw_backup import RawBackup
from mtdata.study.scale_report import ScaleReport


def _nothing() -> None:
    """What is done between two batches where there is nothing to do."""


def carry(report: ScaleReport, site: Site, between: Callable[[], None] = _nothing) -> None:
    """Bring what is new of one scale home: from the site into a sheet, each row verified.

    `between` is called after each batch that is committed, while the next ones are decrypted.
    """
    package = collect(report.run, site, report.arriving)
    with report.run.pool.archive.folding_in(package):
        make_rows(report, back_up(report.run, package), between)


def make_rows(
    report: ScaleReport, backups: Iterable[Backup], between: Callable[[], None] = _nothing
) -> None:
    """Go on from safe bytes to verified rows; asks no site."""
    run, noting = report.run, report.noting
    sheet = run.pool.sheets.growing(run.scale.name, run.day)
    rows = noting(decrypt(run, noting(backups)))
    for _ in noting(verify(noting(append(run, rows, sheet)), sheet)):
        between()  # what was verified is committed


def collect(
    run: ScaleRun, site: Site, arriving: Callable[[Iterator[bytes]], Iterator[bytes]] = iter
) -> Package:
    """Fetch the site's answer for the scale, piece by piece: whole on disk and hashed.

    `arriving` lets each piece pass on its way to the disk, and may tell how much has come.
    PackageError for an answer that cannot be used; SiteError when the site cannot be asked.
    """
    with site.fetch(run.scale.name) as chunks:
        return run.pool.archive.receive(run.scale, arriving(chunks))


def back_up(run: ScaleRun, package: Package) -> Iterator[Backup]:
    """Append what the ledger lacks to the raw file, bytes as sent, and prove that it is there.

    PackageError where the answer breaks off as JSON; the batches before that are safe.
    """
    run.pool.ledger.listing.begin()
    raw = RawBackup(run)
    for batch in in_batches(entries(run.pool.archive.stream(package))):
        yield raw.keep(batch)


def decrypt(run: ScaleRun, backups: Iterable[Backup]) -> Iterator[Rows]:
    """Open what is sealed and lay out the cells; what cannot be is held, never guessed."""
    wanted = (backup for backup in backups if backup.entries)
    cipher = run.pool.cipher
    for envelope, answer in cipher.unseal_each(map(enveloped, wanted)):
        rows = rows_of(envelope, answer, fingerprints=cipher.key_fingerprints())
        yield compare_fields(run, rows)


def append(run: ScaleRun, batches: Iterable[Rows], sheet: SheetInHand) -> Iterator[Sheet]:
    """Put the rows behind those of the day, durably; enter in the ledger what is held."""
    for rows in batches:
        if rows.held:
            run.pool.ledger.entries.record_held(rows.held, run.pool.cipher.fingerprint())
        if rows.rows:
            yield sheet.add_rows(rows)


def verify(sheets: Iterable[Sheet], in_hand: SheetInHand) -> Iterator[Verified]:
    """Read every line back and match it; nothing else makes a Verified.

    A line just written must be there byte for byte, else it is a DamageError and nothing of its
    batch is committed.  A line of an earlier round is matched by the digest of its cells, and left
    out where they are others.
    """
    for sheet in sheets:
        back = zip(sheet.lines, in_hand.read_back(sheet), strict=True)
        matched = tuple(line for line, stands in back if stands)
        differing = len(sheet.lines) - len(matched)
        notices = in_hand.explain(differing) if differing else ()
        verified = Verified(replace(sheet, lines=matched), in_hand.copied(matched), notices)
        in_hand.accept(verified)
        yield verified


def delete(run: ScaleRun, site: Site, proven: Iterable[Verified], limit: int) -> Iterator[Deleted]:
    """Ask the site to drop what is proven safe here: one entry first, then a few at a time.

    At most `limit` entries are asked for; a refusal, or evidence of damage, ends it.
    """
    groups = CanaryGroups(limit)
    for verified in proven:
        for lines in groups.of(verified.deletable):
            deleted = _ask(run, site, verified, lines)
            groups.note_answers(deleted.answers)
            if deleted.answers:
                yield deleted
        if groups.is_over:
            return


def _ask(run: ScaleRun, site: Site, verified: Verified, lines: list[Placed]) -> Deleted:
    """Ask for one group; no answers, and nothing asked, where something speaks against it by now.

    What proved this group may just have shown that others are damaged.
    """
    if run.pool.evidence.against(run.scale.name):
        return Deleted(verified, ())
    listing, by_id = run.pool.ledger.listing, {line.entry.id: line.entry.seq for line in lines}
    listing.ask([line.entry.seq for line in lines], run.at)
    answers = tuple(site.delete(run.scale.name, [i for i in by_id if i is not None]))
    listing.answered((by_id[answer.id], answer) for answer in answers)
    return Deleted(verified, answers)
