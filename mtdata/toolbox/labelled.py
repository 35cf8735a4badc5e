"""SPSS and Stata files with the labels of a codebook; names of columns become ones these take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa
import pyreadstat

from mtdata.toolbox.codebook.labels import (
    SPSS,
    STATA,
    StatisticsPackage,
    as_code,
    column_names,
    cut,
)
from mtdata.toolbox.faults import ScaleRefused
from mtdata.toolbox.formats import ResultColumn

PACKAGES = {".sav": SPSS, ".dta": STATA}
MOST_MISSING = 3
"""Single values that SPSS takes for missing."""


def write_labelled(file: Path, columns: Sequence[ResultColumn], table: pa.Table) -> None:
    """Write a table as the ending of the file says; ScaleRefused (65) where it takes none."""
    package = PACKAGES[file.suffix]
    names = column_names([column.name for column in columns], package)
    frame = polars.from_arrow(table.rename_columns([*names.values()]))
    by_name = {names[column.name]: column for column in columns}
    labels: dict[str, str | None] = {
        name: cut(column.label or column.name, package.longest_label)
        for name, column in by_name.items()
    }
    codes = {name: _codes(column, package) for name, column in by_name.items() if column.values}
    try:
        if file.suffix == ".sav":
            missing: dict[str, list[Any]] = {
                name: [*one.no_answer[:MOST_MISSING]]
                for name, one in by_name.items()
                if one.no_answer
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
    # a disk that is full is not its refusal, so OSError passes; codes may be beyond its numbers
    except (pyreadstat.PyreadstatError, pyreadstat.ReadstatError, ArithmeticError) as error:
        raise ScaleRefused(
            f"{file.suffix[1:]}: the writer of these files refuses it ({type(error).__name__}); "
            "nothing was written. --format csv takes whatever there is"
        ) from None


def _codes(column: ResultColumn, package: StatisticsPackage) -> dict[float | int, str]:
    codes = {as_code(code): label for code, label in column.values.items()}
    if package is STATA:  # it labels whole numbers alone
        codes = {code: label for code, label in codes.items() if isinstance(code, int)}
    return {code: cut(label, package.longest_value_label) for code, label in codes.items()}
