"""An import against a Matomo on a real socket: each line is stored once, or quarantined by name."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mtdata.core.errors import MTDataError
from mtdata.core.stop import StopToken
from mtdata.demo.weblogs.settings import SUPER_USER, MatomoToken
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.weblogs.feed import Feed, ReadBegin, ReadBlock, ReadEnd
from mtdata.weblogs.hits import Hits
from mtdata.weblogs.importer import Importer, ImportOptions, probe
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.lines import LineSet
from mtdata.weblogs.ledger.logs import Log, LogIdentity
from mtdata.weblogs.ledger.schema import BatchState, LogState
from mtdata.weblogs.matomo.errors import TrackingError, TrackingRefused
from mtdata.weblogs.matomo.tracker import Target

DAY = date(2026, 3, 12)
NOW = datetime(2026, 3, 13, tzinfo=UTC)
LINES = 1_000
MOMENT = int(datetime(2026, 3, 12, 10, tzinfo=UTC).timestamp())
BLOCK = 100


def hit(line: int, **more: Any) -> bytes:
    return json.dumps({
        "rec": 1, "apiv": 1, "idsite": 1, "url": f"https://www.example.org/?line={line}",
        "cip": f"192.0.2.{line % 40}", "cdt": "2026-03-12 10:00:00", "ua": "Mozilla/5.0",
        **more,
    }, separators=(",", ":")).encode()  # fmt: skip


def feed(logs: list[Log], taken: Mapping[int, LineSet], lines: int, **odd: bytes) -> Feed:
    """Lines of each log, of which every tenth is left out; those in `odd` are others' hits."""
    for log in logs:
        yield ReadBegin(log.number, log.mark.skipped, log.again)
        for start in range(1, lines + 1, BLOCK):
            last = min(lines, start + BLOCK - 1)
            known = last <= log.mark.lines
            kept = [
                line
                for line in range(start, last + 1)
                if line % 10 and line not in taken[log.number]
            ]
            if known and not (log.again and kept):
                continue
            yield ReadBlock(
                log.number, last, last, b"", Hits(
                    array("Q", kept), bytes(line % 40 for line in kept),
                    [odd.get(f"l{line}") or hit(line) for line in kept],
                    moments=array("I", [MOMENT] * len(kept)),
                    visitors=array("Q", [line % 40 for line in kept]), marks=bytes(len(kept)),
                ),
                {"static": sum(1 for line in range(start, last + 1) if not line % 10)}, known,
            )  # fmt: skip
        yield ReadEnd(log.number, LogState.DONE, "", "combined")


class Run:
    """Imports of one log into one stand-in, by one ledger."""

    def __init__(self, site: MatomoSite, path: Path, lines: int = LINES, **odd: bytes) -> None:
        self.site, self.path, self.lines, self.odd = site, path, lines, odd
        self.token, self.timeout_s, self.rolls_back = SUPER_USER, 30.0, True
        self.stop = StopToken()

    @property
    def terms(self) -> ImportOptions:
        target = Target(self.site.url, self.token, self.timeout_s, "", self.rolls_back)
        return ImportOptions(target, 1, ZoneInfo("UTC"), first_hits=50, backoff_s=0.01)

    def go(self) -> MTDataError | None:
        ledger = WeblogLedger(self.path)
        try:
            known = ledger.logs.find("b", "k")
            identity = LogIdentity("b", "k", "etag", 1, NOW)
            if known and known.is_whole(identity):
                return None
            logs = ledger.take([(identity, DAY)], NOW)
            taken = {log.number: ledger.logs.lines_taken(log) for log in logs}
            importer = Importer(ledger, self.terms, self.stop)
            importer.run(feed(logs, taken, self.lines, **self.odd))
        except MTDataError as error:
            return error
        finally:
            ledger.close()
        return None

    def check(self) -> Counter[str]:
        """Each line stored once or quarantined; batches by state."""
        ledger = WeblogLedger(self.path)
        states: Counter[str] = Counter()
        fates: dict[int, str] = {}
        for state in BatchState:
            for batch in ledger.batches.in_state(state):
                states[state] += 1
                for share in ledger.batches.shares(batch.number):
                    for line in share.lines:
                        assert line not in fates, f"line {line} is in two batches"
                        fates[line] = state
        log = ledger.logs.find("b", "k")
        assert log is not None
        ledger.close()
        stored = Counter(int(one.key("line")) for one in self.site.store.hits)
        assert set(stored.values()) <= {1}, "stored twice"
        wanted = {line for line in range(1, self.lines + 1) if line % 10}
        for line in wanted:
            doubtful = fates.get(line) in (BatchState.QUARANTINED, BatchState.POISONED)
            if log.state is LogState.DONE and not log.again:
                assert line in fates, f"line {line} is in no batch"
            if fates.get(line) == BatchState.STORED:
                assert stored[line] == 1, f"line {line} is not stored"
            elif not doubtful:
                assert stored[line] == 0, f"line {line} is stored, and the ledger does not know"
        assert log.mark.skipped.get("static", 0) == log.mark.lines // 10
        return states


@pytest.fixture
def site() -> Iterator[MatomoSite]:
    with MatomoSite() as site:
        yield site


@pytest.fixture
def run(site: MatomoSite, tmp_path: Path) -> Run:
    return Run(site, tmp_path / "ledger.sqlite3")


def test_every_line_is_stored_once_and_a_second_import_sends_nothing(run: Run) -> None:
    assert run.go() is None
    assert set(run.check()) == {"stored"}
    assert len(run.site.store.hits) == LINES * 9 // 10
    calls = len(run.site.calls)
    assert run.go() is None
    assert len(run.site.calls) == calls


def test_hits_of_a_visitor_stay_in_order(run: Run) -> None:
    run.site.settings.latency_s = 0.005
    assert run.go() is None
    lines: dict[str, list[int]] = {}
    for one in run.site.store.hits:
        lines.setdefault(one.cip, []).append(int(one.key("line")))
    assert all(seen == sorted(seen) for seen in lines.values())


AMBIGUOUS = [
    ("late", {"seconds": 3.0}), ("reset", {}), ("lock_wait", {}), ("zero", {}), ("gif", {}),
    ("warning", {}), ("gone_away", {"stored": "part"}), ("truncated", {}), ("bad_chunk", {}),
    ("status", {"code": 502, "stored": "part"}), ("status", {"code": 504, "stored": "all"}),
    ("status", {"code": 503}), ("truncated", {"ends": True}), ("slow", {"seconds": 3.0}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "detail"), AMBIGUOUS)
def test_what_is_not_proven_is_quarantined_and_the_rest_goes_on(
    run: Run, kind: str, detail: dict[str, Any]
) -> None:
    run.timeout_s = 2.0 if kind in ("late", "slow") else 30.0
    run.site.fault(kind, nth=3, **detail)
    assert run.go() is None
    found = run.check()["quarantined"]
    assert found >= 1 if kind in ("late", "slow") else found == 1  # others may be late as well


@pytest.mark.parametrize("kind", ["rollback", "error"])
def test_what_is_rolled_back_is_sent_again(run: Run, kind: str) -> None:
    run.site.fault(kind, every=3, times=4)
    assert run.go() is None
    assert set(run.check()) == {"stored"}


@pytest.mark.parametrize("kind", ["rollback", "empty_500"])
def test_without_transactions_a_fault_is_ambiguous(run: Run, kind: str) -> None:
    run.rolls_back = False
    run.site.settings.transactions = False
    run.site.fault(kind, nth=2)
    assert run.go() is None
    assert run.check()["quarantined"] == 1


POISON = {"l55": hit(55, e_c="x" * 5000, e_a="a"), "l56": hit(56, cdt="9" * 20)}


def test_the_one_hit_that_poisons_its_batch_stands_alone(site: MatomoSite, tmp_path: Path) -> None:
    run = Run(site, tmp_path / "ledger.sqlite3", **POISON)
    assert run.go() is None
    states = run.check()
    assert states["poisoned"] == 2
    assert len(site.store.hits) == LINES * 9 // 10 - 2


def test_a_batch_that_is_too_large_for_the_web_server_goes_in_halves(run: Run) -> None:
    run.site.settings.max_body = 4_000
    assert run.go() is None
    assert set(run.check()) == {"stored"}


def test_a_batch_over_the_time_limit_goes_in_halves(run: Run) -> None:
    run.site.settings.time_limit_hits = 20
    assert run.go() is None
    assert set(run.check()) == {"stored"}


def test_invalid_hits_are_named_by_line(run: Run) -> None:
    run.odd = {"l33": hit(33, idsite=99)}
    assert run.go() is None
    run.check_invalid = True  # type: ignore[attr-defined]
    ledger = WeblogLedger(run.path)
    refused = ledger.database.all("SELECT refused AS taken, invalid FROM shares WHERE invalid > 0")
    ledger.close()
    assert [row[1] for row in refused] == [1]


@pytest.mark.parametrize(
    ("token", "given"),
    [("wrong" * 6, None), ("view" * 8, MatomoToken(rights={1: "view"})),
     ("safe" * 8, MatomoToken(super_user=True, secure_only=True))],
)  # fmt: skip
def test_a_token_that_may_not_stops_the_import_at_the_probe(
    run: Run, token: str, given: MatomoToken | None
) -> None:
    if given:
        run.site.settings.tokens[token] = given
    run.token = token
    with pytest.raises(TrackingRefused, match="locks this machine's"):
        probe(run.terms)
    assert isinstance(run.go(), TrackingRefused)  # and at the first batch, should it pass that
    assert len([call for call in run.site.calls if call.target == "bulk"]) <= 4
    run.token = SUPER_USER
    assert run.go() is None
    assert set(run.check()) == {"stored"}


def test_maintenance_is_told_before_anything_is_sent(run: Run) -> None:
    run.site.settings.record_statistics = False
    with pytest.raises(TrackingRefused, match="maintenance"):
        probe(run.terms)


def test_a_redirect_stops_the_import_and_nothing_is_lost(run: Run) -> None:
    run.site.fault("redirect", nth=3, location="https://elsewhere.invalid/")
    error = run.go()
    assert isinstance(error, TrackingRefused)
    assert "another address" in str(error)
    run.check()
    run.site.heal()
    assert run.go() is None
    assert set(run.check()) == {"stored"}


def test_a_matomo_that_is_away_is_given_up_and_all_goes_in_later(run: Run) -> None:
    with run.site.refusing():
        error = run.go()
        assert isinstance(error, TrackingError)
        assert error.exit_code == 69
    assert run.go() is None
    assert set(run.check()) == {"stored"}


def test_one_doubt_after_another_ends_the_import(run: Run) -> None:
    run.site.fault("status", every=1, code=502, stored="all")
    assert isinstance(run.go(), TrackingError)
    states = run.check()
    assert 3 <= states["quarantined"] <= 5
    run.site.heal()
    assert run.go() is None
    run.check()


def test_an_import_that_waits_for_matomo_is_not_busy_meanwhile(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[None] = []
    step = Importer._step

    def counted(self: Importer, *, flush: bool) -> None:
        steps.append(None)
        step(self, flush=flush)

    monkeypatch.setattr(Importer, "_step", counted)
    with run.site.refusing():
        assert isinstance(run.go(), TrackingError)
    assert len(steps) < 500, "it looked again and again while every batch waited for its next try"
