"""The command that shows codebooks, drafts one, and writes them as others read them: codebook."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, settings_of
from mtdata.cli.tables import note, say, table
from mtdata.cli.words import examples, filled, path_of
from mtdata.core.errors import ConfigError, StorageError, UsageError

if TYPE_CHECKING:  # they need the database
    from mtdata.config import Settings
    from mtdata.toolbox.codebook.coverage import Coverage
    from mtdata.toolbox.pools import Pools

EVERY = "."
NAMES = 6
"""So many names of columns stand in a cell of the table."""
CODEBOOK = examples(
    (
        ("codebook", "each codebook, and what it lacks of the pools"),
        ("codebook DASS21_AS", "one of them, as Markdown"),
        ("codebook --out labels", "each as Markdown, HTML, table schema, SPSS and Stata labels"),
        ("codebook --draft Mood --out config/scales", "a first one, to be filled in"),
        ("codebook --schema > codebook.json", "what an editor should know of such a file"),
    )
)


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    codebook = commands.add_parser(
        "codebook", parents=[shared], help="what the variables of a scale mean", epilog=CODEBOOK
    )
    codebook.add_argument(
        "scale", nargs="?", type=filled, metavar="SCALE", help="default: every one"
    )
    codebook.add_argument(
        "--server", type=filled, default=EVERY, help="a site's NAME; . = every one"
    )
    codebook.add_argument("--out", type=path_of, metavar="DIR", help="write files into DIR")
    what = codebook.add_mutually_exclusive_group()
    what.add_argument("--draft", action="store_true", help="make a first one from the pool")
    what.add_argument("--schema", action="store_true", help="print the JSON schema of such a file")
    codebook.set_defaults(run=_codebook)


def _codebook(options: argparse.Namespace) -> Result:
    if options.schema:
        return _schema(options)
    if options.draft:
        return _draft(options)
    if options.out:
        return _written(options)
    return _as_markdown(options) if options.scale else _listed(options)


def _schema(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.codebook import json_schema

    schema = dict(json_schema())
    if not options.json:
        print(json.dumps(schema, indent=2))
    return 0, schema


def _as_markdown(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.codebook import codebook_of
    from mtdata.toolbox.codebook.document import page_of
    from mtdata.toolbox.codebook.markdown import markdown

    codebook = codebook_of(settings_of(options), options.scale)
    if not options.json:
        for line in markdown(page_of(codebook)).splitlines():
            say(line)
    return 0, {"codebook": codebook.model_dump(mode="json")}


def _written(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.codebook import (
        codebook_files,
        codebook_of,
        codebooks,
        codebooks_folder,
    )
    from mtdata.toolbox.codebook.writing import write_codebook

    settings = settings_of(options)
    chosen = [codebook_of(settings, options.scale)] if options.scale else []
    chosen = chosen or list(codebooks(settings).values())
    if not chosen:
        raise ConfigError(
            f"{codebooks_folder(settings)}: no codebook; `mtdata init` brings examples"
        )
    files, command = codebook_files(settings), shlex.join(["mtdata", *sys.argv[1:]])
    paths = [
        path
        for codebook in chosen
        for path in write_codebook(options.out, codebook, files[codebook.scale], command)
    ]
    if not options.json and sys.stdout.isatty():
        say(f"{options.out}: {len(paths)} files")
    return 0, {"made": [str(path) for path in paths]}


def _draft(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.codebook.draft import draft
    from mtdata.toolbox.codebook.writing import write_draft
    from mtdata.toolbox.database import opened
    from mtdata.toolbox.pools import chosen

    if not options.scale:
        raise UsageError("a SCALE is wanted: `mtdata codebook --draft SCALE`")
    pools = chosen(settings_of(options), options.server)
    scale = pools.named(options.scale)
    with opened(pools) as database:
        text = draft(database, scale)
    if options.out:
        return 0, {"made": [str(write_draft(options.out, scale, text))]}
    if not options.json:
        for line in text.splitlines():
            say(line)
    return 0, {"draft": text}


def _listed(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.codebook import codebooks
    from mtdata.toolbox.codebook.coverage import coverages

    settings = settings_of(options)
    found = coverages(codebooks(settings), _pools(settings, options.server))
    for one in found:
        if one.fault:
            note(f"mtdata: {one.fault}", logging.ERROR)
    if not options.json:
        table("codebooks", COLUMNS, map(_line, found), empty="none; `mtdata init` brings examples")
    faults = [one.fault for one in found if one.fault]
    code = StorageError.exit_code if faults else 0
    result: dict[str, Any] = {"codebooks": [_as_json(one) for one in found]}
    if faults:
        told = "; ".join(faults)
        result["error"] = {"kind": "StorageError", "message": told, "exit": code}
    return code, result


def _pools(settings: Settings, server: str) -> Pools | None:
    from mtdata.toolbox.pools import chosen

    try:
        return chosen(settings, server)
    except UsageError:
        if server != EVERY:
            raise
        return None  # before the first round there are codebooks all the same


COLUMNS = ("scale", "variables", "scores", "in a pool", "remarks")


def _line(one: Coverage) -> tuple[object, ...]:
    book = one.codebook
    counts = (str(len(book.variables)), str(len(book.sub_scales))) if book else ("", "")
    return one.scale, *counts, "yes" if one.in_pool else "no", "; ".join(_remarks(one))


def _remarks(one: Coverage) -> Iterator[str]:
    if one.codebook is None:
        yield f"no codebook: mtdata codebook --draft {one.scale}"
    elif one.codebook.title:
        yield one.codebook.title
    if one.fault:
        yield "a sheet of it could not be read"
    if one.without_variable:
        yield f"no variable for the columns {_names(one.without_variable)}"
    if one.without_column:
        yield f"no column for the variables {_names(one.without_column)}"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else "")


def _as_json(one: Coverage) -> dict[str, Any]:
    book = one.codebook
    return {
        "scale": one.scale,
        "title": book.title if book else None,
        "variables": list(book.variables) if book else None,
        "scores": list(book.sub_scales) if book else None,
        "in_pool": one.in_pool,
        "columns_without_variable": list(one.without_variable),
        "variables_without_column": list(one.without_column),
        "fault": one.fault,
    }
