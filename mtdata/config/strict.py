"""What every model of a config file has in common; it knows no key."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from mtdata.config import values

DURATION = "seconds, or a duration such as 90s, 5m, 2h or 1d"
TIME_OF_DAY = "a time of day from 00:00 to 23:59"
YES_NO = "True or False"
SITE_NAME = "1 to 64 letters, digits, - and _, a letter or digit first"
LOWER = BeforeValidator(values.lower)
ClockTime = Annotated[time, BeforeValidator(values.clock_time)]
SiteName = Annotated[str, BeforeValidator(values.site_name)]
STRICT = ConfigDict(
    frozen=True,
    extra="forbid",
    hide_input_in_errors=True,  # a value may be a password
    validate_by_name=True,
    validate_by_alias=True,
)


def keyed(key: str, description: str, default: Any = ..., **more: Any) -> Any:
    """A model's field for a key of its file; `description` is the "allowed" of its faults."""
    return Field(default, validation_alias=key, description=description, **more)
