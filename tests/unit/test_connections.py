"""Which connection of the web page has had its time, which gives way, and who asks by it."""

from __future__ import annotations

import pytest

from mtdata.web.connection_limits import Limits, State, giving_way, is_over
from mtdata.web.forwarded import address_of, client_of, share_of

LIMITS = Limits(of_one_address=3, of_all=6)


@pytest.mark.parametrize(
    ("waits_for", "after_s", "expected"),
    [
        ("request", 14, False),
        ("request", 16, True),
        ("nothing", 29, False),
        ("nothing", 31, True),
        ("reader", 80, False),
        ("reader", 301, True),
        ("us", 3600, False),
    ],
)
def test_each_has_its_own_time(waits_for: str, after_s: float, expected: bool) -> None:
    assert is_over(State("a", 100.0, waits_for), 100.0 + after_s, Limits()) is expected


def test_the_oldest_of_an_address_gives_way_to_its_newest() -> None:
    states = [State("a", float(at), "request") for at in (5, 3, 4, 6)]
    others = [State("b", 1.0, "request")]
    assert giving_way(states + others, "a", 7.0, LIMITS) == 1
    assert giving_way(states + others, "b", 7.0, LIMITS) is None
    assert giving_way(states[:3], "a", 7.0, LIMITS) is None


def test_who_has_most_gives_way_when_there_is_no_room_for_anybody() -> None:
    many = [State("a", float(at), "nothing") for at in range(3)]
    few = [State(name, 0.0, "request") for name in "bcde"]
    assert giving_way(few + many, "e", 7.0, LIMITS) == 4


def test_where_few_files_may_be_open_fewer_connections_wait() -> None:
    assert Limits().within(800) == Limits()
    assert Limits().within(100)[-2:] == (50, 50)


def test_what_is_answered_and_who_reads_never_gives_way() -> None:
    busy = [State("a", 1.0, "us")] * 5 + [State("a", 100.0, "reader")] * 5
    assert giving_way(busy, "a", 101.0, LIMITS) is None
    assert giving_way([*busy, State("a", 100.5, "request")], "a", 101.0, LIMITS) is None


def test_a_reader_that_stands_still_gives_way_last() -> None:
    states = [State("a", 1.0, "reader")] * 3 + [State("a", 99.0, "nothing")]
    assert giving_way(states, "a", 100.0, LIMITS) == 3
    assert giving_way([*states[:3], State("a", 2.0, "reader")], "a", 100.0, LIMITS) == 0


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        *((word, None) for word in ("unknown", "_hidden", "", ":80", "[", '"', "a.example")),
    ],
)
def test_an_address_is_known_in_all_its_forms(word: str, expected: str | None) -> None:
    assert address_of(word) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("192.0.2.1, unknown", "127.0.0.1"),
        ("192.0.2.1, 192.0.2.2", "192.0.2.2"),
        ('"', "127.0.0.1"),
        (",", "127.0.0.1"),
    ],
)
def test_who_is_no_address_is_the_peer(told: str, expected: str) -> None:
    assert client_of("127.0.0.1", told) == expected


def test_a_network_of_ipv6_is_one_share() -> None:
    assert share_of("2001:db8::1") == share_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert share_of("2001:db8:0:1::1") != share_of("2001:db8::1")
    assert share_of("192.0.2.1") == "192.0.2.1"
