"""The numbers for Prometheus: the same names as in the file, and those of the jobs."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mtdata.duties import DUTIES
from mtdata.jobs.metrics import write_metrics
from tests.jobs.place import until
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.programs import program
from tests.web.site import Visitor, WebSite

pytestmark = pytest.mark.usefixtures("web")
Found = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Found:
    """Every number by its name and labels."""
    families = text_string_to_metric_families(text)
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def asked(asking: Visitor) -> Found:
    answer = asking.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return read(answer.text)


def of(found: Found, name: str, **labels: str) -> Any:
    return found.get((f"mtdata_{name}", frozenset(labels.items())))


def test_jobs_parts_and_runners_are_counted(web: WebSite) -> None:
    asking = program(web, "viewer")
    jobs = [web.place.add(rows=200, parts=1, how="waits", key="counted") for _ in range(2)]
    web.place.carry()
    found = until(lambda: _of_both(asked(asking)), "one under way, and one that waits for it")
    assert of(found, "job_parts", status="Queued") >= 1
    assert of(found, "job_oldest_queued_timestamp_seconds") > 1.7e9
    assert of(found, "runners_alive") >= 1
    assert of(found, "jobs", status="Failed") is not None
    for job in reversed(jobs):
        program(web).post(f"/api/v1/jobs/{job}/stop")
        web.place.ended(job, "Stopped")


def _of_both(found: Found) -> Found | None:
    counts = [of(found, name, status="In Progress") for name in ("jobs", "job_parts")]
    counts += [of(found, "jobs", status="Queued"), of(found, "runners_alive")]
    return found if all(counts) else None


def test_sites_have_the_numbers_of_the_file(pools: PooledSite) -> None:
    found = asked(program(pools, "viewer"))
    file = pools.place.folder / "mtdata.prom"
    write_metrics(DUTIES, pools.place.settings, file)
    written = read(file.read_text())
    assert written.keys() <= found.keys()
    moving = ("mtdata_written_timestamp_seconds", "mtdata_disk_free", "mtdata_next_run")
    for key, value in written.items():
        if not key[0].startswith(moving):
            assert found[key] == value, key
    assert of(found, "up", site=STUDY) == 1
    assert of(found, "up", site=BROKEN) == 0
    assert of(found, "up", site=BARE) is None
