"""How long something is kept, as a key of a config file says it: a span, or off; it counts none."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from mtdata.config import values

KEPT = "a duration from 7d to 3660d, or off"
LEAST_KEPT_S, MOST_KEPT_S = 7 * 86_400.0, 3660 * 86_400.0
"""Links, mails and incidents of what ended are over by the first of these."""


def is_off(value: Any) -> bool:
    """Whether a value says off; YAML makes False of it, which may come as it is or in words."""
    return str(value).lower() in ("0", "0.0", "off", "false")


def kept_s(value: Any) -> float:
    """How long something is kept that has ended, in seconds; 0 for ever.  ValueError."""
    if is_off(value):
        return 0.0
    length = values.seconds(value, MOST_KEPT_S)
    if length < LEAST_KEPT_S:
        raise ValueError("it must be 7d at least")
    return length


KeptSpan = Annotated[float, BeforeValidator(kept_s)]
