"""What people are told to install is this program, and never the stranger of nearly its name."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

import pytest

from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.cli import main
from mtdata.core.errors import ConfigError
from mtdata.core.installing import DISTRIBUTION, STRANGER, install, stranger
from tests.fakes_log import log_given_back

ROOT = Path(__file__).parents[2]
PAST = {"CHANGELOG.md", "DECISIONS-SUPERSEDED.md"}
ENDINGS = {".py", ".md", ".sh", ".sample", ".html", ".service", ".toml", ".ipynb", ""}
_ADVICE = re.compile(r"pip install((?: +(?:-\S+|'[^'\n]*'|\"[^\"\n]*\"|[\w.\[\]@/{}-]+))+)")
_STRANGER = re.compile(rf"['\"]?{STRANGER}(?:\[[^\]]*\])?['\"]?(?:[<>=!~].*)?")


def texts() -> list[Path]:
    places = ("mtdata", "docs", "bin", "systemd", "config", "benchmarks")
    found = [file for place in places for file in (ROOT / place).rglob("*")]
    found += [*ROOT.glob("*.md"), ROOT / "setup.py"]
    return [
        file for file in found
        if file.is_file() and file.suffix in ENDINGS and file.name not in PAST
        and "__pycache__" not in file.parts
    ]  # fmt: skip


def strange_advice(text: str) -> list[str]:
    """What of this text would have somebody install the stranger."""
    return [
        word
        for words in _ADVICE.findall(text)
        for word in words.split()
        if _STRANGER.fullmatch(word)
    ]


def test_no_advice_brings_the_stranger() -> None:
    found = {
        str(file.relative_to(ROOT)): strange
        for file in texts()
        if (strange := strange_advice(file.read_text("utf-8", "replace")))
    }
    assert not found


@pytest.mark.parametrize(
    "words",
    ["pip install mtdata", "pip install -U 'mtdata[web]'", "pip install mtdata[celery] x",
     'pip install "mtdata>=1"', "`pip install mtdata`"],
)  # fmt: skip
def test_such_an_advice_would_be_seen(words: str) -> None:
    assert strange_advice(words)


@pytest.mark.parametrize(
    "words", [f"`{install('web')}` brings it", "pip install .", "pip install mtdata-survey"]
)
def test_other_advice_is_let_through(words: str) -> None:
    assert not strange_advice(words)


def test_each_extra_that_is_named_is_one_of_setup() -> None:
    known = {
        found[1]
        for line in requires(DISTRIBUTION) or []
        if (found := re.search(r"extra == ['\"]([\w-]+)['\"]", line))
    }
    named = set()
    for file in texts():
        text = file.read_text("utf-8", "replace")
        named |= set(re.findall(rf"{DISTRIBUTION}\[([\w-]+)\]", text))
        named |= set(re.findall(r"\binstall\('([\w-]+)'\)", text))
    assert {"web", "demo", "terminal"} <= named <= known


def test_a_stranger_beside_this_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stranger() == ""
    about = tmp_path / "mtdata-0.4.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mtdata\nVersion: 0.4.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "the package mtdata 0.4.0 lies in the same environment" in stranger()
    assert f"then install {DISTRIBUTION} anew" in stranger()


def test_a_library_that_is_missing_is_told_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacks(library: str) -> tuple[int, str]:
        def load(words: list[str]) -> int:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)

        monkeypatch.setattr(main, "_carried_out", load)
        return main.run(["query"]), capsys.readouterr().err

    told = "mtdata: duckdb is not installed; `pip install 'mtdata-collect[toolbox]'` brings it\n"
    assert lacks("duckdb") == (78, told)
    monkeypatch.setenv("MTDATA_IMAGE", "1")
    assert "`bin/image --extras served` brings it" in lacks("polars")[1]
    code, said = lacks("mtdata.gone")
    assert (code, "a fault of the program: ModuleNotFoundError" in said) == (70, True)


def test_in_the_turn_of_a_site_as_well() -> None:
    def turn(library: str) -> None:
        with contained("study"):
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)

    with pytest.raises(ConfigError, match="duckdb is not installed; "):
        turn("duckdb")
    with log_given_back(), pytest.raises(ProgramFault):
        turn("mtdata.gone")
