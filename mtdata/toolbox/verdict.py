"""What a cell is worth by the codebook, as SQL over its text; it reads and quotes no cell itself.

Every text of a codebook stands in the SQL as a literal, every column as an identifier.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from mtdata.toolbox.codebook import Variable

OK, MISSING, EMPTY, NO_ANSWER = "ok", "missing", "empty", "no_answer"
COMMA, UNREADABLE, OUTSIDE = "decimal_comma", "unreadable", "out_of_range"
"""A number with a decimal comma; no number or date where one belongs; not in the codebook."""
WRONG = (COMMA, UNREADABLE, OUTSIDE)
"""Verdicts that keep an entry from being valid."""
MOST_PLAIN = 100
"""The greatest whole number that is looked at as a text."""
FLAGS = ("true", "false", "1", "0")
DATES = ("%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
"""The site's own form of a date first."""
MILLISECONDS = "^[0-9]{12,14}$"
"""A date as milliseconds since 1970, as some logs have it."""


def literal(text: str) -> str:
    """A text as SQL takes it, whatever it holds."""
    quoted = text.replace("'", "''").replace("\0", "")
    return f"'{quoted}'"


def literals(texts: Iterable[str]) -> str:
    """Texts with commas between them."""
    return ", ".join(map(literal, texts))


def number(cell: str) -> str:
    """The number that a text is, NULL for any other text; SQL."""
    value = f"TRY_CAST(trim({cell}) AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def moment(cell: str) -> str:
    """Microseconds since 1970 of the date that a text is, NULL for any other text; SQL."""
    forms = f"try_strptime(trim({cell}), [{literals(DATES)}])"
    since = f"regexp_matches(trim({cell}), {literal(MILLISECONDS)})"
    return (
        f"coalesce(epoch_us({forms}), epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ)),"
        f" CASE WHEN {since} THEN TRY_CAST({cell} AS BIGINT) * 1000 END)"
    )


def is_comma(cell: str) -> str:
    """Whether a text is a number but for its decimal comma; SQL."""
    return f"regexp_full_match(trim({cell}), '[+-]?[0-9]+,[0-9]+')"


def is_blank(cell: str) -> str:
    """Whether nothing stands there; SQL."""
    return f"coalesce(trim({cell}), '') = ''"


def _numbers(words: Iterable[str]) -> list[float]:
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            continue
    return found


def _is_among(words: Iterable[str], cell: str) -> str:
    """Whether it is one of these words, or the number that one of them is: 3.0 is 3."""
    listed = list(words)
    if not listed:
        return "FALSE"
    by_text = f"trim({cell}) IN ({literals(listed)})"
    numbers = ", ".join(f"{value!r}::DOUBLE" for value in _numbers(listed))
    return f"({by_text} OR {number(cell)} IN ({numbers}))" if numbers else by_text


def is_no_answer(variable: Variable, cell: str) -> str:
    """Whether a cell says that its question was not to be answered; SQL, never NULL."""
    return f"coalesce({_is_among(variable.no_answer, cell)}, FALSE)"


def _is_allowed(variable: Variable, cell: str) -> str:
    match variable.type:
        case "text":
            return "TRUE"
        case "date":
            return f"{moment(cell)} IS NOT NULL"
        case "flag":
            return f"lower(trim({cell})) IN ({literals(FLAGS)})"
        case "multiple":
            return _are_allowed(variable, cell)
        case _:
            return _is_number_allowed(variable, cell)


def _are_allowed(variable: Variable, cell: str) -> str:
    """Whether each of several is: `[1,2]`, or one that stands for itself."""
    if not variable.values:
        return "TRUE"
    words = f"[{literals((*variable.values, *variable.no_answer))}]"
    several = f"trim({cell}) LIKE '[%' AND json_valid({cell})"
    listed = f"CASE WHEN {several} THEN json_extract_string({cell}, '$[*]') END"
    return f"list_has_all({words}, coalesce({listed}, [trim({cell})]))"


def _is_number_allowed(variable: Variable, cell: str) -> str:
    """Of a choice what its codes say; else any number within the bounds, or a code."""
    listed = _is_among(variable.values, cell)
    if variable.type == "choice":
        return listed
    value, tests = number(cell), []
    low, high = variable.bounds or (variable.lowest, variable.highest)
    if low is not None:
        tests.append(f"{value} >= {float(low)!r}::DOUBLE")
    if high is not None:
        tests.append(f"{value} <= {float(high)!r}::DOUBLE")
    if variable.type == "integer":
        tests.append(f"{value} = floor({value})")
    within = " AND ".join([f"{value} IS NOT NULL", *tests])
    return f"({within}) OR {listed}"


def _is_unreadable(variable: Variable, cell: str) -> str:
    if variable.type in ("integer", "number"):
        return f"{number(cell)} IS NULL"
    return "TRUE" if variable.type == "date" else "FALSE"


def verdict(variable: Variable, cell: str) -> str:
    """One of the words above for a cell; SQL.  A blank one is EMPTY where none is required."""
    blank = MISSING if variable.required else EMPTY
    comma = is_comma(cell) if variable.is_numeric else "FALSE"
    return (
        f"CASE WHEN {is_blank(cell)} THEN '{blank}'"
        f" WHEN {_is_among(variable.no_answer, cell)} THEN '{NO_ANSWER}'"
        f" WHEN {_is_allowed(variable, cell)} THEN '{OK}'"
        f" WHEN {comma} THEN '{COMMA}'"
        f" WHEN {_is_unreadable(variable, cell)} THEN '{UNREADABLE}'"
        f" ELSE '{OUTSIDE}' END"
    )


def answered_number(variable: Variable, cell: str) -> str:
    """The number that counts in a score, turned where the item is reversed; NULL for none; SQL.

    What is missing, not answered, no number or not in the codebook never counts.  Nearly every cell
    is one of few plain texts; these are looked at first, which changes nothing but the speed.
    """
    value, turned = number(cell), ""
    if variable.type == "flag":
        value = f"CASE lower(trim({cell})) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {value} END"
    if variable.reversed and variable.bounds is not None:
        turned = f"{sum(variable.bounds)!r}::DOUBLE - "
    plain = literals(_plain_answers(variable))
    quick = f"WHEN {cell} IN ({plain}) THEN {turned}CAST({cell} AS DOUBLE)" if plain else ""
    rest = f"WHEN {verdict(variable, cell)} = '{OK}' THEN {turned}{value}"
    return f"CASE WHEN {cell} IS NULL THEN NULL {quick} {rest} END"


def _plain_answers(variable: Variable) -> list[str]:
    """Whole numbers that count as answers, as they are mostly written, up to MOST_PLAIN."""
    if variable.type == "choice":
        found = [word for word in variable.values if word.isascii() and word.isdecimal()]
    elif variable.type in ("integer", "number") and variable.bounds is not None:
        low, high = (min(max(bound, -1), MOST_PLAIN) for bound in variable.bounds)
        found = [str(n) for n in range(max(0, ceil(low)), floor(high) + 1)]
    else:
        found = []
    refused = set(_numbers(variable.no_answer))
    return [word for word in found if float(word) not in refused]


def is_wrong(variable: Variable, cell: str) -> str:
    """Whether a cell is no answer that the codebook knows; SQL."""
    plain = _plain_answers(variable)
    quick = f" OR {cell} IN ({literals(plain)})" if plain else ""
    judged = f"{verdict(variable, cell)} IN ({literals(WRONG)})"
    return f"CASE WHEN {cell} IS NULL{quick} THEN FALSE ELSE {judged} END"
