"""Strangers who try log-ins at CAKE: how many reach an instance, what they learn, who is first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from mtdata.cake import account
from mtdata.web.access import relay
from tests.web.office import WORD, WRONG, Office
from tests.web.site import Visitor, begun, ended

_MARK = re.compile(r'value="[^"]*"')
GUEST, HOME = "kim@example.com", "198.51.100.7"


def known(office: Office) -> None:
    office.know(GUEST)
    assert office.come(GUEST, address=HOME)[1].status_code == 302


def test_of_one_address_few_guesses_reach_the_instance_and_a_known_guest_comes_first(
    office: Office,
) -> None:
    known(office)
    before = office.asked()

    def guess(number: int) -> int:
        where = f"2001:db8::{number:x}"  # one network
        return office.come(f"n{number}@example.com", address=where)[1].status_code

    with ThreadPoolExecutor(6) as crew:
        guesses = [crew.submit(guess, number) for number in range(60)]
        codes = [office.come(GUEST, address=HOME)[1].status_code for _ in range(6)]
        found = [one.result() for one in guesses]
    assert codes == [302] * 6
    assert set(found) <= {200, 429}
    assert office.asked() - before - 6 == found.count(200) < 20, "ten, and then with growing pauses"


def test_many_addresses_that_spray_over_names_are_slowed_down_and_a_known_guest_is_not(
    office: Office,
) -> None:
    known(office)
    before, found = office.asked(), []
    for number in range(28):
        where = f"192.0.2.{number}"
        found.append(office.come(f"s{number}@example.com", address=where)[1])
    late = [one for one in found if one.status_code == 429]
    assert office.asked() - before == len(found) - len(late) < 28
    assert all(int(one.headers["Retry-After"]) >= 1 for one in late), "and holds no thread"
    assert office.come(GUEST, address=HOME)[1].status_code == 302
    # what is sprayed over one instance holds up nobody at another
    office.know("lea@example.com", "second")
    assert office.come("lea@example.com", "second", address="192.0.2.99")[1].status_code == 302


def test_a_stranger_learns_nothing_of_which_instances_are_configured_and_how_they_are(
    office: Office,
) -> None:
    office.instances["second"].fault("html", operation="GetAPIKey", times=50)
    places = {
        "refuses": office.instances["first"].domain,
        "away": office.instances["second"].domain,
        "unknown": "elsewhere.example.com",
    }
    told = {}
    for number, (how, domain) in enumerate(places.items()):
        answers = [
            office.come("mo@example.com", address=f"203.0.113.{number}", admin_domain=domain)[1]
            for _ in range(6)
        ]
        told[how] = [
            (one.status_code, _MARK.sub("", re.sub(r"in \d+ s|\d+\s+min", "", one.text)))
            for one in answers
        ]
    assert told["refuses"] == told["away"] == told["unknown"]
    assert [code for code, _ in told["away"]] == [200] * 4 + [429] * 2


def test_failures_are_counted_by_every_process_of_the_page(office: Office) -> None:
    server, url = begun(office.config)
    try:
        other = Visitor(url)
        given = {"admin_domain": "elsewhere.example.com", "email": "ned@example.com"}
        other.headers["X-Forwarded-For"] = "203.0.113.50"
        codes = [
            office.come(given["email"], address="203.0.113.50", admin_domain=given["admin_domain"])[
                1
            ].status_code
            for _ in range(4)
        ]
        # it ends even late: the fifth is shut out by what the other process has counted
        answer = other.submit("/login/cake/", "/login/", **given, password=WRONG)
    finally:
        ended(server)
    assert codes == [200] * 4
    assert answer.status_code == 429


def test_a_no_is_told_at_the_same_time_whoever_was_asked() -> None:
    moments = []
    for takes_s in (0.0, 0.4, account.LOG_IN_S + account.TURN_S):
        clock = [100.0]

        def asked(takes_s: float = takes_s, clock: list[float] = clock) -> None:
            clock[0] += takes_s

        def waited(seconds: float, clock: list[float] = clock) -> None:
            clock[0] += seconds

        assert relay.in_even_time(asked, lambda clock=clock: clock[0], waited) is None  # type: ignore[misc]
        moments.append(round(clock[0], 6))
    assert moments == [100.0 + relay.EVEN_S] * 3
    waits: list[float] = []
    assert relay.in_even_time(lambda: WORD, lambda: 0.0, waits.append) == WORD
    assert waits == [], "who is let in is let in at once"


def test_strangers_take_no_seat_of_who_is_known() -> None:
    with relay.seat(known=False) as first, relay.seat(known=False) as second:
        assert (first, second) == (True, True)
        with relay.seat(known=False) as third, relay.seat(known=True) as known_too:
            assert (third, known_too) == (False, True)
    with relay.seat(known=False) as again:
        assert again
