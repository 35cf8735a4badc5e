"""A page for each config file: its keys by the schemas that the models give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.site.reference.markdown import code, page, table, text
from mtdata.config.schema import config_schemas

ALLOWED = "Allowed: "
LOOKED_FOR = "../../OPERATING.md#where-the-config-is-looked-for"
WHOSE = {
    ("server.config", "site"): "Each site",
    ("server.config", "replica"): "A replica (REPLICAS)",
    ("log.config", "mail"): "MAIL",
    ("export.config", "CAKE"): "An account of CAKE",
    ("weblogs.config", "site"): "A site",
}
"""What people call a section."""


def pages() -> dict[str, str]:
    """By their paths below the reference."""
    schemas = config_schemas()
    found = {f"config/{file}.md": _page(file, schema) for file, schema in schemas.items()}
    first = [f"[`{file}`]({file}.md)" for file in schemas]
    about = [text(schema["description"].partition(". ")[0]) for schema in schemas.values()]
    found["config/index.md"] = page(
        "Config files",
        "All keys that there are. `mtdata init` lays a sample of each file into `config/`, "
        "`mtdata config show` tells what holds on a machine, `mtdata config schema` gives this as "
        "JSON schemas for an editor. A value may be `${NAME}`: taken from the environment. Where "
        f"the files are looked for stands in [the manual]({LOOKED_FOR}).",
        table(("file", "what it is for"), zip(first, about, strict=True)),
        _toctree(schemas),
    )
    return found


def _toctree(names: Mapping[str, Any]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])


def _page(file: str, schema: dict[str, Any]) -> str:
    parts = [text(schema["description"])]
    known: set[str] = set()
    for name, section in _sections(schema):
        keys = {key: one for key, one in section["properties"].items() if key not in known}
        parts.append(f"## {WHOSE.get((file, name), name) or 'Keys'}")
        if len(keys) < len(section["properties"]):
            parts.append("Here every key of the whole file may stand too, for this one alone.")
        needed = section.get("required", [])
        parts += [_key(key, one, is_needed=key in needed) for key, one in keys.items()]
        known |= set() if name else set(keys)
    return page(f"`{file}`", *parts)


def _sections(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole file, '', and what stands below its keys."""
    if "properties" in schema:
        yield "", schema
    for name, one in schema["$defs"].items():
        found = [one, *one.get("anyOf", [])]
        yield from ((name, way) for way in found if "properties" in way)


def _key(name: str, schema: dict[str, Any], *, is_needed: bool) -> str:
    told, _, allowed = schema.get("description", "").rpartition(ALLOWED)
    lines = [f"- {ALLOWED}{text(allowed)}"] if allowed else []
    if "default" in schema:
        lines.append(f"- Default: {code(_written(schema['default']))}")
    lines += ["- It has to be there."] if is_needed else []
    lines += ["- A secret: it is shown nowhere."] if schema.get("writeOnly") else []
    lines += ["- An older name, which is taken as well."] if schema.get("deprecated") else []
    return "\n\n".join(filter(None, [f"### `{name}`", text(told.strip()), "\n".join(lines)]))


def _written(value: Any) -> str:
    is_plain = isinstance(value, str | bool)
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)
