"""The pages in a real browser: with and without JavaScript, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.conftest import requires_program
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
PAGES = ("/account/",)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all."""
    with chromium() as found:
        yield found


@pytest.fixture
def tab(browser: Browser, served: WebSite) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; none of them may have had anything to complain of."""
    opened: list[Tab] = []

    def open_tab(role: str = "operator", **how: Any) -> Tab:
        opened.append(Tab(browser, served.url, **how))
        opened[-1].log_in(role)
        return opened[-1]

    yield open_tab
    for one in opened:
        one.close()
    assert [line for one in opened for line in one.complaints] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_nobody_out(tab: Callable[..., Tab], path: str, scheme: str) -> None:
    page = tab("admin", color_scheme=scheme).page
    page.goto(path)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], one["help"], [n["html"] for n in one["nodes"]]) for one in found]
    assert told == []


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_the_whole_width(tab: Callable[..., Tab], path: str) -> None:
    narrow = tab("admin", viewport=PHONE, is_mobile=True)
    narrow.page.goto(path)
    assert not narrow.is_wider_than_its_window()


def test_without_javascript_one_gets_in_and_out(tab: Callable[..., Tab]) -> None:
    page = tab("viewer", java_script_enabled=False).page
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
