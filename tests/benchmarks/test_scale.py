"""`bin/bench scale` counts what it says, and its page has every size; nothing is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.bench import Bench
from benchmarks.figures import Benchmark
from benchmarks.programme.depot import depot
from benchmarks.scale import SCALE, crowd, days, duties, many_jobs, many_runners, rings
from benchmarks.scale.growth import grown
from mtdata.jobs.records import setting
from tests.jobs.brokers import RABBIT_PORT, is_there
from tests.jobs.conftest import SERVERS, no_server


def test_a_crowd_has_as_many_jobs_as_were_asked_for(tmp_path: Path) -> None:
    with depot(Bench(tmp_path, reps=1), "sqlite"):
        from mtdata.jobs.records import queries
        from mtdata.jobs.records.asking import now
        from mtdata.jobs.records.models import Event, Job, Part

        crowd.add_ended(0, 7)
        crowd.add_ended(7, 9)
        crowd.add_queued(2)
        assert (Job.objects.count(), Part.objects.count(), Event.objects.count()) == (11, 11, 9)
        assert Job.objects.filter(ended_at__lt=now()).count() == 9
        assert queries.under_way()
        many_jobs._acts()["claim"]()
        assert Job.objects.filter(status="In Progress").count() == 1


def test_runners_claim_and_finish_what_waits(tmp_path: Path) -> None:
    if not is_there(SERVERS["postgres"]):
        pytest.skip(no_server("postgres"))
    found = many_runners.claims(Bench(tmp_path, reps=1), (2,), 1.0, 500)
    assert found.sides["2 runners, claims/s"] > 0
    setting.close_records()


def test_no_more_rings_wait_than_a_queue_takes(tmp_path: Path) -> None:
    if not is_there(RABBIT_PORT):
        pytest.skip(f"no RabbitMQ at 127.0.0.1:{RABBIT_PORT}; rabbitmq-server -detached starts it")
    found = rings.waiting(Bench(tmp_path, reps=1), (1100,))
    assert found.sides["1,100 orders, rings that wait"] == 1000


def test_rows_of_a_duty_cost_something_at_each_size(tmp_path: Path) -> None:
    bench = Bench(tmp_path, reps=1)
    assert min(duties.weblogs(bench, (20, 40, 60)).sides.values()) > 0


def test_idle_rounds_are_played_on_pools_of_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days.time, "sleep", lambda seconds: None)
    found = days.idle_rounds(Bench(tmp_path, reps=1), (1, 2))
    assert len(found.sides) == 4
    assert min(found.sides.values()) > 0


def test_the_page_has_every_size_beside_its_growth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DOCS", tmp_path)
    before, behind = f"before\n{page.BEGIN.format('scale')}\nold\n", "kept\n"
    (tmp_path / "SCALE.md").write_text(before + page.END + behind)
    one = Benchmark("a", "cost", 2, False, "", lambda bench: grown((1, 10, 100), "jobs", float))
    figures = {"a": one.judged(one.measure(Bench(tmp_path, reps=1)))}
    machine = {"load before": "0.1"}
    page.write_page("scale", {"machine": machine, "repetitions": 5, "figures": figures})
    written = (tmp_path / "SCALE.md").read_text()
    assert "| `a`: cost | 1 jobs: 1 | 10 jobs: 10 | 100 jobs: 100 | 100 | ≤ 2 | **no** |" in written
    assert written.startswith("before\n")
    assert written.endswith("kept\n")
    assert "old" not in written


def test_each_figure_has_a_name_of_its_own() -> None:
    assert len({one.name for one in SCALE}) == len(SCALE)
