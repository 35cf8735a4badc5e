"""A commit of the page of which no word came back: nothing is done twice, nor told as refused."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.jobs.conftest import SERVERS, ask
from tests.jobs.place import SITE
from tests.jobs.test_lost_words import CommitCable
from tests.web.opened import OPENED

CHILD = (
    OPENED
    + """
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from mtdata.jobs.records.asking import now
from mtdata.programme.records.models import FormResponse
from mtdata.web.access import second_factor, tokens, users
from mtdata.web.access.roles import Role
from mtdata.web.models import Token
from mtdata.web.programme.forms import enter
PBKDF2PasswordHasher.iterations = 2
def cut():
    print("cut", flush=True)
    assert sys.stdin.readline()
def rows():
    of = [now(), "a@b.example", "A", "Female", True, False, "", 1, 2]
    enter([of, of])
    return FormResponse.objects.count()
def person():
    users.put("ada", "an invented word 7", "operator", new=True)
    return [one["name"] for one in users.everyone()]
def token():
    word = tokens.make(users.user_named("ada"), "a test", Role.VIEWER)
    return [tokens.user_of(word)[0].get_username(), Token.objects.count()]
def factor():
    ada = users.user_named("ada")
    device = TOTPDevice.objects.get(user=ada)
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift).token()
    return [len(second_factor.confirm(ada, f"{code:06}")), second_factor.is_on(ada)]
def password_alone():
    ada = users.user_named("ada")
    return [second_factor.remove(ada), second_factor.is_on(ada)]
found = []
for act in (rows, person, token, factor, password_alone):
    if act is factor:
        second_factor.begin(users.user_named("ada"))
    from django.db import connection
    connection.ensure_connection()
    cut()
    found.append(act())
print(json.dumps(found))
"""
)


@pytest.mark.parametrize("engine", SERVERS)
def test_what_was_committed_unheard_is_told_as_done_and_done_once(
    tmp_path: Path, engine: str
) -> None:
    name = f"mtdata_words_{os.getpid()}_{secrets.token_hex(3)}"
    ask(engine, f"CREATE DATABASE {name}")
    try:
        with closing(CommitCable(SERVERS[engine])) as cable:
            user = {"postgres": "postgres", "mysql": "root"}[engine]
            url = f"{engine}://{user}@127.0.0.1:{cable.port}/{name}"
            (tmp_path / "config").mkdir()
            for file, keys in (("server", {"study": SITE}), ("programme", {"DATABASE": url})):
                (tmp_path / "config" / f"{file}.config").write_text(json.dumps(keys))
            words = [sys.executable, "-P", "-c", CHILD, str(tmp_path / "config")]
            pipe = subprocess.PIPE
            with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
                assert child.stdin
                assert child.stdout
                assert child.stderr
                last = ""
                for line in child.stdout:
                    last = line
                    if line == "cut\n":
                        assert not cable.breaks, "it made no commit"
                        cable.break_at_commit()
                        child.stdin.write("\n")
                        child.stdin.flush()
                assert child.wait(60) == 0, child.stderr.read()
            assert not cable.breaks
    finally:
        ask(engine, f"DROP DATABASE {name}{' WITH (FORCE)' if engine == 'postgres' else ''}")
    assert json.loads(last) == [2, ["ada"], ["ada", 1], [10, True], [True, False]]
