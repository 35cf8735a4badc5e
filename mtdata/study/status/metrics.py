"""How every pool stands in numbers for Prometheus; it asks nobody, and knows no answer.

Names and labels are those of OPERATING.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter

from mtdata.alerts.levels import LASTING
from mtdata.core.metrics import MetricsPage
from mtdata.study.status.shape import SiteShape

MOST_SCALES = 500  # names come from the site: what it may invent has a bound
SITE, SCALE, LEVEL = ("site",), ("site", "scale"), ("site", "level")
SITE_NUMBERS = (
    ("last_success_timestamp_seconds", "last_success_at", "When a round last went well."),
    ("last_good_round_timestamp_seconds", "last_good_at", "When a round last ended with 0."),
    ("next_run_timestamp_seconds", "next_round_at", "When the next round is due."),
    (
        "last_static_success_timestamp_seconds",
        "last_static_at",
        "When the scales that stay were last collected.",
    ),
    ("next_static_run_timestamp_seconds", "next_static_at", "When these are due next."),
    ("overdue", "overdue", "Whether a good round is too long ago."),
    ("disk_free_bytes", "disk.free_bytes", "Free on the disk of the pool."),
    ("disk_free_files", "disk.free_files", "Inodes free there."),
    ("max_records", "on_site.max_records", "Rows at which the site locks out."),
    ("new_rows_today", "new_rows_today", "New entries since midnight."),
)
SCALE_NUMBERS = (
    ("rows", "rows", "Entries that have a row in a sheet."),
    ("held", "held", "Entries that are safe, and have no row yet."),
    ("owed", "owed", "Entries that are safe here and still on the site."),
    ("waiting", "waiting", "Entries whose row the next round makes."),
    ("on_site", "on_site", "Entries that the last listing showed."),
    (
        "scale_last_success_timestamp_seconds",
        "last_success_at",
        "When the scale was last carried home whole.",
    ),
    (
        "oldest_on_site_timestamp_seconds",
        "oldest_on_site_at",
        "Since when the oldest entry on the site is safe here.",
    ),
)


def fill(page: MetricsPage, states: Mapping[str, SiteShape], faulty: Iterable[str]) -> None:
    """Enter the numbers of the sites; mtdata_up is 0 for those whose ledger could not be read."""
    up = [((site,), 1) for site in states] + [((site,), 0) for site in faulty]
    page.gauge("up", "Whether the ledger of the site could be read.", SITE, up)
    for name, attribute, told in SITE_NUMBERS:
        of = attrgetter(attribute)
        page.gauge(name, told, SITE, [((site,), of(state)) for site, state in states.items()])
    page.gauge(
        "incidents_open",
        "Open incidents by level.",
        LEVEL,
        [((site, lv), of.incidents_open[lv]) for site, of in states.items() for lv in LASTING],
    )
    _scales(page, states)


def _scales(page: MetricsPage, states: Mapping[str, SiteShape]) -> None:
    numbers = [((site,), len(state.scales)) for site, state in states.items()]
    page.gauge("scales", "Scales of the site; the first 500 by name are shown.", SITE, numbers)
    scales = [
        ((site, name), one)
        for site, state in states.items()
        for name, one in sorted(state.scales.items())[:MOST_SCALES]
    ]
    for name, attribute, told in SCALE_NUMBERS:
        of = attrgetter(attribute)
        page.gauge(name, told, SCALE, [(labels, of(one)) for labels, one in scales])
    page.counter(
        "collected_rows",
        "Entries ever collected of scales that leave the site.",
        SCALE,
        [(labels, one.rows + one.held + one.waiting) for labels, one in scales if one.deleteable],
    )
