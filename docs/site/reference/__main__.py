"""Writes every page of the reference into a folder: `python -m docs.site.reference FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.site.reference import api, commands, config, files, tables

ROOMS = (api, config, commands, tables, files)
"""The API first: Django is made ready with the pages, or without."""


def write(folder: Path) -> None:
    """All of them."""
    for room in ROOMS:
        for name, content in room.pages().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
