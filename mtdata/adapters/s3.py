"""A client of S3 or of what speaks like it, and what its faults mean; it moves no bytes itself.

boto3 is imported with the first client: who has no bucket does not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

TRIES = 2
CONNECTIONS = 8
URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w.-]+)*)/?", re.A
)
MISSING = {"404", "NoSuchKey", "NotFound"}
DAMAGED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
LATER = {"RequestTimeout", "SlowDown", "RequestTimeTooSkewed", "OperationAborted"}
_CODE = re.compile(r"[A-Za-z0-9.]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class S3Access:
    """How to reach a store; empty keys leave it to what the machine is given."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    timeout_s: float = 60.0
    connect_timeout_s: float = 10.0


class Told(NamedTuple):
    """What a store's refusal says: never its own words, which could repeat a key."""

    status: int
    code: str
    is_known: bool  # the code is one of S3's, and can be shown

    @property
    def shown(self) -> str:
        """The code, where it can be shown."""
        return self.code if self.is_known else "no reason"

    @property
    def later(self) -> bool:
        """Whether it may go well later."""
        return self.status >= 500 or self.status == 429 or self.code in LATER


def bucket_of(url: str) -> tuple[str, str] | None:
    """Bucket and prefix of an s3:// URL; None when it is none."""
    found = URL.fullmatch(url)
    if not found or {".", ".."} & set(found["prefix"].split("/")):
        return None
    return found["bucket"], found["prefix"][1:]


@cache
def _descriptions() -> Any:
    """What boto3 reads of S3's interface, once a process: that is most of a client's start."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    return create_loader()


def open_client(access: S3Access) -> Any:
    """A client; call it in one thread at a time, what it gives serves many."""
    from boto3.session import Session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]
    from botocore.session import Session as Core  # type: ignore[import-untyped]

    core = Core()
    core.register_component("data_loader", _descriptions())
    session = Session(
        botocore_session=core,
        aws_access_key_id=access.access_key or None,
        aws_secret_access_key=access.secret_key or None,
        region_name=access.region or None,
    )
    config = Config(
        connect_timeout=access.connect_timeout_s,
        read_timeout=access.timeout_s,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        max_pool_connections=CONNECTIONS,
        signature_version="s3v4",
        proxies={},  # as for the site: a proxy of somebody's shell is not asked
        ignore_configured_endpoint_urls=True,  # our config alone says where data go
        request_checksum_calculation="when_required",  # ours is SHA-256, and our own
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if access.endpoint else "auto"},
    )
    region = session.region_name or "us-east-1"
    return session.client(
        "s3", endpoint_url=access.endpoint or None, region_name=region, config=config
    )


def _told_by(response: dict[str, Any]) -> Told:
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(response.get("Error", {}).get("Code", ""))
    return Told(status, code, bool(_CODE.fullmatch(code)) and code != str(status))


@contextmanager
def in_our_words(
    refused: Callable[[Told], Exception], failed: Callable[[str], Exception]
) -> Iterator[None]:
    """Raise what these make of a refusal, or of the kind of a fault on the way there.

    The store's own words could repeat a key.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise refused(_told_by(error.response)) from None
    except (BotoCoreError, HTTPError, OSError) as error:
        raise failed(type(error).__name__) from None
