"""Imports of web logs as jobs: real runners and children, records, and a Matomo on a socket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtdata.alerts import notify
from mtdata.cli import main
from mtdata.config import Settings, load
from mtdata.core.errors import NotYet
from mtdata.demo.weblogs.faults import MatomoExchange
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.duties import KINDS
from mtdata.jobs.daily_reports import DailyScheduler
from mtdata.weblogs.daily_imports import DAILY
from mtdata.weblogs.duty import CHECKS
from mtdata.weblogs.job_parts import LogRange, ranges_of
from mtdata.weblogs.jobs import IMPORT
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.operations.opening import ledger_path
from mtdata.weblogs.source import LogObject
from tests.weblogs.test_commands import DAY, Home, line

NOW = datetime(2026, 6, 10, 8, 30, tzinfo=UTC)
ONE = timedelta(days=1)


class Jobs(Home):
    """A home that queues jobs and carries them."""

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        self._capsys.readouterr()
        code = main.run(["--config", str(self.config), "--json", *words])
        return code, json.loads(self._capsys.readouterr().out or "{}")

    @property
    def settings(self) -> Settings:
        return load(self.config, {})

    def queue(self, *words: str) -> list[str]:
        code, said = self.call(*words, "--queue")
        assert code == 0, said
        return [str(job["id"]) for job in said["jobs"]]

    def shown(self, job: str) -> dict[str, Any]:
        code, said = self.run("jobs", "show", job)
        assert code == 0, said
        return said

    def doubtful(self) -> Counter[int]:
        """Lines in quarantine, as numbers of the one log."""
        found: Counter[int] = Counter()
        ledger = WeblogLedger(ledger_path(self.settings, "example.org"))
        for batch in ledger.batches.in_state(BatchState.QUARANTINED):
            for share in ledger.batches.shares(batch.number):
                found.update(share.lines)
        ledger.close()
        return found


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Jobs]:
    from mtdata.jobs.records import setting

    with MatomoSite() as site:
        own = Jobs(tmp_path, site, capsys)
        keys = {"HEARTBEAT_S": "0.2s", "SWEEP_S": "1s", "SLOTS": 2}
        (own.config / "programme.config").write_text(json.dumps(keys))
        yield own
    setting.close_records()


def opened(home: Jobs) -> Settings:
    from mtdata.jobs.records import setting

    setting.open_migrated(home.settings.database)
    return home.settings


def is_batch(exchange: MatomoExchange) -> bool:
    """Whether it is more than a probe."""
    return len(exchange.entries) > 1


def test_files_are_carried_part_by_part_and_a_doubt_fails_the_job_at_its_end(home: Jobs) -> None:
    padding = ("x" * 8000 + "\n") * 600  # lines of no format: with them a file is a part
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)) + padding)
    home.put(f"b-{DAY}.log", "".join(line(n) for n in range(101, 201)) + padding)
    home.site.fault("status", when=is_batch, nth=1, code=502, stored="none")
    [job] = home.queue("import", "example.org", DAY)
    assert home.site.calls == []
    home.run("runner", "--once")
    told = home.shown(job)
    assert (told["status"], told["parts"]) == ("Failed", {"done": 2, "total": 2}), told
    stored = home.stored()
    assert f"{200 - len(stored)} hits in doubt" in told["reason"]
    assert 0 < len(stored) < 200
    assert home.call("quarantine", "example.org", "--resolve", "resend")[0] == 0
    assert home.run("jobs", "retry", job)[0] == 0
    home.run("runner", "--once")
    assert home.shown(job)["status"] == "Success"
    assert home.stored() == Counter(range(1, 201))


def test_a_day_without_logs_is_a_success_that_says_so(home: Jobs) -> None:
    [job] = home.queue("import", "example.org", DAY)
    home.run("runner", "--once")
    told = home.shown(job)
    assert (told["status"], told["parts"]["total"]) == ("Success", 0)
    assert f"there is no log of {DAY}" in json.dumps(home.run("jobs", "log", job)[1])
    assert home.site.calls == []


def children_of(pid: int) -> list[int]:
    """The processes that it has begun, by any of its threads."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, file.read_text().split())
    return found


def killing(runner: Callable[[], int]) -> Callable[[MatomoExchange], bool]:
    """Kill the child of a runner when its fourth batch has come, once."""
    came: list[int] = []

    def when(exchange: MatomoExchange) -> bool:
        came.append(1)
        if len(came) == 4:
            for child in children_of(runner()):
                os.kill(child, signal.SIGKILL)
        return False

    return when


def test_after_a_kill_each_line_is_stored_once_or_in_quarantine(home: Jobs) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 601)))
    [job] = home.queue("import", "example.org", DAY)
    begun: list[subprocess.Popen[bytes]] = []
    home.site.fault("status", when=killing(lambda: begun[0].pid), code=500)
    words = [sys.executable, "-m", "mtdata", "--config", str(home.config), "runner", "--once"]
    with subprocess.Popen(words) as runner:
        begun.append(runner)
        runner.wait()
    log = json.dumps(home.run("jobs", "log", job)[1])
    assert "by signal 9" in log
    told = home.shown(job)
    assert told["status"] == "Failed", told
    assert "in doubt" in told["reason"]
    stored, doubtful = home.stored(), home.doubtful()
    assert set(stored.values()) == {1}
    assert set(stored) | set(doubtful) == set(range(1, 601))
    assert 0 < len(doubtful) < 600


def test_two_jobs_of_one_site_and_day_do_not_run_at_once(home: Jobs) -> None:
    first, second = (home.queue("import", "example.org", DAY)[0] for _ in range(2))
    other = home.queue("range", "example.org", "2026-03-13", "2026-03-13")[0]
    opened(home)
    from mtdata.jobs.records import claims, runners

    runner = runners.register("embedded", 3)
    claimed = [claims.claim(runner, 60.0, {IMPORT}) for _ in range(3)]
    assert {one.job for one in claimed if one} == {first, other}
    assert claims.claim(runner, 60.0, {IMPORT}, second) is None


def test_weeks_of_every_site_become_a_job_a_day(home: Jobs) -> None:
    home.write(sites={"example.org": 1, "other.org": 2})
    jobs = home.queue("weekly", "2026-03-12", "2026-03-20")
    assert len(jobs) == 18
    told = [home.shown(job)["parameters"] for job in (jobs[0], jobs[-1])]
    assert told == [
        {"site": "example.org", "day": "2026-03-12"}, {"site": "other.org", "day": "2026-03-20"},
    ]  # fmt: skip
    assert home.site.calls == []


def test_a_site_with_the_longest_name_is_queued_daily(home: Jobs) -> None:
    domain = f"{'a' * 60}.{'b' * 35}.org"
    assert len(domain) == 100
    home.write(sites={domain: {"idsite": 1, "daily": "04:30"}})
    for _ in range(2):
        DailyScheduler([DAILY]).look(home.settings, NOW, lambda: None)
        opened(home)
    assert list(days_queued().values()) == ["2026-06-09"]
    assert home.call("import", domain, DAY, "--queue")[0] == 0


def test_what_is_only_tried_becomes_no_job(home: Jobs) -> None:
    code, said = home.call("import", "example.org", DAY, "--queue", "--dry-run")
    assert (code, said["error"]["exit"]) == (64, 64)
    assert home.run("jobs", "list")[1] == {"jobs": []}


def days_queued() -> dict[str, str]:
    from mtdata.jobs.records.models import Job

    return {job.name: job.parameters["day"] for job in Job.objects.order_by("name")}


def end(name: str, status: str, reason: str = "") -> None:
    from mtdata.jobs.records.models import Job

    assert Job.objects.filter(name=name).update(status=status, reason=reason) == 1


def test_yesterday_is_queued_once_a_day_and_missed_days_each(home: Jobs) -> None:
    sites = {"example.org": {"idsite": 1, "daily": "04:30"}, "other.org": {"idsite": 2}}
    home.write(sites=sites)
    [plan] = CHECKS.plans(home.settings)
    assert (plan.what, plan.verdict) == ("web logs example.org", "good")
    begin = "daily_weblogs.import_example.org"

    def look(now: datetime) -> None:
        DailyScheduler([DAILY]).look(home.settings, now, lambda: None)
        opened(home)

    look(NOW)
    look(NOW + timedelta(hours=5))
    assert days_queued() == {f"{begin}_2026-06-10": "2026-06-09"}
    end(f"{begin}_2026-06-10", "Success")
    look(NOW + 3 * ONE)
    assert list(days_queued().values()) == ["2026-06-09", "2026-06-10", "2026-06-11", "2026-06-12"]
    for day in ("11", "12"):
        end(f"{begin}_2026-06-{day}", "Success")
    end(f"{begin}_2026-06-13", "Failed", "9 hits in doubt")
    look(NOW + 3 * ONE)
    [missed] = notify.program_incidents(home.settings)
    assert (missed.kind, missed.scale) == ("report_missed", f"{IMPORT} example.org")
    assert "9 hits in doubt" in missed.detail
    look(NOW + 4 * ONE)
    assert len(days_queued()) == 5  # what Failed is a person's to retry; the next day comes


def logs(*sizes: int) -> list[LogObject]:
    return [LogObject("b", f"k{n:04}", size, "e", NOW) for n, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ((), []),
        ((1, 2), [LogRange("logs 0001-0002", "")]),
        ((9 << 20, 1, 9 << 20), [
            LogRange("logs 0001-0001", ""), LogRange("logs 0002-0002", "k0001"),
            LogRange("logs 0003-0003", "k0002"),
        ]),
        ((1,) * 201, [LogRange("logs 0001-0200", ""), LogRange("logs 0201-0201", "k0200")]),
    ],
    ids=["none", "small", "large", "many"],
)  # fmt: skip
def test_small_logs_are_gathered_into_parts(sizes: tuple[int, ...], wanted: list[LogRange]) -> None:
    assert ranges_of(logs(*sizes)) == wanted


def test_a_day_that_another_machine_has_begun_waits_for_it(home: Jobs) -> None:
    home.queue("import", "example.org", DAY)
    settings = opened(home)
    from mtdata.jobs.child_work import ChildWork
    from mtdata.jobs.records import claims, runners
    from mtdata.jobs.records.models import Part

    runner = runners.register("embedded", 1)
    claimed = claims.claim(runner, 60.0, {IMPORT})
    assert claimed is not None
    kept = {"ledger": "elsewhere:/home/state", "ranges": []}
    Part.objects.filter(pk=claimed.part).update(checkpoint=kept)  # as an earlier job's would be
    work = ChildWork(settings, claimed, Silent())
    with pytest.raises(NotYet, match="elsewhere"):
        KINDS[IMPORT].split(work)
    assert home.site.calls == []


class Silent:
    """A pipe at whose other end nobody is."""

    def say(self, **message: Any) -> None:
        pass
