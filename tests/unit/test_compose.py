"""deploy/compose.yaml: secrets are files, no password has a default, services tell how they are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mtdata.config import load
from tests.image.compose_file import FILE, ROOT, environ_of, in_order, read_compose
from tests.image.engine import USER

SECRETS = {"database_pass", "broker_pass", "admin_pass"}
OURS = {"prepare", "daemon", "web", "runner-1", "runner-2"}


@pytest.fixture
def compose() -> dict[str, Any]:
    return read_compose({"MTDATA_SECRETS": "/s"})


def test_without_secrets_it_is_refused_before_anything_starts() -> None:
    for environ in ({}, {"MTDATA_SECRETS": ""}):
        with pytest.raises(ValueError, match="MTDATA_SECRETS: call deploy/prepare first"):
            read_compose(environ)


def test_every_secret_is_a_file_and_no_password_stands_anywhere(compose: dict[str, Any]) -> None:
    assert compose["secrets"] == {name: {"file": f"/s/{name}"} for name in SECRETS}
    used = {name for one in compose["services"].values() for name in one["secrets"]}
    assert used == SECRETS
    for service in compose["services"].values():
        named = [key for key in service.get("environment", {}) if "PASS" in key]
        assert all(key.endswith("_FILE") for key in named), named
    defaults = re.findall(r"\$\{([A-Z_]+):-", FILE.read_text("utf-8"))
    assert set(defaults) == {"MTDATA_IMAGE", "POSTGRES_IMAGE", "RABBITMQ_IMAGE", "MTDATA_PORT"}


def test_every_service_tells_how_it_is_or_ends_by_itself(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        check = service["healthcheck"]
        if name == "prepare":
            assert (check, service["restart"]) == ({"disable": True}, "no")
            continue
        assert check["test"][0] == "CMD", name
        assert {"interval", "timeout", "start_period", "retries"} <= set(check), name
    asked = {
        name: compose["services"][name]["healthcheck"]["test"][-1] for name in OURS - {"prepare"}
    }
    assert asked == {"daemon": "daemon", "web": "web", "runner-1": "runner", "runner-2": "runner"}


def test_each_waits_for_those_that_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    well, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    for name in OURS - {"prepare"}:
        assert services[name]["depends_on"] == {"database": well, "broker": well, "prepare": done}
    assert "depends_on" not in services["prepare"], "podman 4.3 starts nothing behind two others"
    order = in_order(services)
    assert max(map(order.index, ("database", "broker", "prepare"))) < order.index("daemon")


def test_ours_may_do_nothing_but_their_work(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["user"] == f"{USER}:{USER}"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "./config:/etc/mtdata:ro" in service["volumes"]
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:8080:8080"]
    for name in ("database", "broker"):
        assert "ports" not in compose["services"][name]
        assert compose["services"][name]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}


def test_the_config_of_the_services_takes_its_passwords_from_files(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "deploy" / "config", config)
    for name in ("database_pass", "broker_pass"):
        (tmp_path / name).write_text(f"{name}-4711\n")
    how = load(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).programme
    assert how.database is not None
    assert (how.database.host, how.database.password) == ("database", "database_pass-4711")
    assert how.engine == "celery"
    assert how.broker is not None
    assert how.broker.host == "broker"
    assert how.broker.password == "broker_pass-4711"


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """A copy of what deploy/prepare works in."""
    ours = shutil.ignore_patterns(".env", "secrets", "server.config")
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=ours)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "deploy"


def prepared(deploy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(deploy / "prepare"), *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_prepare_makes_passwords_that_only_the_containers_see(deploy: Path) -> None:
    done = prepared(deploy)
    assert done.returncode == 0, done.stderr
    folder = deploy / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    found = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(found) == SECRETS
    assert all(re.fullmatch(r"[0-9a-f]{48}", word) for word in found.values())
    assert len(set(found.values())) == len(SECRETS)
    assert all(file.stat().st_mode & 0o777 == 0o444 for file in folder.iterdir())
    assert environ_of(deploy / ".env") == {"MTDATA_SECRETS": str(folder)}
    assert (deploy / "config" / "server.config").read_bytes() == (
        ROOT / "config" / "server.config.sample"
    ).read_bytes()
    assert not any(word in done.stdout + done.stderr for word in found.values())


def test_prepare_overwrites_nothing(deploy: Path) -> None:
    prepared(deploy)
    (deploy / "config" / "server.config").write_text("mine")
    before = {file: file.read_bytes() for file in deploy.rglob("*") if file.is_file()}
    done = prepared(deploy)
    assert done.returncode == 0, done.stderr
    assert {file: file.read_bytes() for file in deploy.rglob("*") if file.is_file()} == before


def test_prepare_refuses_what_will_not_do(deploy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert prepared(deploy, str(tmp_path / "file")).returncode == 74
    assert prepared(deploy, "a", "b").returncode == 64
    assert prepared(deploy, str(tmp_path / "a b")).returncode == 64
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "broker_pass").write_text("")
    done = prepared(deploy, str(tmp_path / "other"))
    assert (done.returncode, done.stderr) == (
        78, f"mtdata: {tmp_path}/other/broker_pass is empty; remove it and call again\n"
    )  # fmt: skip
    assert not (deploy / ".env").exists(), "so nothing starts"
