"""What the commands that write results have in common: which scales, whose, and how it ended."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.cli.sites import Result, answer, each, refuse_strangers, settings_of
from mtdata.cli.tables import note
from mtdata.cli.words import path_of
from mtdata.core.errors import BusyError, MTDataError, Stopped, UsageError
from mtdata.core.exit_codes import exit_code
from mtdata.core.reach import DiskFull

if TYPE_CHECKING:  # each loads a database
    from mtdata.config import Settings, SiteConfig
    from mtdata.toolbox.codebook import Codebook
    from mtdata.toolbox.database import PoolDatabase
    from mtdata.toolbox.processed import Results
    from mtdata.toolbox.provenance import Origin
    from mtdata.toolbox.source import Source

log = logging.getLogger(__name__)
EVERY = "all"
NAMED = 20
"""Scales that are named one by one."""


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The words that say which scales are meant, and where results go."""
    parser.add_argument("scale", metavar="SCALE|all", help="a scale's name; all = every one")
    parser.add_argument(
        "where",
        nargs="?",
        default="",
        metavar="FILE|SERVER",
        help="a CSV file that is read as that scale; behind `all` a site's NAME",
    )
    parser.add_argument("--server", default=".", help="a site's NAME; . = every one")
    parser.add_argument(
        "--out", type=path_of, metavar="DIR", help="where results go (default: in the pool)"
    )


@dataclass
class ScaleWork:
    """What is done for the scales of one site, or for one file."""

    options: argparse.Namespace
    settings: Settings
    database: PoolDatabase
    results: Results
    codebooks: dict[str, Codebook]
    server: str
    notes: list[str] = field(default_factory=list)

    def origin(self, source: Source | None = None, **how: Any) -> Origin:
        """What the side file of a result says."""
        from mtdata.toolbox.provenance import Origin, codebook_digest

        if source is not None:
            codebook = codebook_digest(self.settings, self.codebooks.get(source.scale))
            how |= {"scale": source.scale, "sheets": source.read, "codebook": codebook}
        return Origin(_command(self.options), _now(), server=self.server, **how)


Act = Callable[[ScaleWork, "Source"], dict[str, Any]]
Finish = Callable[[ScaleWork], None]


def carried_out(
    options: argparse.Namespace, act: Act, finish: Finish = lambda work: None
) -> tuple[Result, dict[str, Any]]:
    """Act on each scale that is meant, and finish each site; the answer, and what is shown.

    One scale's fault ends no other's.
    """
    from mtdata.toolbox.codebook import codebooks

    settings = settings_of(options)
    refuse_strangers(settings)
    command = _Command(options, settings, codebooks(settings), act, finish)
    if options.where and options.scale != EVERY:
        done, faults = each([options.where], command.of_file)
    else:
        done, faults = each(command.sites(), command.of_site)
    codes = {site["exit"] for site in done.values()}
    return answer("sites", done, codes, faults), done


@dataclass(frozen=True)
class _Command:
    """One command line: what is asked, and what is done for each scale and each site."""

    options: argparse.Namespace
    settings: Settings
    codebooks: dict[str, Codebook]
    act: Act
    finish: Finish

    def sites(self) -> list[str]:
        """The names of the sites that have what is asked for."""
        from mtdata.toolbox.pools import Pools, chosen

        pools = chosen(self.settings, self.options.where or self.options.server)
        sites = [pools.site(name) for name in pools.servers]
        if self.options.scale == EVERY or len(sites) == 1:
            return [site.name for site in sites]
        wanted = self.options.scale.casefold()
        scales = {site.name: map(str.casefold, Pools([site]).sheets) for site in sites}
        having = [name for name, known in scales.items() if wanted in known]
        if not having:
            pools.named(self.options.scale)  # says so
        return having

    def of_site(self, name: str) -> dict[str, Any]:
        """All that is asked of one site."""
        from mtdata.toolbox.pools import Pools
        from mtdata.toolbox.processed import PROCESSED
        from mtdata.toolbox.source import pool_source

        site, asked, out = self.settings.site(name), self.options.scale, self.options.out
        pools = Pools([site])
        scales = list(pools.sheets) if asked == EVERY else [pools.named(asked)]
        if out is not None and len(self.settings.sites) > 1:
            out = out / site.name  # two sites have scales of one name
        sources = (pool_source(pools, scale) for scale in scales)
        return self._worked(out or site.path / PROCESSED, site, sources)

    def of_file(self, name: str) -> dict[str, Any]:
        """A file as the scale that is asked for; results go to the pool that it lies in.

        UsageError where it lies in none and nobody said where they go.
        """
        from mtdata.toolbox.processed import PROCESSED
        from mtdata.toolbox.source import file_source

        file = Path(name)
        source = file_source(self.options.scale, file)
        place = file.resolve()
        sites = self.settings.sites
        whose = next((s for s in sites if place.is_relative_to(s.path.resolve())), None)
        out: Path | None = self.options.out or (whose.path / PROCESSED if whose else None)
        if out is None:
            raise UsageError(f"{file}: it lies in no pool, so say where results go: --out DIR")
        return self._worked(out, whose, iter([source]))

    def _worked(
        self, folder: Path, site: SiteConfig | None, sources: Iterator[Source]
    ) -> dict[str, Any]:
        from mtdata.toolbox.database import opened
        from mtdata.toolbox.pools import Pools
        from mtdata.toolbox.processed import results_in
        from mtdata.toolbox.source import read_in_turn

        name = site.name if site else ""
        shown: dict[str, Any] = {}
        faults: dict[str, MTDataError] = {}
        with results_in(folder, site) as results, opened(Pools([])) as database:
            work = ScaleWork(self.options, self.settings, database, results, self.codebooks, name)
            for source in read_in_turn(sources):
                try:
                    with contained(f"{name} {source.scale}".strip()):
                        shown[source.scale] = self.act(work, source)
                except (Stopped, UsageError, BusyError, DiskFull):
                    raise
                except MTDataError as error:
                    faults[source.scale] = error
            self.finish(work)
        counted = _counted_faults(work, faults, has_any=bool(shown))
        code = exit_code({fault.exit_code for fault in counted.values()})
        told = {"exit": code, "scales": shown, "written": [*map(str, results.written)]}
        return told | {"faults": [str(one) for one in counted.values()], "notes": work.notes}


def _counted_faults(
    work: ScaleWork, faults: dict[str, MTDataError], *, has_any: bool
) -> dict[str, MTDataError]:
    """Faults that count; of all scales, those that are none for this are only named, if one is."""
    from mtdata.toolbox.faults import NoCodebook, ScaleUnfit
    from mtdata.toolbox.scores import HOW

    if has_any and work.options.scale == EVERY:
        _pass_over(work, faults, ScaleUnfit, "left out, without participants or sessions")
        _pass_over(work, faults, NoCodebook, f"left out for want of a codebook ({HOW})")
    for fault in faults.values():
        places = f"\n{fault.places}" if isinstance(fault, ProgramFault) else ""
        note(f"mtdata: {work.server}: {fault}{places}".replace(": :", ":"), logging.ERROR)
    return faults


def _pass_over(
    work: ScaleWork, faults: dict[str, MTDataError], kind: type[MTDataError], why: str
) -> None:
    scales = [scale for scale, fault in faults.items() if isinstance(fault, kind)]
    for scale in scales:
        del faults[scale]
    if scales:
        more = f" and {len(scales) - NAMED} more" if len(scales) > NAMED else ""
        work.notes.append(f"{why}: {', '.join(scales[:NAMED])}{more}")


def is_watched(options: argparse.Namespace) -> bool:
    """Whether somebody looks on, and no program: cron hears nothing of what went well."""
    return not options.json and (sys.stdout.isatty() or getattr(options, "verbose", 0) > 0)


def _command(options: argparse.Namespace) -> str:
    """The command line with what matters of it; no secret is given on one."""
    words = ["mtdata", options.command, options.scale, *filter(None, [options.where])]
    if options.server != ".":
        words += ["--server", options.server]
    for name in ("by", "format"):
        words += (
            [f"--{name}", ",".join(getattr(options, name))] if getattr(options, name, ()) else []
        )
    for name in ("pseudonyms", "refuse_duplicates"):
        words += [f"--{name.replace('_', '-')}"] if getattr(options, name, False) else []
    return shlex.join(words)


def _now() -> Any:
    from mtdata.core.clock import SystemClock

    return SystemClock().now()
