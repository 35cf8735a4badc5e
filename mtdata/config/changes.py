"""Which keys of the config are others than before, with their values where these may be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from mtdata.config.accepted import accepted_keys
from mtdata.config.settings import Settings
from mtdata.core.disclosure import Accepted


def changes(before: Settings, after: Settings) -> list[str]:
    """A line for each key that changed, came or went; of what may be secret the name alone."""
    old, new = dict(_sections(before)), dict(_sections(after))
    told = [f"{where} is new" for where in new if where not in old]
    told += [f"{where} is gone" for where in old if where not in new]
    for where in (one for one in new if one in old):
        told += [f"{where} {text}" for text in _changed(old[where], new[where])]
    return told


def _sections(settings: Settings) -> Iterator[tuple[str, BaseModel]]:
    yield from ((f"site {site.name}:", site) for site in settings.sites)
    yield from ((f"{file}.config:", getattr(settings, file)) for file in FILES)
    if settings.log.mail:
        yield "log.config: MAIL:", settings.log.mail
    for name, accounts in settings.export:
        yield from ((f"export.config: {name.upper()} {one.name}:", one) for one in accounts)
    yield from ((f"weblogs.config: site {one.domain}:", one) for one in settings.weblogs.sites)


def _changed(old: BaseModel, new: BaseModel) -> Iterator[str]:
    """Keys are called as in the file; what has none is given outside of it."""
    accepted = accepted_keys(type(new))
    for name, field in type(new).model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after or isinstance(after, BaseModel):
            continue
        key = str(field.validation_alias or name)
        takes = accepted.get(key, Accepted())
        shown = all(_may_show(value, takes) for value in (before, after))
        yield f"{key} {before} -> {after}" if shown else f"{key} changed"


def _may_show(value: Any, takes: Accepted) -> bool:
    return not isinstance(value, SecretStr) and takes.may_show(value)


FILES = ("recovery", "log", "daemon", "programme")
