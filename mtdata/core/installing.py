"""How this program is installed and how people are told to: never a name that brings another one.

`mtdata` in Python's package index is somebody else's; ours is called otherwise there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

DISTRIBUTION = "mtdata-collect"
STRANGER = "mtdata"
"""The name of a program for machine translation in that index; ours was it until 0.9."""
PACKAGE = Path(__file__).resolve().parents[1]


_BROUGHT_BY = dict.fromkeys("duckdb pyarrow polars pyreadstat".split(), "toolbox")
"""The extra that brings a library, of those that are looked for only when they are used."""


def install(extra: str) -> str:
    """The command that brings an extra of ours; an image has no pip and is built anew."""
    if os.environ.get("MTDATA_IMAGE"):
        return "bin/image --extras served"
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def lacking(library: str | None) -> str:
    """What to say where that library is missing; '' for one that no extra brings."""
    extra = _BROUGHT_BY.get(library or "", "")
    return f"{library} is not installed; `{install(extra)}` brings it" if extra else ""


def documents() -> Path | None:
    """The folder of the pages that messages name (docs/): of the checkout, else of the wheel."""
    places = (PACKAGE.parent / "docs", Path(sys.prefix) / "share" / "mtdata" / "docs")
    return next((place for place in places if (place / "OPERATING.md").is_file()), None)


def stranger() -> str:
    """What is wrong where another program's `mtdata` lies in the same environment; '' for nothing.

    Which of the two is imported, and which answers to `mtdata`, is then a matter of chance.
    """
    from importlib.metadata import PackageNotFoundError, version  # it takes its time

    try:
        found = version(STRANGER)
    except PackageNotFoundError:
        return ""
    return (
        f"the package {STRANGER} {found} lies in the same environment, and has the command and the "
        f"import name of this program. Uninstall it (`pip uninstall {STRANGER}`), then install "
        f"{DISTRIBUTION} anew: files of both were in one place"
    )
