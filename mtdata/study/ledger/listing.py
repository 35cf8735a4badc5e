"""What the site still has, by its own listings: owed, gone, vanished; it asks the site nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from mtdata.core.many_rows import run_values
from mtdata.study.ledger.events import RecordedPart
from mtdata.study.model.benchmark import Benchmark
from mtdata.study.model.events import EventKind, runs_of
from mtdata.study.model.package import Entry
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import ERASED, MALFORMED, ROWED, SUPERSEDED


class Listed(NamedTuple):
    """What a whole listing of one scale proved."""

    gone: int  # asked for by us, and not there any more
    vanished: int  # not asked for, and not there any more
    lowest_vanished: int | None


_IN_RUN = "seq BETWEEN ? AND ?"
"""One statement for many neighbours: those of a usual batch are one run."""
_ABSENT = (
    "FROM entries e WHERE e.scale = ? AND e.gone_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM temp.present p WHERE p.id = e.id AND p.digest = e.digest)"
)
_VANISHED = (
    f"asked_at IS NULL AND held IS NOT '{MALFORMED}' AND state <> {ERASED} AND NOT EXISTS"
    " (SELECT 1 FROM temp.present p WHERE p.id = e.id)"
)


class Listing(RecordedPart):
    """The working set of ids that a listing shows, and what follows from it."""

    def begin(self) -> None:
        """Forget the listing before."""
        with self._db.working():
            self._db.run("DELETE FROM temp.present")

    def note(self, keys: Iterable[tuple[int | None, bytes]]) -> None:
        """Add ids and digests that the site shows."""
        with self._db.working():
            shown = [(-1 if number is None else number, digest) for number, digest in keys]
            run_values(self._db, "INSERT OR IGNORE INTO temp.present", shown)

    def newcomers(self, batch: Sequence[Entry]) -> list[Entry]:
        """Those of a batch that were not noted before; they are now."""
        fresh: dict[tuple[int, bytes], Entry] = {}
        for entry in batch:
            key = (-1 if entry.id is None else entry.id, entry.digest)
            if not self._db.row("SELECT 1 FROM temp.present WHERE id = ? AND digest = ?", *key):
                fresh.setdefault(key, entry)
        self.note((entry.id, entry.digest) for entry in fresh.values())
        return list(fresh.values())

    def missing(self, scale: str) -> Listed:
        """What the listing, now whole, does not show any more; nothing is entered yet.

        Vanished is what we did not ask for: neither an id that shows other content now, nor an
        entry that could not be read and that somebody put right.
        """
        row = self._db.row(
            "SELECT coalesce(sum(asked_at IS NOT NULL), 0),"
            f" coalesce(sum({_VANISHED}), 0), min(CASE WHEN {_VANISHED} THEN id END) {_ABSENT}",
            scale,
        )
        return Listed(*(row or (0, 0, None)))

    def conclude(self, scale: str, at: datetime) -> None:
        """Commit what the listing proves; nothing is written when nothing changed."""
        if self._db.row(f"SELECT 1 {_ABSENT} LIMIT 1", scale):
            with self._db.commit():
                runs = self._events.runs(f"SELECT e.seq AS seq {_ABSENT}", scale)
                self._db.run(
                    "UPDATE entries SET gone_at = ?, answer = CASE WHEN asked_at IS NULL"
                    " AND EXISTS (SELECT 1 FROM temp.present p WHERE p.id = entries.id)"
                    f" THEN '{SUPERSEDED}' ELSE answer END WHERE seq IN (SELECT e.seq {_ABSENT})",
                    at.isoformat(),
                    scale,
                )
                self._events.enter(EventKind.GONE, runs, scale=scale, round=self._round())
        self._come_back(scale)

    def _round(self) -> int:
        """The number of the round that read this listing."""
        return self._number("SELECT coalesce(max(number), 0) FROM runs")

    def _come_back(self, scale: str) -> None:
        """An entry that shows up again is on the site, whatever an earlier listing proved."""
        back = (
            "SELECT e.seq AS seq FROM temp.present p JOIN entries e"
            " ON e.scale = ? AND e.id = p.id AND e.digest = p.digest WHERE e.gone_at IS NOT NULL"
        )
        if self._db.row(f"{back} LIMIT 1", scale):
            with self._db.commit():
                runs = self._events.runs(back, scale)
                self._events.enter(EventKind.BACK, runs, scale=scale, round=self._round())
                self._db.run(
                    "UPDATE entries SET gone_at = NULL, asked_at = NULL, answer = NULL"
                    f" WHERE seq IN ({back})",
                    scale,
                )

    def ask(self, seqs: Sequence[int], at: datetime) -> None:
        """Commit that deletes are about to go out: before, so that no absence is a surprise."""
        when, runs = at.isoformat(), runs_of(set(seqs))
        with self._db.commit():
            self._db.run_many(
                f"UPDATE entries SET asked_at = ?, answer = NULL WHERE {_IN_RUN}",
                ((when, *run) for run in runs),
            )
            self._events.enter(EventKind.ASKED, runs)

    def answered(self, answers: Iterable[tuple[int, DeleteAnswer]]) -> None:
        """Commit what the site said; none of it proves anything.

        A refusal takes the asking back: should the entry vanish after all, it was not our doing.
        """
        heard: dict[tuple[Outcome, str], set[int]] = {}
        for seq, answer in answers:
            heard.setdefault((answer.outcome, answer.reason), set()).add(seq)
        with self._db.commit():
            self._db.run_many(
                f"UPDATE entries SET answer = ?, asked_at = iif(?, NULL, asked_at) WHERE {_IN_RUN}",
                (
                    (f"{outcome.value}: {reason}"[:200], outcome is Outcome.REFUSED, *run)
                    for (outcome, reason), seqs in heard.items()
                    for run in runs_of(seqs)
                ),
            )
            for outcome in Outcome:  # the reason, in the site's own words, stands beside the entry
                of_it = (seqs for (one, _), seqs in heard.items() if one is outcome)
                if runs := runs_of(set[int]().union(*of_it)):
                    self._events.enter(EventKind.ANSWERED, runs, outcome=outcome.value)

    def unproven_deletes(self, scale: str) -> int:
        """How many deletes were asked that no listing has proven yet."""
        asked = "scale = ? AND gone_at IS NULL AND asked_at IS NOT NULL"
        return self._number(f"SELECT count(*) FROM entries WHERE {asked}", scale)

    def leftover(self, scale: str) -> tuple[int, int | None, str | None]:
        """Rowed entries still on the site: how many, the lowest id, one answer to a delete."""
        row = self._db.row(
            "SELECT count(*), min(id), max(answer) AS answer FROM entries"
            f" WHERE scale = ? AND state = {ROWED} AND gone_at IS NULL",
            scale,
        )
        return (int(row[0]), row[1], row[2]) if row else (0, None, None)

    # scales -----------------------------------------------------------------------------------

    def see(self, scale: Scale) -> None:
        """Enter a scale the first time it is met, or when its nature changed."""
        row = self._db.row("SELECT deleteable FROM scales WHERE name = ?", scale.name)
        if row is not None and bool(row[0]) == scale.deleteable:
            return
        self._commit(
            "INSERT INTO scales (name, size, deleteable) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET deleteable = excluded.deleteable",
            *scale,
        )

    def scales(self) -> list[Scale]:
        """Every scale that was ever met, with its size when it was last looked at."""
        rows = self._db.remembered("SELECT name, size, deleteable FROM scales ORDER BY name")
        return [Scale(name, size, bool(deleteable)) for name, size, deleteable in rows]

    def at_rest(self) -> set[str]:
        """Deleteable scales that had nothing on the site when last listed, and nothing waits of."""
        there = "entries_on_site WHERE scale = s.name AND gone_at IS NULL"
        waiting = f"entries_waiting WHERE scale = s.name AND state < {ROWED}"
        none_of = "NOT EXISTS (SELECT 1 FROM entries INDEXED BY"
        rows = self._db.remembered(
            "SELECT name FROM scales s"
            f" WHERE deleteable = 1 AND {none_of} {there}) AND {none_of} {waiting})"
        )
        return {name for (name,) in rows}

    def columns(self, scale: str) -> tuple[str, ...] | None:
        """The fields that entries of the scale had last, None when none was seen."""
        row = self._db.row("SELECT columns FROM scales WHERE name = ?", scale)
        return None if row is None or row[0] is None else tuple(json.loads(row[0]))

    def set_columns(self, scale: str, columns: Sequence[str]) -> None:
        """Remember the fields of a scale."""
        self._commit("UPDATE scales SET columns = ? WHERE name = ?", json.dumps(columns), scale)

    def benchmarks(self) -> dict[str, Benchmark]:
        """Highest id by scale, of entries and of snapshots."""
        rows = self._db.all(
            "SELECT s.name,"
            " max(coalesce((SELECT max(id) FROM entries e WHERE e.scale = s.name), 0),"
            " coalesce((SELECT highest FROM snapshots n WHERE n.scale = s.name"
            " ORDER BY number DESC LIMIT 1), 0), 0) AS top, s.deleteable"
            " FROM scales s WHERE top > 0 ORDER BY s.name"
        )
        return {name: Benchmark(top, bool(deleteable)) for name, top, deleteable in rows}

    def on_site(self, scale: str) -> Iterator[tuple[int, str, str | None, str | None]]:
        """Id, state word, reason and last answer of each entry that the last listing showed."""
        words = {0: "stored", 1: "held", 2: "safe"}
        after = -2, 0
        next_page = (
            "SELECT id, state, reason, answer, seq FROM entries WHERE scale = ? AND gone_at IS NULL"
            " AND (id, seq) > (?, ?) ORDER BY id, seq LIMIT 1024"
        )
        while rows := self._db.all(next_page, scale, *after):
            for number, state, reason, answer, _ in rows:
                yield number, words.get(state, "stored"), reason, answer
            after = rows[-1][0], rows[-1][4]
