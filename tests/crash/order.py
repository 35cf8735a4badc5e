"""What a kill cannot show: that all was synced, and read back, before a commit or a DELETE.

A killed program leaves the system's cache whole; only the order of the calls tells what a power cut
would have taken.  Read from the log of an undisturbed round; judges that round alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CALLS = "pwrite64 write ftruncate pread64 fsync fdatasync rename unlink openat sendto".split()
EVENT = re.compile(
    r"^(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>|(?P<call>\w+)\((?:AT_FDCWD[^,]*, )?"
    r'(?:\d+<(?P<open>[^>]*)>)?(?:, )?(?:"(?P<first>[^"]*)"\.*)?'
    r'(?:, (?:AT_FDCWD[^,]*, )?"(?P<second>[^"]*)")?)(?P<rest>.*)$',
    re.MULTILINE,
)
KEPT = ("raw_data/", "active_data/", "held/")
PASSING = ("/.incoming/", ".staged")
"""Asked for again, or not yet of any use: no promise rests on these."""
MADE_ANEW = "active_data/benchMark.json"
"""Made from the ledger at every round: it need not be read back."""


class Order:
    """Follows one round, call by call; `faults` are the places where the order was broken."""

    def __init__(self, pool: Path, there: set[str]) -> None:
        self._pool = f"{pool}/"
        self._known = set(there)
        self._unsynced: dict[str, str] = {}  # path within the pool, "" the pool itself -> why
        self._unread: set[str] = set()
        self._begun: dict[str, re.Match[str]] = {}
        self.deletes = self.commits = 0
        self.faults: list[str] = []

    def follow(self, log: str) -> Order:
        """Take in the whole log."""
        for event in EVENT.finditer(log):
            self._take(event)
        return self

    def _take(self, event: re.Match[str]) -> None:
        thread = event["thread"]
        if event["call"] == "sendto" and (event["first"] or "").startswith("DELETE"):
            self.deletes += 1  # it counts from when it begins, all else from when it is done
            self._check(f"DELETE {self.deletes}")
        if event["rest"].endswith("<unfinished ...>"):
            self._begun[thread] = event
            return
        whole = event if event["call"] else self._begun.pop(thread, None)
        if whole and " = -1" not in event["rest"]:
            path = whole["open"] or whole["first"] or ""
            if whole["call"] == "openat" and whole["open"]:  # within a folder that is open
                path = f"{path}/{whole['first']}"
            self._done(whole["call"], path, whole)

    def _done(self, call: str, path: str, event: re.Match[str]) -> None:
        if not f"{path}/".startswith(self._pool):
            return
        name = path[len(self._pool) :]
        if call in ("pwrite64", "write", "ftruncate"):
            self._unsynced[name] = "its bytes"
            self._unread.add(name)
        elif call in ("fsync", "fdatasync"):
            if name.endswith("-wal"):
                self.commits += 1
                self._check(f"commit {self.commits}")
            self._synced(name)
        elif call == "pread64":
            self._unread.discard(name)
        elif call == "openat" and "O_CREAT" in event["rest"] and name not in self._known:
            self._named(name)
        elif call == "rename":
            self._renamed(name, (event["second"] or "")[len(self._pool) :])

    def _named(self, name: str) -> None:
        self._known.add(name)
        if not _passes(name):
            self._unsynced[f"{name} "] = "its name"

    def _synced(self, path: str) -> None:
        self._unsynced.pop(path, None)
        for name in [one for one in self._unsynced if one.endswith(" ")]:
            if name.rpartition("/")[0] == path:
                del self._unsynced[name]

    def _renamed(self, old: str, new: str) -> None:
        if why := self._unsynced.pop(old, None):
            self.faults.append(f"{new} was given its name before {why} were synced")
        if old in self._unread:
            self._unread.add(new)
        self._unread.discard(old)
        self._known.discard(old)
        self._known.add(new)
        self._unsynced[f"{new} "] = "its name"

    def _check(self, before: str) -> None:
        self.faults += [
            f"{before} came before {name.strip()} was synced ({why})"
            for name, why in self._unsynced.items()
            if name.startswith(KEPT) and not _passes(name)
        ]
        self.faults += [
            f"{before} came before {name} was read back" for name in self._unread if _rests(name)
        ]


def _passes(name: str) -> bool:
    return any(part in name for part in PASSING)


def _rests(name: str) -> bool:
    """Whether a promise rests on the bytes of this file."""
    return name.startswith(KEPT) and not _passes(name) and name != MADE_ANEW


def names_in(pool: Path) -> Iterator[str]:
    """The files of a pool before the round."""
    yield from (p.relative_to(pool).as_posix() for p in pool.rglob("*") if p.is_file())
