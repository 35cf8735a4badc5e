"""Form responses out of PostgreSQL into a file, as a job writes it and as COPY … TO STDOUT does."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from benchmarks.bench import Bench, in_process_of_its_own
from benchmarks.figures import Measured, in_ratio
from benchmarks.programme.depot import Depot, depot, server

ROWS, FEW = 1_000_000, 100_000
COLUMNS = (
    'timestamp, "user", name_of_respondent, gender_of_respondent, reading_books, listening_music, '
    "mobile_no, record_latitude, record_longitude"
)
FILL = f"""INSERT INTO programme_formresponse (attempt, {COLUMNS}) SELECT 0,
  '2017-01-01 00:00+00'::timestamptz + number * interval '61.7 seconds', 'user ' || number %% 5000,
  'Respondent ' || md5(number::text), (ARRAY['Male', 'Female', 'Other'])[1 + number %% 3],
  number %% 2 = 0, number %% 3 = 0, '+49 30 ' || number, (number %% 180000000) / 1e6 - 90,
  (number * 7 %% 360000000) / 1e6 - 180 FROM generate_series(1, %s) AS number"""


def speed(bench: Bench, count: int = ROWS) -> Measured:
    """The part that writes: rows read, the file written, read back and put into OUTPUT."""
    with depot(bench, "postgres") as place:
        _fill(place, count)

        def ours() -> float:
            return count / float(_exported(place, count, "csv")["part_s"])

        def bare() -> float:
            return count / _copied(place, bench, count)

        found = bench.in_turns({"export, rows/s": ours, "COPY, rows/s": bare})
    sides = {name: median(rates) for name, rates in found.items()}
    note = (
        f"{count:,} rows, the table in memory; an export is in the order of the times, COPY in none"
    )
    return Measured(in_ratio(found["export, rows/s"], found["COPY, rows/s"]), sides, note)


def memory(bench: Bench, few: int = FEW, many: int = ROWS) -> Measured:
    """The most that the job's child has, by the rows; once, since it is long."""
    sides = {}
    with depot(bench, "postgres") as place:
        for count in (few, many):
            _fill(place, count)
            sides[f"CSV, {count:,} rows, MB"] = _exported(place, count, "csv")["peak_mb"]
        sides[f"Parquet, {many:,} rows, MB"] = _exported(place, many, "parquet")["peak_mb"]
    note = "Parquet's is mostly that of pyarrow, which is loaded for it alone"
    return Measured([sides[f"CSV, {many:,} rows, MB"]], sides, note)


def _fill(place: Depot, count: int) -> None:
    with server("postgres", place.settings.database.name) as session:
        session.execute("TRUNCATE programme_formresponse")
        session.execute(FILL, [count])
    with server("postgres", place.settings.database.name) as session:
        session.autocommit = True
        session.execute("VACUUM ANALYZE programme_formresponse")


def _exported(place: Depot, count: int, form: str) -> dict[str, Any]:
    from mtdata.jobs.records.models import Part

    config = str(place.settings.home / "config")
    order = {"config": config, "kind": "forms.export", "given": {"format": form}}
    took = in_process_of_its_own("benchmarks.cake.carrier", order)
    part = Part.objects.filter(stage="work").latest("pk")
    if part.rows != count:
        raise RuntimeError(f"{part.rows} rows came out, not {count}")
    return {**took, "part_s": (part.ended_at - part.started_at).total_seconds()}


def _copied(place: Depot, bench: Bench, count: int) -> float:
    words = f"COPY programme_formresponse ({COLUMNS}) TO STDOUT (FORMAT csv)"
    began, path = time.perf_counter(), bench.folder / "copied.csv"
    with (
        server("postgres", place.settings.database.name) as session,
        session.cursor() as cursor,
        cursor.copy(words) as copy,
        path.open("wb") as file,
    ):
        for piece in copy:
            file.write(piece)
    took = time.perf_counter() - began
    with path.open("rb") as file:
        if sum(1 for _ in file) != count:
            raise RuntimeError("COPY wrote another number of rows")
    return took
