"""A page as Markdown: every text stays text, whatever it holds; pure."""

from __future__ import annotations

import re

from mtdata.toolbox.codebook.document import Page, PageTable, one_line

_SPECIAL = re.compile(r"([\\`*\[\]<>|&~#!$])")
_LOOSE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BEGINS_A_BLOCK = re.compile(r"^([-+=]|\d+[.)])")


def markdown(page: Page) -> str:
    """The page as GitHub's Markdown."""
    lines = [f"# {escaped(page.title)}", ""]
    lines += [f"- **{escaped(name)}**: {escaped(text)}" for name, text in page.facts]
    for table in page.tables:
        lines += ["", f"## {escaped(table.heading)}", "", *_table(table)]
    return "\n".join([*lines, ""])


def _table(table: PageTable) -> list[str]:
    rows = [table.columns, ("---",) * len(table.columns)]
    shown = [*rows, *(tuple(map(_cell, row)) for row in table.rows)]
    return [f"| {' | '.join(cells)} |" for cells in shown]


def _cell(text: str) -> str:
    return "; ".join(map(escaped, text.splitlines()))


def escaped(text: str) -> str:
    """The text on one line, with nothing that Markdown or HTML would take for its own."""
    line = _SPECIAL.sub(r"\\\1", one_line(text))
    line = _LOOSE_UNDERSCORE.sub(r"\\_", line)
    return _BEGINS_A_BLOCK.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
