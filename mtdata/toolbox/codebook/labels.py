"""The names and labels of variables as SPSS and Stata take them; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from mtdata.toolbox.codebook.document import one_line
from mtdata.toolbox.codebook.faults import number_of
from mtdata.toolbox.codebook.model import Variable

_ODD = re.compile(r"[^A-Za-z0-9_]")


class StatisticsPackage(NamedTuple):
    """What a statistics package allows: lengths in bytes, and words that are its own."""

    longest_name: int
    longest_label: int
    longest_value_label: int
    reserved: frozenset[str]


SPSS = StatisticsPackage(
    64, 255, 119, frozenset("all and by eq ge gt le lt ne not or to with".split())
)
STATA = StatisticsPackage(
    31,  # Stata takes 32; a set of labels is named after its variable, and pyreadstat cuts there
    80,
    3200,
    frozenset(
        "_all _b byte _coef _cons double float if in int long _n _pi _pred _rc _skip str strl "
        "using with".split()
    ),
)
Code = int | float | str
LARGE = 2_147_483_000


def column_names(columns: Iterable[str], package: StatisticsPackage) -> dict[str, str]:
    """A name for each column that the package takes; no two are equal in any case."""
    taken = set(package.reserved)
    names: dict[str, str] = {}
    for column in columns:
        base = _ODD.sub("_", column)
        base = base if re.match("[A-Za-z]", base) else f"v{base}"
        name, number = base[: package.longest_name], 1
        while name.casefold() in taken:
            number += 1
            ending = f"_{number}"
            name = base[: package.longest_name - len(ending)] + ending
        taken.add(name.casefold())
        names[column] = name
    return names


def column_label(variable: Variable, package: StatisticsPackage) -> str:
    """What stands beside the name of a column: its wording and unit; '' for none."""
    unit = f" ({variable.unit})" if variable.unit else ""
    return cut(variable.wording + unit, package.longest_label)


def value_labels(variable: Variable, package: StatisticsPackage) -> dict[Code, str]:
    """Code -> label, `no_answer` too; codes are numbers where every answer is one, else text.

    Stata labels whole numbers alone.
    """
    codes: dict[Code, str] = {}
    if variable.is_numeric:
        codes.update((stored(number), label) for number, label in variable.codes.items())
    else:
        codes.update(variable.labels)
    if package is STATA:
        codes = {code: label for code, label in codes.items() if isinstance(code, int)}
    return {code: cut(text, package.longest_value_label) for code, text in codes.items() if text}


def missing_codes(variable: Variable) -> list[Code]:
    """Codes of `no_answer`: numbers where every answer is one, else text."""
    if not variable.is_numeric:
        return list(variable.no_answer)
    numbers = [number_of(word) for word in variable.no_answer]
    return [stored(number) for number in numbers if number is not None]


def as_code(number: float) -> int | float:
    """A whole number as such."""
    return int(number) if number == int(number) else number


def stored(number: float) -> int | float:
    """A whole number as such, unless it is larger than the packages store one."""
    return as_code(number) if abs(number) < LARGE else number


def cut(text: str, longest: int) -> str:
    """The text on one line, of at most so many bytes of UTF-8; … stands for what is left out."""
    line = one_line(text)
    if len(line.encode()) <= longest:
        return line
    return line.encode()[: longest - 3].decode(errors="ignore").rstrip() + "…"
