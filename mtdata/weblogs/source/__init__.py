"""Where web logs come from, by the scheme of the place; a new kind of source is a file and a line.

An object is read only while it is the one that was listed.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.core.errors import ConfigError
from mtdata.core.s3 import S3Access
from mtdata.weblogs.source.folder import FolderSource
from mtdata.weblogs.source.port import LogObject, LogSource, RawLog
from mtdata.weblogs.source.s3 import S3Source

__all__ = ["LogObject", "LogSource", "RawLog", "open_source"]

KINDS: dict[str, Callable[[str, S3Access], LogSource]] = {
    "file": lambda place, access: FolderSource(place),
    "s3": S3Source,
}


def open_source(place: str, access: S3Access | None = None) -> LogSource:
    """A source, not asked for anything yet: s3://bucket or file:///folder.

    ConfigError for what is no place.
    """
    scheme = place.partition("://")[0]
    if scheme not in KINDS:
        raise ConfigError("pull_bucket: allowed is a bucket, or file:///folder")
    return KINDS[scheme](place, access or S3Access())
