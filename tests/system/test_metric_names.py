"""The metrics by the rules of `promtool check metrics`, every one that the program can ever give.

The rules are those of its lint, written down here, for promtool itself is a large package; where it
is installed it is asked as well.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mtdata.core.metrics import MetricsPage
from mtdata.demo.study.site import StudySite
from mtdata.duties import DUTIES
from mtdata.jobs.metrics import page_of
from tests.system.home import ROOT, row
from tests.system.test_alert_rules import DAILY, Watched

BASE_UNITS = frozenset(
    "amperes bytes celsius grams joules kelvin meters metres moles seconds volts".split()
)
OTHER_UNITS = {
    **dict.fromkeys("minutes hours days weeks".split(), "seconds"),
    **dict.fromkeys("kelvins fahrenheit rankine".split(), "celsius"),
    **dict.fromkeys("inches yards miles".split(), "meters"),
    **dict.fromkeys("pounds ounces".split(), "grams"),
    "bits": "bytes",
    "calories": "joules",
}
PREFIXES = tuple(
    "pico nano micro milli centi deci deca hecto kilo kibi mega mebi mibi giga gibi tera tebi peta "
    "pebi".split()
)
ABBREVIATED = "s ms us ns sec b kb mb gb tb pb m h d".split()
TYPES = "counter gauge summary histogram gaugehistogram".split()
RESERVED = ("_count", "_sum", "_bucket")


class Told(NamedTuple):
    """A metric as the page tells it."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]


def problems(told: Told) -> Iterator[str]:
    """What the lint says of one metric; its name is that of its samples."""
    name = told.name
    if not told.help.strip():
        yield "no help text"
    for word in name.split("_"):
        unit = next((unit for unit in BASE_UNITS if word.endswith(unit)), None)
        if word in OTHER_UNITS:
            yield f"use base unit {OTHER_UNITS[word]!r} instead of {word!r}"
        elif unit and word != unit and word.removesuffix(unit) in PREFIXES:
            yield f"use base unit {unit!r} instead of {word!r}"
    if told.kind == "counter" and not name.endswith("_total"):
        yield 'counter metrics should have "_total" suffix'
    if told.kind != "counter" and name.endswith("_total"):
        yield 'non-counter metrics should not have "_total" suffix'
    yield from (f"{end} is a histogram's" for end in RESERVED if name.endswith(end))
    yield from (f"the label {one}" for one in told.labels if one in ("le", "quantile"))
    yield from (
        f"the name includes the type {kind}"
        for kind in TYPES
        if f"_{kind}_" in name or name.endswith(f"_{kind}")
    )
    if ":" in name:
        yield "metric names should not contain ':'"
    for word in (name, *told.labels):
        if re.search("[a-z][A-Z]", word) or not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", word):
            yield f"{word}: should be written in 'snake_case'"
    yield from (
        f"the unit {short} is abbreviated"
        for short in ABBREVIATED
        if f"_{short}_" in name or name.endswith(f"_{short}")
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told("mtdata_rows", "gauge", " ", ()), "no help"),
        (Told("mtdata_wait_milliseconds", "gauge", "x", ()), "base unit 'seconds'"),
        (Told("mtdata_wait_hours", "gauge", "x", ()), "base unit 'seconds'"),
        (Told("mtdata_disk_kilobytes_free", "gauge", "x", ()), "base unit 'bytes'"),
        (Told("mtdata_rows", "counter", "x", ()), '"_total"'),
        (Told("mtdata_rows_total", "gauge", "x", ()), '"_total"'),
        (Told("mtdata_rows_count", "gauge", "x", ()), "histogram"),
        (Told("mtdata_rows", "gauge", "x", ("le",)), "label le"),
        (Told("mtdata_rows_gauge", "gauge", "x", ()), "type gauge"),
        (Told("mtdata:rows", "gauge", "x", ()), "':'"),
        (Told("mtdata_newRows", "gauge", "x", ()), "snake_case"),
        (Told("mtdata_rows", "gauge", "x", ("siteName",)), "snake_case"),
        (Told("mtdata_wait_ms", "gauge", "x", ()), "abbreviated"),
    ],
)
def test_each_rule_sees_what_it_forbids(told: Told, words: str) -> None:
    assert any(words in problem for problem in problems(told)), list(problems(told))


class Heard:
    """Every metric that is given to a page, with or without values, and by which lines."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.metrics: dict[str, Told] = {}
        self.lines: set[tuple[str, int]] = set()
        self.whole: list[Metric] = []
        for kind, family in (("gauge", GaugeMetricFamily), ("counter", CounterMetricFamily)):
            patch.setattr(MetricsPage, kind, self._hearing(kind, family))

    def _hearing(self, kind: str, family: Any) -> Any:
        plain = getattr(MetricsPage, kind)

        def heard(page: MetricsPage, name: str, told: str, labels: Any, values: Any) -> None:
            caller = sys._getframe(1)
            self.lines.add((caller.f_code.co_filename, caller.f_lineno))
            ending = "_total" if kind == "counter" else ""
            metric = Told(f"mtdata_{name}{ending}", kind, told, tuple(labels))
            assert self.metrics.setdefault(metric.name, metric) == metric, "one name, two metrics"
            sample = family(f"mtdata_{name}", told, labels=labels)
            sample.add_metric(["x"] * len(labels), 1)
            self.whole.append(sample)
            plain(page, name, told, labels, values)

        return heard


def lines_in_source() -> Iterator[tuple[str, range]]:
    """Where the source gives a metric to a page."""
    for file in (ROOT / "mtdata").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ("gauge", "counter"):
                assert node.end_lineno is not None
                yield str(file), range(node.lineno, node.end_lineno + 1)


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """All that a home with a pool, jobs, a daily report and a pool that is away can tell."""
    with StudySite() as site:
        site.put("QOL", [row(1), row(2)])
        watched = Watched(tmp_path, site)
        watched.collect()
        watched.work()
        watched.place.write("export", {"CAKE": {"east": DAILY}})
        watched.configure()
        found = Heard(monkeypatch)
        page_of(DUTIES, watched.place.settings)
        yield found
        watched.place.close()


def test_every_metric_that_can_be_given_keeps_the_rules(heard: Heard) -> None:
    missed = [
        f"{file}:{lines.start}"
        for file, lines in lines_in_source()
        if not any(path == file and line in lines for path, line in heard.lines)
    ]
    assert missed == [], "this test does not see what these give"
    assert len(heard.metrics) > 30
    found = {name: list(problems(told)) for name, told in heard.metrics.items()}
    assert {name: said for name, said in found.items() if said} == {}


def test_promtool_says_the_same_where_there_is_one(heard: Heard) -> None:
    text = b"".join(
        generate_latest(_One(metric)) for metric in {m.name: m for m in heard.whole}.values()
    )
    assert text.count(b"# TYPE") == len(heard.metrics)
    if (promtool := shutil.which("promtool")) is not None:
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")


class _One:
    """A registry of one metric."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> list[Metric]:
        return [self._metric]
