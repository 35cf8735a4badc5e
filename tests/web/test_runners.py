"""Who carries: alive, silent or gone, of which version, and what each has in hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mtdata import __version__
from mtdata.config.programme import ProgrammeConfig
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Part, Runner
from mtdata.jobs.records.runner_view import count_heard_here
from mtdata.jobs.records.runners import own_host
from tests.web.seen import Seen
from tests.web.site import WebSite

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nobody_else(web: WebSite) -> Iterator[None]:
    """No runner before and after."""
    Runner.objects.all().delete()
    yield
    Job.objects.filter(name__startswith="in hand").delete()
    Runner.objects.all().delete()


def runner(host: str, **more: Any) -> Runner:
    """Somebody who was heard of just now."""
    usual = {"engine": "embedded", "slots": 2, "version": __version__, "pid": 77}
    return Runner.objects.create(
        **{"host": host, "started_at": now() - HOUR, "seen_at": now(), **usual, **more}
    )


def in_hand(of: Runner, **more: Any) -> None:
    """A part that it carries, with a lease that holds."""
    job = Job.objects.create(
        name="in hand <b>", kind="rows", parameters={}, status="In Progress", created_at=now()
    )
    usual = {"number": 1, "stage": "work", "name": "the <i>part", "status": "In Progress"}
    Part.objects.create(job=job, runner=of, rows=5, leased_until=now() + HOUR, **usual, **more)


def table(web: WebSite, path: str = "/runners/") -> dict[str, list[str]]:
    """The lines by host."""
    seen = Seen(web.visitor("viewer").get(path).text)
    return {line[0]: line for line in seen.tables.get("Table of runners", [])[1:]}


def test_one_sees_who_is_alive_and_who_fell_silent(web: WebSite) -> None:
    runner("awake")
    runner("asleep", seen_at=now() - HOUR)
    in_hand(runner("killed"), beat_at=now() - timedelta(minutes=1))
    runner("old", version="0.0.1")
    runner("went", ended_at=now())
    found = table(web)
    assert {host: line[2] for host, line in found.items()} == {
        "awake": "alive",
        "asleep": "silent",
        "killed": "late",
        "old": "alive",
    }
    assert found["old"][5] == f"0.0.1 not {__version__}"
    assert found["awake"][5] == __version__
    assert found["awake"][1:2] + found["awake"][3:5] == ["77", "embedded", "2"]
    assert list(table(web, "/runners/?show=ended")) == ["went"]


def test_what_is_in_hand_is_named_and_keeps_its_runner_alive(web: WebSite) -> None:
    busy = runner("busy", seen_at=now() - HOUR)
    in_hand(busy, beat_at=now() + timedelta(seconds=30))  # however long the page takes
    answer = web.visitor("viewer").get("/runners/").text
    assert "in hand &lt;b&gt;" in answer
    assert "<i>part" not in answer
    line = table(web)["busy"]
    assert line[2] == "alive"
    assert line[8] == "rows: the <i>part, 5 rows"


def test_many_are_shown_a_page_at_a_time(web: WebSite) -> None:
    for number in range(120):
        runner(f"h{number:03}", started_at=now() - number * HOUR, ended_at=now())
    pages = [table(web, f"/runners/?show=ended&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({host for page in pages for host in page}) == 120
    for odd in ("0", "-1", "99", "x", "9" * 40, "²"):
        assert web.visitor("viewer").get(f"/runners/?show=ended&page={odd}").status_code == 200


def test_a_runner_of_this_machine_is_in_good_health_while_it_is_heard_of(web: WebSite) -> None:
    terms = ProgrammeConfig()
    runner("elsewhere")
    runner(own_host(), ended_at=now())
    assert count_heard_here(terms) == 0
    late = runner(own_host(), seen_at=now() - timedelta(seconds=2 * terms.sweep_s))
    in_hand(runner(own_host()), beat_at=now() - timedelta(minutes=1))
    assert count_heard_here(terms) == 0, "a sign of life of each is missing"
    Runner.objects.filter(pk=late.pk).update(seen_at=now())
    assert count_heard_here(terms) == 1
