"""A codebook as syntax that gives a table its labels in SPSS and Stata; pure, it runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtdata.toolbox.codebook.labels import (
    SPSS,
    STATA,
    Code,
    column_label,
    column_names,
    missing_codes,
    value_labels,
)
from mtdata.toolbox.codebook.model import Variable

SPSS_MISSING = 3
"""So many single values may be missing ones."""


def spss_syntax(variables: Mapping[str, Variable]) -> str:
    """SPSS syntax: labels, values and missing values of variables by the name of their column."""
    lines = ["* Encoding: UTF-8."]
    for column, name in column_names(variables, SPSS).items():
        lines += _spss_lines(name, variables[column])
    return "\n".join([*lines, "EXECUTE.", ""])


def _spss_lines(name: str, variable: Variable) -> Iterator[str]:
    if label := column_label(variable, SPSS):
        yield f"VARIABLE LABELS {name}\n  {_spss_text(label)}."
    if labels := value_labels(variable, SPSS):
        pairs = "".join(
            f"\n  {_spss_code(code)} {_spss_text(text)}" for code, text in labels.items()
        )
        yield f"VALUE LABELS {name}{pairs}."
    if missing := missing_codes(variable)[:SPSS_MISSING]:
        yield f"MISSING VALUES {name} ({', '.join(map(_spss_code, missing))})."


def _spss_code(code: Code) -> str:
    return _spss_text(code) if isinstance(code, str) else repr(code)


def _spss_text(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def stata_syntax(variables: Mapping[str, Variable]) -> str:
    """Stata syntax: labels and values of variables by the name of their column.

    What is no answer becomes one of the missing values .a to .z.
    """
    lines = ["version 14"]
    for column, name in column_names(variables, STATA).items():
        lines += _stata_lines(name, column, variables[column])
    return "\n".join([*lines, ""])


def _stata_lines(name: str, column: str, variable: Variable) -> Iterator[str]:
    if label := column_label(variable, STATA):
        yield f"label variable {name} {_stata_text(label)}"
    missing = [code for code in missing_codes(variable) if not isinstance(code, str)]
    letters = {code: f".{chr(ord('a') + place)}" for place, code in enumerate(missing[:26])}
    for code, letter in letters.items():
        yield f"replace {name} = {letter} if {name} == {code!r}"
    labels = value_labels(variable, STATA)
    if labels and variable.is_numeric:
        shown = " ".join(
            f"{letters.get(code, repr(code))} {_stata_text(text)}"
            for code, text in labels.items()
            if not isinstance(code, str)
        )
        yield f"label define {name} {shown}, replace"
        yield f"label values {name} {name}"


def _stata_text(text: str) -> str:
    """A text in Stata's compound quotes, in which it would put macros for ` and $."""
    plain = text.replace("`", "'").replace("\\", "/").replace("$", "\\$").replace('"', "''")
    return f'`"{plain}"\''
