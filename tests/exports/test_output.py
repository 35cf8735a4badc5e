"""Places for exported files: memory, a folder, a bucket; none ever shows half a file."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from mtdata.core.errors import ConfigError, OutputError, OutputRefused
from mtdata.core.output import FileFacts, Output, open_output
from mtdata.core.output.bucket import AT_ONCE, PIECE
from mtdata.core.s3 import S3Access
from tests.bucket import KEYS, Bucket
from tests.contracts.output_contract import CONTENT, NAME, TAG, OutputContract, put
from tests.fakes_output import MemoryOutput


class Memory:
    """The fake."""

    def __init__(self) -> None:
        self.output = MemoryOutput()

    def names(self) -> list[str]:
        return sorted(self.output.files)

    def go_down(self) -> None:
        self.output.is_away = True


class Folder:
    """A real folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = open_output(str(folder))

    def names(self) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def go_down(self) -> None:
        self.folder.rename(self.folder.with_name("moved"))
        self.folder.write_text("no folder")


def access_of(bucket: Bucket, **more: str) -> S3Access:
    how = {"access_key": KEYS[0], "secret_key": KEYS[1], "region": "us-east-1"} | more
    return S3Access(endpoint=bucket.store.url, timeout_s=20.0, **how)


class InBucket:
    """A bucket of a real server."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.output = open_output(f"s3://{bucket.name}/out", access_of(bucket))

    def names(self) -> list[str]:
        return [name.removeprefix("out/") for name in self.bucket.names()]

    def go_down(self) -> None:
        self.bucket.store.fault("refuse", "PUT", "GET", "POST", "HEAD")


class TestMemory(OutputContract):
    @pytest.fixture
    def world(self) -> Memory:
        return Memory()


class TestFolder(OutputContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "out")


class TestBucket(OutputContract):
    @pytest.fixture
    def world(self, bucket: Bucket) -> InBucket:
        return InBucket(bucket)


class TestBucketThatRefusesChecksums(OutputContract):
    @pytest.fixture
    def world(self, bucket: Bucket) -> InBucket:
        every = ("PUT", "GET", "HEAD", "POST")
        bucket.store.fault("no checksums", *every, code=501, reason="NotImplemented")
        return InBucket(bucket)

    def test_a_byte_that_was_lost_there_is_found_by_reading_back(
        self, world: InBucket, spool: Path
    ) -> None:
        put(world, spool)
        staged = world.output.stage(
            NAME, spool, FileFacts(len(CONTENT), sha256(b"what was meant").hexdigest(), 1), TAG
        )
        with pytest.raises(OutputError, match="does not show") as told:
            world.output.publish(staged)
        assert told.value.again


@pytest.mark.parametrize("kind", ["capitals", "no metadata"])
def test_a_store_may_tell_what_lies_beside_a_file_as_it_likes(
    bucket: Bucket, tmp_path: Path, kind: str
) -> None:
    world = InBucket(bucket)
    bucket.store.fault(kind, "HEAD", "GET")
    put(world, tmp_path / "export.part")
    assert world.output.sha256(NAME) == sha256(CONTENT).hexdigest()
    bucket.change(f"out/{NAME}", CONTENT[::-1])
    assert world.output.sha256(NAME) == sha256(CONTENT[::-1]).hexdigest()


LARGE = b"x" * (20 << 20)


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, FileFacts]:
    path = tmp_path / "large.part"
    path.write_bytes(LARGE)
    return path, FileFacts(len(LARGE), sha256(LARGE).hexdigest(), 1)


def uploads(bucket: Bucket) -> list[str]:
    found = bucket.store.client.list_multipart_uploads(Bucket=bucket.name)
    return [one["Key"] for one in found.get("Uploads", [])]


def test_an_upload_that_breaks_off_leaves_nothing(
    bucket: Bucket, large: tuple[Path, FileFacts], tmp_path: Path
) -> None:
    world = InBucket(bucket)
    put(world, tmp_path / "first.part")
    bucket.store.cut_at = 0
    bucket.store.fault("refuse", "PUT", code=403, reason="AccessDenied")
    with pytest.raises(OutputRefused, match="allow s3:PutObject"):
        world.output.publish(world.output.stage(NAME, *large, TAG))
    bucket.store.heal()
    assert uploads(bucket) == []
    assert b"".join(world.output.pieces(NAME)) == CONTENT


def test_parts_go_side_by_side_and_only_so_many(bucket: Bucket, tmp_path: Path) -> None:
    world = InBucket(bucket)
    content = b"".join(bytes([number]) * PIECE for number in range(7)) + b"the end"
    bucket.store.fault("slow parts", "PUT", code=AT_ONCE, query="partNumber")
    put(world, tmp_path / "export.part", content)
    assert bucket.store.most_at_once == AT_ONCE
    assert bucket.read(f"out/{NAME}") == content


def test_what_a_killed_upload_left_is_given_up(
    bucket: Bucket, large: tuple[Path, FileFacts]
) -> None:
    world = InBucket(bucket)
    begun = bucket.store.client.create_multipart_upload
    begun(Bucket=bucket.name, Key=f"out/{NAME}")
    begun(Bucket=bucket.name, Key=f"out/{NAME}2")
    world.output.publish(world.output.stage(NAME, *large, TAG))
    assert uploads(bucket) == [f"out/{NAME}2"]
    assert world.output.size(NAME) == len(LARGE)


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_the_store_is_told_how_to_encrypt(bucket: Bucket, tmp_path: Path, content: bytes) -> None:
    place = f"s3://{bucket.name}/out"
    world = InBucket(bucket)
    world.output = open_output(place, access_of(bucket, sse="aws:kms", sse_key="a-key"))
    put(world, tmp_path / "export.part", content)
    found = bucket.store.client.head_object(Bucket=bucket.name, Key=f"out/{NAME}")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"].endswith("a-key")


def test_a_link_opens_the_file_under_its_own_name(bucket: Bucket, tmp_path: Path) -> None:
    world = InBucket(bucket)
    put(world, tmp_path / "export.part")
    link = world.output.link(NAME, "attachment", 60)
    assert link
    answer = requests.get(link, timeout=20)
    assert answer.content == CONTENT
    assert KEYS[1] not in link


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [("NoSuchBucket", 404, OutputRefused), ("AccessDenied", 403, OutputRefused),
     ("SlowDown", 503, OutputError), ("InternalError", 500, OutputError),
     ("BadDigest", 400, OutputError), ("IncompleteBody", 400, OutputError),
     ("XAmzContentSHA256Mismatch", 400, OutputError), ("OperationAborted", 409, OutputError),
     ("RequestTimeTooSkewed", 403, OutputError), ("ExpiredToken", 400, OutputRefused),
     ("NotImplemented", 501, OutputRefused)],
)  # fmt: skip
def test_a_store_that_refuses_is_told_without_its_words(
    bucket: Bucket, tmp_path: Path, reason: str, code: int, kind: type[OutputError]
) -> None:
    world = InBucket(bucket)
    bucket.store.fault("refuse", "GET", "PUT", "HEAD", code=code, reason=reason)
    with pytest.raises(kind) as refused:
        put(world, tmp_path / "export.part")
    assert KEYS[0] not in str(refused.value)
    assert refused.value.again is (kind is OutputError)


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket, tmp_path: Path) -> None:
    output: Output = open_output("s3://no-such-bucket-here/x", access_of(bucket))
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(OutputRefused, match="no such bucket"):
        output.stage(NAME, tmp_path / "a", FileFacts(1, sha256(b"a").hexdigest(), 0), TAG)


def test_bytes_that_changed_in_the_spool_never_get_the_name(tmp_path: Path) -> None:
    world = Folder(tmp_path / "out")
    (tmp_path / "a").write_bytes(b"other")
    with pytest.raises(OutputError, match="read back"):
        world.output.stage(
            NAME, tmp_path / "a", FileFacts(5, sha256(b"wanted").hexdigest(), 0), TAG
        )
    assert world.names() == []


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    world = Folder(tmp_path / "out")
    put(world, tmp_path / "export.part")
    assert os.stat(tmp_path / "out" / NAME).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["ftp://x/y", "s3://UPPER/x", "s3://bucket/../x", "s3://"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="OUTPUT"):
        open_output(place)
