"""The program with standard streams that are closed or full: the code is that of its work."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests.system.checkout import BARE
from tests.system.home import ROOT, Home, row


def ended(home: Home, words: str, streams: str) -> subprocess.CompletedProcess[str]:
    """A process of its own begun by a shell with such redirections."""
    config = shlex.quote(str(home.folder / "config"))
    program = f"{shlex.quote(sys.executable)} -m mtdata {words} --config {config} {streams}"
    how = {"cwd": ROOT, "capture_output": True, "text": True}
    return subprocess.run(["sh", "-c", program], **how, env={**os.environ}, check=False)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("words", "streams", "code"),
    [
        ("export", "<&- >&- 2>&-", 0),
        ("daemon --once", ">&- 2>&-", 0),
        ("verify", ">&-", 0),
        ("incidents", ">/dev/full", 74),
        ("incidents --json", ">&-", 74),
        ("export nobody", ">/dev/full 2>/dev/full", 64),
        ("--help", "| true", 0),
    ],
)
def test_the_exit_code_is_that_of_the_work_and_lost_output_is_74(
    home: Home, words: str, streams: str, code: int
) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.configure(DELETE_MODE=True)
    if words.startswith(("incidents", "verify")):
        home.export()
    found = ended(home, words, streams)
    assert found.returncode == code, found
    assert "Traceback" not in found.stderr
    assert "Exception" not in found.stderr
    assert found.stderr.count("\n") == (1 if code == 74 or streams == "| true" else 0), found
    if words in ("export", "daemon --once"):
        assert home.ids("QOL") == ["1", "2"]
        assert home.is_clean()


def test_the_wrapper_has_its_streams_open_before_it_opens_a_file(home: Home) -> None:
    env = {**BARE, "MTDATA_VENV": sys.prefix, "MTDATA_NO_INSTALL": "1"}
    config = shlex.quote(str(home.folder / "config"))
    home.site.put("QOL", [row(1)])
    words = f"exec {shlex.quote(str(ROOT / 'bin' / 'mtdata'))} export --config {config}"
    assert (
        subprocess.run(["sh", "-c", f"{words} <&- >&- 2>&-"], env=env, check=False).returncode == 0
    )
    assert home.ids("QOL") == ["1"]
