"""Sources of web logs: a folder, and a bucket of a real server that can go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.core.errors import ConfigError
from mtdata.core.s3 import S3Access
from mtdata.weblogs.blocks import blocks
from mtdata.weblogs.source import LogSource, open_source, s3
from mtdata.weblogs.source.s3 import STRETCH
from mtdata.weblogs.source_errors import LogReplaced, LogSourceError, LogSourceRefused
from tests.bucket import KEYS, Bucket
from tests.weblogs.raw import zip_of
from tests.weblogs.source_contract import CONTENT, KEY, LARGE, SourceContract, listed, read


class InFolder:
    """A folder of the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.source: LogSource = open_source(folder.as_uri())

    def put(self, key: str, content: bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_bytes(content)
        if path.stat().st_mtime_ns == before:  # a clock that stands still for some milliseconds
            os.utime(path, ns=(before + 1, before + 1))

    def lose(self, key: str) -> None:
        (self.folder / key).unlink()

    def keys(self) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def go_down(self) -> None:
        self.folder.rename(self.folder.with_name("moved"))


def access_of(bucket: Bucket, **more: str) -> S3Access:
    how = {"access_key": KEYS[0], "secret_key": KEYS[1], "region": "us-east-1"} | more
    return S3Access(endpoint=bucket.store.url, timeout_s=20.0, **how)  # type: ignore[arg-type]


class InBucket:
    """A bucket of a real server."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.source: LogSource = open_source(f"s3://{bucket.name}", access_of(bucket))

    def put(self, key: str, content: bytes) -> None:
        self.bucket.change(key, content)

    def lose(self, key: str) -> None:
        self.bucket.lose(key)

    def keys(self) -> list[str]:
        return self.bucket.names()

    def go_down(self) -> None:
        self.bucket.store.fault("refuse", "PUT", "GET", "POST", "HEAD", "DELETE")


class TestFolder(SourceContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> InFolder:
        return InFolder(tmp_path / "logs ü")


class TestBucket(SourceContract):
    @pytest.fixture
    def world(self, bucket: Bucket) -> Iterator[InBucket]:
        made = InBucket(bucket)
        yield made
        made.source.close()


@pytest.fixture
def folder(tmp_path: Path) -> InFolder:
    return InFolder(tmp_path / "logs")


@pytest.fixture
def stored(bucket: Bucket) -> Iterator[InBucket]:
    made = InBucket(bucket)
    yield made
    made.source.close()


@pytest.mark.parametrize(
    "place", ["", "logs", "/logs", "file://logs", "s3://", "s3://b/x", "ftp://x", "file:///a\0b"]
)
def test_what_is_no_place_is_told(place: str) -> None:
    with pytest.raises(ConfigError, match="pull_bucket"):
        open_source(place)


def test_no_link_is_followed_below_the_folder(folder: InFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_bytes(CONTENT)
    (folder.folder / "out").symlink_to(tmp_path / "secret")
    (folder.folder / "file").symlink_to(tmp_path / "secret/key")
    os.mkfifo(folder.folder / "pipe")
    assert list(folder.source.listing()) == []
    assert list(folder.source.listing("out/")) == []
    folder.put("a/key", CONTENT)
    before = listed(folder, "a/key")
    (folder.folder / "a/key").unlink()
    (folder.folder / "a").rmdir()
    (folder.folder / "a").symlink_to(tmp_path / "secret")
    with pytest.raises(LogSourceError):
        read(folder, before)
    with pytest.raises(LogSourceError):
        folder.source.remove(before)
    assert (tmp_path / "secret/key").read_bytes() == CONTENT


def test_no_key_leads_out_of_the_folder(folder: InFolder, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(CONTENT)
    folder.put("key", CONTENT)
    before = listed(folder, "key")
    for key in ("../key", "a/../../key", "/key", "", "."):
        with pytest.raises(LogSourceError):
            read(folder, before.__class__(before.bucket, key, before.size, "1", before.modified))
    with pytest.raises(LogSourceError):
        list(folder.source.listing("../"))


def test_a_name_that_is_no_text_is_told_and_not_left_out(folder: InFolder) -> None:
    (folder.folder / os.fsdecode(b"\xff.log")).write_bytes(CONTENT)
    with pytest.raises(LogSourceRefused, match="not UTF-8"):
        list(folder.source.listing())


def test_a_folder_has_no_tags(folder: InFolder) -> None:
    folder.put(KEY, CONTENT)
    with pytest.raises(LogSourceRefused, match="after_push"):
        folder.source.tag(listed(folder), "a", "b")


def test_all_pages_of_a_bucket_are_listed_and_folders_are_no_logs(
    stored: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PAGE", 3)
    names = [f"logs/{number:04d}" for number in range(10)]
    for name in names:
        stored.put(name, b"")
    stored.put("logs/", b"")
    assert [one.key for one in stored.source.listing("logs/")] == names


def test_a_large_object_comes_by_stretches(stored: InBucket) -> None:
    content = LARGE * 9
    assert len(content) > 2 * STRETCH
    stored.put(KEY, content)
    one = listed(stored)
    stored.bucket.store.requests.clear()
    assert read(stored, one) == content
    assert len(stored.bucket.store.requests) == -(-len(content) // STRETCH)


def test_a_stretch_of_another_object_is_never_joined_to_the_first(stored: InBucket) -> None:
    stored.put(KEY, LARGE * 9)
    with stored.source.open(listed(stored)) as raw:
        raw.read(10)
        stored.put(KEY, (LARGE * 9)[::-1])
        assert raw.read(10) == LARGE[10:20]
        with pytest.raises(LogReplaced):
            raw.read_at(2 * STRETCH, 1)


def test_a_zip_is_read_by_its_end_first(stored: InBucket) -> None:
    lines = b"".join(b"%d\n" % number for number in range(400_000))
    stored.put(KEY, zip_of(lines, lines))
    with stored.source.open(listed(stored)) as raw:
        assert b"".join(block.data for block in blocks(raw)) == lines + lines


def test_a_small_object_is_one_request(stored: InBucket) -> None:
    stored.put(KEY, CONTENT)
    one = listed(stored)
    stored.bucket.store.requests.clear()
    assert read(stored, one) == CONTENT
    assert [method for method, _ in stored.bucket.store.requests] == ["GET"]


def test_a_tag_stands_beside_the_others(stored: InBucket) -> None:
    stored.put(KEY, CONTENT)
    of = {"Bucket": stored.bucket.name, "Key": KEY}
    stored.bucket.store.client.put_object_tagging(
        **of, Tagging={"TagSet": [{"Key": "team", "Value": "a"}, {"Key": "mtdata", "Value": "old"}]}
    )
    before = listed(stored)
    stored.source.tag(before, "mtdata", "2026/11/29/x.zip")
    tags = stored.bucket.store.client.get_object_tagging(**of)["TagSet"]
    assert {one["Key"]: one["Value"] for one in tags} == {
        "team": "a",
        "mtdata": "2026/11/29/x.zip",
    }
    stored.put(KEY, CONTENT[::-1])
    with pytest.raises(LogReplaced):
        stored.source.tag(before, "mtdata", "other")


@pytest.mark.parametrize(
    ("code", "reason", "kind", "later"),
    [
        (403, "AccessDenied", LogSourceRefused, False),
        (404, "NoSuchBucket", LogSourceRefused, False),
        (403, "InvalidObjectState", LogSourceRefused, False),
        (503, "SlowDown", LogSourceError, True),
        (500, "InternalError", LogSourceError, True),
        (400, "InvalidRequest", LogSourceRefused, False),
    ],
)
def test_a_refusal_says_whether_it_passes_and_no_key(
    stored: InBucket, code: int, reason: str, kind: type[LogSourceError], *, later: bool
) -> None:
    stored.bucket.store.fault("refuse", "GET", code=code, reason=reason)
    with pytest.raises(kind) as caught:
        list(stored.source.listing())
    assert caught.value.again == later
    assert stored.bucket.name in str(caught.value)
    assert KEYS[1] not in str(caught.value)


def test_a_store_that_hangs_is_waited_for_so_long_and_no_longer(bucket: Bucket) -> None:
    access = S3Access(
        endpoint=bucket.store.url,
        access_key=KEYS[0],
        secret_key=KEYS[1],
        region="us-east-1",
        timeout_s=0.2,
    )
    source = open_source(f"s3://{bucket.name}", access)
    bucket.store.fault("hang", "GET")
    with pytest.raises(LogSourceError, match="in time"):
        list(source.listing())
    source.close()


def test_an_answer_that_is_none_is_an_error_of_ours(stored: InBucket) -> None:
    stored.put(KEY, CONTENT)
    before = listed(stored)
    stored.bucket.store.fault("babble", "GET", reason="<cows/>")
    with pytest.raises(LogSourceError):
        read(stored, before)


def test_keys_of_a_profile_of_the_machine_are_taken(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "credentials"
    kept.write_text(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n"
        "[logs]\naws_access_key_id = AKIALOGS\naws_secret_access_key = y\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(kept))
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    source = open_source(
        f"s3://{bucket.name}", access_of(bucket, access_key="", secret_key="", profile="logs")
    )
    bucket.change(KEY, CONTENT)
    assert [one.key for one in source.listing()] == [KEY]
    assert bucket.store.signers[-1] == "AKIALOGS"
    source.close()
