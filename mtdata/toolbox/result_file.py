"""One file of a person's own choice, with its side file: whole at its name, or not there at all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.output.port import CountedPieces, FileFacts
from mtdata.toolbox.provenance import ENDING, Origin


def write_result(path: Path, pieces: Iterable[bytes], origin: Origin) -> FileFacts:
    """Write it and `<name>.provenance.json` beside it, in place of what stood there.

    StorageError (74) where the disk refuses.  Whatever goes wrong, what stood there stands there
    still, and nothing else is left.
    """
    disk, name = FolderDisk(path.parent), path.name
    beside = f"{name}{ENDING}"
    counted = CountedPieces(pieces)
    try:
        staged = disk.stage(name, counted)
        facts = counted.facts
        staged_beside = disk.stage(beside, [origin.side_file(name, facts.sha256, facts.size)])
        disk.publish(staged, name)
        disk.publish(staged_beside, beside)
    except BaseException:
        for one in (name, beside):
            with suppress(StorageError):  # what went wrong first is what has to be told
                disk.remove(f".{one}.staged")
        raise
    return facts
