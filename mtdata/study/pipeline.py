"""The story of one scale: collect -> back_up -> decrypt -> append -> verify -> delete.

Each step takes the receipt of the step before; only `verify` makes a Verified, and only a
Verified can be deleted.  Batches of bounded size flow through; nothing holds a whole package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mtdata.core.errors import DamageError
from mtdata.study.files.archive import Volume
from mtdata.study.ledger import Classified, LedgerEntry
from mtdata.study.model.making import enveloped, rows_of
from mtdata.study.model.package import Entry, entries, in_batches, is_json
from mtdata.study.model.receipt import (
    Backup,
    Deleted,
    HeldBack,
    Kept,
    Outcome,
    Package,
    Placed,
    Rows,
    Sheet,
    Verified,
)
from mtdata.study.pool import ScaleRun, SheetInHand
from mtdata.study.ports import Site

CANARIES = 3


def carry(course: ScaleRun, site: Site) -> None:
    """Bring what is new of one scale home: from the site into a sheet, each row verified."""
    package = collect(course, site)
    with course.pool.archive.folding_in(package):
        settle(course, back_up(course, package))


def settle(course: ScaleRun, backups: Iterable[Backup]) -> None:
    """From safe bytes to verified rows; asks no site."""
    sheet = course.pool.sheets.growing(course.scale.name, course.day)
    rows = decrypt(course, backups)
    for verified in verify(append(course, rows, sheet), sheet):
        course.tally.appended += len(verified.sheet.lines)


def collect(course: ScaleRun, site: Site) -> Package:
    """The site's answer for the scale, whole on disk and hashed."""
    with site.fetch(course.scale.name) as chunks:
        return course.pool.archive.receive(course.scale, chunks, course.at)


def back_up(course: ScaleRun, package: Package) -> Iterator[Backup]:
    """Append what the ledger lacks to the raw file, bytes as sent, and prove that it is there."""
    pool, volume = course.pool, None
    pool.ledger.listing.begin()
    for batch in in_batches(entries(pool.archive.stream(package))):
        sifted = pool.ledger.entries.sift(course.scale.name, batch)
        same = pool.archive.restated(course.scale.name, sifted)
        sifted = sifted.without(same)
        course.tally.received += len(batch)
        course.tally.fresh += len(sifted.fresh)
        course.newly_held += len(sifted.conflicts) + sum(bool(e.fault) for e in sifted.fresh)
        _tell_of_conflicts(course, sifted)
        wanted = sifted.fresh + sifted.again
        if unreadable := [entry for entry in wanted if not is_json(entry)]:
            _hold_aside(course, unreadable)
        keepable = [entry for entry in wanted if is_json(entry)]
        if keepable:
            volume = volume or pool.archive.volume(course.scale.name, pool.clock.local(course.at))
            yield _keep(course, volume, keepable, sifted, same)


def _keep(
    course: ScaleRun,
    volume: Volume,
    batch: list[Entry],
    sifted: Classified,
    same: dict[bytes, LedgerEntry],
) -> Backup:
    archive, book = course.pool.archive, course.pool.ledger.entries
    put = volume.append([entry.body for entry in batch])
    bodies = archive.matched(put.spans, [entry.digest for entry in batch])
    if not all(body is not None for body in bodies):
        raise DamageError(f"{put.mark.path}: read back other bytes than were written")
    seqs = book.back_up(
        put.mark,
        list(zip(batch, put.spans, strict=True)),
        key=put.key,
        start=put.start,
        piece=put.piece,
        conflicts=sifted.conflicts,
        at=course.at,
        restated=same,
    )
    rowed = {entry.digest for entry in sifted.again} | {d for d, c in same.items() if c.line}
    kept = tuple(
        Kept(seq, entry.id, entry.digest, span, entry.values)
        for seq, entry, span in zip(seqs, batch, put.spans, strict=True)
        if entry.values is not None
        and not entry.fault
        and entry.digest not in sifted.conflicts
        and entry.digest not in rowed
    )
    return Backup(course.scale, kept)


def _hold_aside(course: ScaleRun, batch: list[Entry]) -> None:
    kept = course.pool.archive.keep_aside(course.scale.name, course.day, batch)
    course.pool.ledger.entries.hold_aside(kept.mark, batch, kept.starts, course.at)


def _tell_of_conflicts(course: ScaleRun, sifted: Classified) -> None:
    if sifted.anew:
        first = min(e.id or 0 for e in sifted.fresh if e.digest in sifted.anew)
        course.told["ids_anew"] = (
            f"{len(sifted.anew)} entries have ids that were collected and gone before, "
            f"the first {first}; they are held and nothing of this scale is deleted"
        )


def decrypt(course: ScaleRun, backups: Iterable[Backup]) -> Iterator[Rows]:
    """Open what is sealed and lay out the cells; what cannot be is held, never guessed."""
    for envelope, answer in course.pool.cipher.unseal_each(map(enveloped, backups)):
        rows = rows_of(envelope, answer)
        course.keys.update(rows.opened)
        course.unopened += rows.unopened
        yield _without_drift(course, rows) if course.holds_drift else rows


def _without_drift(course: ScaleRun, rows: Rows) -> Rows:
    listing, name = course.pool.ledger.listing, course.scale.name
    known = listing.columns(name)
    if known is None and rows.rows:
        known = rows.rows[0].columns
        listing.set_columns(name, known)
    other = [row.entry for row in rows.rows if row.columns != known]
    through = course.pool.ledger.entries.accepted([entry.seq for entry in other])
    reason = "other fields than the scale is known by (DRIFT: hold)"
    held = tuple(HeldBack(e, "drift", reason) for e in other if e.seq not in through)
    stay = {one.entry.seq for one in held}
    fit = tuple(row for row in rows.rows if row.entry.seq not in stay)
    return replace(rows, rows=fit, held=rows.held + held)


def append(course: ScaleRun, batches: Iterable[Rows], sheet: SheetInHand) -> Iterator[Sheet]:
    """Put the rows behind those of the day, durably; note what is held and what changed."""
    for rows in batches:
        if rows.held:
            course.newly_held += len(rows.held)
            fingerprint = course.pool.cipher.fingerprint()
            course.pool.ledger.entries.record_held(rows.held, fingerprint)
        if rows.rows:
            tell_of_drift(course, {row.columns for row in rows.rows})
            yield sheet.place(rows)


def tell_of_drift(course: ScaleRun, layouts: set[tuple[str, ...]]) -> None:
    """Report fields that came or went since the last entries of the scale, and remember them."""
    listing, name = course.pool.ledger.listing, course.scale.name
    known = listing.columns(name)
    if layouts == {known}:
        return
    seen = {column for columns in layouts for column in columns}
    missing = {column for columns in layouts for column in set(known or ()) - set(columns)}
    new = seen - set(known or seen)
    if new or missing:
        course.told["drift"] = f"new: {_named(new)}; missing: {_named(missing)}"
    if new or known is None:
        listing.set_columns(name, sorted(seen | set(known or ())))


def _named(columns: set[str]) -> str:
    return ", ".join(ascii(column)[1:-1][:40] for column in sorted(columns)[:20]) or "none"


def verify(sheets: Iterable[Sheet], sheet_in_hand: SheetInHand) -> Iterator[Verified]:
    """Read every line back and match it; nothing else makes a Verified.

    A line just written must be there byte for byte, else it is a StorageError.  A recalled one is
    matched by the digest of its cells, and left out where they are others.
    """
    for sheet in sheets:
        back = zip(sheet.lines, sheet_in_hand.read_back(sheet), strict=True)
        matched = [line for line, is_sound in back if is_sound]
        copied = sheet_in_hand.copied(matched)
        verified = Verified(replace(sheet, lines=tuple(matched)), copied)
        if len(matched) < len(sheet.lines) and not sheet_in_hand.may_differ:
            raise DamageError("a sheet: read back other bytes than were written; nothing committed")
        sheet_in_hand.accept(verified)
        yield verified


def delete(
    course: ScaleRun, site: Site, proven: Iterable[Verified], limit: int
) -> Iterator[Deleted]:
    """Ask the site to drop what is proven safe here: one entry first, then a few at a time."""
    canary_passed = False
    for verified in proven:
        lines = verified.deletable[:limit]
        if not lines:
            continue
        for group in [[line] for line in lines[:CANARIES]] if not canary_passed else []:
            deleted = _ask(course, site, verified, group)
            if not deleted.answers:
                return
            yield deleted
            lines, limit = lines[1:], limit - 1
            canary_passed = deleted.answers[0].outcome is Outcome.DONE
            if canary_passed or deleted.answers[0].outcome is not Outcome.ABSENT:
                break
        if not canary_passed:
            return
        if lines:
            deleted = _ask(course, site, verified, lines)
            if not deleted.answers:
                return
            yield deleted
            limit -= len(lines)
        if limit <= 0 or any(a.outcome is Outcome.REFUSED for a in deleted.answers):
            return


def _ask(course: ScaleRun, site: Site, verified: Verified, lines: list[Placed]) -> Deleted:
    """Ask for one group; no answers, and nothing asked, where something speaks against it by now.

    What proved this group may just have shown that others are damaged.
    """
    if course.pool.evidence.against(course.scale.name):
        return Deleted(verified, ())
    listing, by_id = course.pool.ledger.listing, {line.entry.id: line.entry.seq for line in lines}
    listing.ask([line.entry.seq for line in lines], course.at)
    answers = tuple(site.delete(course.scale.name, [i for i in by_id if i is not None]))
    listing.answered((by_id[answer.id], answer) for answer in answers)
    return Deleted(verified, answers)
