"""Whose files these are: root and others are told before they lock an owner out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtdata.core import owner, ownership
from mtdata.core.errors import OwnerError, Reach
from tests.owners import given_away, is_root, pretend

NAMES = (".lock", "ledger.sqlite3")
OTHER = 4321


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "pool"
    folder.mkdir(parents=True)
    return folder


def test_what_is_ours_or_not_there_yet_is_no_stranger(pool: Path) -> None:
    assert owner.stranger(pool, NAMES) is None
    assert owner.stranger(pool / "not" / "there", NAMES) is None
    (pool / "ledger.sqlite3").touch()
    assert owner.stranger(pool, NAMES) is None
    owner.refuse(pool, NAMES)
    assert owner.within(pool) == []


@pytest.mark.parametrize("place", ["", "ledger.sqlite3", "new/folder"])
def test_root_is_refused_where_a_folder_or_what_it_would_be_in_is_somebody_elses(
    pool: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "ledger.sqlite3":
        (pool / place).touch()
    uid = given_away(pool.parent, monkeypatch)
    found = owner.stranger(pool / place if "new" in place else pool, NAMES)
    assert found is not None
    assert found.uid == uid
    with pytest.raises(OwnerError, match=r"Nothing was done\. Call it so: sudo -u ") as caught:
        owner.refuse(pool, NAMES)
    assert (caught.value.exit_code, caught.value.stops) == (78, Reach.SITE)
    assert owner.name_of(uid) in str(caught.value)


def test_a_user_is_refused_on_the_pool_of_another_and_told_both_ways_when_that_is_root(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pool / "ledger.sqlite3").touch()
    pretend(monkeypatch, OTHER)
    with pytest.raises(OwnerError, match=f"ledger.sqlite3 belongs to .*runs as #{OTHER}") as caught:
        owner.refuse(pool, NAMES)
    assert (f"sudo chown -R '#{OTHER}': {pool}" in str(caught.value)) == is_root()
    assert [one.path.name for one in owner.within(pool)] == ["ledger.sqlite3"]


def test_a_folder_of_another_that_lets_us_in_is_fine_while_nothing_in_it_is_his(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, OTHER)  # volumes of containers belong to root, and a group may write
    assert owner.stranger(pool, NAMES) is None
    monkeypatch.setattr(os, "access", lambda *of, **how: False)
    assert owner.stranger(pool, NAMES) is not None


def test_what_is_hidden_from_us_belongs_to_who_hides_it(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, lstat = os.stat, os.lstat

    def hidden(path: Path, *more: object, **how: object) -> os.stat_result:
        if str(path).startswith(str(pool)):
            raise PermissionError(13, "Permission denied")
        return stat(path)

    pretend(monkeypatch, OTHER)
    monkeypatch.setattr(os, "stat", hidden)
    monkeypatch.setattr(os, "lstat", lambda path: hidden(path) and lstat(path))
    found = owner.stranger(pool, NAMES)
    assert found is not None
    assert found.path == pool.parent


@pytest.mark.parametrize("kind", ["cifs", "nfs4", "vfat", "fuse.sshfs", "9p", "virtiofs"])
def test_where_all_files_have_one_owner_nobody_is_refused(
    pool: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (pool / ".lock").touch()
    pretend(monkeypatch, OTHER)
    monkeypatch.setattr(ownership, "_kind_of_device", lambda device: kind)
    assert owner.stranger(pool, NAMES) is None
    assert owner.within(pool) == []


def test_a_user_that_the_name_space_does_not_know_proves_nothing(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pool / ".lock").touch()
    monkeypatch.setattr(ownership, "_nobody", lambda: os.stat(pool).st_uid)
    pretend(monkeypatch, OTHER)
    assert owner.stranger(pool, NAMES) is None


def test_the_line_that_does_it_right_shows_no_address_with_a_password(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pool / ".lock").touch()
    pretend(monkeypatch, OTHER)
    words = ["mtdata", "runner", "--config", "/etc/c", "--broker", "amqp://u:kestrel@h"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(OwnerError, match="bin/mtdata runner --config /etc/c --broker …"):
        owner.refuse(pool, NAMES)
