"""`bin/bench study` runs, and docs/BENCHMARKS.md has the targets of the code; nothing is timed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import command, page
from benchmarks.bench import Bench
from benchmarks.cake import CAKE
from benchmarks.daemon import DAEMON
from benchmarks.figures import Benchmark, Measured
from benchmarks.jobs import JOBS
from benchmarks.programme import PROGRAMME
from benchmarks.study import STUDY
from benchmarks.terminal import TERMINAL
from benchmarks.toolbox import TOOLBOX
from benchmarks.web import WEB
from benchmarks.weblogs import WEBLOGS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is: nothing is measured here."""
    monkeypatch.setattr(command, "settle", lambda say: None)


def test_one_command_measures_a_figure_and_tells_it_as_json() -> None:
    words = [ROOT / "bin" / "bench", "study", "--only", "idle_poll", "--reps", "1", "--json", "-"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["figures"]["idle_poll"]["median"] == 1
    assert told["figures"]["idle_poll"]["met"] is True
    assert told["machine"]["processor"]


def test_a_name_that_is_no_figure_is_refused() -> None:
    done = subprocess.run([ROOT / "bin" / "bench", "study", "--only", "x"], capture_output=True)
    assert done.returncode != 0
    assert done.stdout == b""


def test_names_that_stand_apart_are_all_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = [Benchmark(name, name, 1, True, "", lambda _: Measured([2.0])) for name in "abcd"]
    monkeypatch.setitem(command.TABLES, "study", table)
    words = ["study", "--only", "a", "--only", "b", "d", "--json", "-", "--reps", "1"]
    assert command.run(words) == 0
    assert list(json.loads(capsys.readouterr().out)["figures"]) == ["a", "b", "d"]
    assert command.run(["study", "--json", "-"]) == 0
    assert list(json.loads(capsys.readouterr().out)["figures"]) == ["a", "b", "c", "d"]


def test_what_was_measured_before_is_not_measured_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    measured: list[str] = []

    def measure(name: str) -> Callable[[Bench], Measured]:
        return lambda _: (measured.append(name), Measured([2.0]))[1]

    table = [Benchmark(name, name, 1, True, "", measure(name)) for name in "abc"]
    monkeypatch.setitem(command.TABLES, "study", table)
    files = [str(tmp_path / f"{name}.json") for name in "ac"]
    for file, name, load in zip(files, "ac", ("0.10", "0.40"), strict=True):
        monkeypatch.setattr(command, "machine", lambda _, load=load: {"load before": load})
        assert command.run(["study", "--only", name, "--reps", "5", "--json", file]) == 0
    capsys.readouterr()
    assert command.run(["study", "--known", *files, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["figures"]) == ["a", "b", "c"]
    assert measured == ["a", "c", "b"]
    assert told["machine"]["load before"] == "0.40", "the busiest of them counts"


def test_a_figure_that_fails_takes_no_other_along(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Bench) -> Measured:
        raise RuntimeError

    good = Benchmark("good", "good", 1, True, "", lambda _: Measured([2.0]))
    table = [Benchmark("bad", "bad", 1, True, "", fail), good]
    monkeypatch.setitem(command.TABLES, "study", table)
    assert command.run(["study", "--json", "-"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["good"]["met"] is True
    assert "median" not in told["figures"]["bad"]
    assert told["met"] is told["figures"]["bad"]["met"] is False


def test_the_page_has_every_figure_with_the_target_of_the_code() -> None:
    text = (page.DOCS / "BENCHMARKS.md").read_text()
    lines = re.findall(r"^\| `(\w+)`: .* \| (\S+ \S+) \| \S+ \| .*\|$", text, re.M)
    tables = (*STUDY, *DAEMON, *JOBS, *WEB, *CAKE, *WEBLOGS, *PROGRAMME, *TOOLBOX, *TERMINAL)
    assert lines == [(one.name, one.bound()) for one in tables]


@pytest.mark.parametrize(
    ("ratios", "at_least", "met"),
    [
        ([0.8, 0.9, 1.0], True, True),
        ([0.8, 0.89, 1.0], True, False),
        ([0.8, 1.2, 1.0], False, False),
    ],
)
def test_the_median_decides_whether_a_target_is_met(
    ratios: list[float], at_least: bool, met: bool
) -> None:
    benchmark = Benchmark("x", "x", 0.9, at_least, "", lambda bench: Measured([]))
    figure = benchmark.judged(Measured(ratios))
    assert (figure["met"], figure["low"], figure["high"]) == (met, 0.8, max(ratios))


def test_writing_the_page_keeps_what_people_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "BENCHMARKS.md"
    begin = page.BEGIN.format("study")
    copy.write_text(f"before\n{begin}\nold figures\n{page.END}\nnotes\n")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    figure = STUDY[0].judged(Measured([0.95], {"rows/s": 7000}, "a note"))
    machine = {"processor": "two cores", "load before": "0.10"}
    figures = {STUDY[0].name: figure}
    page.write_page("study", {"figures": figures, "machine": machine, "repetitions": 5})
    text = copy.read_text()
    assert "Provisional" not in text
    for doubtful in ({"repetitions": 1}, {"machine": machine | {"load before": "4.00"}}):
        page.write_page(
            "study", {"figures": figures, "machine": machine, "repetitions": 5} | doubtful
        )
        assert copy.read_text().count("Provisional") == 1
    assert text.startswith(f"before\n{begin}\n")
    assert text.endswith(f"{page.END}\nnotes\n")
    assert "old figures" not in text
    assert "0.95" in text
    assert "two cores" in text
