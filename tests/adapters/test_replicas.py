"""Replicas: the fake and the real ones under one contract, and what only a real one can show."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.errors import ConfigError, MTDataError, ReplicaError, ReplicaRefused, ReplicaWrong
from mtdata.core.s3 import S3Access
from mtdata.study.ports import Replica
from mtdata.study.replicas import ReplicaAccess, open_replica
from tests.bucket import KEYS, Bucket
from tests.contracts.replica_contract import CONTENT, DIGEST, NAME, ReplicaContract, World, stands
from tests.fakes_replica import MemoryReplica


def opened(url: str, **more: Any) -> Replica:
    keys = {"access_key": KEYS[0], "secret_key": KEYS[1], "timeout_s": 5.0}
    return open_replica(ReplicaAccess(url, "uva", S3Access(**{**keys, **more})))


class FolderWorld:
    """A folder as a replica."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "uva"
        self.replica = opened(f"file://{root}")

    def names(self) -> list[str]:
        files = (p for p in self.folder.rglob("*") if p.is_file() and p.name[0] != ".")
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def change(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def lose(self, name: str) -> None:
        (self.folder / name).unlink()

    def go_down(self) -> None:
        self.root.rename(self.root.with_name("elsewhere"))


class BucketWorld:
    """A bucket as a replica."""

    def __init__(self, bucket: Bucket, **more: Any) -> None:
        self.bucket = bucket
        self.replica = opened(f"s3://{bucket.name}/pre/fix", endpoint=bucket.store.url, **more)

    def names(self) -> list[str]:
        return [name.removeprefix("pre/fix/uva/") for name in self.bucket.names()]

    def change(self, name: str, content: bytes) -> None:
        self.bucket.change(f"pre/fix/uva/{name}", content)

    def lose(self, name: str) -> None:
        self.bucket.lose(f"pre/fix/uva/{name}")

    def go_down(self) -> None:
        self.bucket.store.fault("status", code=503, reason="SlowDown")


class TestMemoryReplica(ReplicaContract):
    @pytest.fixture
    def world(self) -> World:
        return MemoryReplica()


class TestFolderReplica(ReplicaContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FolderWorld:
        (tmp_path / "other disk").mkdir()
        return FolderWorld(tmp_path / "other disk")

    def test_files_are_the_owners_alone(self, world: FolderWorld) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        assert {path.stat().st_mode & 0o077 for path in world.folder.rglob("*")} == {0}

    def test_a_folder_that_lost_its_marker_is_a_disk_that_is_not_mounted(
        self, world: FolderWorld
    ) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.go_down()
        world.root.mkdir()
        for ask in (
            lambda: world.replica.meet(first=False),
            lambda: world.replica.put(NAME, CONTENT, DIGEST),
            lambda: stands(world),
        ):
            with pytest.raises(ReplicaError, match="mounted"):
                ask()
        assert list(world.root.iterdir()) == []

    def test_the_folder_itself_is_never_made(self, tmp_path: Path) -> None:
        replica = opened(f"file://{tmp_path}/none")
        with pytest.raises(ReplicaError, match="no such folder"):
            replica.meet(first=True)
        assert not (tmp_path / "none").exists()

    def test_a_file_in_the_way_is_told_with_its_path(self, world: FolderWorld) -> None:
        (world.folder / "raw_data").write_bytes(b"in the way")
        with pytest.raises(ReplicaError, match="raw_data"):
            world.replica.put(NAME, CONTENT, DIGEST)


class TestS3Replica(ReplicaContract):
    @pytest.fixture
    def world(self, bucket: Bucket) -> Iterator[BucketWorld]:
        world = BucketWorld(bucket)
        yield world
        world.replica.close()

    def test_the_checksum_is_asked_for_and_no_byte_is_read_to_confirm(
        self, world: BucketWorld
    ) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.bucket.store.requests.clear()
        assert stands(world)
        assert [method for method, _ in world.bucket.store.requests] == ["HEAD"]

    def test_the_store_is_told_how_to_encrypt(self, bucket: Bucket) -> None:
        world = BucketWorld(bucket, sse="aws:kms", sse_key="a-key")
        world.replica.put(NAME, CONTENT, DIGEST)
        assert stands(world)
        key = f"pre/fix/uva/{NAME}"
        found = bucket.store.client.head_object(Bucket=bucket.name, Key=key)
        assert found["ServerSideEncryption"] == "aws:kms"
        assert found["SSEKMSKeyId"].endswith("a-key")
        world.replica.close()

    def test_another_checksum_in_the_answer_to_a_put_is_an_error(self, world: BucketWorld) -> None:
        world.bucket.store.fault("other checksum", "PUT")
        with pytest.raises(ReplicaWrong, match="another checksum"):
            world.replica.put(NAME, CONTENT, DIGEST)

    def test_another_checksum_in_the_store_is_not_confirmed(self, world: BucketWorld) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.bucket.store.fault("other checksum", "HEAD")
        assert not stands(world)

    @pytest.mark.parametrize(
        ("code", "reason", "kind", "told"),
        [
            (500, "InternalError", ReplicaError, "500"),
            (503, "SlowDown", ReplicaError, "503"),
            (429, "TooManyRequests", ReplicaError, "429"),
            (400, "IncompleteBody", ReplicaError, "400"),
            (409, "OperationAborted", ReplicaError, "409"),
            (501, "NotImplemented", ReplicaRefused, "501"),
            (400, "ExpiredToken", ReplicaRefused, "REPLICAS"),
            (400, "BadDigest", ReplicaWrong, "damaged on the way"),
            (403, "AccessDenied", ReplicaRefused, "s3:PutObject"),
            (403, "InvalidAccessKeyId", ReplicaRefused, "keys"),
            (404, "NoSuchBucket", ReplicaRefused, "no such bucket"),
            (400, "AuthorizationHeaderMalformed", ReplicaRefused, "REPLICAS"),
            (403, KEYS[1], ReplicaRefused, "no reason"),
        ],
    )
    def test_what_a_store_answers_is_told_in_our_own_words(
        self, world: BucketWorld, code: int, reason: str, kind: type[MTDataError], told: str
    ) -> None:
        world.bucket.store.fault("status", "PUT", code=code, reason=reason)
        text = told_by(lambda: world.replica.put(NAME, CONTENT, DIGEST), kind)
        assert told in text
        assert KEYS[0] not in text
        assert KEYS[1] not in text

    def test_a_bucket_that_is_not_there_is_refused(self, world: BucketWorld) -> None:
        replica = opened("s3://nowhere/x", endpoint=world.bucket.store.url)
        told_by(lambda: replica.put(NAME, CONTENT, DIGEST), ReplicaRefused)
        replica.close()

    @pytest.mark.parametrize("method", ["PUT", "HEAD", "GET"])
    def test_a_store_that_hangs_is_left_after_its_time(self, bucket: Bucket, method: str) -> None:
        world = BucketWorld(bucket, timeout_s=0.2)
        world.replica.put(NAME, CONTENT, DIGEST)
        bucket.store.fault("hang", method)
        ask: dict[str, Callable[[], object]] = {
            "PUT": lambda: world.replica.put(NAME, CONTENT, DIGEST),
            "HEAD": lambda: stands(world),
            "GET": lambda: world.replica.read(NAME, 9),
        }
        assert "TIMEOUT" in told_by(ask[method], ReplicaError)
        world.replica.close()

    def test_a_port_where_nobody_listens_is_told_as_unreachable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        replica = opened("s3://bucket/x", endpoint=f"http://127.0.0.1:{port}")
        assert "cannot be reached" in told_by(lambda: stands_in(replica), ReplicaError)
        replica.close()

    def test_without_keys_and_without_a_role_it_is_told_what_to_give(self, bucket: Bucket) -> None:
        replica = opened(f"s3://{bucket.name}", endpoint=bucket.store.url,
                         access_key="", secret_key="")  # fmt: skip
        assert "ACCESS_KEY" in told_by(lambda: stands_in(replica), ReplicaRefused)
        replica.close()


class TestS3ReplicaOfAStoreWithoutChecksums(ReplicaContract):
    """It has to show the bytes."""

    @pytest.fixture
    def world(self, bucket: Bucket) -> Iterator[BucketWorld]:
        bucket.store.fault("forget", "PUT")
        world = BucketWorld(bucket)
        yield world
        world.replica.close()


class TestS3ReplicaOfAStoreThatRefusesChecksums(ReplicaContract):
    """It is asked once more without, and has to show the bytes."""

    @pytest.fixture
    def world(self, bucket: Bucket) -> Iterator[BucketWorld]:
        bucket.store.fault("no checksums", code=400, reason="InvalidArgument")
        world = BucketWorld(bucket)
        yield world
        world.replica.close()

    def test_a_byte_that_was_lost_there_is_not_confirmed(self, world: BucketWorld) -> None:
        world.bucket.store.fault("garble", "PUT")
        world.replica.put(NAME, CONTENT, DIGEST)
        assert not stands(world)

    def test_it_is_refused_once_and_not_at_every_copy(self, world: BucketWorld) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.bucket.store.requests.clear()
        world.replica.put(NAME, CONTENT, DIGEST)
        assert stands(world)
        assert [method for method, _ in world.bucket.store.requests] == ["PUT", "HEAD", "GET"]


def stands_in(replica: Replica) -> bool:
    return replica.confirm(NAME, len(CONTENT), DIGEST)


def told_by(ask: Callable[[], object], kind: type[MTDataError]) -> str:
    """All that the error says, traceback and causes included."""
    with pytest.raises(kind) as caught:
        ask()
    assert type(caught.value) is kind
    return "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "s3://Bucket_/x",
        "s3://b/x",
        "s3://bucket/a/../b",
        "s3://bucket/a b",
        "file://host/x",
        "file:///",
        "file:x",
    ],
)
def test_a_url_that_cannot_be_a_replica_is_a_fault_of_the_config(url: str) -> None:
    with pytest.raises(ConfigError, match="REPLICAS"):
        opened(url)


def test_two_sites_with_one_replica_do_not_meet(tmp_path: Path) -> None:
    for site, content in (("a", b"1"), ("b", b"2")):
        replica = open_replica(ReplicaAccess(url=f"file://{tmp_path}", site=site))
        replica.meet(first=True)
        replica.put(NAME, content, sha256(content).digest())
    assert (tmp_path / "a" / NAME).read_bytes() == b"1"
    assert (tmp_path / "b" / NAME).read_bytes() == b"2"


def test_a_replica_that_is_opened_shows_no_secret() -> None:
    access = ReplicaAccess("s3://bucket", "a", S3Access("", "", *KEYS))
    assert KEYS[0] not in repr(access) + repr(access.store)
    assert KEYS[1] not in repr(access) + repr(open_replica(access)) + open_replica(access).address
