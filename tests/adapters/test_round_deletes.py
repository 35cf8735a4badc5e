"""Deletes of one scale go out while the next is made: in what order, and what stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import FileOlder, PackageError, SiteError, Stopped, StorageError
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.ledger import Ledger, LedgerEntry, entries
from mtdata.study.ledger.entries import Entries
from mtdata.study.model import package
from mtdata.study.model.mark import FileMark
from mtdata.study.model.receipt import Outcome, Placed
from mtdata.study.pool import Pool
from mtdata.study.round.round import Round
from mtdata.study.status.result import RoundResult
from tests.fakes import MemorySite, Verdict
from tests.sites import site_config

FIRST, SECOND, THIRD = "BBSIQ", "DASS21_AS", "QOL"
COUNT, BATCH = 12, 3


class Story:
    """A site with three scales, a pool, and all that was done in its order."""

    def __init__(self, folder: Path) -> None:
        self.done: list[tuple[str, str]] = []
        self.at_row: Callable[[str, int], None] = lambda scale, batch: None
        disk = FolderDisk(folder)
        ledger = Ledger(folder / Ledger.NAME)
        archive = FolderArchive(disk, ledger, "%b_%d_%Y", "%H_%M_%S")
        sheets = CsvSheets(disk, ledger, "%b_%d_%Y")
        self.pool = Pool(disk, archive, sheets, ledger, ClearCipher(), SystemClock())
        self.site = ToldSite(self.done)
        for scale in (FIRST, SECOND, THIRD):
            self.site.put(scale, [{"id": number, "n": scale} for number in range(1, COUNT + 1)])

    def play(self, **config: object) -> RoundResult:
        return Round(site_config(delete_mode=True, **config), self.pool, self.site).play("all")

    def rows(self, scale: str) -> None:
        """Take note of a batch of rows that was committed."""
        self.done.append(("rows", scale))
        self.at_row(scale, self.done.count(("rows", scale)))

    def places(self, what: str, scale: str) -> list[int]:
        """Where in the story that was done."""
        return [place for place, one in enumerate(self.done) if one == (what, scale)]

    def deletes_after(self, place: int) -> list[tuple[str, str]]:
        return [one for one in self.done[place:] if one[0] == "delete"]

    def troubles(self) -> set[tuple[str, str]]:
        return {(one.kind, one.scale) for one in self.pool.ledger.incidents.open_incidents()}


class ToldSite(MemorySite):
    """A site that tells what it is asked."""

    def __init__(self, done: list[tuple[str, str]]) -> None:
        super().__init__()
        self.done = done

    def _pieces(self, scale: str) -> Iterator[bytes]:
        self.done.append(("fetch", scale))
        return super()._pieces(scale)

    def _ask(self, scale: str, id: int) -> Verdict:
        self.done.append(("delete", scale))
        return super()._ask(scale, id)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """Batches so small that a scale has several."""
    monkeypatch.setattr(package, "BATCH_ENTRIES", BATCH)
    monkeypatch.setattr(entries, "PAGE", BATCH)
    made = Story(tmp_path / "pool")
    record = Entries.record_rows

    def recorded(self: Entries, mark: FileMark, placed: Sequence[Placed]) -> None:
        record(self, mark, placed)
        made.rows(next(scale for scale in (FIRST, SECOND, THIRD) if scale in mark.path))

    monkeypatch.setattr(Entries, "record_rows", recorded)
    yield made
    made.pool.ledger.close()


def test_deletes_of_a_scale_go_out_between_the_batches_of_the_next(story: Story) -> None:
    assert story.play().exit == 0
    rows, deletes = story.places("rows", SECOND), story.places("delete", FIRST)
    assert len(deletes) == COUNT
    assert rows[0] < deletes[0] < rows[-1], "while the next scale is made"
    assert story.places("rows", FIRST)[-1] < deletes[0], "once its own package is whole and proven"
    assert deletes[-1] < story.places("delete", SECOND)[0]
    assert [scale for scale in (FIRST, SECOND, THIRD) if story.site.ids(scale)] == []


def test_none_waits_longer_than_for_one_scale(story: Story) -> None:
    story.play()
    assert story.places("delete", FIRST)[-1] < story.places("fetch", THIRD)[0]


def test_damage_that_another_scale_shows_stops_those_that_are_on_their_way(story: Story) -> None:
    def damaged(scale: str, batch: int) -> None:
        if (scale, batch) == (SECOND, 2):
            story.pool.evidence.enter("sheet_changed", SECOND, "a row is not as it was")
            story.done.append(("damage", SECOND))

    story.at_row = damaged
    story.play()
    [at] = story.places("damage", SECOND)
    assert 0 < len(story.places("delete", FIRST)) < COUNT
    assert story.deletes_after(at) == []
    assert len(story.site.rows(SECOND)) == COUNT


def test_the_limit_of_a_round_holds_for_all_scales_together(story: Story) -> None:
    story.play(delete_limit=COUNT + 4)
    assert len(story.places("delete", FIRST)) == COUNT
    assert len(story.places("delete", SECOND)) == 4
    assert story.places("delete", THIRD) == []


@pytest.mark.parametrize("refused", [Outcome.REFUSED, Outcome.FAILED])
def test_a_scale_whose_deletes_are_not_done_hinders_no_other(
    story: Story, refused: Outcome
) -> None:
    story.site.verdicts[FIRST] = refused, "no"
    result = story.play()
    assert result.exit == 1
    assert story.troubles() == {("delete_failed", FIRST)}
    assert (story.site.ids(SECOND), story.site.ids(THIRD)) == ([], [])
    assert {name: one["appended"] for name, one in result.scales.items()} == dict.fromkeys(
        (FIRST, SECOND, THIRD), COUNT
    )


@pytest.mark.parametrize("fault", [SiteError("busy"), PackageError("it broke off")])
def test_a_scale_that_does_not_come_keeps_none_of_the_one_before_it_there(
    story: Story, fault: SiteError | PackageError
) -> None:
    story.site.package_faults[SECOND] = fault  # type: ignore[assignment]
    result = story.play()
    assert story.site.ids(FIRST) == []
    assert len(story.site.ids(SECOND)) == COUNT
    assert result.scales[FIRST]["appended"] == COUNT


def test_a_file_that_is_not_as_it_was_ends_the_deletes_of_its_scale_alone(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = story.pool.archive.lacking

    def older(claims: Sequence[LedgerEntry]) -> list[int]:
        if claims and claims[0].seq <= COUNT and story.places("delete", FIRST):
            raise FileOlder("an older file was put there")
        return lacking(claims)

    monkeypatch.setattr(story.pool.archive, "lacking", older)
    result = story.play()
    assert ("files_older", FIRST) in story.troubles()
    assert 0 < len(story.site.ids(FIRST)) < COUNT
    assert result.scales[SECOND]["appended"] == COUNT, "which went on"


@pytest.mark.parametrize("fault", [StorageError("the disk refuses"), Stopped("asked to end")])
def test_where_the_round_ends_no_more_is_deleted_and_the_next_one_goes_on(
    story: Story, fault: StorageError | Stopped
) -> None:
    def ends(scale: str, batch: int) -> None:
        if (scale, batch) == (SECOND, 2):
            story.done.append(("end", SECOND))
            raise fault

    story.at_row = ends
    if isinstance(fault, Stopped):
        with pytest.raises(Stopped):
            story.play()
    else:
        assert story.play().exit == 74
    [at] = story.places("end", SECOND)
    assert story.deletes_after(at) == []
    left = len(story.site.ids(FIRST))
    assert 0 < left < COUNT
    story.at_row = lambda scale, batch: None
    assert story.play().exit == 0
    assert [scale for scale in (FIRST, SECOND, THIRD) if story.site.ids(scale)] == []


def test_what_was_asked_is_proven_by_one_listing_after_all_of_them(story: Story) -> None:
    result = story.play()
    assert {name: one["deleted"] for name, one in result.scales.items()} == dict.fromkeys(
        (FIRST, SECOND, THIRD), COUNT
    )
    assert story.troubles() == set()
