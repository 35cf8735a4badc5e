"""At every border a parser's or a calendar's throw is the border's own fault, whatever it is."""

from __future__ import annotations

import warnings
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.jobs import CHANGES, CLICKS, CONVERSIONS
from mtdata.cli.main import run
from mtdata.config import Settings, load
from mtdata.core.border import Border
from mtdata.core.control import in_utf8
from mtdata.core.csv_lines import csv_cells
from mtdata.core.errors import EntryError, JobError, StorageError, UsageError
from mtdata.jobs.kind import kept_day
from mtdata.jobs.parameters import validate
from mtdata.study.model.days import read_name
from mtdata.study.model.likeness import alike
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Backup, Kept, Span
from mtdata.study.model.row import Opened
from mtdata.study.model.row_layout import enveloped, rows_of
from mtdata.study.model.scale import Scale
from tests.unit.test_programme_config import loaded

CELLS = [
    *("{{}} ", "{[]}", "{{}: 1}", "[*a]", "[**{}]", "{1: 2}[3]", "[1/0]", "[a.b]", "['\\N{x}']"),
    *("[" * 150, "[" + "-" * 20_000 + "1]", "{'a': " * 90, "[1e999]", "[9" + "9" * 5000 + "]"),
    *("[\x00]", "['\\d']", "[b'\\xff']", "[0777]", "[1if 2else 3]", "[\ud800]", "[()" + "()" * 60),
]
NUMBERS = [
    *(
        "1e999",
        "-1E-999999999999999999999",
        "9" * 4301,
        "1" * 20,
        "-0.0",
        "1E400",
        "NaN",
        "\u0661\u0662",
    ),
    *("-" + "1" * 5000, "0." + "1" * 5000, "1e-300", "1E+99999999999", "0x10", "1_0", "-", "²"),
]
DAYS = [
    *("0001-01-01", "9999-12-31", "1999-12-31", "0000-00-00", "2026-02-30", "2026-13-01"),
    *(
        "9999-99-99",
        "31-12-1999",
        "00-00-0000",
        "99-99-9999",
        "-001-01-01",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661",
    ),
]
WORST = st.sampled_from([*CELLS, *NUMBERS, *DAYS]) | st.text(max_size=30)


def test_a_border_lets_ours_and_what_ends_a_program_pass() -> None:
    border = Border(EntryError, "a cell")
    for passing in (MemoryError, KeyboardInterrupt, SystemExit, StorageError, EntryError):
        with pytest.raises(passing), border:
            raise passing
    for thrown in (SystemError, RecursionError, OverflowError, LookupError, OSError):
        with pytest.raises(EntryError, match=rf"^a cell \({thrown.__name__}\)$") as told, border:
            raise thrown("an answer")
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__
    with pytest.raises(ZeroDivisionError):
        border(lambda word: word)(1 / 0)
    with pytest.raises(EntryError):
        border(int)("x")


@given(WORST, WORST)
def test_a_cell_is_alike_or_it_is_not(made: str, stands: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert alike("[1]", stands) in (True, False)
        assert alike(made, stands) == (made == stands) or made != stands


@pytest.mark.parametrize("stands", CELLS, ids=range(len(CELLS)))
def test_no_cell_of_a_sheet_ends_a_program(stands: str) -> None:
    assert alike("{}" if stands[0] == "{" else "[]", stands) is False


@given(st.binary(max_size=60) | WORST.map(lambda text: text.encode(errors="replace")))
def test_a_line_of_a_sheet_is_a_row_or_refused(line: bytes) -> None:
    with suppress(EntryError):
        assert isinstance(csv_cells(line), list)


@given(WORST, WORST, WORST)
def test_an_entry_is_a_row_or_held(name: str, value: str, bare: str) -> None:
    for body in (f'{{"id":1,"{name}":{bare}}}', f'{{"id":1,"x":"{value}","y":[{bare}]}}'):
        entry = read_entry(body.encode(errors="replace"))
        kept = Kept(1, entry.id, entry.digest, Span(0, 0, 0), entry.values or {})
        envelope, sealed = enveloped(Backup(Scale("QOL", 1, True), (kept,)))
        made = rows_of(envelope, Opened(sealed, [""] * len(sealed)))
        assert len(made.rows) + len(made.held) == 1


@given(
    WORST, WORST, st.sampled_from(["%Y", "%Y %U %w", "%G %V %u", "%j%y", "%Z%Z", "%", "%b_%d_%Y"])
)
def test_a_name_of_a_file_is_a_day_or_none(scale: str, ending: str, pattern: str) -> None:
    found = read_name(f"{scale}_{ending}", pattern, pattern)
    assert found is None or found.scale
    assert read_name("QOL_9999 53 6", "%Y %U %w", "%H") is None, "OverflowError of the calendar"


@given(st.binary(max_size=40))
def test_the_name_of_any_file_can_be_told(name: bytes) -> None:
    told = in_utf8(name.decode("utf-8", "surrogateescape"))
    assert told.encode().decode() == told
    assert in_utf8("caf\xe9") == "caf\xe9"
    assert in_utf8("a\udc80") == "a\\x80"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    loaded(home)
    (home / "config" / "export.config").write_text(
        "CAKE:\n  shop:\n    ADMIN_DOMAIN: 127.0.0.1:9\n    API_KEY: k\n    OUTPUT: out\n"
        "    TIMEZONE: America/New_York\n"
    )
    return load(home / "config", {})


@given(WORST | st.sampled_from(DAYS))
def test_a_day_of_an_order_is_one_from_2000_to_tomorrow_or_refused(
    settings: Settings, word: str
) -> None:
    for kind, names in (
        (CLICKS, ("from", "to")),
        (CONVERSIONS, ("from", "to")),
        (CHANGES, ("since",)),
    ):
        with suppress(JobError, UsageError):
            found = validate(kind, settings, dict.fromkeys(names, word)).sound()
            first = date.fromisoformat(found[names[0]])
            assert date(2000, 1, 1) <= first <= datetime.now(UTC).date() + timedelta(days=1)


@given(WORST | st.none() | st.integers() | st.sampled_from(["0001-01-01", "9999-12-31"]))
def test_a_day_of_the_records_that_no_calendar_reckons_with_is_a_fault_of_the_job(
    word: Any,
) -> None:
    with suppress(JobError):
        assert date.min < kept_day({"from": word}, "from") < date.max


COMMANDS = [
    ("jobs", "show", "\udc80"), ("jobs", "stop", "\udcff"), ("jobs", "add", "x.y", "from=\udc80"),
    ("held", "--release", "\udc80", "1"), ("export", "\udc80"), ("decode", ".", "\udc80"),
    ("verify", "--rate", "1e-300"), ("verify", "--rate", "nan"), ("verify", "--for", "9" * 400),
    ("incidents", "--close", "9" * 5000), ("web", "--port", "9" * 5000),
    ("runner", "--slots", "\u0661" * 30),
    ("demo", "--rows", "9" * 5000), ("user", "add", "\udc80"), ("token", "add", "\udc80"),
    ("status", "--config", "~nobody-has-this-name/x"),
]  # fmt: skip


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words)[:30].encode("ascii", "replace").decode()
)
def test_no_word_of_the_command_line_is_a_fault_of_the_program(
    words: tuple[str, ...], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    more = () if "--config" in words else ("--config", str(settings.folder))
    assert run([*words, *more]) == 64, capsys.readouterr().err


@given(st.lists(WORST, min_size=1, max_size=3))
def test_the_words_of_a_rate_a_time_and_a_number_are_taken_or_refused(words: list[str]) -> None:
    from mtdata.cli.study import megabytes
    from mtdata.cli.words import number, seconds

    for word in words:
        for read in (megabytes, seconds, number):
            with suppress(ValueError):
                assert 0 <= read(word) < float("inf")
