"""Numbers as a text file for Prometheus; whose they are and what they mean, others know.

Ages are not written: what reads the file works them out from the moments, so that a file that is
not renewed does not look young.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.reach import NO_FILE, is_plain

READABLE = 0o644  # node_exporter runs as somebody else
Values = Iterable[tuple[tuple[str, ...], float | int | datetime | None]]
"""Numbers, or moments that are written as seconds since 1970, by the values of the labels."""


class MetricsPage:
    """The metrics of every duty, in a registry of its own; `at` is when it was made."""

    def __init__(self, at: datetime) -> None:
        self._metrics: list[Metric] = []
        self._registry = CollectorRegistry()
        self.gauge("written_timestamp_seconds", "When this file was made.", (), [((), at)])

    def collect(self) -> Iterable[Metric]:
        """What the registry asks for."""
        return self._metrics

    def text(self) -> bytes:
        """The exposition format."""
        self._registry.register(self)
        return generate_latest(self._registry)

    def gauge(self, name: str, told: str, labels: tuple[str, ...], values: Values) -> None:
        """One metric with its values by labels; what is None is left out."""
        self._add(GaugeMetricFamily(f"mtdata_{name}", told, labels=labels), values)

    def counter(self, name: str, told: str, labels: tuple[str, ...], values: Values) -> None:
        """One metric of numbers that only grow; its name gets the ending `_total`."""
        self._add(CounterMetricFamily(f"mtdata_{name}", told, labels=labels), values)

    def _add(self, metric: GaugeMetricFamily | CounterMetricFamily, values: Values) -> None:
        for labels, number in values:
            if number is not None:
                shown = number.timestamp() if isinstance(number, datetime) else number
                metric.add_metric(labels, shown)
        if metric.samples:
            self._metrics.append(metric)


def write(path: Path, text: bytes) -> None:
    """Put the file in its place whole, for everybody to read; StorageError when it cannot be."""
    if not path.parent.is_dir():
        raise StorageError(
            f"{path}: there is no such folder; make it, readable for who reads the file"
        )
    if not is_plain(path):
        raise StorageError(f"{path}: {NO_FILE}")
    FolderDisk(path.parent, mode=READABLE).replace(path.name, text)
