"""Where exported files go, by the scheme of the place; a new kind of place is a file and a line.

A file gets its name only when all of it is there; what stood under that name stays until then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtdata.core.errors import ConfigError
from mtdata.core.output.bucket import BucketOutput
from mtdata.core.output.folder import FolderOutput
from mtdata.core.output.port import FileFacts, Output, Staged, checked_name, digest_of
from mtdata.core.s3 import S3Access

__all__ = ["FileFacts", "Output", "Staged", "checked_name", "digest_of", "open_output"]

KINDS: dict[str, Callable[[str, S3Access, Path | None, str], Output]] = {
    "": lambda place, access, state, named: FolderOutput(Path(place), state, named),
    "s3": lambda place, access, state, named: BucketOutput(place, access, named),
}


def open_output(
    place: str,
    access: S3Access | None = None,
    state: Path | None = None,
    named: str = "OUTPUT in export.config",
) -> Output:
    """A place, not asked for anything yet: a folder's path or s3://bucket/prefix.

    A folder that was used before is remembered in `state`; `named` is where the config names it.
    ConfigError for what is no place.
    """
    scheme = place.partition("://")[0] if "://" in place else ""
    if scheme not in KINDS:
        told = "allowed is a folder, or s3://bucket/prefix"
        raise ConfigError(f"{named.partition(' ')[0]}: {told}")
    return KINDS[scheme](place, access or S3Access(), state, named)
