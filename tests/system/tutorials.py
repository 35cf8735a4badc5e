"""The commands of a tutorial, called as a reader does; what they say is held against the page.

Of a `console` block a line with `$ ` is a command, and the others are lines of its output, in that
order, where `…` stands for anything.  A demo that serves stays until the end.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.home import ROOT

TUTORIALS = ROOT / "docs" / "tutorial"
LONGEST_S = 120
MARK = "@@@ the next command @@@"


class Step(NamedTuple):
    """A command, and the lines that it has to say."""

    command: str
    said: tuple[str, ...]


def steps(text: str) -> list[Step]:
    """Every command of the page's blocks."""
    found: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ()))
            else:
                found[-1] = found[-1]._replace(said=(*found[-1].said, line))
    return found


def missing(said: str, wanted: tuple[str, ...]) -> list[str]:
    """The lines that do not stand in what was said, in that order; blanks do not count."""
    lines = [" ".join(line.split()) for line in said.splitlines()]
    lacking, place = [], 0
    for want in wanted:
        pattern = re.compile(".*".join(map(re.escape, " ".join(want.split()).split("…"))))
        found = next((n for n in range(place, len(lines)) if pattern.fullmatch(lines[n])), None)
        lacking += [want] if found is None else []
        place = place if found is None else found + 1
    return lacking


def hear_ctrl_c() -> None:
    """As at a terminal: whoever is begun in the background of a script ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Reader:
    """Somebody at a terminal, with a home of their own, who stands in a clone."""

    def __init__(self, home: Path) -> None:
        self.clone = home / "clone"
        (self.clone / "bin").mkdir(parents=True)
        (self.clone / "bin" / "mtdata").symlink_to(ROOT / "bin" / "mtdata")
        self._environ = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "MTDATA_VENV": str(Path(sys.prefix)),
            "MTDATA_NO_INSTALL": "1",
            "LANG": "C.UTF-8",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "COLUMNS": "200",
        }

    @contextmanager
    def serving(self, step: Step) -> Iterator[str]:
        """A stand-in, while the `with` lasts; what it says first."""
        command = ["sh", "-c", f"exec {step.command}"]
        with subprocess.Popen(
            command,
            cwd=self.clone,
            env=self._environ,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=hear_ctrl_c,
        ) as process:
            assert process.stdout is not None
            try:
                yield "".join(process.stdout.readline() for _ in step.said)
                process.send_signal(signal.SIGINT)
                assert process.wait(LONGEST_S) == 0
            finally:
                process.kill()  # or the `with` would wait for ever

    def called(self, steps: list[Step]) -> list[str]:
        """What each command says, one after the other in one shell; one that fails ends it."""
        script = "set -e\n" + "".join(f"{one.command}\necho {shlex.quote(MARK)}\n" for one in steps)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.clone,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_S,
        )
        *said, rest = done.stdout.split(f"{MARK}\n")
        assert done.returncode == 0, f"{steps[len(said)].command}\n{rest}"
        return said


def follow(page: Path, home: Path) -> dict[str, list[str]]:
    """Call every command of the page; by command the lines that it did not say."""
    todo, lacking = steps(page.read_text("utf-8")), {}
    reader = Reader(home)
    with ExitStack() as stack:
        for one in [one for one in todo if " --serve " in one.command]:
            said = stack.enter_context(reader.serving(one))
            lacking[one.command] = missing(said, one.said)
        called = [one for one in todo if " --serve " not in one.command]
        for one, said in zip(called, reader.called(called), strict=True):
            lacking[one.command] = missing(said, one.said)
    return {command: lines for command, lines in lacking.items() if lines}
