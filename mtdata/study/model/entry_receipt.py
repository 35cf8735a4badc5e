"""What is shown of one entry: where it is, when each step was proven; pure, and it invents nothing.

Steps come from the ledger's events.  What a program before them did not record as such is said so
(NOT_RECORDED), and a moment that its tables have all the same is given without an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mtdata.study.model.events import EventKind, LedgerEvent
from mtdata.study.model.receipt import KEY_PRINT
from mtdata.study.model.states import ADOPTED, HELD, ROWED, SAME_VALUES, STORED, SUPERSEDED

NOT_RECORDED, ERASED = "not recorded", "erased"
STATES = {
    STORED: "its row is to be made",
    HELD: "held",
    ROWED: "in a sheet",
    SAME_VALUES: "a newer version with the same values has its row",
}
_KEPT = (EventKind.KEPT, EventKind.FOUND)
_ROWED = (EventKind.ROWED, EventKind.MATCHED, EventKind.SAME_VALUES)
Step = dict[str, Any] | None
"""When something was done, and the number of its event; None for what was not done."""


class EntryRecord(NamedTuple):
    """What the tables of the ledger say of one entry; None, or '' for a path, where nothing is.

    `path`, `start` and `length` are the place of its raw bytes; a raw file of mode `whole` was
    found in the pool, one of mode `grow` we wrote, and one under held/ is either.  `sheet` and what
    follows is its row; `row` counts as table programs do: the header is row 1.  `raw_read_at` and
    `sheet_read_at`: when `verify` last held the whole file against the ledger.  Moments are ISO.
    """

    seq: int
    digest: bytes
    file: int
    kind: str
    path: str
    mode: str
    start: int
    length: int
    safe_at: str | None
    raw_read_at: str | None
    raw_lost: int
    state: int
    held: str | None
    reason: str | None
    sheet: str
    row: int | None
    line_start: int | None
    line_length: int | None
    cells: bytes | None
    sheet_read_at: str | None
    asked_at: str | None
    answer: str | None
    gone_at: str | None


class CopyRecord(NamedTuple):
    """A replica and what it confirmed of the range in which an entry stands; moments as ISO."""

    place: str
    confirmed_at: str | None
    last_read_at: str | None


def shown_entry(
    entry: EntryRecord, events: Sequence[LedgerEvent], copies: Sequence[CopyRecord], *, stands: bool
) -> dict[str, Any]:
    """The entry as JSON shows it; `events` are those that speak of it, in order.

    `stands`: its raw bytes were read just now, and have its digest.
    """
    erased = _step(_last(events, (EventKind.ERASED,)), None)
    if not entry.path and erased is None:
        erased = {"at": NOT_RECORDED, "event": NOT_RECORDED}
    return {
        "entry": entry.seq,
        "sha256": entry.digest.hex() if entry.path else None,
        "state": ERASED if erased else STATES.get(entry.state, NOT_RECORDED),
        "raw": _raw(entry, events, stands=stands) if entry.path else None,
        "erased": erased,
        "row": _row_shown(entry, events),
        "held": {"kind": entry.held, "reason": entry.reason} if entry.held else None,
        "replicas": [_copy(one) for one in copies],
        "delete": _delete(entry, events),
        "events": [_event(one) for one in events],
    }


def _raw(entry: EntryRecord, events: Sequence[LedgerEvent], *, stands: bool) -> dict[str, Any]:
    return {
        "file": entry.path,
        "start": entry.start,
        "length": entry.length,
        "as_kept": stands,
        "kept": _kept_step(entry, events),
        "verified_again_at": entry.raw_read_at,
    }


def _event(event: LedgerEvent) -> dict[str, Any]:
    said = {name: one for name, one in event.says().items() if name != "entries"}
    return {"number": event.number, "at": event.entered_at, "event": event.event, **said}


def _last(events: Sequence[LedgerEvent], kinds: Sequence[EventKind]) -> LedgerEvent | None:
    words = [kind.value for kind in kinds]
    return next((one for one in reversed(events) if one.event in words), None)


def _step(event: LedgerEvent | None, at: str | None) -> Step:
    """The step by its event, else by the moment that a table has, else None."""
    if event is not None:
        return {"at": event.entered_at, "event": event.number}
    return None if at is None else {"at": at, "event": NOT_RECORDED}


def _kept_step(entry: EntryRecord, events: Sequence[LedgerEvent]) -> Step:
    event = _last(events, _KEPT)
    step = _step(event, entry.safe_at) or {"at": NOT_RECORDED, "event": NOT_RECORDED}
    if event is None and entry.kind == "held":
        return {**step, "how": NOT_RECORDED}
    was_found = event.event == EventKind.FOUND if event else entry.mode == "whole"
    return {**step, "how": "found in the pool" if was_found else "durable, read back, matched"}


def _row_shown(entry: EntryRecord, events: Sequence[LedgerEvent]) -> Step:
    if not entry.sheet:
        return None
    event = _last(events, _ROWED)
    return {
        "sheet": entry.sheet,
        "row": entry.row,
        "start": entry.line_start,
        "length": entry.line_length,
        "cells_sha256": entry.cells.hex() if entry.cells else None,
        "verified": _verified(entry, event),
        "verified_again_at": entry.sheet_read_at,
        "opened_by": _opened_by(event),
    }


def _verified(entry: EntryRecord, event: LedgerEvent | None) -> Step:
    if entry.cells is None:  # bound, and no key has shown yet that it is what raw gives
        return None
    return _step(event, None) or {"at": NOT_RECORDED, "event": NOT_RECORDED}


def _opened_by(event: LedgerEvent | None) -> list[dict[str, str]] | str:
    keys = event.says().get("keys") if event else None
    if not isinstance(keys, list):
        return NOT_RECORDED
    split = (str(key).rpartition(KEY_PRINT) for key in keys)
    return [{"key": name, "public_sha256": print} for name, _, print in split]


def _copy(one: CopyRecord) -> dict[str, Any]:
    return {
        "replica": one.place,
        "confirmed_at": one.confirmed_at,
        "last_read_at": one.last_read_at,
    }


def _delete(entry: EntryRecord, events: Sequence[LedgerEvent]) -> dict[str, Any]:
    """What became of it on the site since it was last seen to come back."""
    back = _last(events, (EventKind.BACK,))
    since = events if back is None else [one for one in events if one.number > back.number]
    asked = _last(since, (EventKind.ASKED,))
    answer = None if entry.answer in (ADOPTED, SUPERSEDED) else entry.answer
    answered = _step(_last(since, (EventKind.ANSWERED,)), None)
    if answer and answered is None:
        answered = {"at": NOT_RECORDED, "event": NOT_RECORDED}
    answer = answer and answer.rstrip(": ")  # most sites give no reason
    return {
        "asked": _step(asked, entry.asked_at),
        "answered": {**answered, "answer": answer or NOT_RECORDED} if answered else None,
        "gone": _gone_step(entry, since),
    }


def _gone_step(entry: EntryRecord, since: Sequence[LedgerEvent]) -> Step:
    event = _last(since, (EventKind.GONE,))
    if entry.gone_at is None and event is None:
        return None
    if entry.answer == ADOPTED:
        return {"at": None, "event": None, "shown_by": "nothing: the next listing will say"}
    step = _step(event, entry.gone_at) or {}
    number = event.says().get("round") if event else None
    shown_by = f"the listing of round {number}" if number else "a listing, " + NOT_RECORDED
    if entry.answer == SUPERSEDED:
        shown_by += "; the site has another version of it"
    if entry.gone_at is None:  # both are of one commit, so somebody changed one of them
        shown_by += "; its line in the ledger says otherwise: see `mtdata verify`"
    return {**step, "shown_by": shown_by}
