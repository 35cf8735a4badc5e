"""`clean` keeps the first completed of duplicates, writes what it left out, and changes no pool."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.toolbox.year import Year
from mtdata.core.lock import PoolLock
from mtdata.toolbox.processed import results_in
from mtdata.toolbox.provenance import Origin
from tests.toolbox.pools_made import MadePool

HEADER = ("answer", "date", "id", "participant", "session", "tag")
LATE, EARLY = "Thu, 01 Mar 2018 10:00:00 -0500", "Thu, 01 Mar 2018 10:00:00 +0200"


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    return MadePool(tmp_path)


def written(pool: MadePool, what: str, scale: str = "Mood") -> list[dict[str, str]]:
    (file,) = (pool.path / "processed_data" / scale).glob(f"{scale}_{what}_*.csv")
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def ids(rows: list[dict[str, str]]) -> list[str]:
    return [row["id"] for row in rows]


def test_the_first_completed_is_kept_by_the_moment_and_not_by_its_text(pool: MadePool) -> None:
    rows = [("a", LATE, "1", "17", "PRE", ""), ("b", EARLY, "2", "17.0", "PRE", "")]
    pool.sheet("Mood", [HEADER, *rows])
    assert pool.run("clean", "Mood").code == 0
    assert ids(written(pool, "kept")) == ["2"]
    (left_out,) = written(pool, "dropped")
    assert (left_out["dropped_because"], left_out["kept_id"]) == ("written twice", "2")
    assert left_out["participant"] == "17"


def test_of_one_moment_the_lower_number_is_kept(pool: MadePool) -> None:
    rows = [("a", LATE, "10", "17", "PRE", ""), ("b", LATE, "9", "17", "PRE", "")]
    pool.sheet("Mood", [HEADER, *rows])
    pool.run("clean", "Mood")
    assert ids(written(pool, "kept")) == ["9"]


def test_other_tags_sessions_and_people_are_no_duplicates(pool: MadePool) -> None:
    rows = [
        ("a", LATE, "1", "17", "PRE", ""),
        ("a", LATE, "2", "17", "PRE", "b"),
        ("a", LATE, "3", "17", "POST", ""),
        ("a", LATE, "4", "017", "PRE", ""),
        ("a", LATE, "5", "", "PRE", ""),
        ("a", LATE, "6", "", "PRE", ""),
        ("a", LATE, "7", "17", "", ""),
        ("a", LATE, "8", "17", "", ""),
    ]
    pool.sheet("Mood", [HEADER, *rows])
    pool.run("clean", "Mood")
    assert len(written(pool, "kept")) == 8
    assert written(pool, "dropped") == []


def test_what_was_delivered_twice_is_kept_once_and_a_changed_one_is_not_that(
    pool: MadePool,
) -> None:
    same = ("a", LATE, "1", "17", "PRE", "")
    pool.sheet("Mood", [HEADER, same])
    other = ("other", LATE, "1", "18", "PRE", "")
    pool.sheet("Mood", [HEADER, same, other], "2026-03-13")
    pool.run("clean", "Mood")
    assert [row["answer"] for row in written(pool, "kept")] == ["a", "other"]
    assert [row["dropped_because"] for row in written(pool, "dropped")] == ["delivered twice"]


def test_what_makes_entries_the_same_may_be_said(pool: MadePool) -> None:
    header = (*HEADER, "trial")
    rows = [("a", LATE, str(n), "17", "PRE", "", str(n // 2)) for n in range(4)]
    pool.sheet("Trials", [header, *rows])
    assert pool.run("clean", "Trials", "--by", "participant,session,TRIAL").code == 0
    assert ids(written(pool, "kept", "Trials")) == ["0", "2"]
    answered = pool.run("clean", "Trials", "--by", "participant,trail")
    assert answered.code == 65
    assert "Did you mean trial?" in answered.said


def test_columns_of_all_days_are_kept_by_name_with_cells_as_they_were(pool: MadePool) -> None:
    nasty = 'two\r\nlines, "quoted"; =1+1 \u2603'
    pool.sheet("Mood", [HEADER, (nasty, LATE, "1", "17", "PRE", "")])
    pool.sheet("Mood", [(*HEADER, "added"), ("b", LATE, "2", "18", "PRE", "", "007")], "2026-03-13")
    pool.run("clean", "Mood")
    rows = written(pool, "kept")
    assert list(rows[0]) == sorted([*HEADER, "added"])
    assert rows[0]["answer"] == nasty
    assert rows[1]["added"] == "007"
    (file,) = (pool.path / "processed_data" / "Mood").glob("*kept*.csv")
    assert file.read_bytes().startswith(b"added,answer,date,id,participant,session,tag\r\n")


def test_the_side_file_names_what_was_read_and_written(pool: MadePool) -> None:
    sheet = pool.sheet("Mood", [HEADER, ("a", LATE, "1", "17", "PRE", "")])
    pool.run("clean", "Mood")
    (file,) = (pool.path / "processed_data" / "Mood").glob("*kept*.csv")
    told = json.loads(Path(f"{file}.provenance.json").read_text())
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["sheets"] == [
        {
            "name": f"active_data/{sheet.name}",
            "bytes": sheet.stat().st_size,
            "sha256": hashlib.sha256(sheet.read_bytes()).hexdigest(),
        }
    ]
    listed = f"{told['sheets'][0]['sha256']}  active_data/{sheet.name}\n"
    assert told["sheets_sha256"] == hashlib.sha256(listed.encode()).hexdigest()
    assert (told["command"], told["counts"]["kept"]) == ("mtdata clean Mood --format csv", 1)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_is_read_as_that_scale(pool: MadePool, tmp_path: Path) -> None:
    file = tmp_path / "from elsewhere.csv"
    file.write_text("id,participant,session\n1,17,PRE\n2,17,PRE\n")
    assert pool.run("clean", "Mood", str(file)).code == 64
    out = tmp_path / "out"
    assert pool.run("clean", "Mood", str(file), "--out", str(out)).code == 0
    (kept,) = (out / "Mood").glob("Mood_kept_*.csv")
    assert kept.read_text() == "id,participant,session\n1,17,PRE\n"
    assert not (pool.path / "processed_data").exists()
    for words in (("Mood", "none.csv"), ("../Mood", str(file), "--out", str(out))):
        assert pool.run("clean", *words).code in (64, 65)


def test_a_sheet_that_somebody_changed_stops_its_scale_alone(tmp_path: Path) -> None:
    year = Year(tmp_path / "year", entries=24, scales=2, days=3)
    year.make()
    changed = next((year.pool / "active_data").glob("Scale_001_*.csv"))
    changed.write_bytes(changed.read_bytes().replace(b"SESSION", b"SESSIOM"))
    made = MadePool(tmp_path / "beside")
    made.config = year.config
    answered = made.run("--json", "clean", "all")
    assert answered.code == 74
    assert str(changed) in answered.said
    assert [one.name for one in (year.pool / "processed_data").glob("S*")] == ["Scale_002"]


def test_another_command_at_work_there_is_waited_for_by_nobody(pool: MadePool) -> None:
    pool.sheet("Mood", [HEADER, ("a", LATE, "1", "17", "PRE", "")])
    with PoolLock(pool.path / "processed_data").hold():
        assert pool.run("clean", "Mood").code == 75
    assert pool.run("clean", "Mood").code == 0


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    origin = Origin("mtdata clean", datetime(2026, 3, 12, tzinfo=UTC))
    with results_in(tmp_path) as results:
        path = results.write("Mood", "kept", "csv", [b"whole"], origin)
        with pytest.raises(KeyboardInterrupt):
            results.write("Mood", "kept", "csv", breaking(), origin)
    assert path.read_bytes() == b"whole"
    assert {one.name for one in path.parent.iterdir()} == {
        path.name, f"{path.name}.provenance.json",
    }  # fmt: skip


def test_trials_of_one_session_are_no_duplicates_unless_it_is_said_what_they_share(
    pool: MadePool,
) -> None:
    header = ("id", "participant", "session", "trial")
    rows = [(str(n), str(n // 4), "PRE", str(n % 4)) for n in range(24)]
    pool.sheet("Trials", [header, *rows, ("24", "0", "PRE", "3")])
    assert pool.run("clean", "Trials").code == 0
    assert (len(written(pool, "kept", "Trials")), written(pool, "dropped", "Trials")) == (25, [])
    assert pool.run("wide", "Trials").code == 65
    assert pool.run("clean", "Trials", "--by", "participant,session,trial").code == 0
    assert ids(written(pool, "dropped", "Trials")) == ["24"]
