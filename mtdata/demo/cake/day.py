"""`mtdata demo cake`: a day of CAKE in a local S3, by the normal ways, and read back from there.

The instance of CAKE, the store and the home are made for the occasion and thrown away; with
`--keep` the home stays, with the files that came out.  Models are loaded late: the pages first.
"""

from __future__ import annotations

import csv
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from mtdata import logs
from mtdata.cake import account as cake_account
from mtdata.cake import window
from mtdata.cake.accounts import account_named
from mtdata.config import Settings, load
from mtdata.core.errors import MTDataError
from mtdata.demo.cake.reports import PLAIN
from mtdata.demo.cake.site import CakeSite
from mtdata.demo.page import PageVisitor
from mtdata.demo.store import BUCKET, REGION, LocalStore
from mtdata.demo.study.tour import demo_home, write_private
from mtdata.duties import KINDS
from mtdata.jobs.states import FINAL, Status

ZONE, DAY = "Europe/Berlin", date(2016, 1, 10)
JOBS = ("cake.clicks", "cake.conversions")
IDS = {"cake.clicks": "Click ID", "cake.conversions": "Conversion ID"}
EVENTS_SHARE = 100
LOOK_S, END_S = 0.25, 15.0
_DOWNLOAD = re.compile(r'href="(/d/[^"]+)"')
FILES = "reports"
STUDY = """# Made by `mtdata demo cake`, which collects from no study site; this one is not READY.
demo:
  READY: False
  SERVER: 'http://127.0.0.1:9/api'
  USER: 'nobody'
  PASS: '{password}'
  ENCRYPTION: off
  PATH: pool
"""
EXPORT = """# Made by `mtdata demo cake`; the instance and the store are gone when the demo ends.
CAKE:
  ADMIN_DOMAIN: '{site.domain}'
  SCHEME: http
  API_KEY: '{key}'
  TIMEZONE: {zone}
  RATE: 100
  OUTPUT: 's3://{bucket}/cake'
  ENDPOINT: '{store.url}'
  REGION: {region}
  ACCESS_KEY: '{store.access_key}'
  SECRET_KEY: '{store.secret_key}'
"""
PROGRAMME = """# Made by `mtdata demo cake`: as usual, but the bar moves twice a second.
HEARTBEAT_S: 0.5
"""


class DemoFile(NamedTuple):
    """A file as it was read back from the bucket; `fault`: what is wrong with it, '' = nothing."""

    name: str
    rows: int
    size: int
    sha256: str
    fault: str


class Day:
    """A day that waits at an instance of CAKE, the home that takes it, and what became of it."""

    def __init__(self, home: Path, site: CakeSite, store: LocalStore) -> None:
        self.home, self.site, self.store = home, site, store
        self.settings = _write_home(home, site, store)
        self._of = window.span(DAY, DAY)
        self.clicks = site.reports.click_count(*self._of, [PLAIN])
        self.events = len(site.reports.events_within(*self._of, [PLAIN]))

    @property
    def rows(self) -> int:
        """How many there are of both kinds."""
        return self.clicks + self.events

    def queue(self) -> list[Any]:
        """Order both reports of the day.  The records are open."""
        from mtdata.jobs import queue as job_queue

        given = {"from": DAY.isoformat(), "to": DAY.isoformat()}
        return [job_queue.add(self.settings, KINDS, kind, given, owner="demo") for kind in JOBS]

    def carry(self, jobs: list[Any], moved: Callable[[int], None]) -> float:
        """Let a runner carry them to their ends; how many seconds it took.

        `moved` hears how many more rows there are.  MTDataError when one did not end well.
        """
        from mtdata.jobs.records import queries
        from mtdata.jobs.runner import JobRunner

        slots, known = JobRunner(self.settings, KINDS), 0
        began = time.monotonic()
        slots.start()
        try:
            while True:
                shown = [queries.details_of(job) for job in jobs]
                rows = sum(one["rows"] for one in shown)
                moved(rows - known)
                known = rows
                if all(one["status"] in FINAL for one in shown) or not slots.is_well():
                    break
                time.sleep(LOOK_S)
        finally:
            slots.stop(END_S)
        for one in shown:
            if one["status"] != Status.SUCCESS:
                raise MTDataError(f"{one['name']} is {one['status']}: {one['reason']}")
        return time.monotonic() - began

    def read_back(self, jobs: list[Any], moved: Callable[[int], None]) -> Iterator[DemoFile]:
        """Every file that the jobs made, out of the bucket, held against what CAKE has."""
        from mtdata.jobs.records import orders, queries

        account = account_named(self.settings)
        folder = self.home / FILES
        folder.mkdir(mode=0o700)
        with closing(cake_account.cake_output(account)) as output:
            for job in jobs:
                wanted = dict(self._ids_of(job.kind))
                for made in queries.details_of(orders.job_named(str(job.pk)))["artifacts"]:
                    path = folder / made["name"]
                    size, digest = _fetched(output.pieces(made["name"]), path)
                    ids = _ids_in(path, IDS[job.kind])
                    moved(len(ids))
                    fault = _fault(ids, wanted.pop(made["name"], None))
                    if digest != made["sha256"]:
                        fault = "it is not what the records say"
                    yield DemoFile(made["name"], len(ids), size, digest, fault)
                for name in wanted:
                    yield DemoFile(name, 0, 0, "", "it is missing")

    def strangers(self, files: list[DemoFile]) -> set[str]:
        """What lies in the bucket beside these files."""
        return self.store.names() - {f"cake/{file.name}" for file in files}

    def _ids_of(self, kind: str) -> Iterator[tuple[str, list[int]]]:
        """Each file that should be there, and the ids that CAKE has for it."""
        reports = self.site.reports
        if kind == "cake.conversions":
            found = reports.events_within(*self._of, [PLAIN])
            name = f"report_{DAY:%d%m%Y}_{DAY:%d%m%Y}.csv"
            yield name, sorted(one.born.id for one in found)
            return
        for file in window.files(DAY, self.site.zone):
            clicks = reports.newest_clicks(*file.window, [PLAIN], 0, self.clicks)
            yield f"{file.name}.csv", sorted(one.born.id for one in clicks)


@contextmanager
def day_of(rows: int, keep: Path | None) -> Iterator[Day]:
    """A day with so many clicks, while the `with` lasts; `keep` names a new folder for the home."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(demo_home(keep)))
        events = max(1, rows // EVENTS_SHARE)
        site = stack.enter_context(CakeSite(zone=ZONE, clicks_a_day=rows, events_a_day=events))
        site.keys = {secrets.token_hex(8)}
        store = stack.enter_context(LocalStore())
        stack.callback(logs.close)  # its home may be thrown away
        logs.configure(None, home)
        yield Day(home, site, store)


def _write_home(home: Path, site: CakeSite, store: LocalStore) -> Settings:
    folder = home / "config"
    folder.mkdir(mode=0o700)
    [key] = site.keys
    of = {"zone": ZONE, "bucket": BUCKET, "region": REGION}
    study = STUDY.format(password=secrets.token_hex(8))
    write_private(folder / "server.config", study.encode())
    export = EXPORT.format(site=site, key=key, store=store, **of)
    write_private(folder / "export.config", export.encode())
    write_private(folder / "programme.config", PROGRAMME.encode())
    return load(folder, {})


def _fetched(pieces: Iterator[bytes], path: Path) -> tuple[int, str]:
    digest, size = sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    return size, digest.hexdigest()


def _ids_in(path: Path, header: str) -> list[int]:
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        place = next(lines).index(header)
        return [int(line[place]) for line in lines]


def _fault(ids: list[int], wanted: list[int] | None) -> str:
    if wanted is None:
        return "nobody asked for it"
    if len(set(ids)) != len(ids):
        return f"{len(ids) - len(set(ids))} rows came twice"
    if sorted(ids) != wanted:
        return f"{len(set(wanted) - set(ids))} rows are missing"
    return ""


def look_at_jobs(jobs: list[str], visitor: PageVisitor) -> list[str]:
    """Look at each job, and download the first file of each; what was not as it should be."""
    faults = []
    for job in jobs:
        shown = visitor.get(f"/jobs/{job}/")
        link = _DOWNLOAD.search(shown.text)
        if not shown.ok or "Success" not in shown.text or link is None:
            faults.append(f"the page of job {job} shows no Success with a download")
            continue
        with visitor.get(unescape(link[1]), stream=True) as answer:
            if not answer.ok or not next(answer.iter_content(1 << 16), b""):
                faults.append(f"what job {job} made cannot be downloaded")
    return faults
