"""How many downloads go at once: nobody keeps others out, neither by many nor by doing nothing."""

from __future__ import annotations

import pytest

from mtdata.core.errors import BusyError
from mtdata.web.downloads.ways import STILL_S, DownloadSlots


class Reader:
    """Whoever took nothing for so long."""

    def __init__(self, still_s: float = 0.0) -> None:
        self.stands_s, self.is_cut = still_s, False

    def still_s(self) -> float:
        return self.stands_s

    def cut(self) -> None:
        self.is_cut = True


def test_nobody_has_more_than_half() -> None:
    ways = DownloadSlots(4)
    own = [ways.take("a", Reader()) for _ in range(2)]
    with pytest.raises(BusyError, match="2 of your downloads are under way"):
        ways.take("a", Reader())
    others = [ways.take(name, Reader()) for name in "bc"]
    with pytest.raises(BusyError, match="4 downloads are under way"):
        ways.take("d", Reader())
    own[0].close()
    own[0].close()  # which gives back no other one's
    ways.take("d", Reader())
    with pytest.raises(BusyError):
        ways.take("e", Reader())
    with others[0], pytest.raises(BusyError):
        ways.take("e")
    assert ways.take("e").owner == "e"


def test_who_takes_nothing_gives_way_and_only_where_there_is_no_room() -> None:
    ways = DownloadSlots(4)
    readers = [Reader(STILL_S * 2), Reader(STILL_S * 3), Reader(STILL_S), Reader()]
    for reader, name in zip(readers, "abcd", strict=True):
        ways.take(name, reader)
    assert not any(reader.is_cut for reader in readers)
    new = Reader()
    for _ in range(2):
        ways.take("e", new)
    assert [reader.is_cut for reader in readers] == [True, True, False, False]
    with pytest.raises(BusyError):
        ways.take("f", Reader())


def test_who_has_half_makes_room_by_an_own_one_alone() -> None:
    ways = DownloadSlots(4)
    other, own = Reader(STILL_S * 9), Reader(STILL_S * 2)
    ways.take("b", other)
    ways.take("a", own)
    ways.take("a", Reader())
    ways.take("a", Reader())
    assert (own.is_cut, other.is_cut) == (True, False)


def test_what_has_no_connection_yet_never_gives_way() -> None:
    ways = DownloadSlots(2)
    ways.take("a")
    with pytest.raises(BusyError):
        ways.take("a", Reader())
