"""A scale without its duplicates, and what was left out with the reason; both are new tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtdata.toolbox.codebook import Codebook, Variable
from mtdata.toolbox.columns import by_folded_name
from mtdata.toolbox.database import identifier
from mtdata.toolbox.duplicates import BY, counted_duplicates, find_duplicates
from mtdata.toolbox.entries import ScaleEntries
from mtdata.toolbox.formats import ResultColumn, ResultTable, labelled_column, text_column
from mtdata.toolbox.rows import fold, unique_names

REASON, KEPT_ID = "dropped_because", "kept_id"


def cleaned(
    entries: ScaleEntries, codebook: Codebook | None, by: Sequence[str] = BY
) -> tuple[dict[str, ResultTable], dict[str, int]]:
    """The layouts `kept` and `dropped` of a scale that is loaded, and how many entries each has."""
    find_duplicates(entries, by)
    columns = tuple(item_columns(entries, codebook, entries.columns))
    reason, kept_id = unique_names([*entries.columns, REASON, KEPT_ID])[-2:]
    why = (text_column(reason, "dropped.reason"), text_column(kept_id, "dropped.kept_id"))
    dropped = "entries JOIN dropped ON entries.rowid = dropped.entry"
    kept = "entries ANTI JOIN dropped ON entries.rowid = dropped.entry"
    layouts = {
        "kept": ResultTable(columns, kept, "entries.rowid"),
        "dropped": ResultTable((*why, *columns), dropped, "entries.rowid"),
    }
    counts = counted_duplicates(entries)
    total = entries.number("SELECT count(*) FROM entries")
    left = sum(counts.values())
    return layouts, {"entries": total, "kept": total - left, "dropped": left, **counts}


def item_columns(
    entries: ScaleEntries, codebook: Codebook | None, names: Sequence[str]
) -> Iterator[ResultColumn]:
    """Columns of a scale as they stand, with the labels of its codebook."""
    variables = by_folded_variables(codebook)
    known = by_folded_name(entries.columns)
    for name in names:
        cell = f"entries.{identifier(known[fold(name)])}"
        yield labelled_column(name, cell, variables.get(fold(name)))


def by_folded_variables(codebook: Codebook | None) -> dict[str, Variable]:
    """The variables of a codebook by their names in small letters."""
    variables = codebook.variables if codebook else {}
    return {fold(name): variable for name, variable in variables.items()}
