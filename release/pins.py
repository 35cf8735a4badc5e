"""Files of pinned requirements, read: names, versions and where each holds; it writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.utils import canonicalize_name

LAYERS = {
    "served": "constraints.txt",
    "demo": "constraints/demo.txt",
    "test": "constraints/test.txt",
    "release": "constraints/release.txt",
}
"""The file of each extra that bin/env.sh installs; each begins with the one before it."""
BUILD = "constraints/build.txt"
"""What builds: installed before all else."""
_BLOCK = re.compile(
    r"^([A-Za-z0-9][\w.-]*)==(\S+)(?: ; ([^\\\n]+?))?((?: *\\\n +--hash=\S+)*) *\n", re.M
)
_ENVIRONMENTS = [
    {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0",
     "sys_platform": system, "platform_system": name, "os_name": "posix",
     "implementation_name": "cpython", "platform_python_implementation": "CPython",
     "platform_machine": machine}
    for minor in (11, 12, 13)
    for system, name, machine in (
        ("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"),
        ("darwin", "Darwin", "x86_64"), ("darwin", "Darwin", "arm64"),
    )
]  # fmt: skip


class Pin(NamedTuple):
    """One requirement as it stands in a file; `marker` is '' where it holds everywhere."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    text: str

    def is_for_us(self) -> bool:
        """Whether any system that we support wants it."""
        marker = Marker(self.marker) if self.marker else None
        return marker is None or any(map(marker.evaluate, _ENVIRONMENTS))

    def is_for_here(self) -> bool:
        """Whether this very interpreter wants it."""
        return not self.marker or Marker(self.marker).evaluate()


def read(text: str) -> list[Pin]:
    """The requirements of a file, in its order; files that it names are not followed."""
    return list(_read(text))


def _read(text: str) -> Iterator[Pin]:
    for found in _BLOCK.finditer(text):
        name, version, marker, hashes = found.groups()
        digests = tuple(re.findall(r"--hash=(\S+)", hashes))
        yield Pin(canonicalize_name(name), version, marker or "", digests, found[0])


def layer(root: Path, name: str) -> list[Pin]:
    """All that bin/env.sh installs for that extra, the layers below it too."""
    names = list(LAYERS)
    below = names[: names.index(name) + 1]
    return [pin for one in below for pin in read((root / LAYERS[one]).read_text("utf-8"))]
