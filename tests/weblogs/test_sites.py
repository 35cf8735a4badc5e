"""A site of weblogs.config with its source, archives and limits."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from mtdata.core.errors import ConfigError, OutputRefused, UsageError
from mtdata.weblogs.blocks import blocks
from mtdata.weblogs.push import ImportedLog
from mtdata.weblogs.sites import archive_of, limits_of, site_named, source_of
from tests.bucket import KEYS, Bucket
from tests.unit.config_folder import Folder, keys

DAY = date(2026, 11, 29)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path).server({"uva": keys(READY=False)})
    (tmp_path / "logs").mkdir()
    return made.file(
        "weblogs.config",
        {
            "sites": {"www.example.org": 3, "b.example.org": {"idsite": 4, "max_ratio": 20}},
            "piwik_ip": "127.0.0.1",
            "pull_bucket": (tmp_path / "logs").as_uri(),
        },
    )


def test_a_site_is_called_by_its_domain(folder: Folder) -> None:
    settings = folder.load()
    assert site_named(settings, "WWW.example.org").idsite == 3
    with pytest.raises(UsageError, match=r"Did you mean b\.example\.org"):
        site_named(settings, "c.example.org")
    (folder.path / "weblogs.config").unlink()
    with pytest.raises(UsageError, match="names no site"):
        site_named(folder.load(), "www.example.org")


def test_limits_are_those_of_the_config(folder: Folder) -> None:
    first, second = folder.load().weblogs.sites
    assert (limits_of(first).ratio, limits_of(second).ratio) == (500, 20)
    assert limits_of(first).plain_bytes == 64 << 30


def test_logs_of_a_folder_are_archived_in_a_folder(folder: Folder) -> None:
    (folder.home / "logs/a.log").write_bytes(b"one\n")
    told = (folder.path / "weblogs.config").read_text()
    folder.file("weblogs.config", f"{told}push_bucket: {(folder.home / 'arch').as_uri()}\n")
    settings = folder.load()
    site = site_named(settings, "www.example.org")
    with source_of(site) as source, archive_of(site, DAY, settings) as archive:
        [listed] = source.listing()
        with source.open(listed) as raw:
            [block] = blocks(raw, limits=limits_of(site))
        archive.push(source, [ImportedLog(listed, 1, 1, block.end, block.digest)])
    files = sorted(path.name for path in (folder.home / "arch/www.example.org").rglob("*.*"))
    assert files == ["www.example.org-2026-11-29.json", "www.example.org-2026-11-29.zip"]


def test_without_a_place_there_is_no_archive(folder: Folder) -> None:
    settings = folder.load()
    with (
        pytest.raises(ConfigError, match="push_bucket"),
        archive_of(settings.weblogs.sites[0], DAY, settings),
    ):
        pass


def test_a_bucket_that_is_not_there_is_told_by_its_key(folder: Folder, bucket: Bucket) -> None:
    told = (folder.path / "weblogs.config").read_text()
    more = f"push_bucket: no-such-bucket\nendpoint: {bucket.store.url}\nregion: us-east-1\n"
    more += f"aws_push_access_key: {KEYS[0]}\naws_push_secret: {KEYS[1]}\n"
    settings = folder.file("weblogs.config", told + more).load()
    (folder.home / "logs/a.log").write_bytes(b"")
    site = settings.weblogs.sites[0]
    with source_of(site) as source:
        [listed] = source.listing()
    with (
        archive_of(site, DAY, settings) as archive,
        source_of(site) as source,
        pytest.raises(OutputRefused, match=r"see push_bucket in weblogs\.config"),
    ):
        archive.push(source, [ImportedLog(listed, 0, 0, 0, sha256().digest())])
