"""What a restore tells a person: what was put back where, and what has to be done now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mtdata.config import Settings
from mtdata.core.backups.manifest import BackupManifest
from mtdata.core.backups.place import FinishedBackup
from mtdata.study.operations.restore_targets import RestoreTarget
from mtdata.study.operations.restored_pool import words_of_erasures

STOP_FIRST = (
    "{0}: nothing is deleted on its site before `mtdata verify {0}` finds all well. Is the program "
    "that made the backup still at work somewhere? Stop it first: two that delete on one site part "
    "its rows between them"
)
ERASED_SINCE = (
    "it is what was there on {}: who was erased since then is in it again, unless the pool or "
    "state/ here knows the erasure (docs/BACKUP.md)"
)


def next_steps(
    manifest: BackupManifest,
    targets: Sequence[RestoreTarget],
    home: Path,
    settings: Settings | None,
) -> Iterator[str]:
    """What a person has to do now, in sentences; `settings` None where no config was read."""
    for target in targets:
        if target.part.kind == "pool":
            yield from _of_pool(target, settings)
    yield ERASED_SINCE.format(manifest.made_at)
    kinds = {part.kind for part in manifest.parts}
    if any(target.part.kind == "state" for target in targets) and "keys" not in kinds:
        yield f"put the private keys into {home / 'keys'}, then: mtdata check"
    yield from manifest.told


def _of_pool(target: RestoreTarget, settings: Settings | None) -> Iterator[str]:
    name = target.part.name
    if os.path.isabs(target.part.place) and settings is None:
        yield f"{name}: it lay in {target.part.place}: write PATH: {target.folder}"
    yield STOP_FIRST.format(name)
    if settings is not None:
        yield from words_of_erasures(settings.site(name))


def restored_json(
    chosen: FinishedBackup, targets: Sequence[RestoreTarget], told: Sequence[str]
) -> dict[str, Any]:
    """What was restored, and where, for `--json`."""
    parts = [
        {
            "part": one.part.title,
            "folder": str(one.folder),
            "files": len(one.part.files),
            "size": one.part.size,
            "told": list(one.part.told),
        }
        for one in targets
    ]
    made = {"backup": chosen.backup, "made_at": chosen.made_at}
    return {**made, "parts": parts, "told": list(told)}
