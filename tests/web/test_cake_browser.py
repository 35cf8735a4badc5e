"""A day of both reports of CAKE through the page, by a person: ordered, carried, downloaded.

The instance is a stand-in, the store speaks as S3 does, everything between is the program itself.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mtdata.core.formulas import guarded
from mtdata.demo.cake.site import KEY, CakeSite
from tests.bucket import KEYS, Bucket
from tests.conftest import requires_program
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
START, A_DAY = datetime(2016, 1, 10), timedelta(days=1)
CARRIED_MS, CARRIED_S = 60_000, 120
PLAIN: dict[str, Any] = {"java_script_enabled": False, "color_scheme": "dark"}
Row = dict[str, str]


@pytest.fixture
def cake() -> Iterator[CakeSite]:
    """The instance."""
    with CakeSite(clicks_a_day=240, events_a_day=120) as site:
        yield site


@pytest.fixture
def page_of(tmp_path: Path, cake: CakeSite, bucket: Bucket) -> Iterator[WebSite]:
    """The page with an account whose files go to a store."""
    account = {
        "ADMIN_DOMAIN": cake.domain,
        "SCHEME": "http",
        "API_KEY": KEY,
        "TIMEZONE": "Europe/Berlin",
        "RATE": 100,
        "CLICK_WINDOW": "1h",
        "CONVERSION_WINDOW": "12h",
        "OUTPUT": f"s3://{bucket.name}/cake",
        "ENDPOINT": bucket.store.url,
        "ACCESS_KEY": KEYS[0],
        "SECRET_KEY": KEYS[1],
    }
    site = WebSite(tmp_path, "sqlite:///state/programme.sqlite3", {"export": {"CAKE": account}})
    yield site
    site.close()


def _fill(page: Page, number: int, first: str, last: str) -> None:
    row = page.get_by_role("group", name=f"Range {number}")
    row.get_by_label("From").fill(first)
    row.get_by_label("To").fill(last)


def _has_no_fault(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _carry(site: WebSite) -> None:
    """By a runner as it is."""
    words = ["-P", "-m", "mtdata", "--config", str(site.config), "runner", "--once"]
    done = subprocess.run([sys.executable, *words], capture_output=True, timeout=CARRIED_S)
    assert done.returncode == 0, done.stderr


def _got(page: Page, button: str, to: Path) -> bytes:
    with page.expect_download() as found:
        page.get_by_role("link", name=button).click()
    found.value.save_as(to)
    return to.read_bytes()


def _rows(content: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _ids(rows: list[Row], header: str) -> list[int]:
    return sorted(int(row[header]) for row in rows)


def _is_guarded(rows: list[Row]) -> None:
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if guarded(cell) != cell] == []
    assert any(cell.startswith("'=") for cell in cells)


def _wanted(found: list[dict[str, Any]], key: str) -> list[int]:
    return sorted(int(row[key]) for row in found)


def test_a_person_orders_a_day_of_both_reports_and_downloads_them(
    page_of: WebSite, cake: CakeSite, bucket: Bucket, tmp_path: Path
) -> None:
    with chromium() as browser:
        tab = Tab(browser, page_of.url, "operator", viewport=PHONE)
        page = tab.page
        _order_conversions(page)
        _order_clicks(page)
        _carry(page_of)
        _clicks_are_whole(page, cake, tmp_path)
        _conversions_are_whole(page, cake, tmp_path)
        _a_day_is_looked_at_without_javascript(Tab(browser, page_of.url, "operator", **PLAIN).page)
        as_it_lies = page.get_by_role("link", name="the same as it lies").get_attribute("href")
        assert tab.complaints == []
        tab.close()
    answer = page_of.visitor("operator").get(str(as_it_lies))
    lies = bucket.read("cake/report_10012016_10012016.csv")
    assert b",=1+1," in lies
    assert (answer.status_code, answer.content) == (200, lies)


def _order_conversions(page: Page) -> None:
    page.goto("/jobs/new/cake.conversions/")
    _fill(page, 1, "2016-01-10", "2016-01-10")
    page.get_by_role("button", name="Add another range").click()
    second = page.get_by_role("group", name="Range 2")
    expect(second.get_by_label("From")).to_be_focused()
    _fill(page, 2, "2016-01-12", "2016-01-12")
    expect(page.locator("#preview")).to_contain_text("2 jobs")
    expect(page.locator("#preview")).to_contain_text("as fast as the account may be asked")
    _has_no_fault(page)
    page.get_by_role("button", name="Schedule Report").click()
    expect(page.get_by_role("status")).to_contain_text("2 jobs have been scheduled")
    for name in ("report_10012016_10012016", "report_12012016_12012016"):
        row = page.locator("tr", has_text=name)
        expect(row.locator(".state")).to_have_text("Queued")


def _a_day_is_looked_at_without_javascript(page: Page) -> None:
    """What was exported before has to be seen before it is ordered again."""
    page.goto("/jobs/new/cake.clicks/")
    page.get_by_role("button", name="Yesterday").click()
    expect(page.locator("#preview")).to_contain_text("1 job")
    _fill(page, 1, "2016-01-10", "2016-01-10")
    page.get_by_role("button", name="Schedule Report").click()
    preview = page.locator("#preview")
    expect(preview.get_by_role("alert")).to_contain_text("Nothing is queued yet")
    expect(preview).to_contain_text("as the last one of this kind took")
    expect(preview.get_by_role("link", name="Clicks, 10 January 2016")).to_be_visible()
    page.get_by_role("button", name="Schedule Report").click()
    expect(page.get_by_text("Job has been scheduled")).to_be_visible()


def _order_clicks(page: Page) -> None:
    page.goto("/jobs/new/cake.clicks/")
    _fill(page, 1, "2016-01-10", "2016-01-10")
    page.get_by_role("button", name="Schedule Report").click()
    expect(page.get_by_text("Job has been scheduled")).to_be_visible()
    expect(page.locator("#state .state")).to_have_text("Queued")


def _clicks_are_whole(page: Page, cake: CakeSite, folder: Path) -> None:
    expect(page.locator("#state .state")).to_have_text("Success", timeout=CARRIED_MS)
    expect(page.locator("#artifacts_wide tbody tr")).to_have_count(24)
    _has_no_fault(page)
    content = _got(page, "Download all 24 files (zip)", folder / "clicks.zip")
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        rows = [row for name in names for row in _rows(archive.read(name))]
    assert len(names) == 24
    assert names[0] == "ClickReport_10012016_0000_0100.csv"
    assert _ids(rows, "Click ID") == _wanted(cake.clicks_of(START, START + A_DAY), "click_id")
    _is_guarded(rows)


def _conversions_are_whole(page: Page, cake: CakeSite, folder: Path) -> None:
    page.goto("/jobs/?kind=cake.conversions")
    row = page.locator("tr", has_text="report_10012016_10012016")
    expect(row.get_by_role("link", name="Download Report")).to_be_visible()
    row.get_by_role("link", name="Conversions, 10 January 2016", exact=True).click()
    rows = _rows(_got(page, "Download Report", folder / "conversions.csv"))
    wanted = _wanted(cake.events_of(START, START + A_DAY), "event_conversion_id")
    assert _ids(rows, "Conversion ID") == wanted
    _is_guarded(rows)
