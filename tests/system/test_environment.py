"""How a checkout makes its own environment: what is installed, and when; nothing is installed here.

The interpreter of the environment is a stand-in that writes down what it is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest

from mtdata.core.installing import DISTRIBUTION
from tests.system.home import ROOT


class Fresh:
    """A checkout with bin/, and the environment that MTDATA_VENV names."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.venv = folder / "checkout", folder / "venv"
        shutil.copytree(ROOT / "bin", self.folder / "bin")
        shutil.copytree(ROOT / "constraints", self.folder / "constraints")
        (self.folder / "setup.py").write_text("# the first\n")
        (self.folder / "constraints.txt").write_text("# the first\n")
        (self.venv / "bin").mkdir(parents=True)
        self._asked = folder / "asked"
        python = self.venv / "bin" / "python"
        python.write_text(f'#!/bin/sh\necho "$*" >>"{self._asked}"\n')
        python.chmod(0o755)

    def call(self, program: str, *words: str, **env: str) -> tuple[int, list[str]]:
        """The exit code, and what was asked of the interpreter: installing, and running."""
        self._asked.write_text("")
        ended = subprocess.run(
            [str(self.folder / "bin" / program), *words],
            env={**os.environ, "MTDATA_VENV": str(self.venv), **env},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return ended.returncode, [line for line in map(self._told, self.asked()) if line]

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines()

    def _told(self, line: str) -> str:
        """A word for each installation of what is pinned, and what runs; '' for all else."""
        if " -m mtdata" in line:
            return line
        pinned = re.search(r"pip install .*-r (\S+)$", line)
        file = Path(pinned[1]) if pinned else None
        if file is None or file.name == "build.txt":
            return ""
        return f"install {file.relative_to(self.folder)}"


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path)


def test_the_program_installs_what_it_serves_once(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "web") == (0, ["install constraints.txt", "-I -m mtdata web"])
    assert fresh.call("mtdata", "status") == (0, ["-I -m mtdata status"])
    (fresh.folder / "setup.py").write_text("# another\n")
    assert fresh.call("mtdata", "web") == (0, ["install constraints.txt", "-I -m mtdata web"])


def test_another_constraint_is_installed_as_another_setup_is(fresh: Fresh) -> None:
    for file in ("constraints.txt", "constraints/demo.txt", "constraints/build.txt"):
        assert fresh.call("mtdata", "web")[1][0] == "install constraints.txt"
        assert fresh.call("mtdata", "web") == (0, ["-I -m mtdata web"])
        (fresh.folder / file).write_text("# another\n")


def test_nothing_is_installed_that_no_hash_stands_for(fresh: Fresh) -> None:
    fresh.call("mtdata", "web")
    installs = [line for line in fresh.asked() if "pip install" in line]
    assert [line.rpartition(" ")[2].rpartition("/")[2] for line in installs] == [
        "build.txt", "constraints.txt", ".",
    ]  # fmt: skip
    assert all("--no-deps" in line for line in installs)
    assert all("--require-hashes" in line for line in installs[:-1])
    assert all("--no-build-isolation" in line for line in installs[1:])


@pytest.mark.parametrize("file", ["constraints.txt", "constraints/build.txt"])
def test_a_checkout_without_constraints_says_so(fresh: Fresh, file: str) -> None:
    (fresh.folder / file).unlink()
    assert fresh.call("mtdata", "web") == (78, [])


def test_the_tests_bring_along_what_the_program_serves(fresh: Fresh) -> None:
    assert fresh.call("test", "tests/unit") == (0, ["install constraints/test.txt"])
    assert fresh.call("mtdata", "web") == (0, ["-I -m mtdata web"])
    assert fresh.call("test", "tests/unit") == (0, [])


def test_only_the_demo_of_cake_installs_a_local_s3(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "demo") == (0, ["install constraints.txt", "-I -m mtdata demo"])
    words = ["demo", "--json", "cake"]
    ran = "-I -m mtdata demo --json cake"
    assert fresh.call("mtdata", *words) == (0, ["install constraints/demo.txt", ran])
    assert fresh.call("mtdata", *words, MTDATA_NO_INSTALL="1") == (0, [ran])
    assert fresh.call("mtdata", "status") == (0, ["-I -m mtdata status"])
    assert fresh.call("test", "tests/unit") == (0, ["install constraints/test.txt"])
    assert fresh.call("mtdata", *words) == (0, [ran])


def test_what_failed_to_come_on_top_takes_nothing_away(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "web") == (0, ["install constraints.txt", "-I -m mtdata web"])
    python = fresh.venv / "bin" / "python"
    whole = python.read_text()
    python.write_text(f'{whole}case "$*" in *demo.txt) exit 1 ;; esac\n')
    assert fresh.call("mtdata", "demo", "cake") == (69, ["install constraints/demo.txt"])
    assert fresh.call("mtdata", "web") == (0, ["-I -m mtdata web"])


def test_a_service_installs_nothing(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "web", MTDATA_NO_INSTALL="1") == (78, [])


def test_no_extra_has_more_than_the_tests_have() -> None:
    found: dict[str, set[str]] = {}
    for line in requires(DISTRIBUTION) or []:
        need, _, mark = line.partition(";")
        if extra := re.search(r"""extra == ['"](\w+)['"]""", mark):
            found.setdefault(extra[1], set()).add(need.strip())
    for extra in ("web", "mysql", "postgres", "celery"):
        assert found["served"] >= found.get(extra, set()), extra
    assert found["test"] >= found["served"] | found["demo"]
    assert found["demo"] >= found["web"]  # the page is part of every demo


def test_a_demo_brings_neither_databases_nor_celery() -> None:
    needs = [line for line in requires(DISTRIBUTION) or [] if re.search("extra == .demo", line)]
    assert needs
    assert not [line for line in needs if re.match("(?i)celery|pymysql|psycopg|duckdb", line)]
