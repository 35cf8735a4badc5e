"""The files of a pool: raw files, sheets, and what is remembered of them."""

from __future__ import annotations

import json
from typing import Any

from mtdata.core.ports import Disk


def json_of(disk: Disk, path: str, most: int | None = None) -> Any:
    """What a JSON file, of at most so many bytes, says; None where there is none of that kind."""
    size = disk.size(path)
    try:
        return None if size is None else json.loads(disk.read(path, 0, most or size))
    except (ValueError, RecursionError):
        return None
