"""Pages of users, tokens and several jobs in a real browser: nothing is out of sight, or jumps."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mtdata.jobs.records import setting
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, Job
from tests.conftest import requires_program
from tests.web.browser import PHONE, Tab, chromium
from tests.web.site import WebSite

pytestmark = requires_program("chromium", "sudo apt-get install chromium")
LONG = f"cake:{'a.very.long.name.of.somebody' * 3}@example.com@admin.instance.example.com"
STOPPED = UUID(int=7)
PAGES = ("/users/", "/users/1/", "/account/", "/jobs/several/", "/jobs/", f"/jobs/{STOPPED}/")


@pytest.fixture(scope="module")
def browser(served: WebSite) -> Iterator[Browser]:
    """One for all; the job is there before it: with a browser Django does not speak here."""
    setting.open_records(served.place.settings.database)
    at = now()
    job = Job.objects.create(
        name="report_01032026_31032026_of_everybody", kind="cake.conversions", parameters={},
        owner=LONG[:128], created_at=at, started_at=at, ended_at=at, status="Success",
    )  # fmt: skip
    file = served.place.folder / "long.csv"
    file.write_text("a\r\n")
    Artifact.objects.create(job=job, name="long.csv", place=str(file), made_at=at)
    Job.objects.create(
        id=STOPPED, name="stopped", kind="rows", parameters={}, created_at=at, ended_at=at,
        status="Stopped", reason=f"stopped by {LONG}", owner=LONG[:128],
    )  # fmt: skip
    setting.close_records()
    with chromium() as found:
        yield found
    setting.open_records(served.place.settings.database)
    Job.objects.filter(pk__in=(job.pk, STOPPED)).delete()
    setting.close_records()


def test_a_long_name_pushes_no_report_out_of_sight_and_no_page_jumps(
    browser: Browser, served: WebSite
) -> None:
    desk = {"width": 1400, "height": 900}
    tab = Tab(browser, served.url, "admin", viewport=desk)
    tab.page.goto("/jobs/?kind=cake.conversions")
    link, edge, beyond = tab.page.evaluate(  # at once: the list comes anew every 3 s
        "(() => { const one = document.querySelector('#jobs_wide');"
        " const link = one.querySelector('a[aria-label^=\"Download Report\"]');"
        " return [link.getBoundingClientRect().right, one.getBoundingClientRect().right,"
        " one.scrollWidth - one.clientWidth]; })()"
    )
    assert 0 < link <= edge
    assert beyond == 0, "nothing has to be moved sideways"
    tab.page.goto("/account/")
    assert tab.page.evaluate("[document.activeElement.tagName, scrollY]") == ["BODY", 0]
    tab.close()
    assert tab.complaints == []


@pytest.mark.parametrize(
    "how",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE, "is_mobile": True}],
    ids=["desk", "phone"],
)
def test_the_pages_keep_nobody_out_and_fit_a_phone(
    browser: Browser, served: WebSite, how: dict[str, object]
) -> None:
    tab = Tab(browser, served.url, "admin", **how)
    found, wide = [], []
    for path in PAGES:
        tab.page.goto(path)
        wrong = Axe().run(tab.page).response["violations"]
        found += [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in wrong]
        wide += [path] if tab.is_wider_than_its_window() else []
    tab.close()
    assert found == []
    assert wide == []
    assert tab.complaints == []
