"""Reports of one site from its pool to its files; the terminal and the pages show what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb

from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import StorageError
from mtdata.core.step import Watch, unwatched
from mtdata.study.operations.reading import newest_alone
from mtdata.toolbox.database import MEMORY_MB, PoolDatabase, opened
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.provenance import Origin, sheets_digest
from mtdata.toolbox.report import clients
from mtdata.toolbox.report.clients import ClientCounts
from mtdata.toolbox.report.completeness import TABLES, ReportMaker
from mtdata.toolbox.report.model import StudyReport, TaskLine, by_scale
from mtdata.toolbox.report.page import html_page
from mtdata.toolbox.report.writing import ReportFile, ReportFolder

SCALE_COLUMNS = (
    "server",
    "scale",
    "tag",
    "in_schedule",
    "data_found",
    "entries_in_log",
    "entries_in_dataset",
    "duplicates",
    "occasions_in_log",
    "occasions_found",
    "missing_rate",
)
SESSION_COLUMNS = ("server", "session", *SCALE_COLUMNS[1:])
MISMATCH_COLUMNS = (
    "server",
    "class",
    "scale",
    "participant",
    "session",
    "tag",
    "day",
    "rows",
    "ids",
)


class WrittenReport(NamedTuple):
    """The report of all scales of a site, and the files that have it."""

    report: StudyReport
    files: Sequence[ReportFile]


class WrittenClients(NamedTuple):
    """How far participants have come: counts, the first rows of the table, and its files."""

    counts: ClientCounts
    tests: int
    rows: Sequence[tuple[object, ...]]
    files: Sequence[ReportFile]


@contextmanager
def _maker(site: SiteConfig, watch: Watch, *, with_tests: bool) -> Iterator[ReportMaker]:
    with opened(Pools([site])) as database:
        try:
            yield ReportMaker(database, site, with_tests=with_tests, watch=watch)
        except (duckdb.OutOfMemoryException, duckdb.IOException):
            raise StorageError(
                f"{site.name}: the report has no room: its {MEMORY_MB} MB of memory and the folder "
                "for what does not fit are full. Nothing was changed; TMPDIR may name a larger disk"
            ) from None


def report_scales(
    site: SiteConfig,
    folder: ReportFolder,
    command: str,
    *,
    with_tests: bool = False,
    watch: Watch = unwatched,
) -> WrittenReport:
    """Hold schedule, log and every scale of a site against each other, and write what comes of it.

    Sheets that somebody changed are told as `faults`; the other scales are reported.  SheetChanged
    (74) where that is one of those that tell who took part and what was done.
    """
    with _maker(site, watch, with_tests=with_tests) as maker:
        report = maker.make()
        origin = _origin(site, command, maker.database, report)
        server = site.name
        folder.write_table(
            "scale-report",
            SCALE_COLUMNS,
            (scale_cells(server, one) for one in by_scale(report.tasks)),
            origin,
        )
        folder.write_table(
            "session-report",
            SESSION_COLUMNS,
            ((server, one.session, *scale_cells(server, one)[1:]) for one in report.tasks),
            origin,
        )
        folder.write_table(
            "mismatches", MISMATCH_COLUMNS, _mismatches(maker.database, server), origin
        )
        folder.write("report", "html", [html_page(report).encode()], origin)
        folder.write("report", "json", [report.model_dump_json(indent=1).encode() + b"\n"], origin)
    return WrittenReport(report, tuple(folder.written))


def scale_cells(server: str, line: TaskLine) -> tuple[object, ...]:
    """A line of the report by SCALE_COLUMNS."""
    return (
        server,
        line.scale,
        line.tag,
        line.in_schedule,
        line.data_found,
        line.logged,
        line.entries,
        line.duplicates,
        line.done,
        line.found if line.done is not None else None,
        line.missing_rate,
    )


def _mismatches(database: PoolDatabase, server: str) -> Iterator[tuple[object, ...]]:
    query = """SELECT kind, scale, participant, session, tag, day::VARCHAR, rows, ids FROM mismatch
        ORDER BY kind, scale, TRY_CAST(participant AS HUGEINT), participant, session, tag, ids"""
    for batch in database.batches(query):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield server, *row


def report_clients(
    site: SiteConfig,
    folder: ReportFolder,
    command: str,
    *,
    with_tests: bool = False,
    unfinished: str = "",
    shown: int = 0,
) -> WrittenClients:
    """How far each participant of a site has come, into a file; the first `shown` rows come back.

    `unfinished` keeps those alone who have not finished that session.  UsageError (64) for one that
    there is not.
    """
    with _maker(site, unwatched, with_tests=with_tests) as maker:
        maker.load()
        database = maker.database
        counts = clients.load_clients(database, with_tests=with_tests)
        if unfinished:
            clients.keep_unfinished(database, unfinished)
        ((tests,),) = database.rows("SELECT count(*) FILTER (is_test) FROM account")
        counted = {**counts._asdict(), "tests": tests}
        origin = _origin_of(site, command, database, TABLES, counted, schedule=maker.schedule.day)
        rows = ((site.name, *row) for row in clients.client_rows(database))
        folder.write_table("client-report", ("server", *clients.COLUMNS), rows, origin)
        few = clients.client_rows(database, shown)
    return WrittenClients(counts, tests, few, tuple(folder.written))


def _origin(site: SiteConfig, command: str, database: PoolDatabase, report: StudyReport) -> Origin:
    counts = {
        "scales": len({line.scale for line in report.tasks}),
        "entries": sum(line.entries for line in report.tasks),
        "entries_in_log": sum(line.logged or 0 for line in report.tasks),
        "tests": report.tests,
        "test_rows": report.test_rows,
        "unread": len(report.faults),
    }
    read = frozenset(database.pools.sheets)
    return _origin_of(site, command, database, read, counts, schedule=report.schedule_day)


def _origin_of(
    site: SiteConfig,
    command: str,
    database: PoolDatabase,
    scales: frozenset[str],
    counts: Mapping[str, int],
    *,
    schedule: str,
) -> Origin:
    """What the files are of: by scale how many sheets were read, and one digest of all of these."""
    read: dict[str, Any] = {}
    for scale, by_server in database.pools.sheets.items():
        if scale in scales:
            sheets = newest_alone(by_server[site.name])
            read[scale] = {"sheets": len(sheets), "sheets_sha256": sheets_digest(sheets)}
    more = {"schedule": schedule or None, "scales": read}
    return Origin(command, SystemClock().now(), site.name, counts=counts, more=more)
