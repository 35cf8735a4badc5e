"""What each key of a model takes, read off the model itself, so that a new key is never forgotten.

A key that takes any text (a password, an address, a path) takes no word that may be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from mtdata.config import values, weblog_values
from mtdata.config.site import PADDINGS, paddings
from mtdata.core.disclosure import Accepted, is_near

SPELLINGS = frozenset({"true", "false", "yes", "no", "on", "off"})
"""How people write True and False."""
_UNITS = "s|m|h|d|w|sec|second|min|minute|hr|hour|day|week|month|year"
# What looks like a duration, such as 90s, 5 weeks or -2h; like a time of day, such as 24:00 or
# 3.30 pm; and like directives with nothing but what stands between them.
_DURATION = re.compile(rf"-?[0-9]{{1,6}}(\.[0-9]{{1,3}})? ?({_UNITS})s?", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"[0-9]{1,2}[:.h][0-9]{0,2}([:.][0-9]{1,2})? ?([ap]m)?", re.ASCII)
_FORMAT = re.compile(r"(%-?[A-Za-z]|%|[-_.:/ ])+", re.ASCII)
_zones = lru_cache(maxsize=1)(available_timezones)


def is_zone(word: str) -> bool:
    """Near to the name of a zone of this machine."""
    return is_near(word, _zones())


_FORMS: dict[Callable[..., Any], Callable[[str], object]] = {
    values.seconds: _DURATION.fullmatch,
    values.clock_time: _CLOCK.fullmatch,
    values.clock_time_or_none: _CLOCK.fullmatch,
    values.day_format: _FORMAT.fullmatch,
    values.time_format: _FORMAT.fullmatch,
    values.zone: is_zone,
}
_WORDS: dict[Callable[..., Any], frozenset[str]] = {
    values.encryption: SPELLINGS,
    weblog_values.flags: frozenset(weblog_values.FLAGS),
    paddings: PADDINGS | {"none"},
}


@lru_cache(maxsize=32)
def accepted_keys(model: type[BaseModel]) -> dict[str, Accepted]:
    """What each key that a file may have for the model takes."""
    fields = model.model_fields.values()
    return {str(f.validation_alias): accepted_by(f) for f in fields if f.validation_alias}


def accepted_by(field: FieldInfo) -> Accepted:
    """What one field of a config model takes."""
    kinds = set(_kinds(field.annotation))
    calls = [one.func for one in field.metadata if isinstance(one, BeforeValidator)]
    words = frozenset(kind for kind in kinds if isinstance(kind, str) and kind)
    words |= SPELLINGS if bool in kinds else frozenset()
    words = words.union(*(_WORDS.get(call, frozenset()) for call in calls))
    forms = tuple(_FORMS[call] for call in calls if call in _FORMS)
    return Accepted(words, bool({int, float} & kinds), forms)


def _kinds(annotation: Any) -> Iterator[Any]:
    """Types within an annotation, and the words of a Literal; what lists hold is not looked at."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (tuple, list, dict):
        return
    elif inner := get_args(annotation):
        for one in inner:
            yield from _kinds(one)
    else:
        yield annotation
