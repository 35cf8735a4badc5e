"""A browser tells that a job ended, once and only after a click; the page works without it."""

from __future__ import annotations

from threading import Thread
from typing import Any

from django.db import connection
from playwright.sync_api import expect

from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job
from tests.conftest import requires_program
from tests.jobs.place import until
from tests.web.browser import Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
FAKE = """
window.shown = [];
window.Notification = class {
  static permission = "default";
  static requestPermission() { this.permission = "granted"; return Promise.resolve("granted"); }
  constructor(words, more) { window.shown.push([words, more.tag]); }
};
const wait = window.setInterval;
window.setInterval = (act) => wait(act, 100);
"""
"""A desktop that keeps what it is told, and a clock in a hurry."""


def change(job: str, **fields: Any) -> None:
    """From a thread of its own: this one belongs to the browser."""

    def act() -> None:
        Job.objects.filter(pk=job).update(ended_at=now(), **fields)
        connection.close()

    thread = Thread(target=act)
    thread.start()
    thread.join()


def test_an_ended_job_is_told_once_after_a_click(web: WebSite) -> None:
    job = web.place.enter(rows=1)
    with chromium() as browser:
        tab = Tab(browser, web.url, "operator")
        page = tab.page
        page.add_init_script(FAKE)
        page.goto("/account/")
        button = page.get_by_role("button", name="Tell me in this browser")
        change(job, owner="operator", status="Failed")
        page.wait_for_timeout(500)
        assert page.evaluate("window.shown") == []
        button.click()
        off = page.get_by_role("button", name="Do not tell me in this browser")
        expect(off).to_be_visible()
        change(job, status="Success")
        until(lambda: page.evaluate("window.shown"), "a word")
        page.wait_for_timeout(500)
        [[words, tag]] = page.evaluate("window.shown")
        assert (words[:13], tag) == ("Success: rows", job)
        off.click()
        change(job)
        page.wait_for_timeout(500)
        assert len(page.evaluate("window.shown")) == 1
        assert tab.complaints == []
        tab.close()
    Job.objects.filter(pk=job).delete()


def test_another_persons_job_is_not_told(web: WebSite) -> None:
    job = web.place.enter(rows=1)
    Job.objects.filter(pk=job).update(owner="somebody", status="Success", ended_at=now())
    asked = "/jobs/ended/?since=2020-01-01T00:00:00Z"
    assert web.visitor("operator").get(asked).json()["ended"] == []
    Job.objects.filter(pk=job).update(owner="operator")
    assert [one["id"] for one in web.visitor("operator").get(asked).json()["ended"]] == [job]
    assert web.visitor("").get(asked).status_code == 302
    Job.objects.filter(pk=job).delete()
