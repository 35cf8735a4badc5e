"""The disk that tears: it keeps every promise of durable.py and none that was not made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import StorageError
from mtdata.core.ports import Disk
from tests.conftest import LONG
from tests.contracts.disk_contract import DiskContract
from tests.fakes_torn import TornOs
from tests.tally import tried
from tests.torn import Again

ROOT = Path("/pool")
OUTCOMES = 2000 if LONG else 200


class TornDisk(FolderDisk):
    """A disk that loses power whenever it has kept a promise; what was promised is still there."""

    def __init__(self, torn: TornOs, rng: Random) -> None:
        super().__init__(ROOT)
        self._torn, self._rng = torn, rng

    def write(self, path: str, start: int, content: bytes) -> None:
        super().write(path, start, content)
        self._torn.lose_power(self._rng)

    def publish(self, staged: str, path: str) -> None:
        super().publish(staged, path)
        self._torn.lose_power(self._rng)

    def publish_all(self, drafts: Mapping[str, str]) -> None:
        super().publish_all(drafts)
        self._torn.lose_power(self._rng)

    def confirm(self, path: str) -> None:
        super().confirm(path)
        self._torn.lose_power(self._rng)

    def remove(self, path: str) -> None:
        super().remove(path)
        self._torn.lose_power(self._rng)


@pytest.fixture
def torn(monkeypatch: pytest.MonkeyPatch) -> TornOs:
    made = TornOs()
    made.stand_in(monkeypatch)
    return made


class TestTornDisk(DiskContract):
    @pytest.fixture(params=range(5))
    def disk(self, torn: TornOs, seed: int, request: pytest.FixtureRequest) -> Disk:
        return TornDisk(torn, Random(f"{seed} {request.param}"))


def outcomes(torn: TornOs, seed: int) -> list[dict[str, bytes]]:
    """What the machine may find after a power cut now; it goes on as if there had been none."""
    before, found = torn.root, []
    for number in range(OUTCOMES):
        torn.root = before
        torn.lose_power(Random(f"{seed} {number}"))
        found.append(torn.files())
    torn.root = before
    tried("simulated disk", "power cut on one file", OUTCOMES)
    return found


def test_what_was_not_synced_may_be_forgotten_torn_or_filled_with_anything(
    torn: TornOs, seed: int
) -> None:
    FolderDisk(ROOT).write("f", 0, b"a" * 1000)
    file = torn.open(ROOT / "f", torn.O_RDWR)
    torn.pwrite(file, b"b" * 5000, 1000)
    found = [files["/pool/f"] for files in outcomes(torn, seed)]
    assert all(content[:1000] == b"a" * 1000 for content in found)
    assert {1000, 6000} < {len(content) for content in found}
    tails = {content[1000:] for content in found}
    assert {b"", b"b" * 5000, bytes(5000)} < tails
    assert any(set(tail) > {98} and b"b" * 512 in tail for tail in tails)  # torn by blocks


@pytest.mark.parametrize("way", ["begun", "moved", "removed"])
def test_a_name_that_was_not_synced_may_be_forgotten(torn: TornOs, seed: int, way: str) -> None:
    disk = FolderDisk(ROOT)
    disk.write("old", 0, b"old")
    if way == "begun":
        disk.receive("new", [b"new"])
    elif way == "moved":
        torn.replace(ROOT / "old", ROOT / "new")
    else:
        torn.unlink(ROOT / "old")
    found = {tuple(files) for files in outcomes(torn, seed)}
    both = {("/pool/old",), ("/pool/old", "/pool/new")}
    assert (
        found
        == {
            "begun": both,
            "moved": {*both, ("/pool/new",)},
            "removed": {("/pool/old",), ()},
        }[way]
    )


class PowerCut(BaseException):
    """The end of everything; no `except` of the program may catch it."""


def cut_before(torn: TornOs, call: str, number: int) -> None:
    """Let nothing happen any more from the call of that name and number on."""
    left = [call] * number

    def step(name: str) -> None:
        if name == call and left:
            left.pop()
        if not left:
            raise PowerCut

    torn.step = step


def killed_at(torn: TornOs, call: str) -> None:
    """Have the next call of that name end the process, which leaves what it did."""

    def step(name: str) -> None:
        if name == call:
            torn.step = lambda name: None
            raise KeyboardInterrupt

    torn.step = step


def test_a_folder_that_a_killed_process_made_is_made_durable_by_the_next(
    torn: TornOs, seed: int
) -> None:
    killed_at(torn, "fsync")
    with pytest.raises(KeyboardInterrupt):
        make_folder(ROOT / "raw_data")
    FolderDisk(ROOT).write("raw_data/f", 0, b"x")
    assert {*map(str, outcomes(torn, seed))} == {str({"/pool/raw_data/f": b"x"})}


def test_a_file_that_a_killed_process_began_is_made_durable_by_the_next(
    torn: TornOs, seed: int
) -> None:
    make_folder(ROOT)
    killed_at(torn, "fsync")
    with pytest.raises(KeyboardInterrupt):
        FolderDisk(ROOT).write("f", 0, b"y")
    FolderDisk(ROOT).write("f", 0, b"x")
    assert {*map(str, outcomes(torn, seed))} == {str({"/pool/f": b"x"})}


def test_a_file_that_a_killed_process_took_away_does_not_come_back(torn: TornOs, seed: int) -> None:
    FolderDisk(ROOT).write("f", 0, b"x")
    killed_at(torn, "fsync")
    with pytest.raises(KeyboardInterrupt):
        FolderDisk(ROOT).remove("f")
    FolderDisk(ROOT).remove("f")
    assert {*map(str, outcomes(torn, seed))} == {"{}"}


def test_a_file_that_a_killed_process_published_stays_once_it_is_confirmed(
    torn: TornOs, seed: int
) -> None:
    disk = FolderDisk(ROOT)
    disk.write("f", 0, b"old")
    staged = disk.stage("f", [b"new"])
    torn.replace(ROOT / staged, ROOT / "f")
    assert any(files["/pool/f"] == b"old" for files in outcomes(torn, seed))
    disk.confirm("f")
    assert {*map(str, outcomes(torn, seed))} == {str({"/pool/f": b"new"})}


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_of_drafts_that_get_their_names_none_has_it_before_it_is_whole(
    torn: TornOs, seed: int, call: str
) -> None:
    disk = FolderDisk(ROOT)
    disk.write("f", 0, b"old")
    drafts = {disk.draft(name, [b"new" * 1000]): name for name in "fgh"}
    began, found = torn.root, set[tuple[str, ...]]()
    for number in range(1, 5):
        torn.root = Again().folder(began)
        cut_before(torn, call, number)
        with suppress(PowerCut):
            disk.publish_all(drafts)
        torn.step = lambda name: None
        for files in outcomes(torn, seed):
            named = {path: content for path, content in files.items() if "/." not in path}
            assert set(named.values()) <= {b"old", b"new" * 1000}
            found.add(tuple(sorted(named)))
    # a cut between two names leaves some, and the last sync leaves all of them
    assert ("/pool/f", "/pool/g", "/pool/h") in found
    assert len(found) > 1


def test_drafts_that_got_their_names_have_them_after_a_power_cut(torn: TornOs, seed: int) -> None:
    disk = FolderDisk(ROOT)
    disk.publish_all({disk.draft(name, [b"new"]): name for name in ("f", "a/g", "a/h")})
    whole = {f"/pool/{name}": b"new" for name in ("a/g", "a/h", "f")}
    assert {str(sorted(files.items())) for files in outcomes(torn, seed)} == {
        str(sorted(whole.items()))
    }


def test_a_disk_that_refuses_is_told_as_one_of_the_real_kind(torn: TornOs) -> None:
    torn.mkdir(ROOT)
    disk = FolderDisk(ROOT)
    disk.write("f", 0, b"x")
    for act in (lambda: disk.write("f/g", 0, b"y"), lambda: disk.read("g", 0, 1)):
        with pytest.raises(StorageError):
            act()


def test_a_disk_once_more_is_the_same_safe_or_not_and_shares_nothing(
    torn: TornOs, seed: int
) -> None:
    disk = FolderDisk(ROOT)
    disk.write("f", 0, b"a" * 1000)
    torn.replace(ROOT / "f", ROOT / "g")
    file = torn.open(ROOT / "g", torn.O_RDWR)
    torn.pwrite(file, b"b" * 5000, 1000)
    kept, found = Again().folder(torn.root), outcomes(torn, seed)
    FolderDisk(ROOT).write("g", 0, b"c")
    torn.root = kept
    assert outcomes(torn, seed) == found
