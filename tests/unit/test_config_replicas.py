"""REPLICAS in server.config: what is read and refused, where keys come from; never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtdata.config import SiteConfig
from tests.unit.config_folder import SECRET, Folder, fault, keys, one


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


def full(**more: Any) -> dict[str, Any]:
    base = {"URL": "s3://bucket/prefix", "ACCESS_KEY": "AKIA", "SECRET_KEY": SECRET}
    return {key: value for key, value in {**base, **more}.items() if value is not ...}


def secrets(site: SiteConfig) -> list[tuple[str, str]]:
    return [(r.store.access_key, r.store.secret_key) for r in site.replicas]


def test_a_replica_is_a_url_or_a_mapping_and_there_may_be_several(folder: Folder) -> None:
    site = one(
        folder,
        REPLICAS=[
            "s3://bucket/a/b/",
            "file:///mnt/disk",
            full(ENDPOINT="HTTPS://Minio.example.org:9000/", REGION="eu-west-1"),
        ],
    )
    assert [r.url for r in site.replicas] == [
        "s3://bucket/a/b",
        "file:///mnt/disk",
        "s3://bucket/prefix",
    ]
    assert [(r.store.endpoint, r.store.region) for r in site.replicas] == [
        *(2 * [("", "")]),
        ("https://minio.example.org:9000", "eu-west-1"),
    ]
    assert secrets(site) == [("", ""), ("", ""), ("AKIA", SECRET)]


def test_a_replica_says_how_its_store_is_addressed_and_seals(folder: Folder) -> None:
    more = {"ADDRESSING": "virtual", "SSE": "aws:kms", "SSE_KEY": "alias/answers"}
    plain, sealed = (
        replica.store
        for replica in one(folder, REPLICAS=[full(URL="s3://b"), full(**more)]).replicas
    )
    assert (plain.addressing, plain.sse, plain.sse_key) == ("", "", "")
    assert (sealed.addressing, sealed.sse, sealed.sse_key) == tuple(more.values())


def test_a_replica_waits_and_calls_itself_as_its_site_does(folder: Folder) -> None:
    [replica] = one(folder, REPLICAS="s3://b", TIMEOUT="7s", USER_AGENT="we/1").replicas
    found = (replica.store.timeout_s, replica.store.connect_timeout_s, replica.store.agent)
    assert found == (7.0, 10.0, "we/1")


def test_one_replica_needs_no_list(folder: Folder) -> None:
    assert [r.url for r in one(folder, REPLICAS="s3://bucket").replicas] == ["s3://bucket"]
    assert [r.url for r in one(folder, REPLICAS=full()).replicas] == ["s3://bucket/prefix"]


def test_values_of_a_replica_may_come_from_the_environment(folder: Folder) -> None:
    folder.environ = {"B": "bucket", "W": SECRET}
    site = one(folder, REPLICAS=["s3://${B}/1", full(URL="s3://${B}/2", SECRET_KEY="<${W}>")])
    assert [r.url for r in site.replicas] == ["s3://bucket/1", "s3://bucket/2"]
    assert secrets(site)[1] == ("AKIA", f"<{SECRET}>")
    assert "(a name of 5 letters) is not set" in fault(
        folder, REPLICAS=[full(SECRET_KEY="${UNSET}")]
    )


def test_keys_come_from_credential_then_environment_then_file(
    folder: Folder, tmp_path: Path
) -> None:
    folder.server({"u-va": keys(REPLICAS=["s3://first", full()])})
    assert secrets(folder.load().sites[0]) == [("", ""), ("AKIA", SECRET)]
    folder.environ = {
        f"MTDATA_U_VA_REPLICA{number}_{key}": f"env {number} {key}"
        for number in (1, 2)
        for key in ("ACCESS_KEY", "SECRET_KEY")
    }
    assert secrets(folder.load().sites[0]) == [
        ("env 1 ACCESS_KEY", "env 1 SECRET_KEY"),
        ("env 2 ACCESS_KEY", "env 2 SECRET_KEY"),
    ]
    folder.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    (tmp_path / "u-va.replica2_secret_key").write_text("credential\n")
    assert secrets(folder.load().sites[0])[1] == ("env 2 ACCESS_KEY", "credential")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([["s3://b"]], "number 1: it is neither"),
        (["s3://bucket", ""], "number 2: URL"),
        (["bucket/prefix"], "number 1: URL"),
        (["s3://"], "number 1: URL"),
        (["file:///"], "number 1: URL"),
        (["s3://me:hunter2@bucket"], "holds a user"),
        (["s3://bucket/a?b=1"], "holds a user, ?"),
        (["s3://bucket/../x"], "or '..'"),
        ([{"URL": "s3://b", "SECRET_KAY": "hunter2"}], "SECRET_KAY: there is no such key"),
        ([{"URL": "s3://b", "hunter2": "x"}], "a key of 7 letters: there is no such key"),
        ([{"ENDPOINT": "https://h"}], "URL"),
        ([full(ENDPOINT="ftp://h")], "ENDPOINT: it must begin with https://"),
        ([full(ENDPOINT="https://me:hunter2@h")], "ENDPOINT: no user"),
        ([full(ENDPOINT="https://h?x")], "ENDPOINT: a ? or #"),
        ([full(REGION="EU west")], "REGION"),
        ([full(ADDRESSING="hunter2")], "ADDRESSING: allowed are path, virtual, auto"),
        ([full(SSE="hunter2")], "SSE: allowed are AES256, aws:kms"),
        ([full(SSE="aws:kms", SSE_KEY="hunter 2")], "SSE_KEY: it is no name"),
        ([full(SSE="AES256", SSE_KEY="hunter2")], "SSE_KEY: only with SSE: aws:kms"),
        ([full(SECRET_KEY=...)], "ACCESS_KEY and SECRET_KEY belong together"),
        ([full(ACCESS_KEY="")], "ACCESS_KEY and SECRET_KEY belong together"),
        ([full(SECRET_KEY=["hunter2"])], "a mapping of texts"),
        ([full(URL="file:///mnt")], "a folder has a URL alone"),
        (["s3://b/1", "s3://b/1/"], "number 2: it stands there twice"),
        ([f"s3://b/{number}" for number in range(10)], "at most 9"),
    ],
)
def test_a_replica_that_cannot_be_one_is_told_with_its_number_and_no_secret(
    folder: Folder, value: object, told: str
) -> None:
    line = fault(folder, REPLICAS=value)
    assert ": REPLICAS: allowed is a list of URLs such as s3://bucket/prefix" in line
    assert told in line
    assert "hunter2" not in line


def test_the_same_bucket_at_two_endpoints_is_two_replicas(folder: Folder) -> None:
    both = [full(ENDPOINT="https://a"), full(ENDPOINT="https://b")]
    assert len(one(folder, REPLICAS=both).replicas) == 2


@pytest.mark.parametrize(
    ("endpoint", "insecure"),
    [("", False), ("https://h", False), ("http://h", True), ("http://127.0.0.1:9000", False)],
)
def test_an_endpoint_in_clear_text_over_a_network_is_called_insecure(
    folder: Folder, endpoint: str, insecure: bool
) -> None:
    [replica] = one(folder, REPLICAS=[full(ENDPOINT=endpoint)]).replicas
    assert replica.insecure is insecure


def test_no_key_of_a_replica_shows_in_what_is_printed(folder: Folder) -> None:
    folder.environ = {
        "MTDATA_UVA_REPLICA2_ACCESS_KEY": "sesame",
        "MTDATA_UVA_REPLICA2_SECRET_KEY": "sesame",
    }
    settings = folder.server({"uva": keys(REPLICAS=[full(), "s3://other"])}).load()
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    shown += f"{settings.sites[0].replicas!r} {settings.sites[0].replicas[0]}"
    for secret in ("hunter2", "sesame", "AKIA"):
        assert secret not in shown
