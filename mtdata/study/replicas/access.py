"""How to reach a replica: what its adapter is opened with; it reaches nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mtdata.core.s3 import S3Access


@dataclass(frozen=True, slots=True, repr=False)
class ReplicaAccess:
    """A replica by its URL; `site` is the folder of ours in it.

    `store`: how a bucket is reached.  `state`: where the program remembers folders that it used.
    """

    url: str
    site: str
    store: S3Access = field(default_factory=S3Access)
    state: Path | None = None
