"""Run as a process: two clean rounds, `decode --check` and `verify`, each as the command line does.

Prints a JSON list of {"command", "exit", "shown"}; one process, because starting takes longest.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

from mtdata.cli.main import run

COMMANDS = ("export uva all", "export uva all", "decode uva all --check", "verify uva")


def main(config: str) -> None:
    told = []
    for command in COMMANDS:
        with redirect_stdout(StringIO()) as out:
            code = run([*command.split(), "--json", "--config", config])
        told.append({"command": command, "exit": code, "shown": json.loads(out.getvalue())})
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
