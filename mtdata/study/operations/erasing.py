"""Erasing a person from the pool of one site: a look first, then by choice the deed.

What names the person goes into no log, no message and no file.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.errors import StorageError
from mtdata.core.pool_files import PROCESSED, RECOVERED, REPORTS
from mtdata.core.step import Watch, unwatched
from mtdata.core.stop import StopToken
from mtdata.study.erasure.carrying import finish
from mtdata.study.erasure.certificate import base_of, beyond_reach
from mtdata.study.erasure.person import Person, PersonUnknown
from mtdata.study.erasure.planning import is_to_go, plan_of
from mtdata.study.erasure.search import PersonFound, PersonSearch
from mtdata.study.integrity.catch_up import CatchUp, log_stand
from mtdata.study.operations.known_pool import KnownPool, has_raw
from mtdata.study.operations.opening import (
    alone_on,
    erased_lists,
    has_pool,
    knows_its_files,
    open_pool,
    refuse_unknown,
)
from mtdata.study.pending import release_files
from mtdata.study.pool import Pool

log = logging.getLogger(__name__)
DERIVED = (RECOVERED, PROCESSED, REPORTS, "report")


def erase(
    site: SiteConfig,
    person: Person,
    *,
    yes: bool = False,
    raw: bool = False,
    watch: Watch = unwatched,
    stop: StopToken | None = None,
) -> dict[str, Any]:
    """Tell where rows of the person lie; with `yes` remove them, with `raw` from raw files as well.

    An erasure that is under way is ended first.  PersonUnknown where there is none; StorageError
    for a pool without a ledger, or one that is not well: then nothing is changed.
    """
    _refuse_without_ledger(site)
    with (
        logs.at(site=site.name),
        alone_on(site) as held,
        open_pool(site, stop=stop, held=held) as opening,
    ):
        pool = opening.pool
        log_stand(CatchUp(pool, watch).play())
        release_files(pool)
        if yes:  # rows lie there too, and nobody would look for them
            drop_drafts(pool, site.path)
        derived, links = derived_files(site.path)
        found = PersonSearch(pool, person, derived, watch).play()
        found.unseen += [f"{path}: a link" for path in links]
        if found.is_empty:
            raise PersonUnknown(_nothing(site, found))
        shown = _preview(found, raw=raw)
        if yes and any(is_to_go(file, raw=raw) for file in found.files):
            shown |= _carry_out(site, pool, person, found, raw=raw, watch=watch)
        return shown


def _carry_out(
    site: SiteConfig, pool: Pool, person: Person, found: PersonFound, *, raw: bool, watch: Watch
) -> dict[str, Any]:
    plan = plan_of(pool, site.name, person, found, raw=raw)
    plan.write(pool.disk)
    shown = finish(pool, plan, erased_lists(site, pool.disk), watch)
    drop_drafts(pool, site.path)  # a job may have begun one of the rows that were there
    KnownPool(site).keep(pool.disk, changed=True)
    base = f"{site.path}/{base_of(plan)}"
    return {
        "exit": int(bool(shown["changed_meanwhile"])),
        "erased": True,
        "erasure": shown["erasure"],
        "certificate": f"{base}.txt",
        "token": f"{base}.token",
        "changed_meanwhile": shown["changed_meanwhile"],
    }


def _refuse_without_ledger(site: SiteConfig) -> None:
    refuse_unknown(site)
    if knows_its_files(site):
        return
    if not has_pool(site) and not has_raw(site):
        raise PersonUnknown(f"{site.path}: there is no pool, so nothing of anybody; nothing done")
    raise StorageError(
        f"{site.path}: without a ledger that knows its files nobody can tell which rows belong "
        f"together. Nothing was erased. First: mtdata verify {site.name} --rebuild-ledger"
    )


def _nothing(site: SiteConfig, found: PersonFound) -> str:
    told = "nothing of this participant is here; nothing was made or changed"
    untold = sum(found.untold.values())
    if untold:
        told += f". Of {untold} entries nobody can tell, for no key of today opens them"
    return told


def _preview(found: PersonFound, *, raw: bool) -> dict[str, Any]:
    files = [
        {
            "kind": one.kind,
            "scale": one.scale,
            "file": one.path,
            "rows": one.rows,
            "goes": is_to_go(one, raw=raw),
        }
        for one in found.files
    ]
    return {
        "exit": 0,
        "erased": False,
        "files": files,
        "rows": sum(one.rows for one in found.files if is_to_go(one, raw=raw)),
        "beyond_reach": beyond_reach(found),
    }


def derived_files(root: Path) -> tuple[list[str], list[str]]:
    """What was made of a pool's data, by path, and links among it, which are not followed."""
    files: list[str] = []
    links: list[str] = []
    for folder in DERIVED:
        for place, folders, names in os.walk(root / folder):
            folders.sort()
            for path in (Path(place, name) for name in (*folders, *sorted(names))):
                inside = path.relative_to(root).as_posix()
                if path.is_symlink():
                    links.append(inside)
                elif path.is_file() and not path.name.startswith("."):
                    files.append(inside)
    return files, links


def drop_drafts(pool: Pool, root: Path) -> None:
    """Take away what somebody was making of the pool's data and has not named; it is made again.

    Whoever was killed over it left it; who is at it now finds no draft to name, and tries again.
    """
    for folder in DERIVED:
        for place, _, names in os.walk(root / folder):
            for name in names:
                if name.startswith(".") and name.endswith(".staged"):
                    pool.disk.remove((Path(place) / name).relative_to(root).as_posix())
