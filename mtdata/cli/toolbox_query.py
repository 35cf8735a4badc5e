"""The command that asks pools in SQL: query."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, settings_of
from mtdata.cli.streams import fault_of
from mtdata.cli.tables import counted, note, say, table
from mtdata.cli.words import filled, path_of, seconds
from mtdata.core.clock import SystemClock
from mtdata.core.control import on_lines
from mtdata.core.errors import StorageError, UsageError

if TYPE_CHECKING:  # with the database
    from mtdata.toolbox.pools import Pools
    from mtdata.toolbox.query import QueryAnswer

QUERY = """each scale is a table of text, with the columns server and day before its own;
TRY_CAST(x AS DOUBLE) makes numbers. Nothing but the scales can be asked, and nothing is changed.

examples:
  mtdata query --tables
  mtdata query 'SELECT day, count(*) FROM DASS21_AS GROUP BY day ORDER BY day'
  mtdata query 'SELECT participant, count(*) AS n FROM QOL GROUP BY ALL HAVING n > 1'
  mtdata query 'FROM QOL JOIN Participant p ON p.id = participant' --format csv --out qol.csv
"""
SHOWN = 50
MOST = 100_000
"""Rows that --json puts into its one object."""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    query = commands.add_parser(
        "query", parents=[shared], help="a question in SQL over the sheets", epilog=QUERY
    )
    query.add_argument(
        "question", metavar="SQL", nargs="?", type=filled, help="one SELECT; each scale is a table"
    )
    query.add_argument("--server", default=".", help="a site's NAME; . = every one")
    query.add_argument(
        "--format",
        choices=("table", "csv", "json", "parquet"),
        help="table on a terminal, else csv; to a file what its name ends in",
    )
    query.add_argument("--out", metavar="FILE", type=path_of, help="write a file, whole or not")
    query.add_argument("--rows", type=int, default=SHOWN, help="rows of the table (50)")
    query.add_argument("--within", metavar="TIME", help="stop after that, such as 30s or 5m")
    query.add_argument(
        "--every-snapshot",
        action="store_true",
        help="of scales that must stay every day's snapshot, not the newest alone",
    )
    query.add_argument("--tables", action="store_true", help="name all scales and their columns")
    query.set_defaults(run=_query)


def _query(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.pools import chosen  # with the database

    form, within_s = _form(options), _seconds(options.within)
    if (options.question is None) is not options.tables:
        raise UsageError('query: either a question, "SELECT …", or --tables')
    pools = chosen(settings_of(options), options.server)
    if options.tables:
        return _show_tables(options, pools)
    from mtdata.toolbox.query import answered

    every = options.every_snapshot
    asked = answered(pools, options.question, every_snapshot=every, within_s=within_s)
    with asked as answer:
        if options.out:
            return _write(options, pools, answer, form)
        if options.json:
            return 0, _whole(answer)
        if form != "table":
            return _stream(answer, form)
        return _show(answer, options.rows)


def _form(options: argparse.Namespace) -> str:
    """The format that is meant; UsageError where it does not fit where it should go."""
    form, out = options.format, options.out
    if out is None:
        if form == "parquet":
            raise UsageError("--format parquet: it is a file; name it by --out FILE")
        if form and options.json:
            raise UsageError(f"--json is one object and --format {form} is none; take one of them")
        return form or ("table" if sys.stdout.isatty() else "csv")
    ending = out.suffix.removeprefix(".").lower()
    form = form or (ending if ending in ("json", "parquet") else "csv")
    if form == "table":
        raise UsageError("--format table is for people; --out FILE takes csv, json or parquet")
    return str(form)


def _seconds(word: str | None) -> float:
    if word is None:
        return inf
    try:
        return seconds(word)
    except ValueError as error:
        raise UsageError(f"--within: {word[:40]!a}: {error}") from None


def _show_tables(options: argparse.Namespace, pools: Pools) -> Result:
    from mtdata.toolbox.query import table_facts

    known = list(table_facts(pools, every_snapshot=options.every_snapshot))
    faults = [one.fault for one in known if one.fault]
    if not options.json:
        lines = [(one.table, one.rows, ", ".join(one.columns)) for one in known if not one.fault]
        table("", ("table", "rows", "columns"), lines, empty="no scale yet")
    for fault in faults:
        note(f"mtdata: {fault}", logging.ERROR)
    code = StorageError.exit_code if faults else 0
    return code, {"tables": [one._asdict() for one in known]}


def _show(answer: QueryAnswer, most: int) -> Result:
    """The first rows as a table, and how many more there are."""
    from mtdata.toolbox.table_files import plain_rows

    lines: list[list[object]] = []
    total = 0
    for batch in answer.batches:
        wanted = plain_rows(batch.slice(0, max(0, most - len(lines))))
        lines += [["" if cell is None else cell for cell in row.values()] for row in wanted]
        total += batch.num_rows
    table("", answer.columns, lines, empty="no row")
    if total > len(lines):
        note(f"… and {counted(total - len(lines), 'more row')}; --rows N shows more, --out all")
    return 0, {}


def _whole(answer: QueryAnswer) -> dict[str, Any]:
    from mtdata.toolbox.table_files import json_line, plain_rows

    rows: list[list[object]] = []
    for batch in answer.batches:
        rows += [json.loads(json_line(list(row.values()))) for row in plain_rows(batch)]
        if len(rows) > MOST:
            raise UsageError(
                f"the answer has more than {MOST:,} rows, too many for one object; "
                "--format json streams them, --out FILE keeps them"
            )
    return {"columns": list(answer.columns), "rows": rows}


def _stream(answer: QueryAnswer, form: str) -> Result:
    from mtdata.toolbox.table_files import FORMATS

    _print(FORMATS[form](answer.schema, answer.batches))
    return 0, {}


def _print(pieces: Iterable[bytes]) -> None:
    """Bytes as they are where a program reads them, and what a terminal would obey as its code."""
    raw = None if sys.stdout.isatty() else getattr(sys.stdout, "buffer", None)
    for piece in pieces:
        if raw is None:
            sys.stdout.write(on_lines(piece.decode().replace("\r\n", "\n")))
        else:
            raw.write(piece)
            raw.flush()
        if fault_of(sys.stdout):  # nobody reads any more
            return


class CountedBatches:
    """Batches on their way into a file, counted."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches, self.counts = batches, {"rows": 0}

    def __iter__(self) -> Iterator[Any]:
        for batch in self._batches:
            self.counts["rows"] += batch.num_rows
            yield batch


def _write(options: argparse.Namespace, pools: Pools, answer: QueryAnswer, form: str) -> Result:
    from mtdata.toolbox.provenance import Origin
    from mtdata.toolbox.result_file import write_result
    from mtdata.toolbox.table_files import FORMATS

    path = Path(options.out).absolute()
    tally = CountedBatches(answer.batches)
    origin = Origin(
        command=f"query {options.question}",
        made_at=SystemClock().now(),
        server=", ".join(pools.servers),
        counts=tally.counts,
        sheets=[sheet for scale in answer.scales for sheet in pools.read[scale]],
    )
    facts = write_result(path, FORMATS[form](answer.schema, tally), origin)
    if not options.json and sys.stdout.isatty():
        say(f"{path}: {counted(tally.counts['rows'], 'row')}")
    shown = {"file": str(path), "rows": tally.counts["rows"], "bytes": facts.size}
    return 0, {**shown, "sha256": facts.sha256}
