"""A replica in a bucket of S3 or of what speaks like it; it repeats no body and no secret.

boto3 is imported with the first request: who has no replica does not wait for it.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Any

from mtdata.adapters.replicas.access import ReplicaAccess
from mtdata.domain.copy import checked_copy_name
from mtdata.errors import ConfigError, ReplicaError, ReplicaRefused, ReplicaWrong

TRIES = 2
CONNECTIONS = 8
READ_WAITS = 10  # a copy as a whole may take so many times TIMEOUT
PIECE = 1 << 16
URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w.-]+)*)/?", re.A
)
CODE = re.compile(r"[A-Za-z0-9.]{1,60}", re.ASCII)
MISSING = {"404", "NoSuchKey", "NotFound"}
DAMAGED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
LATER = {"RequestTimeout", "SlowDown", "RequestTimeTooSkewed", "OperationAborted"}
PERMISSIONS = "s3:PutObject, s3:GetObject and s3:ListBucket"


@cache
def _descriptions() -> Any:
    """What boto3 reads of S3's interface, once a process: that is most of a client's start."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    return create_loader()


class S3Replica:
    """Port Replica over `s3://bucket/prefix`."""

    def __init__(self, access: ReplicaAccess) -> None:
        found = URL.fullmatch(access.url)
        if not found or {".", ".."} & set(found["prefix"].split("/")):
            raise ConfigError(
                f"REPLICAS: {access.url}: allowed is s3:// and a bucket, then a prefix of letters, "
                "digits, '.', '_', '-' and '/'"
            )
        self._bucket = found["bucket"]
        self._prefix = f"{found['prefix'][1:]}/{access.site}/".removeprefix("/")
        self._access = access
        self._opening = Lock()
        self._client: Any = None
        where = f" at {access.endpoint}" if access.endpoint else ""
        self.place = f"s3://{self._bucket}{found['prefix']}{where}"

    def meet(self, *, first: bool) -> None:
        """Port: Replica.meet.  A bucket has a name of its own; nothing else can stand there."""

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Port: Replica.put.  The bytes go in small pieces, so that each has its time limit."""
        wanted = b64encode(digest).decode()
        with self._told():
            answer = self._s3().put_object(
                **self._at(name),
                Body=BytesIO(content),
                ContentLength=len(content),
                ContentType="application/octet-stream",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=wanted,
            )
        if answer.get("ChecksumSHA256", wanted) != wanted:
            raise ReplicaWrong(f"{self.place}: it worked out another checksum for {name}")

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        """Port: Replica.confirm.  A store that keeps no checksums has to show the bytes."""
        with self._told():
            answer = self._found(self._s3().head_object, name, ChecksumMode="ENABLED")
        if answer is None or answer.get("ContentLength") != length:
            return False
        said = answer.get("ChecksumSHA256")
        if said is None or answer.get("ChecksumType") == "COMPOSITE":
            content = self.read(name, length)
            return content is not None and sha256(content).digest() == digest
        return bool(said == b64encode(digest).decode())

    def read(self, name: str, length: int) -> bytes | None:
        """Port: Replica.read."""
        ends_at = time.monotonic() + READ_WAITS * self._access.timeout_s
        with self._told():
            answer = self._found(self._s3().get_object, name)
            if answer is None:
                return None
            content = bytearray()
            with answer["Body"] as body:
                while len(content) <= length:
                    piece = body.read(min(PIECE, length + 1 - len(content)))
                    if not piece:
                        break
                    content += piece
                    if time.monotonic() > ends_at:
                        raise ReplicaError(f"{self.place}: a copy came too slowly (TIMEOUT)")
        return bytes(content)

    def close(self) -> None:
        """Port: Replica.close."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_copy_name(name)}

    def _found(self, ask: Any, name: str, **more: str) -> dict[str, Any] | None:
        """The answer, None when there is no such copy."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        try:
            answer: dict[str, Any] = ask(**self._at(name), **more)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in MISSING:
                return None
            raise
        return answer

    def _s3(self) -> Any:
        with self._opening:  # boto3 makes clients in one thread only; the client serves many
            if self._client is None:
                self._client = self._opened()
        return self._client

    def _opened(self) -> Any:
        from boto3.session import Session  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.session import Session as Core  # type: ignore[import-untyped]

        access, core = self._access, Core()
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
            ignore_configured_endpoint_urls=True,  # server.config alone says where answers go
            request_checksum_calculation="when_required",  # ours is SHA-256, and our own
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if access.endpoint else "auto"},
        )
        region = session.region_name or "us-east-1"
        return session.client(
            "s3", endpoint_url=access.endpoint or None, region_name=region, config=config
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our own words what failed: the store's own could repeat a key."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            raise self._refused(error.response) from None
        except (BotoCoreError, HTTPError, OSError) as error:
            raise self._failed(type(error).__name__) from None

    def _refused(self, response: dict[str, Any]) -> ReplicaError:
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(response.get("Error", {}).get("Code", ""))
        shown = code if CODE.fullmatch(code) and code != str(status) else "no reason"
        told = f"{self.place}: it answered {status} ({shown})"
        if code in DAMAGED:
            return ReplicaWrong(f"{told}: the bytes were damaged on the way")
        if status >= 500 or status == 429 or code in LATER:
            return ReplicaError(told)
        if code == "NoSuchBucket" or status == 404:
            return ReplicaRefused(f"{told}: there is no such bucket")
        if status in (401, 403):
            return ReplicaRefused(f"{told}: its keys must be right and allow {PERMISSIONS}")
        return ReplicaRefused(f"{told}: see REPLICAS in server.config")

    def _failed(self, kind: str) -> ReplicaError:
        if "Credential" in kind:
            return ReplicaRefused(
                f"{self.place}: no keys; give ACCESS_KEY and SECRET_KEY in REPLICAS, or let the "
                "machine have a role"
            )
        if "Timeout" in kind:
            return ReplicaError(f"{self.place}: it did not answer in time (TIMEOUT)")
        return ReplicaError(f"{self.place}: it cannot be reached ({kind})")
