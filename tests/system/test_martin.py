"""The cron wrapper bin/martin.sh, called as cron does; it tests nothing of what a round does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.demo.study.site import StudySite
from tests.system.checkout import BARE, PATIENCE_S, Checkout, until
from tests.system.home import ROOT, Home, row


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a checkout")


@pytest.fixture
def long_round(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    """A round that lasts until the file `end` is there."""
    begun, end = checkout.folder / "begun", checkout.folder / "end"
    checkout.does(f'touch "{begun}"; until [ -e "{end}" ]; do sleep 0.1; done')
    started = checkout.start()
    until(begun.exists)
    yield started
    end.touch()
    started.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize("shell", [*filter(shutil.which, ["sh", "dash", "bash"])])
@pytest.mark.parametrize("script", ["martin.sh", "mtdata", "env.sh"])
def test_every_shell_can_read_the_scripts(shell: str, script: str) -> None:
    subprocess.run([shell, "-n", str(ROOT / "bin" / script)], check=True)


def test_a_good_round_is_one_call_and_not_a_word(checkout: Checkout) -> None:
    file = checkout.folder / "words"
    checkout.does(f'for word; do echo "$word"; done >"{file}"; echo told; echo warned >&2')
    assert checkout.run() == (0, "")
    words = file.read_text(encoding="utf-8").splitlines()
    assert words == ["--config", str(checkout.config), "daemon", "--once"]


def test_a_failure_is_one_line_with_the_code_and_the_rest_lies_in_logs(checkout: Checkout) -> None:
    checkout.does("echo first >&2; echo 'mtdata: the disk is full' >&2; exit 74")
    code, told = checkout.run()
    log = checkout.folder / "logs" / "martin.log"
    assert code == 74
    assert told == f"mtdata: exit 74: the disk is full (all of it: {log})\n"
    assert "first\nmtdata: the disk is full" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("t INFO a\nt ERROR study: the site is down\nt INFO b", "t ERROR study: the site is down"),
        ("mtdata: no venv. This mends it:\nmtdata:     apt-get install x", "apt-get install x"),
        ("mtdata: a fault of the program: KeyError\n  File x\n    y()", "program: KeyError"),
        ("mtdata: making the environment\nt CRITICAL no room", "t CRITICAL no room"),
        ("t ERROR before\nmtdata: asked to end", "asked to end"),
        ("one\n\ntwo\n\n", "two"),
        ("", "it said nothing"),
        ("mtdata: bell \a and \x1b[31mred", "bell  and [31mred"),
    ],
)
def test_the_line_is_the_one_that_tells_most(checkout: Checkout, said: str, line: str) -> None:
    (checkout.folder / "said").write_text(said, encoding="utf-8")
    checkout.does(f'cat "{checkout.folder}/said" >&2; exit 1')
    code, told = checkout.run()
    assert (code, told.count("\n")) == (1, 1)
    assert f"{line} (all of it" in told


def test_endless_words_become_a_short_line(checkout: Checkout) -> None:
    checkout.does("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 70")
    code, told = checkout.run()
    assert (code, told.count("\n"), len(told) < 1000) == (70, 1, True)


def test_a_killed_program_is_told(checkout: Checkout) -> None:
    checkout.does("kill -9 $$")
    code, told = checkout.run()
    assert (code, told.count("\n")) == (137, 1)


def test_it_runs_with_no_environment_through_links_from_anywhere(checkout: Checkout) -> None:
    folder = checkout.folder.parent / "some bin"
    folder.mkdir()
    (folder / "first").symlink_to(os.path.relpath(checkout.martin, folder))
    (folder / "second").symlink_to("first")
    checkout.does(f'echo "$2" >"{checkout.folder}/config-named"')
    env = shutil.which("env") or "/usr/bin/env"
    subprocess.run([env, "-i", str(folder / "second")], cwd="/", check=True)
    named = (checkout.folder / "config-named").read_text(encoding="utf-8").strip()
    assert named == str(checkout.config)


def test_the_config_is_what_is_named_else_beside_bin_else_at_home(checkout: Checkout) -> None:
    named, by_variable, home = (checkout.folder.parent / name for name in ("a b", "c d", "home"))
    for folder in (named, by_variable, home / "config"):
        folder.mkdir(parents=True)
        (folder / "server.config").touch()
    checkout.does('echo "mtdata: $2" >&2; exit 1')
    env = {"MTDATA_CONFIG": str(by_variable), "HOME": str(home)}
    assert f": {named} (" in checkout.run(str(named), **env)[1]
    assert f": {by_variable} (" in checkout.run(**env)[1]
    assert f": {checkout.config} (" in checkout.run(HOME=str(home))[1]
    (checkout.config / "server.config").unlink()
    assert f": {home / 'config'} (" in checkout.run(HOME=str(home))[1]
    assert f": {checkout.config} (" in checkout.run(HOME="/nowhere")[1]


def test_a_config_that_is_not_there_is_one_line_and_78(checkout: Checkout) -> None:
    code, told = checkout.run("/not/there")
    assert (code, told.count("\n")) == (78, 1)
    assert "/not/there" in told


def test_a_second_one_ends_at_once_without_a_word(
    checkout: Checkout, long_round: subprocess.Popen[str]
) -> None:
    assert checkout.run() == (75, "")
    assert checkout.run() == (75, "")
    (checkout.folder / "end").touch()
    assert long_round.wait(PATIENCE_S) == 0
    assert checkout.run() == (0, "")


def test_another_config_does_not_wait(
    checkout: Checkout, long_round: subprocess.Popen[str], tmp_path: Path
) -> None:
    checkout.does("exit 0")
    assert checkout.run(str(tmp_path)) == (0, "")


def test_what_lasts_for_hours_is_told_once_in_so_many_hours(
    checkout: Checkout, long_round: subprocess.Popen[str]
) -> None:
    since = checkout.folder / "state" / "martin.since"
    assert checkout.run() == (75, "")
    since.write_text(str(int(time.time()) - 7 * 3600), encoding="utf-8")
    code, told = checkout.run()
    assert (code, told.count("\n")) == (75, 1)
    assert "no round has ended for 42" in told
    assert checkout.run() == (75, "")
    (checkout.folder / "end").touch()
    assert long_round.wait(PATIENCE_S) == 0
    assert not since.exists()


def test_a_pool_that_somebody_else_works_on_is_no_fault(checkout: Checkout) -> None:
    checkout.does("echo 'mtdata: another round has this pool' >&2; exit 75")
    assert checkout.run() == (75, "")
    assert checkout.run() == (75, "")


def test_when_it_is_killed_the_round_goes_on_and_keeps_the_lock(
    checkout: Checkout, long_round: subprocess.Popen[str]
) -> None:
    long_round.send_signal(signal.SIGKILL)
    long_round.wait(PATIENCE_S)
    assert checkout.run() == (75, "")
    (checkout.folder / "end").touch()
    until(lambda: checkout.run() == (0, ""))


def test_a_home_that_cannot_be_written_keeps_no_round_from_running(checkout: Checkout) -> None:
    for name in ("state", "logs"):  # files where folders should be: nobody can write below these
        (checkout.folder / name).touch()
    assert checkout.run() == (0, "")
    checkout.does("echo 'mtdata: no room' >&2; exit 74")
    code, told = checkout.run()
    assert (code, told.count("\n")) == (74, 1)
    checkout.does("exit 75")
    assert checkout.run() == (75, "")


def test_a_service_makes_no_environment_but_says_who_has_to(tmp_path: Path) -> None:
    env = {**BARE, "MTDATA_VENV": str(tmp_path / "venv"), "MTDATA_NO_INSTALL": "1"}
    program = str(ROOT / "bin" / "mtdata")
    ended = subprocess.run([program, "--version"], env=env, capture_output=True, text=True)
    assert ended.returncode == 78
    assert f"{program} --version" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_round_of_the_real_program_carries_everything_home(
    tmp_path: Path, home: Home, site: StudySite
) -> None:
    site.put("QOL", [row(1), row(2)])
    env = {**BARE, "MTDATA_VENV": sys.prefix, "MTDATA_NO_INSTALL": "1"}
    martin, config = str(ROOT / "bin" / "martin.sh"), str(home.folder / "config")
    ended = subprocess.run([martin, config], cwd="/", env=env, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert len(list((home.pool / "raw_data").glob("QOL_*.json"))) == 1


TOOLS = "id sh dirname readlink date mkdir tail awk tr cut rm touch sleep cat env".split()


def path_with(folder: Path, **scripts: str) -> str:
    """A PATH of the tools that each system has, and these scripts."""
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


CANNOT = "echo 'flock: 8: No locks available' >&2; exit"


@pytest.mark.parametrize(
    "scripts",
    [
        {},
        {"flock": f"{CANNOT} 65", "python3": "exit 1"},
        {"flock": f"{CANNOT} 65"},
        {"flock": f"{CANNOT} 1"},  # busybox has one code for both
        {"flock": "exit 71"},
        {"python3": "exit 1"},
        {"python3": "exit 127"},
    ],
)
def test_a_lock_that_cannot_be_tried_is_not_taken_for_one_that_is_held(
    checkout: Checkout, tmp_path: Path, scripts: dict[str, str]
) -> None:
    path = path_with(tmp_path / "tools", **scripts)
    checkout.does(f'touch "{checkout.folder}/did"')
    assert checkout.run(PATH=path) == (0, "")
    assert (checkout.folder / "did").exists()
    checkout.does("echo 'mtdata: .lock: cannot lock: No locks available' >&2; exit 74")
    code, told = checkout.run(PATH=path)
    assert (code, told.count("\n")) == (74, 1)
    assert "cannot lock" in told


@pytest.mark.parametrize(
    "scripts", [{"flock": "exit 1"}, {"flock": "exit 65", "python3": "exit 75"}]
)
def test_a_lock_that_is_held_is_75_whoever_tries_it(
    checkout: Checkout, tmp_path: Path, scripts: dict[str, str]
) -> None:
    assert checkout.run(PATH=path_with(tmp_path / "tools", **scripts)) == (75, "")


def test_without_flock_python_tells_that_a_round_is_at_work(
    checkout: Checkout, long_round: subprocess.Popen[str], tmp_path: Path
) -> None:
    python = f'exec "{sys.executable}" "$@"'
    path = path_with(tmp_path / "tools", python3=python)
    assert checkout.run(PATH=path) == (75, "")


def test_root_leaves_nothing_in_the_home_of_somebody_else(
    checkout: Checkout, tmp_path: Path
) -> None:
    tools = path_with(tmp_path / "tools", flock="exit 0")
    checkout.does("echo 'mtdata: x belongs to y' >&2; exit 78")
    is_root = os.geteuid() == 0  # others cannot give a folder away, and leave their log
    if is_root:
        os.chown(checkout.folder, 4321, 4321)
    code, told = checkout.run(PATH=tools)
    assert (code, told.count("\n")) == (78, 1)
    assert (checkout.folder / "logs").exists() != is_root
    assert ("all of it" in told) != is_root
