"""Cutting a round off at one system call or one request, and judging what is left.

strace counts the calls of each thread by itself; a signal comes when the call is entered, so the
cuts at N and at N + 1 stand on both sides of each call.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.crash.oracle import deletes_without_proof, faults_after_mending
from tests.crash.stage import Stage, make_template, staged
from tests.crash.story import Story

KILLED = -9
TRACER = ("strace", "-f", "-qq", "--seccomp-bpf", "-o")
CALLS = "write pwrite64 fsync fdatasync rename ftruncate unlink openat sendto".split()
SPELLINGS = {"rename": "rename,renameat,renameat2", "unlink": "unlink,unlinkat"}
LINE = re.compile(r'^(\d+) +(\w+)\([^"\n]*"?([^"\n]*)', re.MULTILINE)


class Cut(NamedTuple):
    """Where a round ends: the N-th `call`, or for a request before or after it was carried out.

    `error` None = by SIGKILL, else what the call returns instead of doing anything.
    """

    call: str
    number: int
    error: str | None = None

    def __str__(self) -> str:
        return f"{self.error or 'SIGKILL'} at {self.call} {self.number}"


class Verdict(NamedTuple):
    """How a cut round ended, and what was wrong afterwards."""

    cut: Cut
    code: int
    faults: list[str]


class Workshop:
    """Rounds on copies of one pool, two at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self.story = Story()
        self._template = folder / "template"
        make_template(self._template, self.story)
        self.counts, self._opened, self.requests = self._counted()

    def _counted(self) -> tuple[dict[str, int], list[str], int]:
        """Calls of an undisturbed round (of the thread with most), what it opens, its requests."""
        home, seen = self._home(), Counter[tuple[str, str]]()
        opened: list[str] = []
        with staged(self._template, home, self.story) as stage:
            trace = home / "trace"
            ended = stage.export(*TRACER, str(trace), "-e", f"trace={_all_spellings()}")
            assert ended.code == 1, f"an undisturbed round ended with {ended}"  # one is held
            for thread, name, path in LINE.findall(trace.read_text(errors="replace")):
                within = path.removeprefix(str(stage.pool))
                if name != "openat" or within != path:
                    seen[thread, _plain(name)] += 1
                if name == "openat" and within != path:
                    opened.append(within)
            requests = stage.site.asked
        most = {name: max(n for (_, c), n in seen.items() if c == name) for _, name in seen}
        return {name: most.get(name, 0) for name in CALLS}, sorted(set(opened)), requests

    def _home(self) -> Path:
        return self._folder / f"run{next(self._numbers)}"

    def judge(self, cuts: Iterable[Cut]) -> list[Verdict]:
        """Try every cut, two at a time."""
        with ThreadPoolExecutor(2, "cut") as crew:
            return list(crew.map(self._tried, cuts))

    def _tried(self, cut: Cut) -> Verdict:
        with staged(self._template, self._home(), self.story) as stage:
            if cut.call.startswith("request"):
                stage.site.at, stage.site.after = cut.number, cut.call.endswith("done")
                code = stage.export().code
            else:
                code = stage.export(*self._tracer(stage, cut)).code
            stage.site.at = 0
            faults = list(deletes_without_proof(stage, self.story))
            faults += faults_after_mending(stage, self.story, stage.mend())
        return Verdict(cut, code, faults)

    def _tracer(self, stage: Stage, cut: Cut) -> Sequence[str]:
        names = SPELLINGS.get(cut.call, cut.call)
        what = f"error={cut.error}" if cut.error else "signal=SIGKILL"
        only = [f"--trace-path={stage.pool}{path}" for path in self._opened]
        return [*TRACER, str(stage.home / "trace"), "-e", f"trace={names}",
                "-e", f"inject={names}:{what}:when={cut.number}",
                *(only if cut.call == "openat" else ())]  # fmt: skip


def _all_spellings() -> str:
    return ",".join(SPELLINGS.get(call, call) for call in CALLS)


def _plain(name: str) -> str:
    return next((call for call, names in SPELLINGS.items() if name in names.split(",")), name)


def sampled(cuts: Sequence[Cut], most: int, seed: int) -> list[Cut]:
    """At most so many of them, in order; the first and the last are always among them."""
    if len(cuts) <= most:
        return list(cuts)
    inner = Random(f"{seed} {cuts[0].call}").sample(cuts[1:-1], most - 2)
    return [cuts[0], *sorted(inner), cuts[-1]]
