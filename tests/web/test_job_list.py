"""The list of jobs where there are more than are counted: every one of them can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from mtdata.jobs.records.asking import now
from mtdata.jobs.records.listing import COUNTED
from mtdata.jobs.records.models import Job
from tests.web.site import WebSite

MORE = 60
_OLDER = re.compile(r'id="older" rel="next" href="([^"]+)"')


@pytest.fixture
def crowd(web: WebSite) -> Iterator[WebSite]:
    """More jobs than are counted, of which `crowd_0` is the newest."""
    at = now()
    Job.objects.all().delete()
    Job.objects.bulk_create(
        Job(
            name=f"crowd_{number}",
            kind="rows",
            parameters={},
            status="Success",
            created_at=at - timedelta(seconds=number),
        )
        for number in range(COUNTED + MORE)
    )
    yield web
    Job.objects.all().delete()


def test_what_is_behind_the_last_page_with_a_number_is_reached_too(crowd: WebSite) -> None:
    who = crowd.visitor("viewer")
    assert "More than 10,000 jobs" in who.get("/jobs/").text
    last = who.get("/jobs/?kind=rows&page=999").text
    assert f">crowd_{COUNTED - 1}<" in last
    assert "page 200 of 200 and more" in last
    found = _OLDER.search(last)
    assert found
    behind = who.get("/jobs/" + unescape(found[1])).text
    assert f">crowd_{COUNTED}<" in behind
    assert 'value="rows" selected' in behind, "the filter stays"
    found = _OLDER.search(behind)
    assert found
    end = who.get("/jobs/" + unescape(found[1])).text
    assert f">crowd_{COUNTED + MORE - 1}<" in end
    assert not _OLDER.search(end)
    assert 'id="newest"' in end
    odd = who.get("/jobs/?behind=1-x")
    assert (odd.status_code, ">crowd_0<" in odd.text) == (200, True)
