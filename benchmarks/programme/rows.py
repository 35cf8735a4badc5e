"""Teams into a database, as an import writes them and as the database's own loader does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.bench import Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.programme.depot import Depot, csv_of, depot, server, teams

ROWS = 20_000
COLUMNS = "job, attempt, name_key, name, description, manager, members"
Rows = list[tuple[str, ...]]


def ratio(engine: str, bench: Bench, count: int = ROWS) -> Measured:
    """The part that writes, from the kept file to the last commit, beside one load of the rows."""
    written = teams(count)
    content = csv_of(written)
    with depot(bench, engine) as place:

        def ours() -> float:
            place.clear()
            job = place.order(content)
            return _timed(place, lambda: place.step(job), count)

        def bulk() -> float:
            place.clear()
            load = LOADERS[engine](place, bulk_rows(engine, written), bench.folder / "rows.tsv")
            return _timed(place, load, count)

        found = bench.in_turns({"import, rows/s": ours, "bulk loader, rows/s": bulk})
    sides = {name: median(rates) for name, rates in found.items()}
    note = f"{count:,} rows; an import reads and checks its CSV as well, a loader has its own form"
    return Measured(in_ratio(found["import, rows/s"], found["bulk loader, rows/s"]), sides, note)


def _timed(place: Depot, act: Callable[[], None], count: int) -> float:
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    if place.count() != count:
        raise RuntimeError(f"{place.count()} rows are there, not {count}")
    return count / took


def bulk_rows(engine: str, written: list[tuple[str, str, str, str]]) -> Rows:
    """All columns as a loader takes them."""
    from django.db import connection

    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    job = str(Team._meta.get_field("job").get_db_prep_value(uuid4(), connection))
    return [(job, "1", name_key(row[0]), *row) for row in written]


def _text(rows: Rows) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _sqlite(place: Depot, rows: Rows, path: Path) -> Callable[[], None]:
    def load() -> None:
        from django.db import connection, transaction

        marks = ", ".join(["%s"] * 7)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO programme_team ({COLUMNS}) VALUES ({marks})", rows)

    return load


def _postgres(place: Depot, rows: Rows, path: Path) -> Callable[[], None]:
    text = _text(rows)

    def load() -> None:
        name, words = place.settings.database.name, f"COPY programme_team ({COLUMNS}) FROM STDIN"
        with (
            server("postgres", name) as session,
            session.cursor() as cursor,
            cursor.copy(words) as copy,
        ):
            copy.write(text)

    return load


def _mysql(place: Depot, rows: Rows, path: Path) -> Callable[[], None]:
    path.write_text(_text(rows))

    def load() -> None:
        with closing(server("mysql", place.settings.database.name)) as session:
            with session.cursor() as cursor:
                cursor.execute(
                    f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE programme_team "
                    f"CHARACTER SET utf8mb4 ({COLUMNS})"
                )
            session.commit()

    return load


LOADERS = {"sqlite": _sqlite, "postgres": _postgres, "mysql": _mysql}
