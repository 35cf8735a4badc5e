"""Config files held against their JSON schemas, read as an editor reads YAML; it tests nothing.

What the program reads as text an editor takes for numbers, True and nothing, as YAML 1.2 has it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from mtdata.config.folders import FILES
from mtdata.config.schema import config_schema

_TAG = "tag:yaml.org,2002:"
_TYPES = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    "merge": ("<<", ["<"]),
}


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2, as yaml-language-server has it."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # as PyYAML declares it


for _name, (_form, _first) in _TYPES.items():
    EditorLoader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_form})$"), _first)
EditorLoader.add_constructor(_TAG + "int", lambda loader, node: int(loader.construct_scalar(node)))


def as_in_editor(text: str) -> Any:
    """What an editor sees; the keys of mappings are text there."""
    return _with_text_keys(yaml.load(text, EditorLoader))


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


@cache
def validator(file: str) -> Draft202012Validator:
    """That judges the whole of a config file."""
    schema = config_schema(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def refusals(file: str, text: str) -> list[str]:
    """What an editor would mark; for each fault where it is and what is said of it."""
    found = validator(file).iter_errors(as_in_editor(text))
    return [f"{file}: {'/'.join(map(str, one.absolute_path))}: {one.message}" for one in found]


def refused_in(folder: Path) -> list[str]:
    """What an editor would mark in the files of a config folder."""
    there = [file for file in FILES if (folder / file).is_file()]
    texts = {file: (folder / file).read_bytes().decode("utf-8-sig") for file in there}
    return [told for file, text in texts.items() for told in refusals(file, text)]
