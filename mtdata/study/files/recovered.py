"""Recovered sheets and what they were made of: one that is whole and up to date stays as it is.

Beside the sheets lies a list of those of each scale.  It is believed only where the sheet that it
tells of is there with that length and digest, so a damaged sheet or a damaged list costs time and
no truth.  One a scale, since a job reads and writes it with each of its sheets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple

from mtdata.core.ports import Disk
from mtdata.study.files import json_of
from mtdata.study.files.append_file import digest_of

LIST = ".made_{}.json"
EARLIER_LIST = ".made.json"
"""One list of all scales, by older programs."""


class RecoveredSheet(NamedTuple):
    """A recovered sheet: what it was made of, what it is, and what became of its entries."""

    source: str
    length: int
    digest: str
    rows: int
    left_out: int


class RecoveredSheets:
    """The sheets under `folder` of a disk ('' or ending in '/')."""

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk, self._folder = disk, folder
        self._made: dict[str, dict[str, RecoveredSheet]] = {}  # by scale
        self._grown: set[str] = set()  # scales whose list has changed

    def _list_of(self, scale: str) -> dict[str, RecoveredSheet]:
        if scale not in self._made:
            self._made[scale] = _listed(self._disk, self._folder + LIST.format(scale))
        return self._made[scale]

    def still(self, scale: str, name: str, source: str) -> RecoveredSheet | None:
        """How a sheet was made from these very sources, if it is still that, byte for byte."""
        made = self._list_of(scale).get(name)
        path = self._folder + name
        if made is None or made.source != source or self._disk.size(path) != made.length:
            return None
        return made if digest_of(self._disk, path).hex() == made.digest else None

    def write(
        self,
        scale: str,
        name: str,
        source: str,
        content: Iterator[bytes],
        told: Callable[[], tuple[int, int]],
    ) -> None:
        """Put a sheet there as a whole; `told` gives rows and entries left out, once it is made."""
        length, digest = 0, sha256()

        def measured() -> Iterator[bytes]:
            nonlocal length
            for piece in content:
                length += len(piece)
                digest.update(piece)
                yield piece

        path = self._folder + name
        self._disk.publish(self._disk.stage(path, measured()), path)
        made = RecoveredSheet(source, length, digest.hexdigest(), *told())
        self._list_of(scale)[name] = made
        self._grown.add(scale)

    def remember(self) -> None:
        """Write the lists that have changed."""
        for scale in sorted(self._grown):
            content = json.dumps(self._made[scale], indent=0).encode()
            self._disk.replace(self._folder + LIST.format(scale), content)
        if self._grown and self._disk.size(self._folder + EARLIER_LIST) is not None:
            self._disk.remove(self._folder + EARLIER_LIST)
        self._grown.clear()


def _listed(disk: Disk, path: str) -> dict[str, RecoveredSheet]:
    try:
        return {str(name): RecoveredSheet(*made) for name, made in json_of(disk, path).items()}
    except (TypeError, AttributeError):
        return {}  # there is none, or somebody changed it: every sheet is made again
