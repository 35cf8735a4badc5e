"""An instance of CAKE on this machine, and clients that wait for nothing longer than they must."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mtdata.cake.client.client import Client, ReportPage
from mtdata.cake.client.reading import Row
from mtdata.cake.window import Window
from mtdata.core.limiter import Limiter
from mtdata.demo.cake.forms import Form
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import account_at

NOON = Window(datetime(2023, 5, 2, 12), datetime(2023, 5, 2, 12, 5))
Connect = Callable[..., Client]


@pytest.fixture
def site() -> Iterator[CakeSite]:
    """24,000 clicks and 2,000 events a day: about 120 clicks in five minutes of noon."""
    with CakeSite(clicks_a_day=24_000, events_a_day=2_000) as running:
        yield running


@pytest.fixture
def connect(site: CakeSite, tmp_path: Path) -> Iterator[Connect]:
    """Makes clients of the site; keyword arguments are those of `account_at`."""
    clients: list[Client] = []

    def connected(**more: Any) -> Client:
        account = account_at(**{"server": f"http://{site.domain}", "timeout_s": 30.0, **more})
        limiter = Limiter(tmp_path / "state", site.domain, rate=10_000.0, longest_s=60.0)
        clients.append(Client(account, limiter, backoff_s=0.001))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def sent() -> dict[str, Any]:
    """Rows of the stand-in with all their dirt, in each dialect; nobody changes them."""
    site = CakeSite(clicks_a_day=200_000)
    found = list(site.reports.newest_clicks(*NOON, ["plain", "test", "duplicate"], 0, 400))
    bodies = {
        dialect: b"".join(
            Form(dialect, "Clicks", 12, "clicks").report(
                len(found), (site.reports.click(one, dialect) for one in found)
            )
        )
        for dialect in ("xml", "soap", "json")
    }
    return {**bodies, "rows": [site.reports.click_row(one) for one in found]}


def itself(row: Row) -> Row:
    return row


def rows_of(pages: Iterator[ReportPage[Row]]) -> list[Row]:
    """The rows of a window as whoever keeps them would have them, less the types of .NET."""
    kept: list[Row] = []
    for page in pages:
        if page.start == 1:
            kept = []
        kept += page.rows
    return [without_types(row) for row in kept]


def clicks(client: Client, window: Window = NOON) -> list[Row]:
    return rows_of(client.clicks(window, itself))


def without_types(row: Row) -> Row:
    return {name: text for name, text in row.items() if not name.endswith("__type")}
