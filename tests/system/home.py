"""A home for one test: config, keys, a pool and a study site; it runs commands and tests nothing.

The clock is set by hand and goes on five minutes a command, so that no test meets midnight.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from mtdata.cli.main import run
from mtdata.demo.study.site import StudySite

ROOT = Path(__file__).parents[2]
STUDY = "study"
EXPORT = "/api/export"
DATED = "Mar_12_2026"
Heard = Callable[[], tuple[str, str]]


class Ended(NamedTuple):
    """How a command ended: its exit code, the JSON that it printed, what it said beside it."""

    code: int
    shown: dict[str, Any]
    said: str


def row(id: object, **more: Any) -> dict[str, Any]:
    """An entry of a questionnaire."""
    return {"id": id, "session": "PRE", "answer": 3, "tag": None, **more}


def wire(entry: object) -> bytes:
    """An entry as the site sends it."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()


class Home:
    """Config, keys and pools under `folder`; `site` is what the section `study` collects from."""

    def __init__(self, folder: Path, site: StudySite, heard: Heard) -> None:
        self.folder, self.site, self._heard = folder, site, heard
        self.pool = folder / "pool"
        self.now = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
        self.sections: dict[str, dict[str, Any]] = {}
        self.noises: list[str] = []
        (folder / "config").mkdir()
        (folder / "keys").mkdir()
        self.configure()

    # config and keys

    def configure(self, name: str = STUDY, *, site: StudySite | None = None, **keys: Any) -> None:
        """Write a section of server.config anew with changed keys."""
        site = site or self.site
        base = {
            "READY": True,
            "SERVER": site.url,
            "USER": site.user,
            "PASS": site.password,
            "PATH": "pool" if name == STUDY else f"pool-{name}",
            "ENCRYPTION": "off",
            "TIMEZONE": "UTC",
            "TIMEOUT": "20s",
        }
        self.sections[name] = {**base, **self.sections.get(name, {}), **keys}
        text = yaml.safe_dump(self.sections, allow_unicode=True)
        (self.folder / "config" / "server.config").write_text(text, encoding="utf-8")

    def put_key(self, pem: bytes, name: str = "study.pem", mode: int = 0o600) -> Path:
        """Lay a key into keys/."""
        path = self.folder / "keys" / name
        path.write_bytes(pem)
        path.chmod(mode)
        return path

    # commands

    def run(self, *words: str) -> Ended:
        """Carry out a command line with --json in this process."""
        self.now += timedelta(minutes=5)
        self._heard()
        code = run([*words, "--config", str(self.folder / "config"), "--json"])
        out, said = self._heard()
        self.noises += [out, said]
        lines = out.splitlines()
        assert len(lines) == 1, f"--json printed {len(lines)} lines; beside it: {said}"
        return Ended(code, json.loads(lines[0]), said)

    def export(self, *words: str, code: int = 0) -> dict[str, dict[str, int]]:
        """One round that must end with `code`; what it did, by scale."""
        ended = self.run("export", *(words or (STUDY,)))
        assert ended.code == code, ended
        scales: dict[str, dict[str, int]] = ended.shown["sites"][STUDY]["scales"]
        return scales

    def words(self, *words: str) -> list[str]:
        """A command line for a process of its own."""
        config = str(self.folder / "config")
        return [sys.executable, "-m", "mtdata", *words, "--config", config, "--json"]

    def process(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """The same command as a process of its own, with its own true clock."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.words(*words),
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    # what is known

    def incidents(self, *more: str) -> list[dict[str, Any]]:
        """Open incidents of the study."""
        found: list[dict[str, Any]] = self._of(self.run("incidents", STUDY, *more))["incidents"]
        return found

    def troubles(self) -> set[tuple[str, str]]:
        """Kind and scale of every open incident."""
        return {(one["kind"], one["scale"]) for one in self.incidents()}

    def detail(self, kind: str) -> str:
        """What the one open incident of that kind says."""
        [found] = [one["detail"] for one in self.incidents() if one["kind"] == kind]
        return str(found)

    def noted(self, kind: str) -> str:
        """What the newest of that kind said, open or over as it was told."""
        said = [one["detail"] for one in self.incidents("--all") if one["kind"] == kind]
        return str(said[0])

    def held(self) -> list[tuple[str, int | None, str]]:
        """Scale, id and kind of what is held."""
        found = self._of(self.run("held", STUDY))["held"]
        return [
            (one["scale"], one["id"], one["kind"]) for one in found for _ in range(one["count"])
        ]

    def status(self, scale: str) -> dict[str, Any]:
        """How a scale stands."""
        standing: dict[str, Any] = self._of(self.run("status", STUDY))["scales"][scale]
        return standing

    def _of(self, ended: Ended) -> dict[str, Any]:
        assert ended.code == 0, ended
        shown: dict[str, Any] = ended.shown["sites"][STUDY]
        return shown

    def verify_until_clean(self) -> None:
        """Verify until nothing is wrong: the first pass mends, the second closes the incident."""
        if self.run("verify", STUDY).code:
            ended = self.run("verify", STUDY)
            assert ended.code == 0, ended

    def is_clean(self) -> bool:
        """Whether `verify` finds nothing wrong and `decode --check` nothing that differs."""
        verified, checked = self.run("verify", STUDY), self.run("decode", STUDY, "--check")
        assert (verified.code, checked.code) == (0, 0), (verified, checked)
        sheets = self._of(checked)["sheets"]
        return all(sheet["identical"] for sheet in sheets)

    # what stands in the pool

    def paths(self, folder: str, scale: str) -> list[Path]:
        """The files of a scale there, in order of their names."""
        return sorted((self.pool / folder).glob(f"{scale}_*"))

    def sheet(self, scale: str) -> list[dict[str, str]]:
        """Every row of a scale, of all its days and parts, by column."""
        sheets = [path.read_bytes().decode() for path in self.paths("active_data", scale)]
        return [line for text in sheets for line in csv.DictReader(io.StringIO(text, newline=""))]

    def ids(self, scale: str) -> list[str]:
        """The ids in the sheets, in their order."""
        return [line["id"] for line in self.sheet(scale)]

    def packages(self, scale: str) -> dict[str, list[Any]]:
        """Every package in the raw files, by its key."""
        files = [json.loads(path.read_bytes()) for path in self.paths("raw_data", scale)]
        return {key: entries for file in files for key, entries in file.items()}

    def raw_ids(self, scale: str) -> list[Any]:
        """The ids of every entry in the raw files, in their order."""
        return [entry["id"] for entries in self.packages(scale).values() for entry in entries]

    def raw_ids_as_text(self, scale: str) -> list[str]:
        """The same as a sheet would show them."""
        return [str(number) for number in self.raw_ids(scale)]

    def raw_ids_of_parts(self, scale: str) -> list[Any]:
        """The ids in the raw files that are parts of a day, and not its first."""
        files = [one for one in self.paths("raw_data", scale) if "_part" in one.name]
        packages = [json.loads(one.read_bytes()).values() for one in files]
        return [entry["id"] for file in packages for entries in file for entry in entries]

    def digests(self) -> dict[str, str]:
        """Every file of the pool but the ledger and its marker, with a digest of its bytes."""
        files = [path for path in self.pool.rglob("*") if path.is_file()]
        ours = ("ledger.sqlite3", ".lock", ".mtdata-pool")
        known = [path for path in files if not path.name.startswith(ours)]
        return {
            str(path.relative_to(self.pool)): sha256(path.read_bytes()).hexdigest()
            for path in known
        }

    # what the site was asked

    def asked(self, method: str, of: int = 0) -> list[str]:
        """Exports that were asked for with that method, from the request number `of` on."""
        found = [one.path for one in self.site.requests[of:] if one.method == method]
        return [path.removeprefix(EXPORT) for path in found if path.startswith(EXPORT)]

    def deletes(self) -> list[int]:
        """Ids whose delete the site carried out."""
        return [number for _, number in self.site.deletes]


def columns(path: Path) -> Sequence[str]:
    """The header of a sheet."""
    return next(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def dead_mount(patch: pytest.MonkeyPatch, folder: Path, number: int) -> None:
    """Let whoever looks at a folder, or at what is in it, be refused with that errno."""
    for name in ("stat", "lstat", "scandir"):
        patch.setattr(os, name, partial(_refused, getattr(os, name), folder, number))


def _refused(real: Callable[..., Any], folder: Path, number: int, path: Any, **how: Any) -> Any:
    if not isinstance(path, int) and Path(os.fspath(path)).is_relative_to(folder):
        raise OSError(number, os.strerror(number), str(path))
    return real(path, **how)
