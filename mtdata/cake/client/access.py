"""What is known of an account of CAKE when it is asked; it asks nothing and shows no key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from mtdata.core.trust import AGENT


@dataclass(frozen=True, slots=True, repr=False)
class CakeAccess:
    """How an instance is reached and asked; `server` is its base URL, `server_zone` for JSON."""

    server: str
    api_key: str
    zone: tzinfo
    dialect: str = "xml"
    server_zone: tzinfo | None = None
    clicks_version: int = 12
    conversions_version: int = 17
    changes_version: int = 17
    include_tests: bool = False
    include_duplicates: bool = False
    event_type: str = "all"
    timeout_s: float = 600.0
    connect_timeout_s: float = 10.0
    page: int = 10_000
    row_cap: int = 100_000
    ca: str = ""
    agent: str = AGENT
