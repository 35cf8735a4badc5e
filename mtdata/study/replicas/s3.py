"""A replica in a bucket of S3 or of what speaks like it; it repeats no body and no secret."""

from __future__ import annotations

import time
from base64 import b64encode
from contextlib import closing
from hashlib import sha256

from mtdata.core.errors import ConfigError, ReplicaError, ReplicaRefused, ReplicaWrong
from mtdata.core.s3 import DAMAGED, S3Bucket, StoreFault, StoreRefusal, Words, bucket_of
from mtdata.study.model.copy import checked_copy_name
from mtdata.study.replicas.access import ReplicaAccess

READ_WAITS = 10  # a copy as a whole may take so many times TIMEOUT
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
        bucket, prefix = found
        self._prefix = f"{prefix}/{access.site}/".removeprefix("/")
        self._sealing = access.store.sealing
        self._longest_s = READ_WAITS * access.store.timeout_s
        self._bucket = S3Bucket(access.store, bucket, Words(self._refused, self._failed))
        where = f" at {access.store.endpoint}" if access.store.endpoint else ""
        self.address = f"s3://{bucket}/{prefix}".rstrip("/") + where

    def meet(self, *, first: bool) -> None:
        """Port: Replica.meet.  A bucket has a name of its own; nothing else can stand there."""

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Port: Replica.put.  A store that takes no checksum shows the bytes when it confirms."""
        how = {"ContentType": "application/octet-stream", **self._sealing}
        answer = self._bucket.put(self._key(name), content, digest, **how)
        wanted = b64encode(digest).decode()
        if answer.get("ChecksumSHA256", wanted) != wanted:
            raise ReplicaWrong(f"{self.address}: it worked out another checksum for {name}")

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        """Port: Replica.confirm.  A store that keeps no checksums has to show the bytes."""
        answer = self._bucket.look(self._key(name))
        if answer is None:
            return False
        if "ContentLength" not in answer:
            raise ReplicaError(f"{self.address}: it does not say how long {name} is")
        if answer["ContentLength"] != length:
            return False
        said = answer.get("ChecksumSHA256")
        if said is None or answer.get("ChecksumType") == "COMPOSITE":
            content = self.read(name, length)
            return content is not None and sha256(content).digest() == digest
        return bool(said == b64encode(digest).decode())

    def read(self, name: str, length: int) -> bytes | None:
        """Port: Replica.read."""
        ends_at = time.monotonic() + self._longest_s
        answer = self._bucket.find("get_object", Key=self._key(name))
        if answer is None:
            return None
        content = bytearray()
        with closing(self._bucket.pieces(answer)) as pieces:
            for piece in pieces:
                content += piece
                if len(content) > length:
                    break
                if time.monotonic() > ends_at:
                    raise ReplicaError(f"{self.address}: a copy came too slowly (TIMEOUT)")
        return bytes(content[: length + 1])

    def close(self) -> None:
        """Port: Replica.close."""
        self._bucket.close()

    def _key(self, name: str) -> str:
        return self._prefix + checked_copy_name(name)

    def _refused(self, found: StoreRefusal) -> ReplicaError:
        status, code = found.status, found.code
        told = f"{self.address}: it answered {status} ({found.code_text})"
        if code in DAMAGED:
            return ReplicaWrong(f"{told}: the bytes were damaged on the way")
        if found.later:
            return ReplicaError(told)
        if code == "NoSuchBucket" or status == 404:
            return ReplicaRefused(f"{told}: there is no such bucket")
        if status in (401, 403):
            return ReplicaRefused(f"{told}: its keys must be right and allow {PERMISSIONS}")
        return ReplicaRefused(f"{told}: see REPLICAS in server.config")

    def _failed(self, fault: StoreFault) -> ReplicaError:
        kind = ReplicaRefused if fault.lasts else ReplicaError
        return kind(f"{self.address}: {fault.words}")
