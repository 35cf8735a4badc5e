"""The config as it holds: every key once, where it comes from, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtdata.cli.main import run
from mtdata.config.loading import load_sections
from mtdata.config.showing import ShownKey, shown_keys
from tests.unit.config_folder import Folder, keys

SECRET = "hunter2:and-more"
S3 = {"REGION": "eu", "ACCESS_KEY": SECRET, "SECRET_KEY": SECRET}
ACCOUNT = {"ADMIN_DOMAIN": "a.example.com", "TIMEZONE": "UTC", "CLICK_COLUMNS": {"A": "b.c"}}
MAIL = {"HOST": "h.example", "FROM": "a@x.org", "TO": ["b@x.org", "c@x.org"], "PASS": SECRET}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path.resolve())
    replicas = [{"URL": "s3://bucket/p", **S3}]
    made.server({"uva": keys(REPLICAS=replicas, EVERY="2m", USER=SECRET, PATH="${PLACE}/x")})
    made.file("log.config", {"MAIL": MAIL, "WEBHOOKS": [f"https://x/{SECRET}"], "DIGEST_H": 12})
    url = f"postgres://{SECRET[:7]}:{SECRET[:7]}@db.example/n"
    made.file("programme.config", {"DATABASE": url, "BROKER": f"amqp://u:{SECRET[:7]}@b.example//"})
    made.file("export.config", {"CAKE": {"east": {**ACCOUNT, **S3}}})
    sites = {"www.example.org": {"idsite": 3, "zone": "Europe/Berlin"}}
    top = {"sites": sites, "pull_bucket": "logs", "piwik_ip": "m.example", "token": SECRET}
    made.file("weblogs.config", top)
    made.environ = {
        "PLACE": "/srv/of-the-environment",
        "MTDATA_EAST_API_KEY": SECRET,
        "MTDATA_WEBLOGS_VISITOR_SECRET": SECRET,
        "MTDATA_UVA_PASSPHRASE": SECRET,
    }
    return made


def shown(folder: Folder) -> dict[tuple[str, str], ShownKey]:
    keys = shown_keys(*load_sections(folder.path, folder.environ))
    named = {(one.where, one.key): one for one in keys}
    assert len(named) == len(keys)
    return named


def test_each_key_says_where_it_comes_from(folder: Folder) -> None:
    found = shown(folder)
    site, mail = "server.config: site uva", "log.config: MAIL"
    assert found[site, "EVERY"][2:] == ("file", "120")
    assert found[site, "STATIC_AT"][2:] == ("default", "03:30")
    assert found[site, "passphrase"][2:] == ("outside", "(not shown)")
    assert found[mail, "TO"][2:] == ("file", "b@x.org, c@x.org")
    assert found["log.config", "DIGEST_H"][2:] == ("file", "12")
    assert found["daemon.config", "SCRUB_DAYS"][2:] == ("default", "7")
    account = "export.config: CAKE"
    assert found[account, "API_KEY"][2:] == ("outside", "(not shown)")
    assert found[account, "CLICK_COLUMNS"][2:] == ("file", "A: b.c")
    assert found[account, "TIMEZONE"][2:] == ("file", "UTC")


def test_what_stands_above_counts_for_a_site_as_its_own(folder: Folder) -> None:
    found, site = shown(folder), "weblogs.config: site www.example.org"
    assert found[site, "pull_bucket"][2:] == ("file", "s3://logs")
    assert found[site, "zone"][2:] == ("file", "Europe/Berlin")
    assert found["weblogs.config", "zone"][2:] == ("default", "UTC")
    assert found[site, "visitor_secret"][2:] == ("outside", "(not shown)")
    assert found[site, "token"][2:] == ("file", "(not shown)")


def test_no_secret_is_shown_nor_what_a_variable_holds(folder: Folder) -> None:
    found = shown(folder)
    told = "\n".join("\t".join(one) for one in found.values())
    assert SECRET[:7] not in told
    assert "of-the-environment" not in told
    assert found["server.config: site uva", "PATH"].value == "${PLACE}/x"
    assert found["server.config: site uva", "REPLICAS"].value == "s3://bucket/p"
    assert found["programme.config", "DATABASE"].value == "postgres://db.example:5432/n"
    assert found["programme.config", "BROKER"].value.startswith("amqp://b.example:5672")
    empty = found["programme.config", "SECRET_KEY"]
    assert empty[2:] == ("default", "")  # that there is none may be known


def test_the_database_of_who_names_none_is_told(tmp_path: Path) -> None:
    made = Folder(tmp_path.resolve()).server({"uva": keys()})
    value = shown(made)["programme.config", "DATABASE"].value
    assert value == f"sqlite:///{made.home}/state/programme.sqlite3"


def test_the_command_shows_it_as_a_table_and_as_json(
    folder: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in folder.environ.items():
        monkeypatch.setenv(name, value)
    assert run(["config", "show", "--config", str(folder.path)]) == 0
    told = capsys.readouterr()
    assert f"config {folder.path}, home {folder.home}" in told.out
    assert "DIGEST_H" in told.out
    assert run(["config", "show", "--config", str(folder.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["folder"], found["home"]) == (str(folder.path), str(folder.home))
    digest = {"where": "log.config", "key": "DIGEST_H", "from": "file", "value": "12"}
    assert digest in found["keys"]
    assert SECRET[:7] not in told.out + told.err + json.dumps(found)


def test_a_faulty_config_is_not_shown_but_told(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.file("daemon.config", {"STOP_S": "soon"})
    assert run(["config", "show", "--config", str(folder.path)]) == 78
    assert "STOP_S" in capsys.readouterr().err
