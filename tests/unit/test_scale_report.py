"""What receipts say together: noted as they pass, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import Any, cast

import pytest

from mtdata.alerts.incident_kinds import KINDS
from mtdata.study.model.receipt import (
    Backup,
    DeleteAnswer,
    Deleted,
    HeldBack,
    Kept,
    Outcome,
    Placed,
    Rows,
    Sheet,
    Span,
    StepNotice,
    StepNoticeKind,
    Verified,
)
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import SEALED
from mtdata.study.pool import ScaleRun
from mtdata.study.scale_report import ScaleReport

SCALE = Scale("QOL", 1, True)
KEPT = Kept(1, 1, b"", Span(1, 0, 1), {})
DRIFT = StepNotice(StepNoticeKind.DRIFT, "new: a; missing: none")
BACKUP = Backup(SCALE, (KEPT,), received=5, fresh=2, held=1)
ROWS = Rows(BACKUP, (), (HeldBack(KEPT, SEALED, "no key"),), Counter({"key": 3}), 4, (DRIFT,))
SHEET = Sheet(ROWS, 1, ("id",), (Placed(KEPT, b"", Span(1, 0, 1)),))


def fresh_report() -> ScaleReport:
    return ScaleReport(ScaleRun(SCALE, cast(Any, None), cast(Any, None)))


def test_each_receipt_is_noted_when_it_passes_though_the_chain_breaks_behind_it() -> None:
    def broken() -> Iterator[Backup]:
        yield BACKUP
        raise OSError

    report = fresh_report()
    passed = report.noting(broken())
    assert next(passed) is BACKUP
    with pytest.raises(OSError):  # noqa: PT011
        next(passed)
    assert (report.received, report.fresh, report.newly_held) == (5, 2, 1)


def test_rows_tell_what_is_held_and_which_keys_opened() -> None:
    report = fresh_report()
    report.take(ROWS)
    assert (report.newly_held, report.opened, report.unopened) == (1, Counter({"key": 3}), 4)
    assert report.notices == {"drift": DRIFT.detail}
    report.clear()
    assert (report.newly_held, report.opened, report.unopened) == (0, Counter(), 0)
    assert report.notices == {}


@pytest.mark.parametrize(("is_new", "appended"), [(True, 1), (False, 0)])
def test_only_lines_that_are_new_count_as_appended(is_new: bool, appended: int) -> None:
    report = fresh_report()
    sheet = Sheet(ROWS, 1, ("id",), SHEET.lines, is_new=is_new)
    report.take(sheet)
    assert report.appended == 0
    report.take(Verified(sheet, frozenset()))
    assert report.appended == appended


def test_deletes_that_were_not_done_are_told_with_the_first_reason() -> None:
    report = fresh_report()
    answers = [(1, Outcome.DONE, ""), (2, Outcome.FAILED, "500"), (3, Outcome.REFUSED, "403")]
    told = Deleted(Verified(SHEET, frozenset()), tuple(DeleteAnswer(*one) for one in answers))
    report.take(told)
    assert report.notices == {"delete_failed": "2 deletes were not done: 500"}
    report.take(Deleted(told.verified, told.answers[:1]))
    assert len(report.notices) == 1


def test_a_run_is_frozen_and_every_notice_is_a_kind_of_incident() -> None:
    run = fresh_report().run
    with pytest.raises(FrozenInstanceError):
        run.at = run.at  # type: ignore[misc]
    assert {kind.value for kind in StepNoticeKind} <= set(KINDS)
