"""The pages of sites, runners and pools in a real browser: for everybody, on a desk and a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.conftest import requires_program
from tests.toolbox.test_report_excerpt import large
from tests.web.browser import PHONE, Tab, chromium
from tests.web.pooled import BARE, STUDY, PooledSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
PAGES = (
    "/", "/runners/", "/incidents/", "/incidents/?show=closed", "/pool/", f"/pool/{STUDY}/",
    "/reports/", f"/reports/{STUDY}/", f"/reports/{BARE}/", "/jobs/daily/", "/style/",
    "/account/second-factor/",
)  # fmt: skip
BETWEEN = {"width": 745, "height": 600}


@pytest.fixture(scope="module")
def browser(pooled: PooledSite) -> Iterator[Browser]:
    """One for all; the pools are there before it: with a browser Django does not speak here.

    Meanwhile the site without a pool has a large report.
    """
    pool = pooled.place.folder / f"pool-{BARE}"
    (pool / "reports").mkdir(parents=True)
    (pool / "reports" / "report-2026-03-12.json").write_text(large().model_dump_json())
    with chromium() as found:
        yield found
    shutil.rmtree(pool)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_keep_nobody_out(browser: Browser, pooled: PooledSite, scheme: str) -> None:
    tab = Tab(browser, pooled.url, "admin", color_scheme=scheme)
    found = []
    for path in PAGES:
        tab.page.goto(path)
        wrong = Axe().run(tab.page).response["violations"]
        found += [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in wrong]
    tab.close()
    assert found == []
    assert tab.complaints == []


@pytest.mark.parametrize(
    "how",
    [{"viewport": PHONE, "is_mobile": True}, {"viewport": BETWEEN}],
    ids=["phone", "between"],
)
def test_nothing_is_pushed_sideways(
    browser: Browser, pooled: PooledSite, how: dict[str, object]
) -> None:
    tab = Tab(browser, pooled.url, "admin", **how)
    wide = []
    for path in PAGES:
        tab.page.goto(path)
        wide += [path] if tab.is_wider_than_its_window() else []
    tab.close()
    assert wide == []


def test_the_first_page_goes_on_by_itself_and_keeps_the_focus(
    browser: Browser, pooled: PooledSite
) -> None:
    tab = Tab(browser, pooled.url, "viewer")
    tab.page.goto("/")
    link = tab.page.locator(f"#pool-of-{STUDY}")
    link.focus()
    with tab.page.expect_response("**/overview/"):
        tab.page.evaluate(
            "htmx.trigger('#live', 'htmx:poll'); htmx.ajax('GET', '/overview/', '#live')"
        )
    expect(tab.page.locator(f"#pool-of-{STUDY}")).to_be_focused()
    tab.close()
    assert tab.complaints == []
