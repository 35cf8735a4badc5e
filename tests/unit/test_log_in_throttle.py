"""How fast passwords may be tried: shut for who fails often from one address, slow for a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mtdata.web.access.throttle import (
    LONGEST_WAIT,
    OF_GUESTS,
    OF_INSTANCE,
    OF_NAME,
    WINDOW,
    Count,
    folded_name,
    login_turn,
)

NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)
NOBODY = Count()


def failed(times: int, ago_s: float = 1, **more: datetime) -> Count:
    return Count(times, NOW - timedelta(seconds=ago_s), **more)


def test_a_name_is_shut_out_from_the_one_address_where_it_failed() -> None:
    refused = login_turn(NOW, failed(5), failed(5), failed(5), LONGEST_WAIT)
    assert (refused.refused, refused.at) == (True, NOW + WINDOW - timedelta(seconds=1))
    assert not login_turn(NOW, failed(4), failed(4), failed(4), LONGEST_WAIT).refused
    assert not login_turn(NOW, failed(5, ago_s=900), NOBODY, NOBODY, LONGEST_WAIT).refused


def test_an_address_that_failed_with_many_names_is_shut_out() -> None:
    assert login_turn(NOW, NOBODY, failed(50), NOBODY, LONGEST_WAIT).refused
    assert not login_turn(NOW, NOBODY, failed(49), NOBODY, LONGEST_WAIT).refused


def test_a_name_that_fails_from_everywhere_is_slow_and_never_shut() -> None:
    at, next_at, waits = NOW, None, []
    for failures in range(20):
        found = login_turn(at, NOBODY, NOBODY, Count(failures, at, next_at), LONGEST_WAIT)
        assert not found.refused
        waits.append((found.at - at).total_seconds())
        at, next_at = found.at, found.next[1]
    assert waits == [0] * 6 + [0.25, 0.5, 1, 2, 4, *[8] * 9]
    assert OF_NAME.pause(10**9) == OF_NAME.longest


def test_many_at_once_wait_one_behind_the_other_and_not_for_ever() -> None:
    waiting = Count(12, NOW, NOW + timedelta(seconds=10))
    assert login_turn(NOW, NOBODY, NOBODY, waiting, LONGEST_WAIT).at == NOW + timedelta(seconds=10)
    later = waiting._replace(next_at=NOW + timedelta(seconds=11))
    assert login_turn(NOW, NOBODY, NOBODY, later, LONGEST_WAIT).refused
    assert login_turn(NOW, NOBODY, NOBODY, waiting, timedelta()).refused, (
        "nobody waits without a seat"
    )


def test_a_stranger_slows_nobody_down_who_has_logged_in_from_there() -> None:
    name = Count(1000, NOW, NOW + timedelta(seconds=8))
    found = login_turn(NOW, Count(known_at=NOW), failed(50), name, LONGEST_WAIT)
    assert (found.at, found.refused, found.next) == (NOW, False, (None, None, None))
    assert login_turn(NOW, failed(5, known_at=NOW), NOBODY, name, LONGEST_WAIT).refused


def test_addresses_and_instances_of_guests_have_a_budget_and_then_growing_pauses() -> None:
    for place, budget in ((NOBODY, OF_GUESTS), (None, OF_INSTANCE)):
        waits, at, next_at = [], NOW, None
        for failures in range(budget.free + 12):
            here = Count(failures, at, next_at)
            found = login_turn(at, NOBODY, here if place else NOBODY, NOBODY, WINDOW, place or here)
            waits.append((found.at - at).total_seconds())
            at, next_at = found.at, found.next[0 if place else 2]
        first, longest = budget.first.total_seconds(), budget.longest.total_seconds()
        assert waits[: budget.free + 1] == [0] * (budget.free + 1)
        assert waits[budget.free + 1 : budget.free + 4] == [first, 2 * first, 4 * first]
        assert waits[-1] == longest
    # where no instance is asked, an address is as free as before
    assert login_turn(NOW, NOBODY, failed(49), NOBODY, timedelta()).at == NOW


def test_who_has_logged_in_from_there_waits_for_no_stranger_at_the_instance() -> None:
    busy = Count(1000, NOW, NOW + timedelta(minutes=1))
    found = login_turn(NOW, Count(known_at=NOW), busy, busy, timedelta(), busy)
    assert (found.at, found.refused) == (NOW, False)
    assert login_turn(NOW, NOBODY, NOBODY, NOBODY, LONGEST_WAIT, busy).refused


@pytest.mark.parametrize(
    "typed",
    ["viewer", "VIEWER", "ｖｉｅｗｅｒ", "viéwer", " viewer ", "view\u200ber", "vie\u0301wer"],  # noqa: RUF001
)
def test_all_forms_of_a_name_are_one(typed: str) -> None:
    assert folded_name(typed) == "viewer"


def test_names_that_differ_are_counted_apart() -> None:
    assert len({folded_name(name) for name in ("viewer", "viewer2", "v", "straße", "str")}) == 5
    assert folded_name("straße") == folded_name("STRASSE")
    assert len(folded_name("x" * 10**6)) == 255
