"""What becomes of an odd entry: why it is held, or the cells of its row; it tests nothing."""

from __future__ import annotations

Fate = str | dict[str, str]
Lines = dict[str, tuple[bytes, Fate]]

NOT_JSON, NO_OBJECT = "not JSON", "not a JSON object"
NO_ID, OUT_OF_RANGE = "no whole number as id", "an id out of range"
NO_UTF8, SURROGATE = "not UTF-8", "text that is not Unicode (a lone surrogate)"
TOO_DEEP = "nested too deep"
TWICE, TOO_WIDE = "a name that stands twice", "more fields than a sheet can have"
TOO_MANY = "more values than an entry may have"
