"""The config of the original program, recognised where somebody brings it along; it reads none."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from mtdata.config.reading import read_plain

_LINE = re.compile(rb"^(SERVER|DELETE_MODE|PRIVATE_FILE|DATE_FORMAT|TIME_FORMAT)[ \t]*=", re.M)
MOVE = (
    "this is a config of the original program: write its keys into server.config, indented under a "
    "line `name:` with the site's name, as `KEY: value` and no longer `KEY = value`"
)


def is_of_original(file: Path) -> bool:
    """Whether it has the form `KEY = value`, one site to a program."""
    with suppress(OSError):
        return bool(_LINE.search(read_plain(file)))
    return False


def site_keys(content: dict[Any, Any], known: Collection[str]) -> list[str]:
    """Keys of a site that stand where names stand."""
    return [key for key, value in content.items() if key in known and not isinstance(value, dict)]
