"""What may stand in a config file for a key, as JSON Schema has it, read off the key's model.

A file is read as text, so `5`, `"5"` and `${FIVE}` are one; an editor reads YAML's own types.  What
the program takes the schema takes; what only the program can judge (is that zone known?) it lets
pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from mtdata.config import values, weblog_values
from mtdata.config.broker import BrokerAddress
from mtdata.config.database import DatabaseAddress
from mtdata.config.replica import ReplicaConfig

Schema = dict[str, Any]
LEFT_OUT, VARIABLE, REPLICA = "left_out", "variable", "replica"
"""Names of what many keys have in common, in `$defs` of a schema."""
SCALAR = ["string", "number", "boolean"]
"""Text, which YAML may take for something else: the password 0123, the user `no`."""
_TRUE, _FALSE = ("true", "yes", "on", "y", "t", "1"), ("false", "no", "off", "n", "f", "0")
_OFF = ("off", "false", "0", "0.0")
_DURATION = r"^[0-9]+(\.[0-9]+)? ?[smhd]?$"
_SIZE = r"^[0-9]{1,9}(\.[0-9]{1,3})? ?([kKmMgG][iI]?[bB])?$"
_NUMBER = r"^\s*[+-]?[0-9.][0-9_.]*([eE][+-]?[0-9]+)?\s*$"
_CLOCK = "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_PATTERNS = {
    values.site_name: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
    values.server: r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s?#\\]+$",
    values.day_format: r"^[^/\\]*%[yY][^/\\]*$",
    values.time_format: r"^[^/\\]*$",
    values.domain: r"^[^\s/?#@\\]+$",
    weblog_values.date_format: "%",
}
"""What is plain to see of a value that one of these reads."""
SECRETS = (SecretStr, DatabaseAddress, BrokerAddress)
"""What may hold a password."""


def shared_definitions() -> Schema:
    """What the keys of every schema refer to."""
    variable = {"type": "string", "pattern": r"\$\{"}
    return {
        VARIABLE: {"description": "taken from the environment: ${NAME}", **variable},
        LEFT_OUT: {
            "description": "nothing, as if the key was not there; or ${NAME}",
            "anyOf": [{"type": "null"}, {"const": ""}, variable],
        },
    }


def key_schema(field: FieldInfo, words: str = "") -> Schema:
    """What may stand for that key; `words` say what it is for."""
    allowed = str(field.description)
    told = f"{words}\n\nAllowed: {allowed}." if words else f"Allowed: {allowed}."
    schema: Schema = {"description": told}
    if (written := as_written(field.get_default())) is not None:
        schema["default"] = written
    if is_secret(field):
        schema["writeOnly"] = True  # as OpenAPI marks a password
    rest = VARIABLE if is_needed(field) else LEFT_OUT
    schema["anyOf"] = [*_forms(field), {"$ref": f"#/$defs/{rest}"}]
    return schema


def is_secret(field: FieldInfo) -> bool:
    """Whether the value may be, or hold, what nobody else is to know."""
    return any(kind in SECRETS for kind in _kinds(field.annotation))


def is_needed(field: FieldInfo) -> bool:
    """Whether the file has to say it: a secret may stand outside."""
    return field.is_required() and not is_secret(field)


def as_written(value: Any) -> Any:
    """A default as a file would have it; None where there is none, or nothing to write."""
    if isinstance(value, bool | int | str | dict):
        return None if value == "" else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, tuple | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else value
        return [as_written(item) for item in items]
    return str(value) if isinstance(value, Path) else None


def _forms(field: FieldInfo) -> list[Schema]:
    """Every form that a value may have, but that it is left out."""
    kinds = list(_kinds(field.annotation))
    if ReplicaConfig in kinds:
        one: Schema = {"$ref": f"#/$defs/{REPLICA}"}
        return [one, {"type": "array", "items": one}]
    if dict in kinds:
        return [{"type": "object"}]
    words = [kind for kind in kinds if isinstance(kind, str)]
    told, more = str(field.description), _also(field)
    if words:
        found = _word_forms(field, [word for word in [*words, *more] if word])
    else:
        found = _plain_forms(field, kinds)
    if "or off" in told:
        found += _folded(_OFF)
    if tuple in kinds or frozenset in kinds or "a list" in told:
        items = {"type": [*SCALAR, "null"]}
        found += [{"type": "array", "items": items}]
    if "mapping" in told or "mapping" in more:
        found += [{"type": "object", "additionalProperties": {"type": SCALAR}}]
    return found


def _also(field: FieldInfo) -> list[str]:
    """What the field says itself of further forms: words, or "mapping"."""
    extra = field.json_schema_extra
    words = extra.get("also") if isinstance(extra, dict) else None
    return [str(word) for word in words] if isinstance(words, list) else []


def _plain_forms(field: FieldInfo, kinds: list[Any]) -> list[Schema]:
    calls = _readers(field)
    if bool in kinds:
        return _folded([*_TRUE, *_FALSE])
    if time in kinds:
        return [{"type": "string", "pattern": _CLOCK}]
    if tuple in kinds or (int not in kinds and float not in kinds):
        return [_text(field)]
    if values.size in calls:
        return [_number(field, "integer"), {"type": "string", "pattern": _SIZE}]
    if calls:  # a duration: whoever reads one takes a number of seconds as well
        return [_number(field, "number"), {"type": "string", "pattern": _DURATION}]
    kind = "number" if float in kinds else "integer"
    return [_number(field, kind), {"type": "string", "pattern": _NUMBER}]


def _text(field: FieldInfo) -> Schema:
    """Text of one line, with the pattern that the model or its reader has for it."""
    schema: Schema = {"type": SCALAR}
    patterns = [one.pattern for one in field.metadata if getattr(one, "pattern", None)]
    patterns += [_PATTERNS[call] for call in _readers(field) if call in _PATTERNS]
    if patterns:
        schema["pattern"] = patterns[0]
    elif is_needed(field):
        schema["minLength"] = 1
    return schema


def _number(field: FieldInfo, kind: str) -> Schema:
    schema: Schema = {"type": kind}
    for bound in field.metadata:
        for name, word in _BOUNDS.items():
            if (value := getattr(bound, name, None)) is not None:
                schema[word] = value
    if len(schema) == 1:
        schema["minimum"] = 0
    return schema


def _word_forms(field: FieldInfo, words: list[str]) -> list[Schema]:
    """One of some words; in capitals as well, where the model makes small letters of them."""
    if values.encryption in _readers(field):
        return [{"enum": words}, *_folded([*words, "on", "true", "yes", "false", "no"])]
    return [{"enum": words}, *(_folded(words)[:1] if _readers(field) else [])]


def _folded(words: list[str] | tuple[str, ...]) -> list[Schema]:
    """Those words in whatever case, and what YAML makes of them."""
    cased = ("".join(map(_either_case, word)) for word in words)
    found: list[Schema] = [{"type": "string", "pattern": f"^({'|'.join(cased)})$"}]
    found += [{"const": True}] if "true" in words else []
    found += [{"const": False}] if "false" in words else []
    found += [{"const": int(word)} for word in words if word.isdigit()]
    return found


def _either_case(letter: str) -> str:
    if letter.isalpha():
        return f"[{letter.upper()}{letter.lower()}]"
    return re.escape(letter) if letter in ".:" else letter


def _readers(field: FieldInfo) -> list[Any]:
    return [one.func for one in field.metadata if isinstance(one, BeforeValidator)]


def _kinds(annotation: Any) -> Iterator[Any]:
    """Every type in an annotation, the words of a Literal, and what lists hold."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif inner := get_args(annotation):
        if origin := get_origin(annotation):
            yield origin
        for one in inner:
            yield from _kinds(one)
    else:
        yield annotation
