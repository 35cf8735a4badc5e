"""The page of the API in a real browser: drawn by our own files, and what is tried out works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator

from tests.conftest import requires_program
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all."""
    with chromium() as found:
        yield found


def _drawn(tab: Tab, operation: str) -> Locator:
    tab.complaints.clear()  # what other pages have to say is told by their own tests
    tab.page.goto("/api/docs")
    found = tab.page.locator(f"[id$=-{operation}]")
    found.wait_for()
    return found


def test_an_operation_is_tried_out_by_the_session_and_nobody_else_is_asked(
    browser: Browser, served: WebSite
) -> None:
    job = served.visitor("operator").post("/api/v1/jobs", **_order(served)).json()["id"]
    tab = Tab(browser, served.url, "operator")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    stop = _drawn(tab, "stop_job")
    stop.locator(".opblock-summary-control").click()
    stop.get_by_role("button", name="Try it out").click()
    stop.locator("input").first.fill(job)
    stop.get_by_role("button", name="Execute").click()
    stop.locator(".live-responses-table").wait_for()
    shown = served.visitor("operator").get(f"/api/v1/jobs/{job}").json()
    assert (shown["status"], shown["reason"]) == ("Stopped", "stopped by operator")
    assert tab.complaints == []
    assert all(url.startswith((served.url, "data:")) for url in asked), asked
    tab.close()


def _order(served: WebSite) -> dict[str, object]:
    mark = served.visitor("operator").mark_of("/account/")
    return {"json": {"kind": "rows"}, "headers": {"X-CSRFToken": mark}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Browser, served: WebSite, scheme: str) -> None:
    tab = Tab(browser, served.url, "viewer", viewport=PHONE, is_mobile=True, color_scheme=scheme)
    _drawn(tab, "list_jobs")
    assert not tab.is_wider_than_its_window()
    assert tab.complaints == []
    tab.close()
