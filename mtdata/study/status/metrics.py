"""How every pool stands as a text file for Prometheus; it asks nobody, and knows no answer.

Names and labels are those of OPERATING.md.  Ages are not written: what reads the file works them
out from the moments, so that a file that is not renewed does not look young.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mtdata.alerts.levels import LASTING
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.reach import NO_FILE, is_free

MOST_SCALES = 500  # names come from the site: what it may invent has a bound
READABLE = 0o644  # node_exporter runs as somebody else
SITE, SCALE, LEVEL = ("site",), ("site", "scale"), ("site", "level")
MOMENTS = {
    "last_success_timestamp_seconds": ("last_success_at", "When a round last went well."),
    "next_run_timestamp_seconds": ("next_round_at", "When the next round is due."),
    "last_static_success_timestamp_seconds": (
        "last_static_at",
        "When the scales that stay were last collected.",
    ),
    "next_static_run_timestamp_seconds": ("next_static_at", "When these are due next."),
}
COUNTS = {
    "rows": ("rows", "Entries that have a row in a sheet."),
    "held": ("held", "Entries that are safe, and have no row yet."),
    "owed": ("owed", "Entries that are safe here and still on the site."),
    "waiting": ("waiting", "Entries whose row the next round makes."),
    "on_site": ("on_site", "Entries that the last listing showed."),
}
SCALE_MOMENTS = {
    "scale_last_success_timestamp_seconds": (
        "last_success_at",
        "When the scale was last carried home whole.",
    ),
    "oldest_on_site_timestamp_seconds": (
        "oldest_on_site_at",
        "Since when the oldest entry on the site is safe here.",
    ),
}


def seconds(moment: str | None) -> float | None:
    """A moment as Prometheus counts: seconds since 1970."""
    return None if moment is None else datetime.fromisoformat(moment).timestamp()


Found = Iterable[tuple[tuple[str, ...], float | int | None]]


class MetricsPage:
    """The metrics of every site, in a registry of its own."""

    def __init__(self) -> None:
        self._metrics: list[Metric] = []
        self._registry = CollectorRegistry()

    def collect(self) -> Iterable[Metric]:
        """What the registry asks for."""
        return self._metrics

    def text(self) -> bytes:
        """The exposition format."""
        self._registry.register(self)
        return generate_latest(self._registry)

    def gauge(self, name: str, told: str, labels: tuple[str, ...], found: Found) -> None:
        """One metric with its values by labels; what is None is left out."""
        self._add(GaugeMetricFamily(f"mtdata_{name}", told, labels=labels), found)

    def counter(self, name: str, told: str, labels: tuple[str, ...], found: Found) -> None:
        """One metric of numbers that only grow; its name gets the ending `_total`."""
        self._add(CounterMetricFamily(f"mtdata_{name}", told, labels=labels), found)

    def _add(self, metric: GaugeMetricFamily | CounterMetricFamily, found: Found) -> None:
        for values, number in found:
            if number is not None:
                metric.add_metric(values, number)
        self._metrics.append(metric)


def page(states: Mapping[str, Mapping[str, Any]], faulty: Iterable[str], at: datetime) -> bytes:
    """The numbers of the sites as a file that Prometheus reads."""
    return filled(states, faulty, at).text()


def filled(
    states: Mapping[str, Mapping[str, Any]], faulty: Iterable[str], at: datetime
) -> MetricsPage:
    """The numbers of the sites: `states` is what `mtdata status --json` tells, by site.

    `faulty` are sites whose ledger could not be read: mtdata_up is 0 for them.
    """
    made = MetricsPage()
    made.gauge("written_timestamp_seconds", "When this file was made.", (), [((), at.timestamp())])
    up = [((site,), 1) for site in states] + [((site,), 0) for site in faulty]
    made.gauge("up", "Whether the ledger of the site could be read.", SITE, up)
    _sites(made, states)
    _scales(made, states)
    return made


def _sites(made: MetricsPage, states: Mapping[str, Mapping[str, Any]]) -> None:
    for name, (key, told) in MOMENTS.items():
        made.gauge(name, told, SITE, [((s,), seconds(v[key])) for s, v in states.items()])
    for name, told, of in (
        ("overdue", "Whether a good round is too long ago.", lambda v: int(v["overdue"])),
        ("disk_free_bytes", "Free on the disk of the pool.", lambda v: v["disk"]["free_bytes"]),
        ("disk_free_files", "Inodes free there.", lambda v: v["disk"]["free_files"]),
        ("max_records", "Rows at which the site locks out.", lambda v: v["on_site"]["max_records"]),
        (
            "new_rows_today",
            "New entries since midnight.",
            lambda v: list(v["new_rows"].values())[-1],
        ),
    ):
        made.gauge(name, told, SITE, [((s,), of(v)) for s, v in states.items()])
    made.gauge(
        "incidents_open",
        "Open incidents by level.",
        LEVEL,
        [((s, lv), v["incidents_open"].get(lv, 0)) for s, v in states.items() for lv in LASTING],
    )


def _scales(made: MetricsPage, states: Mapping[str, Mapping[str, Any]]) -> None:
    scales = [
        ((site, name), one)
        for site, state in states.items()
        for name, one in sorted(state["scales"].items())[:MOST_SCALES]
    ]
    numbers = [((site,), len(state["scales"])) for site, state in states.items()]
    made.gauge("scales", "Scales of the site; the first 500 by name are shown.", SITE, numbers)
    for name, (key, told) in COUNTS.items():
        made.gauge(name, told, SCALE, [(labels, one[key]) for labels, one in scales])
    for name, (key, told) in SCALE_MOMENTS.items():
        made.gauge(name, told, SCALE, [(labels, seconds(one[key])) for labels, one in scales])
    made.counter(
        "collected_rows",
        "Entries ever collected of scales that leave the site.",
        SCALE,
        [(k, one["rows"] + one["held"] + one["waiting"]) for k, one in scales if one["deleteable"]],
    )


def write(path: Path, text: bytes) -> None:
    """Put the file in its place whole, for everybody to read; StorageError when it cannot be."""
    if not path.parent.is_dir():
        raise StorageError(
            f"{path}: there is no such folder; make it, readable for who reads the file"
        )
    if not is_free(path):
        raise StorageError(f"{path}: {NO_FILE}")
    FolderDisk(path.parent, mode=READABLE).replace(path.name, text)
