"""Fields that come and go: the day's sheet gets the union, old rows stay; or such entries wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from mtdata.core.errors import StorageError
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.model.mark import FileMark
from tests.mailbox import mailbox
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, columns, row


def test_a_new_field_gives_the_sheet_a_new_column_and_old_rows_stay(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1, answer='a,"b"\r\nc'), row(2)])
    home.export()
    home.site.put("QOL", [row(3, before="new"), row(4)])
    assert home.export()["QOL"]["deleted"] == 2
    [path] = home.paths("active_data", "QOL")
    assert columns(path) == ["answer", "before", "id", "session", "tag"]
    assert [(line["id"], line["answer"], line["before"]) for line in home.sheet("QOL")] == [
        ("1", 'a,"b"\r\nc', ""), ("2", "3", ""), ("3", "3", "new"), ("4", "3", ""),
    ]  # fmt: skip
    assert "new: before" in home.noted("drift")
    assert home.is_clean()


def test_a_missing_field_is_an_empty_cell_and_is_reported(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    lacking = row(2)
    del lacking["answer"]
    home.site.put("QOL", [lacking])
    home.export()
    assert [line["answer"] for line in home.sheet("QOL")] == ["3", ""]
    assert "missing: answer" in home.noted("drift")
    assert home.is_clean()


def test_fields_that_differ_within_a_package_all_have_a_column(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2, zeta=1), row(3, alpha=2)])
    home.export()
    [path] = home.paths("active_data", "QOL")
    assert columns(path) == ["alpha", "answer", "id", "session", "tag", "zeta"]
    assert [(line["alpha"], line["zeta"]) for line in home.sheet("QOL")] == [
        ("", ""), ("", "1"), ("2", ""),
    ]  # fmt: skip
    assert home.is_clean()


def test_a_sheet_that_was_widened_often_still_proves_every_row(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    for number in range(1, 8):
        home.site.put("QOL", [row(number, **{f"field{number % 4}": number})])
        assert home.export()["QOL"]["deleted"] == 1
    assert home.ids("QOL") == [str(number) for number in range(1, 8)]
    assert home.is_clean()


def test_a_sheet_made_wider_for_a_row_that_came_into_a_later_one_is_what_raw_gives(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round was cut off when the sheet had its new column and not yet the row with it."""
    home.site.put("QOL", [row(1)])
    home.export()
    widen = CsvSheets.widen

    def then_full(self: CsvSheets, old: FileMark, columns: tuple[str, ...]) -> None:
        widen(self, old, columns)
        raise StorageError("the disk is full")

    home.site.put("QOL", [row(2, before="new")])
    with monkeypatch.context() as full:
        full.setattr(CsvSheets, "widen", then_full)
        home.export(code=74)
    home.now += timedelta(days=1)
    home.export()
    assert ["before" in columns(path) for path in home.paths("active_data", "QOL")] == [True, True]
    assert [line["before"] for line in home.sheet("QOL")] == ["", "new"]
    assert home.is_clean()
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    home.verify_until_clean()
    assert home.is_clean()


def test_the_day_after_a_drift_begins_with_the_fields_of_its_own_rows(home: Home) -> None:
    home.site.put("QOL", [row(1, old=1)])
    home.export()
    home.now += timedelta(days=1)
    home.site.put("QOL", [row(2, new=1)])
    home.export()
    first, second = home.paths("active_data", "QOL")
    assert columns(first) == ["answer", "id", "old", "session", "tag"]
    assert columns(second) == ["answer", "id", "new", "session", "tag"]
    assert home.is_clean()


def test_with_drift_on_hold_entries_with_other_fields_wait_and_stay_on_the_site(home: Home) -> None:
    home.configure(DELETE_MODE=True, DRIFT="hold")
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.put("QOL", [row(2, more=1), row(3)])
    done = home.export(code=1)["QOL"]
    assert (done["appended"], done["held"], done["deleted"]) == (1, 1, 1)
    assert home.held() == [("QOL", 2, "drift")]
    assert ("entry_drift", "QOL") in home.troubles()
    assert home.site.ids("QOL") == [2]
    [path] = home.paths("active_data", "QOL")
    assert columns(path) == ["answer", "id", "session", "tag"]
    home.export()
    assert home.held() == [("QOL", 2, "drift")]


def test_entries_on_hold_for_drift_become_rows_once_they_are_released(home: Home) -> None:
    home.configure(DELETE_MODE=True, DRIFT="hold")
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.put("QOL", [row(2, more=1)])
    home.export(code=1)
    home.run("held", STUDY, "--release", "QOL", "2")
    home.export()
    assert [(line["id"], line["more"]) for line in home.sheet("QOL")] == [("1", ""), ("2", "1")]
    assert home.site.ids("QOL") == []
    assert home.troubles() & {("entry_drift", "QOL")} == set()
    assert home.is_clean()


def test_a_drift_is_told_by_one_mail_at_once_and_none_says_that_it_is_over(home: Home) -> None:
    with mailbox() as box:
        mail = {"HOST": "127.0.0.1", "PORT": box.port, "TLS": "none", "FROM": "mtdata@example.org"}
        told = yaml.safe_dump({"MAIL": mail | {"TO": ["lab@example.org"]}})
        (home.folder / "config" / "log.config").write_text(told)
        home.site.put("QOL", [row(1)])
        home.export()
        for number in (2, 3):
            home.site.put("QOL", [row(number, more=1)])
            home.export()
        home.now += timedelta(days=1)
        home.export()
    [one] = box.mails
    assert "WARNING study QOL: the fields of a scale changed" in one.subject
    assert "new: more" in one.body
    assert home.troubles() == set()


def test_a_field_that_stays_away_is_told_once_and_not_with_every_row(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    for number in (2, 3, 4):
        lacking = row(number)
        del lacking["answer"]
        home.site.put("QOL", [lacking])
        said = home.run("export", STUDY).said
        assert ("missing: answer" in said) == (number == 2)
    told = [one for one in home.incidents("--all") if one["kind"] == "drift"]
    assert len(told) == 1
    assert told[0]["closed_at"] is not None


def test_verify_makes_no_row_of_what_is_on_hold_for_drift(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", DRIFT="hold")
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.put("QOL", [row(2, other=1)])
    home.export(code=1)
    home.configure(PRIVATE_FILE="study.pem")  # other keys: what waits is tried again
    home.run("verify", STUDY)
    assert home.ids("QOL") == ["1"]
    assert home.held() == [("QOL", 2, "drift")]
