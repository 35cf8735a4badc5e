"""Rows that are read when they are asked for, as an Arrow table or a DataFrame; none is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mtdata.toolbox.library.needs import needed

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa


class CellsLost(UserWarning):
    """Cells hold no value of the type that the codebook says, and are null in the table."""


class LazyTable(ABC):
    """A table that is read anew each time it is asked for."""

    @abstractmethod
    def arrow(self, *, typed: bool = True, no_answer: bool = True) -> pa.Table:
        """An Arrow table.

        `typed`: each column as its codebook says, a cell that is none of that type being null (a
        warning counts them); else the text that stands in the sheets.  `no_answer` False: cells
        that say "prefer not to answer" are null as well.
        """

    def polars(self, *, typed: bool = True, no_answer: bool = True) -> polars.DataFrame:
        """A DataFrame of polars; the choices are those of `arrow`."""
        library = needed("polars")
        frame: polars.DataFrame = library.from_arrow(self.arrow(typed=typed, no_answer=no_answer))
        return frame

    def pandas(self, *, typed: bool = True, no_answer: bool = True) -> pandas.DataFrame:
        """A DataFrame of pandas, whose types have a place for what is missing.

        So whole numbers stay whole where some are missing.  The choices are those of `arrow`.
        """
        types = _nullable_types(needed("pandas"), needed("pyarrow"))
        table = self.arrow(typed=typed, no_answer=no_answer)
        frame: pandas.DataFrame = table.to_pandas(types_mapper=types.get, date_as_object=False)
        return frame


class FactTable(LazyTable):
    """What a pool says of itself, which has types without a codebook."""

    def __init__(self, read: Callable[[], pa.Table]) -> None:
        self._read = read

    def arrow(self, *, typed: bool = True, no_answer: bool = True) -> pa.Table:
        """An Arrow table, the same whatever is chosen."""
        return self._read()


def _nullable_types(pandas: Any, arrow: Any) -> dict[Any, Any]:
    return {
        arrow.int64(): pandas.Int64Dtype(),
        arrow.bool_(): pandas.BooleanDtype(),
        arrow.string(): pandas.StringDtype(),
    }
