"""What must be in the archives: samples, templates, wrapper scripts, pages that messages name."""

from __future__ import annotations

import re
import tarfile
import zipfile
from pathlib import Path

from release.calls import Failed

_NAMED = re.compile(
    r"(?<![\w/])(docs/[\w.-]+\.(?:md|yml|json)|bin/[a-z_.]+[a-z]|systemd/[\w@.-]+\w)"
)
_FOREIGN = {"bin/sh", "bin/python", "bin/env"}
"""Of other programs."""
_OF_CHECKOUT = {"bin/image"}
"""Told to who builds images, for which a checkout is needed."""
_KINDS = {".py", ".sample", ".html", ".service", ".socket", ".timer", ""}
"""Files of the package that people are told something by."""


def named_files(root: Path) -> set[str]:
    """The pages, scripts and units of the checkout that the program's own words name."""
    files = [file for file in (root / "mtdata").rglob("*") if file.suffix in _KINDS]
    texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
    named = {name for text in texts for name in _NAMED.findall(text)} - _FOREIGN
    named -= _OF_CHECKOUT
    return {name for name in named if (root / name).is_file()}


def place_in_wheel(name: str) -> str:
    """Where a wheel has what a checkout has there, below the folder of an environment."""
    return name if name.startswith("bin/") else f"share/mtdata/{name}"


def check_archives(source: Path, sdist: Path, wheel: Path) -> str:
    """How many files each has; Failed where one that is needed is missing, or one is too many."""
    in_sdist, in_wheel = sdist_names(sdist), wheel_names(wheel)
    named = named_files(source)
    package = {
        file.relative_to(source).as_posix()
        for file in (source / "mtdata").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    wanted = {place_in_wheel(name) for name in named - {"bin/mtdata"}} | package
    checkout = {
        file.relative_to(source).as_posix()
        for top in ("bin", "constraints", "deploy", "docs", "config", "systemd", "tests", "mtdata")
        for file in (source / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    for archive, missing in ((wheel, wanted - in_wheel), (sdist, checkout - in_sdist)):
        if missing:
            raise Failed(f"{archive.name} lacks {', '.join(sorted(missing))}", 65)
    for archive, names in ((wheel, in_wheel), (sdist, in_sdist)):
        if private := sorted(name for name in names if is_private(name)):
            raise Failed(f"{archive.name} has what is private: {', '.join(private)}", 65)
    return f"{len(in_sdist)} files in the source archive, {len(in_wheel)} in the wheel"


def is_private(name: str) -> bool:
    """Whether it belongs to one installation: a config, a key, an environment."""
    folder, _, last = name.rpartition("/")
    if folder == "keys":
        return last != "README.md"
    return (folder == "config" and not last.endswith(".sample")) or folder.startswith(".venv")


def sdist_names(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as opened:
        return {one.name.partition("/")[2] for one in opened.getmembers() if one.isfile()}


def wheel_names(wheel: Path) -> set[str]:
    """Names as they lie in an environment; modules as in a checkout."""
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    moved = (re.sub(r"^[^/]+\.data/data/", "", name) for name in names)
    return {re.sub(r"^[^/]+\.data/scripts/", "bin/", name) for name in moved}
