"""Lines of text to columns of text, each line exactly once; it knows no format, judges no value.

Two ways lead there.  The quick one is an expression over the whole block at once, which takes what
is written as usual.  What it leaves goes, line by line, to a reader that is exact and slow.  Text
is Latin-1: a character is a byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

COLUMNS = (
    "date", "ip", "host", "userid", "request", "status", "referrer", "user_agent", "took", "length"
)  # fmt: skip
"""What a line can say; `took` in the format's unit, `request` as the format's `target` reads it."""

GROUPS = frozenset(COLUMNS) | {
    "time",
    "timezone",
    "path",
    "query_string",
    "generation_time_secs",
    "generation_time_milli",
    "generation_time_micro",
}
"""The names of groups in expressions; `path` and `query_string` stand for a request."""

TOOK = {"generation_time_secs": 1000.0, "generation_time_milli": 1.0, "generation_time_micro": 1e-3}
"""How many milliseconds one is."""

Columns = list[Sequence[str] | None]
"""A list for each of COLUMNS, None where the format has no such column."""
Values = Mapping[str, str | None]
LineReader = Callable[[str], Values | str]
"""From one line, without its end, to its values by group, or to the reason why it is none."""

REFUSED = "\n"
"""A date that begins so is the reason why a line is none: no value has an end of line in it."""
LONGEST_LINE = 65_536
NEVER = "(?!)"
"""The quick expression of a way to write that has none."""


@dataclass(frozen=True)
class Header:
    """What lines further down depend on: the format, and in W3C logs the last #Fields and #Date."""

    format: str = ""
    fields: tuple[str, ...] = ()
    day: str = ""


class LineParser:
    """One way to write a line: `quick` over whole blocks, `exact` for a line that it did not take.

    Both give the same for a line that both take.  `quick` never reaches beyond the end of a line.
    """

    def __init__(self, quick: str, exact: LineReader, day: str = "") -> None:
        self._pattern = re.compile(rf"(?:{quick}|(.*))\r?\n", re.ASCII)
        self._exact, self._day = exact, day
        self.has_quick = not quick.startswith(NEVER)
        self.groups = self._pattern.groupindex
        self._key = self.groups["date" if "date" in self.groups else "time"] - 1
        self._names: list[str] = [""] * self._pattern.groups
        for name, number in self.groups.items():
            self._names[number - 1] = name

    def columns(self, text: str) -> Columns:
        """The columns of a text of whole lines, each with its end."""
        rows = self._pattern.findall(text)
        across = list(zip(*rows, strict=True))
        if not all(across[self._key]):
            key = self._key
            rows = [row if row[key] else self._exactly(row[-1]) for row in rows]
            across = list(zip(*rows, strict=True))
        return self._chosen(across)

    def columns_exactly(self, text: str) -> Columns:
        """The columns by the exact reader alone, for tests and for comparison."""
        rows = [self._exactly(line.removesuffix("\r")) for line in text.split("\n")[:-1]]
        return self._chosen(list(zip(*rows, strict=True)))

    def quickly(self, line: str) -> int:
        """How many values the quick expression finds in a line; 0 when it does not take it."""
        [row] = self._pattern.findall(line + "\n")
        return sum(map(bool, row[:-1])) if row[self._key] else 0

    def exactly(self, line: str) -> int:
        """How many values the exact reader finds in a line; 0 when it does not take it."""
        values = self._exact(line)
        return 0 if isinstance(values, str) else sum(1 for value in values.values() if value)

    def _exactly(self, line: str) -> tuple[str, ...]:
        line = line.rstrip("\r")
        values: Values | str
        if not line or line.isspace() or line.startswith("#"):
            values = "comment"
        else:
            values = "too_long" if len(line) > LONGEST_LINE else self._exact(line)
        if isinstance(values, str):
            row = [""] * len(self._names)
            row[self._key] = REFUSED + values
            return tuple(row)
        return tuple([values.get(name) or "" for name in self._names])

    def _chosen(self, across: list[tuple[str, ...]]) -> Columns:
        found = {name: across[number - 1] for name, number in self.groups.items()}
        chosen: Columns = [found.get(name) for name in COLUMNS]
        chosen[COLUMNS.index("date")] = self._dates(found)
        if "path" in found:
            chosen[COLUMNS.index("request")] = _targets(found["path"], found.get("query_string"))
        for name in TOOK:
            if name in found:
                chosen[COLUMNS.index("took")] = found[name]
        return chosen

    def _dates(self, found: Mapping[str, Sequence[str]]) -> Sequence[str]:
        parts = [found[name] for name in ("date", "time", "timezone") if name in found]
        if "date" not in found:
            return [f"{self._day} {time}" for time in found["time"]]
        return parts[0] if len(parts) == 1 else [" ".join(one) for one in zip(*parts, strict=True)]


def _targets(paths: Sequence[str], queries: Sequence[str] | None) -> Sequence[str]:
    if queries is None:
        return paths
    pairs = zip(paths, queries, strict=True)
    return [f"{path}?{query}" if query not in ("", "-") else path for path, query in pairs]


def joined(parts: list[tuple[Columns, int]]) -> Columns:
    """The columns of one text behind those of another; `parts` are with their number of lines."""
    if len(parts) == 1:
        return parts[0][0]
    whole: Columns = []
    for number in range(len(COLUMNS)):
        column: list[str] = []
        for columns, count in parts:
            column.extend(columns[number] or [""] * count)
        whole.append(column)
    return whole


def by_expression(expression: str) -> LineReader:
    """An exact reader that wants a whole line to fit."""
    pattern = re.compile(expression, re.ASCII)

    def read(line: str) -> Values | str:
        found = pattern.fullmatch(line)
        return "malformed" if found is None else found.groupdict()

    return read
