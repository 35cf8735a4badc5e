"""How many cores are ours: of those that we may run on, as many as a container's quota pays for.

A quota takes no core out of sight: 64 are seen where two may be used, and whoever begins a process
for each is made to stand still for most of every tenth of a second.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def cores(root: Path = ROOT) -> int:
    """At least one.  `root` is where the system tells of itself (/proc, /sys)."""
    is_told = hasattr(os, "sched_getaffinity")  # macOS does not, and knows no quota
    seen = len(os.sched_getaffinity(0)) if is_told else os.cpu_count() or 1
    return min([seen, *(max(1, math.ceil(quota)) for quota in quotas(root))])


def quotas(root: Path = ROOT) -> list[float]:
    """What each control group that we are in allows, in cores; none where there is no bound."""
    found = [_quota(group, ours) for group, ours in _groups(root)]
    return [quota for quota in found if quota is not None]


def _groups(root: Path) -> Iterator[tuple[Path, str]]:
    """Each of our control groups that may bound time, from the innermost on, and its version."""
    own = dict(_own_groups(root))
    for line in _read(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        words, kind = before.split(), after.split()
        if len(words) < 5 or len(kind) < 3 or kind[0] not in own:
            continue
        if kind[0] == "cgroup" and "cpu" not in kind[2].split(","):
            continue
        place = Path(root, words[4].lstrip("/"))
        inner = _below(own[kind[0]], words[3])
        for depth in range(len(inner), -1, -1):
            yield place.joinpath(*inner[:depth]), kind[0]


def _own_groups(root: Path) -> Iterator[tuple[str, str]]:
    """The path of our own group in each version of them."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield "cgroup2", path
        elif "cpu" in controllers.split(","):
            yield "cgroup", path


def _below(path: str, mounted: str) -> list[str]:
    """The parts of a group's path below what is mounted; none where it lies outside of that."""
    inner = [part for part in path.split("/") if part]
    above = [part for part in mounted.split("/") if part]
    is_within = inner[: len(above)] == above and ".." not in inner
    return inner[len(above) :] if is_within else []


def _quota(group: Path, version: str) -> float | None:
    if version == "cgroup2":
        words = _read(group / "cpu.max").split()
    else:
        words = [_read(group / f"cpu.cfs_{of}_us").strip() for of in ("quota", "period")]
    try:
        quota, period = (int(word) for word in words)
    except ValueError:  # "max", or there is none
        return None
    return quota / period if quota > 0 and period > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
