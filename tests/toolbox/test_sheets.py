"""Sheets as tables: whatever a sheet holds is there as csv.reader reads it, or it is refused."""

from __future__ import annotations

import csv
import io
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.errors import StorageError, UsageError
from mtdata.study.operations.reading import PoolSheet
from mtdata.toolbox import sheets
from mtdata.toolbox.database import opened
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.rows import row_pieces, unique_names
from mtdata.toolbox.sheets import SheetChanged, tables
from tests.sites import site_config
from tests.toolbox.pools_made import MadePool

Rows = list[list[str | None]]


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    return MadePool(tmp_path)


def names_of(pool: MadePool) -> list[str]:
    [table] = list(pool.pools().tables("QOL"))
    return list(table.column_names[2:])


def rows_of(pool: MadePool, scale: str = "QOL") -> Rows:
    """The rows of a scale without the columns of ours."""
    batches = list(pool.pools().tables(scale))
    return [list(row.values())[2:] for batch in batches for row in batch.to_pylist()]


def as_csv_reads(content: bytes) -> Rows:
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return [[cell or None for cell in row] for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        b'a,b\r\n1,"x\r\ny"\r\n2,"x\ny\n\nz"\r\n',
        b'a,b\r\n1,"x\ry"\r\n',
        b"a,b\r1,2\r3,4\r",
        b"a,b\n1,2\n3,4",
        b'a,b\r\n1,"say ""so"", twice"\r\n',
        b'a,b\r\nun"quoted,2\r\n3,"4"\r\n',
        b'"a\r\n",b\r\n1,2\r\n',
        b'a"x,b\r\n1,2\r\n3,4\r\n',
        b"a,b\r\nN\0UL,2\r\n",
        b"a,b\r\n\xef\xbb\xbf1,2\r\n",
        b"a,b\r\nNULL,NA\r\n nan , \r\n",
        "a,b\r\nline\u2028end,\x85\x1c\r\n".encode(),
        b"a,b\r\n,\r\n",
        b"a,b\r\n",
        b'a,b\r\n"' + b"long " * 60_000 + b'",2\r\n',
    ],
    ids=lambda content: ascii(content[:40]),
)
def test_odd_cells_are_read_as_they_stand(pool: MadePool, content: bytes) -> None:
    pool.write("QOL", content)
    header, *rows = as_csv_reads(content)
    assert names_of(pool) == header
    assert rows_of(pool) == rows


def test_an_empty_line_is_a_row_only_where_a_row_is_one_cell(pool: MadePool) -> None:
    pool.write("QOL", b'a\r\n\r\n1\r\n""\r\n\r\n')
    pool.write("TWO", b"a,b\r\n\r\n1,2\r\n\r\n\r\n")
    assert rows_of(pool) == [[None], ["1"], [None], [None]]
    assert rows_of(pool, "TWO") == [["1", "2"]]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_is_no_part_of_the_first_name(pool: MadePool, mark: bytes) -> None:
    pool.write("QOL", mark + b"id,answer\r\n1,2\r\n")
    assert names_of(pool) == ["id", "answer"]


def test_names_that_stand_twice_or_are_empty_get_a_number() -> None:
    names = ["id", "ID", "", "", "day", "Server", "id_2", "É", "é", "N\0"]
    told_apart = ["id", "ID_2", "column", "column_2", "day_2", "Server_2", "id_2_2", "É", "é", "N�"]
    assert unique_names(names) == told_apart


def test_names_that_the_database_tells_apart_stay(pool: MadePool) -> None:
    pool.sheet("QOL", [["É", "day"], ["1", "Monday"]])
    pool.sheet("QOL", [["é", "ß", "ss"], ["2", "3", "4"]], "2026-03-13")
    with opened(pool.pools()) as database:
        found = database.rows(f"SELECT * FROM {database.table('QOL')}")
    assert found == [
        ("study", "2026-03-12", "1", "Monday", None, None, None),
        ("study", "2026-03-13", None, None, "2", "3", "4"),
    ]


def test_a_column_in_another_case_is_the_same_column(pool: MadePool) -> None:
    pool.sheet("QOL", [["id", "answer"], ["1", "x"]])
    pool.sheet("QOL", [["ID", "Answer", "tag"], ["2", "y", "t"]], "2026-03-13")
    with opened(pool.pools()) as database:
        found = database.rows(f"SELECT id, ANSWER, tag FROM {database.table('qol')} ORDER BY id")
    assert found == [("1", "x", None), ("2", "y", "t")]


def test_scales_that_differ_by_case_alone_are_tables_of_their_own(pool: MadePool) -> None:
    pool.sheet("QOL", [["id"], ["1"]])
    pool.sheet("qol", [["id"], ["2"], ["3"]])
    with opened(pool.pools()) as database:
        names = [database.table("QOL"), database.table("qol")]
        counts = [database.rows(f"SELECT count(*) FROM {name}") for name in names]
    assert (names, counts) == (['"QOL"', '"qol_2"'], [[(1,)], [(2,)]])


def test_five_thousand_columns_come_beside_two(pool: MadePool) -> None:
    wide = [f"c{number}" for number in range(5000)]
    pool.sheet("QOL", [["id", "c7"], ["1", "x"]])
    pool.sheet("QOL", [wide, [str(number) for number in range(5000)]], "2026-03-13")
    with opened(pool.pools()) as database:
        found = database.rows(f"SELECT id, c7, c4999 FROM {database.table('QOL')}")
    assert found == [("1", "x", None), (None, "7", "4999")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\r\n1,2\r\n3\r\n", "row 2 has 1 cells where the header has 2"),
        (b"a,b\r\n1,2\r\n3,4,secret\r\n", "row 2 has 3 cells where the header has 2"),
        (b'a,b\r\n1,2\r\n3,"secret\r\n4,5\r\n', "row 2 is no CSV"),
        (b'a,b\r\nsecret","', "row 1 is no CSV"),
        (b"a,b\r\n1,secret\xff\r\n", "no CSV of UTF-8 text"),
        (b"\xff\xfea,b\r\n", "its header is no line of CSV"),
        (b'"a,b\r\n1,2\r\n', "its header is no line of CSV"),
        (b"\r\n1,2\r\n", "row 1 has 2 cells where the header has 0"),
    ],
)
def test_what_is_no_row_is_refused_by_its_number(pool: MadePool, content: bytes, told: str) -> None:
    path = pool.write("QOL", content)
    with pytest.raises(StorageError) as refused:
        rows_of(pool)
    assert refused.value.exit_code == 74
    assert str(path) in str(refused.value)
    assert told in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_row_that_breaks_off_swallows_none_of_the_next_sheet(pool: MadePool) -> None:
    torn = pool.write("QOL", b'a,b\r\n1,"2')
    pool.write("QOL", b'a,b\r\n3,"4"\r\n', "2026-03-13")
    with pytest.raises(StorageError, match=torn.name):
        rows_of(pool)


def test_a_sheet_without_a_byte_has_no_row(pool: MadePool) -> None:
    pool.write("QOL", b"")
    pool.write("QOL", b"\xef\xbb\xbf", "2026-03-13")
    pool.sheet("QOL", [["a"], ["1"]], "2026-03-14")
    with opened(pool.pools()) as database:
        assert database.rows(f"SELECT day, a FROM {database.table('QOL')}") == [("2026-03-14", "1")]


def test_a_link_in_the_place_of_a_sheet_is_not_followed(pool: MadePool, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    link = pool.path / "active_data" / "QOL_Mar_12_2026.csv"
    os.symlink(tmp_path / "secret.csv", link)
    with pytest.raises(StorageError, match="link") as refused:
        rows_of(pool)
    assert link.name in str(refused.value)


def test_a_table_that_cannot_be_loaded_whole_is_none(pool: MadePool) -> None:
    pool.sheet("QOL", [["a"], ["1"]])
    broken = pool.write("QOL", b"b,c\r\n1\r\n", "2026-03-13")
    with opened(pool.pools()) as database:
        with pytest.raises(StorageError):
            database.table("QOL")
        broken.write_bytes(b"b,c\r\n1,2\r\n")
        found = database.rows(f"SELECT a, b FROM {database.table('QOL')}")
    assert found == [("1", None), (None, "1")]


def test_every_snapshot_is_another_table_than_the_newest(pool: MadePool) -> None:
    days = ("2026-03-12", "2026-03-13")
    written = [pool.sheet("Study", [["a"], [day]], day) for day in days]
    pools = pool.pools()
    pools.sheets["Study"]["study"] = [
        PoolSheet("Study", day, 1, pool.path, f"active_data/{path.name}", is_snapshot=True)
        for day, path in zip(days, written, strict=True)
    ]
    with opened(pools) as database:
        newest = database.rows(f"SELECT a FROM {database.table('Study')}")
        every = database.rows(f"SELECT a FROM {database.table('Study', every_snapshot=True)}")
        again = database.rows(f"SELECT a FROM {database.table('Study')}")
    assert (newest, every, again) == (
        [("2026-03-13",)],
        [("2026-03-12",), ("2026-03-13",)],
        [("2026-03-13",)],
    )


def test_a_sheet_that_was_replaced_meanwhile_is_read_as_it_is_now(pool: MadePool) -> None:
    path = pool.sheet("QOL", [["a"], ["1"]])
    [old] = pool.pools().sheets["QOL"]["study"]
    proven = old._replace(length=path.stat().st_size, digest=b"of other bytes")
    with pytest.raises(SheetChanged, match="holds other bytes"):
        list(tables("study", [proven], lambda sheet: None))
    with pytest.raises(SheetChanged):
        list(tables("study", [proven], lambda sheet: proven))
    [table] = tables("study", [proven], lambda sheet: old)
    assert table["a"].to_pylist() == ["1"]


def large_rows(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b'%d,"line\r\n%d","%s"\r\n' % (number, number, b"x" * 400)


def test_a_large_sheet_is_read_in_batches(pool: MadePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of 200 MB is by batches of 4 MB, in small."""
    monkeypatch.setattr(sheets, "BATCH", 1 << 18)
    path = pool.write("QOL", b"a,b,c\r\n" + b"".join(large_rows(60_000)))
    assert path.stat().st_size > 24 << 20
    tracemalloc.start()
    count = last = 0
    for table in pool.pools().tables("QOL"):
        count += table.num_rows
        last = table["a"][-1].as_py()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, last) == (60_000, "59999")
    assert peak < 12 << 20, "it does not grow with the sheet"


@pytest.mark.parametrize("end", [b"\r", b"\n", b'""', b'"",""\r'])
def test_odd_cells_of_megabytes_take_no_longer_than_others(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(sheets, "BATCH", 1 << 16)
    cell = end * (1 << 20)
    pool.write("QOL", b'"a' + end * 1000 + b'",b\r\n"' + cell + b'",2\r\n3,4\r\n')
    assert [row[1] for row in rows_of(pool)] == ["2", "4"]


ALPHABET = 'ab,"\r\n \t\0é\u2028\ufeff\N{GRINNING FACE}'
cells = st.text(ALPHABET, max_size=6)


@st.composite
def a_sheet(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    width = draw(st.integers(1, 4))
    row = st.lists(cells, min_size=width, max_size=width)
    return draw(row), draw(st.lists(row, max_size=5))


@given(a_sheet(), st.sampled_from(["\r\n", "\n", "\r"]), st.booleans())
def test_what_was_written_is_what_the_table_holds(
    sheet: tuple[list[str], list[list[str]]], end: str, quoted: bool
) -> None:
    header, rows = sheet
    text = io.StringIO(newline="")
    # of line ends the writer quotes by itself those alone that it writes
    quoting = csv.QUOTE_ALL if quoted or end != "\r\n" else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([header, *rows])
    content = text.getvalue().encode()
    found = [row for table in read(content) for row in table.to_pylist()]
    assert [list(row.values())[2:] for row in found] == [[c or None for c in row] for row in rows]


@given(st.text('a,"\r\n', max_size=12).map(str.encode))
def test_what_is_read_at_all_is_what_csv_reads(content: bytes) -> None:
    content = b"x,y\r\n" + content
    try:
        found = [row for table in read(content) for row in table.to_pylist()]
    except StorageError:
        return
    assert [list(row.values())[2:] for row in found] == [r for r in as_csv_reads(content)[1:] if r]


@given(st.text('a"\r\n', max_size=30).map(str.encode), st.integers(1, 7), st.integers(1, 9))
def test_pieces_are_cut_where_a_row_ends(content: bytes, size: int, least: int) -> None:
    content = b"".join(b'"' + part + b'"\r\n' for part in content.split(b'"'))
    cut = list(row_pieces((content[at : at + size] for at in range(0, len(content), size)), least))
    assert b"".join(cut) == content
    assert all(piece.endswith(b'"\r\n') for piece in cut)


def read(content: bytes) -> Iterator[sheets.pa.Table]:
    """The tables of a sheet that holds these bytes, without a disk."""
    from mtdata.toolbox.rows import SheetRows, parsed

    sheet = PoolSheet("QOL", "2026-03-12", 1, Path("pool"), "active_data/QOL_Mar_12_2026.csv")
    content = content.removeprefix(b"\xef\xbb\xbf")
    header, end = sheets._header(content, sheet)
    yield parsed([SheetRows("study", sheet, header, content[end:], 1)])


def test_sheets_of_several_sites_are_one_table(tmp_path: Path) -> None:
    pools = [MadePool(tmp_path / name, name) for name in ("one", "two")]
    for made in pools:
        made.sheet("QOL", [["a"], [made.server]])
    both = Pools([site_config(made.server, path=str(made.path)) for made in pools])
    with opened(both) as database:
        found = database.rows(f"SELECT server, a FROM {database.table('QOL')} ORDER BY ALL")
    assert found == [("one", "one"), ("two", "two")]


def test_a_scale_that_is_not_there_is_named_with_the_nearest(pool: MadePool) -> None:
    with opened(pool.pools()) as database, pytest.raises(UsageError, match="none at all yet"):
        database.table("QLO")
    pool.sheet("QOL", [["a"]])
    with opened(pool.pools()) as database, pytest.raises(UsageError, match="Did you mean QOL"):
        database.table("QLO")
