"""Cutting a round off at one system call or one request, and judging what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple, Self, TypeVar

from tests.conftest import SEED
from tests.crash.mending import mend
from tests.crash.oracle import deletes_without_proof, faults_after_mending, left_behind, secrets_in
from tests.crash.stage import MTDATA, WITH_WORKERS, Ended, Stage, make_template, staged
from tests.crash.story import Story
from tests.crash.tracing import (
    ALONE,
    TRACER,
    Cut,
    cutting_python,
    injecting,
    is_hit,
    most_calls,
    spelled,
    traces,
)
from tests.tally import tried

KILLED = (-9, 137)
CALLS = (
    "write pwrite64 pread64 read fsync fdatasync rename ftruncate unlink mkdir openat"
    " connect sendto recvfrom"
).split()
WORKER_CALLS = "write read openat".split()
Deed = TypeVar("Deed")


class Verdict(NamedTuple):
    """How a hurt round ended, and what was wrong afterwards; a deed that never came is no hit."""

    deed: object
    kind: str
    code: int
    faults: list[str]
    hit: bool = True


class Workshop:
    """Rounds of one story on copies of one pool, some at a time."""

    def __init__(
        self, folder: Path, story: Story, program: Sequence[str] = MTDATA, at_a_time: int = 4
    ) -> None:
        self._folder, self._at_a_time = folder, at_a_time
        self._numbers = count()
        self.story, self.program = story, program
        self._template = folder / "template"
        make_template(self._template, self.story)
        self._tracer = ALONE if program == WITH_WORKERS else TRACER
        self._paths: list[str] = []
        self.requests = 0
        self.counts: dict[str, int] = {}

    def count(self) -> Self:
        """Count the calls of an undisturbed round (of the thread with most) and its requests."""
        with self.stage() as stage:
            log = stage.home / "trace"
            names = ",".join(map(spelled, CALLS))
            ended = stage.export(*self._tracer, "-y", "-o", str(log), "-e", f"trace={names}")
            assert ended.code == self.story.code, f"an undisturbed round ended with {ended}"
            self.requests = stage.site.asked
            text = log.read_text(errors="replace")
            if self._tracer is ALONE:  # it names no thread
                text = "".join(f"1 {line}" for line in text.splitlines(keepends=True))
            self.counts, paths = most_calls(text, CALLS, str(stage.home))
            self._paths = [path.removeprefix(str(stage.home)) for path in paths]
        return self

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """A stage of its own for one round."""
        with staged(self._template, self._folder / f"run{next(self._numbers)}", self.story) as one:
            one.program = self.program
            yield one

    def judge(self, deeds: Iterable[Deed], attempt: Callable[[Deed], Verdict]) -> list[Verdict]:
        """Try everything, some at a time."""
        with ThreadPoolExecutor(self._at_a_time, "cut") as crew:
            return list(crew.map(attempt, deeds))

    def judged(self, stage: Stage, deed: object, kind: str, ended: Ended) -> Verdict:
        """What is wrong right after a round was hurt, and after it was mended."""
        faults = list(left_behind(stage))
        faults += deletes_without_proof(stage, self.story)
        faults += secrets_in(stage, self.story, ended.out + ended.err)
        logs = list(traces(stage.home))
        hit = any(map(is_hit, logs)) if logs or "CRASH_PYTHON" in stage.environment else True
        faults += faults_after_mending(stage, self.story, mend(stage.home / "config"))
        return Verdict(deed, kind, ended.code, faults, hit)

    # one deed each --------------------------------------------------------------------------------

    def at_call(self, cut: Cut) -> Verdict:
        """Hurt the program itself at a system call."""
        with self.stage() as stage:
            paths = [f"{stage.home}{path}" for path in self._paths]
            options = injecting(cut, stage.home / "trace", paths)
            return self.judged(stage, cut, cut.kind, stage.export(*self._tracer, *options))

    def at_request(self, cut: Cut) -> Verdict:
        """Kill the program at a request."""
        with self.stage() as stage:
            stage.site.at, stage.site.after = cut.number, cut.call.endswith("done")
            ended = stage.export()
            stage.site.at = 0
            verdict = self.judged(stage, cut, cut.kind, ended)
            return verdict._replace(hit=ended.code in KILLED)

    def in_first_worker(self, cut: Cut) -> Verdict:
        """Hurt the first worker at a system call; those that replace it are left alone."""
        return self._in_workers(cut, "first")

    def in_each_worker(self, cut: Cut) -> Verdict:
        """Hurt every worker at the same system call."""
        return self._in_workers(cut, "each")

    def _in_workers(self, cut: Cut, which: str) -> Verdict:
        with self.stage() as stage:
            options = injecting(cut, stage.home / "trace.WORKER", [])
            stage.environment |= self._tracing(stage, options, which) | {"CRASH_PATIENCE": "5"}
            return self.judged(stage, cut, f"{cut.kind} of the {which} worker", stage.export())

    def _tracing(self, stage: Stage, options: Sequence[str], which: str) -> dict[str, str]:
        python = cutting_python(stage.home, options, first_only=which == "first")
        return {"CRASH_PYTHON": str(python)}

    def count_in_worker(self) -> dict[str, int]:
        """Calls of the first worker in an undisturbed round, by the thread with most."""
        with self.stage() as stage:
            names = ",".join(map(spelled, WORKER_CALLS))
            options = ["-y", "-o", str(stage.home / "trace.WORKER"), "-e", f"trace={names}"]
            stage.environment |= self._tracing(stage, options, "first")
            ended = stage.export()
            assert ended.code == self.story.code, ended
            [log] = traces(stage.home)
            return most_calls(log.read_text(errors="replace"), WORKER_CALLS, "")[0]


def sampled(deeds: Sequence[Deed], most: int, name: str) -> list[Deed]:
    """At most so many of them, in order, others with each seed."""
    places = Random(f"{SEED} {name}").sample(range(len(deeds)), min(most, len(deeds)))
    return [deeds[at] for at in sorted(places)]


def sound(suite: str, verdicts: Sequence[Verdict], codes: set[int], otherwise: set[int]) -> None:
    """Count what was tried, and fail for what was wrong; `otherwise`: codes of what never came."""
    wrong = [f"{v.deed}: {fault}" for v in verdicts for fault in v.faults]
    wrong += [
        f"{v.deed}: ended with {v.code}"
        for v in verdicts
        if v.code not in (codes if v.hit else otherwise)
    ]
    for verdict in verdicts:
        if verdict.hit:
            tried(suite, verdict.kind)
    came = [str(v.deed) for v in verdicts if v.hit]
    print(f"\n{suite}: tried {len(came)}, seed {SEED}: {'; '.join(came)}")
    assert not wrong, "\n".join(wrong)
