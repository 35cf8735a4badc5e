"""Deletes over as many connections as a site bears, against servers that bear only so much."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import closing
from threading import Lock

import pytest

from mtdata.core.errors import Stopped
from mtdata.core.stop import StopToken
from mtdata.study.collectors.delete_width import FEW, PATIENCE_S
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.model.receipt import Outcome
from tests.adapters.test_collectors import CountedWaits
from tests.adapters.test_mindtrails import access, opened
from tests.adapters.test_pipelined_deletes import USUAL, Speech, serving, usual

COUNT, MOST = 400, 32


def too_busy(status: int = 429, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} \r\n{more}Content-Length: 0\r\n\r\n".encode()


def busy_at(numbers: Iterable[int], said: bytes) -> Speech:
    def speech(there: socket.socket, number: int) -> None:
        there.sendall(said if number in numbers else USUAL)

    return speech


def asked_for(url: str, pauses: list[float], most: int = MOST) -> list[tuple[Outcome, str]]:
    """Log in, ask for so many deletes in two calls, and see that each id has one answer."""
    with opened(url, pauses, delete_connections=most) as site:
        site.listing()
        answers = [*site.delete("QOL", range(1)), *site.delete("BBSIQ", range(1, COUNT))]
    assert sorted(answer.id for answer in answers) == list(range(COUNT))
    return [(answer.outcome, answer.reason) for answer in answers]


def test_more_connections_are_made_while_answers_come_as_before_and_never_beyond_the_bound() -> (
    None
):
    with serving(usual) as (server, url):
        assert {outcome for outcome, _ in asked_for(url, [])} == {Outcome.DONE}
        assert FEW < server.connections <= MOST
        assert len(server.asked) == COUNT


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_site_was_too_busy_for_is_asked_for_again_after_the_wait_it_wants(
    status: int,
) -> None:
    pauses: list[float] = []
    with serving(busy_at({50, 120, 200}, too_busy(status, "Retry-After: 7\r\n"))) as (server, url):
        assert {outcome for outcome, _ in asked_for(url, pauses)} == {Outcome.DONE}
    assert pauses == [7.0] * 3
    assert len(server.asked) == COUNT + 3


def test_a_stop_ends_the_wait_and_nothing_more_is_asked() -> None:
    stopping = CountedWaits()
    with serving(busy_at({50}, too_busy(503, "Retry-After: 7\r\n"))) as (server, url):
        site = MindTrailsSite(access(url), StopToken(stopping).pause)
        with closing(site), pytest.raises(Stopped):
            list(site.delete("QOL", range(COUNT)))
    assert stopping.waits == [7.0]
    assert len(server.asked) < 50 + 2 * FEW


def test_a_site_that_says_no_time_is_left_alone_for_a_moment() -> None:
    pauses: list[float] = []
    with serving(busy_at({50}, too_busy())) as (_, url):
        assert {outcome for outcome, _ in asked_for(url, pauses)} == {Outcome.DONE}
    assert len(pauses) == 1
    assert 0 < pauses[0] <= 1


def test_a_site_that_wants_too_long_a_wait_is_left_to_the_next_round() -> None:
    pauses: list[float] = []
    with serving(busy_at(range(50, 9999), too_busy(503, "Retry-After: 3600\r\n"))) as (server, url):
        found = asked_for(url, pauses)
    assert pauses == []
    assert sum(outcome is Outcome.FAILED for outcome, _ in found) >= COUNT - 50 - 2 * MOST
    assert (Outcome.FAILED, "the site answered 503") in found
    assert len(server.asked) < 50 + 2 * MOST


def test_a_site_that_stays_too_busy_is_waited_for_in_bounds_and_then_left_in_peace() -> None:
    pauses: list[float] = []
    with serving(busy_at(range(50, 9999), too_busy())) as (server, url):
        found = asked_for(url, pauses)
    assert len(pauses) == 1, "nothing was done after the wait, so it is not waited for once more"
    assert (Outcome.FAILED, "not asked: 5 failures in a row") in found
    assert len(server.asked) < 50 + 2 * MOST


def test_a_site_that_takes_a_little_at_a_time_gets_it_until_the_patience_of_the_round_ends() -> (
    None
):
    pauses: list[float] = []
    few = busy_at({n for n in range(9999) if n % 8 > 3}, too_busy(429, "Retry-After: 5\r\n"))
    with serving(few) as (_, url):
        found = asked_for(url, pauses)
    assert sum(pauses) == PATIENCE_S
    assert {outcome for outcome, _ in found} <= {Outcome.DONE, Outcome.FAILED}


def test_a_first_delete_that_a_busy_site_refuses_is_not_asked_for_again() -> None:
    pauses: list[float] = []
    with (
        serving(busy_at(range(9999), too_busy())) as (server, url),
        opened(url, pauses, delete_connections=MOST) as site,
    ):
        site.listing()
        [answer] = site.delete("QOL", [1])
    assert (answer.outcome, pauses, len(server.asked)) == (Outcome.FAILED, [], 1)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_site_that_takes_only_so_many_connections_is_asked_over_those(is_told: bool) -> None:
    open_now, lock = set[int](), Lock()

    def at_most_ten(there: socket.socket, number: int) -> None:
        with lock:
            takes = there.fileno() in open_now or len(open_now) < 10
            if takes:
                open_now.add(there.fileno())
        if takes:
            there.sendall(USUAL)
        elif is_told:
            there.sendall(too_busy(503))
        else:
            there.shutdown(socket.SHUT_RDWR)

    with serving(at_most_ten) as (server, url):
        assert {outcome for outcome, _ in asked_for(url, [])} == {Outcome.DONE}
    assert sorted(set(server.ids())) == list(range(COUNT))
