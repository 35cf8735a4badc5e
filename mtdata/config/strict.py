"""What every model of a config file has in common; it knows no key."""

from __future__ import annotations

from pydantic import ConfigDict

DURATION = "seconds, or a duration such as 90s, 5m, 2h or 1d"
STRICT = ConfigDict(
    frozen=True,
    extra="forbid",
    hide_input_in_errors=True,  # a value may be a password
    validate_by_name=True,
    validate_by_alias=True,
)
