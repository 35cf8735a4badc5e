"""Which pools and scales are asked of, and the tables of a scale across them; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import pyarrow as pa

from mtdata.config import Settings, SiteConfig
from mtdata.core.errors import UsageError
from mtdata.core.words import did_you_mean
from mtdata.study.operations.opening import has_pool
from mtdata.study.operations.reading import PoolSheet, newest_alone, pool_sheets
from mtdata.toolbox.rows import unique_names
from mtdata.toolbox.sheets import Refetch, tables

ARRIVING = "rows that arrive"
"""What rows are called while they are put into a table; no table may be called so."""


class Pools:
    """The sheets of one site's pool or of several, as they stood when they were first asked for."""

    def __init__(self, sites: Sequence[SiteConfig]) -> None:
        self._sites = {site.name: site for site in sites}
        self.read: dict[str, list[PoolSheet]] = {}
        """The sheets that were read last, by scale, each with the length and digest it had then."""
        self.has_replaced = False
        """Whether one of them had been replaced since `sheets` was asked for."""

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the sites."""
        return tuple(self._sites)

    def site(self, server: str) -> SiteConfig:
        """The config of a site by its name."""
        return self._sites[server]

    @cached_property
    def sheets(self) -> dict[str, dict[str, list[PoolSheet]]]:
        """By scale and server, in the order of days; both by name."""
        by_scale: dict[str, dict[str, list[PoolSheet]]] = {}
        for server, site in self._sites.items():
            for sheet in pool_sheets(site):
                by_scale.setdefault(sheet.scale, {}).setdefault(server, []).append(sheet)
        return dict(sorted(by_scale.items()))

    @cached_property
    def table_names(self) -> dict[str, str]:
        """The name of each scale's table: the scale's own, told apart where only case differs."""
        scales = list(self.sheets)
        return dict(zip(scales, unique_names(scales, taken=[ARRIVING]), strict=True))

    def sheets_of(self, scale: str) -> dict[str, list[PoolSheet]]:
        """The sheets of a scale by server; UsageError, with the nearest name, where there is none.

        A name matches in any case when there is no other like it.
        """
        return self.sheets[self.named(scale)]

    def named(self, scale: str) -> str:
        """The scale's name as the pool has it; UsageError where there is none."""
        alike = [name for name in self.sheets if name.casefold() == scale.casefold()]
        if scale in self.sheets:
            return scale
        if len(alike) == 1:
            return alike[0]
        asked = f"{', '.join(self.servers)}: there is no sheet of a scale {ascii(scale)[:80]}"
        if not self.sheets:
            raise UsageError(f"{asked}; there is none at all yet: `mtdata export` collects")
        raise UsageError(
            f"{asked}.{did_you_mean(scale, self.sheets)} `mtdata status` names the scales"
        )

    def tables(self, scale: str, *, every_snapshot: bool = False) -> Iterator[pa.Table]:
        """The rows of a scale in batches: `server`, `day`, then the columns of its sheets, as text.

        Of a scale that must stay it is the newest sheet, which holds all of it, unless every
        snapshot is asked for.  The columns of two batches may differ.  SheetChanged (74) for a
        sheet that somebody else changed.
        """
        read = self.read[self.named(scale)] = []
        for server, sheets in self.sheets_of(scale).items():
            wanted = sheets if every_snapshot else newest_alone(sheets)
            yield from tables(server, wanted, self._newer(server), read.append)

    def _newer(self, server: str) -> Refetch:
        def refetch(old: PoolSheet) -> PoolSheet | None:
            place = (old.scale, old.day, old.part)
            known = pool_sheets(self._sites[server], old.scale)
            newer = next((one for one in known if one[:3] == place), None)
            self.has_replaced = self.has_replaced or newer not in (None, old)
            return newer

        return refetch


def chosen(settings: Settings, server: str) -> Pools:
    """The pools of one site by its name, READY or not, or of every site that has one for `.`.

    UsageError where there is no such site, or no pool at all.
    """
    return Pools(chosen_sites(settings, server))


def chosen_sites(settings: Settings, server: str) -> tuple[SiteConfig, ...]:
    """The site of that name, or for `.` every one, that has a pool; UsageError where none has."""
    sites = settings.sites if server == "." else (settings.site(server),)
    begun = tuple(site for site in sites if has_pool(site) or site.path.is_dir())
    if not begun:
        names = ", ".join(site.name for site in sites) or "server.config"
        raise UsageError(f"{names}: no pool yet; `mtdata export` makes it")
    return begun
