"""What `import mtdata` gives: tables of a pool by the types of its codebooks, words for faults."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import mtdata
from mtdata.toolbox.library import needs
from tests.toolbox.codebooks import MOOD, write_codebook
from tests.toolbox.pools_made import FIRST_DAY, MadePool

DIARY = """
scale: Diary
variables:
  at: {type: date}
  well: {type: flag}
  where: {type: choice, values: {home: At home, away: Away}, no_answer: "555"}
  many: {type: multiple, values: {"1": one, "2": two}}
  steps: {type: integer}
"""
NEXT_DAY = "2026-03-13"


@pytest.fixture
def made(tmp_path: Path) -> MadePool:
    pool = MadePool(tmp_path)
    write_codebook(pool.config, MOOD)
    write_codebook(pool.config, DIARY, "Diary")
    return pool


def opened(made: MadePool) -> Any:
    return mtdata.Pool(made.path, codebooks=made.config / "scales")


def columns(table: pa.Table) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = table.to_pydict()
    return found


# what is public


def test_what_is_public_is_listed_and_there() -> None:
    assert {name for name in mtdata.__all__ if hasattr(mtdata, name)} == set(mtdata.__all__)
    assert set(mtdata.__all__) <= set(dir(mtdata))
    page = (Path(__file__).parents[2] / "docs" / "LIBRARY.md").read_text("utf-8")
    names = {name for name in mtdata.__all__ if name != "__version__"}
    assert {name for name in names if f"`{name}`" not in page and f"mtdata.{name}" not in page} == (
        set()
    ), "docs/LIBRARY.md tells of each"
    assert (mtdata.Pool.__module__, mtdata.Pool.__qualname__) == ("mtdata", "Pool")
    with pytest.raises(AttributeError, match="no attribute 'Pol'"):
        mtdata.Pol  # noqa: B018  # asked for, not used


def test_an_import_alone_loads_nothing() -> None:
    heavy = ["duckdb", "pandas", "polars", "pyarrow", "pydantic", "requests", "sqlite3"]
    program = f"""
import sys, mtdata
assert not [name for name in sys.modules if name.startswith("mtdata.")], sys.modules
assert not [name for name in {heavy} if name in sys.modules]
mtdata.Pool
print([name for name in ("duckdb", "pandas", "polars", "pyarrow") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


# what there is


def test_a_pool_names_its_scales_and_days_and_reads_no_sheet_for_it(made: MadePool) -> None:
    made.sheet("QOL", [["id"], ["1"]])
    made.sheet("Mood", [["id"], ["2"]], NEXT_DAY)
    made.write("Mood", b"\xff", "2026-03-14")
    pool = opened(made)
    assert (list(pool), len(pool), "Mood" in pool, "mood" in pool) == (
        ["Mood", "QOL"], 2, True, False,
    )  # fmt: skip
    assert pool.days == (FIRST_DAY, NEXT_DAY, "2026-03-14")
    assert repr(pool) == f"<mtdata.Pool {str(made.path)!r}: 2 scales, 3 days>"
    assert pool["Mood"].days == (NEXT_DAY, "2026-03-14")
    assert repr(pool["Mood"]) == "<scale Mood: 2 days>"
    assert columns(pool.scales.arrow()) == {
        "scale": ["Mood", "QOL"], "stays": [False, False], "days": [2, 1], "sheets": [2, 1],
        "rows": [None, None], "held": [0, 0], "waiting": [0, 0], "codebook": [True, False],
    }  # fmt: skip


def test_a_scale_has_every_column_of_its_days_once_in_whatever_case(made: MadePool) -> None:
    made.sheet("QOL", [["id", "b", "day"], ["1", "x", "Monday"], ["2", "", ""]])
    made.sheet("QOL", [["ID", "a"], ["3", "y"]], NEXT_DAY)
    table = opened(made)["QOL"].arrow(typed=False)
    assert table.column_names == ["day", "a", "b", "day_2", "id"]
    assert columns(table) == {
        "day": [FIRST_DAY, FIRST_DAY, NEXT_DAY],
        "a": [None, None, "y"],
        "b": ["x", None, None],
        "day_2": ["Monday", None, None],
        "id": ["1", "2", "3"],
    }


def test_days_and_sheets_can_be_taken_by_themselves(made: MadePool) -> None:
    for number, day in enumerate((FIRST_DAY, NEXT_DAY, "2026-04-01"), 1):
        made.sheet("QOL", [["id"], [str(number)]], day)
    made.sheet("QOL", [["id"], ["9"]], NEXT_DAY, part=2)
    qol = opened(made)["QOL"]
    assert columns(qol.between(NEXT_DAY, date(2026, 3, 31)).arrow())["id"] == ["2", "9"]
    assert columns(qol.between(datetime(2026, 3, 13, 12, tzinfo=UTC)).arrow())["id"] == [
        "2", "9", "3",
    ]  # fmt: skip
    assert columns(qol.between("2027-01-01").arrow()) == {"day": []}
    assert [(one.day, one.part) for one in qol.sheets] == [
        (FIRST_DAY, 1), (NEXT_DAY, 1), (NEXT_DAY, 2), ("2026-04-01", 1),
    ]  # fmt: skip
    second = qol.sheets[2]
    assert columns(second.arrow(typed=False)) == {"day": [NEXT_DAY], "id": ["9"]}
    assert Path(second.path).is_file()
    assert repr(second) == f"<sheet of QOL, {NEXT_DAY}, part 2>"


def test_of_a_scale_that_stays_the_newest_snapshot_is_given_and_all_when_asked(
    made: MadePool,
) -> None:
    (made.path / "active_data" / "benchMark.json").write_text(
        '{"Log": {"current": 3, "deleteable": false}}'
    )
    made.sheet("Log", [["id"], ["1"]])
    made.sheet("Log", [["id"], ["1"], ["2"]], NEXT_DAY)
    log = opened(made)["Log"]
    assert log.stays
    assert columns(log.arrow())["id"] == ["1", "2"]
    assert columns(log.history.arrow())["id"] == ["1", "1", "2"]


def test_a_pool_of_the_original_program_is_read_by_its_own_form_of_days(made: MadePool) -> None:
    (made.path / "active_data" / "Mood_12-03-2026.csv").write_bytes(b"calm\r\n3\r\n")
    assert list(opened(made)) == []
    pool = mtdata.Pool(made.path, date_format="%d-%m-%Y")
    assert (list(pool), pool.days, pool.site) == (["Mood"], (FIRST_DAY,), "pool")
    assert columns(pool["Mood"].arrow())["calm"] == ["3"]


# types


def test_cells_become_the_types_of_the_codebook(made: MadePool) -> None:
    head = ["calm", "tense", "hours", "note", "id"]
    made.sheet("Mood", [head, ["3", "2.0", "7.5", "7", "01"], ["555", " 1 ", "8", "", "02"]])
    table = opened(made)["Mood"].arrow()
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {
        "day": "date32[day]", "calm": "int64", "hours": "double", "id": "string", "note": "string",
        "tense": "int64",
    }  # fmt: skip
    assert columns(table) == {
        "day": [date(2026, 3, 12)] * 2, "calm": [3, 555], "hours": [7.5, 8.0], "id": ["01", "02"],
        "note": ["7", None], "tense": [2, 1],
    }  # fmt: skip
    told = table.schema.field("calm").metadata
    assert told[b"label"] == b"How calm, really?"
    assert told[b"value 3"] == b"very 'much'"
    assert b"value 555" in told


def test_days_flags_and_large_numbers_are_read_as_they_were_meant(made: MadePool) -> None:
    head = ["AT", "well", "where", "many", "steps"]
    made.sheet(
        "Diary",
        [
            head,
            ["Mon, 12 Mar 2018 15:45:05 -0500", "True", "home", "[1,2]", "900719925474099301"],
            ["2018-03-12T20:45:05.250+0000", "0", "555", "1", "-3"],
            ["1520887505000", "", "", "", "1e3"],
        ],
    )
    found = columns(opened(made)["Diary"].arrow())
    at = datetime(2018, 3, 12, 20, 45, 5, tzinfo=UTC)
    assert found["AT"] == [at, at.replace(microsecond=250_000), at]
    assert found["well"] == [True, False, None]
    assert found["where"] == ["home", "555", None]
    assert found["many"] == ["[1,2]", "1", None]
    assert found["steps"] == [900719925474099301, -3, 1000]


def test_what_is_no_value_of_its_type_is_null_counted_and_never_quoted(made: MadePool) -> None:
    head = ["calm", "tense", "hours"]
    made.sheet("Mood", [head, ["secret", "1,5", "nan"], ["1", "2.5", ""], ["2", "  ", "4"]])
    mood = opened(made)["Mood"]
    with pytest.warns(mtdata.CellsLost) as caught:
        table = mood.arrow()
    assert columns(table) == {
        "day": [date(2026, 3, 12)] * 3, "calm": [None, 1, 2], "hours": [None, None, 4.0],
        "tense": [None, None, None],
    }  # fmt: skip
    [said] = [str(one.message) for one in caught]
    assert "Mood: " in said
    assert "calm (1), tense (2), hours (1)" in said
    assert "secret" not in said
    assert columns(mood.arrow(typed=False))["tense"] == ["1,5", "2.5", "  "]


def test_what_nobody_wanted_to_answer_is_null_when_asked_and_is_not_counted_as_lost(
    made: MadePool,
) -> None:
    made.sheet("Mood", [["calm", "tense", "note"], ["555", "555.0", "555"], ["1", "2", "x"]])
    made.sheet("Diary", [["where"], ["555"], ["home"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mood = columns(opened(made)["Mood"].arrow(no_answer=False))
        diary = columns(opened(made)["Diary"].arrow(no_answer=False))
    assert (mood["calm"], mood["tense"], mood["note"]) == ([None, 1], [None, 2], ["555", "x"])
    assert diary["where"] == [None, "home"]


def test_pandas_and_polars_have_the_same_rows_and_whole_numbers_stay_whole(made: MadePool) -> None:
    made.sheet("Mood", [["calm", "hours", "note"], ["3", "", "x"], ["", "2.5", ""]])
    mood = opened(made)["Mood"]
    frame, other = mood.pandas(), mood.polars()
    assert str(frame["calm"].dtype) == "Int64"
    assert str(frame["day"].dtype).startswith("datetime64")
    assert [None if frame["calm"].isna()[n] else frame["calm"][n] for n in (0, 1)] == [3, None]
    assert other["calm"].to_list() == [3, None]
    assert other["day"].to_list() == [date(2026, 3, 12)] * 2
    assert frame.shape == other.shape == (2, 4)
    assert list(frame.columns) == other.columns
    assert mood.pandas(typed=False)["calm"][0] == "3"


# faults


@pytest.mark.parametrize("missing", ["pyarrow", "pandas", "polars", "duckdb"])
def test_a_missing_library_is_told_with_the_command_that_brings_it(
    made: MadePool, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    made.sheet("Mood", [["calm"], ["3"]])
    true_import = needs.import_module

    def without(name: str) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return true_import(name)

    monkeypatch.setattr(needs, "import_module", without)
    mood = opened(made)["Mood"]
    ask = {"pandas": mood.pandas, "polars": mood.polars}.get(missing, mood.arrow)
    by = "pandas" if missing == "pandas" else r"'mtdata-collect\[toolbox\]'"
    with pytest.raises(mtdata.ConfigError, match=f"{missing} is not installed.*pip install {by}"):
        ask()


def test_what_is_not_there_is_told_by_what_there_is(made: MadePool, tmp_path: Path) -> None:
    made.sheet("Mood", [["id"], ["1"]])
    pool = opened(made)
    with pytest.raises(mtdata.UsageError, match=r"no scale 'Moode'; there is Mood\. Did"):
        pool["Moode"]
    with pytest.raises(mtdata.UsageError, match="there is no pool"):
        mtdata.Pool(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with pytest.raises(mtdata.UsageError, match="no such folder of codebooks"):
        mtdata.Pool(made.path, codebooks=tmp_path / "none")
    for ask in (lambda: pool.receipt("Mood", 1), pool["Mood"].receipts().arrow):
        with pytest.raises(mtdata.UsageError, match="has no ledger"):
            ask()
    assert pool.held().arrow().num_rows == 0


def test_a_codebook_with_a_fault_stops_its_own_scale_alone(made: MadePool) -> None:
    made.sheet("Mood", [["id"], ["1"]])
    made.sheet("QOL", [["id"], ["1"]])
    (made.config / "scales" / "Mood.yaml").write_text("scale: Mood\nvariables: {a: {type: odd}}\n")
    pool = opened(made)
    with pytest.raises(mtdata.ConfigError, match="type"):
        pool["Mood"]
    assert pool["QOL"].arrow().num_rows == 1


def test_a_pool_is_found_by_the_name_of_its_site(
    made: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.sheet("Mood", [["calm"], ["3"]])
    pool = mtdata.Pool.of_site("study", made.config)
    assert columns(pool["Mood"].arrow())["calm"] == [3]
    assert pool.refreshed()["Mood"].codebook.scale == "Mood"
    monkeypatch.chdir(made.config.parent)
    monkeypatch.delenv("MTDATA_CONFIG", raising=False)
    assert mtdata.Pool.of_site("study").path == made.path
    monkeypatch.chdir(made.path)
    monkeypatch.setenv("MTDATA_CONFIG", str(made.config))
    assert mtdata.Pool.of_site("study").path == made.path
    with pytest.raises(mtdata.UsageError, match="Did you mean study"):
        mtdata.Pool.of_site("studi", made.config)
