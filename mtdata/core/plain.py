"""Values as JSON has them; it knows no program's words."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

BARE = frozenset((int, str, bool, float, type(None)))


def plain(value: Any) -> Any:
    """The value as JSON takes it: dataclasses as objects, moments in ISO 8601."""
    sort: Any = type(value)
    if sort in BARE:  # most are, and a page of many sites has tens of thousands
        return value
    if names := _fields_of(sort):
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


@lru_cache(maxsize=64)
def _fields_of(sort: Any) -> tuple[str, ...]:
    """The names of the fields of a dataclass; none for whatever is no dataclass."""
    return tuple(one.name for one in fields(sort)) if is_dataclass(sort) else ()
