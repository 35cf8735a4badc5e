"""Several sheets are made at once: each is what it is alone, and none holds up another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from mtdata.config import load
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.integrity import sheet_making
from mtdata.study.integrity.decode import PoolDecoder
from mtdata.study.integrity.sheet_making import SheetMaking, WantedSheet
from mtdata.study.model import row as row_model
from mtdata.study.model.decoded import Decoded
from mtdata.study.operations.opening import look_into
from mtdata.study.ports import Opened, Work
from tests.system.home import STUDY, Home, row

SCALES = {"Anxiety": 1, "Mood": 3, "QOL": 2}


def collected(home: Home) -> None:
    for scale, count in SCALES.items():
        home.site.put(scale, [row(number) for number in range(1, count + 1)])
    home.export()


class ReadAhead(ClearCipher):
    """Answers when it was given all there is, as workers do that have much to open."""

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        yield from list(super().unseal_each(work))


def test_sheets_that_are_opened_together_are_each_what_they_are_alone(home: Home) -> None:
    collected(home)
    with look_into(load(home.folder / "config", {}).site(STUDY)) as pool:
        marks = [mark for mark, _ in pool.ledger.files.standing("sheet")]
        object.__setattr__(pool, "cipher", ReadAhead())
        wanted = [WantedSheet(mark, Decoded(mark.path, ""), None) for mark in marks]
        made = [
            (sheet.mark.path, b"".join(content), sheet.decoded.rows)
            for sheet, content in SheetMaking(pool).each(wanted)
        ]
        stand = [pool.disk.read(mark.path, 0, mark.length) for mark in marks]
    assert made == [
        (mark.path, content, SCALES[mark.scale]) for mark, content in zip(marks, stand, strict=True)
    ]
    assert len(made) == len(SCALES)


def test_the_largest_sheet_is_planned_first_and_no_key_is_loaded_for_it(home: Home) -> None:
    collected(home)
    with look_into(load(home.folder / "config", {}).site(STUDY)) as pool:
        planned = PoolDecoder(pool).planned("all", known=True)
    assert [path.split("/")[-1].split("_")[0] for path in planned] == ["Mood", "QOL", "Anxiety"]


def test_a_sheet_whose_raw_bytes_are_damaged_holds_up_none_behind_it(home: Home) -> None:
    collected(home)
    [raw] = home.paths("raw_data", "Anxiety")
    raw.write_bytes(raw.read_bytes().replace(b"PRE", b"PRF"))
    sheets = home.run("decode", STUDY).shown["sites"][STUDY]["sheets"]
    assert {one["sheet"].split("_")[0]: one["rows"] for one in sheets if not one["difference"]} == {
        "Mood": 3,
        "QOL": 2,
    }
    [told] = [one["difference"] for one in sheets if one["difference"]]
    assert told.startswith("not written: entry 1: its raw bytes are not those")
    assert not home.paths("recovered_data", "Anxiety")
    for scale in ("Mood", "QOL"):
        [made], [active] = home.paths("recovered_data", scale), home.paths("active_data", scale)
        assert made.read_bytes() == active.read_bytes()


class Asked(ClearCipher):
    """Notes how many values it is asked to open at once."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        for item, values in work:
            self.counts.append(len(values))
            yield from super().unseal_each([(item, values)])


def asked(home: Home) -> list[int]:
    """How many values are opened at once, while the same sheets are made as stand there."""
    with look_into(load(home.folder / "config", {}).site(STUDY)) as pool:
        marks = [mark for mark, _ in pool.ledger.files.standing("sheet")]
        object.__setattr__(pool, "cipher", cipher := Asked())
        wanted = [WantedSheet(mark, Decoded(mark.path, ""), None) for mark in marks]
        for sheet, content in SheetMaking(pool).each(wanted):
            assert b"".join(content) == pool.disk.read(sheet.mark.path, 0, sheet.mark.length)
    return cipher.counts


def test_no_digest_of_a_row_is_made_where_its_line_alone_is_wanted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(home)
    monkeypatch.setattr(row_model, "_joined", lambda *cells: pytest.fail("a digest is made"))
    assert sum(asked(home)) == 0


def test_small_sheets_are_opened_together(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for scale, count in SCALES.items():
        rows = [row(number, participantRSA=f"p{number}") for number in range(count)]
        home.site.put(scale, rows)
    home.configure(ENCRYPTION="off")
    home.export()
    assert asked(home) == [6]
    monkeypatch.setattr(sheet_making, "TOGETHER", 4)
    assert asked(home) == [4, 2]
    monkeypatch.setattr(sheet_making, "TOGETHER", 2)
    assert asked(home) == [1, 3, 2]
    monkeypatch.setattr(sheet_making, "TOGETHER", 256)
    monkeypatch.setattr(sheet_making, "TOGETHER_BYTES", 1)
    assert asked(home) == [1, 3, 2]
