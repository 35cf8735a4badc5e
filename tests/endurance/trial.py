"""One trial: rows come all the time, faults come and go, the daemon is killed; it tests nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from mtdata.demo.study.data import make_key, seal
from mtdata.demo.study.site import StudySite
from tests.mailbox import Mailbox, mailbox

ROOT = Path(__file__).parents[2]
SCALES = ("DASS21_AS", "QOL", "JsPsychTrial")
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE_S = 300.0
TICK_S = 0.05
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "the site is down": ("down", {}),
    "500 for every package": ("status", {"code": 500, "method": "GET"}),
    "packages break off": ("truncated", {"method": "GET"}),
    "401 for everything": ("unauthorized", {}),
    "a log-in page for everything": ("login_page", {}),
    "no answer at all": ("hang", {}),
    "deletes are refused": ("must_remain", {}),
    "deletes lie: 200, and nothing is gone": ("lying", {}),
    "connections are dropped": ("drop", {}),
    "packages are garbled": ("garbled", {"bytes": b'[{"id": 1, "answer": }', "method": "GET"}),
}
"""What is told, and the fault of the stand-in with its details."""


@dataclass
class Record:
    """What a trial was and what came of it."""

    seconds: float = 0.0
    planted: int = 0
    lost: int = 0
    doubled: int = 0
    left_on_site: int = 0
    kills: int = 0
    faults: list[tuple[float, str]] = field(default_factory=list)
    mails: list[tuple[float, str]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    digest: str = ""
    verify: int = -1
    check: int = -1


class Trial:
    """A home, a site, and a daemon that is started again whenever it was killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self._random = folder, random.Random(seed)
        self.record = Record()
        self._daemon: subprocess.Popen[bytes] | None = None
        self._private, self._public = make_key(1024)
        self._next, self._is_down = 1, False
        self._planted: list[tuple[str, dict[str, Any]]] = []
        for name in ("config", "keys"):
            (folder / name).mkdir(parents=True)
        key = folder / "keys" / "study.pem"
        key.write_bytes(self._private)
        key.chmod(0o600)

    def configure(self, site: StudySite, mail: Mailbox | None = None) -> None:
        """EVERY second, so that as many rounds as in a day find room in minutes."""
        study = {
            "READY": True,
            "DELETE_MODE": True,
            "SERVER": site.url,
            "USER": site.user,
            "PASS": site.password,
            "PRIVATE_FILE": "study.pem",
            "PATH": "pool",
            "EVERY": "1s",
            "TIMEOUT": "3s",
            "CONNECT_TIMEOUT": "2s",
        }
        config = self.folder / "config"
        (config / "server.config").write_text(yaml.safe_dump({"study": study}))
        if mail is None:
            return
        told = {
            "HOST": "127.0.0.1",
            "PORT": mail.port,
            "TLS": "none",
            "FROM": "mtdata@example.org",
            "TO": "lab@example.org",
        }
        (config / "log.config").write_text(yaml.safe_dump({"MAIL": told}))

    def play(self, *, seconds: float, kills: int, faults: Sequence[str], fault_s: float) -> Record:
        """Faults at even distances, kills at random moments, rows all the time."""
        began = time.monotonic()
        with mailbox() as box, StudySite() as site:
            box.on_mail = lambda: self._mailed(time.monotonic() - began, box)
            self.configure(site, box)
            with self._alive():
                self._live(site, began, seconds, kills, faults, fault_s)
                self._finish(site)
            self.record.seconds = time.monotonic() - began
            self._judge(site)
        return self.record

    def _mailed(self, at: float, box: Mailbox) -> None:
        self.record.mails.append((at, box.mails[-1].subject))

    def _live(
        self,
        site: StudySite,
        began: float,
        seconds: float,
        kills: int,
        faults: Sequence[str],
        fault_s: float,
    ) -> None:
        plan = sorted(self._random.uniform(0.5, seconds) for _ in range(kills))
        starts = [(n + 0.5) * seconds / len(faults) for n in range(len(faults))]
        ends: list[float] = []
        todo = list(zip(starts, faults, strict=True))
        while (now := time.monotonic() - began) < seconds:
            if self._random.random() < TICK_S * 4:
                self.plant(site)
            if todo and now >= todo[0][0]:
                _, name = todo.pop(0)
                self._strike(site, name)
                self.record.faults.append((now, name))
                ends.append(now + fault_s)
            if ends and now >= ends[0]:
                ends.pop(0)
                self._heal(site)
            if plan and now >= plan[0]:
                plan.pop(0)
                self._kill()
            self._keep_up()
            time.sleep(TICK_S)
        self._heal(site)

    def plant(self, site: StudySite) -> None:
        """Some rows on one of the scales; ids from one sequence, now and then a late one."""
        count = self._random.randint(1, 5)
        ids = list(range(self._next, self._next + count))
        self._next += count
        self._random.shuffle(ids)
        scale = self._random.choice(SCALES)
        planted = [self._row(number) for number in ids]
        self._planted += [(scale, row) for row in planted]
        site.put(scale, planted)
        self.record.planted += count

    def _row(self, number: int) -> dict[str, Any]:
        text = f"participant {number % 17}"
        return {
            "id": number,
            "session": "PRE",
            "answer": self._random.randint(0, 555),
            "participantRSA": seal(self._public, text, self._random.randbytes),
        }

    def _strike(self, site: StudySite, name: str) -> None:
        kind, detail = FAULTS[name]
        if kind == "down":
            site.stop()
            self._is_down = True
        else:
            site.fault(kind, **detail)

    def _heal(self, site: StudySite) -> None:
        site.heal()
        if self._is_down:
            site.start()
            self._is_down = False

    # the daemon -----------------------------------------------------------------------------------

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._daemon and self._daemon.poll() is None:
                self._daemon.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self._daemon.wait(60)
                self._daemon.kill()
                self._daemon.wait()

    def words(self, *words: str) -> list[str]:
        """A command line of the program on this home."""
        return [
            sys.executable,
            "-P",
            "-m",
            "mtdata",
            "--config",
            str(self.folder / "config"),
            *words,
        ]

    def _keep_up(self) -> None:
        if self._daemon is None or self._daemon.poll() is not None:
            said = (self.folder / "said").open("ab")
            with said:
                self._daemon = subprocess.Popen(
                    self.words("daemon"),
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env=ENVIRON,
                )

    def _kill(self) -> None:
        assert self._daemon is not None
        if self._daemon.poll() is None:
            self._daemon.kill()
            self._daemon.wait()
            self.record.kills += 1

    def _finish(self, site: StudySite) -> None:
        """Undisturbed from now on, until the site is empty and the incidents are closed."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self._keep_up()
            if not any(site.ids(scale) for scale in SCALES if site.find(scale)) and not any(
                one["closed_at"] is None for one in self._incidents()
            ):
                break
            time.sleep(1)

    def undisturbed(self) -> str:
        """The digest of a pool of the same rows by rounds without a fault, kill or daemon."""
        other = Trial(self.folder / "undisturbed", 0)
        (other.folder / "keys" / "study.pem").write_bytes(self._private)
        with StudySite() as site:
            other.configure(site)
            for scale, row in self._planted:
                site.put(scale, [row])
            subprocess.run(other.words("export"), check=True, env=ENVIRON)
        return digest(sorted(rows(other.folder / "pool" / "active_data")))

    # what came of it ------------------------------------------------------------------------------

    def _judge(self, site: StudySite) -> None:
        record = self.record
        found = sorted(rows(self.folder / "pool" / "active_data"))
        record.digest = digest(found)
        ids = [int(dict(json.loads(row)[1])["id"]) for row in found]
        record.lost = len(set(range(1, self._next)) - set(ids))
        record.doubled = len(ids) - len(set(ids))
        record.left_on_site = sum(len(site.ids(scale)) for scale in SCALES if site.find(scale))
        record.incidents = self._incidents()
        run = partial(subprocess.run, capture_output=True, env=ENVIRON)
        record.verify = run(self.words("verify")).returncode
        record.check = run(self.words("decode", "--check")).returncode

    def _incidents(self) -> list[dict[str, Any]]:
        done = subprocess.run(
            self.words("incidents", "study", "--all", "--json"),
            capture_output=True,
            env=ENVIRON,
        )
        shown = json.loads(done.stdout or b"{}").get("sites", {})
        found: list[dict[str, Any]] = shown.get("study", {}).get("incidents", [])
        return found


def digest(found: Sequence[str]) -> str:
    """SHA-256 of rows in their order."""
    return sha256("\n".join(found).encode()).hexdigest()


def rows(folder: Path) -> Iterator[str]:
    """Every row of every sheet: its scale and its cells by column, whatever day it came on."""
    for path in sorted(folder.glob("*.csv")):
        scale = next(name for name in SCALES if path.name.startswith(name))
        for line in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")):
            yield json.dumps([scale, sorted(line.items())])
