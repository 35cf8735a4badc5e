"""weblogs.config: the original's own keys, keys under sites, each fault told once, no secret."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from mtdata.config.changes import changes
from mtdata.config.samples import samples_folder
from mtdata.config.sections import allowed_keys
from mtdata.config.weblogs import WeblogsFile, WeblogSite
from tests.unit.config_folder import Folder, keys

SECRET = "k3y-that-is-not-shown"
BASE: dict[str, Any] = {
    "sites": {"www.example.org": 3},
    "piwik_ip": "10.0.0.9",
    "pull_bucket": "511org-logs",
}
ORIGINAL = """\
aws_pull_access_key: AKIAPULL
aws_pull_secret: pull/secret+0123
aws_push_access_key: AKIAPUSH
aws_push_secret: 0123
aws_push_bucket: archive
sites:
    511.org: 1
    transit.511.org: 12
piwik_ip: http://10.1.2.3/piwik
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).server({"uva": keys(READY=False)})


def loaded(folder: Folder, told: object) -> tuple[WeblogSite, ...]:
    return folder.file("weblogs.config", told).load().weblogs.sites


def one(folder: Folder, **more: Any) -> WeblogSite:
    [site] = loaded(folder, {**BASE, **more})
    return site


def faults(folder: Folder, **more: Any) -> list[str]:
    told = {key: value for key, value in {**BASE, **more}.items() if value is not ...}
    lines = folder.file("weblogs.config", told).faults()
    assert SECRET not in "\n".join(lines)
    before = f"{folder.path / 'weblogs.config'}: "
    return [line.removeprefix(before) for line in lines]


def test_where_the_ledger_is_counts_for_the_whole_file(folder: Folder) -> None:
    def ledger(**more: Any) -> str:
        return folder.file("weblogs.config", {**BASE, **more}).load().weblogs.ledger

    assert (ledger(), ledger(ledger="records"), ledger(ledger="File")) == (
        "file",
        "records",
        "file",
    )
    assert "ledger: allowed is file or records" in faults(folder, ledger="elsewhere")[0]
    [fault] = faults(folder, sites={"www.example.org": {"idsite": 3, "ledger": "records"}})
    assert "there is no such key" in fault


def test_without_a_file_there_is_no_site(folder: Folder) -> None:
    assert folder.load().weblogs.sites == ()
    assert loaded(folder, "") == ()


def test_the_original_file_lacks_the_bucket_alone_and_that_is_told_once(folder: Folder) -> None:
    [line] = folder.file("weblogs.config", ORIGINAL).faults()
    assert "weblogs.config: pull_bucket: allowed is the name of a bucket" in line
    assert "511org-logs" in line
    first, second = loaded(folder, ORIGINAL + "pull_bucket: 511org-logs\n")
    assert [(site.domain, site.idsite) for site in (first, second)] == [
        ("511.org", 1),
        ("transit.511.org", 12),
    ]
    assert first.piwik_ip == "http://10.1.2.3/piwik"
    assert first.aws_push_secret.get_secret_value() == "0123"
    assert (first.by, first.zone, first.after_push) == ("last_modified", ZoneInfo("UTC"), "keep")
    assert len(first.flags) == 4
    assert first.push_place == "s3://archive/511.org"
    assert first.pull_store().access_key == "AKIAPULL"
    assert first.push_store().secret_key == "0123"


def test_a_key_under_a_site_counts_for_it_alone(folder: Folder) -> None:
    told = {
        **BASE,
        "timeout": "5m",
        "flags": ["enable_bots"],
        "sites": {
            "a.example.org": 1,
            "B.example.org": {"idsite": 2, "timeout": 9, "pull_bucket": "file:///var/log/b"},
        },
    }
    first, second = loaded(folder, told)
    assert (first.timeout_s, first.pull_bucket) == (300, "s3://511org-logs")
    assert (second.domain, second.timeout_s) == ("b.example.org", 9)
    assert second.pull_bucket == "file:///var/log/b"
    assert first.flags == second.flags == frozenset({"enable_bots"})


def test_a_bucket_may_stand_under_each_site(folder: Folder) -> None:
    each = {"a.org": {"idsite": 1, "pull_bucket": "aaa"}, "b.org": {"idsite": 2}}
    assert [line.split(": ")[:2] for line in faults(folder, sites=each, pull_bucket=...)] == [
        ["site b.org", "pull_bucket"]
    ]
    each["b.org"]["pull_bucket"] = "bbb"
    told = {"sites": each, "piwik_ip": "m.example.org"}
    assert [site.pull_bucket for site in loaded(folder, told)] == ["s3://aaa", "s3://bbb"]


def test_a_wrong_value_at_the_top_is_told_once_for_all_sites(folder: Folder) -> None:
    sites = {"a.org": 1, "b.org": 2}
    lines = faults(folder, sites=sites, batch=0, zone="Berlin", timeout=SECRET)
    assert sorted(line.split(": ")[0] for line in lines) == ["batch", "timeout", "zone"]


def test_every_fault_is_told_at_once(folder: Folder) -> None:
    sites = {"a.org": 0, "b.org": {"idsite": 2, "batch": SECRET}, "no domain": 4, "c.org": {}}
    lines = faults(folder, sites=sites, archive=SECRET)
    assert [":".join(line.split(":")[:2]) for line in lines] == [
        "archive: allowed is none, http, or console",
        "sites: number 3",
        "site a.org: idsite",
        "site b.org: batch",
        "site number 4: idsite",
    ]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("10.0.0.9", "http://10.0.0.9"),
        ("localhost:8080/piwik/", "http://localhost:8080/piwik"),
        ("https://Matomo.example.org/index.php", "https://matomo.example.org"),
        ("https://m.example.org/a/matomo.php", "https://m.example.org/a"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_matomo_is_named_by_a_url_with_or_without_its_scheme(
    folder: Folder, written: str, url: str
) -> None:
    assert one(folder, piwik_ip=written).piwik_ip == url


def test_a_token_that_crosses_a_network_in_clear_text_is_seen(folder: Folder) -> None:
    assert one(folder, piwik_ip="10.0.0.9").insecure
    assert not one(folder, piwik_ip="127.0.0.1").insecure
    assert not one(folder, piwik_ip="https://10.0.0.9").insecure


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"piwik_ip": f"http://u:{SECRET}@m.org"}, "piwik_ip"),
        ({"piwik_ip": "ftp://m.org"}, "piwik_ip"),
        ({"piwik_ip": "m.org/?a=b"}, "piwik_ip"),
        ({"pull_bucket": "Bucket"}, "pull_bucket"),
        ({"pull_bucket": "s3://bucket/prefix"}, "pull_bucket"),
        ({"pull_bucket": "file://etc"}, "pull_bucket"),
        ({"pull_bucket": "file:///a/../b"}, "pull_bucket"),
        ({"pull_prefix": "{day}"}, "pull_prefix"),
        ({"pull_prefix": "/a"}, "pull_prefix"),
        ({"pull_prefix": "{date:%H}"}, "pull_prefix"),
        ({"pull_prefix": "{date:}"}, "pull_prefix"),
        ({"key_pattern": "("}, "key_pattern"),
        ({"key_pattern": "x" * 2000}, "key_pattern"),
        ({"key_pattern": "access"}, "site www.example.org: by"),
        ({"by": "key"}, "site www.example.org: by"),
        ({"by": "day"}, "by"),
        ({"date_format": "%Y"}, "date_format"),
        ({"date_format": "%d%m"}, "date_format"),
        ({"date_format": "%c"}, "date_format"),
        ({"push_bucket": "x"}, "push_bucket"),
        ({"push_prefix": "../x"}, "push_prefix"),
        ({"push_prefix": "a b"}, "push_prefix"),
        ({"after_push": "delete"}, "site www.example.org: after_push"),
        ({"after_push": "burn"}, "after_push"),
        (
            {"after_push": "tag", "push_bucket": "arch", "pull_bucket": "file:///a"},
            "site www.example.org: after_push",
        ),
        ({"aws_pull_secret": SECRET}, "aws_pull_secret"),
        ({"aws_push_access_key": SECRET}, "aws_push_secret"),
        ({"endpoint": f"https://u:{SECRET}@s3.org"}, "endpoint"),
        ({"region": "EU West"}, "region"),
        ({"profile": "a b"}, "profile"),
        ({"flags": "enable_all"}, "flags"),
        ({"flags": ["none", "enable_bots"]}, "flags"),
        ({"batch": 0}, "batch"),
        ({"transactions": "maybe"}, "transactions"),
        ({"archive": "console"}, "archive"),
        ({"archive": {"console": ""}}, "archive"),
        ({"format": "Combined Log"}, "format"),
        ({"format": "regex"}, "site www.example.org: regex"),
        ({"regex": "(?P<ip>.*)"}, "site www.example.org: regex"),
        ({"zone": "Berlin"}, "zone"),
        ({"exclude_path": {"a": "b"}}, "exclude_path"),
        ({"exclude_older_than": "yesterday"}, "exclude_older_than"),
        ({"download_extensions": "tar.gz"}, "download_extensions"),
        ({"dimensions": {"colour": 1}}, "dimensions"),
        ({"dimensions": {"bot": 0}}, "dimensions"),
        ({"dimensions": {"bot": 1, "status": 1}}, "dimensions"),
        ({"visitor_id": "cookie"}, "visitor_id"),
        (
            {"visitor_id": "ip_ua", "visitor_secret": "short"},
            "site www.example.org: visitor_secret",
        ),
        ({"visitor_id": "ip_ua"}, "site www.example.org: visitor_secret"),
        ({"daily": "25:00"}, "daily"),
        ({"max_ratio": 1}, "max_ratio"),
        ({"sites": {"www.example.org": SECRET}}, "site number 1: idsite"),
        ({"sites": {SECRET: SECRET}}, "site number 1: idsite"),
        ({"sites": ["www.example.org"]}, "sites"),
        ({"sites": {"a.org": 1, "a-org": 2}}, "site number 2"),
        ({"pul_prefix": "x"}, "pul_prefix"),
        ({"idsite": 3}, "key number 3 (text of 6 characters)"),
    ],
)
def test_a_fault_is_told_by_its_key_and_no_secret(
    folder: Folder, more: dict[str, Any], key: str
) -> None:
    [line] = faults(folder, **more)
    assert line.startswith(f"{key}: ")


def test_what_is_no_mapping_is_told(folder: Folder) -> None:
    for content in (["a"], SECRET, {"sites": {}}, {"piwik_ip": "a.org"}):
        assert "sites" in "\n".join(folder.file("weblogs.config", content).faults())


def test_secrets_come_from_outside_the_file_for_all_or_for_one_site(
    folder: Folder, tmp_path: Path
) -> None:
    told = {**BASE, "sites": {"a.example.org": 1, "b.example.org": 2}, "token": "in-the-file"}
    folder.environ = {
        "MTDATA_WEBLOGS_TOKEN": "for-all",
        "MTDATA_WEBLOGS_B_EXAMPLE_ORG_TOKEN": "for-b",
        "MTDATA_WEBLOGS_AWS_PULL_ACCESS_KEY": "AKIA",
    }
    (tmp_path / "weblogs.aws_pull_secret").write_text("of-systemd\n")
    folder.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    first, second = loaded(folder, told)
    assert first.token.get_secret_value() == "for-all"
    assert second.token.get_secret_value() == "for-b"
    assert second.pull_store().secret_key == "of-systemd"
    (tmp_path / "weblogs-a-example-org.token").write_text("of-systemd-for-a")
    assert loaded(folder, told)[0].token.get_secret_value() == "of-systemd-for-a"


def test_no_secret_is_in_a_repr_nor_in_what_changed(folder: Folder) -> None:
    secrets = {"token": SECRET, "aws_pull_access_key": SECRET, "aws_pull_secret": SECRET}
    before = folder.file("weblogs.config", BASE).load()
    after = folder.file("weblogs.config", {**BASE, **secrets, "batch": 300}).load()
    assert SECRET not in repr(after) + str(after.weblogs)
    lines = changes(before, after)
    assert "weblogs.config: site www.example.org: batch 200 -> 300" in lines
    assert "weblogs.config: site www.example.org: token changed" in lines
    assert SECRET not in "\n".join(lines)


def test_a_profile_counts_where_there_are_no_keys(folder: Folder) -> None:
    pull = {"aws_pull_access_key": "AKIA", "aws_pull_secret": "x", "profile": "logs"}
    site = one(folder, **pull)
    assert (site.pull_store().profile, site.push_store().profile) == ("", "logs")
    push = {"aws_push_access_key": "AKIA", "aws_push_secret": "x"}
    [line] = faults(folder, **pull, **push)
    assert line.startswith("site www.example.org: profile: ")


def test_times_without_a_zone_are_the_sites(folder: Folder) -> None:
    site = one(
        folder,
        zone="Europe/Berlin",
        exclude_older_than="2026-06-01",
        exclude_newer_than="2026-06-02T00:00+00:00",
        daily="04:30",
    )
    assert site.exclude_older_than == datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert site.exclude_newer_than == datetime(2026, 6, 2, tzinfo=UTC)
    assert site.daily == time(4, 30)


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("none", "none"),
        ("HTTP", "http"),
        ({"console": "/var/www/console"}, "/var/www/console"),
        ("console: /var/www/console", "/var/www/console"),
    ],
)
def test_reports_are_made_by_one_of_three(folder: Folder, written: object, step: str) -> None:
    site = one(folder, archive=written)
    assert site.archive == step
    assert site.console == (Path(step) if step.startswith("/") else None)


def test_a_pattern_with_a_date_makes_it_count(folder: Folder) -> None:
    dated = r"(?P<date>\d{8})"
    assert one(folder, key_pattern=dated, date_format="%Y%m%d").by == "key"
    assert one(folder, key_pattern=dated, by="last_modified").by == "last_modified"


def test_flags_and_lists_are_written_as_people_like(folder: Folder) -> None:
    site = one(
        folder,
        flags="none",
        exclude_path="/a,b/*",
        fields="date time",
        download_extensions=".PDF,zip",
    )
    assert (site.flags, site.exclude_path) == (frozenset(), ("/a,b/*",))
    assert site.download_extensions == ("pdf", "zip")
    assert one(folder, flags=[]).flags == frozenset()
    assert one(folder, dimensions={"status": 2}).dimensions == (("status", 2),)


def test_each_key_stands_in_the_sample_and_all_of_them_are_taken(folder: Folder) -> None:
    text = (samples_folder() / "weblogs.config.sample").read_text()
    assert loaded(folder, text) == ()
    start = text.index("# aws_pull")
    told = yaml.safe_load("\n".join(line[2:] for line in text[start:].splitlines()))
    assert set(told) == {*allowed_keys(WeblogsFile), "sites"}
    plain = "\n".join(line[2:] for line in text[start:].splitlines())
    names = "PULL_ACCESS_KEY PULL_SECRET PUSH_ACCESS_KEY PUSH_SECRET MATOMO_TOKEN VISITOR_SECRET"
    folder.environ = dict.fromkeys(names.split(), "x" * 16)
    shown, other = loaded(folder, plain)
    assert (other.idsite, other.zone) == (4, ZoneInfo("America/New_York"))
    defaults = one(folder)
    shown_only = {
        *("aws_pull_access_key", "aws_pull_secret", "aws_push_access_key", "aws_push_secret"),
        *("endpoint", "region", "piwik_ip", "token", "pull_prefix", "key_pattern", "by"),
        *("push_bucket", "push_prefix", "exclude_older_than", "exclude_newer_than"),
        *("download_extensions", "dimensions", "visitor_id", "visitor_secret", "daily"),
    }
    assert shown.model_dump(exclude=shown_only) == defaults.model_dump(exclude=shown_only)
