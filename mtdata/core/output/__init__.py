"""Where exported files go, by the scheme of the place; a new kind of place is a file and a line.

A file gets its name only when all of it is there; what stood under that name stays until then.  A
plug-in of somebody else adds kinds by the entry point group "mtdata.outputs": a scheme and a
callable from OutputAccess to Output.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtdata.core.errors import ConfigError
from mtdata.core.output.access import EXPORTS, OutputAccess
from mtdata.core.output.bucket import BucketOutput
from mtdata.core.output.folder import FolderOutput
from mtdata.core.output.port import FileFacts, Output, Staged, checked_name, digest_of
from mtdata.core.plugins import SCHEME, PluginTable, callable_refusal
from mtdata.core.s3 import S3Access

__all__ = [
    "FileFacts",
    "Output",
    "OutputAccess",
    "Staged",
    "checked_name",
    "digest_of",
    "open_output",
]

KINDS: dict[str, Callable[[OutputAccess], Output]] = {
    "": lambda to: FolderOutput(Path(to.place), to.state, to.named),
    "s3": lambda to: BucketOutput(to.place, to.store, to.named),
}
OTHERS: PluginTable[Callable[[OutputAccess], Output]] = PluginTable(
    "mtdata.outputs", "kind of output", SCHEME, {*KINDS, "file"}.__contains__, callable_refusal
)
"""Those of plug-ins."""


def open_output(
    place: str, access: S3Access | None = None, state: Path | None = None, named: str = EXPORTS
) -> Output:
    """A place, not asked for anything yet: a folder's path, s3://bucket/prefix, or a plug-in's own.

    A folder that was used before is remembered in `state`; `named` is where the config names it.
    ConfigError for what is no place, or whose plug-in cannot be used.
    """
    scheme = place.partition("://")[0] if "://" in place else ""
    to = OutputAccess(place, access or S3Access(), state, named)
    if scheme in KINDS:
        return KINDS[scheme](to)
    if not OTHERS.has(scheme):
        allowed = ["a folder", "s3://bucket/prefix", *(f"{one}://…" for one in OTHERS.names())]
        raise ConfigError(f"{named.partition(' ')[0]}: allowed is {', or '.join(allowed)}")
    return OTHERS.load(scheme)(to)
