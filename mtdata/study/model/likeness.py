"""Whether a cell that stands in a sheet says what raw says, in this program's words or the older's.

Pure.  The original program (Python 2) wrote floats with 12 digits, and arrays and objects as
Python's own text.
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from collections.abc import Sequence

from mtdata.core.border import Border

LONGEST = 1 << 16
"""Characters; a longer cell is equal or it is not."""
DIGITS = 1e-11
_CELL = Border(ValueError, also=(MemoryError,))  # Python's parser says so of what is too deep


def alike(made: str, stands: str) -> bool:
    """Whether `stands`, found in a sheet, and `made`, made of raw, are the same value."""
    if made == stands:
        return True
    if max(len(made), len(stands)) > LONGEST:
        return False
    if made[:1] in ("[", "{") and stands[:1] in ("[", "{"):
        return _same_structure(made, stands)
    return _same_float(made, stands)


def all_alike(made: Sequence[str], stands: Sequence[str]) -> bool:
    """Whether two rows of the same columns are alike, cell by cell."""
    return len(made) == len(stands) and all(map(alike, made, stands))


def _same_float(made: str, stands: str) -> bool:
    if not {".", "e", "E"} & set(made):
        return False  # whole numbers and words are exact
    try:
        one, other = float(made), float(stands)
    except ValueError:
        return False
    return math.isfinite(one) and math.isclose(one, other, rel_tol=DIGITS)


def _same_structure(made: str, stands: str) -> bool:
    try:
        with _CELL, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would quote the cell
            return bool(json.loads(made) == ast.literal_eval(stands))
    except ValueError:
        return False
