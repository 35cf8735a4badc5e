"""Where files that jobs made lie when no folder of this machine has them; it fetches nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from mtdata.core.output import Output

LINK_S = 3600
"""So long a signed link gives its file to whoever has it."""


class PlacedFile(NamedTuple):
    """A file by its `name` in the output of an account, which `open` opens with its keys."""

    account: str
    name: str
    open: Callable[[], Output]


def signed_link(file: PlacedFile) -> str | None:
    """An address that gives the file to anybody for LINK_S; None where none can be made.

    Nobody proves what the store then gives: the page does that (`web/downloads/fetching.py`).
    """
    with closing(file.open()) as output:
        return output.link(file.name, "attachment", LINK_S)
