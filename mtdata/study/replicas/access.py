"""How to reach a replica: what its adapter is opened with; it reaches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtdata.core.trust import AGENT


@dataclass(frozen=True, slots=True, repr=False)
class ReplicaAccess:
    """How to reach a replica; empty keys leave it to what the machine is given.

    `site` is the folder of ours in it; `state` is where the program remembers the folders that it
    used.
    """

    url: str
    site: str
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    state: Path | None = None
    addressing: str = ""
    sse: str = ""
    sse_key: str = ""
    ca: str = ""
    agent: str = AGENT
