"""A bucket with backups: what fits into one request goes in one, and a listing says what is there.

A backup has thousands of small files; an output asks six times for each, and this one twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain

from mtdata.core.errors import OutputError
from mtdata.core.output.bucket import DIGEST, PIECE, BucketOutput
from mtdata.core.output.port import FileFacts, Staged

CONTENT = "Content"
PAGE = 1000
"""Names of one answer; no store gives more."""


class BackupBucket(BucketOutput):
    """Port Output over `s3://bucket/prefix`, for many files of which most are small."""

    def sizes(self, folder: str) -> dict[str, int]:
        """How long each file below that folder is, by its name."""
        begin = self._prefix + folder + "/"
        found: dict[str, int] = {}
        more: dict[str, str] = {}
        while True:
            page = self._bucket.ask("list_objects_v2", Prefix=begin, MaxKeys=PAGE, **more)
            for one in page.get("Contents", []):
                found[str(one["Key"]).removeprefix(self._prefix)] = int(one["Size"])
            if not page.get("IsTruncated") or not page.get("NextContinuationToken"):
                return found
            more = {"ContinuationToken": str(page["NextContinuationToken"])}

    def stage_pieces(self, name: str, pieces: Iterable[bytes], tag: str) -> Staged:
        """Port: Output.stage_pieces; what is small waits here until it gets its name."""
        rest = iter(pieces)
        content, is_whole = _first_piece(rest)
        if not is_whole:
            return super().stage_pieces(name, chain((content,), rest), tag)
        facts = FileFacts(len(content), sha256(content).hexdigest(), 0)
        return Staged(name, facts, {CONTENT: content})

    def publish(self, staged: Staged) -> str:
        """Port: Output.publish: the store holds the bytes against their SHA-256 as they come."""
        if CONTENT not in staged.ticket:
            return super().publish(staged)
        name, digest = staged.name, staged.facts.sha256
        self._bucket.put(
            self._key(name),
            staged.ticket[CONTENT],
            bytes.fromhex(digest),
            Metadata={DIGEST: digest},
            **self._sealing,
        )
        if not self._shows(staged):
            raise OutputError(f"{self.place}/{name}: the store does not show what was put there")
        return f"{self.place}/{name}"


def _first_piece(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first bytes, up to what goes in one request, and whether these are all."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > PIECE:
            return bytes(content), False
    return bytes(content), True
