"""How this program is installed and how people are told to: never a name that brings another one.

`mtdata` in Python's package index is somebody else's; ours is called otherwise there.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path

DISTRIBUTION = "mtdata-collect"
STRANGER = "mtdata"
"""The name of a program for machine translation in that index; ours was it until 0.9."""
_NEED = re.compile(r"""([A-Za-z0-9._-]+).*;.*\bextra == ['"]([a-z]+)['"].*""")
PACKAGE = Path(__file__).resolve().parents[1]


def install(extra: str) -> str:
    """The command that brings an extra of ours; an image has no pip and is built anew."""
    if os.environ.get("MTDATA_IMAGE"):
        return "bin/image --extras served"
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def lacking(library: str | None) -> str:
    """What to say where that library is missing; '' for one that no extra brings."""
    from importlib.metadata import PackageNotFoundError, requires  # it takes its time

    try:
        needs = [_NEED.fullmatch(line) for line in requires(DISTRIBUTION) or []]
    except PackageNotFoundError:
        return ""
    sizes = Counter(need[2] for need in needs if need)
    extras = [need[2] for need in needs if need and need[1].lower() == library]
    if not extras:
        return ""
    smallest = min(extras, key=lambda extra: (sizes[extra], extra))
    return f"{library} is not installed; `{install(smallest)}` brings it"


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
