"""`mtdata version`: the version alone as ever, and all that a report of a fault wants."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mtdata import __version__
from mtdata.cli.main import run
from mtdata.core import installing, inventory

ROOT = Path(__file__).parents[2]


def test_a_plain_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out == f"mtdata {__version__}\n"


@pytest.mark.parametrize("word", ["-v", "--verbose"])
def test_more_is_told_when_asked(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    assert run(["version", word, "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:] if " " in line}
    assert told["config"] == str(config)
    assert told["home"] == str(tmp_path)
    assert told["package"] == str(ROOT / "mtdata")
    assert told["documents"] == str(ROOT / "docs")
    assert "demo, " in told["extras"]


def test_json_tells_all_without_being_asked_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MTDATA_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert run(["--json", "version"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["version"] == __version__
    assert shown["drivers"]["sqlite"].startswith("sqlite3 3.")
    assert {"demo", "served", "web"} <= set(shown["extras"])
    assert "pytest" not in shown["libraries"]
    assert not (tmp_path / "config").exists()


def test_the_commit_is_that_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> str:
        call = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path), *words]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "inner").mkdir()
    monkeypatch.setattr(inventory, "PACKAGE", tmp_path / "inner" / "mtdata")
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "first")
    assert inventory.commit() == ""  # a checkout of something else, in which this is installed
    monkeypatch.setattr(inventory, "PACKAGE", tmp_path / "mtdata")
    assert inventory.commit() == git("rev-parse", "--short=12", "HEAD")
    monkeypatch.setenv("PATH", "")
    assert inventory.commit() == ""


def test_an_extra_is_here_when_all_its_libraries_are(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["requests>=2", "pytest>=9; extra == 'a'", "pytest; extra == 'b'",
             "no-such-thing[x]>1; extra == 'b'", "psutil; sys_platform != 'linux'"]  # fmt: skip
    monkeypatch.setattr(inventory, "requires", lambda name: lines)
    assert inventory.extras() == ["a"]
    assert inventory.libraries()["no-such-thing"] == "not installed"
    assert "psutil" not in inventory.libraries()


def test_the_pages_of_a_wheel_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "PACKAGE", tmp_path / "lib" / "mtdata")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    assert installing.documents() is None
    pages = tmp_path / "share" / "mtdata" / "docs"
    pages.mkdir(parents=True)
    (pages / "OPERATING.md").touch()
    assert installing.documents() == pages
