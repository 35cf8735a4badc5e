"""How an output is reached: what the adapter of its kind is opened with; it reaches nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mtdata.core.s3 import S3Access

EXPORTS = "OUTPUT in export.config"


@dataclass(frozen=True, slots=True, repr=False)
class OutputAccess:
    """An output by its place, as the config names it; what was put there is entered below that.

    `store`: how a bucket is reached, keys and time limits among it.  `state`: where the program
    remembers folders that it used.  `named`: where the config names the place, for messages.
    """

    place: str
    store: S3Access = field(default_factory=S3Access)
    state: Path | None = None
    named: str = EXPORTS
