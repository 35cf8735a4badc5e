"""A bucket of S3 (or of what speaks like it) as the place for exported files, in many parts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

from mtdata.core.errors import ConfigError, OutputError, OutputRefused, StorageError
from mtdata.core.output.port import CountedPieces, FileFacts, Staged, checked_name, digest_of
from mtdata.core.regroup import regrouped
from mtdata.core.s3 import S3Access, S3Bucket, StoreFault, StoreRefusal, Words, bucket_of

PIECE = 8 << 20
"""Bytes of one part of an upload: at most so many, and 10,000 parts, make 80 GB a file."""
AT_ONCE = 4
"""So many parts of a file are under way, and in memory."""
MOST_PARTS = 10_000
MOST_LEFT = 100
DIGEST = "sha256"
PERMISSIONS = (
    "s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and "
    "s3:ListBucketMultipartUploads"
)
"""Without ListBucket a store answers 403 where a file is not there yet."""
ARCHIVED = "the file lies in an archive of the store; restore it there, then download it again"


def _stored_digest(found: dict[str, Any]) -> str:
    """The digest that we put beside it; names of headers come back in any case."""
    facts = {str(name).lower(): value for name, value in found.get("Metadata", {}).items()}
    return str(facts.get(DIGEST, ""))


def _parts_of(spooled: Path) -> Iterator[bytes]:
    try:
        with spooled.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise StorageError(f"{spooled}: cannot be read: {error.strerror}") from error


class BucketOutput:
    """Port Output over `s3://bucket/prefix`."""

    def __init__(
        self, place: str, access: S3Access, named: str = "OUTPUT in export.config"
    ) -> None:
        found = bucket_of(place)
        self._named = named
        if not found:
            raise ConfigError(
                f"{named.partition(' ')[0]}: allowed is s3:// and a bucket, then a prefix of "
                "letters, digits, '.', '_', '-' and '/'"
            )
        bucket, prefix = found
        self._prefix = f"{prefix}/".removeprefix("/")
        self.place, self._sealing = place.rstrip("/"), access.sealing
        self._bucket = S3Bucket(access, bucket, Words(self._refused, self._failed))

    def size(self, name: str) -> int | None:
        """Port: Output.size."""
        found = self._head(name)
        if found is not None and found.get("ContentLength", -1) < 0:
            raise OutputError(f"{self.place}/{name}: the store does not say how long it is")
        return None if found is None else int(found["ContentLength"])

    def stage(self, name: str, spooled: Path, facts: FileFacts, tag: str) -> Staged:
        """Port: Output.stage: all parts of an upload, which shows nothing before it is ended."""
        meta = {DIGEST: facts.sha256, "rows": str(facts.rows)}
        return Staged(name, facts, self._upload(name, _parts_of(spooled), meta))

    def stage_pieces(self, name: str, pieces: Iterable[bytes], tag: str) -> Staged:
        """Port: Output.stage_pieces.  What is published without a digest beside it is read back."""
        counted = CountedPieces(pieces)
        ticket = self._upload(name, regrouped(counted, PIECE), {})
        return Staged(name, counted.facts, ticket)

    def _upload(self, name: str, pieces: Iterator[bytes], meta: dict[str, str]) -> dict[str, Any]:
        """What ends the upload of these parts."""
        at = {"Key": self._key(name)}
        self.drop(name)
        begun = self._bucket.begin(**at, Metadata=meta, **self._sealing)
        if not begun.get("UploadId"):  # without one, a part is a file and its end a removal
            raise OutputError(f"{self.place}/{name}: the store begins no upload of parts")
        which = {**at, "UploadId": begun["UploadId"]}
        try:
            parts = list(self._sent(which, pieces))
        except BaseException:
            with suppress(OutputError):  # what went wrong first is what has to be told
                self._bucket.ask("abort_multipart_upload", **which)
            raise
        return {**which, "MultipartUpload": {"Parts": parts}}

    def publish(self, staged: Staged) -> str:
        """Port: Output.publish: the store puts all parts together, or none."""
        name = staged.name
        try:
            self._bucket.ask("complete_multipart_upload", **staged.ticket)
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
        """Whether it stands there; by its very bytes where the store keeps no word of ours."""
        found, facts = self._head(staged.name), staged.facts
        if found is None or found.get("ContentLength") != facts.size:
            return False
        if self._bucket.is_plain or not _stored_digest(found):
            return digest_of(self.pieces(staged.name)) == facts.sha256
        return _stored_digest(found) == facts.sha256

    def drop(self, name: str) -> None:
        """Port: Output.drop: give up every upload of that name, whoever began it."""
        key = self._key(name)
        left = self._bucket.ask("list_multipart_uploads", Prefix=key, MaxUploads=MOST_LEFT)
        for one in left.get("Uploads", []):
            if one.get("Key") == key and one.get("UploadId"):
                self._bucket.ask("abort_multipart_upload", Key=key, UploadId=one["UploadId"])

    def sha256(self, name: str) -> str:
        """Port: Output.sha256, as it was told when it was put there; where it was not, by bytes."""
        found = self._head(name)
        return "" if found is None else _stored_digest(found) or digest_of(self.pieces(name))

    def _sent(self, which: dict[str, Any], pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
        """Put the parts, a few side by side, and give them in order."""
        waiting: deque[Future[dict[str, Any]]] = deque()
        with ThreadPoolExecutor(AT_ONCE, "part") as crew:
            try:
                for number, piece in enumerate(pieces, 1):
                    if number > MOST_PARTS:
                        raise OutputRefused(f"{self.place}: a file has at most {MOST_PARTS} parts")
                    put = copy_context().run  # the log knows for whom
                    waiting.append(crew.submit(put, self._part, which, number, piece))
                    if len(waiting) == AT_ONCE:
                        yield waiting.popleft().result()
                for part in waiting:
                    yield part.result()
            finally:
                crew.shutdown(cancel_futures=True)

    def _part(self, which: dict[str, Any], number: int, piece: bytes) -> dict[str, Any]:
        answer = self._bucket.put_part(piece, **which, PartNumber=number)
        if not answer.get("ETag"):
            raise OutputError(f"{self.place}: the store does not say that it has part {number}")
        part = {"PartNumber": number, "ETag": answer["ETag"]}
        return part | {key: answer[key] for key in ("ChecksumSHA256",) if key in answer}

    def pieces(self, name: str) -> Iterator[bytes]:
        """Port: Output.pieces."""
        answer = self._bucket.ask("get_object", Key=self._key(name))
        with closing(self._bucket.pieces(answer)) as pieces:
            yield from pieces

    def remove(self, name: str) -> None:
        """Port: Output.remove."""
        self._bucket.ask("delete_object", Key=self._key(name))

    def link(self, name: str, disposition: str, for_s: int) -> str:
        """Port: Output.link: signed at this moment, for the region of the bucket."""
        return self._bucket.signed(self._key(name), disposition, for_s)

    def close(self) -> None:
        """Port: Output.close."""
        self._bucket.close()

    def _key(self, name: str) -> str:
        return self._prefix + checked_name(name)

    def _head(self, name: str) -> dict[str, Any] | None:
        return self._bucket.find("head_object", Key=self._key(name))

    def _refused(self, found: StoreRefusal) -> OutputError:
        told = f"{self.place}: it answered {found.status} ({found.code_text})"
        if found.code == "NoSuchUpload":
            return OutputError(f"{told}: somebody gave the upload up; it is begun anew")
        if found.later:
            return OutputError(told)
        if found.code == "NoSuchBucket":
            return OutputRefused(f"{told}: there is no such bucket: see {self._named}")
        if found.missing:
            return OutputError(f"{told}: there is no such file")
        if found.code == "InvalidObjectState":
            return OutputRefused(f"{told}: {ARCHIVED}")
        if found.status in (401, 403):
            return OutputRefused(f"{told}: its keys must be right and allow {PERMISSIONS}")
        return OutputRefused(f"{told}: see {self._named}")

    def _failed(self, fault: StoreFault) -> OutputError:
        kind = OutputRefused if fault.lasts else OutputError
        return kind(f"{self.place}: {fault.words}")
