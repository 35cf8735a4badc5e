"""What a part says of itself, and what the records say to that; neither is entered here."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class MadeFile(NamedTuple):
    """A file or object that a part made."""

    name: str
    place: str
    rows: int | None = None
    size: int | None = None
    sha256: str = ""


class PartProgress(NamedTuple):
    """How far a part is; `pending` rows came beside `rows`, and may still be void."""

    rows: int = 0
    expected: int | None = None
    step: str = ""
    pending: int = 0
    calls: int = 0  # of this attempt


class Verdict(Enum):
    """What the records say to a sign of life."""

    GOES_ON = 1
    STOP = 2
    LOST = 3
