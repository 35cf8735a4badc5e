"""How long a look at a large pool takes: it must not grow with what was ever collected."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import perf_counter

import yaml

from benchmarks import large_ledger
from benchmarks.bench import ROOT, Bench
from benchmarks.figures import Measured
from mtdata.core.pool_files import LEDGER_FILE

SIZE = large_ledger.Size(entries=10_000_000, scales=100, days=365, rounds=10_000)
SITE = {"SERVER": "http://127.0.0.1:9", "USER": "u", "PASS": "p", "READY": True}


def status(bench: Bench) -> Measured:
    """`mtdata status` from its start to its end, in s, beside one that only tells its options."""
    bench.needs_room(2 * SIZE.entries * large_ledger.BYTES)
    home = bench.folder / "looks"
    (home / "config").mkdir(parents=True)
    sites = {"bench": SITE | {"PATH": "pool", "ENCRYPTION": "off"}}
    (home / "config" / "server.config").write_text(yaml.safe_dump(sites), encoding="utf-8")
    path = home / "pool" / LEDGER_FILE
    bench.say(f"making a ledger of {SIZE.entries:,} entries")
    large_ledger.make(path, SIZE)
    large_ledger.begin_rounds(path, "bench", SIZE)

    def took(*words: str) -> float:
        begun = perf_counter()
        program = [sys.executable, "-P", "-m", "mtdata", "--config", str(home / "config"), *words]
        done = subprocess.run(
            program, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stderr!r}")
        return perf_counter() - begun

    took("status")  # the system has read the program once
    found = bench.in_turns(
        {"status": lambda: took("status"), "start": lambda: took("status", "--help")}
    )
    sides = {"`mtdata status --help`, s": median(found["start"])}
    told = f"{SIZE.entries:,} entries of {SIZE.scales} scales and {SIZE.days} days"
    return Measured(found["status"], sides, f"{told}; its ledger has {_gb(path)} GB")


def _gb(path: os.PathLike[str]) -> str:
    return f"{os.stat(path).st_size / 1e9:.1f}"
