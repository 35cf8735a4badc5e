"""The web page in a process of its own, somebody in front of it, and what that process holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from html import unescape
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import requests
import yaml

NAME, PASSWORD = "bench", "an invented word 7"  # opens nothing
SITE = {"SERVER": "http://127.0.0.1:9", "USER": "u", "PASS": "p", "PATH": "pool", "READY": True}
TIMEOUT_S, PIECE = 60, 1 << 16
_MARK = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def _words(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "mtdata", "--config", str(home / "config"), *words]


def home_of(folder: Path) -> Path:
    """A home with a site that is never asked, and somebody who may log in."""
    (folder / "config").mkdir(parents=True)
    site = {"bench": SITE | {"ENCRYPTION": "off"}}
    (folder / "config" / "server.config").write_text(yaml.safe_dump(site), encoding="utf-8")
    words = _words(folder, "user", "add", NAME, "--operator")
    subprocess.run(words, input=PASSWORD, text=True, check=True, capture_output=True)
    return folder


def made(home: Path, files: Mapping[str, Path]) -> str:
    """A job that has ended well and made these files; its id."""
    from mtdata.config import load
    from mtdata.jobs.records import setting

    setting.open_records(load(home / "config", {}).database)
    from mtdata.jobs.records.asking import now
    from mtdata.jobs.records.models import Artifact, Job

    at = now()
    job = Job.objects.create(
        name="bench", kind="bench", parameters={}, status="Success",
        created_at=at, started_at=at, ended_at=at,
    )  # fmt: skip
    for name, path in files.items():
        size = path.stat().st_size
        Artifact.objects.create(job=job, name=name, place=str(path), size=size, made_at=at)
    setting.close_records()
    return str(job.pk)


class Got(NamedTuple):
    """A body that was read to its end, and not kept."""

    size: int
    sha256: str
    seconds: float


class Page:
    """The page at a free port, until the block ends."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._session = requests.Session()

    def __enter__(self) -> Page:
        self._server = subprocess.Popen(
            _words(self._home, "web", "--port", "0"), stderr=subprocess.PIPE, text=True
        )
        assert self._server.stderr is not None
        told = self._server.stderr.readline()
        found = re.search(r"http://\S+:\d+", told)
        if found is None:
            raise SystemExit(f"the page does not begin: {told}")
        self._url = found[0]
        return self

    def __exit__(self, *error: object) -> None:
        self._server.terminate()
        self._server.communicate(timeout=TIMEOUT_S)

    def get(self, path: str, **how: Any) -> requests.Response:
        """A path of it."""
        answer = self._session.get(self._url + path, timeout=TIMEOUT_S, **how)
        answer.raise_for_status()
        return answer

    def log_in(self) -> None:
        """By the form."""
        mark = _MARK.search(self.get("/login/").text)
        assert mark is not None
        fields = {"username": NAME, "password": PASSWORD, "csrfmiddlewaretoken": mark[1]}
        answer = self._session.post(
            f"{self._url}/login/", data=fields, timeout=TIMEOUT_S, allow_redirects=False
        )
        assert answer.status_code == 302

    def link(self, job: str, name: str) -> str:
        """Where an artifact is downloaded, as the page of the job has it."""
        text = self.get(f"/jobs/{job}/").text
        found = re.search(rf'href="([^"]*/d/[^"]+)" aria-label="{re.escape(name)}"', text)
        assert found is not None
        return unescape(found[1])

    def fetched(self, path: str) -> Got:
        """Read it to its end."""
        digest, size, began = sha256(), 0, perf_counter()
        with self.get(path, stream=True) as answer:
            for piece in answer.iter_content(PIECE):
                digest.update(piece)
                size += len(piece)
        return Got(size, digest.hexdigest(), perf_counter() - began)

    def _told(self, what: str) -> float:
        status = Path(f"/proc/{self._server.pid}/status").read_text()
        [line] = re.findall(rf"^{what}:\s+(\d+) kB$", status, re.M)
        return int(line) / 1024

    def resident_mb(self) -> float:
        """Its resident memory now."""
        return self._told("VmRSS")

    def cpu_ms(self) -> float:
        """Processor time that it took so far."""
        fields = Path(f"/proc/{self._server.pid}/stat").read_text().rpartition(")")[2].split()
        return 1e3 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """The most that it was since `forget_peak`."""
        return self._told("VmHWM")

    def forget_peak(self) -> None:
        """Count the most from here on."""
        Path(f"/proc/{self._server.pid}/clear_refs").write_text("5")
