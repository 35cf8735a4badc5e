"""A day's logs from a folder into a Matomo that only counts, as the command does it.

Beside Matomo's own importer where MATOMO_IMPORTER names it (its `import_logs.py`); it is no part of
this project.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any
from urllib.request import urlopen

from benchmarks.bench import ROOT, Bench, NotMeasured
from benchmarks.figures import Measured, in_ratio
from benchmarks.weblogs import access_log

LINES, DAY, SITE = 200_000, "2024-05-04", "www.example.org"
SMALL_FILES, LATENCY_MS, FEW, MANY = 2_000, 50, 20_000, 2_000_000
ALL = ("enable_static", "enable_bots", "enable_http_errors", "enable_http_redirects")
TOKEN = "b" * 32
STARTER = """
import json, resource, subprocess, sys, time
began = time.monotonic()
ended = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
seconds = time.monotonic() - began
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"said": ended.stdout, "code": ended.returncode, "seconds": seconds,
                  "peak_kb": peak}))
"""
"""Starts a program: a process bears the memory of whoever began it, up to its first instruction."""


def default_filters(bench: Bench) -> Measured:
    """With the default filters: lines a second, ours ÷ the importer's."""
    return _beside_the_importer(bench, [*_one_file(bench)], flags=())


def all_flags(bench: Bench) -> Measured:
    """With all four flags."""
    return _beside_the_importer(bench, [*_one_file(bench)], flags=ALL)


def small_files(bench: Bench) -> Measured:
    """Of 2,000 packed files, with all four flags."""
    return _beside_the_importer(bench, [*_small_files(bench)], flags=ALL)


def latency(bench: Bench) -> Measured:
    """Lines a second with a server that answers after 50 ms ÷ with one that answers at once."""
    logs = [*_one_file(bench)]
    found = bench.in_turns(
        {
            "slow": lambda: LINES / _ours(bench, logs, ALL, LATENCY_MS)["seconds"],
            "quick": lambda: LINES / _ours(bench, logs, ALL)["seconds"],
        }
    )
    told = {f"{name}, lines/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["slow"], found["quick"]), told)


def memory(bench: Bench, few: int = FEW, many: int = MANY) -> Measured:
    """The most memory with many lines ÷ with few; once, since it is long."""
    bench.needs_room(many * 300)
    peaks = {}
    for count in (few, many):
        log = bench.folder / f"{DAY}-{count}.log"
        with log.open("wb") as file:
            file.writelines(access_log.lines(count))
        peaks[count] = _ours(bench, [log], ALL)["peak_mb"]
        log.unlink()
    told = {f"{count:,} lines, MB": peak for count, peak in peaks.items()}
    return Measured([peaks[many] / peaks[few]], told, "of the process that has the most")


def _one_file(bench: Bench) -> Iterator[Path]:
    log = bench.folder / f"{DAY}.log"
    if not log.exists():
        with log.open("wb") as file:
            file.writelines(access_log.lines(LINES))
    yield log


def _small_files(bench: Bench) -> Iterator[Path]:
    folder = bench.folder / "small"
    if not folder.exists():
        folder.mkdir()
        lines = access_log.lines(LINES)
        for number in range(SMALL_FILES):
            part = b"".join(next(lines) for _ in range(LINES // SMALL_FILES))
            (folder / f"{DAY}-{number:04}.log.gz").write_bytes(gzip.compress(part))
    yield from sorted(folder.iterdir())


def _beside_the_importer(bench: Bench, logs: Sequence[Path], flags: Sequence[str]) -> Measured:
    importer = os.environ.get("MATOMO_IMPORTER")
    if not importer:
        rates = [LINES / _ours(bench, logs, flags)["seconds"] for _ in range(bench.reps)]
        raise NotMeasured(f"MATOMO_IMPORTER is not set; ours: {median(rates):,.0f} lines/s")
    found = bench.in_turns(
        {
            "ours": lambda: LINES / _ours(bench, logs, flags)["seconds"],
            "theirs": lambda: LINES / _theirs(importer, logs, flags),
        }
    )
    told = {f"{name}, lines/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["ours"], found["theirs"]), told)


@contextmanager
def sink(wait_ms: int = 0) -> Iterator[str]:
    """The URL of a Matomo that counts, and answers after so long."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "benchmarks.weblogs.sink", str(wait_ms)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


def _ours(
    bench: Bench, logs: Sequence[Path], flags: Sequence[str], wait_ms: int = 0
) -> dict[str, Any]:
    home = bench.folder / "weblogs-home"
    shutil.rmtree(home, ignore_errors=True)
    (home / "config").mkdir(parents=True)
    (home / "in").mkdir()
    for log in logs:
        os.link(log, home / "in" / log.name)
    with sink(wait_ms) as url:
        keys = {
            "piwik_ip": url, "token": TOKEN, "pull_bucket": f"file://{home}/in",
            "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "flags": list(flags) or "none",
            "sites": {SITE: {"idsite": 1}},
        }  # fmt: skip
        config = home / "config" / "weblogs.config"
        config.touch(mode=0o600)
        config.write_text(json.dumps(keys), encoding="ascii")
        return _measured(home, url)


def _measured(home: Path, url: str) -> dict[str, Any]:
    """How long it takes, and its most memory; by a small process, whose own it would count else."""
    words = ["--config", str(home / "config"), "--json", "weblogs", "import", SITE, DAY]
    command = [sys.executable, "-E", "-P", "-m", "mtdata", *words]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", STARTER, *command],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    outcome = json.loads(ended.stdout)
    said = json.loads(outcome["said"])
    with urlopen(f"{url}/counted") as answer:
        counted = json.load(answer)
    if outcome["code"] or counted["hits"] != said["tracked"] + 1:  # the probe is one
        raise RuntimeError(f"the import ended with {said} and {counted} were counted")
    return {"seconds": outcome["seconds"], "peak_mb": outcome["peak_kb"] / 1024}


def _theirs(importer: str, logs: Sequence[Path], flags: Sequence[str]) -> float:
    options = [f"--{flag.replace('_', '-')}" for flag in flags]
    with sink() as url:
        words = [f"--url={url}", f"--token-auth={TOKEN}", "--idsite=1", "--recorders=1", *options]
        began = monotonic()
        subprocess.run(
            [sys.executable, importer, *words, *map(str, logs)], check=True, capture_output=True
        )
        return monotonic() - began
