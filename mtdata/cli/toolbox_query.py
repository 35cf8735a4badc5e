"""The command that asks pools in SQL: query."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import Result, settings_of
from mtdata.cli.tables import table

QUERY = """examples:
  mtdata query 'SELECT day, count(*) FROM DASS21_AS GROUP BY day ORDER BY day'
"""
SHOWN = 200


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    query = commands.add_parser(
        "query", parents=[shared], help="a question in SQL over the sheets", epilog=QUERY
    )
    query.add_argument("question", metavar="SQL", help="one SELECT; each scale is a table")
    query.add_argument("--server", default=".", help="a site's NAME; . = every one")
    query.set_defaults(run=_query)


def _query(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.pools import chosen  # with the database
    from mtdata.toolbox.query import answered

    pools = chosen(settings_of(options), options.server)
    with answered(pools, options.question) as batches:
        rows = batches.read_all()
    lines = [list(row.values()) for row in rows.slice(0, SHOWN).to_pylist()]
    if not options.json:
        table("", rows.column_names, lines, empty="no row")
    return 0, {"columns": rows.column_names, "rows": lines}
