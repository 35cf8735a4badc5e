"""A bucket of S3 (or of what speaks like it) as a source of web logs; it repeats no key or body.

Objects are read a stretch at a time, each with the ETag that was listed: whoever takes hours to
import one holds no connection open meanwhile, and never gets pieces of two objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from mtdata.core.errors import ConfigError
from mtdata.core.s3 import S3Access, S3Bucket, StoreFault, StoreRefusal, Words, bucket_of
from mtdata.weblogs.source.port import LogObject
from mtdata.weblogs.source_errors import LogReplaced, LogSourceError, LogSourceRefused

STRETCH = 4 << 20
"""Bytes that are asked for at a time, and held in memory."""
PAGE, MOST_PAGES = 1_000, 100_000
"""Objects of one answer, and answers of one listing, at most."""
OTHERS = frozenset({404, 412, 416})
"""So a store says that the object is gone, is another one, or has no such bytes."""
PERMISSIONS = "s3:ListBucket and s3:GetObject (after_push: s3:DeleteObject or s3:PutObjectTagging)"
ARCHIVED = "the object lies in an archive of the store; restore it there first"


class S3Log:
    """Port RawLog over one object."""

    def __init__(self, bucket: S3Bucket, listed: LogObject, place: str) -> None:
        self.size = listed.size
        self._bucket, self._listed, self._what = bucket, listed, f"{place}/{listed.key}"
        self._at = self._from = 0
        self._stretch = b""

    def read(self, length: int) -> bytes:
        """Port: RawLog.read.  It ends at the end of a stretch."""
        known = self._from + len(self._stretch) - self._at
        piece = self.read_at(self._at, min(length, known) if known > 0 else length)
        self._at += len(piece)
        return piece

    def read_at(self, start: int, length: int) -> bytes:
        """Port: RawLog.read_at."""
        end = min(start + length, self.size)
        pieces: list[bytes] = []
        while start < end:
            if not self._from <= start < self._from + len(self._stretch):
                self._fetch(start)
            piece = self._stretch[start - self._from : end - self._from]
            start += len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _fetch(self, start: int) -> None:
        start = max(0, min(start, self.size - STRETCH))
        end = min(start + STRETCH, self.size)
        is_part = end - start < self.size
        more = {"Range": f"bytes={start}-{end - 1}"} if is_part else {}
        how = {"Key": self._listed.key, "IfMatch": _quoted(self._listed), **more}
        answer = self._bucket.ask("get_object", **how)
        if _etag(answer) != self._listed.etag:
            raise LogReplaced(f"{self._what}: it is another one than was listed")
        if answer.get("ContentLength") != end - start or (
            is_part and answer.get("ContentRange") != f"bytes {start}-{end - 1}/{self.size}"
        ):
            raise LogSourceError(f"{self._what}: the store gives other bytes than were asked for")
        with closing(self._bucket.pieces(answer)) as pieces:
            self._stretch, self._from = b"".join(pieces), start
        if len(self._stretch) != end - start:
            self._stretch = b""
            raise LogSourceError(f"{self._what}: the answer breaks off")


class S3Source:
    """Port LogSource over `s3://bucket`."""

    def __init__(self, place: str, access: S3Access) -> None:
        found = bucket_of(place)
        if not found or found[1]:
            raise ConfigError("pull_bucket: allowed is the name of a bucket, or s3:// and the name")
        self.place = f"s3://{found[0]}"
        self._name = found[0]
        self._bucket = S3Bucket(access, found[0], Words(self._refused, self._failed))

    def listing(self, prefix: str = "") -> Iterator[LogObject]:
        """Port: LogSource.listing."""
        more: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._bucket.ask("list_objects_v2", Prefix=prefix, MaxKeys=PAGE, **more)
            for found in page.get("Contents", []):
                listed = self._object(found)
                if not listed.key.endswith("/"):  # what a console makes for a folder
                    yield listed
            following = page.get("NextContinuationToken")
            if not page.get("IsTruncated"):
                return
            if not following or following == more.get("ContinuationToken"):
                break
            more = {"ContinuationToken": following}
        raise LogSourceError(f"{self.place}: the store's listing comes to no end")

    @contextmanager
    def open(self, listed: LogObject) -> Iterator[S3Log]:
        """Port: LogSource.open."""
        opened = S3Log(self._bucket, listed, self.place)
        if listed.size:
            opened.read_at(0, 1)
        else:
            self._check(listed)
        yield opened

    def is_there(self, listed: LogObject) -> bool:
        """Port: LogSource.is_there."""
        found = self._bucket.find("head_object", Key=listed.key)
        return (
            found is not None
            and _etag(found) == listed.etag
            and found.get("ContentLength") == listed.size
        )

    def remove(self, listed: LogObject) -> None:
        """Port: LogSource.remove.  A store that knows no condition on it is not asked without."""
        self._check(listed)
        self._bucket.ask("delete_object", Key=listed.key, IfMatch=_quoted(listed))

    def tag(self, listed: LogObject, name: str, value: str) -> None:
        """Port: LogSource.tag."""
        self._check(listed)
        tags = self._bucket.ask("get_object_tagging", Key=listed.key).get("TagSet", [])
        tags = [one for one in tags if one["Key"] != name] + [{"Key": name, "Value": value}]
        self._bucket.ask("put_object_tagging", Key=listed.key, Tagging={"TagSet": tags})

    def close(self) -> None:
        """Port: LogSource.close."""
        self._bucket.close()

    def _check(self, listed: LogObject) -> None:
        if not self.is_there(listed):
            raise LogReplaced(f"{self.place}/{listed.key}: it is gone, or another one")

    def _object(self, found: dict[str, Any]) -> LogObject:
        key, size, modified = (found.get(name) for name in ("Key", "Size", "LastModified"))
        etag = _etag(found)
        if not (key and etag and isinstance(size, int) and isinstance(modified, datetime)):
            raise LogSourceError(f"{self.place}: an object is listed without key, size, ETag, time")
        return LogObject(self.place, key, size, etag, modified.astimezone(UTC))

    def _refused(self, found: StoreRefusal) -> LogSourceError:
        told = f"{self.place}: it answered {found.status} ({found.code_text})"
        if found.code == "NoSuchBucket":
            return LogSourceRefused(f"{told}: there is no such bucket: see pull_bucket")
        if found.code == "InvalidObjectState":
            return LogSourceRefused(f"{told}: {ARCHIVED}")
        if found.status in OTHERS:
            return LogReplaced(f"{told}: an object is gone, or is another one than was listed")
        if found.later:
            return LogSourceError(told)
        if found.status in (401, 403):
            return LogSourceRefused(f"{told}: its keys must be right and allow {PERMISSIONS}")
        return LogSourceRefused(f"{told}: see pull_bucket, endpoint and region in weblogs.config")

    def _failed(self, fault: StoreFault) -> LogSourceError:
        kind = LogSourceRefused if fault.lasts else LogSourceError
        return kind(f"{self.place}: {fault.words}")


def _etag(answer: dict[str, Any]) -> str:
    return str(answer.get("ETag", "")).strip('"')


def _quoted(listed: LogObject) -> str:
    return f'"{listed.etag}"'
