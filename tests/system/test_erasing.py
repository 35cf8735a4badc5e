"""A participant's rows erased: away from every file, and they stay away whatever is put back."""

from __future__ import annotations

import hmac
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.core.ports import Room
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row

PERSON, OTHER = 17, 18
ANSWER = "a-telling-answer"
"""Stands in every row of the person and nowhere else."""


def mine(number: int, **more: object) -> dict[str, Any]:
    return row(number, participant=PERSON, text=ANSWER, **more)


def theirs(number: int, **more: object) -> dict[str, Any]:
    return row(number, participant=OTHER, text="kept", **more)


def people(home: Home, *rows: dict[str, Any]) -> None:
    home.site.offer("Participant", deleteable=False)
    home.site.clear("Participant")
    home.site.put("Participant", rows)


def filled(home: Home, **keys: object) -> None:
    """Two days of a scale, and of the table of people."""
    home.configure(**{"DELETE_MODE": True, **keys})
    home.site.put("QOL", [mine(1), theirs(2), mine(3), theirs(4), theirs(5)])
    home.site.put("OASIS", [theirs(11), mine(12)])
    people(home, row(16), row(PERSON, text=ANSWER), row(OTHER))
    home.export(STUDY, "all")
    home.now = home.now.replace(day=home.now.day + 1)
    home.site.put("QOL", [theirs(6), mine(7, wide=1)])
    people(home, row(16), row(PERSON, text=ANSWER), row(OTHER), row(19))
    home.export(STUDY, "all")


def erase(home: Home, *words: str, who: str = str(PERSON), code: int = 0) -> dict[str, Any]:
    ended = home.run("erase", who, "--server", STUDY, *words)
    assert ended.code == code, ended
    shown: dict[str, Any] = ended.shown["sites"][STUDY]
    return shown


def holding(home: Home, text: str = ANSWER) -> set[str]:
    """The folders of the pool in which any file has that text."""
    files = [path for path in home.pool.rglob("*") if path.is_file()]
    with_text = [path for path in files if text.encode() in path.read_bytes()]
    return {path.relative_to(home.pool).parts[0] for path in with_text}


def is_well(home: Home) -> None:
    """Clean by every way that looks, and nothing of the person in any sheet or raw file."""
    assert home.is_clean()
    assert holding(home) == set()
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert home.ids("OASIS") == ["11"]
    assert home.raw_ids("QOL") == [2, 4, 5, 6]


def test_a_look_tells_where_rows_lie_and_changes_nothing(home: Home) -> None:
    filled(home)
    before = home.digests()
    shown = erase(home)
    rows = {(one["kind"], one["scale"]): 0 for one in shown["files"]}
    for one in shown["files"]:
        rows[one["kind"], one["scale"]] += one["rows"]
    assert rows == {
        ("raw", "OASIS"): 1, ("raw", "Participant"): 2, ("raw", "QOL"): 3,
        ("sheet", "OASIS"): 1, ("sheet", "Participant"): 2, ("sheet", "QOL"): 3,
    }  # fmt: skip
    assert not shown["erased"]
    assert home.digests() == before


def test_rows_go_from_sheets_and_by_choice_from_raw_files(home: Home) -> None:
    filled(home)
    erase(home, "--yes")
    assert holding(home) == {"raw_data"}
    assert home.is_clean()
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert home.ids("Participant") == ["16", "18", "16", "18", "19"]
    erase(home, "--yes", "--raw")
    is_well(home)


def test_all_at_once_leaves_a_pool_that_goes_on(home: Home) -> None:
    filled(home)
    erase(home, "--yes", "--raw")
    is_well(home)
    home.site.put("QOL", [theirs(8)])
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["2", "4", "5", "6", "8"]
    assert home.is_clean()
    assert home.troubles() == set()


def test_sealed_participants_are_found_by_what_the_key_opens(home: Home, key: KeyPair) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    home.put_key(key.pem)
    sealed = [row(n, participantRSA=key.seal(str(who)), text=ANSWER if who == PERSON else "kept")
              for n, who in ((1, PERSON), (2, OTHER), (3, PERSON))]  # fmt: skip
    home.site.put("QOL", sealed)
    home.export()
    erase(home, "--yes", "--raw")
    assert home.ids("QOL") == ["2"]
    assert home.raw_ids("QOL") == [2]
    assert home.is_clean()


def test_of_what_no_key_opens_it_is_said_that_nobody_can_tell(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=False)
    home.put_key(key.pem)
    sealed = [(1, key, PERSON), (2, other_key, PERSON), (3, key, OTHER)]
    home.site.put(
        "QOL", [row(n, participantRSA=pair.seal(str(who)), text=ANSWER) for n, pair, who in sealed]
    )
    home.export(code=1)
    shown = erase(home, "--yes", "--raw")
    assert "entries of QOL that no key of today opens" in shown["beyond_reach"][0]
    assert home.raw_ids("QOL") == [2, 3]
    home.configure(PRIVATE_FILE=["study.pem", "other.pem"])  # it was found
    home.put_key(other_key.pem, "other.pem")
    shown = erase(home, "--yes", "--raw")
    assert home.raw_ids("QOL") == [3]


def test_numbers_and_texts_are_one_person_and_leading_zeros_another(home: Home) -> None:
    home.site.put("QOL", [row(1, participant=17), row(2, participant="17"),
                          row(3, participant="017"), row(4, participant=17.5),
                          row(5, participant={"id": 17, "site": "a"}), row(6, participantId=17),
                          row(7, participant=None), row(17, participant=1)])  # fmt: skip
    home.export()
    erase(home, "--yes", "--raw")
    assert home.ids("QOL") == ["3", "4", "7", "17"]
    assert home.is_clean()


def test_more_fields_by_choice_or_those_alone(home: Home) -> None:
    home.site.put("QOL", [row(1, participant=17), row(2, study=17), row(3, study=1)])
    home.export()
    assert erase(home, "--field", "study")["rows"] == 2
    erase(home, "--yes", "--field", "study", "--only")
    assert home.ids("QOL") == ["1", "3"]


def test_what_was_made_of_the_sheets_is_erased_as_well(home: Home) -> None:
    filled(home)
    home.run("decode", STUDY)
    made = home.pool / "processed_data" / "QOL"
    made.mkdir(parents=True)
    (made / "wide.csv").write_text(f"participant,text\n{OTHER},kept\n{PERSON},{ANSWER}")
    (made / "wide.sav").write_bytes(b"of another kind")
    (made / "odd.csv").write_text(f"participant;text\n{PERSON};kept\n")
    (made / "rows.json").write_text("[]")
    (made / "link.csv").symlink_to(made / "wide.csv")
    shown = erase(home, "--yes")
    assert holding(home) == {"raw_data"}
    assert (made / "wide.csv").read_text() == f"participant,text\n{OTHER},kept\n"
    unseen = [told for told in shown["beyond_reach"] if told.startswith("not looked into")]
    assert {Path(told.split(": ")[1]).name for told in unseen} == {
        "wide.sav", "odd.csv", "rows.json", "link.csv",
    }  # fmt: skip


def test_of_nobody_known_nothing_is_made(home: Home) -> None:
    filled(home)
    before = home.digests()
    for who in ("99", "../17", "1' OR 1=1 --", "%", "1*"):
        ended = home.run("erase", who, "--server", STUDY, "--yes", "--raw")
        assert ended.code == 65
        assert "nothing of this participant" in ended.said
        assert who not in ended.said
    assert home.digests() == before
    assert home.run("erase", " ", "--server", STUDY).code == 64


def test_a_pool_without_a_ledger_says_what_comes_first(home: Home) -> None:
    assert home.run("erase", "17", "--server", STUDY, "--yes").code == 65
    assert not home.pool.exists()
    filled(home)
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    ended = home.run("erase", "17", "--server", STUDY, "--yes")
    assert ended.code == 74
    assert "--rebuild-ledger" in ended.said


def test_a_pool_that_is_not_well_is_left_alone(home: Home) -> None:
    filled(home)
    path = home.paths("active_data", "QOL")[0]
    path.write_bytes(path.read_bytes().replace(b"kept", b"KEPT", 1))
    before = home.digests()
    ended = home.run("erase", "17", "--server", STUDY, "--yes", "--raw")
    assert ended.code == 74
    assert "verify" in ended.said
    assert home.digests() == before


def test_the_certificate_names_nobody_and_can_be_shown_to_be_about_the_person(home: Home) -> None:
    filled(home)
    before = home.digests()
    shown = erase(home, "--yes", "--raw")
    paths = [Path(shown["certificate"]), Path(shown["token"])]
    paths.append(paths[0].with_suffix(".json"))
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    told = json.loads(paths[2].read_text())
    token = paths[1].read_text().strip()
    proof = hmac.digest(token.encode(), str(PERSON).encode(), "sha256").hex()
    assert told["person"]["hmac_sha256"] == proof
    assert ANSWER not in str(told)
    now = home.digests()
    for file in told["removed"]:
        assert file["before"]["sha256"] == before[file["file"]]
        assert file["after"]["sha256"] == now[file["file"]]
    assert told["rows_removed"] == 12
    assert "Removed, 12 rows" in paths[0].read_text()


def test_replicas_are_named_with_the_copies_that_hold_rows(home: Home, tmp_path: Path) -> None:
    place = tmp_path / "replica"
    place.mkdir()
    filled(home, REPLICAS=[f"file://{place}"])
    shown = erase(home, "--yes", "--raw")
    [told] = [words for words in shown["beyond_reach"] if words.startswith("replica")]
    named = set(told.split(": ", 1)[1].split(", "))
    files = [path for path in place.rglob("*") if path.is_file()]
    holding_rows = {
        path.relative_to(place / STUDY).as_posix()
        for path in files
        if ANSWER.encode() in path.read_bytes() or b'"id":17,' in path.read_bytes()
    }
    assert named == holding_rows
    home.export(STUDY, "all")
    is_well(home)
    assert home.troubles() == set()


ENDING = {
    "a round": ("export", STUDY, "all"), "verify": ("verify", STUDY),
    "decode": ("decode", STUDY, "--check"), "erase itself": ("erase", "99", "--server", STUDY),
    "a ledger made again": ("verify", STUDY, "--rebuild-ledger"),
}  # fmt: skip


def interrupted(home: Home, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Begin an erasure with its raw files, and end it by Ctrl-C at that file."""
    whole, left = FolderDisk.publish, [at]

    def publish(disk: FolderDisk, staged: str, path: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        whole(disk, staged, path)

    with monkeypatch.context() as patch:
        patch.setattr(FolderDisk, "publish", publish)
        assert home.run("erase", str(PERSON), "--server", STUDY, "--yes", "--raw").code == 130


@pytest.mark.parametrize("words", ENDING.values(), ids=list(ENDING))
def test_an_interrupted_erasure_is_ended_by_whoever_has_the_pool_next(
    home: Home, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home)
    interrupted(home, monkeypatch, at=5)
    assert (home.pool / ".erasing.json").exists()
    if "--rebuild-ledger" in words:
        for path in home.pool.glob("ledger.sqlite3*"):
            path.unlink()
    ended = home.run(*words)
    assert ended.code == (65 if words[0] == "erase" else 0), ended
    assert not (home.pool / ".erasing.json").exists()
    assert len(list((home.pool / "reports").glob("erasure-*.json"))) == 1
    is_well(home)


def test_a_full_disk_is_told_before_anything_is_begun(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home)
    before = home.digests()
    monkeypatch.setattr(FolderDisk, "room", lambda disk: Room(1 << 20))
    ended = home.run("erase", str(PERSON), "--server", STUDY, "--yes", "--raw")
    assert ended.code == 74
    assert "no room" in ended.said
    assert home.digests() == before


def test_entries_that_are_held_go_as_well(home: Home) -> None:
    home.configure(DRIFT="hold")
    home.site.put("QOL", [theirs(1)])
    home.export()
    home.site.put("QOL", [mine(2, fresh=1), theirs(3, fresh=1)])
    home.export(code=1)
    assert {number for _, number, _ in home.held()} == {2, 3}
    erase(home, "--yes", "--raw")
    assert {number for _, number, _ in home.held()} == {3}
    assert home.raw_ids("QOL") == [1, 3]
    assert holding(home) == set()


def test_a_pool_of_the_original_program_is_erased_once_it_has_a_ledger(home: Home) -> None:
    for folder in ("raw_data", "active_data"):
        (home.pool / folder).mkdir(parents=True)
    first = {"QOL_10_00_00": [mine(1), theirs(2)]}
    both = {"QOL_11_00_00": [theirs(2), mine(3), mine(1)]}
    raw = home.pool / "raw_data"
    (raw / "QOL_Mar_10_2026_10_00_00.json").write_text(json.dumps(first))
    (raw / "QOL_Mar_11_2026_10_00_00.json").write_text(json.dumps(both, indent=2))
    known = ((1, 17, ANSWER), (2, 18, "kept"), (3, 17, ANSWER), (9, 17, ANSWER))
    lines = "answer,id,participant,session,tag,text\r\n"
    lines += "".join(f"3,{number},{who},PRE,,{text}\r\n" for number, who, text in known)
    (home.pool / "active_data" / "QOL_Mar_11_2026.csv").write_bytes(lines.encode())
    assert home.run("erase", "17", "--server", STUDY).code == 74
    assert home.run("verify", STUDY, "--rebuild-ledger").code == 0
    shown = erase(home, "--yes", "--raw")
    assert shown["rows"] == 3 + 3
    assert holding(home) == set()
    assert (home.ids("QOL"), home.raw_ids("QOL")) == (["2"], [2, 2])
    home.verify_until_clean()
    assert home.is_clean()


def test_a_damaged_raw_file_that_was_kept_aside_is_cut_as_well(home: Home) -> None:
    filled(home)
    [path, *_] = home.paths("raw_data", "QOL")
    (home.pool / "held").mkdir(exist_ok=True)
    shutil.copy(path, home.pool / "held" / f"{path.name}.damaged1")
    erase(home, "--yes", "--raw")
    is_well(home)


def test_tasks_are_found_by_the_number_of_the_persons_own_study(home: Home) -> None:
    people(home, row(16, study=7), row(PERSON, study=5), row(OTHER, study=6), row(19, study=7))
    home.site.offer("TaskLog", deleteable=False)
    home.site.put("TaskLog", [row(1, study=5), row(2, study=6), row(3, study=PERSON), row(4)])
    home.site.put("QOL", [row(5, study=5)])
    home.export(STUDY, "all")
    erase(home, "--yes")
    erase(home, "--yes", "--raw")
    assert home.ids("TaskLog") == ["2", "3", "4"]
    assert home.raw_ids("TaskLog") == [2, 3, 4]
    assert home.ids("QOL") == ["5"]
    assert home.is_clean()
    shown = erase(home, who="19")
    assert "no field names a participant in QOL, TaskLog" in " ".join(shown["beyond_reach"])


def test_a_file_that_was_changed_while_it_was_under_way_is_told_and_nobody_comes_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home)
    interrupted(home, monkeypatch, at=3)
    path = home.paths("raw_data", "QOL")[0]
    path.write_bytes(path.read_bytes().replace(b"kept", b"KEPT", 1))
    ended = home.run("export", STUDY, "all")
    assert ended.code == 74
    assert "changed while an erasure was under way" in ended.said
    assert home.run("verify", STUDY, "--rebuild-ledger").code == 0
    assert holding(home) == set()
    home.verify_until_clean()
    assert home.is_clean()


def test_what_a_killed_program_left_half_made_is_erased_as_well(home: Home) -> None:
    filled(home)
    assert home.run("decode", STUDY, ".").code == 0
    [sheet] = (home.pool / "recovered_data").glob("OASIS_*.csv")
    drafts = [sheet.with_name(f".{sheet.name}{tag}.staged") for tag in ("", ".0123abcd-2")]
    for draft in drafts:
        shutil.copyfile(sheet, draft)
    erase(home)
    assert all(draft.exists() for draft in drafts)  # a look changes nothing
    erase(home, "--yes", "--raw")
    assert not any(draft.exists() for draft in drafts)
    is_well(home)
