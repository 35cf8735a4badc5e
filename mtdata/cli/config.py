"""The commands about the config: what its files may say, and what holds; they begin nothing."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from mtdata.cli.sites import Result, config_folder
from mtdata.cli.tables import say, table
from mtdata.cli.words import examples, path_of
from mtdata.core.errors import UsageError

EXAMPLES = (
    ("config show", "every key that holds, and where it comes from; no secret"),
    ("config schema", "JSON schemas of the config files, by their names"),
    ("config schema server.config", "that of one file"),
    ("config schema --write config/schema", "each in a file, where an editor looks for it"),
)
TOLD = """
An editor that knows YAML (VS Code with Red Hat's extension, Neovim, whatever speaks to
yaml-language-server) reads the first line of a config file and the schema that it names: it
completes keys, tells what each means, and marks what is wrong.  `mtdata init` writes the schemas
beside the samples; after an update of mtdata write them anew.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command and its verbs."""
    config = commands.add_parser(
        "config",
        parents=[shared],
        help="what holds, and what the files may say",
        epilog=examples(EXAMPLES) + TOLD,
    )
    verbs = config.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser(
        "show", parents=[shared], help="every key that holds, and where it comes from"
    )
    show.set_defaults(run=_show)
    schema = verbs.add_parser("schema", parents=[shared], help="JSON schemas of the config files")
    schema.add_argument("file", nargs="?", metavar="FILE", help="one file, such as server.config")
    schema.add_argument(
        "--write", metavar="DIR", type=path_of, help="write into that folder, as FILE.json each"
    )
    schema.set_defaults(run=_schema)


def _show(options: argparse.Namespace) -> Result:
    from mtdata.config.loading import load_sections
    from mtdata.config.showing import shown_keys

    settings, sections = load_sections(config_folder(options), os.environ)
    keys = shown_keys(settings, sections)
    if not options.json:
        say(f"config {settings.folder}, home {settings.home}")
        table("", ("where", "key", "from", "value"), keys)
    named = [dict(zip(("where", "key", "from", "value"), one, strict=True)) for one in keys]
    return 0, {"folder": str(settings.folder), "home": str(settings.home), "keys": named}


def _schema(options: argparse.Namespace) -> Result:
    from mtdata.config.schema import config_schema, config_schemas

    schemas = config_schemas()
    if options.file:
        schemas = {name: config_schema(name) for name in [_file_named(options.file, schemas)]}
    if options.write:
        return _write(Path(os.path.abspath(options.write)), schemas, as_json=options.json)
    shown: dict[str, Any] = next(iter(schemas.values())) if options.file else schemas
    if not options.json:
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    return 0, shown


def _file_named(word: str, known: dict[str, Any]) -> str:
    """The config file of that name, with or without its ending."""
    for name in known:
        if word in (name, name.removesuffix(".config")):
            return name
    raise UsageError(f"there is no config file {ascii(word)[:80]}; there are {', '.join(known)}")


def _write(folder: Path, schemas: dict[str, Any], *, as_json: bool) -> Result:
    from mtdata.config.schema import schema_files
    from mtdata.core.disk import FolderDisk

    disk, made = FolderDisk(folder), []
    for name, content in schema_files(schemas):
        disk.replace(name, content)
        made.append(str(folder / name))
        if not as_json:
            say(f"made {folder / name}")
    return 0, {"made": made}
