"""The files that come out: where they lie in a pool, and which columns they have."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.site.reference.markdown import code, codes, page, table, text
from mtdata.cake.columns import ORIGINALLY, REPORTS
from mtdata.core import pool_files
from mtdata.programme.columns import FORM, TEAM, FileColumn
from mtdata.study.ledger import Ledger
from mtdata.toolbox.report import clients
from mtdata.toolbox.report.making import MISMATCH_COLUMNS, SCALE_COLUMNS, SESSION_COLUMNS
from mtdata.weblogs.statistics import COLUMNS as STATISTICS

POOL_FILES = (
    (
        "raw_data/<Scale>_<DATE>.json",
        'one JSON object a scale and day, `{"<Scale>_<TIME>": [entries], …}`: each entry byte for '
        "byte as the site sent it, a name for each package that came",
    ),
    (
        "active_data/<Scale>_<DATE>.csv",
        "a row an entry, columns by name; `True` and `False`, numbers digit by digit as they "
        "were sent, lists and objects as compact JSON. Where somebody changed the file, rows go on "
        "in `…_part2.csv`",
    ),
    (
        "active_data/benchMark.json",
        '`{"<Scale>": {"current": ID, "deleteable": true}, …}`: the highest id of each',
    ),
)
"""What is written in them; DATE and TIME are those of `server.config`."""
REPORT_FILES: Sequence[tuple[str, Sequence[str]]] = (
    ("scales", SCALE_COLUMNS),
    ("sessions", SESSION_COLUMNS),
    ("what does not match", MISMATCH_COLUMNS),
    ("participants", ("server", *clients.COLUMNS)),
)


def pages() -> dict[str, str]:
    """By their paths below the reference."""
    return {
        "files.md": page(
            "Files",
            "CSV files are UTF-8 with CRLF, in the dialect that spreadsheets read; an empty cell "
            "is none. [What you may rely on](../CONTRACTS.md) tells which names are promised.",
            "## A pool",
            _pool(),
            table(("file", "what is in it"), ((code(one), text(told)) for one, told in POOL_FILES)),
            "DATE and TIME are DATE_FORMAT and TIME_FORMAT of [`server.config`]"
            "(config/server.config.md).",
            "## Reports of CAKE",
            *(_cake(name) for name in REPORTS),
            "## Web logs: `.stat` and `.csv`",
            codes(STATISTICS),
            "## Teams",
            _columns(TEAM),
            "## Form responses",
            _columns(FORM),
            "## Reports of a study",
            table(("file", "columns"), ((text(name), codes(of)) for name, of in REPORT_FILES)),
            "## The ledger",
            "`ledger.sqlite3` is the program's own and may change with any version; these are its "
            "tables as of this one, for who looks into a copy.",
            _ledger(),
        )
    }


def _pool() -> str:
    """Each name with the words that stand below it in the source."""
    rows = []
    for names, told in re.findall(
        r'^([A-Z][A-Z_, ]*) = [^\n]+\n"""(.*?)"""', inspect.getsource(pool_files), re.M | re.S
    ):
        paths = [str(getattr(pool_files, name.strip())) for name in names.split(",")]
        rows.append((codes(paths), text(" ".join(told.split()))))
    return table(("in the folder PATH", "what it is"), rows)


def _cake(report: str) -> str:
    instead = ORIGINALLY[report]
    rows = [
        (text(one.header), code(one.field), one.kind, text(instead.get(one.header, one).header))
        for one in REPORTS[report]
    ]
    head = ("column", "field of CAKE", "kind", "with `COLUMNS: original`")
    return f"### {report.capitalize()}\n\n{table(head, rows)}"


def _columns(columns: Iterable[FileColumn]) -> str:
    rows = [(codes(one.headers), "yes" if one.is_needed else "no") for one in columns]
    return table(("column", "has to be there"), rows)


def _ledger() -> str:
    with TemporaryDirectory() as folder, closing(Ledger(Path(folder) / Ledger.NAME)):
        found = _tables(Path(folder) / Ledger.NAME)
    return table(("table", "columns"), ((code(name), codes(of)) for name, of in found.items()))


def _tables(file: Path) -> dict[str, list[str]]:
    import sqlite3

    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = sorted(name for (name,) in names if not name.startswith("sqlite_"))
        asked = "SELECT name FROM pragma_table_info(?)"
        return {name: [of for (of,) in connection.execute(asked, (name,))] for name in tables}
