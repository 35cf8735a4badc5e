"""Recovered sheets and what they were made of: one that is whole and up to date stays as it is.

Beside the sheets lies a list of those of each scale.  It is believed only where the sheet that it
tells of is there with that length and digest, so a damaged sheet or a damaged list costs time and
no truth.  One a scale, since a job reads and writes it with each of its sheets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from mtdata.core.ports import Disk
from mtdata.study.files import json_of
from mtdata.study.files.append_file import digest_of

GROUP, GROUP_BYTES = 32, 16 << 20
"""So many sheets, or so much of them, get their names together: a sync each waits for the disk."""
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


class _Draft(NamedTuple):
    """A sheet that is written and has no name yet."""

    staged: str
    scale: str
    name: str
    sheet: RecoveredSheet


class RecoveredSheets:
    """The sheets under `folder` of a disk ('' or ending in '/')."""

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk, self._folder = disk, folder
        self._made: dict[str, dict[str, RecoveredSheet]] = {}  # by scale
        self._grown: set[str] = set()  # scales whose list has changed
        self._drafts: list[_Draft] = []

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
        """Put a sheet there as a whole, by `remember` at the latest.

        `told` gives rows and entries left out, once it is made.
        """
        length, digest = 0, sha256()

        def measured() -> Iterator[bytes]:
            nonlocal length
            for piece in content:
                length += len(piece)
                digest.update(piece)
                yield piece

        staged = self._disk.draft(self._folder + name, measured())
        made = RecoveredSheet(source, length, digest.hexdigest(), *told())
        self._drafts.append(_Draft(staged, scale, name, made))
        size = sum(draft.sheet.length for draft in self._drafts)
        if len(self._drafts) == GROUP or size >= GROUP_BYTES:
            self._publish()

    def _publish(self) -> None:
        """Give the sheets that have none their names; a list tells of a sheet that has its own."""
        group, self._drafts = self._drafts, []
        self._disk.publish_all({one.staged: self._folder + one.name for one in group})
        for _, scale, name, sheet in group:
            self._list_of(scale)[name] = sheet
            self._grown.add(scale)

    def remember(self) -> None:
        """Give every sheet its name, and write the lists that have changed."""
        if self._drafts:
            self._publish()
        lists = {
            self._folder + LIST.format(scale): json.dumps(self._made[scale], indent=0).encode()
            for scale in sorted(self._grown)
        }
        replace_all(self._disk, lists)
        if self._grown and self._disk.size(self._folder + EARLIER_LIST) is not None:
            self._disk.remove(self._folder + EARLIER_LIST)
        self._grown.clear()


def replace_all(disk: Disk, contents: Mapping[str, bytes]) -> None:
    """Put small files in the place of those that were there, durably, each as a whole."""
    drafts = {disk.draft(path, [content]): path for path, content in contents.items()}
    if drafts:
        disk.publish_all(drafts)


def _listed(disk: Disk, path: str) -> dict[str, RecoveredSheet]:
    try:
        return {str(name): RecoveredSheet(*made) for name, made in json_of(disk, path).items()}
    except (TypeError, AttributeError):
        return {}  # there is none, or somebody changed it: every sheet is made again
