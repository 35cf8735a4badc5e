"""SPSS and Stata files with the labels of a codebook; names of columns become ones these take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa
import pyreadstat

from mtdata.toolbox.faults import ScaleRefused
from mtdata.toolbox.formats import ResultColumn

LONGEST_NAME = {".sav": 64, ".dta": 32}
LONGEST_LABEL = {".sav": 256, ".dta": 80}
LONGEST_VALUE_LABEL = {".sav": 120, ".dta": 32_000}
RESERVED = frozenset(
    "all and by eq ge gt le lt ne not or to with if in using byte int long float double str strl"
    " _all _b _coef _cons _n _pi _pred _rc _skip".split()
)
"""Words that SPSS or Stata take for their own."""


def write_labelled(file: Path, columns: Sequence[ResultColumn], table: pa.Table) -> None:
    """Write a table as the ending of the file says; ScaleRefused (65) where it takes none."""
    names = accepted_names([column.name for column in columns], LONGEST_NAME[file.suffix])
    frame = polars.from_arrow(table.rename_columns(names))
    by_name = dict(zip(names, columns, strict=True))
    labels: dict[str, str | None] = {
        name: _label(column, file.suffix) for name, column in by_name.items()
    }
    codes = {name: _codes(column, file.suffix) for name, column in by_name.items() if column.values}
    try:
        if file.suffix == ".sav":
            missing: dict[str, list[Any]] = {
                name: [*one.no_answer[:3]] for name, one in by_name.items() if one.no_answer
            }
            pyreadstat.write_sav(
                frame,
                file,
                column_labels=labels,
                variable_value_labels=codes,
                missing_ranges=missing,
                row_compress=True,
            )
        else:
            pyreadstat.write_dta(frame, file, column_labels=labels, variable_value_labels=codes)
    except pyreadstat.PyreadstatError as error:
        raise ScaleRefused(
            f"{file.suffix[1:]}: the writer of these files refuses it ({type(error).__name__}); "
            "nothing was written. --format csv takes whatever there is"
        ) from None


def accepted_names(names: Sequence[str], longest: int) -> list[str]:
    """Names of letters, digits and `_`, a letter first, so long at most, no two alike."""
    taken: set[str] = set()
    accepted = []
    for name in names:
        word = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "column"
        word = word if word[0].isalpha() and word.casefold() not in RESERVED else f"v_{word}"
        word = base = word[:longest]
        place = 1
        while word.casefold() in taken:
            place += 1
            word = f"{base[: longest - len(str(place)) - 1]}_{place}"
        taken.add(word.casefold())
        accepted.append(word)
    return accepted


def _label(column: ResultColumn, suffix: str) -> str:
    """What stands beside a name; the column's own name where it could not stay as it was."""
    return _cut(column.label or column.name, LONGEST_LABEL[suffix])


def _codes(column: ResultColumn, suffix: str) -> dict[float | int, str]:
    longest = LONGEST_VALUE_LABEL[suffix]
    whole = {
        int(code) if code.is_integer() else code: label for code, label in column.values.items()
    }
    if suffix == ".dta":  # Stata labels whole numbers alone
        whole = {code: label for code, label in whole.items() if isinstance(code, int)}
    return {code: _cut(label, longest) for code, label in whole.items()}


def _cut(text: str, longest: int) -> str:
    """So many bytes of UTF-8 at most, no letter in halves."""
    return text.encode()[:longest].decode(errors="ignore")
