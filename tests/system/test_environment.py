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
        (self.folder / "setup.py").write_text("# the first\n")
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
        asked = self._asked.read_text().splitlines()
        wanted = [line for line in asked if "pip install" in line or " -m mtdata" in line]
        return ended.returncode, [re.sub(r".*-e (\S+)$", r"install \1", line) for line in wanted]


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path)


def test_the_program_installs_what_it_serves_once(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "web") == (0, ["install .[served]", "-I -m mtdata web"])
    assert fresh.call("mtdata", "status") == (0, ["-I -m mtdata status"])
    (fresh.folder / "setup.py").write_text("# another\n")
    assert fresh.call("mtdata", "web") == (0, ["install .[served]", "-I -m mtdata web"])


def test_the_tests_bring_along_what_the_program_serves(fresh: Fresh) -> None:
    assert fresh.call("test", "tests/unit") == (0, ["install .[test]"])
    assert fresh.call("mtdata", "web") == (0, ["-I -m mtdata web"])
    assert fresh.call("test", "tests/unit") == (0, [])


def test_only_the_demo_of_cake_installs_a_local_s3(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "demo") == (0, ["install .[served]", "-I -m mtdata demo"])
    words = ["demo", "--json", "cake"]
    ran = "-I -m mtdata demo --json cake"
    assert fresh.call("mtdata", *words) == (0, ["install .[demo]", ran])
    assert fresh.call("mtdata", *words, MTDATA_NO_INSTALL="1") == (0, [ran])
    assert fresh.call("mtdata", "status") == (0, ["-I -m mtdata status"])
    assert fresh.call("test", "tests/unit") == (0, ["install .[test]"])
    assert fresh.call("mtdata", *words) == (0, [ran])


def test_what_failed_to_come_on_top_takes_nothing_away(fresh: Fresh) -> None:
    assert fresh.call("mtdata", "web") == (0, ["install .[served]", "-I -m mtdata web"])
    python = fresh.venv / "bin" / "python"
    whole = python.read_text()
    python.write_text(f'{whole}case "$*" in *"pip install"*) exit 1 ;; esac\n')
    assert fresh.call("mtdata", "demo", "cake") == (69, ["install .[demo]"])
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
    assert found["test"] >= found["demo"] >= found["served"]
