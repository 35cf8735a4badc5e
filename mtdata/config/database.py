"""Where the records lie, as one value; it opens nothing and never shows the password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tls = Literal["off", "prefer", "require", "verify"]
"""In clear; encrypted if the server can; encrypted or not at all; and by whom `ca` vouches for."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database: `name` is a file for sqlite, else a database on `host`.

    `ca` is a file of certificates, for `tls` verify alone.
    """

    engine: Literal["sqlite", "mysql", "postgres"]
    name: str
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    tls: Tls = "prefer"
    ca: str = field(default="", repr=False)

    @property
    def is_shared(self) -> bool:
        """Whether other machines may use it."""
        return self.engine != "sqlite"

    def redacted(self) -> str:
        """How people see it: without user and password."""
        place = f"{self.host}:{self.port}/" if self.is_shared else "/"
        return f"{self.engine}://{place}{self.name}"
