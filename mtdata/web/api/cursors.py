"""Cursors: the place of a list's last row as a word, so that rows that come meanwhile move nothing.

Every word of these patterns is a cursor; one that nobody gave out begins somewhere or other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from mtdata.jobs.records.listing import RowPlace

TOLD = "`next` of the answer before, instead of a page; empty: from the first on."
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MOMENT = "^([0-9]{1,16}-[0-9a-f]{32})?$"
MomentCursor = Annotated[str, Field(pattern=MOMENT, description=TOLD)]
NameCursor = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$", description=TOLD)]
NumberCursor = Annotated[str, Field(pattern="^[0-9]{0,9}$", description=TOLD)]
PairCursor = Annotated[str, Field(pattern="^([0-9]{1,6}-[0-9]{1,18})?$", description=TOLD)]

Key = TypeVar("Key", str, tuple[int, int])


@dataclass(frozen=True, slots=True)
class KeyPage(Generic[Key]):
    """The keys of one page, and which page it is; `next` is the key to go on behind."""

    keys: Sequence[Key]
    total: int
    page: int
    pages: int
    next: Key | None

    def paging(self) -> dict[str, Any]:
        """What the answer tells of it beside its rows."""
        return {"total": self.total, "page": self.page, "pages": self.pages, "next": self.next}


def page_of_keys(keys: Sequence[Key], page: int, size: int, behind: Key | None) -> KeyPage[Key]:
    """That page of keys that come in their order, the last for one beyond it.

    `behind` a key, there or not: what comes next, in place of a page.
    """
    pages = max(1, -(-len(keys) // size))
    first = (min(page, pages) - 1) * size
    if behind is not None:
        first = sum(key <= behind for key in keys)
    shown = keys[first : first + size]
    more = len(keys) > first + size
    return KeyPage(
        shown, len(keys), min(first // size + 1, pages), pages, shown[-1] if more else None
    )


def moment_cursor(at: datetime, key: Any) -> str:
    """The place of a row in a list that has the newest first."""
    return f"{(at - EPOCH) // MICROSECOND}-{UUID(str(key)).hex}"


def behind_cursor(cursor: str, field: str) -> RowPlace | None:
    """The place of a cursor, by the field of their time; None for no cursor."""
    if not cursor:
        return None
    moment, key = cursor.split("-")
    return RowPlace(field, EPOCH + int(moment) * MICROSECOND, UUID(key))


def pair_of(cursor: str) -> tuple[int, int]:
    """The two numbers of a PairCursor; before all others for none."""
    first, second = (cursor or "0-0").split("-")
    return int(first), int(second)
