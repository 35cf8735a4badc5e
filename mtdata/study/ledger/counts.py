"""How many entries of a scale wait, are held or have a row, and who let held ones through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mtdata.alerts.incidents import moment_of
from mtdata.study.ledger.events import RecordedPart
from mtdata.study.ledger.kept_counts import ScaleCounts
from mtdata.study.model.events import EventKind
from mtdata.study.model.receipt import Span
from mtdata.study.model.states import CONFLICT, DRIFT, HELD, MALFORMED, ROWED, SEALED, STORED

SETTLED = f"(gone_at IS NOT NULL AND (accepted = 1 OR held IS '{MALFORMED}'))"
"""Held, with nothing left to do: the site has it no more, and its bytes are safe here."""
WORTH_A_TRY = f"(state = {STORED} OR (held IN ('{SEALED}', '{DRIFT}') AND tried_with <> ?))"
"""May become a row now, by the fingerprint of the keys."""


class Released(NamedTuple):
    """Held entries that a person let through."""

    rows: int  # the next round makes their rows
    sealed: int  # no row comes before a key opens them


class EntryVersion(NamedTuple):
    """One of several entries of one id; `kept_at` None where an older program collected it."""

    id: int
    digest: bytes
    span: Span
    path: str
    kept_at: datetime | None


class Counts(RecordedPart):
    """Questions about many entries at once."""

    def accepted(self, seqs: Sequence[int]) -> set[int]:
        """Which of these a person has let through in spite of drift or conflict."""
        let_through = "SELECT 1 FROM entries WHERE seq = ? AND accepted = 1"
        return {seq for seq in seqs if self._db.row(let_through, seq)}

    def scales_waiting(self, fingerprint: str) -> list[str]:
        """Scales with entries that may become rows now, by the fingerprint of the keys."""
        rows = self._db.all(
            f"SELECT DISTINCT scale FROM entries WHERE state < {ROWED} AND raw_lost = 0"
            f" AND {WORTH_A_TRY}",
            fingerprint,
        )
        return [scale for (scale,) in rows]

    def release(self, scale: str, number: int | None) -> Released:
        """Let held entries through (one id, or all of the scale).

        The next round makes the rows of those that a person may decide.  Sealed ones stay held
        until a key opens them; they are tried again, and hold up no other version of their id.
        """
        which = f"WHERE scale = ? AND state = {HELD} AND (? IS NULL OR id = ?) AND held"
        chosen = (scale, number, number)
        with self._db.commit():
            kinds = f"('{SEALED}', '{CONFLICT}', '{DRIFT}')"
            runs = self._events.runs(f"SELECT seq FROM entries {which} IN {kinds}", *chosen)
            if runs:
                self._events.enter(EventKind.RELEASED, runs, scale=scale)
            sealed = self._db.run(
                f"UPDATE entries SET accepted = 1, tried_with = '' {which} = '{SEALED}'", *chosen
            )
            with self._counts.carried_over(runs):
                rows = self._db.run(
                    f"UPDATE entries SET state = {STORED}, accepted = 1 {which}"
                    f" IN ('{CONFLICT}', '{DRIFT}')",
                    *chosen,
                )
        return Released(rows, sealed)

    def row_of(self, seq: int) -> bytes | None:
        """Digest of the cells of an entry's row; None where it has none that is proven."""
        row = self._db.row(f"SELECT cells FROM entries WHERE seq = ? AND state = {ROWED}", seq)
        return row[0] if row else None

    def counts(self) -> dict[str, ScaleCounts]:
        """By scale, its entries that wait, are held or have a row, as the ledger keeps them."""
        return self._counts.of_scales()

    def held_and_owed(self, scale: str) -> tuple[int, int]:
        """How many entries of a scale are held, and how many have a row and are on the site still.

        It reads those that are held, and those on the site.
        """
        row = self._db.row(
            "SELECT (SELECT count(*) FROM entries INDEXED BY entries_waiting"
            f" WHERE scale = ?1 AND state < {ROWED} AND state = {HELD}),"
            f" (SELECT count(*) FILTER (WHERE state = {ROWED}) FROM entries"
            " INDEXED BY entries_on_site WHERE scale = ?1 AND gone_at IS NULL)",
            scale,
        )
        return (row[0], row[1]) if row else (0, 0)

    def held(self, scale: str | None = None) -> list[tuple[Any, ...]]:
        """Scale, id, kind, reason and number of held entries, grouped, at most 1000 rows."""
        return self._db.all(
            f"SELECT scale, id, held, reason, count(*) FROM entries WHERE state = {HELD}"
            " AND (?1 IS NULL OR scale = ?1) GROUP BY scale, id, held, reason"
            " ORDER BY scale, held, id LIMIT 1000",
            scale,
        )

    def held_kinds(self, scale: str) -> dict[str, tuple[int, str]]:
        """Number of held entries and one reason, by kind; not those that are settled."""
        rows = self._db.all(
            "SELECT held, count(*), max(reason) AS reason FROM entries"
            f" WHERE scale = ? AND state = {HELD} AND NOT {SETTLED} GROUP BY held",
            scale,
        )
        return {kind: (number, reason) for kind, number, reason in rows}

    def conflict(self, scale: str) -> list[EntryVersion]:
        """The oldest entry that is held for its id, and another of that id, in their order."""
        found = self._db.row(
            f"SELECT id, seq FROM entries WHERE scale = ? AND state = {HELD}"
            f" AND held = '{CONFLICT}' AND NOT {SETTLED} ORDER BY seq LIMIT 1",
            scale,
        )
        rows = self._db.all(
            "SELECT e.seq, e.id, e.digest, e.file, e.start, e.length, f.path, (SELECT kept_at FROM"
            " ranges r WHERE r.file = e.file AND r.start <= e.start ORDER BY r.start DESC LIMIT 1)"
            " AS kept_at FROM entries e JOIN files f ON f.number = e.file"
            " WHERE e.scale = ? AND e.id = ? ORDER BY e.seq = ? DESC, e.seq DESC LIMIT 2",
            scale,
            *(found or (None, None)),
        )
        return [
            EntryVersion(id, digest, Span(*span), path, moment_of(kept_at))
            for _, id, digest, *span, path, kept_at in sorted(rows)
        ]

    def raw_lost(self) -> list[tuple[str, str, int]]:
        """Scale, raw file and number of the entries whose raw bytes are lost for now."""
        rows = self._db.all(
            "SELECT e.scale, f.path, count(*) FROM entries e JOIN files f ON f.number = e.file"
            " WHERE e.raw_lost = 1 GROUP BY e.scale, f.path"
        )
        return [(scale, path, number) for scale, path, number in rows]
