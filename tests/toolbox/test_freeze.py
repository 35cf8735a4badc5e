"""A dataset out of a pool: whole or not at all, what the ledger knew, and open to other tools."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mtdata.core.lock import PoolLock
from mtdata.demo.study.site import StudySite
from mtdata.toolbox import freeze as freezing
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.pseudonym import pseudonym
from tests.system.home import STUDY, Home, row
from tests.toolbox.pools_made import Answered, MadePool

KEY = "0123456789abcdef"
QOL = [
    ["id", "a", "b", "c", "d", "participant"],
    ["1", "7", "1.5", "01", 'so "said"\r\nhe', "471100815473"],
    ["2", "-3", "2", "1", "", "471100815474"],
]


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    made = MadePool(tmp_path)
    made.sheet("QOL", QOL)
    made.sheet("QOL", [["id", "late"], ["3", "x"]], "2026-03-13")
    made.sheet("Participant", [["id", "theme"], ["471100815473", "blue"], ["471100815474", "red"]])
    made.sheet("Empty", [["id"]])
    return made


def frozen(pool: MadePool, *words: str) -> Path:
    """The one dataset that a run made."""
    ended = pool.run("freeze", str(pool.path.parent / "sets"), *words)
    assert ended.code == 0, ended
    return dataset_in(pool)


def dataset_in(pool: MadePool) -> Path:
    [found] = [one for one in (pool.path.parent / "sets").iterdir() if one.name != ".lock"]
    return found


def refused(pool: MadePool, *words: str) -> Answered:
    """A run that made no dataset, and left nothing of one."""
    ended = pool.run("freeze", str(pool.path.parent / "sets"), *words)
    assert ended.code != 0
    sets = pool.path.parent / "sets"
    assert not sets.exists() or [one.name for one in sets.iterdir()] in ([], [".lock"])
    return ended


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def files_in(folder: Path) -> dict[str, bytes]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in found}


def test_every_row_is_there_as_text_and_typed(pool: MadePool) -> None:
    folder = frozen(pool)
    assert rows_of(folder / "data" / "QOL.csv") == [
        ["server", "day", "id", "a", "b", "c", "d", "participant", "late"],
        ["study", "2026-03-12", "1", "7", "1.5", "01", 'so "said"\r\nhe', "471100815473", ""],
        ["study", "2026-03-12", "2", "-3", "2", "1", "", "471100815474", ""],
        ["study", "2026-03-13", "3", "", "", "", "", "", "x"],
    ]
    typed = pq.read_table(folder / "data" / "QOL.parquet")
    kinds = [str(kind) for kind in typed.schema.types]
    assert kinds == "string string int64 int64 double string string int64 string".split()
    assert typed["b"].to_pylist() == [1.5, 2.0, None]
    assert rows_of(folder / "data" / "Empty.csv") == [["server", "day", "id"]]


def test_the_manifest_has_the_digest_of_every_file(pool: MadePool) -> None:
    folder = frozen(pool)
    files = files_in(folder)
    listed = json.loads(files.pop("manifest.json"))["files"]
    assert {one["path"]: (one["bytes"], one["sha256"]) for one in listed} == {
        path: (len(content), sha256(content).hexdigest()) for path, content in files.items()
    }
    modes = {one.stat().st_mode & 0o777 for one in folder.rglob("*")}
    assert modes == {0o600, 0o700}
    sheets = json.loads(files["provenance.json"])["sheets"]
    assert {one["name"]: one["sha256"] for one in sheets} == {
        f"active_data/{path.name}": sha256(path.read_bytes()).hexdigest()
        for path in (pool.path / "active_data").iterdir()
    }


def test_the_data_package_describes_each_table_as_it_is(pool: MadePool) -> None:
    folder = frozen(pool)
    package = json.loads((folder / "datapackage.json").read_bytes())
    assert package["name"] == folder.name
    assert [one["name"] for one in package["resources"]] == ["empty", "participant", "qol"]
    for resource in package["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{sha256(content).hexdigest()}"
        assert resource["bytes"] == len(content)
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert fields == rows_of(folder / resource["path"])[0]
    types = {one["name"]: one["type"] for one in package["resources"][2]["schema"]["fields"]}
    assert types["day"] == "date"
    assert (types["a"], types["b"], types["c"]) == ("integer", "number", "string")


def test_the_crate_describes_every_file(pool: MadePool) -> None:
    folder = frozen(pool)
    graph = json.loads((folder / "ro-crate-metadata.json").read_bytes())["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    root = by_id["./"]
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    described = {part["@id"] for part in root["hasPart"]}
    assert described == set(files_in(folder)) - {"ro-crate-metadata.json", "manifest.json"}
    assert all(by_id[path]["@type"] == "File" for path in described)


def test_codebooks_come_along_with_what_is_made_of_them(pool: MadePool) -> None:
    (pool.config / "scales").mkdir()
    book = pool.config / "scales" / "Qol.yaml"
    book.write_text("scale: Qol\nvariables:\n  a:\n    wording: How is it?\n    type: integer\n")
    folder = frozen(pool)
    made = {one.name for one in (folder / "codebooks").iterdir()}
    assert {"Qol.yaml", "Qol.md", "Qol.html", "Qol.schema.json"} <= made
    assert (folder / "codebooks" / "Qol.yaml").read_bytes() == book.read_bytes()
    package = json.loads((folder / "datapackage.json").read_bytes())
    [field] = [one for one in package["resources"][2]["schema"]["fields"] if one["name"] == "a"]
    assert (field["type"], field["title"]) == ("integer", "How is it?")


def test_a_wrong_codebook_stops_it_before_anything_is_made(pool: MadePool) -> None:
    (pool.config / "scales").mkdir()
    (pool.config / "scales" / "QOL.yaml").write_text("scale: Other\nvariables: 5\n")
    assert refused(pool).code == 78


def test_a_dataset_that_is_there_is_not_touched(pool: MadePool) -> None:
    before = files_in(frozen(pool))
    pool.sheet("QOL", [["id"], ["9"]], "2026-03-14")
    assert pool.run("freeze", str(pool.path.parent / "sets")).code == 64
    assert files_in(dataset_in(pool)) == before


def test_every_sheet_that_cannot_be_read_is_named_and_nothing_is_frozen(pool: MadePool) -> None:
    torn = [pool.write(name, b"a,b\r\n1\r\n") for name in ("Torn", "Again")]
    ended = refused(pool)
    assert ended.code == 74
    assert all(path.name in ended.said for path in torn)


@pytest.mark.parametrize("name", ["..", "a b", "-x", "é"])
def test_a_name_that_is_no_scale_s_is_refused(pool: MadePool, name: str) -> None:
    pool.sheet(name, [["a"], ["1"]])
    assert refused(pool).code == 65


def test_an_empty_pool_is_not_frozen(tmp_path: Path) -> None:
    assert refused(MadePool(tmp_path)).code == 64


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_what_goes_wrong_at_any_write_leaves_no_dataset(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    writes = os.pwrite
    for good in (0, 3, 9):
        left = iter(range(good))

        def failing(*how: Any, left: Iterator[int] = left) -> int:
            if next(left, None) is None:
                raise fault
            return writes(*how)

        monkeypatch.setattr(os, "pwrite", failing)
        code = 74 if isinstance(fault, OSError) else 130
        assert refused(pool).code == code
        monkeypatch.setattr(os, "pwrite", writes)
    assert len(files_in(frozen(pool))) == 11


def test_what_a_killed_run_left_is_cleared_by_the_next(pool: MadePool) -> None:
    left = pool.path.parent / "sets" / ".study-2020-01-01.staged"
    (left / "data").mkdir(parents=True)
    (left / "data" / ".QOL.csv.staged").write_text("half")
    (left / "README.md").write_text("half")
    other = left.with_name(".study2-2020-01-01.staged")
    other.mkdir()
    pool.run("freeze", str(left.parent))
    assert not left.exists()
    assert other.exists()


def test_two_at_a_time_do_not_meet(pool: MadePool) -> None:
    with PoolLock(pool.path.parent / "sets").hold():
        assert refused(pool).code == 75


def test_scales_that_differ_by_case_have_files_of_their_own(pool: MadePool) -> None:
    pool.sheet("qol", [["id"], ["99"]])
    folder = frozen(pool)
    assert rows_of(folder / "data" / "qol_2.csv")[1:] == [["study", "2026-03-12", "99"]]
    assert len(rows_of(folder / "data" / "QOL.csv")) == 4


def test_pseudonyms_are_the_same_everywhere_and_nothing_leads_back(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", KEY)
    folder = frozen(pool, "--pseudonyms")
    expected = [pseudonym(KEY.encode(), one) for one in ("471100815473", "471100815474")]
    assert pq.read_table(folder / "data" / "Participant.parquet")["id"].to_pylist() == expected
    written = pq.read_table(folder / "data" / "QOL.parquet")["participant"].to_pylist()
    assert written == [*expected, None]
    digests = [
        sha256(path.read_bytes()).hexdigest() for path in (pool.path / "active_data").iterdir()
    ]
    content = b"".join(files_in(folder).values())
    for word in ("471100815473", "471100815474", KEY, *digests):
        assert word.encode() not in content, "a digest of a sheet would prove a guess"


def test_an_identifier_under_a_second_spelling_stands_nowhere_beside_its_pseudonym(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", KEY)
    who = "471100815499"
    day = "2026-03-14"
    pool.sheet("Participant", [["id", "ID", " id", "theme"], [who, who, who, "blue"]], day)
    pool.sheet(
        "QOL", [["id", "participant", "PARTICIPANT", "participant "], ["9", who, who, who]], day
    )
    folder = frozen(pool, "--pseudonyms")
    content = b"".join(files_in(folder).values())
    assert who.encode() not in content
    assert pseudonym(KEY.encode(), who).encode() in content


def test_without_a_key_there_are_no_pseudonyms(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PSEUDONYM_KEY", raising=False)
    assert refused(pool, "--pseudonyms").code == 78


def test_a_check_names_what_is_not_as_it_was_written(pool: MadePool) -> None:
    folder = frozen(pool)
    assert pool.run("freeze", "--check", str(folder)).code == 0
    (folder / "data" / "QOL.csv").write_bytes(b"other")
    (folder / "data" / "Empty.csv").unlink()
    (folder / "more.txt").write_text("x")
    ended = pool.run("freeze", "--check", str(folder))
    assert ended.code == 74
    for told in ("QOL.csv holds other bytes", "Empty.csv is gone", "more.txt was put there"):
        assert told in ended.said
    assert pool.run("freeze", "--check", str(folder.parent)).code == 64


def test_a_manifest_leads_to_no_file_outside(pool: MadePool) -> None:
    folder = frozen(pool)
    listed = [{"path": "../../secret", "bytes": 1, "sha256": "x"}]
    (folder / "manifest.json").write_text(json.dumps({"files": listed}))
    ended = pool.run("freeze", "--check", str(folder))
    assert ended.code == 74
    assert "leads out of the folder" in ended.said


# a pool with a ledger, that rounds write to meanwhile


@pytest.fixture
def home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    from mtdata.core.clock import SystemClock

    with StudySite(password="p") as site:
        made = Home(tmp_path, site, lambda: (*capsys.readouterr(),))
        monkeypatch.setattr(SystemClock, "now", lambda clock: made.now)
        monkeypatch.chdir(tmp_path)
        site.put("QOL", [row(number) for number in range(1, 6)])
        stays(made, 3)
        made.export(STUDY, "all")
        yield made


def stays(home: Home, count: int) -> None:
    home.site.offer("TaskLog", deleteable=False)
    home.site.clear("TaskLog")
    rows = range(1, count + 1)
    home.site.put("TaskLog", [row(number, answer=count) for number in rows])


def while_reading(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], times: int) -> None:
    """Do something once the sheets of the pool are listed and none is read yet."""
    original, left = freezing.opened, iter(range(times))

    @contextmanager
    def opened(pools: Pools) -> Iterator[Any]:
        assert pools.sheets
        if next(left, None) is not None:
            act()
        with original(pools) as database:
            yield database

    monkeypatch.setattr(freezing, "opened", opened)


def counts(home: Home) -> dict[str, int]:
    [folder] = (home.folder / "sets").glob("study-*")
    told = json.loads((folder / "manifest.json").read_bytes())["scales"]
    return {one["scale"]: one["rows"] for one in told}


def test_rows_that_come_meanwhile_are_not_in_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def round_goes_on() -> None:
        home.site.put("QOL", [row(6), row(7)])
        home.export(STUDY, ".")

    while_reading(monkeypatch, round_goes_on, 1)
    assert home.run("freeze", str(home.folder / "sets")).code == 0
    assert len(home.sheet("QOL")) == 7
    assert counts(home) == {"QOL": 5, "TaskLog": 3}


def test_a_snapshot_that_is_replaced_meanwhile_makes_it_begin_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def round_goes_on() -> None:
        home.site.put("QOL", [row(6)])
        stays(home, 4)
        home.export(STUDY, "all")

    while_reading(monkeypatch, round_goes_on, 1)
    assert home.run("freeze", str(home.folder / "sets")).code == 0
    assert counts(home) == {"QOL": 6, "TaskLog": 4}


def test_rounds_that_replace_it_again_and_again_are_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = iter(range(4, 99))

    def round_goes_on() -> None:
        stays(home, next(sizes))
        home.export(STUDY, "all")

    while_reading(monkeypatch, round_goes_on, 99)
    assert home.run("freeze", str(home.folder / "sets")).code == 75
    assert [one.name for one in (home.folder / "sets").iterdir()] == [".lock"]


def test_a_sheet_that_somebody_changed_is_named(home: Home) -> None:
    [sheet] = home.paths("active_data", "QOL")
    sheet.write_bytes(sheet.read_bytes().replace(b"PRE", b"PRO"))
    ended = home.run("freeze", str(home.folder / "sets"))
    assert ended.code == 74
    assert sheet.name in ended.said
    assert home.run("query", "SELECT count(*) FROM TaskLog").code == 0
    assert home.run("query", "SELECT count(*) FROM QOL").code == 74
