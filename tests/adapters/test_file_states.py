"""What a round asks once of all files: whether any is in that state, or is being written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.pool_files import HELD, RAW
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.files.archive import DEFAULT, FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.integrity.placing import Placing
from mtdata.study.ledger import Ledger
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import CLOSED, ENTERING, LIVE, NEWER, STAGED
from mtdata.study.pool import Pool

PATH = "raw_data/QOL_Jan_01_2026.json"


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger(None)
    yield ledger
    ledger.close()


@pytest.fixture
def mark(ledger: Ledger) -> FileMark:
    """A file that is being written."""
    assert ledger.files.unfinished() == ledger.files.in_state(LIVE) == []
    assert not ledger.files.knows_any()
    return ledger.files.begin(ledger.files.fresh_mark("raw", "QOL", "2026-01-01", 1, PATH))


def test_a_file_in_hand_is_unfinished_until_all_are_released(
    ledger: Ledger, mark: FileMark
) -> None:
    assert ledger.files.unfinished() == ledger.files.in_state(LIVE) == [mark]
    assert ledger.files.knows_any()
    ledger.files.release_all()
    assert ledger.files.unfinished() == []
    ledger.files.take_up(mark._replace(writing=False))
    assert ledger.files.unfinished() == [mark]


@pytest.mark.parametrize("in_hand", [0, 1])
def test_one_file_in_hand_among_others_at_rest_is_unfinished(
    ledger: Ledger, mark: FileMark, in_hand: int
) -> None:
    other = ledger.files.fresh_mark("raw", "BBSIQ", "2026-01-01", 1, "raw_data/BBSIQ.json")
    marks = mark, ledger.files.begin(other)
    ledger.files.release_all()
    ledger.files.take_up(marks[in_hand]._replace(writing=False))
    assert ledger.files.unfinished() == [marks[in_hand]]
    ledger.files.release_all()
    assert ledger.files.unfinished() == []
    assert not any(one.writing for one in ledger.files.in_state(LIVE))


def test_a_file_in_hand_that_is_live_no_more_is_released_too(
    ledger: Ledger, mark: FileMark
) -> None:
    ledger.files.set_state(mark.number, CLOSED)
    assert ledger.files.unfinished() == []
    ledger.files.release_all()
    assert ledger.files.in_state(CLOSED) == [mark._replace(writing=False)]


@pytest.mark.parametrize("state", [STAGED, CLOSED, NEWER, ENTERING])
def test_each_state_is_seen_as_soon_as_a_file_is_in_it(
    ledger: Ledger, mark: FileMark, state: str
) -> None:
    assert ledger.files.in_state(state) == []
    ledger.files.set_state(mark.number, state)
    assert [one.path for one in ledger.files.in_state(state)] == [PATH]
    is_met = state not in (NEWER, ENTERING)
    assert ledger.files.knows_any() == is_met
    assert (PATH in ledger.files.paths()) == is_met


def test_what_is_half_entered_is_dropped(ledger: Ledger, mark: FileMark) -> None:
    ledger.adopted.drop_half_entered()
    assert ledger.files.in_state(LIVE)
    ledger.files.set_state(mark.number, ENTERING)
    ledger.adopted.drop_half_entered()
    assert [one.path for one in ledger.files.in_state(NEWER)] == [PATH]


def test_what_was_taken_back_was_never_so(ledger: Ledger, mark: FileMark) -> None:
    ledger.files.release_all()

    def failing() -> None:
        with ledger.commit():
            ledger.files.save(mark)
            assert ledger.files.unfinished() == [mark]
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert ledger.files.unfinished() == []


def test_the_names_of_a_folder_are_asked_again_where_anybody_has_written(tmp_path: Path) -> None:
    disk = FolderDisk(tmp_path)
    with closing(Ledger(tmp_path / Ledger.NAME)) as ledger:
        archive, sheets = FolderArchive(disk, ledger, *DEFAULT), CsvSheets(disk, ledger, DEFAULT[0])
        placing = Placing(Pool(disk, archive, sheets, ledger, ClearCipher(), SystemClock()))
        placing.have_listed(RAW, [])
        disk.write(PATH, 0, b"{}")
        assert not list(placing.unknown(RAW, "json")), "as it was just listed"
        assert not list(placing.unknown(HELD, "txt"))
        disk.write(f"{HELD}/late.txt", 0, b"{}")
        with closing(Ledger(tmp_path / Ledger.NAME)) as other:
            other.runs.begin_run("export study .", SystemClock().now())
        assert list(placing.unknown(RAW, "json")) == [PATH]
        assert list(placing.unknown(HELD, "txt")) == [f"{HELD}/late.txt"]
