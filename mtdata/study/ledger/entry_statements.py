"""How entries and their lines come into the ledger's tables, many by one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtdata.core.many_rows import run_values
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.classified import first_state, key_of
from mtdata.study.model.package import Entry
from mtdata.study.model.receipt import Span
from mtdata.study.model.states import ADOPTED, NEWER, REPLACED, ROWED, STORED

_FIRST = "seq, scale, id, digest, file, start, length, state"
_STANDS_HERE_NOW = (
    "ON CONFLICT (scale, id, digest) DO UPDATE SET"
    " file = excluded.file, start = excluded.start, length = excluded.length, raw_lost = 0"
    " WHERE excluded.gone_at IS NULL OR raw_lost = 1 OR EXISTS (SELECT 1 FROM files f"
    f" WHERE f.number = entries.file AND f.state IN ('{REPLACED}', '{NEWER}'))"
)
_BIND_LINES = (
    f"UPDATE entries SET state = {ROWED}, held = NULL, reason = NULL, sheet = l.column1,"
    " line_start = l.column2, line_length = l.column3, cells = l.column4 FROM ("
)


def add_entries(
    db: LedgerDatabase,
    first: int,
    scale: str,
    added: Sequence[tuple[Entry, Span]],
    conflicts: frozenset[bytes],
    erased: Mapping[bytes, bytes],
    found_at: str | None,
) -> None:
    """Enter these with seqs from `first` on, within a commit; one that is known stands here now.

    Digests in `conflicts` or `erased` are entered as such; `found_at` as a moment (ISO): nobody
    knows whether the site has them, and one that stands elsewhere too stays there.
    """
    if not (found_at or conflicts or erased or any(entry.fault for entry, _ in added)):
        # the usual batch: half the values, half the time
        rows = [
            (seq, scale, *key_of(e), *span, STORED) for seq, (e, span) in enumerate(added, first)
        ]
        run_values(db, f"INSERT INTO entries ({_FIRST})", rows, _STANDS_HERE_NOW)
        return
    told = found_at, found_at and ADOPTED
    full = [
        (seq, scale, *key_of(e), *span, *first_state(e, conflicts, erased), *told)
        for seq, (e, span) in enumerate(added, first)
    ]
    columns = f"{_FIRST}, held, reason, gone_at, answer"
    run_values(db, f"INSERT INTO entries ({columns})", full, _STANDS_HERE_NOW)


def bind_lines(
    db: LedgerDatabase, lines: Sequence[tuple[int, int, int, bytes | None, int]]
) -> None:
    """Let entries have their lines, within a commit: sheet, start, length, digest of cells, seq.

    No seq stands twice in it.
    """
    run_values(db, _BIND_LINES, lines, ") l WHERE entries.seq = l.column5")
