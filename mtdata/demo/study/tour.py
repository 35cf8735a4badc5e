"""`mtdata demo`: a study site with sealed answers on this machine, carried home once.

Everything is made for the occasion and thrown away, unless `--keep` names a folder for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig, load
from mtdata.core.errors import StorageError, UsageError
from mtdata.core.pool_files import SHEETS
from mtdata.core.signing import make_signing_key
from mtdata.demo.study.data import SCALES, make_key, populate
from mtdata.demo.study.site import StudySite
from mtdata.duties import KINDS
from mtdata.study.operations import commands
from mtdata.study.status.result import RoundResult

SEED = 20180312
SHOWN_SHEETS = ("DASS21_AS", "JsPsychTrial")
WIDTH = 110
CONFIG = """# Made by `mtdata demo`; the site that it speaks of is gone when the demo ends.
demo:
  READY: True
  DELETE_MODE: {deletes}
  SERVER: '{server}'
  USER: '{user}'
  PASS: '{password}'
  PRIVATE_FILE: 'demo.pem'
  DATE_FORMAT: "%b_%d_%Y"
  TIME_FORMAT: "%H_%M_%S"
  PATH: pool
"""


def tour(
    rows: int, keep: Path | None, *, quiet: bool, show: Callable[[str, RoundResult], None]
) -> tuple[RoundResult, dict[str, Any]]:
    """Make a site with `rows` rows, collect it, and show what came out and what was deleted."""
    say = (lambda text: None) if quiet else print
    with demo_home(keep) as folder, StudySite() as site:
        home = Path(folder)
        private, public = make_key()
        say(f"1. A study site with {rows} rows, its answers sealed, at {site.url}")
        populate(site, rows, SEED, public)
        lay = {scale: len(site.rows(scale)) for scale in SCALES}
        config = write_home(home, site, private)
        logs.configure(None, home)
        say("2. One round: collect -> back_up -> decrypt -> append -> verify -> delete\n")
        try:
            report = commands.export(config, "all")
            left = {scale: len(site.rows(scale)) for scale in SCALES}
            shown: dict[str, Any] = {"sites": {"demo": report.as_json()}}
            shown["on_site"] = {"before": lay, "after": left}
            if not quiet:
                show("demo", report)
            _tell(say, home, lay, left)
            if keep is not None:
                shown["job"] = _leave_job(say, home)
        finally:
            logs.close()  # its home may be thrown away
        return report, shown


def demo_home(keep: Path | None) -> AbstractContextManager[str | Path]:
    """A home that is thrown away, or the folder `keep`.

    UsageError when something is in it, StorageError when it cannot be made or looked into.
    """
    if keep is None:
        return TemporaryDirectory(prefix="mtdata-demo-")
    try:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise UsageError(f"{keep} is there already and not empty; --keep wants a new folder")
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{keep}: {error.strerror}; nothing was done. --keep wants a folder that can be made"
        ) from error
    return nullcontext(keep)


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(content)


def write_home(
    home: Path, site: StudySite, private: bytes, more: str = "", *, deletes: bool = True
) -> SiteConfig:
    """Write config and key of the site into a home; `more` are further lines of its section."""
    for folder in ("config", "keys"):
        (home / folder).mkdir(mode=0o700)
    known = {"server": site.url, "user": site.user, "password": site.password}
    config = CONFIG.format(**known, deletes=deletes) + more
    write_private(home / "config/server.config", config.encode())
    write_private(home / "keys/demo.pem", private)
    make_signing_key(home / "keys")
    return load(home / "config", {}).site("demo")


def _tell(
    say: Callable[[str], None], home: Path, lay: dict[str, int], left: dict[str, int]
) -> None:
    say("\n3. The first lines of what came, its answers opened:")
    for sheet in _sheets(home / "pool" / SHEETS):
        say(f"\n   {SHEETS}/{sheet.name}")
        for line in sheet.read_text(encoding="utf-8").splitlines()[:4]:
            say("   " + (line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"))
    gone = sum(lay.values()) - sum(left.values())
    say(
        f"\n4. On the site: {sum(lay.values())} rows before, {gone} of them deleted, each only\n"
        "   after its raw bytes and its row were read back here and matched; the rest must stay."
    )


def _sheets(folder: Path) -> list[Path]:
    """One of each scale that is shown; of a site with few rows the first that is there."""
    every = sorted(folder.glob("*.csv"))
    of_scale = [[one for one in every if one.name.startswith(f"{s}_")] for s in SHOWN_SHEETS]
    return [found[0] for found in of_scale if found] or every[:1]


def _leave_job(say: Callable[[str], None], home: Path) -> dict[str, Any]:
    from mtdata.jobs import queue  # these bring Django along
    from mtdata.jobs.records import orders, queries, setting
    from mtdata.jobs.runner import JobRunner

    config = home / "config"
    settings = load(config, {})
    setting.open_migrated(settings.database)
    try:
        ordered = queue.add(settings, KINDS, "study.decode", {"server": "demo"}, owner="demo")
        JobRunner(settings, KINDS, count=1).drain()
        job = queries.details_of(orders.job_named(str(ordered.pk)))
    finally:
        setting.close_records()
    say(
        f"\n5. A job made its sheets out of raw once more: {job['name']} is {job['status']},"
        f" {len(job['artifacts'])} files.\n"
        f"\nKept in {home}: try `mtdata --config {config} status`, or `decode demo --check`."
        f"\nThe web page shows it: `mtdata --config {config} user add NAME --admin`, then"
        f"\n`mtdata --config {config} web`."
    )
    return {word: job[word] for word in ("id", "name", "kind", "status")}
