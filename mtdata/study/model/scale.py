"""Scales as the site offers them, and the gate that their names must pass; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mtdata.core.errors import NameRefused
from mtdata.study.model.bounds import MAX_ID

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
SHOWN = 5
"""Names that are refused and told one by one."""


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


def refuse_names(faults: Sequence[str]) -> None:
    """NameRefused for all in one: a hundred thousand odd names are one incident, told once."""
    more = len(faults) - SHOWN
    raise NameRefused(" · ".join(faults[:SHOWN]) + (f" · and {more} more" if more > 0 else ""))


def scale_of(item: Mapping[str, Any]) -> Scale:
    """A line of the listing; what is odd is taken on the safe side: asked for, never deleted."""
    size = item.get("size")
    rows = size if type(size) is int and 0 <= size <= MAX_ID else 1
    return Scale(checked_name(item.get("name")), rows, item.get("deleteable") is True)


def agreed(one: Scale, other: Scale) -> Scale:
    """Two lines for one scale: it is empty, or may lose entries, only if both say so."""
    return Scale(one.name, max(one.size, other.size), one.deleteable and other.deleteable)


def offered(listing: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Scale], list[str]]:
    """The scales of a listing whose names may be used, by name, and why others may not."""
    found: dict[str, Scale] = {}
    faults: list[str] = []
    for item in listing:
        try:
            scale = scale_of(item)
        except NameRefused as fault:
            faults.append(str(fault))
        else:
            found[scale.name] = agreed(scale, found.get(scale.name, scale))
    for name in sorted(twins(list(found))):
        del found[name]
        faults.append(f"the scale {name} differs from another by case alone; it is not asked for")
    return found, faults


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
