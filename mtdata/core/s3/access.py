"""How a store is reached, and what an s3:// URL names; it reaches nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mtdata.core.trust import AGENT

URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w.-]+)*)/?", re.A
)


@dataclass(frozen=True, slots=True, repr=False)
class S3Access:
    """How to reach a store; empty keys leave it to what the machine is given.

    `machine_endpoint`: where no endpoint is given, the machine may name one as well.  `addressing`:
    path, virtual or auto; '' is path at an endpoint, and auto without one.  `ca`: a file with the
    authority of the store's certificate; `agent`: what we call ourselves.  `sse`: how the store
    encrypts at rest, AES256 or aws:kms with the name of a key, '' for the store's default.
    `profile`: whose keys of the machine's are taken, where none are given; '' its default's.
    """

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    machine_endpoint: bool = False
    addressing: str = ""
    ca: str = ""
    agent: str = AGENT
    sse: str = ""
    sse_key: str = ""
    profile: str = ""

    @property
    def sealing(self) -> dict[str, str]:
        """What a request that puts says of `sse`; nothing for the store's default."""
        told = {"ServerSideEncryption": self.sse, "SSEKMSKeyId": self.sse_key}
        return {name: value for name, value in told.items() if value}


def bucket_of(url: str) -> tuple[str, str] | None:
    """Bucket and prefix of an s3:// URL; None when it is none."""
    found = URL.fullmatch(url)
    if not found or {".", ".."} & set(found["prefix"].split("/")):
        return None
    return found["bucket"], found["prefix"][1:]
