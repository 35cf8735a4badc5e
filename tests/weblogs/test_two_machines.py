"""Two machines that import one site: folders of their own, one database for the records and lines.

Each machine is a home of its own with runners as processes; Matomo's stand-in has the last word.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.errors import BusyError
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.demo.wire import Call, WireAnswer
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.operations import opening
from mtdata.weblogs.operations.check import check_site
from tests.contracts.line_contract import DAY as DATE
from tests.contracts.line_contract import LOG, NOW, begun
from tests.jobs.conftest import nobody, place, urls  # noqa: F401  # fixtures
from tests.jobs.place import Place, until
from tests.weblogs.test_commands import DAY, line
from tests.weblogs.test_jobs import Jobs, children_of
from tests.weblogs.test_ledger_records import records  # noqa: F401  # a fixture

SITE, LINES = "example.org", 600
SHARED = pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)


class GatedSite(MatomoSite):
    """Takes the first batches of hits, and keeps the others waiting until its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.passes = threading.Event(), threading.Semaphore(3)
        self.waiting: list[bytes] = []

    def _answer(self, call: Call) -> WireAnswer:
        if b"line=" in call.body and not self.passes.acquire(blocking=False):
            self.waiting.append(call.body)
            self.gate.wait(60)
        return super()._answer(call)

    def waits_for(self, file: int) -> bool:
        """Whether a batch of that file's lines waits."""
        lines = [int(n) for body in self.waiting for n in re.findall(rb"line=(\d+)", body)]
        return any(file < number <= file + LINES for number in lines)


class Machines:
    """Two homes that share bucket, Matomo and database, and nothing else."""

    def __init__(self, path: Path, url: str, site: GatedSite, capsys: Any) -> None:
        self.site, self._url = site, url
        for name in ("one", "two"):
            (path / name).mkdir()
        self.one = Jobs(path / "one", site, capsys)
        self.two = Jobs(path / "two", site, capsys)
        self.choose("records")

    def choose(self, ledger: str) -> None:
        """What both configs say of the ledger."""
        keys = {
            "DATABASE": self._url, "LEASE_S": "3s", "HEARTBEAT_S": "0.5s", "SWEEP_S": "0.5s",
        }  # fmt: skip
        for home in (self.one, self.two):
            home.write(ledger=ledger, pull_bucket=f"file://{self.one.logs}")
            (home.config / "programme.config").write_text(json.dumps(keys))

    def doubtful(self) -> set[int]:
        """Lines in quarantine, by the numbers in their files' names."""
        _, said = self.two.call("quarantine", SITE)
        found = set()
        for batch in said["batches"]:
            for file in batch["files"]:
                first = int(file["key"].partition("-")[0])
                for span in file["lines"].split(", "):
                    low, _, high = span.partition("-")
                    found |= {first + n for n in range(int(low), int(high or low) + 1)}
        return found


@pytest.fixture
def machines(
    records: Place,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Machines]:
    with GatedSite() as site:
        site.gate.set()
        yield Machines(tmp_path, records.url, site, capsys)


@contextmanager
def runner(home: Jobs) -> Iterator[subprocess.Popen[bytes]]:
    """A runner of that home, which is asked to end at last."""
    words = [sys.executable, "-m", "mtdata", "--config", str(home.config), "runner"]
    with subprocess.Popen([*words, "--slots", "1"], stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a runner and its children: to all others its machine is gone."""
    children = children_of(process.pid)
    process.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_what_a_killed_machine_had_begun_another_ends_and_no_line_goes_out_twice(
    machines: Machines,
) -> None:
    one, two, site = machines.one, machines.two, machines.site
    padding = ("x" * 8000 + "\n") * 600  # lines of no format: with them a file is a part
    for first in (0, LINES):
        text = "".join(line(first + number) for number in range(1, LINES + 1))
        one.put(f"{first}-{DAY}.log", text + padding)
    site.gate.clear()
    [job] = one.queue("import", SITE, DAY)
    with runner(one) as killed, runner(two):
        until(lambda: site.waits_for(0) and site.waits_for(LINES), "a batch of each")
        kill_tree(killed)
        site.gate.set()
        until(lambda: two.shown(job)["status"] in ("Success", "Failed"), "its end")
    told = two.shown(job)
    stored, doubtful = two.stored(), machines.doubtful()
    assert set(stored.values()) == {1}
    assert set(stored) | doubtful == set(range(1, 2 * LINES + 1))
    assert told["parts"] == {"done": 2, "total": 2}
    assert (told["status"] == "Failed") == bool(doubtful), told
    assert 0 < len(doubtful) <= LINES, "nothing was under way when it was killed"
    log = json.dumps(two.run("jobs", "log", job)[1])
    assert "lost" in log or "again" in log, log
    for batch in two.call("quarantine", SITE)[1]["batches"]:
        known = all(number in stored for number in _lines_of(batch))
        word = "stored" if known else "resend"
        if known or not any(number in stored for number in _lines_of(batch)):
            two.call("quarantine", SITE, "--resolve", word, "--batch", str(batch["batch"]))
    assert one.call("import", SITE, DAY)[0] == 0
    assert sorted(one.stored().elements()) == list(range(1, 2 * LINES + 1))
    assert two.call("import", SITE, DAY)[1]["tracked"] == 2 * LINES


def _lines_of(batch: dict[str, Any]) -> list[int]:
    found = []
    for file in batch["files"]:
        first = int(file["key"].partition("-")[0])
        for span in file["lines"].split(", "):
            low, _, high = span.partition("-")
            found += [first + n for n in range(int(low), int(high or low) + 1)]
    return found


@SHARED
def test_a_second_machine_sends_nothing_of_what_the_first_has_sent(machines: Machines) -> None:
    machines.one.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 201)))
    assert machines.one.call("import", SITE, DAY)[0] == 0
    code, said = machines.two.call("import", SITE, DAY)
    assert (code, said["tracked"]) == (0, 200)
    assert sorted(machines.one.stored().elements()) == list(range(1, 201))
    _, shown = machines.two.call("ledger", SITE, DAY)
    assert sum(one["hits"] for one in shown["batches"]) == 200


@SHARED
def test_who_takes_a_log_over_has_it_alone(machines: Machines) -> None:
    one, two = machines.one.settings, machines.two.settings
    with opening.opened_ledger(one, SITE) as first, opening.opened_ledger(two, SITE) as second:
        log, number = begun(first, [1, 2, 3])
        second.take([(LOG, DATE)], NOW)
        with pytest.raises(BusyError), first.commit():
            first.logs.check_turns([log.number])
        assert [batch.number for batch in second.batches.doubtful()] == [number]


def ledger_fault(home: Jobs) -> str:
    """What `mtdata check` says is wrong with where the lines are; '' for nothing."""
    found = {one.what: one for one in check_site(home.settings, SITE)}
    return found["ledger"].told if "ledger" in found else ""


@SHARED
def test_a_file_that_has_lines_counts_none_until_they_were_moved_and_never_again(
    machines: Machines,
) -> None:
    one, two = machines.one, machines.two
    machines.choose("file")
    one.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    site = machines.site
    site.fault("status", code=502, stored="all", when=lambda sent: len(sent.entries) > 1, nth=2)
    assert one.call("import", SITE, DAY)[0] == 1  # one batch is in doubt
    before = one.call("ledger", SITE)[1]["batches"]
    compared = one.call("reconcile", SITE, DAY)[1]["days"]
    assert "most" in compared[0]["visits_by_hits"], "who came is not known"
    machines.choose("records")
    assert "--move" in ledger_fault(one)
    sent = len(site.calls)
    code, said = one.call("import", SITE, DAY)
    assert (code, "--move" in said["error"]["message"]) == (78, True)
    assert one.call("ledger", SITE, "--move")[1]["moved"][SITE] == {
        "logs": 1,
        "batches": len(before),
    }
    assert len(site.calls) == sent
    after = one.call("ledger", SITE)[1]["batches"]
    assert [{**batch, "batch": 0} for batch in after] == [{**batch, "batch": 0} for batch in before]
    assert one.call("ledger", SITE, "--move")[1]["moved"][SITE] == {"logs": 0, "batches": 0}
    assert one.call("reconcile", SITE, DAY)[1]["days"] == compared
    code, said = two.call("import", SITE, DAY)
    assert (code, said["tracked"] + said["quarantined"]) == (1, 100)
    assert (ledger_fault(one), ledger_fault(two)) == ("", "")
    machines.choose("file")
    for home in (one, two):  # one has a file that was moved, two has none
        assert "ledger: records" in ledger_fault(home)
        code, said = home.call("import", SITE, DAY)
        assert (code, "ledger: records" in said["error"]["message"]) == (78, True)
    assert sorted(one.stored().elements()) == list(range(1, 101))


@SHARED
def test_a_move_that_was_cut_is_made_by_the_next_call(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = machines.one
    machines.choose("file")
    one.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    assert one.call("import", SITE, DAY)[0] == 0
    machines.choose("records")
    from mtdata.weblogs.records.lines import LineTables

    with monkeypatch.context() as cut:

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        cut.setattr(LineTables, "note_move", fail)
        one.call("ledger", SITE, "--move")
    code, said = one.call("import", SITE, DAY)
    assert (code, "--move" in said["error"]["message"]) == (78, True)
    machines.choose("file")
    assert one.call("import", SITE, DAY)[0] == 78  # neither of them counts
    machines.choose("records")
    assert one.call("ledger", SITE, "--move")[1]["moved"][SITE]["logs"] == 1
    calls = len(machines.site.calls)
    assert one.call("import", SITE, DAY)[1]["tracked"] == 100
    assert len(machines.site.calls) == calls


@SHARED
def test_a_log_that_two_machines_have_imported_is_not_moved_twice(machines: Machines) -> None:
    one, two = machines.one, machines.two
    machines.choose("file")
    one.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 51)))
    for home in (one, two):
        with closing(WeblogLedger(opening.ledger_path(home.settings, SITE))) as ledger:
            begun(ledger, [1, 2])
    machines.choose("records")
    assert one.call("ledger", SITE, "--move")[0] == 0
    code, said = two.call("ledger", SITE, "--move")
    assert (code, "two machines" in json.dumps(said)) == (78, True)
    assert len(one.call("ledger", SITE)[1]["batches"]) == 1


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_without_its_database_nothing_is_sent(
    machines: Machines,
    nobody: int,  # noqa: F811
) -> None:
    one = machines.one
    one.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 51)))
    keys = {"DATABASE": f"postgres://eve:secret@127.0.0.1:{nobody}/records"}
    (one.config / "programme.config").write_text(json.dumps(keys))
    code, said = one.call("import", SITE, DAY)
    assert (code, said["error"]["exit"]) == (69, 69)
    assert "secret" not in json.dumps(said)
    assert machines.site.calls == []
