"""What becomes of pulled objects once their day's archive is proven: they stay, unless asked for.

An object is removed or tagged only when its very bytes are in an archive that was just read back,
and only while it is still the one that was imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mtdata.weblogs.manifest import Manifest
from mtdata.weblogs.push import DayArchive, ImportedLog
from mtdata.weblogs.source import LogSource
from mtdata.weblogs.source_errors import LogReplaced

TAG = "mtdata-archived"


class ReleasedLogs(NamedTuple):
    """Keys of what was removed or tagged, of what is in no archive, and of what is another now."""

    released: tuple[str, ...]
    unproven: tuple[str, ...]
    replaced: tuple[str, ...]


def release(
    source: LogSource,
    archive: DayArchive,
    imported: Sequence[ImportedLog],
    action: Literal["keep", "delete", "tag"],
) -> ReleasedLogs:
    """Delete or tag what is archived; with `keep` nothing is asked.

    Errors of the source and of the output as they are; what was done until then is done.
    """
    if action == "keep":
        return ReleasedLogs((), (), ())
    proven = archive.manifests()
    released: list[str] = []
    unproven: list[str] = []
    replaced: list[str] = []
    for one in imported:
        holding = next((manifest for manifest in proven if _holds(manifest, one)), None)
        if holding is None:
            unproven.append(one.listed.key)
            continue
        try:
            if action == "delete":
                source.remove(one.listed)
            else:
                source.tag(one.listed, TAG, holding.archive)
        except LogReplaced:
            replaced.append(one.listed.key)
        else:
            released.append(one.listed.key)
    return ReleasedLogs(tuple(released), tuple(unproven), tuple(replaced))


def _holds(manifest: Manifest, one: ImportedLog) -> bool:
    """Whether these very bytes of this very object are archived there."""
    listed, digest = one.listed, one.digest.hex()
    return any(
        (archived.key, archived.etag, archived.size, archived.sha256)
        == (listed.key, listed.etag, listed.size, digest)
        for archived in manifest.files
    )
