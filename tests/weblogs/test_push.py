"""A day's logs in one archive: the same bytes again, proven, never in the place of what is gone."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from mtdata.core.errors import OutputError
from mtdata.core.output import Output, open_output
from mtdata.weblogs.blocks import blocks
from mtdata.weblogs.manifest import manifest_from, written
from mtdata.weblogs.push import DayArchive, ImportedLog, archive_name
from mtdata.weblogs.release import TAG, ReleasedLogs, release
from mtdata.weblogs.source import LogObject
from mtdata.weblogs.source_errors import ChangedLog, LogReplaced
from tests.bucket import Bucket
from tests.fakes_output import MemoryOutput
from tests.weblogs.raw import MemoryLog, zip_of
from tests.weblogs.test_sources import InBucket, InFolder, access_of

SITE, DAY = "www.example.org", date(2026, 11, 29)
NAME = "2026/11/29/www.example.org-2026-11-29"
ONE, TWO = b"one\ntwo\n", b"three\n"


@pytest.fixture
def logs(tmp_path: Path) -> InFolder:
    return InFolder(tmp_path / "logs")


def imported(world: InFolder | InBucket, *keys: str) -> list[ImportedLog]:
    """What a ledger would know of these logs, or of all."""
    return [
        of_object(world, listed)
        for listed in world.source.listing()
        if not keys or listed.key in keys
    ]


def of_object(world: InFolder | InBucket, listed: LogObject) -> ImportedLog:
    with world.source.open(listed) as raw:
        found = list(blocks(raw))
    lines = sum(block.lines for block in found)
    end, digest = (found[-1].end, found[-1].digest) if found else (0, sha256().digest())
    return ImportedLog(listed, lines, lines, end, digest)


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_names_sort_by_day_and_number() -> None:
    names = [
        archive_name(SITE, date(2026, 9, 30)),
        archive_name(SITE, date(2026, 10, 1)),
        archive_name(SITE, DAY) + ".zip",
        archive_name(SITE, DAY, 2) + ".zip",
    ]
    assert names[2:] == [f"{NAME}.zip", f"{NAME}-002.zip"]
    assert sorted(names[:2]) == names[:2]


def test_a_day_becomes_one_archive_and_a_manifest(logs: InFolder) -> None:
    logs.put("b.log.gz", gzip.compress(TWO))
    logs.put("a/../x.log".replace("../", ""), ONE)
    logs.put("c.zip", zip_of(b"x", b"y\n"))
    logs.put("empty", b"")
    output = MemoryOutput()
    pushed = DayArchive(output, SITE, DAY).push(logs.source, imported(logs))
    assert pushed is not None
    assert (pushed.archives, pushed.files, pushed.is_new) == ((f"{NAME}.zip",), 4, True)
    assert sorted(output.files) == [f"{NAME}.json", f"{NAME}.zip"]
    assert members(output.files[f"{NAME}.zip"]) == {
        "000001.0000-x.log": ONE,
        "000002.0000-b.log": TWO,
        "000003.0000-c": b"x",
        "000003.0001-c": b"y\n",
        "000004.0000-empty": b"",
    }
    told = json.loads(output.files[f"{NAME}.json"])
    assert (told["lines"], told["site"], told["day"]) == (5, SITE, "2026-11-29")
    assert told["sha256"] == sha256(output.files[f"{NAME}.zip"]).hexdigest()
    first = told["files"][0]
    assert (first["key"], first["bytes"], first["lines"]) == ("a/x.log", len(ONE), 2)
    assert first["sha256"] == sha256(ONE).hexdigest()


def test_the_archive_can_be_read_as_a_log_again(logs: InFolder) -> None:
    logs.put("a", ONE)
    logs.put("b", TWO)
    output = MemoryOutput()
    DayArchive(output, SITE, DAY).push(logs.source, imported(logs))
    found = blocks(MemoryLog(output.files[f"{NAME}.zip"]))
    assert b"".join(block.data for block in found) == ONE + TWO


def test_the_same_logs_are_the_same_bytes_whatever_order_they_come_in(logs: InFolder) -> None:
    for number in range(5):
        logs.put(f"{number}.gz", gzip.compress(b"%d\n" % number * 100_000))
    made = []
    for order in (1, -1):
        output = MemoryOutput()
        DayArchive(output, SITE, DAY).push(logs.source, imported(logs)[::order])
        made.append(output.files)
    assert made[0] == made[1]


def test_a_day_without_logs_has_no_archive(logs: InFolder) -> None:
    output = MemoryOutput()
    assert DayArchive(output, SITE, DAY).push(logs.source, []) is None
    assert output.files == {}


def test_a_second_push_puts_nothing_and_needs_no_log(logs: InFolder) -> None:
    logs.put("a", ONE)
    output, known = MemoryOutput(), imported(logs)
    archive = DayArchive(output, SITE, DAY)
    first = archive.push(logs.source, known)
    before = dict(output.files)
    logs.lose("a")
    again = archive.push(logs.source, known)
    assert first
    assert again
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.archives, again.size) == (first.archives, first.size)
    assert output.files == before


def test_a_late_log_comes_into_the_same_archive_while_all_can_be_read(logs: InFolder) -> None:
    output = MemoryOutput()
    archive = DayArchive(output, SITE, DAY)
    logs.put("b", TWO)
    archive.push(logs.source, imported(logs))
    logs.put("a", ONE)
    pushed = archive.push(logs.source, imported(logs))
    assert pushed
    assert pushed.archives == (f"{NAME}.zip",)
    assert list(members(output.files[f"{NAME}.zip"]).values()) == [ONE, TWO]


def test_a_log_that_grew_takes_the_place_of_its_beginning(logs: InFolder) -> None:
    output = MemoryOutput()
    archive = DayArchive(output, SITE, DAY)
    logs.put("a", ONE)
    archive.push(logs.source, imported(logs))
    logs.put("a", ONE + TWO)
    pushed = archive.push(logs.source, imported(logs))
    assert pushed
    assert pushed.archives == (f"{NAME}.zip",)
    assert list(members(output.files[f"{NAME}.zip"]).values()) == [ONE + TWO]


@pytest.mark.parametrize("content", [b"", b"other, and longer than it was\n"])
def test_what_can_be_read_no_more_is_never_overwritten(logs: InFolder, content: bytes) -> None:
    output = MemoryOutput()
    archive = DayArchive(output, SITE, DAY)
    logs.put("a", ONE)
    before = imported(logs)
    archive.push(logs.source, before)
    logs.lose("a")
    if content:
        logs.put("a", content)
    logs.put("b", TWO)
    known = imported(logs) if content else before + imported(logs)
    pushed = archive.push(logs.source, known)
    assert pushed
    assert pushed.archives == (f"{NAME}.zip", f"{NAME}-002.zip")
    assert list(members(output.files[f"{NAME}.zip"]).values()) == [ONE]
    later = [content, TWO] if content else [TWO]
    assert list(members(output.files[f"{NAME}-002.zip"]).values()) == later
    again = archive.push(logs.source, known)
    assert again
    assert not again.is_new
    logs.put("c", b"last\n")
    third = archive.push(logs.source, [*known, *imported(logs, "c")])
    assert third
    assert third.archives[-1] == f"{NAME}-003.zip"


def changed(logs: InFolder) -> list[ImportedLog]:
    """What was imported is not what is read now: other bytes, fewer, more."""
    logs.put("a", ONE)
    [one] = imported(logs)
    wrong = [(one.end, sha256(b"").digest()), (one.end + 1, one.digest), (one.end - 1, one.digest)]
    return [ImportedLog(one.listed, 2, 2, end, digest) for end, digest in wrong]


def test_other_bytes_than_were_imported_are_not_archived(logs: InFolder) -> None:
    for one in changed(logs):
        output = MemoryOutput()
        with pytest.raises(ChangedLog):
            DayArchive(output, SITE, DAY).push(logs.source, [one])
        assert output.files == {}


def test_a_log_that_is_gone_is_told_and_nothing_is_put(logs: InFolder, tmp_path: Path) -> None:
    logs.put("a", ONE)
    logs.put("b", TWO)
    known = imported(logs)
    logs.lose("b")
    output = open_output(str(tmp_path / "archive"))
    with pytest.raises(LogReplaced):
        DayArchive(output, SITE, DAY).push(logs.source, known)
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []


def test_an_archive_that_was_damaged_there_is_put_again(logs: InFolder) -> None:
    logs.put("a", ONE)
    output, known = MemoryOutput(), imported(logs)
    archive = DayArchive(output, SITE, DAY)
    archive.push(logs.source, known)
    whole = dict(output.files)
    output.files[f"{NAME}.zip"] = whole[f"{NAME}.zip"][:-1] + b"x"
    assert archive.manifests() == []
    pushed = archive.push(logs.source, known)
    assert pushed
    assert pushed.is_new
    assert output.files == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"form": 1}', b"\xff", b"[" * 100_000, b'{"form": 1, "files": 3}'],
)
def test_a_manifest_that_is_none_stops_and_nothing_is_overwritten(
    logs: InFolder, content: bytes
) -> None:
    logs.put("a", ONE)
    output = MemoryOutput()
    output.files[f"{NAME}.json"] = content
    with pytest.raises(OutputError, match="manifest"):
        DayArchive(output, SITE, DAY).push(logs.source, imported(logs))
    assert output.files == {f"{NAME}.json": content}


def test_a_manifest_comes_back_as_it_was(logs: InFolder) -> None:
    logs.put("ä 1.log", ONE)
    output = MemoryOutput()
    archive = DayArchive(output, SITE, DAY)
    archive.push(logs.source, imported(logs))
    [manifest] = archive.manifests()
    assert written(manifest) == output.files[f"{NAME}.json"]
    assert manifest_from([written(manifest)]) == manifest


# --- what becomes of the pulled ones


def pushed_to(output: Output, logs: InFolder | InBucket) -> tuple[DayArchive, list[ImportedLog]]:
    logs.put("a", ONE)
    logs.put("b", TWO)
    archive, known = DayArchive(output, SITE, DAY), imported(logs)
    archive.push(logs.source, known)
    return archive, known


def test_pulled_logs_stay_unless_that_is_asked(logs: InFolder) -> None:
    archive, known = pushed_to(MemoryOutput(), logs)
    assert release(logs.source, archive, known, "keep") == ReleasedLogs((), (), ())
    assert logs.keys() == ["a", "b"]


def test_pulled_logs_are_deleted_once_their_bytes_are_proven(logs: InFolder) -> None:
    archive, known = pushed_to(MemoryOutput(), logs)
    logs.put("c", b"never archived\n")
    found = release(logs.source, archive, [*known, *imported(logs, "c")], "delete")
    assert found == ReleasedLogs(("a", "b"), ("c",), ())
    assert logs.keys() == ["c"]


def _damaged(output: MemoryOutput) -> None:
    output.files[f"{NAME}.zip"] = output.files[f"{NAME}.zip"][:-1] + b"x"


def _shortened(output: MemoryOutput) -> None:
    output.files[f"{NAME}.zip"] = output.files[f"{NAME}.zip"][:-1]


def _lost(output: MemoryOutput) -> None:
    del output.files[f"{NAME}.zip"]


def _without_manifest(output: MemoryOutput) -> None:
    del output.files[f"{NAME}.json"]


@pytest.mark.parametrize("harm", [_damaged, _shortened, _lost, _without_manifest])
def test_nothing_is_deleted_without_an_archive_that_reads_back(
    logs: InFolder, harm: Callable[[MemoryOutput], None]
) -> None:
    output = MemoryOutput()
    archive, known = pushed_to(output, logs)
    harm(output)
    assert release(logs.source, archive, known, "delete").unproven == ("a", "b")
    assert logs.keys() == ["a", "b"]


def test_a_log_that_changed_since_is_not_deleted(logs: InFolder) -> None:
    archive, known = pushed_to(MemoryOutput(), logs)
    logs.put("a", ONE + TWO)
    found = release(logs.source, archive, known, "delete")
    assert found == ReleasedLogs(("b",), (), ("a",))
    assert logs.keys() == ["a"]


def test_from_bucket_to_bucket_and_back(bucket: Bucket) -> None:
    world = InBucket(bucket)
    output = open_output(f"s3://{bucket.name}/mtclog/{SITE}", access_of(bucket))
    archive, known = pushed_to(output, world)
    at = f"mtclog/{SITE}/{NAME}"
    assert bucket.names() == ["a", "b", f"{at}.json", f"{at}.zip"]
    assert list(members(bucket.read(f"{at}.zip")).values()) == [ONE, TWO]
    release(world.source, archive, known[:1], "tag")
    tags = bucket.store.client.get_object_tagging(Bucket=bucket.name, Key="a")["TagSet"]
    assert tags == [{"Key": TAG, "Value": f"{NAME}.zip"}]
    assert release(world.source, archive, known, "delete").released == ("a", "b")
    assert bucket.names() == [f"{at}.json", f"{at}.zip"]
    again = archive.push(world.source, known)
    assert again
    assert not again.is_new
    output.close()
    world.source.close()
