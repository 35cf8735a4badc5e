"""Numbers stand in the sheet as they were sent; sheets of the form before stay what they are."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
from datetime import UTC
from pathlib import Path

import pytest

from mtdata.cake.client.reading import CLICKS
from mtdata.cake.client.reading_json import JsonRows
from mtdata.cake.columns import Columns
from tests.conftest import requires_program
from tests.jobs.brokers import is_there
from tests.system.home import STUDY, Home

ANN = (
    b'{"id":1,"score":12345678901234567.89,"at":1700000000.1234567891,"price":100.00,"rate":1.10,'
    b'"low":-0.0,"none":-0,"nul":"a\\u0000b","list":[1.10,true,{"x":1E2}],"name":"Ann"}'
)
BOB = ANN.replace(b'"id":1,', b'"id":2,').replace(b"1.10", b"1E400").replace(b"Ann", b"Bob")
FIRST = ANN.replace(b'"id":1,', b'"id":9,')
TOO_LARGE = (
    b'{"id":3,"score":1E400,"at":1,"price":0.1,"rate":1.5,"low":2,"none":0,"nul":"","list":[],'
    b'"name":"Cy"}'
)
CELLS = {
    "at": "1700000000.1234567891",
    "id": "1",
    "list": '[1.10,true,{"x":1E2}]',
    "low": "-0.0",
    "name": "Ann",
    "none": "-0",
    "nul": "a\ufffdb",
    "price": "100.00",
    "rate": "1.10",
    "score": "12345678901234567.89",
}
BEFORE = Path(__file__).with_name("pool_of_form_1.json")
REBUILD = ("verify", STUDY, "--rebuild-ledger")


def lose_ledger(home: Home) -> None:
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()


def is_whole(home: Home) -> None:
    """Every byte is as it was left, and raw gives every sheet byte for byte."""
    for words in (("verify", STUDY), ("decode", STUDY, "--check")):
        ended = home.run(*words)
        assert ended.code == 0, ended


@pytest.fixture
def earlier(home: Home) -> Home:
    """A home with a pool that the program made before digits stood as they were sent.

    Its rows are deleted on the site, but for one that was held as `a number too large`.
    """
    for name, text in json.loads(BEFORE.read_text()).items():
        path = home.pool / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    with sqlite3.connect(home.pool / "ledger.sqlite3") as ledger:
        ledger.executescript((home.pool / "ledger.sql").read_text())
    ledger.close()
    (home.pool / "ledger.sql").unlink()
    home.configure(DELETE_MODE=True)
    return home


@pytest.mark.parametrize("deleteable", [True, False], ids=["rows", "a table"])
def test_digits_stand_in_the_sheet_as_they_were_sent(home: Home, deleteable: bool) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [ANN, BOB], deleteable=deleteable)
    assert home.run("export", STUDY, "all").code == 0
    ann, bob = home.sheet("QOL")
    assert ann == CELLS
    assert (bob["rate"], bob["list"]) == ("1E400", '[1E400,true,{"x":1E2}]')
    is_whole(home)
    assert home.deletes() == ([1, 2] if deleteable else [])
    before = home.digests()
    lose_ledger(home)
    assert home.run(*REBUILD).code == 0
    is_whole(home)
    assert home.digests() == before
    assert home.run("decode", STUDY).code == 0


def test_a_pool_of_the_earlier_form_keeps_its_sheets_and_goes_on(earlier: Home) -> None:
    sheets = {path: path.read_bytes() for path in earlier.pool.glob("active_data/*.csv")}
    assert earlier.run("decode", STUDY, "--check").code == 0
    carol = ANN.replace(b'"id":1,', b'"id":4,').replace(b"Ann", b"Carol")
    earlier.site.put("QOL", [TOO_LARGE, carol], deleteable=True)
    earlier.site.put("TaskLog", [ANN, carol], deleteable=False)
    for _ in range(2):
        assert earlier.run("export", STUDY, "all").code == 0
    old, new = earlier.paths("active_data", "QOL")
    assert old.read_bytes() == sheets[old], "rows of the day before the upgrade stay as they are"
    scores = [row["score"] for row in csv.DictReader(new.read_text("utf-8").splitlines())]
    assert sorted(scores) == [CELLS["score"], "1E400"], "what was too large is a row now"
    assert [row["rate"] for row in earlier.sheet("TaskLog")] == ["1.10", "1.10"], "made as a whole"
    assert sorted(earlier.deletes()) == [3, 4]
    assert earlier.troubles() == set()
    before = earlier.digests()
    for lost in (False, True, False):
        if lost:
            lose_ledger(earlier)
        assert earlier.run("export", STUDY, "all").code == 0
        is_whole(earlier)
        assert earlier.digests() == before, "nothing is made a second time"


def test_a_sheet_of_the_earlier_form_is_proven_when_its_ledger_is_lost(earlier: Home) -> None:
    before = earlier.digests()
    lose_ledger(earlier)
    ended = earlier.run(*REBUILD)
    assert ended.code == 0
    assert (ended.shown["sites"][STUDY]["rows"], ended.shown["sites"][STUDY]["odd"]) == (4, [])
    assert earlier.run("decode", STUDY, "--check").code == 0
    assert earlier.digests() == before
    is_whole(earlier)


def test_a_damaged_row_of_the_earlier_form_is_made_again_in_todays(earlier: Home) -> None:
    [sheet] = earlier.paths("active_data", "QOL")
    sheet.write_bytes(
        sheet.read_bytes().replace(b"1.2345678901234568e+16", b"1.2345678901234568e+15")
    )
    assert earlier.run("verify", STUDY).code == 74
    _, again = earlier.paths("active_data", "QOL")
    rows = {row["name"]: row for row in csv.DictReader(again.read_text("utf-8").splitlines())}
    assert (rows.keys(), rows["Ann"]["score"]) == ({"Ann", "Bob", "Cy"}, CELLS["score"])
    earlier.verify_until_clean()
    assert earlier.run("decode", STUDY, "--check").code == 0


def test_an_entry_that_came_in_the_earlier_form_is_no_other_version_when_it_comes_again(
    earlier: Home,
) -> None:
    earlier.site.put("QOL", [FIRST, FIRST.replace(b"1.10", b"1.1")], deleteable=True)
    assert earlier.run("export", STUDY).code == 1
    assert [kind for _, _, kind in earlier.held()] == ["conflict"], "other digits are other content"
    is_whole(earlier)


@requires_program("sqlite3", "sudo apt-get install sqlite3")
@requires_program("psql", "sudo apt-get install postgresql-client")
@pytest.mark.skipif(not is_there(5432), reason="no server: /etc/init.d/postgresql start")
def test_postgresql_and_sqlite_take_a_sheet_and_a_report_with_every_character(home: Home) -> None:
    """COPY ends at a NUL with an error, and .import at it without a word."""
    text = '\0,\1\r\n\t"\\.\u2028\ufeff\U0001f600' + "\\"
    wild = ANN.replace(b'"Ann"', json.dumps(text).encode())
    home.site.put("QOL", [ANN, wild.replace(b'"id":1,', b'"id":2,')])
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    made = Columns("clicks", UTC, {})
    body = json.dumps({"d": {"clicks": [{"click_id": "7", "sub_id_1": "a\0b"}]}}).encode()
    reader = JsonRows(CLICKS, UTC)
    report = home.folder / "report.csv"
    report.write_bytes(made.head() + b"".join(map(made.line, reader.feed(body) + reader.close())))
    for file in (sheet, report):
        wanted = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline="")))[1:]
        assert any("\ufffd" in cell for line in wanted for cell in line)
        assert taken_by_sqlite(file, len(wanted[0])) == wanted
        assert taken_by_postgres(file, len(wanted[0])) == wanted


def taken_by_sqlite(file: Path, width: int) -> list[list[str]]:
    columns = ", ".join(f"c{number} TEXT" for number in range(width))
    words = f"CREATE TABLE t ({columns});\n.mode csv\n.import --skip 1 {file} t\n.mode json\n"
    said = subprocess.run(
        ["sqlite3", ":memory:"], input=f"{words}SELECT * FROM t;\n", capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, ""), said
    return [list(row.values()) for row in json.loads(said.stdout)]


def taken_by_postgres(file: Path, width: int) -> list[list[str]]:
    columns = ", ".join(f"c{number} text NOT NULL DEFAULT ''" for number in range(width))
    names = ", ".join(f"c{number}" for number in range(width))
    how = f"(FORMAT csv, HEADER, ENCODING 'UTF8', FORCE_NOT_NULL ({names}))"
    words = f"CREATE TEMP TABLE t ({columns});\n\\copy t FROM '{file}' WITH {how}\n"
    ask = f"SELECT coalesce(json_agg(json_build_array({names})), '[]') FROM t;\n"
    said = subprocess.run(
        [*"psql -XqAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres test".split()],
        input=words + ask,
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stderr) == (0, ""), said
    found: list[list[str]] = json.loads(said.stdout)
    return found
