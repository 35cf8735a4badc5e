"""The pages of web logs in a real browser: for everybody, on a desk and a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.conftest import requires_program
from tests.web.browser import PHONE, Tab, chromium
from tests.web.logged import BARE, BROKEN, SITE, LoggedSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")


@pytest.fixture(scope="module")
def browser(logged: LoggedSite) -> Iterator[Browser]:
    """One for all; the ledgers are there before it: with a browser Django does not speak here."""
    with chromium() as found:
        yield found


@pytest.mark.parametrize(
    "how",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE, "is_mobile": True}],
    ids=["desk", "phone"],
)
def test_the_pages_keep_nobody_out_and_fit_a_phone(
    browser: Browser, logged: LoggedSite, how: dict[str, object]
) -> None:
    tab = Tab(browser, logged.url, "admin", **how)
    found, wide = [], []
    names = ("", f"{SITE}/", f"{SITE}/{logged.days[0]}/", f"{BROKEN}/", f"{BARE}/")
    for path in ("/", *(f"/weblogs/{name}" for name in names)):
        tab.page.goto(path)
        wrong = Axe().run(tab.page).response["violations"]
        found += [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in wrong]
        wide += [path] if tab.is_wider_than_its_window() else []
    tab.close()
    assert found == []
    assert wide == []
    assert tab.complaints == []


def test_at_a_desk_a_line_of_the_list_is_one_line(browser: Browser, logged: LoggedSite) -> None:
    tab = Tab(browser, logged.url, "viewer")
    tab.page.goto("/weblogs/")
    row = tab.page.locator("tr", has=tab.page.get_by_role("link", name=SITE))
    heights = row.locator("th, td").evaluate_all(
        "cells => cells.map(cell => { const range = document.createRange();"
        " range.selectNodeContents(cell); return range.getBoundingClientRect().height; })"
    )
    assert max(heights) < 32, heights
    tab.close()
    assert tab.complaints == []
