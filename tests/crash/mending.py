"""Run as a process: two clean rounds, `decode --check` and `verify`, each as the command line does.

Reads config folders, a line each, and answers each with a line: a JSON list of {"command", "exit",
"shown", "err"}.  Each is done by a fork of its own: the imports take longest, and are made once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

COMMANDS = ("export uva all", "export uva all", "decode uva all --check", "verify uva")
ROOT = Path(__file__).resolve().parents[2]


class Menders:
    """Processes that mend, as many as there are at a time; they end with this process."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()

    def mend(self, config: Path) -> list[dict[str, Any]]:
        """Two clean rounds, `decode --check` and `verify` on that config folder."""
        try:
            mender = self._idle.get_nowait()
        except Empty:
            mender = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.mending"], cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(),
            )  # fmt: skip
        assert mender.stdin
        assert mender.stdout
        print(config, file=mender.stdin, flush=True)
        line = mender.stdout.readline()
        assert line, f"the mending process itself ended with {mender.wait()}"
        self._idle.put(mender)
        told: list[dict[str, Any]] = json.loads(line)
        return told

    def dismiss(self) -> None:
        """End them."""
        while not self._idle.empty():
            with self._idle.get() as mender:
                assert mender.stdin
                mender.stdin.close()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MTDATA_")}


def main() -> None:
    """Serve until there are no more lines."""
    from mtdata.adapters import cipher  # noqa: F401 - what every command will need
    from mtdata.cli.main import run

    for line in sys.stdin:
        if not (child := os.fork()):
            _look_at_damage(run, line.strip())
            told = [_told(run, command, line.strip()) for command in COMMANDS]
            os.write(1, (json.dumps(told) + "\n").encode())
            os._exit(0)
        os.waitpid(child, 0)


def _look_at_damage(run: Any, config: str) -> None:
    """A read that was refused keeps deletes back until `verify` found all well: as a person would.

    Nothing else may look like damage after a cut.
    """
    found = _told(run, "incidents uva", config)["shown"].get("sites", {}).get("uva", {})
    if any(one["kind"] == "pool_damaged" for one in found.get("incidents", [])):
        _told(run, "verify uva", config)


def _told(run: Any, command: str, config: str) -> dict[str, Any]:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = run([*command.split(), "--json", "--config", config])
    shown = json.loads(out.getvalue())
    return {"command": command, "exit": code, "shown": shown, "err": err.getvalue()}


if __name__ == "__main__":
    main()
