"""A home with an account of CAKE, and orders carried in it; each in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bench import Bench, Took, in_process_of_its_own
from benchmarks.cake.kitchen import Kitchen
from mtdata.demo.cake.site import KEY

DAY, ZONE = "2016-01-10", "Europe/Berlin"
SITE = {"SERVER": "http://127.0.0.1:9", "USER": "u", "PASS": "p", "PATH": "pool", "READY": False}


class Bakery:
    """One home; its files go to a folder."""

    def __init__(self, folder: Path, kitchen: Kitchen) -> None:
        self.folder, self.kitchen = folder, kitchen

    def carry(self, kind: str = "cake.clicks", **keys: Any) -> Took:
        """A day's report from the order to the last file, into an empty folder."""
        self.forget()
        config = self.folder / "config"
        config.mkdir(parents=True, exist_ok=True)
        account = {
            "ADMIN_DOMAIN": self.kitchen.domain,
            "SCHEME": "http",
            "API_KEY": KEY,
            "TIMEZONE": ZONE,
            "OUTPUT": "reports",
            "RATE": 100,
        }
        site = SITE | {"ENCRYPTION": "off"}
        files = {"server": {"bench": site}, "export": {"CAKE": account | keys}}
        for name, content in files.items():
            (config / f"{name}.config").write_text(yaml.safe_dump(content), encoding="utf-8")
        order = {"config": str(config), "kind": kind, "given": {"from": DAY, "to": DAY}}
        return in_process_of_its_own("benchmarks.cake.carrier", order)

    def original(self, way: str, intervals: int) -> Took:
        """The same day the original's way, of each hour so many of its twelve intervals."""
        self.forget()
        reports = self.folder / "reports"
        reports.mkdir(parents=True, exist_ok=True)
        order: Took = {"way": way, "domain": self.kitchen.domain, "day": DAY, "key": KEY}
        order |= {"folder": str(reports), "intervals": intervals}
        return in_process_of_its_own("benchmarks.cake.original", order)

    def files(self) -> dict[str, str]:
        """The digest of each file that came out."""
        found = sorted((self.folder / "reports").iterdir())
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in found}

    def forget(self) -> None:
        """Leave nothing of what came out before."""
        reports = self.folder / "reports"
        for path in reports.iterdir() if reports.exists() else ():  # the folder is known, and stays
            path.unlink()


@contextmanager
def bakery(bench: Bench, *, keeps: bool = False, **how: Any) -> Iterator[Bakery]:
    """A home and a stand-in with so many clicks a day; both gone afterwards."""
    folder = bench.folder / "bakery"
    with Kitchen(keeps=keeps, zone=ZONE, **how) as kitchen:
        try:
            yield Bakery(folder, kitchen)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
