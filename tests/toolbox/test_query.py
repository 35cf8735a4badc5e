"""Questions in SQL: what is answered, what is refused, and that no answer of a person is told."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.errors import UsageError
from mtdata.toolbox.query import answered
from mtdata.toolbox.table_files import csv_pieces
from tests.toolbox.pools_made import MadePool

SECRET = "sekret 12 to DOUBLE"


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    made = MadePool(tmp_path)
    made.sheet("QOL", [["id", "answer", "participant"], ["1", SECRET, "7"], ["2", "5", "8"]])
    made.sheet("QOL", [["id", "answer"], ["3", "4"]], "2026-03-13")
    made.sheet("Participant", [["id", "theme"], ["7", "blue"], ["8", "red"]])
    made.sheet("odd-name", [["id"], ["1"]])
    return made


def asked(pool: MadePool, question: str) -> list[tuple[object, ...]]:
    with answered(pool.pools(), question) as answer:
        return [tuple(row.values()) for batch in answer.batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("SELECT count(*) FROM qol", [(3,)]),
        ('SELECT day, count(*) FROM "QOL" GROUP BY ALL ORDER BY day', [*zip(DAYS := (
            "2026-03-12", "2026-03-13"), (2, 1), strict=True)]),
        ("SELECT theme FROM QOL q JOIN Participant p ON p.id = participant ORDER BY q.id",
         [("blue",), ("red",)]),
        ("SELECT count(*) FROM (FROM QOL) JOIN (FROM Participant) USING (server)", [(6,)]),
        ("SELECT count(*) FROM QOL JOIN participant USING (server, day)", [(4,)]),
        ("SELECT (SELECT max(id) FROM main.qol)", [("3",)]),
        ("WITH QOL AS (SELECT 5) SELECT * FROM QOL", [(5,)]),
        ("SELECT row_number() OVER (ORDER BY id DESC) FROM QOL WHERE id = '1'", [(1,)]),
        ("SELECT sum(TRY_CAST(answer AS DOUBLE)) FROM QOL", [(9.0,)]),
        ("SELECT server FROM \"odd-name\"", [("study",)]),
        ("PIVOT (SELECT day FROM QOL) ON day IN ('2026-03-12') USING count(*)", [(2,)]),
    ],
)  # fmt: skip
def test_scales_are_tables(pool: MadePool, question: str, rows: list[tuple[object, ...]]) -> None:
    assert asked(pool, question) == rows


@pytest.mark.parametrize(
    "question",
    [
        "INSERT INTO QOL VALUES (1)",
        "DELETE FROM QOL",
        "DROP TABLE QOL",
        "CREATE TABLE x AS SELECT 1",
        "WITH gone AS (DELETE FROM QOL RETURNING *) SELECT * FROM gone",
        "SELECT 1; SELECT 2",
        "COPY QOL TO 'x.csv'",
        "ATTACH 'x.db'",
        "SET threads = 1",
        "INSTALL httpfs",
        "CALL enable_logging()",
        "EXPLAIN ANALYZE DELETE FROM QOL",
        "--",
    ],
)
def test_nothing_but_one_select_is_answered(pool: MadePool, question: str) -> None:
    with pytest.raises(UsageError, match="one SELECT is answered"):
        asked(pool, question)


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_text('{}')",
        "SELECT * FROM read_csv('{}')",
        "FROM '{}'",
        "FROM glob('{}*')",
        "FROM read_csv('http://127.0.0.1:9/x')",
        "FROM sniff_csv('{}')",
        "FROM parquet_metadata('{}')",
        "FROM enable_logging()",
        "SELECT getenv('PATH')",
        "SELECT * FROM pools",
        "SELECT * FROM sqlite_scan('{}', 'x')",
    ],
)
def test_a_question_reaches_nothing_but_the_scales(
    pool: MadePool, question: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    with pytest.raises(UsageError):
        asked(pool, question.format(outside))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("SELECT CAST(answer AS INT) FROM QOL", "no INT32"),
        ("SELECT answer::DECIMAL(4, 1) FROM QOL", "no DECIMAL"),
        ("SELECT answer::DATE FROM QOL", "TRY_CAST"),
        ("SELECT answer::INT[] FROM QOL", "TRY_CAST"),
        ("SELECT strptime(answer, '%Y') FROM QOL", "a cell"),
        ("SELECT json(answer) FROM QOL", "a cell"),
        ("SELECT error(answer) FROM QOL", "a cell"),
        ("SELECT regexp_matches('a', answer || '(') FROM QOL", "a cell"),
        ("SELECT date_part(answer, current_date) FROM QOL", "TRY_CAST"),
        ("SELECT repeat(answer, 1000000000000) FROM QOL", "greater"),
        ("SELECT CASE WHEN i = 200000 THEN CAST(answer AS INT) END FROM QOL, range(200001) t(i)",
         "no INT32"),
    ],
)  # fmt: skip
def test_no_error_quotes_a_cell(pool: MadePool, question: str, told: str) -> None:
    answer = pool.run("query", question)
    assert answer.code == 64
    assert told in answer.said
    assert "sekret" not in answer.said + answer.out


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("SELECT anser FROM QOL", 'Candidate bindings: "answer"'),
        ("SELECT * FROM QLO", "Did you mean QOL?"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT sum(answer) FROM QOL", "TRY_CAST"),
        ("PIVOT QOL ON day USING count(*)", "ON day IN"),
    ],
)
def test_a_question_that_is_wrong_is_told_how(pool: MadePool, question: str, told: str) -> None:
    answer = pool.run("query", question)
    assert (answer.code, answer.out) == (64, "")
    assert told in answer.said


def test_a_changed_sheet_stops_the_questions_that_need_it_and_no_other(pool: MadePool) -> None:
    torn = pool.write("Torn", b"a,b\r\n1\r\n")
    answer = pool.run("query", "SELECT * FROM Torn")
    assert (answer.code, torn.name in answer.said) == (74, True)
    assert pool.run("query", "SELECT participant FROM QOL").code == 0
    listed = pool.run("query", "--tables")
    assert (listed.code, torn.name in listed.said, "QOL" in listed.out) == (74, True, True)


def test_each_format_holds_all_rows_and_a_side_file_tells_of_what(
    pool: MadePool, tmp_path: Path
) -> None:
    question = "SELECT id, day, [answer] AS list, day FROM QOL ORDER BY id"
    names = ["id", "day", "list", "day_2"]
    for ending in ("csv", "json", "parquet"):
        ended = pool.run("query", question, "--out", str(tmp_path / f"x.{ending}"), "--json")
        assert json.loads(ended.out)["rows"] == 3
        assert (tmp_path / f"x.{ending}").stat().st_mode & 0o777 == 0o600
        beside = json.loads((tmp_path / f"x.{ending}.provenance.json").read_bytes())
        assert beside["sha256"] == json.loads(ended.out)["sha256"]
        assert [one["name"] for one in beside["sheets"]] == [
            "active_data/QOL_Mar_12_2026.csv",
            "active_data/QOL_Mar_13_2026.csv",
        ]
    text = (tmp_path / "x.csv").read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[:2] == [names, ["1", "2026-03-12", f'["{SECRET}"]', "2026-03-12"]]
    assert json.loads((tmp_path / "x.json").read_bytes())[2]["list"] == ["4"]
    assert pq.read_table(tmp_path / "x.parquet").column_names == names
    assert not list(tmp_path.glob(".*"))


def test_what_is_printed_is_csv_or_one_object(pool: MadePool) -> None:
    question = "SELECT id, 'NaN'::DOUBLE AS n FROM QOL ORDER BY id LIMIT 2"
    assert pool.run("query", question).out == "id,n\n1,nan\n2,nan\n"
    assert json.loads(pool.run("query", question, "--format", "json").out) == [
        {"id": "1", "n": None},
        {"id": "2", "n": None},
    ]
    assert json.loads(pool.run("query", question, "--json").out) == {
        "columns": ["id", "n"],
        "rows": [["1", None], ["2", None]],
    }


@pytest.mark.parametrize(
    "value",
    ["INTERVAL 1 DAY", "[INTERVAL 1 DAY]", "'x'::BLOB", "'101'::BIT", "union_value(a := 1)"],
)
def test_what_no_file_has_is_told_before_anything_is_written(pool: MadePool, value: str) -> None:
    ended = pool.run("query", f"SELECT {value} AS odd")
    assert (ended.code, ended.out) == (64, "")
    assert "'odd'" in ended.said


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_dates_out_of_range_and_sums_are_told_in_every_format(pool: MadePool, form: str) -> None:
    question = (
        "SELECT 'infinity'::DATE AS d, 'infinity'::TIMESTAMP AS t, sum(id::INT) AS s, "
        "1.5::DECIMAL(4, 2) AS c, map {'a': 1} AS m, NULL AS n FROM QOL"
    )
    ended = pool.run("query", question, "--format", form)
    assert ended.code == 0, ended
    if form == "json":
        [found] = json.loads(ended.out)
        assert (found["s"], found["c"], found["n"]) == (6, 1.5, None)
    assert pool.run("query", "SELECT ['infinity'::DATE] AS d", "--format", form).code == 64


def test_the_table_shows_the_first_rows_and_counts_the_others(pool: MadePool) -> None:
    question = "SELECT 'row ' || i AS r FROM range(120000) t(i)"
    ended = pool.run("query", question, "--format", "table", "--rows", "3")
    assert ended.out.count("row ") == 3
    assert "119,997 more rows" in ended.said


def test_tables_names_every_scale_with_its_columns(pool: MadePool) -> None:
    tables = json.loads(pool.run("query", "--tables", "--json").out)["tables"]
    assert [(one["table"], one["rows"], one["sheets"]) for one in tables] == [
        ("Participant", 2, 1),
        ("QOL", 3, 2),
        ("odd-name", 1, 1),
    ]
    assert tables[1]["columns"] == ["server", "day", "id", "answer", "participant"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["SELECT 1", "--tables"],
        ["SELECT 1", "--format", "parquet"],
        ["SELECT 1", "--format", "csv", "--json"],
        ["SELECT 1", "--format", "table", "--out", "x.csv"],
        ["SELECT 1", "--within", "soon"],
        ["SELECT 1", "--server", "other"],
        [""],
    ],
)
def test_words_that_do_not_fit_together_are_refused(pool: MadePool, words: list[str]) -> None:
    assert pool.run("query", *words).code == 64


def test_an_answer_that_takes_longer_than_it_may_is_stopped(pool: MadePool) -> None:
    ended = pool.run("query", "SELECT count(*) FROM range(1000000000000)", "--within", "1s")
    assert (ended.code, ended.out) == (64, "")
    assert "--within" in ended.said


def test_what_goes_wrong_leaves_what_stood_there(
    pool: MadePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_text("older")
    out = ("--out", str(tmp_path / "x.csv"))
    assert pool.run("query", "SELECT CAST(answer AS INT) FROM QOL", *out).code == 64

    def full(*how: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert pool.run("query", "SELECT * FROM QOL", *out).code == 74
    assert (tmp_path / "x.csv").read_text() == "older"
    assert not [*tmp_path.glob(".*"), *tmp_path.glob("*.provenance.json")]


@contextmanager
def hearing_ctrl_c() -> Iterator[None]:
    """Programs begun in here hear Ctrl-C, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_question_and_leaves_nothing(pool: MadePool, tmp_path: Path) -> None:
    words = ["query", "SELECT * FROM range(1000000000000)", "--out", str(tmp_path / "x.csv")]
    command = [sys.executable, "-m", "mtdata", *words, "--config", str(pool.config)]
    staged = tmp_path / ".x.csv.staged"
    with hearing_ctrl_c(), subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            while program.poll() is None and not (staged.exists() and staged.stat().st_size):
                time.sleep(0.01)
            program.send_signal(signal.SIGINT)
            said = program.communicate(timeout=60)[1]
        finally:
            program.kill()
    assert program.returncode == 130, said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "pool"]


@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(
                st.one_of(st.none(), st.text('a",\r\n \0é', max_size=4)),
                min_size=width,
                max_size=width,
            ),
            max_size=4,
        )
    )
)
def test_csv_that_is_written_is_read_back(rows: list[list[str | None]]) -> None:
    width = len(rows[0]) if rows else 1
    columns = [pa.array([row[at] for row in rows], pa.string()) for at in range(width)]
    batch = pa.record_batch(columns, names=[f"c{at}" for at in range(width)])
    content = b"".join(csv_pieces(batch.schema, [batch])).decode()
    _, *found = csv.reader(io.StringIO(content, newline=""))
    assert found == [[cell or "" for cell in row] for row in rows]
