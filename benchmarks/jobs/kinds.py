"""Kinds of job that do nothing, or write rows; each part notes when its work began."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from mtdata.duties import KINDS as REAL
from mtdata.jobs.kind import Kind, Work

ROWS, BATCH, TABLE = 100_000, 1_000, "rows_of_bench"


def _begun(work: Work) -> None:
    (work.settings.home / f"begun-{work.job}").write_text(str(time.monotonic()))


def _write(work: Work) -> None:
    from django.db import connection

    for first in range(0, ROWS, BATCH):
        with work.fenced(), connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {TABLE} (job, number) VALUES (%s, %s)",
                [(work.job, number) for number in range(first, first + BATCH)],
            )
        work.progress(first + BATCH, ROWS)
    _begun(work)
    while True:  # it still runs when it is stopped
        work.stop_token.check()
        threading.Event().wait(0.05)


def _take_back(work: Work, parts: Sequence[str] | None) -> None:
    from django.db import connection

    with work.fenced(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE job = %s", [work.job])


def _all(work: Work) -> list[str]:
    return ["all"]


KINDS = {
    **REAL,
    "empty": Kind("empty", (), _all, _begun, lambda parameters: "empty", splits_by_order=True),
    "rows": Kind("rows", (), _all, _write, lambda parameters: "rows", undo=_take_back),
}
