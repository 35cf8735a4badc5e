"""What the web page holds while somebody downloads: a large file must go through it in pieces."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.web.served import Page, home_of, made

ROWS = 1_000_000
_found: dict[Path, list[dict[str, float]]] = {}


def memory(bench: Bench) -> Measured:
    """The highest resident memory of the process, over what it was just before."""
    rounds = _measured(bench)
    sides = {name: _middle(rounds, name) for name in ("MB before", "MB at most", "MB/s")}
    size = _middle(rounds, "MB")
    return Measured([one["MB at most"] / one["MB before"] for one in rounds], sides,
                    f"a file of {size:.0f} MB, downloaded to its last byte")  # fmt: skip


def idle(bench: Bench) -> Measured:
    """After a log-in, some pages and a small download."""
    rounds = _measured(bench)
    return Measured([one["MB before"] for one in rounds], {"MB": _middle(rounds, "MB before")})


def _middle(rounds: list[dict[str, float]], name: str) -> float:
    values = sorted(one[name] for one in rounds)
    return values[len(values) // 2]


def _measured(bench: Bench) -> list[dict[str, float]]:
    """The same downloads serve every figure; each from a page that was just started."""
    if bench.folder not in _found:
        home = home_of(bench.folder / "web")
        large, digest = _write(home / "large.csv", ROWS)
        small, _ = _write(home / "small.csv", 10)
        links = made(home, {"large.csv": large, "small.csv": small})
        _found[bench.folder] = [_download(home, links, digest) for _ in range(bench.reps)]
        large.unlink()
    return _found[bench.folder]


def _write(path: Path, count: int) -> tuple[Path, str]:
    digest = sha256()
    with path.open("wb") as file:
        for number in range(count):
            line = b"%d,2026-03-01 12:00:00,%s\r\n" % (number, b"an answer in words, " * 9)
            digest.update(line)
            file.write(line)
    return path, digest.hexdigest()


def _download(home: Path, job: Any, digest: str) -> dict[str, float]:
    with Page(home) as page:
        page.log_in()
        page.fetched(page.link(job, "small.csv"))
        for _ in range(5):
            page.get(f"/jobs/{job}/")
        before = page.resident_mb()
        page.forget_peak()
        got = page.fetched(page.link(job, "large.csv"))
        if got.sha256 != digest:
            raise SystemExit("what was downloaded is not what was there")
        return {
            "MB before": before,
            "MB at most": page.peak_mb(),
            "MB": got.size / 1e6,
            "MB/s": got.size / 1e6 / got.seconds,
        }
