"""How many go at once, and whose: nobody has more than half, and who takes nothing gives way."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Condition
from typing import Protocol

from mtdata.core.errors import BusyError

STILL_S = 30.0
"""A reader who took nothing for so long keeps nobody else out."""


class ReaderConnection(Protocol):
    """The connection of a reader."""

    def still_s(self) -> float:
        """For how long nothing was taken of what waits for its reader."""
        ...

    def cut(self) -> None:
        """End it, by whatever thread."""
        ...


class DownloadSlot:
    """One of so many; whoever closes it, or leaves its `with`, gives it back."""

    def __init__(self, ways: DownloadSlots, owner: Hashable, line: ReaderConnection | None) -> None:
        self._ways, self.owner, self.line = ways, owner, line

    def still_s(self) -> float:
        """For how long its reader has taken nothing."""
        return self.line.still_s() if self.line else 0.0

    def close(self) -> None:
        """Give it back; once more does nothing."""
        self._ways.free(self)

    def __enter__(self) -> DownloadSlot:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class DownloadSlots:
    """The slots of downloads: so many in all, and so many of each owner."""

    def __init__(self, most: int) -> None:
        self.most, self.of_one = most, most // 2
        self._taken: list[DownloadSlot] = []
        self._changed = Condition()

    def take(
        self, owner: Hashable, line: ReaderConnection | None = None, wait_s: float = 0.0
    ) -> DownloadSlot:
        """One more.  BusyError when all are taken, or half of them by this owner.

        Before that it waits for so long that one is given back.
        """
        way = DownloadSlot(self, owner, line)
        with self._changed:
            self._changed.wait_for(lambda: not self._crowd(owner), wait_s)
            crowd = self._crowd(owner)
            over = _giving_way(crowd)
            if crowd and over is None:
                whose = "of your downloads" if len(crowd) < self.most else "downloads"
                raise BusyError(
                    f"{len(crowd)} {whose} are under way, which is as many as go at once; nothing "
                    "was sent, try again in a minute"
                )
            self._taken = [one for one in self._taken if one is not over] + [way]
        if over is not None and over.line is not None:
            over.line.cut()
        return way

    def _crowd(self, owner: Hashable) -> list[DownloadSlot]:
        """Downloads of which one has to end before this owner gets another; none: room."""
        own = [one for one in self._taken if one.owner == owner]
        if len(own) >= self.of_one:
            return own
        return list(self._taken) if len(self._taken) >= self.most else []

    def free(self, way: DownloadSlot) -> None:
        """Give a slot back."""
        with self._changed:
            self._taken = [one for one in self._taken if one is not way]
            self._changed.notify_all()


def _giving_way(ways: list[DownloadSlot]) -> DownloadSlot | None:
    """Whose reader has taken nothing for the longest time, and for long."""
    found = max(ways, key=DownloadSlot.still_s, default=None)
    return found if found and found.still_s() > STILL_S else None
