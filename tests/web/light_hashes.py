"""The command line with passwords that are hashed in no time: those of the tests open nothing.

A page of the tests hashes as this does (tests/web/server.py).  The rounds of the program itself are
those of tests/web/test_commands.py, which calls it as it is.
"""

from __future__ import annotations

import sys

ROUNDS = 2


def lighten() -> None:
    """From now on this process hashes passwords with ROUNDS rounds."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = ROUNDS


if __name__ == "__main__":
    from mtdata.cli.main import run

    lighten()
    raise SystemExit(run(sys.argv[1:]))
