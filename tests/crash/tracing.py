"""strace as the one who cuts: how it is told where, and what its log says; it judges nothing.

strace counts the calls of each thread by itself; a signal comes when the call is entered, so the
cuts at N and at N + 1 stand on both sides of each call.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

TRACER = ("strace", "-f", "-qq")
QUICKLY = "--seccomp-bpf"
"""Stops at the traced calls alone.  Not with signals: strace 6.1 sends none then, and says none."""
ALONE = ("strace", "-qq")
"""The main thread alone, none of its workers."""
ATTACHED_ALOUD = "--quiet=exit,path-resolution,personality,thread-execve"
SPELLINGS = {
    "rename": "rename,renameat,renameat2",
    "unlink": "unlink,unlinkat",
    "mkdir": "mkdir,mkdirat",
    "openat": "openat,open",
}
BY_PATH = frozenset({"openat", "read", "pread64"})
"""Calls that the interpreter makes by the hundred while it starts: only on files of the stage."""
LINE = re.compile(r'^(\d+) +(\w+)\((\d*)(?:<([^>\n]*)>)?[^"\n]*"?([^"\n]*)', re.MULTILINE)
HIT = re.compile(r"\(INJECTED\)|--- SIG(?:TERM|STOP)|\+\+\+ killed by SIGKILL|stopped by SIGSTOP")


class Cut(NamedTuple):
    """Where a round is hurt: at the N-th `call` of a thread; `deed` is a signal or an errno.

    `lasting`: at that and all that follow.  For a request `deed` is SIGKILL, and `call` says
    whether before or after it was carried out.
    """

    call: str
    number: int
    deed: str = "SIGKILL"
    lasting: bool = False

    @property
    def kind(self) -> str:
        """What was done, without where: the line of the table that it counts for."""
        return f"{self.deed} at {self.call}{' and all that follow' if self.lasting else ''}"

    def __str__(self) -> str:
        return f"{self.kind}, number {self.number}"


def spelled(call: str) -> str:
    """The system calls that stand for one line of the matrix, as strace takes them."""
    return SPELLINGS.get(call, call)


def injecting(cut: Cut, trace: Path, paths: Sequence[str]) -> list[str]:
    """Options that hurt a program at `cut`; `paths` are the files that count for BY_PATH."""
    names = spelled(cut.call)
    by_signal = cut.deed.startswith("SIG")
    deed = f"signal={cut.deed}" if by_signal else f"error={cut.deed}"
    only = [f"--trace-path={path}" for path in paths] if cut.call in BY_PATH else []
    when = f"{cut.number}{'+' if cut.lasting else ''}"
    return [*([] if by_signal else [QUICKLY]), "-o", str(trace), "-e", f"trace={names}",
            "-e", f"inject={names}:{deed}:when={when}", *only]  # fmt: skip


def attaching(tracer: Sequence[str]) -> list[str]:
    """The same tracer for a process that is there: it says when it holds it."""
    return [ATTACHED_ALOUD if word == "-qq" else word for word in tracer if word != QUICKLY]


def is_hit(trace: Path) -> bool:
    """Whether the cut was reached at all: a round that it missed was not tried."""
    return trace.exists() and bool(HIT.search(trace.read_text(errors="replace")))


def most_calls(text: str, calls: Sequence[str], within: str) -> tuple[dict[str, int], list[str]]:
    """How often the thread with most makes each call, and the files under `within` it names."""
    seen, paths = Counter[tuple[str, str]](), set[str]()
    plain = {name: call for call in calls for name in spelled(call).split(",")}
    for thread, name, _, open_path, first in LINE.findall(text):
        call = plain.get(name)
        # what is opened within an open folder counts by that folder, as it does for --trace-path
        path = first if call == "openat" and not open_path else open_path
        if call in BY_PATH:
            if not path.startswith(within):
                continue
            paths.add(path)
        if call:
            seen[thread, call] += 1
    most = {call: max((n for (_, c), n in seen.items() if c == call), default=0) for call in calls}
    return most, sorted(paths)


def cutting_python(home: Path, options: Sequence[str], *, first_only: bool) -> Path:
    """An interpreter that puts itself under strace when it is to be a worker.

    -D makes the tracer the grandchild: the worker stays the child of its parent, which it watches.
    """
    script = home / "python"
    python, tracer = shlex.quote(sys.executable), shlex.join([*TRACER, "-D", *options])
    claim = f'mkdir {shlex.quote(str(home / "claimed"))} 2>/dev/null || exec {python} "$@"'
    traced = tracer.replace("WORKER", "$$")
    script.write_text(
        f'#!/bin/sh\ncase "$*" in\n*spawn_main*) {claim if first_only else ":"}\n'
        f'exec {traced} {python} "$@" ;;\n*) exec {python} "$@" ;;\nesac\n'
    )
    script.chmod(0o700)
    return script


def traces(home: Path) -> Iterator[Path]:
    """The logs of all that were traced in a home."""
    yield from home.glob("trace*")
