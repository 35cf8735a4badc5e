"""Scales as the site offers them, and the gate that their names must pass; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mtdata.errors import NameRefused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


class Scale(NamedTuple):
    """One line of the oneShot listing; `size` counts rows and may be stale."""

    name: str
    size: int
    deleteable: bool


def checked_name(name: object) -> str:
    """Return `name` when it is safe as file name, URL part and SQL value, or NameRefused."""
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    shown = ascii(name)[:60]
    raise NameRefused(
        f"the site offers a scale named {shown}; a name may hold letters, digits, '_' and '-' "
        "(at most 100). The scale is not asked for and nothing of it is deleted."
    )


def chosen(scales: Iterable[Scale], wanted: str) -> list[Scale]:
    """Pick scales by the command line's word: '.' deleteable, 'static', 'all', or one name."""
    if wanted == ".":
        return [scale for scale in scales if scale.deleteable]
    if wanted == "static":
        return [scale for scale in scales if not scale.deleteable]
    if wanted == "all":
        return list(scales)
    return [scale for scale in scales if scale.name.casefold() == wanted.casefold()]


def twins(names: Sequence[str]) -> set[str]:
    """Names that another name equals but for case: they would share files on some disks."""
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), set()).add(name)
    return {name for group in alike.values() if len(group) > 1 for name in group}
