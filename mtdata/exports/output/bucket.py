"""A bucket of S3 (or of what speaks like it) as the place for exported files, in many parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import Any

from mtdata.adapters.s3 import MISSING, S3Access, Told, bucket_of, in_our_words, open_client
from mtdata.errors import ConfigError, OutputError, OutputRefused
from mtdata.exports.output.port import Facts, Sealing, Staged, checked_name

PIECE = 8 << 20
"""Bytes of one part of an upload: at most so many, and 10,000 parts, make 80 GB a file."""
READ = 1 << 16
MOST_LEFT = 100
PERMISSIONS = (
    "s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and "
    "s3:ListBucketMultipartUploads"
)
"""Without ListBucket a store answers 403 where a file is not there yet."""


ARCHIVED = "the file lies in an archive of the store; restore it there, then download it again"


def _known(found: dict[str, Any]) -> str:
    return str(found.get("Metadata", {}).get("sha256", ""))


class BucketOutput:
    """Port Output over `s3://bucket/prefix`."""

    def __init__(self, place: str, access: S3Access, sealing: Sealing) -> None:
        found = bucket_of(place)
        if not found:
            raise ConfigError(
                "OUTPUT: allowed is s3:// and a bucket, then a prefix of letters, "
                "digits, '.', '_', '-' and '/'"
            )
        self._bucket, prefix = found
        self._prefix = f"{prefix}/".removeprefix("/")
        self.place = place.rstrip("/")
        self._access, self._sealing = access, sealing
        self._opening, self._client = Lock(), None

    def size(self, name: str) -> int | None:
        """Port: Output.size."""
        found = self._head(name)
        return None if found is None else int(found["ContentLength"])

    def stage(self, name: str, spooled: Path, facts: Facts, tag: str) -> Staged:
        """Port: Output.stage: all parts of an upload, which shows nothing before it is ended."""
        at = self._at(name)
        self.drop(name)
        more = {"ServerSideEncryption": self._sealing.kind} if self._sealing.kind else {}
        more |= {"SSEKMSKeyId": self._sealing.key} if self._sealing.key else {}
        meta = {"sha256": facts.sha256, "rows": str(facts.rows)}
        with self._told():
            begun = self._s3().create_multipart_upload(
                **at, ChecksumAlgorithm="SHA256", Metadata=meta, **more
            )
            which = {**at, "UploadId": begun["UploadId"]}
            try:
                parts = list(self._sent(which, spooled))
            except BaseException:
                self._s3().abort_multipart_upload(**which)
                raise
        return Staged(name, facts, {**which, "MultipartUpload": {"Parts": parts}})

    def publish(self, staged: Staged) -> str:
        """Port: Output.publish: the store puts all parts together, or none."""
        name = staged.name
        try:
            with self._told():
                self._s3().complete_multipart_upload(**staged.ticket)
        except OutputError:
            # the answer alone may have been lost, and a second try finds the upload ended
            if not self._shows(staged):
                raise
            self.drop(name)
        else:
            if not self._shows(staged):
                raise OutputError(
                    f"{self.place}/{name}: the store does not show what was put there"
                )
        return f"{self.place}/{name}"

    def _shows(self, staged: Staged) -> bool:
        found, facts = self._head(staged.name), staged.facts
        return (
            found is not None
            and found["ContentLength"] == facts.size
            and _known(found) == facts.sha256
        )

    def drop(self, name: str) -> None:
        """Port: Output.drop: give up every upload of that name, whoever began it."""
        at = self._at(name)
        with self._told():
            left = self._s3().list_multipart_uploads(
                Bucket=self._bucket, Prefix=at["Key"], MaxUploads=MOST_LEFT
            )
            for one in left.get("Uploads", []):
                if one["Key"] == at["Key"]:
                    self._s3().abort_multipart_upload(**at, UploadId=one["UploadId"])

    def sha256(self, name: str) -> str:
        """Port: Output.sha256, as it was told when it was put there."""
        found = self._head(name)
        return "" if found is None else _known(found)

    def _sent(self, which: dict[str, Any], spooled: Path) -> Iterator[dict[str, Any]]:
        with spooled.open("rb") as file:
            number = 0
            while piece := file.read(PIECE):
                number += 1
                answer = self._s3().upload_part(
                    **which, PartNumber=number, Body=piece, ChecksumAlgorithm="SHA256"
                )
                part = {"PartNumber": number, "ETag": answer["ETag"]}
                if "ChecksumSHA256" in answer:
                    part["ChecksumSHA256"] = answer["ChecksumSHA256"]
                yield part

    def pieces(self, name: str) -> Iterator[bytes]:
        """Port: Output.pieces."""
        with self._told(), self._s3().get_object(**self._at(name))["Body"] as body:
            while piece := body.read(READ):
                yield piece

    def remove(self, name: str) -> None:
        """Port: Output.remove."""
        with self._told():
            self._s3().delete_object(**self._at(name))

    def link(self, name: str, disposition: str, for_s: int) -> str:
        """Port: Output.link: signed at this moment."""
        with self._told():
            how = {**self._at(name), "ResponseContentDisposition": disposition}
            link: str = self._s3().generate_presigned_url("get_object", how, ExpiresIn=for_s)
            return link

    def close(self) -> None:
        """Port: Output.close."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_name(name)}

    def _head(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        with self._told():
            try:
                found: dict[str, Any] = self._s3().head_object(**self._at(name))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in MISSING:
                    return None
                raise
            return found

    def _s3(self) -> Any:
        with self._opening:
            if self._client is None:
                self._client = open_client(self._access)
        return self._client

    def _told(self) -> AbstractContextManager[None]:
        return in_our_words(self._refused, self._failed)

    def _refused(self, found: Told) -> OutputError:
        told = f"{self.place}: it answered {found.status} ({found.shown})"
        if found.later:
            return OutputError(told)
        if found.code == "NoSuchUpload":
            return OutputError(f"{told}: somebody gave the upload up; it is begun anew")
        if found.code == "NoSuchBucket":
            return OutputRefused(f"{told}: there is no such bucket: see OUTPUT in export.config")
        if found.code in MISSING:
            return OutputError(f"{told}: there is no such file")
        if found.code == "InvalidObjectState":
            return OutputRefused(f"{told}: {ARCHIVED}")
        if found.status in (401, 403):
            return OutputRefused(f"{told}: its keys must be right and allow {PERMISSIONS}")
        return OutputRefused(f"{told}: see OUTPUT in export.config")

    def _failed(self, kind: str) -> OutputError:
        if "Credential" in kind:
            return OutputRefused(
                f"{self.place}: no keys; give ACCESS_KEY and SECRET_KEY, or let the machine have a "
                "role"
            )
        if "Timeout" in kind:
            return OutputError(f"{self.place}: it did not answer in time (TIMEOUT)")
        return OutputError(f"{self.place}: it cannot be reached ({kind})")
