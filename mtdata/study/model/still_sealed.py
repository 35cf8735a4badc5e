"""A value that stays sealed; worker processes make them, so nothing else is imported here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StillSealed:
    """A value that no key opened, and why in words that quote nothing.

    `blames_key` is True where another key may open it: it has the form of a sealed text, and none
    of the keys unpads it.
    """

    reason: str
    blames_key: bool = field(default=False, compare=False)
