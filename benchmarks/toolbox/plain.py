"""What the toolbox is measured beside: pandas, each sheet read by itself, then put together.

`python -m benchmarks.toolbox.plain WHAT POOL OUT` does what a command does, as the original did.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

ITEMS = [f"item_{number:02}" for number in range(1, 16)]
KEYS = ["participantRSA", "session", "tag"]
LOG = "TaskLog"


def main() -> int:
    """Carry it out; prints how many entries were read, as JSON."""
    what, pool, out = sys.argv[1:4]
    by_scale: dict[str, list[Path]] = {}
    for file in sorted(Path(pool, "active_data").glob("*.csv")):
        by_scale.setdefault(file.name.rsplit("_", 3)[0], []).append(file)
    found = WAYS[what](by_scale, Path(out))
    print(json.dumps({"entries": found}))
    return 0


def together(files: list[Path]) -> pd.DataFrame:
    """A scale of all days."""
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)


def quality(by_scale: dict[str, list[Path]], out: Path) -> int:
    """Missing, not answered, out of range and duplicates of each scale, by variable."""
    total, rows = 0, []
    for scale, files in by_scale.items():
        frame = together(files)
        total += len(frame)
        items = frame[ITEMS].apply(pd.to_numeric, errors="coerce")
        outside = ((items < 0) | (items > 3)) & (items != 555)
        twice = int(frame.duplicated(KEYS).sum())
        people = frame["participantRSA"].nunique()
        valid = int((~outside.any(axis=1) & ~frame.duplicated(KEYS)).sum())
        for item in ITEMS:
            missing, refused = frame[item].isna().sum(), (items[item] == 555).sum()
            cells = (missing, refused, outside[item].sum(), twice, people, valid)
            rows.append((scale, item, *map(int, cells)))
    pd.DataFrame(rows).to_csv(out / "quality.csv", index=False)
    return total


def scores(by_scale: dict[str, list[Path]], out: Path) -> int:
    """A sum and a prorated score of each entry, a file a scale."""
    total = 0
    for scale, files in by_scale.items():
        frame = together(files)
        total += len(frame)
        items = frame[ITEMS].apply(pd.to_numeric, errors="coerce")
        items = items.where((items >= 0) & (items <= 3))
        scored = frame[["participantRSA", "session", "tag", "date", "id"]].copy()
        scored["total"] = items.sum(axis=1, min_count=len(ITEMS))
        first = items[ITEMS[:5]]
        scored["first"] = first.sum(axis=1, min_count=3) * 5 / first.count(axis=1) * 2
        scored.to_csv(out / f"{scale}_scores.csv", index=False)
    return total


def query(by_scale: dict[str, list[Path]], out: Path) -> int:
    """Entries and a mean by session, over all scales."""
    parts = []
    for files in by_scale.values():
        parts.append(together(files)[["session", "item_01"]])
    frame = pd.concat(parts)
    numbers = pd.to_numeric(frame["item_01"], errors="coerce")
    frame.assign(number=numbers).groupby("session")["number"].agg(["size", "mean"]).to_csv(
        out / "query.csv"
    )
    return len(frame)


def report(by_scale: dict[str, list[Path]], out: Path) -> int:
    """Of each task what is logged, what is there, and how often twice."""
    log = together(by_scale.pop(LOG)[-1:])
    logged = log[log["taskName"] != "SESSION_COMPLETE"].groupby("taskName").size()
    total, rows = 0, []
    for scale, files in by_scale.items():
        frame = together(files)
        total += len(frame)
        twice = int(frame.duplicated(KEYS).sum())
        expected = int(logged.get(scale, 0))
        rate = 1 - (len(frame) - twice) / expected if expected else None
        rows.append((scale, expected, len(frame), twice, rate))
    pd.DataFrame(rows).to_csv(out / "report.csv", index=False)
    return total


WAYS: dict[str, Callable[[dict[str, list[Path]], Path], int]] = {
    "quality": quality,
    "scores": scores,
    "query": query,
    "report": report,
}

if __name__ == "__main__":
    raise SystemExit(main())
