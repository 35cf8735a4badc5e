"""Form responses as an import writes them; it reads no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mtdata.programme.imports import RowCounts
from mtdata.programme.records.models import FormResponse
from mtdata.programme.table_rows import insert

FIELDS = (
    "timestamp", "user", "name_of_respondent", "gender_of_respondent", "reading_books",
    "listening_music", "mobile_no", "record_latitude", "record_longitude",
)  # fmt: skip
INSERTED = ("job", "attempt", *FIELDS)


class FormWriter:
    """Port RowWriter for form responses: each is one of its own."""

    def __init__(self, job: str, attempt: int) -> None:
        self._written = UUID(job), attempt

    def doubt(self) -> None:
        """Port: RowWriter.doubt."""

    def key(self, values: tuple[Any, ...]) -> str:
        """Port: RowWriter.key."""
        return ""

    def write(self, rows: Sequence[tuple[Any, ...]]) -> RowCounts:
        """Port: RowWriter.write."""
        insert(FormResponse, INSERTED, rows, first=self._written)
        return RowCounts(new=len(rows))
