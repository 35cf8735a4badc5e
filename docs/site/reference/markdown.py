"""Markdown of plain words: text, code, tables; it knows nothing of what they tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MADE = "*This page is made from the code, each time the site is built.*"
_MEANS = re.compile(r"([\\*_\[\]<>|#{}`$~])")


def text(words: str) -> str:
    """Words as they are: what stands between backticks is code, no other sign means anything."""
    pieces = words.split("`")
    if len(pieces) % 2 == 0:
        return _escaped(words)
    shown = (code(one) if number % 2 else _escaped(one) for number, one in enumerate(pieces))
    return "".join(shown)


def _escaped(words: str) -> str:
    return _MEANS.sub(r"\\\1", words)


def code(word: object) -> str:
    """A word as one types it; '' for none."""
    shown = str(word)
    if not shown:
        return ""
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def codes(words: Iterable[object]) -> str:
    """Several of them."""
    return ", ".join(code(one) for one in words)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are markdown; a `|` in them is one, a new line a blank."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(words: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"(?<!\\)\|", r"\\|", words)).strip()


def plain(words: str) -> str:
    """A text that keeps its lines, such as a help."""
    fence = "````" if "```" in words else "```"
    return f"{fence}text\n{words.rstrip()}\n{fence}"


def page(title: str, *parts: str) -> str:
    """A page; parts that are empty are left out."""
    return "\n\n".join([f"# {title}", MADE, *filter(None, parts)]) + "\n"
