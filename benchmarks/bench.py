"""What the benchmarks stand on: packages made once, homes for the program, sides in turns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rows import make_key, pem_of, rows, write_package
from benchmarks.stand_in import StandIn

ROOT = Path(__file__).resolve().parent.parent
SCALE = "DASS21_AS"
CONFIG = """bench:
  READY: True
  DELETE_MODE: {deletes}
  SERVER: '{server}'
  USER: 'bench'
  PASS: 'bench'
  PRIVATE_FILE: 'bench.pem'
  DATE_FORMAT: "%b_%d_%Y"
  TIME_FORMAT: "%H_%M_%S"
  PATH: pool
  TIMEZONE: UTC
  DELETE_LIMIT: 1000000
  DELETE_CONNECTIONS: {connections}
"""
Took = dict[str, Any]


class NotMeasured(Exception):
    """Why a figure cannot be had on this machine."""


@dataclass
class Home:
    """Config, key and pool of one site, and the site itself."""

    folder: Path
    site: StandIn

    @property
    def pool(self) -> Path:
        """The site's pool."""
        return self.folder / "pool"

    def offer(self, scales: Mapping[str, tuple[Path, int]]) -> None:
        """What the site has from now on: the package and its number of rows, by scale."""
        write_scales(self.folder, scales)
        self.site.forget()

    def run(self, command: str, **how: Any) -> Took:
        """Carry out `export`, `decode` or `verify` in a process of its own; see carrying.py."""
        order = {"command": command, "config": str(self.folder / "config"), **how}
        return in_process_of_its_own("benchmarks.child", order)

    def export(self, **how: Any) -> Took:
        """One round, which must end well."""
        took = self.run("export", **how)
        if took["told"]["exit"]:
            raise RuntimeError(f"the round ended with {took['told']}")
        return took


def in_process_of_its_own(module: str, order: Took) -> Took:
    """Run a module that is given an order as JSON, and what it found as JSON in its last line."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, json.dumps(order)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr}")
    took: Took = json.loads(done.stdout.splitlines()[-1])
    return took


def write_scales(folder: Path, scales: Mapping[str, tuple[Path, int]]) -> None:
    """The file that a stand-in answers by."""
    told = {
        name: {"path": str(path), "size": size, "deleteable": True}
        for name, (path, size) in scales.items()
    }
    (folder / "scales.json").write_text(json.dumps(told), encoding="utf-8")


@dataclass(eq=False)
class Bench:
    """One run of the benchmarks in `folder`."""

    folder: Path
    reps: int
    say: Callable[[str], None] = print
    _packages: dict[tuple[int, int], Path] = field(default_factory=dict)
    _homes: int = 0

    def __post_init__(self) -> None:
        self.key = make_key()

    def package(self, count: int, sealed: int) -> Path:
        """A package of so many rows with so many sealed fields each; made once a run."""
        if (count, sealed) not in self._packages:
            path = self.folder / f"package-{count}-{sealed}.json"
            self.say(f"making {count} rows with {sealed} sealed fields")
            write_package(path, rows(self.key, count, sealed))
            self._packages[count, sealed] = path
        return self._packages[count, sealed]

    @contextmanager
    def home(
        self,
        scales: Mapping[str, tuple[Path, int]],
        *,
        deletes: bool = False,
        connections: int = 64,
        latency_s: float = 0.0,
    ) -> Iterator[Home]:
        """An empty pool and a site that offers these; both gone afterwards."""
        self._homes += 1
        folder = self.folder / f"home-{self._homes}"
        for part in ("config", "keys"):
            (folder / part).mkdir(parents=True)
        write_scales(folder, scales)
        key = folder / "keys" / "bench.pem"
        key.touch(mode=0o600)
        key.write_bytes(pem_of(self.key))
        with StandIn(folder / "scales.json", latency_s) as site:
            config = CONFIG.format(server=site.url, deletes=deletes, connections=connections)
            (folder / "config" / "server.config").write_text(config, encoding="utf-8")
            try:
                yield Home(folder, site)
            finally:
                shutil.rmtree(folder)

    def store(
        self, count: int, sealed: int, *, scales: int = 1, deletes: bool = False, **how: Any
    ) -> Took:
        """One round into an empty pool, of `count` rows in so many scales of the same size."""
        package = self.package(count // scales, sealed), count // scales
        offered = {f"{SCALE}_{number}": package for number in range(scales)}
        with self.home(offered, deletes=deletes) as home:
            took = home.export(**how)
            took["site_cpu_s"] = home.site.stats()["cpu_s"]
        return took

    def needs_room(self, size: int) -> None:
        """NotMeasured when the disk has less than `size` bytes left."""
        if shutil.disk_usage(self.folder).free < size:
            raise NotMeasured(f"{self.folder} has less than {size:,} bytes left")

    def in_turns(self, sides: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Each side once a repetition, forwards and backwards by turns: drift hits both alike."""
        found: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(self.reps):
            names = list(sides)[:: -1 if number % 2 else 1]
            for name in names:
                found[name].append(sides[name]())
        return found
