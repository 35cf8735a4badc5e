"""What each answer that a Matomo was seen to give proves, and what it does not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.weblogs.matomo.verdict import Fate, verdict_of


def counted(status: str, tracked: object, invalid: object, **more: object) -> bytes:
    return json.dumps({"status": status, "tracked": tracked, "invalid": invalid, **more}).encode()


GOOD = counted("success", 3, 0)
ROLLED_BACK = counted("error", 1, 0, invalid_indices=[])


@pytest.mark.parametrize(
    ("status", "body", "fate"),
    [
        (200, GOOD, Fate.STORED),
        (200, counted("success", 2, 1, invalid_indices=[1]), Fate.STORED),
        (200, counted("success", 0, 3), Fate.STORED),
        (200, counted("success", 2, 0), Fate.AMBIGUOUS),
        (200, counted("success", 0, 0), Fate.AMBIGUOUS),
        (200, counted("success", 3, 1), Fate.AMBIGUOUS),
        (200, counted("error", 3, 0), Fate.AMBIGUOUS),
        (200, counted("success", "3", 0), Fate.AMBIGUOUS),
        (200, counted("success", True, 2), Fate.AMBIGUOUS),
        (200, counted("success", 4, -1), Fate.AMBIGUOUS),
        (200, counted("success", 3.0, 0), Fate.AMBIGUOUS),
        (200, b"Error:SQLSTATE[HY000]: 2006 MySQL server has gone away", Fate.AMBIGUOUS),
        (200, b"<br />\nWarning: something\n" + GOOD, Fate.AMBIGUOUS),
        (200, b"", Fate.AMBIGUOUS),
        (200, b"[" * 100_000, Fate.AMBIGUOUS),
        (200, b"[]", Fate.AMBIGUOUS),
        (204, b"", Fate.AMBIGUOUS),
        (301, b"", Fate.REFUSED),
        (308, GOOD, Fate.REFUSED),
        (400, b"<html>This resource is part of Matomo", Fate.REFUSED),
        (400, counted("error", 0, 0), Fate.SMALLER),
        (401, b"", Fate.REFUSED),
        (404, b"", Fate.REFUSED),
        (413, b"<html>", Fate.SMALLER),
        (429, b"", Fate.AMBIGUOUS),
        (500, ROLLED_BACK, Fate.NOTHING),
        (500, b"", Fate.SMALLER),
        (500, b"<html>", Fate.AMBIGUOUS),
        (500, GOOD, Fate.AMBIGUOUS),
        (502, b"", Fate.AMBIGUOUS),
        (503, b"", Fate.AMBIGUOUS),
        (504, b"", Fate.AMBIGUOUS),
    ],
)
def test_an_answer_proves_no_more_than_was_measured(status: int, body: bytes, fate: Fate) -> None:
    assert verdict_of(status, body, 3, rolls_back=True).fate is fate


@pytest.mark.parametrize("body", [ROLLED_BACK, b"", b"<html>"])
def test_without_transactions_a_fault_proves_nothing(body: bytes) -> None:
    assert verdict_of(500, body, 3, rolls_back=False).fate is Fate.AMBIGUOUS


@pytest.mark.parametrize("indices", [[0], [0, 1, 2], [3, 4], [1, 1], "12", [-1, 0], [0, 9]])
def test_indices_that_do_not_fit_name_no_hit(indices: object) -> None:
    found = verdict_of(200, counted("success", 1, 2, invalid_indices=indices), 3, rolls_back=True)
    assert found.indices == ()


def test_indices_of_a_super_user_name_the_hits() -> None:
    body = counted("success", 1, 2, invalid_indices=[2, 0])
    assert verdict_of(200, body, 3, rolls_back=True).indices == (0, 2)


@given(st.integers(100, 599), st.binary() | st.just(GOOD), st.integers(1, 9), st.booleans())
def test_nothing_that_comes_back_is_stored_unless_its_sums_match(
    status: int, body: bytes, sent: int, rolls_back: bool
) -> None:
    found = verdict_of(status, body, sent, rolls_back=rolls_back)
    if found.fate is Fate.STORED:
        assert (status, found.tracked + found.invalid) == (200, sent)
    if found.fate in (Fate.NOTHING, Fate.SMALLER):
        assert status in (400, 413, 500)
