"""Run as a process: two clean rounds, `decode --check` and `verify`, each as the command line does.

Takes a config folder and prints one line: a JSON list of {"command", "exit", "shown", "err"}.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from tests.preloaded import Order, run

COMMANDS = ("export uva all", "export uva all", "decode uva all --check", "verify uva")


def mend(config: Path) -> list[dict[str, Any]]:
    """Two clean rounds, `decode --check` and `verify` on that config folder."""
    code, out, err = run(Order("tests.crash.mending", [str(config)], plain_environment()))
    assert code == 0, f"the mending process itself ended with {code}: {err}"
    told: list[dict[str, Any]] = json.loads(out)
    return told


def plain_environment() -> dict[str, str]:
    """That of this process, without what leads the program elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MTDATA_")}


def main() -> None:
    """Carry out all of them and print the line."""
    from mtdata.cli.main import run as carry_out

    _look_at_damage(carry_out, sys.argv[1])
    told = [_told(carry_out, command, sys.argv[1]) for command in COMMANDS]
    print(json.dumps(told), flush=True)
    os._exit(0)  # nobody looks at how an interpreter is taken to pieces


def _look_at_damage(carry_out: Any, config: str) -> None:
    """A read that was refused keeps deletes back until `verify` found all well: as a person would.

    Nothing else may look like damage after a cut.
    """
    found = _told(carry_out, "incidents uva", config)["shown"].get("sites", {}).get("uva", {})
    if any(one["kind"] == "pool_damaged" for one in found.get("incidents", [])):
        _told(carry_out, "verify uva", config)


def _told(carry_out: Any, command: str, config: str) -> dict[str, Any]:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = carry_out([*command.split(), "--json", "--config", config])
    shown = json.loads(out.getvalue())
    return {"command": command, "exit": code, "shown": shown, "err": err.getvalue()}


if __name__ == "__main__":
    main()
