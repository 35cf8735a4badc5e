"""An order with a key where the records lie in a server: of many at once one is given."""

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

CHILD = (
    OPENED
    + """
from concurrent.futures import ThreadPoolExecutor
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client
from mtdata.jobs.records.models import Job
from mtdata.web.access import tokens
from mtdata.web.access.roles import Role
user = User.objects.create(username="ada")
user.groups.add(Group.objects.get(name="operator"))
bearer = "Bearer " + tokens.make(user, "a test", Role.OPERATOR)
order = json.dumps({"kind": "study.decode", "parameters": {"server": "study"}})
def ask(_):
    headers = {"Authorization": bearer, "Idempotency-Key": "one"}
    sent = {"content_type": "application/json", "headers": headers}
    answer = Client().generic("POST", "/api/v1/jobs", order, **sent)
    connections.close_all()
    return answer.status_code, answer.json().get("id")
with ThreadPoolExecutor(6) as crew:
    print(json.dumps([*map(list, crew.map(ask, range(6)))]))
print(Job.objects.count())
"""
)


@pytest.mark.parametrize("engine", SERVERS)
def test_of_many_orders_with_one_key_one_is_given(tmp_path: Path, engine: str) -> None:
    port = SERVERS[engine]
    if not is_there(port):
        pytest.skip(f"no {engine} server at 127.0.0.1:{port}")
    name = f"mtdata_keys_{os.getpid()}_{secrets.token_hex(3)}"
    ask(engine, f"CREATE DATABASE {name}")
    try:
        user = {"postgres": "postgres", "mysql": "root"}[engine]
        (tmp_path / "config").mkdir()
        url = f"{engine}://{user}@127.0.0.1:{port}/{name}"
        for file, keys in (
            ("server", {"study": SITE}),
            ("programme", {"DATABASE": url, "ALLOWED_HOSTS": ["testserver"]}),
        ):
            (tmp_path / "config" / f"{file}.config").write_text(json.dumps(keys))
        words = [sys.executable, "-P", "-c", CHILD, str(tmp_path / "config")]
        done = subprocess.run(words, text=True, capture_output=True, check=True)
    finally:
        ask(engine, f"DROP DATABASE {name}")
    answers, count = map(json.loads, done.stdout.splitlines())
    assert [status for status, _ in answers] == [201] * 6, done.stdout
    assert len({job for _, job in answers}) == 1
    assert count == 1
