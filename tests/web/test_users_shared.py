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
from tests.web.opened import OPENED
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
ALIKE = (
    OPENED
    + """
from django.test import Client
from mtdata.core.errors import UsageError
from mtdata.web.access import users
def call(act, *words):
    try:
        act(*words)
        return ""
    except UsageError as error:
        return str(error)
users.put("jose", sys.argv[2], "operator")
names = ("jos\u00e9", "JOSE")
found = {"called": [call(users.user_named, name) for name in names]}
told = [name.encode().decode("latin-1") for name in names]
found["came"] = [
    Client(SERVER_NAME="localhost").get("/account/", **{"mtdata.user": name}).status_code
    for name in ("jose", *told)
]
found["added"] = [call(users.put, name, "another invented word 8", "viewer") for name in names]
jose = users.user_named("jose")
found["jose"] = [users.with_role(jose), jose.check_password(sys.argv[2])]
print(json.dumps(found))
"""
)


@pytest.mark.parametrize("engine", SERVERS)
def test_nobody_is_taken_for_another_by_a_name_that_a_database_takes_for_the_same(
    tmp_path: Path, engine: str
) -> None:
    name = f"mtdata_alike_{os.getpid()}_{secrets.token_hex(3)}"
    ask(engine, f"CREATE DATABASE {name}")
    try:
        user = {"postgres": "postgres", "mysql": "root"}[engine]
        (tmp_path / "config").mkdir()
        url = f"{engine}://{user}@127.0.0.1:{SERVERS[engine]}/{name}"
        for file, keys in (
            ("server", {"study": SITE | {"READY": False}}),
            ("programme", {"DATABASE": url}),
        ):
            (tmp_path / "config" / f"{file}.config").write_text(json.dumps(keys))
        words = [sys.executable, "-P", "-c", ALIKE, str(tmp_path / "config"), PASSWORD]
        done = subprocess.run(words, text=True, capture_output=True, check=False)
    finally:
        ask(engine, f"DROP DATABASE {name}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all("nobody is called" in told for told in found["called"])
    assert found["came"] == [200, 403, 403]
    assert found["jose"] == ["operator", True]
    if engine == "mysql":
        assert all("cannot tell" in told for told in found["added"])
    else:
        assert found["added"] == ["", ""]


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
