"""The config as it holds, key by key, for people; no secret is shown, and nothing is read here.

A value is shown where its model says what it may be and that it is no secret; an address that may
hold a password is shown without.  Where a variable of the environment is in a value the text of the
file is shown, for what stands there may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time
from re import Pattern
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from mtdata.config.broker import BrokerAddress
from mtdata.config.database import DatabaseAddress
from mtdata.config.replica import ReplicaConfig
from mtdata.config.sections import ReadSection
from mtdata.config.settings import Settings

HIDDEN = "(not shown)"
FILE, OUTSIDE, DEFAULT = "file", "outside", "default"
"""From a line of the file, from the environment or a credential of systemd, or from neither."""


class ShownKey(NamedTuple):
    """One key: the file and section where it stands or could stand, and what holds."""

    where: str
    key: str
    origin: str
    value: str


def shown_keys(settings: Settings, sections: Iterable[ReadSection]) -> list[ShownKey]:
    """Every key of every section, in the order of the files and of their models."""
    return [key for section in sections for key in _keys_of(section, settings)]


def _keys_of(section: ReadSection, settings: Settings) -> Iterator[ShownKey]:
    where = section.where.removeprefix(f"{settings.folder}/")
    for name, field in type(section.model).model_fields.items():
        value, key = getattr(section.model, name), str(field.validation_alias or name)
        if isinstance(value, BaseModel):
            continue  # a section of its own
        if not field.validation_alias and (key not in section.outside or isinstance(value, dict)):
            continue  # of no file
        if key == "DATABASE":
            value = settings.database
        origin = OUTSIDE if key in section.outside else DEFAULT
        origin = FILE if key in section.written else origin
        yield ShownKey(where, key, origin, _value_text(field, value, section.written.get(key)))


def _value_text(field: FieldInfo, value: Any, written: Any) -> str:
    """The value of a field as people would write it; HIDDEN for what is a secret and not empty."""
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, DatabaseAddress | BrokerAddress):
        return value.redacted()
    if not field.repr and not str(field.validation_alias).endswith("_CA"):
        return HIDDEN if value else ""
    shown = _plain(value)
    if HIDDEN in shown or not _has_variable(written):
        return shown
    return written if isinstance(written, str) else HIDDEN


def _has_variable(written: Any) -> bool:
    if isinstance(written, list):
        return any(map(_has_variable, written))
    if isinstance(written, dict):
        return any(map(_has_variable, written.values()))
    return isinstance(written, str) and "${" in written


def _plain(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(_plain, value)))
    if isinstance(value, tuple):
        return ", ".join(map(_item, value))
    if isinstance(value, SecretStr | dict):  # a password may be an argument of a log's handler
        return HIDDEN
    if isinstance(value, ReplicaConfig):
        return value.url
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, Pattern):
        return str(value.pattern)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _item(value: Any) -> str:
    """One of several, or one of several pairs, such as a column and its field."""
    return ": ".join(map(_plain, value)) if isinstance(value, tuple) else _plain(value)
