"""`mtdata check --offline`: the config alone, on any machine; it asks nobody and writes nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.cli.main import run
from mtdata.config import write_samples
from tests.conftest import requires_program
from tests.fakes_log import log_given_back
from tests.system.home import ROOT

SITE = {
    "READY": True,
    "DELETE_MODE": True,
    "SERVER": "https://study.example.org/api",
    "USER": "u",
    "PASS": "p",
    "PRIVATE_FILE": ["a.pem", "b.pem"],
    "PATH": "data/uva",
    "REPLICAS": ["s3://bucket/p"],
}
ACCOUNT = {"ADMIN_DOMAIN": "admin.example.com", "API_KEY": "k", "TIMEZONE": "UTC"}
WHOLE: dict[str, Any] = {
    "server.config": {"uva": SITE},
    "log.config": {
        "MAIL": {"HOST": "smtp.example.org", "FROM": "a@x.org", "TO": "b@x.org"},
        "WEBHOOKS": ["https://chat.example.org/x"],
    },
    "programme.config": {
        "DATABASE": "postgres://u:p@db.example.org/n",
        "ENGINE": "celery",
        "BROKER": "amqp://u:p@broker.example.org//",
        "OUTPUT": "s3://bucket/forms",
        "MAIL_ALLOWED": ["@x.org"],
        "TELL_JOBS": "https://mtdata.example.org",
    },
    "export.config": {"CAKE": {**ACCOUNT, "OUTPUT": "s3://bucket/cake", "DAILY_AT": "04:30"}},
    "weblogs.config": {
        "sites": {"www.example.org": 3},
        "pull_bucket": "logs",
        "piwik_ip": "https://matomo.example.org",
        "token": "t",
    },
}
"""A config of every duty, whose servers are nowhere."""
ASKS_OR_WRITES = (
    "socket,bind,connect,sendto,sendmsg,listen,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,"
    "link,linkat,symlink,symlinkat,truncate,ftruncate,chmod,fchmod,fchmodat,fsync,openat,open,creat"
)
WORKERS = frozenset(
    "requests urllib3 boto3 django cryptography Crypto celery pyarrow polars duckdb".split()
)
"""What asks, opens and reckons; each takes its time to load."""
READ_ONLY = re.compile(r'open(?:at)?\([^"]*"[^"]*", O_RDONLY')
STREAM = re.compile(r'"/dev/(?:null|tty)"')


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    with log_given_back():
        yield


def config(home: Path, files: dict[str, Any] = WHOLE) -> Path:
    folder = home / "config"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    return folder


def check(
    folder: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[tuple[str, str], tuple[str, str]]]:
    """The exit code, and verdict and words of each finding by whose and what it is."""
    code = run(["check", "--offline", *words, "--config", str(folder), "--json"])
    found = json.loads(capsys.readouterr().out).get("findings", [])
    return code, {(one["site"], one["what"]): (one["verdict"], one["told"]) for one in found}


def tree(home: Path) -> dict[str, tuple[int, int]]:
    paths = [home, *home.rglob("*")]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


@requires_program("strace", "apt-get install strace")
def test_it_asks_nobody_makes_nothing_and_writes_nothing(tmp_path: Path) -> None:
    folder, log = config(tmp_path), tmp_path.parent / f"{tmp_path.name}.strace"
    write_samples(folder)  # the codebooks, too
    before = tree(tmp_path)
    code = "import sys; from mtdata.cli.main import run; code = run(sys.argv[1:]); "
    code += "print(*sorted(sys.modules)); sys.exit(code)"
    words = [sys.executable, "-B", "-c", code, "check", "--offline", "--config", str(folder)]
    tracer = ["strace", "-f", "-qq", "-e", f"trace={ASKS_OR_WRITES}", "-e", "signal=none"]
    done = subprocess.run(
        [*tracer, "-o", str(log), *words],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    calls = [line.partition(" ")[2].strip() for line in log.read_text().splitlines()]
    log.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert any("server.config" in call for call in calls)
    assert [one for one in calls if not (READ_ONLY.match(one) or STREAM.search(one))] == []
    assert tree(tmp_path) == before
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "mtdata" in loaded
    assert not loaded & WORKERS  # it is a matter of half a second


def test_it_tells_what_every_duty_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = config(tmp_path)
    code, found = check(folder, capsys)
    assert code == 0, found
    program = "(program)"
    assert str(folder) in found[program, "files"][1]
    assert f"relative paths are taken from {tmp_path}" in found[program, "files"][1]
    assert "proven safe is deleted" in found["uva", "READY"][1]
    assert found["uva", "keys"][0] == "odd"
    assert str(tmp_path / "keys" / "a.pem") in found["uva", "keys"][1]
    assert found["uva", "REPLICAS 1"] == ("good", "s3://bucket/p")
    assert found["cake", "ADMIN_DOMAIN"][1].endswith("daily at 04:30")
    assert found["www.example.org", "pull_bucket"][1].startswith("s3://logs")
    assert found["forms", "OUTPUT"] == ("good", "s3://bucket/forms")
    assert found["forms", "MAIL_ALLOWED"][0] == "good"
    assert found[program, "MAIL"][0] == "good"
    assert found[program, "DATABASE"][0] == "odd"  # nobody proves that it is the server
    assert "amqp:// is in clear" in found[program, "BROKER"][1]


def test_what_goes_in_clear_is_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = {"URL": "s3://bucket", "ENDPOINT": "http://minio.example.org"}
    site = {**SITE, "SERVER": "http://study.example.org", "REPLICAS": [store]}
    logs = {**WHOLE["weblogs.config"], "piwik_ip": "http://matomo.example.org"}
    folder = config(tmp_path, {"server.config": {"uva": site}, "weblogs.config": logs})
    code, found = check(folder, capsys)
    assert code == 0
    for place in (("uva", "SERVER"), ("uva", "REPLICAS 1"), ("www.example.org", "piwik_ip")):
        assert found[place][0] == "odd", place


def test_keys_that_are_there_are_not_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config(tmp_path)
    (tmp_path / "keys").mkdir()
    for name in ("a.pem", "b.pem"):
        (tmp_path / "keys" / name).write_text("no key")
    assert check(folder, capsys)[1]["uva", "keys"] == ("good", "2 here, not opened")


def test_a_faulty_config_ends_with_78_and_all_its_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {**WHOLE, "daemon.config": {"STOP_S": "soon"}, "recovery.config": {"OTU": "x"}}
    folder = config(tmp_path, files)
    assert run(["check", "--offline", "--config", str(folder), "--json"]) == 78
    message = json.loads(capsys.readouterr().out)["error"]["message"]
    assert "STOP_S" in message
    assert "Did you mean OUT?" in message


def test_what_two_files_say_together_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programme = {key: WHOLE["programme.config"][key] for key in ("OUTPUT", "MAIL_ALLOWED")}
    folder = config(tmp_path, {**WHOLE, "programme.config": programme})
    code, found = check(folder, capsys)
    assert (code, found["forms", "MAIL_ALLOWED"][0]) == (78, "bad")
    assert "TELL_JOBS in programme.config" in found["forms", "MAIL_ALLOWED"][1]


def test_a_faulty_codebook_is_a_fault_of_the_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config(tmp_path)
    write_samples(folder)
    code, found = check(folder, capsys)
    assert (code, found["(program)", "codebooks"][0]) == (0, "good")
    (folder / "scales" / "QOL.yaml").write_text("scale: QOL\nvariabels: {}\n")
    assert check(folder, capsys)[0] == 78


def test_one_of_them_alone_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = config(tmp_path)
    code, found = check(folder, capsys, "cake")
    assert code == 0
    assert {site for site, _ in found} == {"cake", "(program)"}
    assert run(["check", "--offline", "nobody", "--config", str(folder)]) == 64


def test_a_test_mail_is_no_offline_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config(tmp_path)
    assert run(["check", "--offline", "--mail", "--config", str(folder)]) == 64
    assert "not allowed with" in capsys.readouterr().err


def test_a_site_whose_name_another_duty_has_as_well_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = {**WHOLE["weblogs.config"], "sites": {"uva": 3, "www.example.org": 4}}
    folder = config(tmp_path, {**WHOLE, "weblogs.config": logs})
    code, found = check(folder, capsys)
    assert (code, found["uva", "weblogs.config"][0]) == (78, "bad")
    assert "another duty has a site called uva" in found["uva", "weblogs.config"][1]


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO])
def test_a_look_that_the_disk_refuses_once_is_no_fault_of_the_program(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: int,
) -> None:
    folder, look = config(tmp_path), os.stat
    (tmp_path / "keys").mkdir(exist_ok=True)
    refused, asked = 0, [0]

    def refusing(path: Any, *more: Any, **how: Any) -> os.stat_result:
        if str(path).startswith(str(tmp_path)):
            asked[0] += 1
            if asked[0] == refused:
                raise OSError(error, os.strerror(error), str(path))
        return look(path, *more, **how)

    monkeypatch.setattr(os, "stat", refusing)
    check(folder, capsys)
    whole = asked[0]
    assert whole > 5
    for refused in range(1, whole + 1):
        asked[0] = 0
        code = run(["check", "--offline", "--config", str(folder)])
        assert code in (0, 74, 78), (refused, capsys.readouterr())
