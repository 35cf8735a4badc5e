"""A package on its way into the raw files: what the ledger lacks is kept, proven, committed."""

from __future__ import annotations

import logging

from mtdata.core.errors import DamageError
from mtdata.study.files.archive import Appended, Volume, starts_of
from mtdata.study.ledger import Classified, LedgerEntry
from mtdata.study.model.package import Entry, is_json
from mtdata.study.model.receipt import Backup, Kept, StepNotice, StepNoticeKind
from mtdata.study.pool import ScaleRun

log = logging.getLogger(__name__)


class RawPackage:
    """A package on its way into a raw file, which is begun with its first entry that is kept."""

    def __init__(self, run: ScaleRun) -> None:
        self._run = run
        self._volume: Volume | None = None

    def _put(self, batch: list[Entry]) -> Appended:
        """Make a batch durable and read it back; DamageError for other bytes.  Not committed."""
        run, archive = self._run, self._run.pool.archive
        if self._volume is None:
            self._volume = archive.volume(run.scale.name, run.pool.clock.local(run.at))
        put = self._volume.append([entry.body for entry in batch])
        if None in archive.matched(put.spans, [entry.digest for entry in batch]):
            raise DamageError(f"{put.mark.path}: read back other bytes than were written")
        return put


class RawBackup(RawPackage):
    """A package of entries that count one by one: what the ledger lacks is kept."""

    def keep(self, batch: list[Entry]) -> Backup:
        """Make a batch safe; DamageError when it cannot be read back as it was written.

        Entries that are no JSON go into a file of their own under held/.
        """
        run = self._run
        classified = run.pool.ledger.entries.classify(run.scale.name, batch)
        same = run.pool.archive.same_values(run.scale.name, classified)
        classified = classified.without(same)
        if classified.erased:
            log.info("%d entries that were erased came again; left out", classified.erased)
        wanted = classified.fresh + classified.refetch
        unreadable = [entry for entry in wanted if not is_json(entry)]
        keepable = [entry for entry in wanted if is_json(entry)] if unreadable else wanted
        if unreadable:
            mark = run.pool.archive.keep_aside(run.scale.name, run.day, unreadable)
            starts = starts_of(unreadable)
            run.pool.ledger.entries.hold_aside(mark, unreadable, starts, run.at)
        kept = self._append(keepable, classified, same) if keepable else ()
        return Backup(
            run.scale,
            kept,
            received=len(batch),
            fresh=len(classified.fresh),
            held=len(classified.conflicts) + sum(bool(e.fault) for e in classified.fresh),
            notices=_reused_ids(classified),
        )

    def _append(
        self, batch: list[Entry], classified: Classified, same: dict[bytes, LedgerEntry]
    ) -> tuple[Kept, ...]:
        """Append a batch, prove and commit it; the entries of it that want a row."""
        put = self._put(batch)
        seqs = self._run.pool.ledger.entries.back_up(
            put.mark,
            list(zip(batch, put.spans, strict=True)),
            key=put.key,
            start=put.start,
            piece=put.piece,
            conflicts=classified.conflicts,
            at=self._run.at,
            same_values=same,
        )
        rowed = {e.digest for e in classified.refetch} | {d for d, c in same.items() if c.line}
        return tuple(
            Kept(seq, entry.id, entry.digest, span, entry.values)
            for seq, entry, span in zip(seqs, batch, put.spans, strict=True)
            if entry.values is not None
            and not entry.fault
            and entry.digest not in classified.conflicts
            and entry.digest not in rowed
        )


def _reused_ids(classified: Classified) -> tuple[StepNotice, ...]:
    reused = classified.reused_ids
    if not reused:
        return ()
    first = min(entry.id or 0 for entry in classified.fresh if entry.digest in reused)
    detail = (
        f"{len(reused)} entries have ids that were collected and gone before, "
        f"the first {first}; they are held and nothing of this scale is deleted"
    )
    return (StepNotice(StepNoticeKind.IDS_ANEW, detail),)
