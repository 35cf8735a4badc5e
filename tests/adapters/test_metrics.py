"""The file of numbers: what is left out, what is escaped, and that it has a bound."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mtdata.core.errors import StorageError
from mtdata.core.metrics import MetricsPage, write
from mtdata.study.status import metrics
from mtdata.study.status.shape import DiskShape, OnSiteShape, ScaleShape, SiteShape

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
SCALE = ScaleShape(
    deleteable=True, benchmark=0, rows=1, held=0, owed=1, waiting=0, last_success_at=None,
    on_site=1, oldest_on_site_at=AT, oldest_on_site_s=None,
)  # fmt: skip


def state(scales: dict[str, ScaleShape]) -> SiteShape:
    """What `status` tells of a site in which no round went well yet."""
    return SiteShape(
        scales=scales, last_round=None, last_good=None, incidents=[],
        incidents_open={"critical": 2, "error": 0, "warning": 0}, deletes_blocked=[], replicas=[],
        ready=True, overdue=True, late={}, disk=DiskShape(1, None, 0),
        new_rows={"2026-03-12": 3}, on_site=OnSiteShape(1, None, None, None, None),
        last_success_at=None, last_success_s=None, last_static_at=None, next_round_at=None,
        next_static_at=None, state="", level="",
    )  # fmt: skip


def page(states: dict[str, SiteShape]) -> bytes:
    found = MetricsPage(AT)
    metrics.fill(found, states, [])
    return found.text()


def samples(text: bytes) -> list[tuple[str, dict[str, str], float]]:
    families = text_string_to_metric_families(text.decode())
    return [(s.name, s.labels, s.value) for family in families for s in family.samples]


def test_what_is_not_known_is_left_out() -> None:
    found = samples(page({"study": state({"QOL": SCALE})}))
    names = {name for name, _, _ in found}
    assert "mtdata_oldest_on_site_timestamp_seconds" in names
    assert names.isdisjoint({
        "mtdata_last_success_timestamp_seconds", "mtdata_last_good_round_timestamp_seconds",
        "mtdata_next_run_timestamp_seconds",
        "mtdata_disk_free_files", "mtdata_max_records",
        "mtdata_scale_last_success_timestamp_seconds",
    })  # fmt: skip
    levels = {labels["level"]: n for name, labels, n in found if name == "mtdata_incidents_open"}
    assert levels == {"critical": 2, "error": 0, "warning": 0}


def test_names_are_escaped() -> None:
    odd = 'a"b\\c\nd'
    found = samples(page({"study": state({odd: SCALE})}))
    assert {labels["scale"] for _, labels, _ in found if "scale" in labels} == {odd}


def test_a_site_that_invents_scales_does_not_fill_the_file() -> None:
    many = {f"S{number:05}": SCALE for number in range(2000)}
    found = samples(page({"study": state(many)}))
    assert sum(name == "mtdata_rows" for name, _, _ in found) == metrics.MOST_SCALES
    assert [n for name, _, n in found if name == "mtdata_scales"] == [2000]


def test_without_any_pool_the_file_says_when_it_was_made() -> None:
    assert samples(MetricsPage(AT).text()) == [
        ("mtdata_written_timestamp_seconds", {}, AT.timestamp())
    ]


def test_a_file_is_put_in_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mtdata.prom"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(StorageError, match="no such folder"):
        write(tmp_path / "none" / "mtdata.prom", b"new")
