"""A pool as `mtdata.Pool` shows it to programs and notebooks; it writes nothing, hinders nobody.

    import mtdata

    pool = mtdata.Pool("pools/study", codebooks="config/scales")
    pool["QOL"].pandas()

Inside of the house `Pool` is what a round works with (mtdata/study/pool.py); so this class has a
name of its own here, and bears the short one outside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtdata.core.errors import UsageError
from mtdata.study.operations.pool_moment import (
    DATE_FORMAT,
    TIME_FORMAT,
    PoolMoment,
    pool_moment,
)
from mtdata.toolbox.codebook.loading import codebook_in, files_in
from mtdata.toolbox.library.facts import held_table, scale_table
from mtdata.toolbox.library.lazy_table import FactTable
from mtdata.toolbox.library.scale import ScaleReader, current_rows

AnyPath = str | os.PathLike[str]


class PoolReader:
    """The pool in a folder, as it stood when this was opened: scales by their names.

    What it gives is of that one moment, whatever rounds write meanwhile.  Nothing is read of a
    sheet before a table is asked for.
    """

    def __init__(
        self,
        path: AnyPath,
        *,
        codebooks: AnyPath | None = None,
        date_format: str = DATE_FORMAT,
        time_format: str = TIME_FORMAT,
    ) -> None:
        """Open the pool at PATH of a site.

        `codebooks` is the folder with `<Scale>.yaml`, `scales` of the config folder.  The formats
        are those of the names of sheets in a pool that has no ledger.

        UsageError where there is no pool; StorageError where it cannot be read; BusyError where
        rounds never let it rest.
        """
        self.path = Path(path)
        self._codebooks = None if codebooks is None else Path(codebooks)
        self._formats = date_format, time_format
        if self._codebooks is not None and not self._codebooks.is_dir():
            raise UsageError(f"{self._codebooks}: there is no such folder of codebooks")
        self._moment: PoolMoment = pool_moment(self.path, "", *self._formats)

    @classmethod
    def of_site(cls, name: str, config: AnyPath | None = None) -> PoolReader:
        """The pool of a site by its NAME in server.config, with the codebooks beside that.

        `config` is the config folder; without it that of $MTDATA_CONFIG, else the first of the
        usual places that has one, as for `mtdata` itself.  ConfigError with every fault of it;
        UsageError where it has no such site.
        """
        from mtdata.config import load  # with what a pool alone does not need
        from mtdata.config.folders import find_folder

        named = config or os.environ.get("MTDATA_CONFIG")
        folder = Path(named).expanduser() if named else find_folder(os.environ).folder
        settings = load(folder, os.environ)
        site, codebooks = settings.site(name), settings.folder / "scales"
        return cls(
            site.path,
            codebooks=codebooks if codebooks.is_dir() else None,
            date_format=site.date_format,
            time_format=site.time_format,
        )

    def __repr__(self) -> str:
        """Which it is, and how much there is of it."""
        return f"<mtdata.Pool {str(self.path)!r}: {len(self)} scales, {len(self.days)} days>"

    def __getitem__(self, scale: str) -> ScaleReader:
        """A scale.  UsageError, with the nearest name, where there is none."""
        folder = self._codebooks
        codebook = None if folder is None else codebook_in(folder, scale)
        return current_rows(self._moment, scale, codebook)

    def __iter__(self) -> Iterator[str]:
        """The names of the scales."""
        return iter(self._moment.scales)

    def __len__(self) -> int:
        """How many scales there are."""
        return len(self._moment.scales)

    def __contains__(self, scale: object) -> bool:
        """Whether there is a scale of that name."""
        return scale in self._moment.scales

    @property
    def site(self) -> str:
        """The name of its site, as the pool says itself, else that of its folder."""
        return self._moment.site

    @property
    def days(self) -> tuple[str, ...]:
        """The days on which any scale has a sheet, ISO."""
        return tuple(sorted({sheet.day for sheet in self._moment.sheets}))

    @property
    def scales(self) -> FactTable:
        """A row a scale: days, sheets, rows, entries held and waiting, and if it has a codebook."""
        folder = self._codebooks
        names = [] if folder is None else list(files_in(folder))
        return scale_table(self._moment, frozenset(name.casefold() for name in names))

    def held(self) -> FactTable:
        """Every entry that is held: its raw bytes are safe, it has no row; no answer is told."""
        return held_table(self._moment)

    def receipt(self, scale: str, id: int) -> dict[str, Any]:
        """All that can be shown of the entries of one id now, as `mtdata receipt` does.

        UsageError for a scale that stays or is none; UnknownEntry for an id that never came.
        """
        return self._moment.receipt(scale, id)

    def refreshed(self) -> PoolReader:
        """Open this pool anew, as it stands now."""
        formats = dict(zip(("date_format", "time_format"), self._formats, strict=True))
        return type(self)(self.path, codebooks=self._codebooks, **formats)


Pool = PoolReader
Pool.__name__ = Pool.__qualname__ = "Pool"
Pool.__module__ = "mtdata"
