"""Files of teams in a real browser, on each way to keep and carry jobs: from the form to a stop."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mtdata.jobs.records import setting
from tests.conftest import requires_program
from tests.jobs.brokers import RABBIT_PORT, Rabbit, is_there
from tests.jobs.conftest import SERVERS, ask
from tests.web.brought_files import TEAMS, bring, carried, id_of, team_lines
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import Visitor, WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
MANY = 200
BAD = team_lines("North", "", "South", "x" * 601) + b"East\r\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all; beside its loop Django lets this thread ask the records only when told to."""
    with pytest.MonkeyPatch.context() as patch, chromium() as found:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield found


@pytest.fixture(params=["sqlite", "mysql-rabbitmq"])
def page_of_jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebSite]:
    """A page on SQLite with slots of its own, and one on MariaDB with RabbitMQ."""
    if request.param == "sqlite":
        yield from _served(tmp_path, "sqlite:///state/programme.sqlite3")
        return
    for port in (SERVERS["mysql"], RABBIT_PORT):
        if not is_there(port):
            pytest.skip(f"nobody listens at 127.0.0.1:{port}")
    name, broker = f"mtdata_pages_{os.getpid()}_{secrets.token_hex(3)}", Rabbit()
    ask("mysql", f"CREATE DATABASE {name}")
    try:
        yield from _served(tmp_path, f"mysql://root@127.0.0.1:3306/{name}", broker=broker)
    finally:
        ask("mysql", f"DROP DATABASE {name}")
        broker.remove()


def _served(folder: Path, url: str, **more: Any) -> Iterator[WebSite]:
    site = WebSite(folder, url, **more)
    site.place.configure(BATCH=10)
    setting.open_records(site.place.settings.database)
    yield site
    site.close()


def _bring(page: Page, name: str, content: bytes) -> None:
    page.goto(TEAMS)
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Check the file").click()


def test_bad_rows_are_seen_the_rest_comes_in_and_what_is_stopped_leaves_no_row(
    browser: Browser, page_of_jobs: WebSite
) -> None:
    with carried(page_of_jobs.place, "tests.web.held_import"):
        tab = Tab(browser, page_of_jobs.url, "admin")
        page = tab.page
        _bring(page, "first.csv", BAD)
        expect(page.get_by_role("heading", level=1)).to_have_text("3 of 5 rows are wrong")
        faults = page.get_by_role("region", name="Table of faults").locator("tbody tr")
        expect(faults).to_have_count(3)
        expect(faults.nth(1)).to_contain_text("has 601 characters; at most 600 are allowed")
        page.get_by_label("Leave the 3 wrong rows out").check()
        page.get_by_role("button", name="Import 2 rows").click()
        expect(page.locator("#state .state")).to_have_text("Success", timeout=60_000)
        expect(page.locator("#import .facts")).to_contain_text(re.compile("New\\s*2"))
        _bring(page, "second.csv", team_lines(*(f"team {number}" for number in range(MANY))))
        page.get_by_role("button", name="Import 200 rows").click()
        expect(page.locator("#import .facts")).to_contain_text("30 of 200", timeout=60_000)
        job = page.url.rstrip("/").rpartition("/")[2]
        page.goto(f"/stop_task/{job}")
        expect(page.locator("main form p")).to_contain_text("30 rows of")
        page.get_by_role("button", name="Yes, stop it").click()
        expect(page.locator("#state .state")).to_have_text("Stopped", timeout=60_000)
        expect(page.locator("#import .facts")).to_contain_text(re.compile("Removed\\s*30"))
        page.goto("/jobs/")
        rows = page.locator("#jobs_wide tbody tr")
        expect(rows.filter(has_text="first.csv").locator(".state")).to_have_text("Success")
        expect(rows.filter(has_text="second.csv").locator(".state")).to_have_text("Stopped")
        assert tab.complaints == []
        page.goto(f"/admin/programme/team/?job={job}")
        expect(page.locator("#changelist .paginator")).to_contain_text(re.compile("^\\s*0 teams"))
        page.goto("/admin/programme/team/")
        assert sorted(page.locator("#result_list .field-name").all_inner_texts()) == [
            "North",
            "South",
        ]
        tab.close()


@pytest.mark.parametrize(
    "how",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE, "is_mobile": True}],
    ids=["desk", "phone"],
)
def test_no_page_of_imports_keeps_anybody_out(
    browser: Browser, web: WebSite, how: dict[str, Any]
) -> None:
    visitor: Visitor = web.visitor("admin")
    upload = id_of(bring(visitor, BAD))
    queued = visitor.submit(TEAMS, TEAMS, upload=upload, good_rows="yes").headers["Location"]
    job = queued.rstrip("/").rpartition("/")[2]
    tab = Tab(browser, web.url, "admin", **how)
    found, wide = [], []
    paths = (TEAMS, "/import_forms/", f"{TEAMS}?file={upload}", f"/stop_task/{job}", "/programme/")
    for path in (*paths, "/", queued):
        tab.page.goto(path)
        wrong = Axe().run(tab.page).response["violations"]
        found += [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in wrong]
        wide += [path] if tab.is_wider_than_its_window() else []
    tab.close()
    visitor.submit(f"/stop_task/{job}")
    assert (found, wide, tab.complaints) == ([], [], [])
