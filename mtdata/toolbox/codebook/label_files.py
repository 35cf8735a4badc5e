"""A codebook as a .sav or .dta that has labels and no row; it reads no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mtdata.core.errors import ConfigError
from mtdata.toolbox.codebook.labels import (
    SPSS,
    STATA,
    Code,
    StatisticsPackage,
    column_label,
    column_names,
    cut,
    missing_codes,
    stored,
    value_labels,
)
from mtdata.toolbox.codebook.model import Variable

LONGEST_TITLE = 64
SHORT_TEXT = 8
"""Bytes of a text in SPSS that has labels of values or missing ones, at most."""


def sav(variables: Mapping[str, Variable], title: str = "") -> bytes:
    """An SPSS file without rows: columns by their names, labels, values and missing values."""
    import pyreadstat

    names = column_names(variables, SPSS)
    frame, how = _empty(variables, names, SPSS)
    missing = {names[column]: missing_codes(one)[:3] for column, one in variables.items()}
    how["missing_ranges"] = {n: codes for n, codes in missing.items() if codes and _short(codes)}
    how["variable_measure"] = {names[column]: _measure(one) for column, one in variables.items()}
    return _written(
        ".sav",
        lambda path: pyreadstat.write_sav(frame, path, file_label=cut(title, LONGEST_TITLE), **how),
    )


def _short(codes: Iterable[Code]) -> bool:
    return all(len(code.encode()) <= SHORT_TEXT for code in codes if isinstance(code, str))


def dta(variables: Mapping[str, Variable], title: str = "") -> bytes:
    """A Stata file without rows: columns by their names, labels and values."""
    import pyreadstat

    names = column_names(variables, STATA)
    frame, how = _empty(variables, names, STATA)
    return _written(
        ".dta",
        lambda path: pyreadstat.write_dta(frame, path, file_label=cut(title, LONGEST_TITLE), **how),
    )


def _empty(
    variables: Mapping[str, Variable], names: Mapping[str, str], package: StatisticsPackage
) -> tuple[Any, dict[str, Any]]:
    """A frame of no row, and the labels of its columns."""
    import polars

    kinds = {names[column]: _kind(one) for column, one in variables.items()}
    schema = {name: getattr(polars, kind) for name, kind in kinds.items()}
    labels = {names[column]: value_labels(one, package) for column, one in variables.items()}
    how = {
        "column_labels": {names[c]: column_label(one, package) for c, one in variables.items()},
        "variable_value_labels": {n: kept for n, one in labels.items() if (kept := _storable(one))},
    }
    return polars.DataFrame(schema=schema), how


def _storable(labels: Mapping[Code, str]) -> dict[Code, str]:
    """Without those of texts that pyreadstat leaves too few bytes for: it counts letters."""
    return {
        code: label
        for code, label in labels.items()
        if not isinstance(code, str) or code.isascii() or len(code.encode()) <= SHORT_TEXT
    }


def _kind(variable: Variable) -> str:
    if not variable.is_numeric:
        return "String"
    whole = variable.type != "number" and all(isinstance(stored(n), int) for n in variable.codes)
    return "Int32" if whole else "Float64"


def _measure(variable: Variable) -> str:
    if variable.type == "choice":
        return "ordinal" if variable.is_numeric else "nominal"
    return "scale" if variable.is_numeric else "nominal"


def _written(ending: str, write: Callable[[str], None]) -> bytes:
    """What was written into a folder of our own; ConfigError where the labels are refused."""
    import pyreadstat

    with TemporaryDirectory(prefix="mtdata-labels-") as folder:
        path = Path(folder) / f"labels{ending}"
        try:
            write(str(path))
        except (pyreadstat.PyreadstatError, pyreadstat.ReadstatError) as error:
            raise ConfigError(
                f"{ending}: the writer of such files refuses this codebook "
                f"({type(error).__name__}); shorten names and labels in it"
            ) from None
        return path.read_bytes()
