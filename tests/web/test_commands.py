"""`mtdata web` and `mtdata user`: who is let in, where it listens, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from tests.jobs.place import SITE
from tests.preloaded import WEB, command
from tests.web.site import PASSWORD, ROLES, Visitor


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config without a site that is READY: nobody has to have one to look at jobs.

    It has tables, which take longer to make than what is tested, and nobody who may log in.
    """
    folder = tmp_path_factory.mktemp("home") / "config"
    folder.mkdir()
    (folder / "server.config").write_text(json.dumps({"study": SITE | {"READY": False}}))
    assert ended(folder, "migrate").returncode == 0
    return folder


@pytest.fixture
def config(empty: Path, tmp_path: Path) -> Path:
    """The same, for a test that enters somebody."""
    copytree(empty.parent, tmp_path / "home")
    return tmp_path / "home" / "config"


def ended(config: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return command(["--config", str(config), "--json", *words], said, WEB)


def test_a_user_gets_in_with_the_role_that_was_given_last(config: Path) -> None:
    made = ended(config, "user", "add", "anna", said=f"{PASSWORD}\n")
    assert json.loads(made.stdout) == {"name": "anna", "role": "viewer", "new": True}
    made = ended(config, "user", "add", "anna", "--admin", said=f"{PASSWORD}\n")
    assert json.loads(made.stdout) == {"name": "anna", "role": "admin", "new": False}
    state = b"".join(path.read_bytes() for path in (config.parent / "state").iterdir())
    rounds = re.search(rb"pbkdf2_sha256\$(\d+)\$", state)
    assert rounds
    assert int(rounds[1]) >= 600_000, "pages of other tests hash lightly, the program does not"
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "mtdata", "--config", str(config), "web", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    with server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
        assert found
        visitor = Visitor(found[0])
        assert visitor.log_in("anna").status_code == 302
        assert visitor.get("/admin/").status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert PASSWORD not in server.stderr.read()


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("anna", "tiny7", "too short"),
        ("anna", "", "refused"),
        ("anna", "123456789012345", "numeric"),
        ("annabellissima", "annabellissima", "similar"),
        ("no name\n", PASSWORD, "no name"),
        ("x" * 151, PASSWORD, "no name"),
    ],
)
def test_a_name_or_password_that_will_not_do_is_refused(
    empty: Path, name: str, word: str, told: str
) -> None:
    made = ended(empty, "user", "add", name, said=f"{word}\n")
    assert made.returncode == 64
    message = json.loads(made.stdout)["error"]["message"]
    assert told in message
    assert not word or word == name or word not in message


def test_it_does_not_listen_beyond_this_machine_before_somebody_can_log_in(empty: Path) -> None:
    refused = ended(empty, "web", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 78
    assert "user add" in json.loads(refused.stdout)["error"]["message"]


def test_a_place_that_is_taken_is_named(empty: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = ended(empty, "web", "--port", port)
    assert refused.returncode == 64
    assert port in json.loads(refused.stdout)["error"]["message"]


def test_the_key_that_signs_is_for_its_owner_alone(config: Path) -> None:
    ended(config, "user", "add", "anna", said=f"{PASSWORD}\n")
    secret = config.parent / "state" / "web.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.write_text("short")
    refused = ended(config, "web", "--port", "0")
    assert refused.returncode == 78
    assert "web.secret" in json.loads(refused.stdout)["error"]["message"]


def test_without_its_packages_it_says_what_brings_them(empty: Path) -> None:
    hidden = (
        "import importlib.util, runpy, sys; real = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *a: name != 'waitress' and real(name, *a);"
        "sys.argv[0] = 'mtdata'; runpy.run_module('mtdata', run_name='__main__')"
    )
    refused = subprocess.run(
        [sys.executable, "-P", "-c", hidden, "--config", str(empty), "web"],
        text=True,
        capture_output=True,
        timeout=60,
        env=os.environ,
    )
    assert refused.returncode == 78
    assert "pip install 'mtdata-collect[web]'" in refused.stderr


def test_every_role_of_the_page_has_its_group() -> None:
    from mtdata.web.access.roles import Role

    assert [role.group for role in Role if role is not Role.ANYONE] == list(ROLES)


def test_a_token_is_printed_once_and_alone(config: Path) -> None:
    ended(config, "user", "add", "anna", "--operator", said=f"{PASSWORD}\n")
    made = ended(config, "user", "token", "anna", "--scope", "viewer", "--days", "30")
    shown = json.loads(made.stdout)
    assert set(shown) == {"name", "scope", "token"}
    assert (shown["name"], shown["scope"]) == ("anna", "viewer")
    assert re.fullmatch(r"mtd_[\w-]{43}", shown["token"])
    assert shown["token"] not in made.stderr
    words = ["--config", str(config), "user", "token", "anna", "--scope", "operator"]
    plain = subprocess.run(
        [sys.executable, "-P", "-m", "mtdata", *words], text=True, capture_output=True, timeout=60
    )
    assert re.fullmatch(r"mtd_[\w-]{43}\n", plain.stdout)
    state = b"".join(path.read_bytes() for path in (config.parent / "state").iterdir())
    assert shown["token"].encode() not in state
    assert plain.stdout.strip().encode() not in state


def test_tokens_are_listed_and_removed_by_number(config: Path) -> None:
    ended(config, "user", "add", "anna", "--operator", said=f"{PASSWORD}\n")
    for _ in range(2):
        ended(config, "user", "token", "anna", "--scope", "viewer")
    shown = json.loads(ended(config, "user", "tokens", "anna").stdout)
    assert shown["name"] == "anna"
    assert [one["scope"] for one in shown["tokens"]] == ["viewer", "viewer"]
    assert all(one["made_at"] and one["ends_at"] and not one["used_at"] for one in shown["tokens"])
    assert "mtd_" not in str(shown)
    first = shown["tokens"][0]["number"]
    gone = ended(config, "user", "tokens", "anna", "--remove", str(first))
    assert json.loads(gone.stdout) == {"name": "anna", "removed": first}
    left = json.loads(ended(config, "user", "tokens", "anna").stdout)["tokens"]
    assert [one["number"] for one in left] == [shown["tokens"][1]["number"]]
    for words in (("anna", "--remove", str(first)), ("nobody",)):
        assert ended(config, "user", "tokens", *words).returncode == 64
    assert json.loads(ended(config, "user", "list").stdout)["users"] == [
        {"name": "anna", "role": "operator", "active": True}
    ]


def test_a_token_that_nobody_may_have_is_refused(config: Path) -> None:
    ended(config, "user", "add", "anna", said=f"{PASSWORD}\n")
    for words, told in (
        (("nobody", "--scope", "viewer"), "nobody who may log in"),
        (("anna", "--scope", "admin"), "goes beyond"),
        (("anna", "--scope", "viewer", "--days", "0"), "--days"),
    ):
        refused = ended(config, "user", "token", *words)
        assert refused.returncode == 64
        assert told in json.loads(refused.stdout)["error"]["message"]
        assert "mtd_" not in refused.stdout
