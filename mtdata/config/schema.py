"""JSON schemas (2020-12) of the config files, made from the models that read them.

`mtdata config schema` shows them, `mtdata init` lays them beside the samples, whose first line
names them for an editor.  A new key of a model stands in its schema without a line here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from mtdata.config.daemon import DaemonConfig
from mtdata.config.export import ACCOUNTS
from mtdata.config.folders import FILES
from mtdata.config.log import LogConfig, MailConfig
from mtdata.config.programme import ProgrammeConfig
from mtdata.config.replica import CHOICES
from mtdata.config.replica import KEYS as REPLICA_KEYS
from mtdata.config.sample_words import sample_words
from mtdata.config.samples import write_missing
from mtdata.config.schema_values import (
    LEFT_OUT,
    REPLICA,
    SCALAR,
    Schema,
    is_needed,
    key_schema,
    shared_definitions,
)
from mtdata.config.sections import allowed_keys
from mtdata.config.settings import RecoveryConfig
from mtdata.config.site import SiteConfig
from mtdata.config.weblogs import WeblogsFile, WeblogSite
from mtdata.config.weblogs_loading import NEEDED, OLD_NAMES, SITES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = "schema"
"""Below the config folder; the first line of a sample names a file in there."""
_NOTHING: Schema = {"$ref": f"#/$defs/{LEFT_OUT}"}


def config_schemas() -> dict[str, Schema]:
    """The schema of every config file by its name, in the order of FILES."""
    return {file: config_schema(file) for file in FILES}


def config_schema(file: str) -> Schema:
    """The schema of that one of FILES."""
    body, definitions = _BODIES[file](file)
    return {
        "$schema": DIALECT,
        "$id": f"urn:mtdata:{file}",
        "title": f"{file} of MTData",
        "description": sample_words(file, ()).file,
        **body,
        "$defs": {**shared_definitions(), **definitions},
    }


def schema_files(schemas: Mapping[str, Schema]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the file of each schema."""
    for file, schema in schemas.items():
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        yield f"{file}.json", f"{text}\n".encode()


def write_missing_schemas(folder: Path) -> list[Path]:
    """Lay the schemas into FOLDER of a config folder; returns the files made, none is overwritten.

    StorageError where one cannot be written.
    """
    return write_missing(folder / FOLDER, schema_files(config_schemas()))


Body = tuple[Schema, Schema]
"""A schema without what all of them have, and what it refers to."""


def _section(file: str, model: type[BaseModel], *, without_default: Iterable[str] = ()) -> Schema:
    """The keys of one section, and no others."""
    fields = [one for one in model.model_fields.values() if one.validation_alias]
    words = sample_words(file, allowed_keys(model)).keys
    named = {str(one.validation_alias): one for one in fields}
    properties = {key: key_schema(one, words.get(key, "")) for key, one in named.items()}
    for key in without_default:
        properties[key].pop("default", None)
    needed = [key for key, one in named.items() if is_needed(one)]
    return {
        "type": "object",
        "properties": properties,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _optional(section: Schema) -> Schema:
    """A whole file of one section, which may be empty."""
    return {**section, "type": ["object", "null"]}


def _plain_body(model: type[BaseModel]) -> Callable[[str], Body]:
    return lambda file: (_optional(_section(file, model)), {})


def _server_body(file: str) -> Body:
    site = _section(file, SiteConfig)
    site["required"].remove("NAME")  # which may be the key that the section stands under
    site["properties"]["NAME"]["anyOf"].append(_NOTHING)
    one = {"$ref": "#/$defs/site"}
    sites = {"type": "object", "minProperties": 1, "additionalProperties": one}
    listed = {"type": "array", "minItems": 1, "items": {"allOf": [one, {"required": ["NAME"]}]}}
    return {"anyOf": [sites, listed]}, {"site": site, REPLICA: _replica()}


def _replica() -> Schema:
    keys: Schema = {key: {"type": [*SCALAR, "null"]} for key in REPLICA_KEYS}
    for key, words in CHOICES.items():
        keys[key] = {"anyOf": [{"enum": list(words)}, _NOTHING]}
    for key in ("ACCESS_KEY", "SECRET_KEY"):
        keys[key]["writeOnly"] = True
    return {
        "description": "a second place for the raw bytes",
        "anyOf": [
            {"type": "string", "pattern": r"^[a-z][a-z0-9+-]*://[^\s]+$|\$\{"},
            {
                "type": "object",
                "properties": keys,
                "required": ["URL"],
                "additionalProperties": False,
            },
        ],
    }


def _log_body(file: str) -> Body:
    body, mail = _optional(_section(file, LogConfig)), {"$ref": "#/$defs/mail"}
    told = body["properties"]["MAIL"]["description"]
    body["properties"]["MAIL"] = {"description": told, "anyOf": [mail, _NOTHING]}
    return body, {"mail": _section(file, MailConfig)}


def _export_body(file: str) -> Body:
    properties: Schema = {}
    definitions: Schema = {}
    for key, model in ACCOUNTS.items():
        one = {"$ref": f"#/$defs/{key}"}
        several = {"type": "object", "additionalProperties": one}
        listed = {"type": "array", "items": one}
        told = "one account, or several by their names, or a list of them"
        properties[key] = {"description": told, "anyOf": [one, several, listed, _NOTHING]}
        definitions[key] = _section(file, model)
    kind = ["object", "null"]
    return {"type": kind, "properties": properties, "additionalProperties": False}, definitions


def _weblogs_body(file: str) -> Body:
    """The keys of the whole file, which a site may have as well."""
    top = _optional(_section(file, WeblogsFile, without_default=NEEDED))
    site = _section(file, WeblogSite, without_default=NEEDED)
    for section in (top, site):
        for old, new in OLD_NAMES.items():
            section["properties"][old] = {**section["properties"][new], "deprecated": True}
    number = {"type": ["integer", "string"], "minimum": 1, "pattern": r"^[0-9]{1,9}$|\$\{"}
    each = {"anyOf": [number, {"$ref": "#/$defs/site"}]}
    top["properties"][SITES] = {
        "description": "each domain with its number in Matomo, or with keys of its own",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": each,
    }
    top["anyOf"] = [{"maxProperties": 0}, {"required": [SITES]}]
    return top, {"site": site}


_BODIES: dict[str, Callable[[str], Body]] = {
    "server.config": _server_body,
    "recovery.config": _plain_body(RecoveryConfig),
    "log.config": _log_body,
    "daemon.config": _plain_body(DaemonConfig),
    "programme.config": _plain_body(ProgrammeConfig),
    "export.config": _export_body,
    "weblogs.config": _weblogs_body,
}
