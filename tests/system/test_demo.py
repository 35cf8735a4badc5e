"""The demo: what it tells, what it leaves behind with --keep, and that it is light without."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from mtdata.cli.main import run
from mtdata.demo.study.sixty_days.planted import planted_until
from tests.fakes_log import log_given_back
from tests.system.home import ROOT

LIGHT = "import sys; from mtdata.cli.main import run; code = run(sys.argv[1:])"
NO_DJANGO = "; sys.exit(code or ('django' in sys.modules))"


def said(*words: str) -> str:
    """What a command prints, in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", LIGHT + NO_DJANGO, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def mtdata(*words: str) -> str:
    """What a command prints that may load what it likes."""
    command = [sys.executable, "-P", "-m", "mtdata", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def headings(text: str) -> list[str]:
    return re.findall(r"^(\d)\. ", text, re.M)


@pytest.mark.parametrize("rows", ["1", "60"])
def test_the_demo_counts_its_headings_and_loads_no_records(rows: str) -> None:
    told = said("demo", "--rows", rows)
    assert headings(told) == ["1", "2", "3", "4"]
    assert "active_data/" in told


def test_a_quiet_demo_prints_nothing() -> None:
    assert said("demo", "--rows", "1", "-q") == ""


def test_a_kept_demo_leaves_a_pool_and_a_finished_job(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    told = mtdata("demo", "--rows", "60", "--keep", str(kept))
    assert headings(told) == ["1", "2", "3", "4", "5"]
    config = ["--config", str(kept / "config")]
    for words in ("user add NAME --admin", "web", "status"):
        assert f"`mtdata {' '.join(config)} {words}`" in told
    [job] = json.loads(mtdata(*config, "jobs", "list", "--json"))["jobs"]
    shown = json.loads(mtdata(*config, "jobs", "show", job["id"], "--json"))
    assert (shown["kind"], shown["status"]) == ("study.decode", "Success")
    sheets = {path.name: path.read_bytes() for path in (kept / "pool/active_data").glob("*.csv")}
    assert {one["name"]: Path(one["path"]).read_bytes() for one in shown["artifacts"]} == sheets


def test_days_of_a_study_go_by_and_what_is_planted_is_told(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    told = said("demo", "--days", "3", "--keep", str(kept))
    assert headings(told) == ["1", "2", "3"]
    assert "2018-03-12 to 2018-03-14, 3 days" in told
    assert told.count("nothing is wrong") == 1
    assert "555, which every question offers" in told
    checked = json.loads(
        mtdata("--config", str(kept / "config"), "decode", "demo", "--check", "--json")
    )
    sheets = checked["sites"]["demo"]["sheets"]
    days = {"_".join(Path(one["sheet"]).stem.split("_")[-3:]) for one in sheets}
    assert days == {"Mar_12_2018", "Mar_13_2018", "Mar_14_2018"}
    assert all(one["identical"] for one in sheets)


def test_what_is_planted_in_days_of_a_study_is_there_for_programs() -> None:
    shown = json.loads(said("demo", "--days", "2", "--json"))
    assert (shown["days"], shown["rounds"]) == (2, [0, 0])
    known = [{**asdict(one), "ids": list(one.ids)} for one in planted_until(2)]
    told = [{k: v for k, v in one.items() if k != "harmless"} for one in shown["planted"]]
    assert told == known
    assert shown["scales"]["TaskLog"]["left"] == shown["scales"]["TaskLog"]["rows"] > 0
    assert said("demo", "--days", "1", "-q") == ""


@pytest.mark.parametrize(
    "words",
    [("--days", "0"), ("--days", "61"), ("--days", "3", "--rows", "3"), ("cake", "--days", "3")],
)
def test_days_that_no_demo_has_are_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with log_given_back():
        assert run(["demo", *words]) == 64
    assert "--days" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [(), ("programme", "--keep", "{}"), ("--days", "3", "--keep", "{}"), ("--keep", "{}/..")],
)
def test_a_stand_in_that_has_no_new_home_does_not_stay(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new").mkdir()
    given = [word.format(tmp_path / "new") for word in words]
    with log_given_back():
        assert run(["demo", "--serve", *given]) == 64
    assert "--keep" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == [tmp_path / "new"]


def test_a_folder_that_cannot_be_made_is_told_and_nothing_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with log_given_back():
        assert run(["demo", "--keep", str(tmp_path / "file" / "home")]) == 74
    told = f"{tmp_path}/file/home: Not a directory; nothing was done."
    assert told in capsys.readouterr().err
