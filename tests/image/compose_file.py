"""deploy/compose.yaml as compose reads it: values put in, services in order; starts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "compose.yaml"
_VALUE = re.compile(r"\$(?:\$|\{([A-Z_]+)(?:(:[-?])([^}]*))?\})")


def read_compose(environ: Mapping[str, str], file: Path = FILE) -> dict[str, Any]:
    """The whole file.  ValueError for a value that must be given and is not."""
    return dict(_filled(yaml.safe_load(file.read_text("utf-8")), environ))


def _filled(found: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(found, dict):
        return {key: _filled(one, environ) for key, one in found.items()}
    if isinstance(found, list):
        return [_filled(one, environ) for one in found]
    if isinstance(found, str):
        return _VALUE.sub(lambda match: _value_of(match, environ), found)
    return found


def _value_of(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, how, more = match.groups()
    if name is None:
        return "$"
    if value := environ.get(name, ""):
        return value
    if how == ":?":
        raise ValueError(f"{name}: {more}")
    return more or ""


def in_order(services: Mapping[str, Any]) -> list[str]:
    """Names of services, each behind those that it waits for."""
    left, placed = dict(services), list[str]()
    while left:
        ready = [one for one in left if set(left[one].get("depends_on", ())) <= set(placed)]
        assert ready, f"they wait for each other: {', '.join(left)}"
        placed += ready
        for one in ready:
            del left[one]
    return placed


def environ_of(file: Path) -> dict[str, str]:
    """What a file .env beside it says."""
    lines = file.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
