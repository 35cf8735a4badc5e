"""Every metric that the program can give, heard from an empty home: names, and no number."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, cast
from unittest.mock import patch

from mtdata.config import load
from mtdata.core.metrics import MetricsPage, Values
from mtdata.duties import DUTIES
from mtdata.jobs.metrics import page_of
from mtdata.jobs.records import setting


class Metric(NamedTuple):
    """One, by the name that its samples have."""

    name: str
    kind: str
    told: str
    labels: tuple[str, ...]


class NamesPage(MetricsPage):
    """Keeps what is given, with or without a value, and where in the source."""

    def __init__(self, at: datetime) -> None:
        self.given: dict[str, Metric] = {}
        self.lines: set[tuple[str, int]] = set()
        super().__init__(at)

    def gauge(self, name: str, told: str, labels: tuple[str, ...], values: Values) -> None:
        """Keep one."""
        self._keep(Metric(f"mtdata_{name}", "gauge", told, labels))

    def counter(self, name: str, told: str, labels: tuple[str, ...], values: Values) -> None:
        """Keep one that only grows."""
        self._keep(Metric(f"mtdata_{name}_total", "counter", told, labels))

    def _keep(self, metric: Metric) -> None:
        self.given[metric.name] = metric
        caller = sys._getframe(2)
        self.lines.add((caller.f_code.co_filename, caller.f_lineno))


def heard() -> NamesPage:
    """All that a home can tell whose records are there; of sites and jobs it has none."""
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.mkdir(mode=0o700)
        (config / "programme.config").write_text("SLOTS: 1\n")
        settings = load(config, {})
        setting.open_migrated(settings.database)
        try:
            with patch("mtdata.core.metrics.MetricsPage", NamesPage):
                page = page_of(DUTIES, settings, is_open=True)
        finally:
            setting.close_records()
    return cast(NamesPage, page)
