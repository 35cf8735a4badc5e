"""A site in this process, a pool and its config in a folder; rounds on it run as real processes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any, NamedTuple

from mtdata.demo.study.site import StudySite
from mtdata.demo.wire import DROPPED, Call, WireAnswer
from tests.crash.mending import plain_environment
from tests.crash.story import Story, bodies
from tests.crash.tracing import attaching
from tests.crash.witness import Witness
from tests.preloaded import Order, Program, run

ROOT = Path(__file__).resolve().parents[2]
HANGS_S = 240
"""No round takes that long; a process that does is ended, and the test with it."""
HOURS_EAST = 12 - datetime.now(UTC).hour
ZONE = f"Etc/GMT{-HOURS_EAST:+d}" if HOURS_EAST else "Etc/GMT"
"""A zone where it is noon (its sign is the other way round): no day ends during the tests."""
CONFIG = """\
uva:
  READY: True
  DELETE_MODE: {delete_mode}
  SERVER: '{server}'
  USER: '{site.user}'
  PASS: '{site.password}'
  PRIVATE_FILE: study.pem
  TIMEZONE: {zone}
  TIMEOUT: {timeout_s}
  PATH: pool
"""
RENEWED = b'[{"name":"Calm","sessions":[{"name":"PRE","index":0,"tasks":[{"name":"QOL"}]}]}]'
"""The schedule that the site tells in the round that is cut, other than before."""
PATIENT_S = 60
MTDATA = ("-m", "mtdata")
WITH_WORKERS = ("-m", "tests.crash.victim")


class CuttingSite(StudySite):
    """A site that kills who asks: at request number `at`, before or after it is carried out."""

    def __init__(self) -> None:
        # A password of its own: a program that lost its site must not delete on the next one there.
        super().__init__(password=f"p:ss wörd {secrets.token_hex(8)}")
        self.witness: Witness | None = None
        self.witnessed: list[str] = []
        self.victim: subprocess.Popen[str] | Program | None = None
        self.at, self.after = 0, False
        self.asked = 0
        self.known = Event()
        self._counting = Lock()

    def _answer(self, call: Call) -> WireAnswer:
        with self._counting:
            self.asked += 1
            mine = self.asked == self.at
            if self.witness and call.method == "DELETE":
                scale, number = call.path.rsplit("/", 2)[1:]
                self.witnessed += self.witness.faults(scale, int(number))
        if mine and not self.after:
            return self._cut()
        answer = super()._answer(call)
        return self._cut() if mine else answer

    def _cut(self) -> WireAnswer:
        self.known.wait(HANGS_S)
        assert self.victim is not None
        self.victim.kill()
        self.victim.wait(HANGS_S)
        return DROPPED


class Ended(NamedTuple):
    """How a process ended: its exit code (-9 = killed) and what it said."""

    code: int
    out: str
    err: str


class Stage:
    """One site with one pool; `environment` goes to every process, and marks it as ours."""

    def __init__(self, home: Path, site: CuttingSite) -> None:
        self.home, self.site = home, site
        self.pool = home / "pool"
        self.environment = {"CRASH_HOME": str(home)}
        self.sessions: set[int] = set()
        self.program: Sequence[str] = MTDATA

    def configure(
        self, *, delete_mode: bool = True, server: str = "", timeout_s: float = PATIENT_S
    ) -> None:
        """Write server.config."""
        server = server or self.site.url
        text = CONFIG.format(
            site=self.site, delete_mode=delete_mode, zone=ZONE, server=server, timeout_s=timeout_s
        )
        (self.home / "config" / "server.config").write_text(text, encoding="utf-8")
        marker = self.pool / ".mtdata-pool"
        if marker.exists():  # the study moved, and a person said so (`mtdata pool SITE --accept`)
            moved = json.loads(marker.read_bytes()) | {"server": server}
            marker.write_text(json.dumps(moved), encoding="utf-8")

    def export(self, *tracer: str) -> Ended:
        """One round, forked (tests/preloaded.py); `tracer` is strace with its options."""
        _, module, *words = self.round()[1:]
        order = Order(module, words, plain_environment() | self.environment)
        tracer = tuple(attaching(tracer))
        return Ended(*run(order, tracer, meanwhile=self._is_known, timeout_s=HANGS_S))

    def _is_known(self, process: subprocess.Popen[str] | Program) -> None:
        self.sessions.add(process.pid)
        self.site.victim = process
        self.site.known.set()

    def round(self) -> list[str]:
        """The command of one round."""
        return self.words(*self.program, "export", "uva", "all")

    def words(self, *words: str) -> list[str]:
        """The interpreter with these words and the config folder."""
        return [sys.executable, *words, "--config", str(self.home / "config")]

    def start(self, *words: str, meanwhile: Meanwhile = lambda process: None) -> Ended:
        """Run a process to its end; the site knows it meanwhile."""
        process = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=plain_environment() | self.environment, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._is_known(process)
        with process:
            try:
                meanwhile(process)
                out, err = process.communicate(timeout=HANGS_S)
            except BaseException:  # whoever started it under strace must end both
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Ended(process.returncode, out, err)


Meanwhile = Callable[["subprocess.Popen[str]"], None]
"""What happens while a process runs; it is not waited for longer than that takes."""


def make_template(home: Path, story: Story) -> None:
    """A home whose pool holds what was collected and deleted, and what is owed."""
    for folder in ("config", "keys"):
        (home / folder).mkdir(mode=0o700, parents=True)
    (home / "keys" / "study.pem").write_bytes(story.private)
    (home / "keys" / "study.pem").chmod(0o600)
    if not story.owed:
        return
    with CuttingSite() as site:
        stage = Stage(home, site)
        for delete_mode, entries in ((True, story.gone), (False, story.owed)):
            lay_out(site, story, entries, snapshot=0)
            stage.configure(delete_mode=delete_mode)
            ended = stage.export()
            assert ended.code == 0, f"the round before the cut ones failed: {ended}"
        left = [site.ids(scale) for scale in story.deleteable]
    wanted = [[e.id for e in story.owed if e.scale == scale] for scale in story.deleteable]
    assert left == wanted, left


def lay_out(site: StudySite, story: Story, entries: Sequence[Any], *, snapshot: int) -> None:
    """Put entries and the newest table of the scale that must stay on the site."""
    for scale in (*story.deleteable, story.EMPTY):
        site.put(scale, bodies(entries, scale), deleteable=True)
    site.offer(story.STAYS, deleteable=False)
    site.clear(story.STAYS)
    site.put(story.STAYS, bodies(story.snapshots[snapshot], story.STAYS))


@contextmanager
def staged(template: Path, home: Path, story: Story) -> Iterator[Stage]:
    """A copy of the template before the round that is to be cut, on a site of its own."""
    shutil.copytree(template, home)
    with CuttingSite() as site:
        lay_out(site, story, story.owed + story.new, snapshot=-1)
        site.schedule = RENEWED
        stage = Stage(home, site)
        stage.configure()
        site.witness = Witness(stage.pool, story)
        yield stage
    shutil.rmtree(home)
