"""What jobs do on the pools of studies, by the commands' own code; loaded where a part is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mtdata.alerts import heartbeat, notify
from mtdata.config import SiteConfig
from mtdata.core.disk import Ending, FolderDisk
from mtdata.core.errors import JobError, StorageError
from mtdata.core.pool_files import RECOVERED
from mtdata.core.reach import is_folder
from mtdata.core.step import Step
from mtdata.jobs.kind import Work
from mtdata.study.files.append_file import digest_of
from mtdata.study.integrity.decode import PoolDecoder
from mtdata.study.ledger import Ledger
from mtdata.study.model.decoded import Decoded
from mtdata.study.operations import commands
from mtdata.study.operations.opening import (
    has_pool,
    incident_ledgers,
    knows_its_files,
    look_into,
    open_pool,
    refuse_unknown,
)
from mtdata.study.pool import Pool

BETWEEN = ":"
"""Between site and sheet in the name of a part; the name of a site holds none."""

# --- study.export: a part is a site's round


def export(work: Work) -> None:
    """The round of a site.  JobError where some part of it failed."""
    site = work.settings.site(work.part)

    def watch(step: Step) -> None:
        work.progress(step.ever, step=str(step))

    with heartbeat.beating(work.settings, site.name) as ended:
        report = commands.export(site, work.parameters["scale"], watch, work.stop_token)
        ended.append(report)
    notify.spread(work.settings, incident_ledgers)
    work.progress(sum(did["appended"] for did in report.scales.values()))
    if report.exit:
        told = "; ".join(report.faults) or "some part failed; `mtdata incidents` tells which"
        raise JobError(f"{site.name}: {told}")


# --- study.decode: a part is one sheet, or a raw file where there is no ledger


def _recovering(site: SiteConfig) -> Any:
    """The pool to read from: rounds may go on beside it, since what is committed stays."""
    # a part is one core's work: how many cores jobs have is said by SLOTS and the runners alone
    return open_pool(site, Ledger.NAME if knows_its_files(site) else None, workers=0)


def sheets(work: Work) -> list[str]:
    """What is to be decoded.  JobError where there is nothing of that scale."""
    word = work.parameters["server"]
    sites = work.settings.sites if word == "." else (work.settings.site(word),)
    parts = [part for site in sites if _has_pool(site) for part in _of_site(work, site)]
    if not parts and work.parameters["scale"] not in (".", "all", "static"):
        raise JobError(f"there is no sheet of a scale {work.parameters['scale']}")
    return parts


def _has_pool(site: SiteConfig) -> bool:
    """Whether there is a folder to read, or was one: that is refused when it is opened."""
    return is_folder(site.path) or has_pool(site)


def _of_site(work: Work, site: SiteConfig) -> list[str]:
    refuse_unknown(site)
    scale, known = work.parameters["scale"], knows_its_files(site)
    # the other runners wait for the plan: where the ledger knows the sheets no key is loaded
    with look_into(site) if known else _raw_alone(site) as pool:
        paths = PoolDecoder(pool).planned(scale, known=known)
    return [f"{site.name}{BETWEEN}{path}" for path in paths]


@contextmanager
def _raw_alone(site: SiteConfig) -> Iterator[Pool]:
    with _recovering(site) as opening:
        yield opening.pool


class FencedDisk(FolderDisk):
    """A disk on which a file gets its name only while the attempt is the part's own."""

    def __init__(self, root: Path, work: Work) -> None:
        super().__init__(root, work.stop_token.check)
        self._work = work

    def _tagged(self, path: str, attempt: int) -> str:
        return f"{path}.{self._work.job[:8]}-{attempt}"

    def _staged(self, path: str, pieces: Iterable[bytes], end: Ending) -> str:
        """Under a name that no other attempt has."""
        tagged = self._tagged(path, self._work.attempt)
        return super()._staged(tagged, pieces, end)

    def _give_names(self, files: Mapping[str, str]) -> None:
        """Fenced when the part was given to another."""
        with self._work.fenced():
            super()._give_names(files)

    def drop_earlier(self, path: str) -> None:
        """Remove what earlier attempts were writing."""
        folder, _, name = path.rpartition("/")
        for attempt in range(1, self._work.attempt):
            tagged = f".{self._tagged(name, attempt)}.staged"
            self.remove(f"{folder}/{tagged}" if folder else tagged)


def decode(work: Work) -> None:
    """One sheet, or raw file.  StorageError where its rows differ."""
    name, _, path = work.part.partition(BETWEEN)
    site = work.settings.site(name)
    out = commands.recovered_to(work.settings, site, work.settings.recovery.out)
    disk = FencedDisk(site.path if out is None else out.resolve(), work)
    folder = f"{RECOVERED}/" if out is None else ""
    sheet = Path(path).name.removesuffix(".json").removesuffix(".csv") + ".csv"
    disk.drop_earlier(folder + sheet)
    with _recovering(site) as opening:
        done = PoolDecoder(opening.pool).write_sheet(path, disk, folder)
    if done.difference:
        raise StorageError(f"{done.sheet}: {done.difference}")
    work.progress(done.rows)
    _enter(work, disk, folder + sheet, done)


def _enter(work: Work, disk: FencedDisk, path: str, done: Decoded) -> None:
    place, size, digest = str(disk.root / path), disk.size(path), digest_of(disk, path).hex()
    work.add_artifact(done.sheet, place, rows=done.rows, size=size, sha256=digest)
