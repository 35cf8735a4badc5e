"""The units that are made for any place: what stands in them, and how systemd's rules quote it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mtdata.cli.main import run
from mtdata.config.samples import write_samples
from mtdata.config.service import service_needs
from mtdata.core.errors import UsageError
from mtdata.daemon import unit_words
from mtdata.daemon.units import PROGRAMS, SYSTEM_ONLY, USUAL, ServicePlace, unit_files

ROOT = Path(__file__).parents[2]
ODD = '/srv/a b/50% "of" it\'s $HOME/Ünïcode\\x'


def settings(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def test_the_units_at_the_top_are_those_that_the_program_makes() -> None:
    made = unit_files(USUAL)
    for name in PROGRAMS:
        del made[name]
    at_top = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "systemd").iterdir()}
    assert at_top == made, "call `.venv/bin/python -m tests.unit.test_unit_files`, and commit"


@pytest.mark.parametrize(
    ("text", "as_program", "as_argument", "in_list"),
    [
        ("/opt/mtdata", "/opt/mtdata", "/opt/mtdata", "/opt/mtdata"),
        ("/a b", '"/a b"', '"/a b"', "'/a b'"),
        ("/50%h", "/50%%h", "/50%%h", "/50%%h"),
        ("/a$b", '"/a$b"', '"/a$$b"', "'/a$b'"),
        ('/a"b', '"/a\\"b"', '"/a\\"b"', "'/a\"b'"),
        ("/a'b", '"/a\'b"', '"/a\'b"', "'/a'\"'\"'b'"),
        ("/a\\b", '"/a\\\\b"', '"/a\\\\b"', "'/a\\b'"),
        ("/a;b", '"/a;b"', '"/a;b"', "'/a;b'"),
        ("/Ünïcode", "/Ünïcode", "/Ünïcode", "/Ünïcode"),
    ],
)
def test_a_path_is_quoted_by_the_rules_of_its_place(
    text: str, as_program: str, as_argument: str, in_list: str
) -> None:
    assert unit_words.quoted(text) == as_program
    assert unit_words.argument(text) == as_argument
    assert unit_words.listed_path(text) == in_list


@pytest.mark.parametrize("text", ["/a\nExecStart=/evil", "/a\x00", "/a\x85b", "/a\udcff", "/a\t"])
def test_what_systemd_cannot_be_told_is_refused(text: str) -> None:
    for place in (
        ServicePlace(config=f"{text}/config"),
        ServicePlace(program=(text,)),
        ServicePlace(writable=(text,)),
    ):
        with pytest.raises(UsageError, match="another name"):
            unit_files(place)


@pytest.mark.parametrize("home", ["/a ", "/a\\"])
def test_a_home_whose_end_systemd_would_take_away_is_refused(home: str) -> None:
    with pytest.raises(UsageError, match="ends with a blank or a backslash"):
        unit_files(ServicePlace(config=f"{home}/config"))


@pytest.mark.parametrize("user", ["root user", "a%u", "Ä", "-x", "a" * 40])
def test_a_user_has_a_name_that_users_have(user: str) -> None:
    with pytest.raises(UsageError, match="no name of a user"):
        unit_files(ServicePlace(user=user))


def test_a_home_elsewhere_is_written_to_and_seen() -> None:
    files = unit_files(ServicePlace(config="/home/anna/my study/config", writable=("/mnt/a b",)))
    text = files["mtdata.service"]
    assert settings(text, "StateDirectory") == []
    assert "'/home/anna/my study'" in settings(text, "ReadWritePaths")
    assert "'/mnt/a b'" in settings(text, "ReadWritePaths")
    assert settings(text, "ProtectHome") == ["read-only"]
    assert settings(text, "WorkingDirectory") == ["/home/anna/my study"]
    in_var = unit_files(ServicePlace(config="/var/lib/other/config"))["mtdata.service"]
    assert settings(in_var, "StateDirectory") == ["other"]
    in_tmp = unit_files(ServicePlace(config="/tmp/x/config"))["mtdata.service"]
    assert settings(in_tmp, "PrivateTmp") == ["no"]


def test_for_a_users_own_systemd_there_is_nothing_that_root_alone_may_ask_for() -> None:
    files = unit_files(ServicePlace(config="/home/anna/config", user=""))
    assert not set(SYSTEM_ONLY) & set(files)
    for name, text in files.items():
        assert not settings(text, "User") + settings(text, "PrivateDevices"), name
        assert not settings(text, "LoadCredentialEncrypted") + settings(text, "Wants"), name
        assert "@" not in text.replace("mtdata-runner@", "").replace("@system-service", "").replace(
            "~@privileged @resources", ""
        ), name
        assert "`systemctl enable" not in text, name
    assert settings(files["mtdata.service"], "WantedBy") == ["default.target"]


def test_every_service_tells_systemd_when_it_is_up() -> None:
    for name, text in unit_files(USUAL).items():
        if name.endswith(".service") and name != "mtdata-once.service":
            assert settings(text, "Type") == ["notify"], name
            assert settings(text, "NotifyAccess") == ["main"], name
            assert settings(text, "WatchdogSec") == ["2min"], name


def test_what_a_config_names_elsewhere_and_whose_passwords_is_known(tmp_path: Path) -> None:
    config = tmp_path / "config"
    write_samples(config)
    text = (config / "server.config").read_text(encoding="utf-8")
    text = text.replace("PRIVATE_FILE: ", "PRIVATE_FILE: ${CREDENTIALS_DIRECTORY}/", 1)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("PATH:")]
    at = next(at for at, line in enumerate(lines) if line.lstrip().startswith("READY:"))
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at, f"{indent}PATH: /mnt/a disk/pool")
    lines.insert(at, f"{indent}REPLICAS: [file:///mnt/b%20disk/copy]")
    (config / "server.config").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (config / "daemon.config").write_text(f"METRICS: {tmp_path}/state/m.prom\n", encoding="utf-8")
    needs = service_needs(config, {})
    assert [str(folder) for folder in needs.folders][:2] == ["/mnt/a disk/pool", "/mnt/b disk/copy"]
    assert str(tmp_path / "state") not in map(str, needs.folders)
    assert needs.credentials[:6] == (
        *("mindtrails.user", "mindtrails.pass", "mindtrails.pem", "mindtrails.passphrase"),
        *("mindtrails.replica1_access_key", "mindtrails.replica1_secret_key"),
    )
    assert not [name for name in needs.credentials if "replica2" in name]


def test_the_command_prints_writes_and_says_what_it_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, folder = tmp_path / "a b" / "config", tmp_path / "units"
    config.mkdir(parents=True)
    words = ["--config", str(config), "--json", "systemd", "--site", "my-site"]
    assert run(words) == 0
    shown = {one["name"]: one["text"] for one in json.loads(capsys.readouterr().out)["files"]}
    assert "my-site.pass" in settings(shown["mtdata.service"], "LoadCredentialEncrypted")
    assert settings(shown["mtdata.service"], "ExecStart") == [
        f'{ROOT}/bin/mtdata --config "{config}" daemon'
    ]
    for states in ({"made"}, {"unchanged"}):
        assert run([*words, "--write", str(folder)]) == 0
        files = json.loads(capsys.readouterr().out)["files"]
        assert {one["state"] for one in files} == states
    (folder / "mtdata.service").write_text("mine\n")
    assert run([*words, "--write", str(folder)]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    replaced = [one["path"] for one in files if one["state"] == "replaced"]
    assert replaced == [str(folder / "mtdata.service")]
    assert (folder / "mtdata.service").read_text() == shown["mtdata.service"]
    assert (folder / "mtdata.service").stat().st_mode & 0o777 == 0o644
    assert os.access(folder / "mtdata-as-service", os.X_OK)


def test_without_a_config_it_says_so(tmp_path: Path) -> None:
    assert run(["--config", str(tmp_path / "none"), "systemd"]) == 78


def test_the_wrapper_hands_over_every_word_as_it_is(tmp_path: Path) -> None:
    place = replace(USUAL, program=(f"{ODD}/mtdata",), config=f"{ODD}/config")
    script = tmp_path / "mtdata-as-service"
    script.write_text(unit_files(place)[script.name], encoding="utf-8")
    (tmp_path / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "systemd-run").chmod(0o755)
    told = subprocess.run(
        ["sh", str(script), "jobs", "show", "a b"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    words = told.stdout.splitlines()
    end = words.index("--")
    assert words[end:] == [
        *("--", f"{ODD}/mtdata", "--config", f"{ODD}/config", "jobs", "show", "a b")
    ]
    assert "-pLoadCredentialEncrypted=mindtrails.pass" in words[:end]
    assert "--uid=mtdata" in words[:end]
    assert shlex.quote(ODD) != ODD


if __name__ == "__main__":
    for file, content in unit_files(USUAL).items():
        if file not in PROGRAMS:
            (ROOT / "systemd" / file).write_text(content, encoding="utf-8")
