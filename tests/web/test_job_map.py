"""A job as a map of its parts: a cell an hour or a day, and each leads to its own log."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, Event, Job, Part
from mtdata.web.pages.job_map import cell_place, map_of, part_label
from tests.web.office import Office
from tests.web.seen import Seen

DAYS = {"from": "2023-05-02", "to": "2023-05-03", "account": "first"}
CELL = re.compile(r'<li><a(?: class="(\w+)")? href="([^"]*)" aria-label="([^"]*)">(\w+)</a>')
LIGHT = 100_000
"""Bytes of a page with everything on it but the files that browsers keep."""


def _clicks(office: Office, days: int, **more: object) -> Job:
    """A job of clicks with all its hours planned."""
    job = queue.add(office.settings, KINDS, "cake.clicks", DAYS, "somebody")
    names = [
        f"ClickReport_{date(2023, 5, 2) + timedelta(day):%d%m%Y}_{hour:02}00_{(hour + 1) % 24:02}00"
        for day in range(days)
        for hour in range(24)
    ]
    Part.objects.bulk_create(
        Part(job=job, number=number, stage="work", name=name, **more)
        for number, name in enumerate(names, 1)
    )
    return job


def _cells(office: Office, job: Job) -> list[tuple[str, ...]]:
    text = office.visitor("operator").get(f"/jobs/{job.pk}/").text
    return [tuple(map(unescape, one)) for one in CELL.findall(text)]


def test_each_hour_is_a_cell_with_a_word_that_leads_to_its_log(office: Office) -> None:
    job, at = _clicks(office, 2), now()
    parts = list(job.parts.filter(stage="work").order_by("number"))
    done = {"status": "Success", "started_at": at, "ended_at": at, "rows": 7, "calls": 12}
    Part.objects.filter(pk=parts[0].pk).update(**done)
    Part.objects.filter(pk=parts[1].pk).update(**done | {"lost": 1})
    Part.objects.filter(pk=parts[2].pk).update(status="Failed", started_at=at, reason="no room")
    for name in (parts[2].name, parts[3].name):
        Event.objects.create(job=job, at=at, level="ERROR", text=f"{name}: of its own")
    found = _cells(office, job)
    assert len(found) == 48
    assert [(level, told) for level, _, told, _ in found[:4]] == [
        ("good", "00: done, 7 rows"),
        ("warn", "01: done at the second try, 7 rows"),
        ("bad", "02: failed"),
        ("", "03: waits"),
    ]
    page = office.visitor("viewer").get(f"/jobs/{job.pk}/").text
    assert "<h3>2 May 2023</h3>" in page
    assert "Hour by hour" in page
    assert Seen(page).terms["Calls"] == ["24 of about 564"]
    log = office.visitor("viewer").get(found[2][1])
    head, *events = log.text.splitlines()
    assert head.startswith(f"{parts[2].name}: Failed, 0 rows, began ")
    assert "no room" in head
    assert [line.partition("ERROR ")[2] for line in events] == [f"{parts[2].name}: of its own"]
    assert office.visitor("viewer").get(f"/jobs/{job.pk}/log/?part=none").status_code == 404


def test_many_hours_are_a_cell_a_day_that_the_database_counts(office: Office) -> None:
    job = _clicks(office, 400, status="Success")
    days = {"03": {"status": "In Progress"}, "04": {"lost": 1}, "05": {"status": "Queued"}}
    for day, more in days.items():
        job.parts.filter(name__startswith=f"ClickReport_{day}052023").update(**more)
    artifact = {"job": job, "place": "/x", "size": 1, "sha256": "a" * 64, "made_at": now()}
    names = [f"ClickReport_02052023_{hour:02}00_{hour + 1:02}00.csv" for hour in range(30)]
    Artifact.objects.bulk_create(Artifact(name=name, **artifact) for name in names)
    Job.objects.filter(pk=job.pk).update(status="Success", ended_at=now())
    with CaptureQueriesContext(connection) as asked:
        rows = map_of(job, KINDS["cake.clicks"], 9_600)
    assert (len(asked), sum(len(row.cells) for row in rows)) == (1, 400)
    assert [row.label for row in rows[:2]] == ["May 2023", "June 2023"]
    found = _cells(office, job)
    assert [(one[0], one[3]) for one in found[:5]] == [
        ("good", "2"), ("run", "3"), ("warn", "4"), ("", "5"), ("good", "6"),
    ]  # fmt: skip
    assert (len(found), found[1][2]) == (400, "3 May 2023: 0 of 24 done")
    here = f"/jobs/{job.pk}/"
    assert len(office.visitor("operator").get(here).content) <= LIGHT
    assert "24 parts found" in office.visitor("viewer").get(here + found[1][1]).text


@pytest.mark.parametrize("name", ["", "a_b", "ClickReport", "2026-02-30", "ClickReport_99999999_x"])
def test_a_part_with_a_name_of_another_version_has_a_place_too(name: str) -> None:
    for kind in ("cake.clicks", "cake.conversions"):
        part = Part(number=7, stage="work", name=name)
        assert cell_place(KINDS[kind], part) == ("", "7")
        assert part_label(KINDS[kind], part) == name
