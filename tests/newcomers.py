"""The command line, which in the end tells what of the program it has loaded; it tests nothing.

Run as a fork (tests/preloaded.py) it shows what has to be loaded again for each.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

from mtdata.cli.main import run


def main() -> int:
    """Carry out the command and print the names of modules, JSON."""
    before = set(sys.modules)
    with redirect_stdout(StringIO()):
        code = run(sys.argv[1:])
    print(json.dumps(sorted(name for name in {*sys.modules} - before if name.startswith("mtdata"))))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
