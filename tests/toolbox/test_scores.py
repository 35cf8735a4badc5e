"""`scores` counts what the codebook lets count, and a score with too few answers is empty."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pyreadstat
import pytest

from tests.toolbox.codebooks import write_codebook
from tests.toolbox.pools_made import MadePool

HEADER = ("calm", "date", "hours", "id", "participant", "session", "tense")
DATE = "Thu, 01 Mar 2018 10:00:00 -0500"


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    made = MadePool(tmp_path)
    write_codebook(made.config)
    return made


def sheet(pool: MadePool, *answers: tuple[str, str, str]) -> None:
    rows = [
        (calm, DATE, hours, str(number), "17", f"S{number}", tense)
        for number, (calm, tense, hours) in enumerate(answers)
    ]
    pool.sheet("Mood", [HEADER, *rows])


def result(pool: MadePool, ending: str) -> Path:
    (file,) = (pool.path / "processed_data" / "Mood").glob(f"Mood_scores_*.{ending}")
    return file


def scores(pool: MadePool) -> list[tuple[str, str, str]]:
    with result(pool, "csv").open(newline="") as lines:
        return [(row["mood"], row["even"], row["whole"]) for row in csv.DictReader(lines)]


def test_items_are_reversed_summed_averaged_and_prorated(pool: MadePool) -> None:
    sheet(pool, ("1", "0", "2"), ("3", "3", "24"), ("2.0", " 1", "0.5"))
    assert pool.run("scores", "Mood").code == 0
    # tense is 3 - tense; whole is (calm + tense + hours) * 2
    assert scores(pool) == [("4", "2", "12"), ("3", "1.5", "54"), ("4", "2", "9")]


@pytest.mark.parametrize("calm", ["", "  ", "555", "555.0", "4", "-1", "1,0", "very 'much'", "nan"])
def test_what_is_no_answer_never_counts(pool: MadePool, calm: str) -> None:
    sheet(pool, (calm, "1", "3"))
    pool.run("scores", "Mood")
    assert scores(pool) == [("", "2", "15")]  # whole: (2 + 3) * 3 / 2 * 2


def test_with_too_few_answers_there_is_no_score(pool: MadePool) -> None:
    sheet(pool, ("", "", "3"))
    pool.run("scores", "Mood")
    assert scores(pool) == [("", "", "")]


def test_an_item_without_a_column_is_not_answered_and_counted(pool: MadePool) -> None:
    pool.sheet("Mood", [("Calm", "hours", "id", "participant"), ("1", "2", "1", "17")])
    answered = pool.run("--json", "scores", "Mood")
    counts = json.loads(answered.out)["sites"]["study"]["scales"]["Mood"]
    assert counts["items_without_column"] == 1
    assert scores(pool) == [("", "1", "9")]


def test_an_entry_has_one_line_with_whose_it_is(pool: MadePool) -> None:
    sheet(pool, ("1", "0", "2"))
    pool.run("scores", "Mood")
    with result(pool, "csv").open(newline="") as lines:
        (line,) = csv.DictReader(lines)
    assert (line["participant"], line["session"], line["date"]) == ("17", "S0", DATE)


def test_spss_stata_and_parquet_have_numbers_and_labels(pool: MadePool) -> None:
    sheet(pool, ("1", "0", "2"), ("", "", ""))
    assert pool.run("scores", "Mood", "--format", "csv,sav,dta,parquet").code == 0
    for read, ending in ((pyreadstat.read_sav, "sav"), (pyreadstat.read_dta, "dta")):
        frame, told = read(result(pool, ending), output_format="polars")
        assert frame["mood"].to_list() == [4.0, None]
        assert told.column_names_to_labels["mood"] == "Mood of today"
    table = pq.read_table(result(pool, "parquet"))
    assert table["mood"].to_pylist() == [4.0, None]
    assert table.schema.field("mood").metadata[b"label"] == b"Mood of today"


def test_without_a_codebook_it_says_how_to_make_one(pool: MadePool) -> None:
    pool.sheet("Other", [("id",), ("1",)])
    answered = pool.run("scores", "Other")
    assert answered.code == 78
    assert "codebook --draft" in answered.said
    sheet(pool, ("1", "0", "2"))
    answered = pool.run("-v", "scores", "all")
    assert answered.code == 0
    assert "Other" in answered.out


def test_what_went_well_is_silent_unless_somebody_looks(pool: MadePool) -> None:
    sheet(pool, ("1", "0", "2"))
    answered = pool.run("scores", "all")
    assert (answered.code, answered.out, answered.said) == (0, "", "")


def test_a_format_that_is_none_is_refused(pool: MadePool) -> None:
    assert pool.run("scores", "all", "--format", "csv,exe").code == 64
