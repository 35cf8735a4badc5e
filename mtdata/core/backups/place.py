"""A folder or bucket with backups: files under the names of their digests, and one list of backups.

The list, `backup.json`, is written last of all: what it does not name was never finished.  A file
that several backups share is there once.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

from mtdata.core.backups.bucket import BackupBucket
from mtdata.core.backups.manifest import (
    FORMAT,
    BackedUpFile,
    BackupFault,
    BackupManifest,
    manifest_of,
    refuse_newer,
)
from mtdata.core.output import Output

INDEX, FILES = "backup.json", "files"
MOST_INDEX, MOST_MANIFEST = 16 << 20, 1 << 30
_ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class FinishedBackup(NamedTuple):
    """One backup of the list; `manifest` is the digest of its manifest, `files` its files."""

    backup: str
    manifest: str
    length: int
    made_at: str
    program: str
    files: int
    size: int


class BackupPlace:
    """Where backups are, over an output of files."""

    def __init__(self, output: Output) -> None:
        self._output, self.place = output, output.place
        self._listed: dict[str, int] | None = None  # what a bucket has, asked once

    def backups(self) -> list[FinishedBackup]:
        """Every finished backup, the newest last; none where there is no list.

        BackupFault for a list that cannot be read.
        """
        if self._output.size(INDEX) is None:
            return []
        try:
            found = json.loads(b"".join(self._bounded(INDEX, MOST_INDEX)))
            refuse_newer(found)
            return [FinishedBackup(**one) for one in found["backups"]]
        except _ODD as error:
            told = f"{self.place}: {INDEX} cannot be read ({type(error).__name__})"
            raise BackupFault(f"{told}; nothing was changed") from None

    def chosen(self, backup: str = "") -> FinishedBackup:
        """The backup of that name, '' for the newest.  BackupFault where there is none."""
        known = {one.backup: one for one in self.backups()}
        if not known:
            raise BackupFault(
                f"{self.place}: there is no finished backup: {INDEX} is not there, and it is "
                "written last. Where `mtdata backup` was cut off, call it again: it goes on. "
                f"{SAFE}"
            )
        if backup and backup not in known:
            names = ", ".join(list(known)[-5:])
            raise BackupFault(f"{self.place}: no backup is named so; there is {names}. {SAFE}")
        return known[backup] if backup else list(known.values())[-1]

    def manifest(self, one: FinishedBackup) -> BackupManifest:
        """What a backup holds.  BackupFault where the manifest is not as it was made."""
        file = BackedUpFile("its manifest", one.manifest, one.length)
        if one.length > MOST_MANIFEST:
            raise BackupFault(f"{self.place}: the manifest is too long. {SAFE}")
        return manifest_of(b"".join(self.pieces(file)))

    def has(self, file: BackedUpFile) -> bool:
        """Whether the bytes of a file lie there already, by their name and length."""
        return not file.size or self._size(_name(file.sha256)) == file.size

    def _size(self, name: str) -> int | None:
        """Bytes of a file; a bucket is asked for all at once."""
        if not isinstance(self._output, BackupBucket):
            return self._output.size(name)
        if self._listed is None:
            self._listed = self._output.sizes(FILES)
        return self._listed.get(name)

    def put(self, file: BackedUpFile, pieces: Iterable[bytes]) -> bool:
        """Bring the bytes of a file there; False when they were others than they were to be."""
        name = _name(file.sha256)
        staged = self._output.stage_pieces(name, pieces, "new")
        if (staged.facts.sha256, staged.facts.size) != (file.sha256, file.size):
            self._output.drop(name)
            return False
        self._output.publish(staged)
        if self._listed is not None:
            self._listed[name] = file.size
        return True

    def pieces(self, file: BackedUpFile) -> Iterator[bytes]:
        """The bytes of a file; BackupFault, behind the last, unless they are those that were put.

        Nothing of them counts before that.
        """
        if not file.size:
            return
        name, digest, length = _name(file.sha256), sha256(), 0
        if self._size(name) is None:
            raise BackupFault(
                f"{self.place}: {name} is not there, the bytes of {file.path}. {SAFE}"
            )
        with closing(self._streamed(name)) as pieces:
            for piece in pieces:
                digest.update(piece)
                length += len(piece)
                if length > file.size:
                    break
                yield piece
        if length != file.size or digest.hexdigest() != file.sha256:
            raise BackupFault(
                f"{self.place}: {name}, the bytes of {file.path}, are not as they were put there: "
                f"the backup is damaged. An earlier one may be whole (--list). {SAFE}"
            )

    def enter(self, manifest: BackupManifest, name: str) -> FinishedBackup:
        """Let it be a backup: its manifest first, then the list."""
        content = manifest.to_bytes()
        file = BackedUpFile("", sha256(content).hexdigest(), len(content))
        if not self.has(file):
            self.put(file, [content])
        known = self.backups()
        files = [one for part in manifest.parts for one in part.files]
        made = FinishedBackup(
            _free(name, {one.backup for one in known}),
            *file[1:],
            manifest.made_at,
            manifest.program,
            len(files),
            sum(one.size for one in files),
        )
        self._write([*known, made])
        return made

    def forget(self, keep: int) -> int:
        """Forget all but so many backups, and every file that only those had; how many files."""
        known = self.backups()
        gone, kept = known[:-keep], known[-keep:]
        if not gone:
            return 0
        needed = set(self._names(kept))
        unneeded = set(self._names(gone)) - needed
        self._write(kept)
        for name in sorted(unneeded):
            self._output.remove(name)
        return len(unneeded)

    def _names(self, backups: Iterable[FinishedBackup]) -> Iterator[str]:
        for one in backups:
            yield _name(one.manifest)
            for part in self.manifest(one).parts:
                yield from (_name(file.sha256) for file in part.files)

    def _write(self, backups: list[FinishedBackup]) -> None:
        shown = {"format": FORMAT, "backups": [one._asdict() for one in backups]}
        content = f"{json.dumps(shown, indent=1)}\n".encode()
        self._output.publish(self._output.stage_pieces(INDEX, [content], "new"))

    def _bounded(self, name: str, most: int) -> Iterator[bytes]:
        """The bytes of a file; ValueError for one that is longer than it can be."""
        length = 0
        for piece in self._output.pieces(name):
            length += len(piece)
            if length > most:
                raise ValueError("it is too long")
            yield piece

    def _streamed(self, name: str) -> Generator[bytes]:
        yield from self._output.pieces(name)

    def close(self) -> None:
        """Close what connections it holds."""
        self._output.close()


SAFE = "Nothing was restored"


def _name(digest: str) -> str:
    return f"{FILES}/{digest[:2]}/{digest}"


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
