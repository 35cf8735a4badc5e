"""Homes as earlier programs left them, kept as text, and put up again; it tests nothing.

Made by `python -m tests.system.keep_home FILE`; a release that changes a format keeps one more.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from tests.system.home import Home

FOLDER = Path(__file__).parent
DATABASE, PASSWORD = ".sql", "p:ss wörd"
DEVICE = 65024
KEPT = {
    "before the duties": FOLDER / "home_before_the_duties.json",
    "0.9.0": FOLDER / "home_0_9_0.json",
}
"""By the program that made it, the oldest first."""


def put_up(home: Home, kept: Path) -> Home:
    """Let the home be the one that was kept, with databases made anew from what was in them."""
    for name, text in json.loads(kept.read_text(encoding="utf-8")).items():
        path = home.folder / name.removesuffix(DATABASE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        if name.endswith(DATABASE):
            with closing(sqlite3.connect(path)) as db:
                db.executescript(text)
        else:
            path.write_bytes(_here(home, text).encode())
        path.chmod(0o600)
    home.now += timedelta(hours=1)  # later than all that it holds
    return home


def _here(home: Home, text: str) -> str:
    """With its site, its folder, its password and its disk turned to those that are here."""
    here = text.replace("SITE", home.site.url).replace("HOME", str(home.folder))
    here = here.replace(f"PASS: {PASSWORD}\n", f"PASS: {home.site.password}\n")
    return here.replace(f'"device": {DEVICE}', f'"device": {os.stat(home.folder).st_dev}')
