"""A real browser in front of the page: tabs of any size and colour, and their complaints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.site import PASSWORD, TIMEOUT_S, Visitor

CHROMIUM = shutil.which("chromium") or ""
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's, without a screen."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Tab:
    """One tab, logged in; `complaints` is what its console says against the page.

    It takes on the session of a Visitor: no page is drawn before the one that a test is about.
    """

    def __init__(self, browser: Browser, url: str, role: str = "", **how: Any) -> None:
        how = {"viewport": DESK, "accept_downloads": True} | how
        self._context = browser.new_context(base_url=url, **how)
        if role:
            visitor = Visitor(url)
            assert visitor.log_in(role).status_code == 302
            held = [(str(one.name), str(one.value)) for one in visitor.cookies]
            self._context.add_cookies([{"name": k, "value": v, "url": url} for k, v in held])
        self._context.set_default_timeout(TIMEOUT_S * 1000)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def log_in(self, name: str) -> None:
        """By the form, as a person does."""
        self.page.goto("/login/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.locator("header .who").first.wait_for(state="attached")

    def is_wider_than_its_window(self) -> bool:
        """Whether the page has to be moved sideways."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def close(self) -> None:
        """Close it."""
        self._context.close()
