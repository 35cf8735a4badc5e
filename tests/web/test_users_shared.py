"""Users and tokens where the records lie in a server of their own, whose locks know less."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.brokers import is_there
from tests.jobs.conftest import SERVERS, ask
from tests.jobs.place import SITE
from tests.web.site import PASSWORD

CALLS = (
    ("migrate",),
    ("user", "add", "ada", "--admin"),
    ("user", "token", "ada", "--scope", "admin"),
    ("user", "remove", "ada"),
    ("user", "add", "ada", "--operator"),
    ("user", "add", "ｂｏ", "--admin"),  # noqa: RUF001
    ("user", "tokens", "ada"),
    ("user", "remove", "ada"),
    ("user", "tokens", "ada"),
    ("user", "list"),
)
CODES = [0, 0, 0, 64, 64, 0, 0, 0, 0, 0]
CHILD = """
import io, json, sys
from mtdata.cli.main import run
codes = []
for words in json.loads(sys.argv[2]):
    sys.stdin = io.StringIO(sys.argv[3])
    codes.append(run(["--config", sys.argv[1], "--json", *words]))
print(json.dumps(codes))
"""


@pytest.mark.parametrize("engine", SERVERS)
def test_accounts_end_and_an_admin_stays_in_every_database(tmp_path: Path, engine: str) -> None:
    port = SERVERS[engine]
    if not is_there(port):
        pytest.skip(f"no {engine} server at 127.0.0.1:{port}")
    name = f"mtdata_users_{os.getpid()}_{secrets.token_hex(3)}"
    ask(engine, f"CREATE DATABASE {name}")
    try:
        user = {"postgres": "postgres", "mysql": "root"}[engine]
        (tmp_path / "config").mkdir()
        for file, keys in (
            ("server", {"study": SITE | {"READY": False}}),
            ("programme", {"DATABASE": f"{engine}://{user}@127.0.0.1:{port}/{name}"}),
        ):
            (tmp_path / "config" / f"{file}.config").write_text(json.dumps(keys))
        words = [str(tmp_path / "config"), json.dumps(CALLS), PASSWORD]
        done = subprocess.run(
            [sys.executable, "-P", "-c", CHILD, *words], text=True, capture_output=True, check=True
        )
    finally:
        ask(engine, f"DROP DATABASE {name}")
    *told, codes = [json.loads(line) for line in done.stdout.splitlines()]
    assert codes == CODES, done.stdout + done.stderr
    assert len(told[-4]["tokens"]) == 1
    assert told[-2]["tokens"] == [], "they ended with the account"
    assert told[-1]["users"] == [
        {"name": "ada", "role": "admin", "active": False},
        {"name": "bo", "role": "admin", "active": True},
    ]
