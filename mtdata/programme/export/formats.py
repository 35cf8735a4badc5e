"""The forms that a file of responses can have; what writes each is loaded when it is wanted."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from mtdata.core.errors import ConfigError
from mtdata.core.installing import install
from mtdata.programme.columns import FORM

HEADER = tuple(column.headers[0] for column in FORM)
FormRow = tuple[Any, ...]
"""The values of the columns in their order, and behind them the row's number."""
Pages = Iterable[list[FormRow]]


class FormFile(NamedTuple):
    """A file that responses are written into; `scratch` is a folder beside it, for parts of it."""

    file: BinaryIO
    scratch: Path
    zone: ZoneInfo


class Format(NamedTuple):
    """A form of file: who writes it (`write` in that room), by what library, and for how many."""

    room: str
    library: str = ""  # as it is imported; '' for none
    extra: str = ""  # which brings it
    most_rows: int | None = None
    takes_texts: bool = False  # of times and degrees, as `reading.pages` has them

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is there."""
        return not self.library or importlib.util.find_spec(self.library) is not None

    def writer(self) -> Callable[[FormFile, Pages], None]:
        """What writes it.  ConfigError where its library is not installed."""
        if not self.is_installed:
            raise ConfigError(
                f"{self.library}, which writes this format, is not installed; "
                f"`{install(self.extra)}` brings it"
            )
        write: Callable[[FormFile, Pages], None] = import_module(
            f"mtdata.programme.export.{self.room}"
        ).write
        return write


FORMATS = {
    "csv": Format("as_csv", takes_texts=True),
    "parquet": Format("as_parquet", "pyarrow", "parquet"),
    "xlsx": Format("as_xlsx", "xlsxwriter", "xlsx", most_rows=(1 << 20) - 1),
}
