"""What a command costs as a process: the interpreter's start, the imports, the words, its end."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.bench import SCALE, Bench
from benchmarks.figures import Measured
from mtdata.config.samples import write_samples

PROGRAM = (sys.executable, "-I", "-m", "mtdata")
"""As `bin/mtdata` begins it, once it has found its environment."""
BARE = (sys.executable, "-I", "-c", "pass")
SCALES = 25


class Spent(NamedTuple):
    """Seconds of a process and of those that it waited for: by the clock, and of the processor."""

    clock: float
    processor: float


def help_s(bench: Bench) -> Measured:
    """Processor time of a help, in seconds."""
    return _started(bench, "--help")


def version_s(bench: Bench) -> Measured:
    """Processor time of telling the version, in seconds."""
    return _started(bench, "--version")


def export_s(bench: Bench) -> Measured:
    """A round of a site whose scales are empty, by the clock; the pool is there by then."""
    nothing = bench.folder / "nothing.json"
    nothing.write_bytes(b"[]")
    scales = {f"{SCALE}_{number}": (nothing, 0) for number in range(SCALES)}
    with bench.home(scales) as home:
        words = [*PROGRAM, "--config", str(home.folder / "config"), "export"]
        _spent(words)
        found = [_spent(words) for _ in range(bench.reps)]
    sides = {"processor, s": median(one.processor for one in found)}
    return Measured([one.clock for one in found], sides, f"{SCALES} scales, none with an entry")


def check_offline_s(bench: Bench) -> Measured:
    """A check of a config as a CI has it, by the clock: seven files, eight codebooks."""
    folder = bench.folder / "checked" / "config"
    write_samples(folder)
    words = [*PROGRAM, "--config", str(folder), "check", "--offline"]
    _spent(words)
    found = [_spent(words) for _ in range(bench.reps)]
    sides = {"processor, s": median(one.processor for one in found)}
    return Measured([one.clock for one in found], sides)


def _started(bench: Bench, word: str) -> Measured:
    words = {word: [*PROGRAM, word], "bare": list(BARE)}
    for one in words.values():
        _spent(one)  # what was not compiled yet is now
    sides = {name: lambda one=one: _spent(one).processor for name, one in words.items()}  # type: ignore[misc]
    found = bench.in_turns(sides)
    return Measured(found[word], {"the interpreter alone, s": median(found["bare"])})


def _spent(words: list[str]) -> Spent:
    """Run a command that must end well."""
    began = perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr as stream:
        said = stream.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words} ended with {process.returncode}: {said.decode()}")
    return Spent(perf_counter() - began, used.ru_utime + used.ru_stime)
