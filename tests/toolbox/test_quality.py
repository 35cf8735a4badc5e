"""`quality` counts what is wrong with a scale, names codes and never words, and sees columns go."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mtdata.toolbox.drift import column_changes
from tests.toolbox.codebooks import write_codebook
from tests.toolbox.pools_made import MadePool

HEADER = ("calm", "date", "hours", "id", "note", "participantRSA", "session", "tag", "tense")
DAY = "Mon, 12 Mar 2018 15:{:02}:00 -0500"


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    return MadePool(tmp_path)


def row(number: int, who: str, calm: str, tense: str, hours: str = "8", note: str = "") -> Any:
    return (calm, DAY.format(number), hours, str(number), note, who, f"S{number}", "", tense)


def judged(pool: MadePool, *words: str) -> dict[str, Any]:
    answered = pool.run("--json", "quality", *(words or ("Mood",)))
    assert answered.code == 0, answered.said
    found: dict[str, Any] = json.loads(answered.out)["sites"]["study"]["scales"]
    return found


def of(scale: dict[str, Any], variable: str) -> dict[str, Any]:
    (found,) = (one for one in scale["variables"] if one["variable"] == variable)
    return dict(found)


def test_each_sort_of_wrong_cell_is_counted_apart(pool: MadePool) -> None:
    write_codebook(pool.config)
    rows = [
        row(1, "17", "0", "3"),
        row(2, "17.0", "555", "", "7,5"),
        row(3, "18", "7", "2.5", "many"),
        row(4, "", "3.0", " 1 ", "25"),
    ]
    pool.sheet("Mood", [HEADER, *rows])
    scale = judged(pool)["Mood"]
    counted = {name: scale[name] for name in ("entries", "valid", "participants")}
    assert counted == {"entries": 4, "valid": 1, "participants": 2}
    assert scale["without_participant"] == 1
    assert of(scale, "calm")["no_answer"] == 1
    assert of(scale, "calm")["values"] == "7 (once)"
    assert (of(scale, "tense")["missing"], of(scale, "tense")["out_of_range"]) == (1, 1)
    hours = of(scale, "hours")
    assert (hours["decimal_comma"], hours["unreadable"], hours["out_of_range"]) == (1, 1, 1)
    assert of(scale, "note")["missing"] == 0


def test_words_of_a_participant_are_nowhere_told(pool: MadePool) -> None:
    write_codebook(pool.config)
    pool.sheet("Mood", [HEADER, row(1, "17", "my secret", "my secret", "my secret", "my secret")])
    answered = pool.run("quality", "all")
    written = [one.read_text() for one in (pool.path / "processed_data").rglob("*.*") if one.stem]
    assert answered.code == 0
    assert "secret" not in "".join([answered.out, answered.said, *written])


def test_without_a_codebook_it_tells_what_can_be_told(pool: MadePool) -> None:
    pool.sheet(
        "Sleep",
        [("id", "participant", "slept"), ("1", "2", "3,5"), ("2", "2", "4"), ("3", "2", "")],
    )
    pool.sheet("Sleep", [("id", "participant", "slept"), ("9", "2", "")], "2026-03-13")
    scale = judged(pool, "Sleep")["Sleep"]
    assert scale["codebook"] is False
    assert (of(scale, "slept")["decimal_comma"], of(scale, "slept")["answered"]) == (1, 1)
    assert of(scale, "slept")["missing"] == scale["missing"] == 2


def test_duplicates_have_their_share(pool: MadePool) -> None:
    again = ("1", *row(2, "17", "1", "1")[1:6], "S1", "", "1")
    pool.sheet("Mood", [HEADER, row(1, "17", "1", "1"), again])
    pool.sheet("Mood", [HEADER, row(1, "17", "1", "1"), row(3, "17", "1", "1")], "2026-03-13")
    scale = judged(pool)["Mood"]
    assert (scale["delivered_twice"], scale["written_twice"]) == (1, 1)
    assert (scale["share_of_duplicates"], scale["valid"]) == (0.5, 2)


def test_a_column_that_comes_goes_or_is_renamed_is_told_with_its_day(pool: MadePool) -> None:
    for day, columns in (
        ("12", "id,old_name"),
        ("13", "id,old_name,new_name"),
        ("14", "id,new_name"),
    ):
        cells = ",".join("1" for _ in columns.split(","))
        pool.write("Drifting", f"{columns}\r\n{cells}\r\n".encode(), f"2026-03-{day}")
    scale = judged(pool, "Drifting")["Drifting"]
    old, new = sorted(scale["columns"], key=lambda change: str(change["came"]))
    assert (old["column"], old["went"], old["renamed_to"]) == ("old_name", "2026-03-14", "new_name")
    assert (new["column"], new["came"], new["renamed_from"]) == (
        "new_name", "2026-03-13", "old_name",
    )  # fmt: skip
    assert of(scale, "new_name")["not_asked"] == 1
    assert of(scale, "new_name")["missing"] == 0


def test_columns_that_come_and_go_without_likeness_are_no_renames() -> None:
    days = ["2026-03-12", "2026-03-13", "2026-03-14"]
    gone = {"apple": days[:1], "pear": days[:1], "zzz": days[1:], "gap": [days[0], days[2]]}
    found = {one.column: one for one in column_changes(days, gone)}
    assert not any(one.renamed_to or one.renamed_from for one in found.values())
    assert found["gap"].days_without == 1
    assert column_changes(days, {"all": days}) == []
    assert column_changes([], {}) == []


def test_names_with_quotes_and_sql_are_only_names(pool: MadePool) -> None:
    hostile = '"; DROP TABLE entries; --'
    pool.sheet("Odd", [("id", hostile, "o'clock", "Robert'); --"), ("1", "'", '"', "")])
    names = {one["variable"] for one in judged(pool, "Odd")["Odd"]["variables"]}
    assert {hostile, "o'clock", "Robert'); --"} <= names


def test_three_files_with_their_origin_are_written(pool: MadePool) -> None:
    write_codebook(pool.config)
    sheet = pool.sheet("Mood", [HEADER, row(1, "17", "0", "3")])
    pool.sheet("Other", [("id",), ("1",)])
    before = sheet.read_bytes()
    assert pool.run("quality", "all").code == 0
    folder = pool.path / "processed_data"
    assert len(list(folder.glob("quality*.csv"))) == 3
    (scales,) = folder.glob("quality_[A-Z]*.csv")
    with scales.open(newline="") as lines:
        assert [one["scale"] for one in csv.DictReader(lines)] == ["Mood", "Other"]
    told = json.loads(Path(f"{scales}.provenance.json").read_text())
    assert told["counts"] == {"scales": 2, "entries": 2}
    assert set(told["sheets_by_scale"]) == {"Mood", "Other"}
    assert sheet.read_bytes() == before


def test_a_wrong_codebook_is_told_before_anything_is_done(pool: MadePool) -> None:
    write_codebook(pool.config, "scale: Mood\nvariables: {calm: {type: nothing}}\n")
    pool.sheet("Mood", [HEADER, row(1, "17", "0", "3")])
    assert pool.run("quality", "Mood").code == 78
    assert not (pool.path / "processed_data").exists()


def test_a_scale_that_is_not_there_is_named_by_the_nearest(pool: MadePool) -> None:
    pool.sheet("Mood", [HEADER, row(1, "17", "0", "3")])
    answered = pool.run("quality", "Moood")
    assert answered.code == 64
    assert "Did you mean Mood?" in answered.said


def test_columns_that_are_called_as_the_database_speaks_are_only_columns(pool: MadePool) -> None:
    names = "rowid ROWID_2 entry value variable verdict reason kept_id who tag place cell moment it"
    header = (
        "id",
        "participant",
        "session",
        *names.split(),
        "é",
        "É",
        "entries",
        "numbered",
        "kept",
    )
    write_codebook(pool.config, CELLS, "Odd")
    pool.sheet("Odd", [header, ("1", "17", "PRE", *(str(n % 4) for n in range(len(header) - 3)))])
    scale = judged(pool, "Odd")["Odd"]
    assert (scale["valid"], len(scale["variables"])) == (1, len(header))
    for command in ("clean", "scores", "wide"):
        assert pool.run(command, "Odd", "--format", "csv,parquet").code == 0, command
    (file,) = (pool.path / "processed_data" / "Odd").glob("Odd_scores_*.csv")
    assert file.read_text().splitlines()[1].endswith(",4")  # cell is 3, entry is 2: 3 + (3 - 2)


CELLS = """
scale: Odd
variables:
  cell: {type: integer, lowest: 0, highest: 3}
  entry: {type: integer, lowest: 0, highest: 3, reversed: true}
sub_scales: {both: {items: [cell, entry]}}
"""
