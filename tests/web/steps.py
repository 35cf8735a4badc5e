"""What pages and lists of the API cost SQLite with few jobs and with many; no test itself.

`python -m tests.web.steps FOLDER FEW MANY PATH...` prints for each path the two numbers of steps
of SQLite's virtual machine: no clock, so nothing else at work has a part in them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from mtdata.config import load
from mtdata.duties import KINDS

WHO = "anna"


def main(folder: Path, few: int, many: int, paths: list[str]) -> None:
    """Print a JSON object of path: [with few, with many]."""
    from mtdata.web.setting import open_web

    open_web(load(folder, os.environ), KINDS)  # before any record is loaded
    from benchmarks.scale import crowd

    crowd.add_queued(30)
    crowd.add_ended(0, few)
    visitor = _visitor()
    first = [_steps(visitor, path) for path in paths]
    crowd.add_ended(few, many)
    both = zip(first, [_steps(visitor, path) for path in paths], strict=True)
    sys.stdout.write(json.dumps(dict(zip(paths, both, strict=True))))


def _visitor() -> object:
    from django.contrib.auth.models import Group, User
    from django.test import Client

    user = User.objects.create_user(WHO)
    user.groups.set(Group.objects.all())
    visitor = Client(SERVER_NAME="localhost", headers={"accept": "text/html"})
    visitor.force_login(user, "mtdata.web.access.guests.PasswordBackend")
    return visitor


def _steps(visitor: object, path: str) -> int:
    from django.db import connection

    visitor.get(path)  # type: ignore[attr-defined]  # what is made once
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 100)
    answer = visitor.get(path)  # type: ignore[attr-defined]
    connection.ensure_connection()
    connection.connection.set_progress_handler(None, 0)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")
    return count


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
