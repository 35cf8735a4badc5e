"""Packages of somebody else, laid where Python finds installed ones; it tests nothing."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from venv import EnvBuilder

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "mtdata-survey"
OURS = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
"""A line of a .pth file that brings in the packages of this environment."""
Groups = Mapping[str, Mapping[str, str]]
"""Entry points by group: a name, and what it leads to."""


def lay(folder: Path, name: str, groups: Groups, version: str = "1.0", **modules: str) -> None:
    """Lay a package and its modules into a folder of packages, as an installer would."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{one} = {at}" for one, at in entries.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(dedent(text))


def lay_example(folder: Path) -> None:
    """Lay the package of docs/examples, by what its own pyproject.toml says."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(EXAMPLE / "mtdata_survey", folder / "mtdata_survey")
    lay(folder, project["name"], project["entry-points"], project["version"])


class Environment:
    """An environment of its own, with this one's packages and room for more."""

    def __init__(self, folder: Path) -> None:
        EnvBuilder(symlinks=True).create(folder)
        self.python = folder / "bin" / "python"
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.packages = folder / "lib" / version / "site-packages"
        (self.packages / "ours.pth").write_text(OURS)
