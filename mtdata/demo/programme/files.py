"""Example files of teams and form responses, some of their rows wrong; invented from end to end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

TEAMS_HEADER = ("name", "description", "manager", "members")
FORMS_HEADER = (
    "timestamp", "user", "name", "gender_of_respondent", "reading_books", "listening_music",
    "mobile_no", "record_latitude", "record_longitude",
)  # fmt: skip
WRONG = {
    3: ("", "no name", "anna", ""),
    7: ("Team of a long manager", "", "x" * 21, ""),
    11: ("a row of one cell",),
}
"""Rows of teams that no import takes, by the line on which they stand."""
GENDERS = ("Male", "Female", "Other")


def write_teams(path: Path, rows: int, name: str, *, wrong: bool = False) -> None:
    """Teams called `name` with a number; some rows are wrong where that is wanted."""
    _write(path, TEAMS_HEADER, _teams(rows, name, wrong=wrong))


def _teams(rows: int, name: str, *, wrong: bool) -> Iterator[tuple[str, ...]]:
    for number in range(rows):
        line = number + 2
        if wrong and line in WRONG:
            yield WRONG[line]
        else:
            members = ", ".join(f"member {number}-{one}" for one in range(number % 4 + 1))
            yield f"{name} {number:05}", f"The {number}th of the teams", f"m{number % 20}", members


def write_forms(path: Path, rows: int) -> None:
    """Form responses, one a minute of May 2020."""
    _write(path, FORMS_HEADER, _forms(rows))


def _forms(rows: int) -> Iterator[tuple[str, ...]]:
    for number in range(rows):
        day, minute = 1 + number // 1440 % 31, number % 1440
        yield (
            f"2020-05-{day:02} {minute // 60:02}:{minute % 60:02}",
            f"user{number % 50}",
            f"Respondent {number}",
            GENDERS[number % 3],
            str(number % 2 == 0),
            str(number % 3 == 0),
            f"+49 30 {number % 1_000_000:06}",
            f"{52 + number % 1000 / 1000:.6f}",
            f"{13 + number % 1000 / 1000:.6f}",
        )


def _write(path: Path, header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(lines.getvalue(), encoding="utf-8", newline="")
