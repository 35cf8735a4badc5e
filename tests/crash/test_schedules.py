"""Random schedules of entries, faults, cuts, keys and edits, against a model of the promises."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mtdata.alerts.incident import DAMAGE
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.integrity.verify import PoolVerification
from mtdata.study.model import package
from mtdata.study.model.package import BATCH_ENTRIES
from mtdata.study.model.receipt import Outcome
from tests.conftest import LONG
from tests.crash.power import POOL, Power, World
from tests.crash.promises import Promises, Sent, ToyCipher, WatchedSite, raw_of, sealed
from tests.fakes import compact, id_of
from tests.fakes_torn import TornOs
from tests.tally import tried

SCALES, STAYS, KEYS = ("QOL", "BBSIQ"), "TaskLog", ("old", "new")
MALFORMED = (b'{"id":%d,"text":oops}', b'[%d,"no object"]', b'{"id":-%d}', b'{"id":%d.5}')
NASTY = ("plain", 'a "b", c', "line\r\nend", "\u2028 \U0001f642", "=1+1", " ")
FAULTS = ("down", "refused", "package", "no deletes", "deletes fail", "absent lies", "size lies")
EDITS = ("a cell", "a line more", "cut short", "taken away")
pytestmark = pytest.mark.timeout(3600)
scales, keys = st.sampled_from(SCALES), st.sampled_from(KEYS)
changes = st.integers(1, 160)


class Schedule(RuleBasedStateMachine):
    """One pool and one site, from the first entry to the last check."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        power, torn = Power(), TornOs()
        torn.mkdir(POOL.parent)
        torn.root.sync()
        torn.step = power.step
        torn.stand_in(self._patch)
        self._patch.setattr(LedgerDatabase, "commit", power.committing())
        self.world = World(torn, power, ToyCipher(KEYS), Path(gettempdir()))
        self.site = self.world.site = WatchedSite(power)
        self.promises = Promises()
        self.deletes, self.torn_tail = True, False
        self.number, self.step = 500, 0
        for scale in SCALES:
            self.site.offer(scale)
        self.site.put(STAYS, [], deleteable=False)

    @initialize(
        holds_drift=st.booleans(), deletes=st.booleans(), keys=st.sets(keys),
        batch=st.sampled_from([BATCH_ENTRIES] * 3 + [2]),
    )  # fmt: skip
    def begin(
        self, holds_drift: bool, deletes: bool, keys: set[str], batch: int = BATCH_ENTRIES
    ) -> None:
        # Of small batches a scale has many, and deletes of the other go out between them.
        self._patch.setattr(package, "BATCH_ENTRIES", batch)
        self.world.holds_drift, self.deletes = holds_drift, deletes
        self.world.cipher = ToyCipher(keys)
        for key in (None, *KEYS):
            for scale in SCALES:
                self.an_entry(scale, late=False, times=1, extra={}, key=key)
        self.the_table_that_stays_changes(grows=True)
        self.a_round()

    # What comes on the site

    def _values(self, number: int, extra: dict[str, Any]) -> dict[str, Any]:
        self.step += 1  # no two entries alike, so that each is found by its bytes
        return {"id": number, "n": f"n{self.step}", **extra}

    @rule(
        scale=scales,
        late=st.booleans(),
        times=st.sampled_from([1, 1, 1, 2]),
        extra=st.dictionaries(st.sampled_from(["a", "b", "z"]), st.sampled_from(NASTY), max_size=2),
        key=st.sampled_from([None, None, *KEYS]),
    )
    def an_entry(
        self, scale: str, late: bool, times: int, extra: dict[str, Any], key: str | None
    ) -> None:
        tried("random schedules", "entry" + " late" * late + " twice" * (times > 1))
        self.number += 1
        values = self._values(1000 - self.number if late else self.number, extra)
        clear, text = dict(values), f"text {self.step}"
        if key:
            values["textRSA"], clear["textRSA"] = sealed(key, text), text
        self.site.put(scale, [self.promises.entry(scale, values, clear)] * times)

    @rule(scale=scales, pattern=st.sampled_from(MALFORMED))
    def a_malformed_entry(self, scale: str, pattern: bytes) -> None:
        tried("random schedules", "malformed entry")
        self.step += 1
        body = pattern % (100_000 + self.step)
        self.site.put(scale, [self.promises.remember(Sent(scale, None, body, None))])

    @rule(scale=scales, pick=st.integers(0, 99), beside=st.booleans())
    def changed_content_under_an_id(self, scale: str, pick: int, beside: bool) -> None:
        there = [row for row in self.site.rows(scale) if (scale, row) in self.promises.sent]
        sound = [row for row in there if self.promises.sent[scale, row].cells]
        if not sound:
            return
        tried("random schedules", "changed content")
        before = sound[pick % len(sound)]
        values = self._values(id_of(before) or 0, {"tag": None})
        after = self.promises.entry(scale, values, values)
        if beside:
            self.site.put(scale, [after])
        else:
            self.promises.let_go.add(before)
            self.site.change(scale, before, after)

    @rule(grows=st.booleans())
    def the_table_that_stays_changes(self, grows: bool) -> None:
        tried("random schedules", "snapshot")
        rows = self.site.rows(STAYS)
        self.number += 1
        self.site._rows[STAYS] = (rows if grows else rows[1:]) + [
            compact(self._values(self.number, {"log": NASTY[self.step % len(NASTY)]}))
        ]

    @rule(scale=scales, pick=st.integers(0, 99))
    def the_site_loses_an_entry(self, scale: str, pick: int) -> None:
        if ids := self.site.ids(scale):
            tried("random schedules", "site loses an entry")
            number = ids[pick % len(ids)]
            self.promises.let_go |= {r for r in self.site.rows(scale) if id_of(r) == number}
            self.site.take(scale, number)

    # What goes wrong

    @rule(fault=st.sampled_from(FAULTS), scale=scales)
    def the_site_fails(self, fault: str, scale: str) -> None:
        tried("random schedules", f"site: {fault}")
        site = self.site
        if fault == "down":
            site.go_down()
        elif fault == "refused":
            site.refuse_account()
        elif fault == "package":
            site.break_package(scale)
        elif fault == "no deletes":
            site.refuse_deletes()
        elif fault == "deletes fail":
            site.fail_deletes(3)
        elif fault == "absent lies":
            site.verdicts[scale] = Outcome.ABSENT, "the site says it has no such entry"
        else:
            site.sizes[scale] = 0

    @rule()
    def the_site_is_well_again(self) -> None:
        self.site.heal()

    # Rounds

    @rule()
    def a_round(self) -> None:
        tried("random schedules", "round")
        before = self._damage()
        report = self.world.round(delete_mode=self.deletes)
        assert report is not None
        self.torn_tail = False
        assert not (before and self.site.taken), "a delete went out while damage stood"
        assert not before or report.exit in (1, 74), report.as_json()
        is_known = report.exit == 74 and not report.faults and self._damage() == before
        self._check(sound=report.exit in (0, 1, 69) or is_known)

    def _damage(self) -> int:
        """How often damage was seen that nobody has closed."""
        with self.world.opened() as pool:
            return sum(i.seen for i in pool.ledger.incidents.open_incidents() if i.kind in DAMAGE)

    @rule(at=changes)
    def a_round_that_a_disk_ledger_or_site_refuses(self, at: int) -> None:
        tried("random schedules", "round with a refusal")
        self.world.round(refuse_at=at, delete_mode=self.deletes)
        self.torn_tail = False
        self._check(sound=False)

    @rule(at=changes, seed=st.one_of(st.none(), st.integers(0, 2**32)))
    def a_round_that_is_cut(self, at: int, seed: int | None) -> None:
        tried("random schedules", "round killed" if seed is None else "round without power")
        self.world.round(cut_at=at, delete_mode=self.deletes)
        self._cut(seed)

    @rule(at=st.one_of(st.just(0), changes), seed=st.one_of(st.none(), st.integers(0, 2**32)))
    def a_scrub(self, at: int, seed: int | None) -> None:
        tried("random schedules", "scrub" + " cut" * bool(at))
        with self.world.cut_or_refused(at), self.world.opened() as pool:
            PoolVerification(pool).play()
        if at and len(self.world.changes) >= at:
            self._cut(seed)

    def _cut(self, seed: int | None) -> None:
        self.torn_tail = True
        if seed is not None:
            self.world.lose_power(Random(seed))
        self._check(sound=False)

    def _check(self, *, sound: bool) -> None:
        files = self.world.files()
        wrong = list(self.promises.broken(files, self.site.taken))
        assert self.deletes or not self.site.taken, "deletes went out though DELETE_MODE is False"
        if sound:
            wrong += self.promises.unsound(files)
        self.site.taken = []
        assert not wrong, "\n".join(wrong)

    # What people do

    @rule(held=st.sets(keys))
    def other_keys(self, held: set[str]) -> None:
        tried("random schedules", "other keys")
        self.world.cipher = ToyCipher(held)

    @rule(deletes=st.booleans())
    def delete_mode(self, deletes: bool) -> None:
        self.deletes = deletes

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.world.let_days_pass(days)

    @rule(pick=st.integers(0, 99), how=st.sampled_from(EDITS))
    def a_person_edits_a_sheet(self, pick: int, how: str) -> None:
        files, known = self.world.files(), self.promises.edited
        sheets = [p for p in sorted(files) if p.endswith(".csv") and (p in known or files[p])]
        # A tail that a broken round may have left is taken for one (docs/DECISIONS.md).
        if not sheets or (self.torn_tail and how != "a cell"):
            return
        path = sheets[pick % len(sheets)]
        before = files[path]
        after = {
            "a cell": b"N".join(before.rsplit(b"n", 1)),
            "a line more": before + b"a note of mine\r\n",
            "cut short": before[: len(before) // 2],
            "taken away": None,
        }[how]
        tried("random schedules", f"edit of a sheet: {how}")
        known[path] = after
        self.world.edit(path, after)

    @precondition(lambda self: not self.torn_tail)
    @rule(scale=scales, pick=st.one_of(st.none(), st.integers(0, 99)))
    def held_entries_are_let_through(self, scale: str, pick: int | None) -> None:
        with self.world.opened() as pool:
            held = sorted({number for _, number, *_ in pool.ledger.entries.held(scale)})
            number = None if pick is None or not held else held[pick % len(held)]
            pool.ledger.entries.release(scale, number)
        tried("random schedules", "release")
        raw = raw_of(self.world.files(), scale)
        self.promises.let_through |= {
            sent.body
            for sent in self.promises.sent.values()
            if sent.scale == scale and sent.body in raw and number in (None, sent.id)
        }

    @rule()
    def incidents_are_closed(self) -> None:
        tried("random schedules", "incidents closed by hand")
        with self.world.opened() as pool:
            for incident in pool.ledger.incidents.open_incidents():
                pool.ledger.incidents.close_by_hand(incident.number, self.world.now())

    # The end

    def teardown(self) -> None:
        try:
            self._all_is_well_again()
        finally:
            self._patch.undo()

    def _all_is_well_again(self) -> None:
        self.site.heal()
        self.world.holds_drift, self.deletes = False, True
        self.world.cipher = ToyCipher(KEYS)
        for _ in range(3):  # a delete is asked, found gone, and what it hid is collected
            self.a_round()
            with self.world.opened() as pool:
                PoolVerification(pool).play()
            for scale in SCALES:
                self.held_entries_are_let_through(scale, None)
            self.incidents_are_closed()
        self.a_round()
        self.a_round()
        assert not list(self.world.judged())
        files = self.world.files()
        wrong = [*self.promises.unsound(files), *self.promises.unkept(files, self.site)]
        assert not wrong, "\n".join(wrong)
        raw = raw_of(files, STAYS)
        assert all(row in raw for row in self.site.rows(STAYS))


TestSchedule = Schedule.TestCase
TestSchedule.settings = settings(
    settings(),
    max_examples=1500 if LONG else 100,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("how", ["a cell", "a line more"])
def test_a_row_of_a_sheet_that_somebody_changed_is_made_again_wherever_verify_is_killed(
    how: str,
) -> None:
    for at in range(5, 12):
        state = Schedule()
        state.begin(holds_drift=False, deletes=False, keys=set())
        state.a_person_edits_a_sheet(how=how, pick=0)
        state.a_scrub(at=at, seed=None)
        state.teardown()


def test_a_held_entry_whose_file_changed_is_taken_again_wherever_verify_is_killed() -> None:
    for at in range(3, 12):
        state = Schedule()
        state.begin(holds_drift=False, deletes=False, keys=set())
        state.a_malformed_entry(scale="QOL", pattern=MALFORMED[0])
        state.a_round()
        [held] = [path for path in state.world.files() if path.startswith("held/")]
        state.world.edit(held, b"something else")
        state.a_scrub(at=at, seed=None)
        state.teardown()
