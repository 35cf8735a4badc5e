"""Makes a home by today's program and keeps it as text, for tests of later ones; it tests nothing.

A pool with rows that are deleted on the site, rows that are owed, one that is held, a table and a
person who was erased; mails that wait; a job that is Stopped, one that is Queued; a user.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path

from mtdata.core.clock import SystemClock
from mtdata.demo.study.site import StudySite
from tests.system.home import STUDY, Home, row
from tests.system.kept_homes import DATABASE, DEVICE, PASSWORD

ODD = b'{"id":"four","session":"PRE"}'
LOG = """MAIL:
  HOST: 127.0.0.1
  PORT: 9
  TLS: none
  FROM: pool@example.org
  TO: [anna@example.org]
"""
LEFT_OUT = ("logs/", "state/web.secret", "keys/")


def _make(folder: Path, site: StudySite) -> None:
    home = Home(folder, site, lambda: ("", ""))
    SystemClock.now = lambda clock: home.now  # type: ignore[method-assign]
    home.configure(DELETE_MODE=True)
    (folder / "config" / "log.config").write_text(LOG)
    site.put("TaskLog", [row(1), row(2)], deleteable=False)
    site.put("QOL", [row(1, participant=17), row(2)])
    _run(home, "export", STUDY, "all")
    _run(home, "erase", "17", "--server", STUDY, "--field", "participant", "--yes", "--raw")
    home.configure(DELETE_MODE=False)
    site.put("QOL", [ODD, row(5), row(6, later=1)])
    _run(home, "export", STUDY, "all")
    sys.stdin = io.StringIO("an invented pass phrase of a test\n")
    _run(home, "user", "add", "carla")  # first: the page's tables want all that Django has
    for kind in ("study.export", "study.decode"):
        _run(home, "jobs", "add", kind, f"server={STUDY}")
    _run(home, "jobs", "stop", "study.export_study")


def _run(home: Home, *words: str) -> None:
    """One command, five minutes after the one before; what it says is nobody's business."""
    from mtdata.cli.main import run

    home.now += timedelta(minutes=5)
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        code = run([*words, "--config", str(home.folder / "config"), "--json"])
    if code not in (0, 1):
        raise SystemExit(f"{words}: {code}: {out.getvalue()}")


def _kept(folder: Path, url: str) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name.startswith(LEFT_OUT) or name.endswith((".lock", "-shm")):
            continue
        if path.suffix == ".sqlite3":
            yield f"{name}{DATABASE}", _dumped(path)
        elif not name.endswith(("-wal", ".migrating")):
            yield name, _anywhere(path.read_bytes().decode(), folder, url)


def _dumped(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        form = db.execute("PRAGMA user_version").fetchone()[0]
        return "\n".join([*db.iterdump(), f"PRAGMA user_version={form};", ""])


def _anywhere(text: str, folder: Path, url: str) -> str:
    device = f'"device": {os.stat(folder).st_dev}'
    return (
        text.replace(url, "SITE")
        .replace(str(folder), "HOME")
        .replace(device, f'"device": {DEVICE}')
    )


def main(target: Path) -> None:
    """Keep a home there."""
    with tempfile.TemporaryDirectory() as folder, StudySite(password=PASSWORD) as site:
        _make(Path(folder), site)
        kept = dict(_kept(Path(folder), site.url))
    target.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
