"""The places that tell a version agree; it changes none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from release.calls import Failed


def version_of(source: Path) -> str:
    """The version that the package states."""
    text = (source / "mtdata" / "__init__.py").read_text("utf-8")
    if found := re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE):
        return found[1]
    raise Failed("mtdata/__init__.py states no __version__", 65)


def check_words(source: Path) -> Iterator[str]:
    """What must be put right before a release can be made of this."""
    version = version_of(source)
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        yield f"mtdata/__init__.py: {version} is no version of the policy (docs/RELEASING.md)"
    if f"\nversion: {version}\n" not in (source / "CITATION.cff").read_text("utf-8"):
        yield f"CITATION.cff tells another version than {version}"
    changes = (source / "CHANGELOG.md").read_text("utf-8")
    heading = re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)",
                        changes, re.MULTILINE | re.DOTALL)  # fmt: skip
    if heading is None:
        yield f"CHANGELOG.md has no heading `## [{version}] - DAY`"
    elif "### Upgrading" not in heading[1]:
        yield f"CHANGELOG.md: {version} has no part `### Upgrading`"
