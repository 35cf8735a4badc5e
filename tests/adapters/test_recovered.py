"""Recovered sheets get their names a group at a time: what a power cut, or a fault, may leave."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.study.files import recovered
from mtdata.study.files.recovered import GROUP, RecoveredSheets
from tests.conftest import LONG
from tests.crash.power import Power, PowerCut
from tests.fakes_torn import TornOs
from tests.tally import tried
from tests.torn import Again

ROOT, FOLDER, SCALE = Path("/pool"), "recovered_data/", "Mood"
OUTCOMES = 20 if LONG else 2


@pytest.fixture
def torn(monkeypatch: pytest.MonkeyPatch) -> TornOs:
    made = TornOs()
    made.stand_in(monkeypatch)
    return made


def write(sheets: RecoveredSheets, name: str, *pieces: bytes) -> None:
    sheets.write(SCALE, name, f"source of {name}", iter(pieces), lambda: (1, 0))


def written(sheets: RecoveredSheets, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        write(sheets, name, content)
    sheets.remember()


def named(torn: TornOs) -> dict[str, bytes]:
    """The sheets that bear their names."""
    found = {path.rpartition("/")[2]: content for path, content in torn.files().items()}
    return {name: content for name, content in found.items() if not name.startswith(".")}


def test_a_power_cut_at_any_change_leaves_whole_sheets_and_a_list_that_is_true(
    torn: TornOs, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovered, "GROUP", 3)
    old = {f"{number}.csv": b"old %d" % number for number in range(5)}
    new = {f"{number}.csv": b"new %d, longer" % number for number in range(7)}
    written(RecoveredSheets(FolderDisk(ROOT), FOLDER), old)
    began, power = Again().folder(torn.root), Power()
    torn.step = power.step
    written(RecoveredSheets(FolderDisk(ROOT), FOLDER), new)
    changes = list(power.seen)
    for cut, change in enumerate(changes, 1):
        for outcome in range(OUTCOMES):
            torn.root = Again().folder(began)
            power.cut_at(cut)
            with suppress(PowerCut):
                written(RecoveredSheets(FolderDisk(ROOT), FOLDER), new)
            power.cut_at(0)
            torn.lose_power(Random(f"{seed} {cut} {outcome}"))
            for name, content in named(torn).items():
                assert content in (old.get(name), new.get(name)), (cut, change, name)
            sheets = RecoveredSheets(FolderDisk(ROOT), FOLDER)
            lacking = {n: c for n, c in new.items() if named(torn).get(n) != c}
            for name in lacking:
                still = sheets.still(SCALE, name, f"source of {name}")
                assert still is None or name in old, (cut, change, name)
            written(sheets, new)
            assert named(torn) == new, (cut, change)
            assert not [path for path in torn.files() if path.endswith(".staged")], (cut, change)
        tried("simulated disk", f"power cut before {change} of a recovered sheet", OUTCOMES)


def test_a_sheet_that_has_no_name_yet_is_in_no_list(torn: TornOs) -> None:
    sheets = RecoveredSheets(FolderDisk(ROOT), FOLDER)
    write(sheets, "one.csv", b"cells")
    assert named(torn) == {}
    assert sheets.still(SCALE, "one.csv", "source of one.csv") is None
    sheets.remember()
    assert named(torn) == {"one.csv": b"cells"}
    again = RecoveredSheets(FolderDisk(ROOT), FOLDER)
    assert again.still(SCALE, "one.csv", "source of one.csv") is not None


def test_the_folder_of_many_sheets_is_synced_once_a_group(torn: TornOs) -> None:
    disk = FolderDisk(ROOT)
    disk.write(f"{FOLDER}there", 0, b"")
    calls: Counter[str] = Counter()
    torn.step = lambda call: calls.update([call])
    sheets = RecoveredSheets(disk, FOLDER)
    for number in range(2 * GROUP):
        write(sheets, f"{number}.csv", b"cells")
    assert (calls["fsync"], calls["replace"]) == (2 * GROUP + 2, 2 * GROUP)
    assert len(named(torn)) == 2 * GROUP + 1


def test_sheets_of_many_bytes_get_their_names_sooner(
    torn: TornOs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovered, "GROUP_BYTES", 10)
    sheets = RecoveredSheets(FolderDisk(ROOT), FOLDER)
    write(sheets, "small.csv", b"123456789")
    assert named(torn) == {}
    write(sheets, "last.csv", b"1")
    assert set(named(torn)) == {"small.csv", "last.csv"}


def test_what_hinders_a_sheet_takes_no_name_from_those_before(torn: TornOs) -> None:
    sheets = RecoveredSheets(FolderDisk(ROOT), FOLDER)
    write(sheets, "sound.csv", b"cells")

    def hindered() -> list[bytes]:
        raise StorageError("its raw bytes are gone")

    with pytest.raises(StorageError):
        sheets.write(SCALE, "lost.csv", "", (piece for _ in "1" for piece in hindered()), tuple)
    sheets.remember()
    assert named(torn) == {"sound.csv": b"cells"}
