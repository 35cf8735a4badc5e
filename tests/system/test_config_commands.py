"""How commands find their config, init where it belongs, and schemas as a command writes them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mtdata.cli.main import run
from mtdata.config import folders, samples_folder
from mtdata.config.folders import FILES
from mtdata.config.schema import config_schema, config_schemas
from mtdata.core.signing import PRIVATE
from tests.fakes_log import log_given_back
from tests.system.home import ROOT
from tests.unit.config_schema import refusals

SITE = "{name}: {{READY: False, PATH: data}}\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's machine without any config: work/, home/ and etc/."""
    root = tmp_path.resolve()
    for name in ("work", "home", "etc"):
        (root / name).mkdir()
    monkeypatch.chdir(root / "work")
    monkeypatch.setenv("HOME", str(root / "home"))
    for name in ("MTDATA_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(folders, "SYSTEM", root / "etc" / "mtdata")
    monkeypatch.setattr(folders, "SYSTEM_HOME", root / "var" / "mtdata")
    return root


@pytest.fixture(autouse=True)
def _log() -> object:
    with log_given_back():
        yield


def put(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "server.config").write_text(SITE.format(name=name))
    return folder


def sites(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Whose config a command went by."""
    assert run(["config", "show", "--json", *words]) == 0
    found = json.loads(capsys.readouterr().out)["keys"]
    return [one["value"] for one in found if one["key"] == "NAME"]


# ---- which config


def test_a_command_goes_by_the_first_config_and_says_which_with_v(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = put(machine / "home/.config/mtdata", "own")
    system = put(machine / "etc/mtdata", "system")
    assert sites(capsys) == ["own"]
    here = put(machine / "work/config", "here")
    assert run(["config", "show"]) == 0
    assert str(here) not in capsys.readouterr().err
    assert run(["config", "show", "-v"]) == 0
    said = capsys.readouterr().err
    assert f"config: {here} is used" in said
    assert f"one in {own}, {system} as well, which nobody reads" in said


def test_a_config_that_is_named_is_the_only_one_that_is_looked_at(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine / "work/config", "here")
    named = put(machine / "named", "named")
    other = put(machine / "other", "other")
    monkeypatch.setenv("MTDATA_CONFIG", str(other))
    assert sites(capsys) == ["other"]
    assert sites(capsys, "--config", str(named)) == ["named"]
    (other / "server.config").unlink()
    assert run(["config", "show"]) == 78  # and not by work/config, which deletes elsewhere
    assert f"{other}/server.config: not there" in capsys.readouterr().err
    monkeypatch.setenv("MTDATA_CONFIG", "")
    assert sites(capsys) == ["here"]


def test_where_there_is_none_the_places_are_told(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--json"]) == 78
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "ConfigError"
    for place in ("work/config", "home/.config/mtdata", "etc/mtdata"):
        assert str(machine / place) in error["message"]


def test_one_that_others_may_write_is_refused_before_the_next(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = put(machine / "home/.config/mtdata", "own")
    put(machine / "etc/mtdata", "system")
    own.chmod(0o777)
    assert run(["config", "show"]) == 78
    assert f"chmod go-w {own}" in capsys.readouterr().err


# ---- init


def test_init_makes_config_where_one_stands_whatever_lies_elsewhere(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(machine / "etc/mtdata", "system")
    assert run(["init"]) == 0
    assert (machine / "work/config/server.config").is_file()
    assert (machine / "work/keys" / PRIVATE).is_file()
    assert os.listdir(machine / "etc/mtdata") == ["server.config"]
    capsys.readouterr()
    assert sites(capsys) == ["mindtrails"]


def test_init_of_a_users_config_puts_the_key_where_it_is_looked_for(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, share = machine / "home/.config/mtdata", machine / "home/.local/share/mtdata"
    assert run(["init", str(own)]) == 0
    assert (share / "keys" / PRIVATE).is_file()
    assert not (machine / "home/.config/keys").exists()
    capsys.readouterr()
    assert run(["config", "show", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["folder"], found["home"]) == (str(own), str(share))


def test_init_lays_the_schemas_where_the_samples_name_them(machine: Path) -> None:
    assert run(["init"]) == 0
    config = machine / "work/config"
    for file in FILES:
        line = (config / file).read_text().splitlines()[0]
        schema = config / line.partition("$schema=")[2]
        assert json.loads(schema.read_text()) == config_schema(file)
        assert stat.S_IMODE(schema.stat().st_mode) == 0o600
        assert refusals(file, (config / file).read_text()) == []
    mine = config / "schema" / "log.config.json"
    mine.write_text("mine")
    assert run(["init"]) == 0
    assert mine.read_text() == "mine"


# ---- schema


def test_the_schemas_are_shown_by_name_and_written(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == config_schemas()
    for word in ("server", "server.config"):
        assert run(["config", "schema", word, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == config_schema("server.config")
    assert run(["config", "schema", "--write", "made", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["made"]
    assert made == [str(machine / "work/made" / f"{file}.json") for file in FILES]
    Path(made[0]).write_text("older")
    assert run(["config", "schema", "server", "--write", "made"]) == 0
    assert json.loads(Path(made[0]).read_text()) == config_schema("server.config")


def test_a_file_that_is_none_of_ours_is_a_wrong_word(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "schema", "sever"]) == 64
    said = capsys.readouterr().err
    assert "there is no config file 'sever'" in said
    assert "weblogs.config" in said


def test_schemas_that_cannot_be_written_are_told(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "work/made").touch()
    assert run(["config", "schema", "--write", "made"]) == 74
    assert "made" in capsys.readouterr().err


# ---- samples within the package


def test_the_samples_at_the_top_are_those_of_the_package() -> None:
    inside, outside = samples_folder(), ROOT / "config"
    names = {one.relative_to(inside) for one in inside.rglob("*.sample")}
    assert {one.relative_to(outside) for one in outside.rglob("*.sample")} == names
    others = [one for one in names if (inside / one).read_bytes() != (outside / one).read_bytes()]
    told = "; ".join(f"cp mtdata/config/samples/{name} config/{name}" for name in others)
    assert not others, f"they differ; if the package has the newer one: {told}"


def packed() -> set[Path]:
    """What an installation has of the package: Python, and what setup.py names as data."""
    text = (ROOT / "setup.py").read_text()
    listed = text[text.index("package_data={") + len("package_data=") :]
    patterns: dict[str, list[str]] = eval(listed[: listed.index("}") + 1])
    found = set((ROOT / "mtdata").rglob("*.py"))
    for package, globs in patterns.items():
        folder = ROOT / package.replace(".", "/")
        found |= {file for glob in globs for file in folder.glob(glob) if file.is_file()}
    return found


def test_no_file_of_the_package_is_left_behind_by_an_installation() -> None:
    files = {one for one in (ROOT / "mtdata").rglob("*") if one.is_file()}
    files = {one for one in files if "__pycache__" not in one.parts}
    assert sorted(files - packed()) == []


def test_init_works_from_wherever_the_package_was_installed_to(tmp_path: Path) -> None:
    """As `pip install --target DIR` leaves it, with no checkout and no share/ beside it."""
    target, config = tmp_path / "target", tmp_path / "config"
    for file in packed():
        copy = target / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    code = "import sys, mtdata; print(mtdata.__file__); from mtdata.cli.main import run; "
    code += f"sys.exit(run(['init', {str(config)!r}]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(target))
    assert {*FILES, "scales", "schema"} == set(os.listdir(config))
