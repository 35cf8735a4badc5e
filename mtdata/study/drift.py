"""Fields that came or went since the last entries of a scale: told, or the entries held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mtdata.study.model.receipt import HeldBack, Rows, StepNotice, StepNoticeKind
from mtdata.study.model.states import DRIFT
from mtdata.study.pool import ScaleRun

REASON = "other fields than the scale is known by (DRIFT: hold)"
SHOWN = 20
"""Fields that are told one by one."""


def compare_fields(run: ScaleRun, rows: Rows) -> Rows:
    """Hold a batch against the fields that the scale is known by, and remember those it has now.

    Where the config says so, entries with other fields are held until a person accepts them.
    """
    rows = _without_drift(run, rows) if run.holds_drift else rows
    layouts = {row.columns for row in rows.rows}
    return replace(rows, notices=_drift(run, layouts)) if layouts else rows


def _without_drift(run: ScaleRun, rows: Rows) -> Rows:
    listing, name = run.pool.ledger.listing, run.scale.name
    known = listing.columns(name)
    if known is None and rows.rows:
        known = rows.rows[0].columns
        listing.set_columns(name, known)
    other = [row.entry for row in rows.rows if row.columns != known]
    accepted = run.pool.ledger.entries.accepted([entry.seq for entry in other])
    held = tuple(HeldBack(e, DRIFT, REASON) for e in other if e.seq not in accepted)
    stay = {one.entry.seq for one in held}
    fit = tuple(row for row in rows.rows if row.entry.seq not in stay)
    return replace(rows, rows=fit, held=rows.held + held)


def _drift(run: ScaleRun, layouts: set[tuple[str, ...]]) -> tuple[StepNotice, ...]:
    listing, name = run.pool.ledger.listing, run.scale.name
    known = listing.columns(name)
    if layouts == {known}:
        return ()
    seen = {column for columns in layouts for column in columns}
    missing = {column for columns in layouts for column in set(known or ()) - set(columns)}
    new = seen - set(known or seen)
    if new or known is None:
        listing.set_columns(name, sorted(seen | set(known or ())))
    if not new and not missing:
        return ()
    detail = f"new: {column_names(new)}; missing: {column_names(missing)}"
    return (StepNotice(StepNoticeKind.DRIFT, detail),)


def column_names(columns: Iterable[str]) -> str:
    """Fields by name, SHOWN at most, none of which gets out of its line."""
    return ", ".join(ascii(column)[1:-1][:40] for column in sorted(columns)[:SHOWN]) or "none"
