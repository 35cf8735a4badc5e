"""What `${NAME}` in a config file stands for: a variable, or a credential; never shows a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mtdata.config.credentials import credential, given_names
from mtdata.config.reading import bare
from mtdata.core.border import Border
from mtdata.core.disclosure import named

_UNREADABLE = Border(ValueError, "it cannot be read")
_VARIABLE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


def is_one_variable(value: Any) -> bool:
    """Whether it is `${NAME}` and nothing else."""
    found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return bool(found and found[1])


def expanded(value: Any, environ: Mapping[str, str]) -> Any:
    """Put values for `${NAME}` in a text, or in texts below it; `$${` is `${`.

    A variable of the environment, else the credential of that name: where passwords are files
    (/run/secrets of a container), none has to be in an environment.  Raises ValueError that says
    which is unset, that a name is missing, or that the value has itself for a part of it.
    """
    with _UNREADABLE:
        return _expanded(value, environ)


def _expanded(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_expanded(item, environ) for item in value]
    if isinstance(value, dict):
        return {key: _expanded(item, environ) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    names = [match for match in _VARIABLE.finditer(value) if match[0] != "$${"]
    if any(match[1] is None for match in names):
        raise ValueError("after ${ a name and } are allowed, and $${ for a plain ${")
    found = {name: _value_of(name, environ) for name in {match[1] for match in names}}
    unset = sorted(name for name, word in found.items() if word is None)
    if unset:
        told = ", ".join(_name_told(name, environ) for name in unset)
        raise ValueError(f"the environment variable {told} is not set{_nor(environ)}")
    return _VARIABLE.sub(lambda match: found[match[1]] or "" if match[1] else "${", value)


def _value_of(name: str, environ: Mapping[str, str]) -> str | None:
    """What stands for a name, less one line end; None where nothing does."""
    if name in environ:
        return bare(environ[name])
    return credential(name, environ, _name_told(name, environ)) or None


def _name_told(name: str, environ: Mapping[str, str]) -> str:
    """The name when it is near to one that is there: it may be a password in a wrong place."""
    return named(name, [*environ, *given_names(environ)], f"(a name of {len(name)} letters)")


def _nor(environ: Mapping[str, str]) -> str:
    place = environ.get("CREDENTIALS_DIRECTORY")
    return f", nor is there a file of that name in {place}" if place else ""
