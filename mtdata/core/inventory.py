"""Which program this is and what it runs on: versions and places; no config, nothing secret."""

from __future__ import annotations

import platform
import re
import shutil
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version

from mtdata.core.installing import DISTRIBUTION, PACKAGE

PATIENCE_S = 10
NOT_INSTALLED = "not installed"
_NEED = re.compile(r"([A-Za-z0-9._-]+)[^;]*(?:;(.*))?")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")
_FOR_US = ("test", "release", "notebook", "docs")
"""Extras with tools for whoever changes the program."""


def commit() -> str:
    """The commit of the checkout that this runs from; '' outside of one, or without git."""
    git, root = shutil.which("git"), PACKAGE.parent
    if git is None or not (root / ".git").exists():  # git would look in the folders above
        return ""
    try:
        words = [git, "-C", str(root), "rev-parse", "--short=12", "HEAD"]
        ended = subprocess.run(words, capture_output=True, timeout=PATIENCE_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.decode("ascii", "replace").strip()


def python() -> str:
    """The interpreter, by kind and version."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def libraries() -> dict[str, str]:
    """The libraries that setup.py names for the program itself, with their versions."""
    needs = _needs()
    names = {name for extra, names in needs.items() if extra not in _FOR_US for name in names}
    return {name: _version(name) for name in sorted(names, key=str.lower)}


def extras() -> list[str]:
    """The extras of which every library is here."""
    return sorted(
        extra
        for extra, names in _needs().items()
        if extra and NOT_INSTALLED not in map(_version, names)
    )


def drivers() -> dict[str, str]:
    """What each kind of database is spoken to with."""
    return {
        "sqlite": f"sqlite3 {sqlite3.sqlite_version}",
        "mysql": _named("PyMySQL"),
        "postgres": _named("psycopg"),
    }


def _named(name: str) -> str:
    return f"{name} {_version(name)}"


def _needs() -> dict[str, set[str]]:
    """Names of libraries by extra; those of the core by ''."""
    try:
        return _by_extra(requires(DISTRIBUTION) or ())
    except PackageNotFoundError:  # run from a folder that nobody installed
        return {}


def _by_extra(lines: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if need := _NEED.match(line):
            extra = _EXTRA.search(need[2] or "")
            if extra or not need[2]:  # other markers are of other systems
                found[extra[1] if extra else ""].add(need[1])
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NOT_INSTALLED
