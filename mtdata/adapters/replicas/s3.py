"""A replica in a bucket of S3 or of what speaks like it; it repeats no body and no secret."""

from __future__ import annotations

import time
from base64 import b64encode
from contextlib import AbstractContextManager
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Any

from mtdata.adapters.replicas.access import ReplicaAccess
from mtdata.adapters.s3 import (
    DAMAGED,
    MISSING,
    S3Access,
    Told,
    bucket_of,
    in_our_words,
    open_client,
)
from mtdata.domain.copy import checked_copy_name
from mtdata.errors import ConfigError, ReplicaError, ReplicaRefused, ReplicaWrong

READ_WAITS = 10  # a copy as a whole may take so many times TIMEOUT
PIECE = 1 << 16
PERMISSIONS = "s3:PutObject, s3:GetObject and s3:ListBucket"


class S3Replica:
    """Port Replica over `s3://bucket/prefix`."""

    def __init__(self, access: ReplicaAccess) -> None:
        found = bucket_of(access.url)
        if not found:
            raise ConfigError(
                f"REPLICAS: a URL of {len(access.url)} letters: allowed is s3:// and a bucket, "
                "then a prefix of letters, digits, '.', '_', '-' and '/'"
            )
        self._bucket, prefix = found
        self._prefix = f"{prefix}/{access.site}/".removeprefix("/")
        self._access = access
        self._opening = Lock()
        self._client: Any = None
        where = f" at {access.endpoint}" if access.endpoint else ""
        self.place = f"s3://{self._bucket}/{prefix}".rstrip("/") + where

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
        access = self._access
        return open_client(
            S3Access(
                access.endpoint,
                access.region,
                access.access_key,
                access.secret_key,
                access.timeout_s,
                access.connect_timeout_s,
            )
        )

    def _told(self) -> AbstractContextManager[None]:
        return in_our_words(self._refused, self._failed)

    def _refused(self, found: Told) -> ReplicaError:
        status, code = found.status, found.code
        told = f"{self.place}: it answered {status} ({found.shown})"
        if code in DAMAGED:
            return ReplicaWrong(f"{told}: the bytes were damaged on the way")
        if found.later:
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
