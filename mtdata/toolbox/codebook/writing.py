"""A codebook as files for people and programs, each whole at its name; it reads no answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from mtdata import __version__
from mtdata.config.reading import read_plain
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import UsageError
from mtdata.toolbox.codebook.document import page_of
from mtdata.toolbox.codebook.html_page import html_page
from mtdata.toolbox.codebook.label_files import dta, sav
from mtdata.toolbox.codebook.loading import ENDING
from mtdata.toolbox.codebook.markdown import markdown
from mtdata.toolbox.codebook.model import Codebook
from mtdata.toolbox.codebook.syntax import spss_syntax, stata_syntax
from mtdata.toolbox.codebook.table_schema import table_schema


def rendered(codebook: Codebook) -> dict[str, bytes]:
    """What a codebook becomes, by the ending of the file's name."""
    page, variables = page_of(codebook), codebook.variables
    schema = json.dumps(table_schema(codebook), ensure_ascii=False, indent=2) + "\n"
    title = codebook.title or codebook.scale
    return {
        ".md": markdown(page).encode(),
        ".html": html_page(page).encode(),
        ".schema.json": schema.encode(),
        ".sps": spss_syntax(variables).encode("utf-8-sig"),
        ".do": stata_syntax(variables).encode(),
        ".sav": sav(variables, title),
        ".dta": dta(variables, title),
    }


def write_codebook(folder: Path, codebook: Codebook, source: Path, command: str) -> list[Path]:
    """Write all that a codebook becomes into a folder, which is made when it is missing.

    The paths, in order; the side file with what they were made from is last.  StorageError, with
    each file as it was before or new as a whole.
    """
    disk, made = FolderDisk(folder), {}
    for ending, content in rendered(codebook).items():
        name = f"{codebook.scale}{ending}"
        disk.replace(name, content)
        made[name] = sha256(content).hexdigest()
    side = f"{codebook.scale}.provenance.json"
    disk.replace(side, _provenance(codebook, source, command, made))
    return [folder / name for name in [*made, side]]


def _provenance(codebook: Codebook, source: Path, command: str, made: Mapping[str, str]) -> bytes:
    told: dict[str, Any] = {
        "program": f"mtdata {__version__}",
        "command": command,
        "made_at": SystemClock().now().isoformat(timespec="seconds"),
        "codebook": {
            "file": f"{source.parent.name}/{source.name}",
            "sha256": sha256(read_plain(source)).hexdigest(),
        },
        "counts": {"variables": len(codebook.variables), "scores": len(codebook.sub_scales)},
        "files": dict(made),
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def write_draft(folder: Path, scale: str, text: str) -> Path:
    """Write a draft to `<Scale>.yaml` of a folder.  UsageError where one is there, in any case."""
    disk, name = FolderDisk(folder), f"{scale}{ENDING}"
    for other in disk.names(""):
        if other.casefold() == name.casefold():
            raise UsageError(f"{folder / other}: is there already; no draft is put in its place")
    disk.replace(name, text.encode())
    return folder / name
