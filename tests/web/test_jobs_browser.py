"""Jobs in a real browser: they move by themselves with JavaScript, and all is there without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mtdata.jobs import queue
from tests.conftest import requires_program
from tests.jobs.place import until
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
TWO_LINES = 100
"""Pixels of a job in the list of a phone: the one line can be touched, the other read."""
DAYS = {"start": "2026-03-01", "end": "2026-03-02"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all; beside its loop Django lets this thread ask the records only when told to."""
    with pytest.MonkeyPatch.context() as patch, chromium() as found:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield found


@pytest.fixture
def tab(browser: Browser, web: WebSite) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; none of them may have had anything to complain of."""
    opened: list[Tab] = []

    def open_tab(role: str = "operator", **how: Any) -> Tab:
        opened.append(Tab(browser, web.url, role, **how))
        opened[-1].complaints.clear()  # where the log-in leads is no page of jobs
        return opened[-1]

    yield open_tab
    for one in opened:
        one.close()
    assert [line for one in opened for line in one.complaints] == []


@pytest.fixture
def paths(web: WebSite) -> Iterator[list[str]]:
    """Every page of jobs with something on it: one that runs, one that is done, a form."""
    done = web.place.add("dated", **DAYS, note="a word that is long " * 12)
    runs = web.place.add("rows", rows=200, parts=30, how="waits")
    web.place.carry(2)
    web.place.ended(done, "Success")
    until(lambda: web.place.rows(runs), "rows")
    forms = ["/jobs/", "/jobs/?owner=nobody", "/jobs/new/", f"/jobs/new/dated/?from={done}"]
    forms += ["/jobs/new/ranged/"]
    yield [*forms, *(f"/jobs/{job}/{more}" for job in (runs, done) for more in ("", "parts/"))]
    queue.stop(web.place.settings, runs)
    web.place.ended(runs, "Stopped")


def _faults(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_jobs_keeps_anybody_out(
    tab: Callable[..., Tab], paths: list[str], scheme: str
) -> None:
    narrow = tab(color_scheme=scheme, viewport=PHONE, is_mobile=True)
    for path in paths:
        narrow.page.goto(path)
        assert _faults(narrow.page) == [], path
        assert not narrow.is_wider_than_its_window(), path
    narrow.page.goto("/jobs/")
    heights = narrow.page.evaluate(
        "Array.from(document.querySelectorAll('#jobs_wide tbody tr'), (one) => one.offsetHeight)"
    )
    assert heights
    assert max(heights) < TWO_LINES


def test_a_wrong_form_keeps_nobody_out(tab: Callable[..., Tab]) -> None:
    asked = tab()
    page = asked.page
    page.goto("/jobs/new/rows/")
    page.get_by_label("Rows").fill("many")
    page.get_by_role("button", name="Queue it").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was queued")
    expect(page.get_by_label("Rows")).to_have_value("many")
    assert _faults(page) == []
    asked.complaints.clear()  # the browser calls a 400 an error


def test_a_job_moves_by_itself_and_its_orders_with_it(
    web: WebSite, tab: Callable[..., Tab], tmp_path: Path
) -> None:
    page = tab().page
    page.goto("/jobs/new/dated/")
    page.get_by_label("Start").fill("2026-03-01")
    page.get_by_label("End").fill("2026-03-03")
    page.get_by_role("button", name="Queue it").click()
    expect(page.locator("#state .state")).to_have_text("Queued")
    page.locator("#content").evaluate("node => node.dataset.kept = 'still here'")
    web.place.carry()
    expect(page.locator("#state .state")).to_have_text("Success", timeout=30_000)
    expect(page.locator("#state")).to_contain_text("3 of 3 done")
    expect(page.locator("summary", has_text="Undo")).to_be_visible()
    expect(page.locator("summary", has_text="Stop")).to_have_count(0)
    assert page.locator("#content").get_attribute("data-kept") == "still here"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the SHA-256 of Tag 2026-03-02 ü.csv").click()
    expect(page.locator("#copied")).to_have_text("Copy the SHA-256 of Tag 2026-03-02 ü.csv: done")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == sha256(b"day,row\r\n2026-03-02,1\r\n").hexdigest()
    with page.expect_download() as found:
        page.get_by_role("link", name="Tag 2026-03-02").click()
    found.value.save_as(tmp_path / "got.csv")
    assert (tmp_path / "got.csv").read_bytes() == b"day,row\r\n2026-03-02,1\r\n"
    assert found.value.suggested_filename == "Tag 2026-03-02 ü.csv"


def test_a_list_moves_by_itself_and_keeps_its_filters(
    web: WebSite, tab: Callable[..., Tab]
) -> None:
    job = web.place.add("shared", rows=20)
    page = tab("viewer").page
    page.goto("/jobs/?kind=shared")
    expect(page.locator(f"tr:has(#job_{job}) .state")).to_have_text("Queued")
    web.place.add("rows")
    web.place.carry()
    expect(page.locator(f"tr:has(#job_{job}) .state")).to_have_text("Success", timeout=30_000)
    assert "kind=shared" in page.url
    assert {one.split(",")[0] for one in page.locator("tbody th a").all_inner_texts()} == {"shared"}


def test_without_javascript_a_job_is_stopped_in_two_steps(
    web: WebSite, tab: Callable[..., Tab]
) -> None:
    job = web.place.add("rows", rows=200, how="waits")
    web.place.carry()
    until(lambda: web.place.rows(job), "rows")
    page = tab(java_script_enabled=False).page
    page.goto(f"/jobs/{job}/")
    expect(page.get_by_role("button", name="Yes, stop it")).to_be_hidden()
    page.locator("summary", has_text="Stop").click()
    page.get_by_role("button", name="Yes, stop it").click()
    expect(page.get_by_text("is Stopping")).to_be_visible()
    web.place.ended(job, "Stopped")
    page.reload()
    expect(page.locator("#state .state")).to_have_text("Stopped")
    assert web.place.rows(job) == 0
