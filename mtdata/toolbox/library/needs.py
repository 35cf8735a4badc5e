"""Libraries that tables are made with, loaded when the first one is wanted, or told how to get."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mtdata.core.errors import ConfigError
from mtdata.core.installing import install

_BROUGHT_BY = {"pandas": "pip install pandas"}
"""What an extra of ours does not bring."""


def needed(module: str) -> Any:
    """A module; ConfigError, with the command that brings it, where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        if missing == "mtdata":  # a fault of the program
            raise
        brought_by = _BROUGHT_BY.get(missing, install("toolbox"))
        raise ConfigError(
            f"{missing} is not installed, which makes this table; `{brought_by}` "
            "brings it. Nothing was changed"
        ) from None
