"""What the pages keep of a look into the pools: how long, by whom it is made, and how much."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mtdata.config import Settings
from mtdata.core.errors import BusyError
from mtdata.web.cached_look import MOST_KEPT, CachedLook

SETTINGS = Settings(folder=Path("/config"), home=Path("/"), sites=())


class Look:
    """Counts, and waits for `go` where it is told to."""

    def __init__(self) -> None:
        self.count, self.go, self.begun = 0, threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, settings: Settings, *of: str) -> int:
        self.count += 1
        self.begun.set()
        assert self.go.wait(60)
        return self.count


def test_what_is_fresh_is_not_looked_for_again() -> None:
    look = Look()
    kept = CachedLook(look, kept_s=3600)
    assert [kept(SETTINGS), kept(SETTINGS), kept(SETTINGS, "other")] == [1, 1, 2]
    kept.forget()
    assert kept.if_fresh(SETTINGS) is None
    assert kept(SETTINGS) == 3
    assert (kept.if_fresh(SETTINGS), kept.if_fresh(SETTINGS, "other"), look.count) == (3, None, 3)


def test_what_took_long_is_kept_for_longer() -> None:
    look = Look()
    kept = CachedLook(look, kept_s=0, times=1_000_000_000)
    assert [kept(SETTINGS), kept(SETTINGS)] == [1, 1]


def test_while_one_looks_the_others_get_what_was_known() -> None:
    look = Look()
    kept = CachedLook(look, kept_s=0, patience_s=60, times=0)
    assert kept(SETTINGS) == 1
    look.go.clear()
    look.begun.clear()
    looking = threading.Thread(target=kept, args=(SETTINGS,))
    looking.start()
    assert look.begun.wait(60)
    assert kept(SETTINGS) == 1
    look.go.set()
    looking.join()
    assert look.count == 2


def test_many_at_once_are_one_look() -> None:
    look, found = Look(), list[int]()
    kept = CachedLook(look, kept_s=3600, patience_s=60)
    look.go.clear()
    asking = [threading.Thread(target=lambda: found.append(kept(SETTINGS))) for _ in range(8)]
    for one in asking:
        one.start()
    assert look.begun.wait(60)
    look.go.set()
    for one in asking:
        one.join()
    assert found == [1] * 8


def test_nobody_waits_for_ever() -> None:
    look = Look()
    kept = CachedLook(look, patience_s=0.01)
    look.go.clear()
    looking = threading.Thread(target=kept, args=(SETTINGS,))
    looking.start()
    assert look.begun.wait(60)
    with pytest.raises(BusyError, match="do not answer"):
        kept(SETTINGS)
    look.go.set()
    looking.join()


def test_it_keeps_no_more_than_so_many() -> None:
    kept = CachedLook(Look(), kept_s=3600)
    for number in range(3 * MOST_KEPT):
        kept(SETTINGS, str(number))
    assert len(kept._found) <= MOST_KEPT
