"""Answers that break HTTP: each ends as a clear error of its scale or site, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from mtdata.demo.study.site import StudySite
from tests.hostile.crooked import CrookedSite, Told
from tests.hostile.wires import GOOD, LISTING, LISTING_NAME, QUICK, ROWS, SCALE, SITE, SLOW, WELL
from tests.system.home import STUDY, Home, row
from tests.tally import tried

REACHES = {("site_unreachable", ""), ("site_refused", ""), ("site_moved", "")}


@pytest.fixture
def crooked(home: Home, site: StudySite) -> Iterator[CrookedSite]:
    """A crooked server in front of the study's site."""
    with CrookedSite(site) as server:
        home.configure(
            SERVER=server.url, DELETE_MODE=True, TIMEOUT=1, MAX_RESPONSE_MB=1, DELETE_CONNECTIONS=2
        )
        yield server


def sound(home: Home) -> None:
    """Nothing was said that should not be, nothing is open, and the pool can be rebuilt."""
    assert home.troubles() == set()
    assert home.is_clean()
    assert "Traceback" not in "".join(home.noises)
    assert '"answer"' not in "".join(home.noises)


@pytest.mark.parametrize("table", QUICK)
def test_a_crooked_package_ends_its_scale_alone(
    home: Home, site: StudySite, crooked: CrookedSite, table: str
) -> None:
    lines = [(name, *line) for name, line in QUICK[table].items() if line[0] != SITE]
    for place, (_, _, told) in enumerate(lines):
        site.put(f"S{place}", ROWS)
        crooked.told["GET", f"S{place}"] = told
    site.put("Good", [row(7)])
    broken = {f"S{place}": name for place, (name, end, _) in enumerate(lines) if end == SCALE}
    done = home.export(code=69 if broken else 0)
    assert home.troubles() == {("package_broken", scale) for scale in broken}, broken
    for place, (name, end, _) in enumerate(lines):
        expected = (2, 2) if end == WELL else (0, 0)
        shown = done[f"S{place}"]
        assert (shown["appended"], shown["deleted"]) == expected, name
    assert ("Good", 7) in site.deletes
    crooked.told.clear()
    home.export()
    assert all(home.ids(f"S{place}") == ["1", "2"] for place in range(len(lines)))
    assert all(not site.ids(scale) for scale in [*broken, "Good"])
    sound(home)
    tried("hostile inputs", "answers to a GET of a package", len(lines))


@pytest.mark.parametrize("table", [name for name, lines in QUICK.items() if name != "bodies"])
def test_what_the_whole_site_answers_with_ends_the_site(
    home: Home, site: StudySite, crooked: CrookedSite, table: str
) -> None:
    site.put("QOL", ROWS)
    lines = {name: told for name, (end, told) in QUICK[table].items() if end == SITE}
    for name, told in lines.items():
        crooked.told["GET", "QOL"] = told
        home.export(code=69)
        assert home.troubles() <= REACHES, name
        assert home.troubles(), name
        assert site.deletes == [], name
    crooked.told.clear()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    assert site.ids("QOL") == []
    sound(home)
    tried("hostile inputs", "answers to a GET of a package", len(lines))


def as_listing(told: Told) -> Told:
    """The same answer with a listing instead of rows, where they stand in the clear."""
    return lambda: (piece.replace(GOOD, LISTING) for piece in told())


@pytest.mark.parametrize("table", QUICK)
def test_a_crooked_listing_ends_in_an_error_and_nothing_is_deleted(
    home: Home, site: StudySite, crooked: CrookedSite, table: str
) -> None:
    site.put(LISTING_NAME, [row(7)])
    for name, (_, told) in QUICK[table].items():
        crooked.told["GET", ""] = as_listing(told)
        ended = home.run("export", STUDY)
        assert ended.code in (0, 65, 69), (name, ended)
        known = {("name_refused", ""), *REACHES}
        assert (home.troubles() & known != set()) == (ended.code != 0), name
    crooked.told.clear()
    home.export()
    assert home.ids(LISTING_NAME) == ["7"]
    sound(home)
    tried("hostile inputs", "answers to a GET of the listing", len(QUICK[table]))


@pytest.mark.parametrize("table", QUICK)
def test_a_crooked_answer_to_a_delete_proves_nothing(
    home: Home, site: StudySite, crooked: CrookedSite, table: str
) -> None:
    lines = QUICK[table]
    for place, (_, told) in enumerate(lines.values()):
        site.put(f"S{place}", ROWS[:1])
        crooked.told["DELETE", f"S{place}/1"] = told
    site.put("Good", [row(7)])
    done = home.export(code=1)
    for place, name in enumerate(lines):
        shown = done[f"S{place}"]
        assert (shown["appended"], shown["deleted"], shown["owed"]) == (1, 0, 1), name
        assert ("delete_failed", f"S{place}") in home.troubles(), name
    assert site.deletes == [("Good", 7)]
    crooked.told.clear()
    home.export()
    assert all(not site.ids(f"S{place}") for place in range(len(lines)))
    sound(home)
    tried("hostile inputs", "answers to a DELETE", len(lines))


@pytest.mark.parametrize("name", SLOW)
def test_what_goes_on_without_end_is_ended_by_a_limit(
    home: Home, site: StudySite, crooked: CrookedSite, name: str
) -> None:
    end, told = SLOW[name]
    home.configure(TIMEOUT=0.2)
    site.put("QOL", ROWS)
    crooked.told["GET", "QOL"] = told
    home.export(code=69)
    home.configure(TIMEOUT=5)
    troubles = home.troubles()
    assert troubles == {("package_broken", "QOL")} if end == SCALE else troubles <= REACHES
    crooked.told.clear()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    sound(home)
    tried("hostile inputs", "answers without end")


def test_cookies_do_not_pile_up(home: Home, site: StudySite, crooked: CrookedSite) -> None:
    names = iter(range(10**6))
    body = b"[" + b",".join([GOOD[1:-1]]) + b"]"

    def flood() -> Iterator[bytes]:
        lines = "".join(f"Set-Cookie: c{next(names)}={'x' * 60}\r\n" for _ in range(50))
        head = f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        yield head.encode() + body

    for place in range(20):
        site.put(f"S{place}", ROWS)
        crooked.told["GET", f"S{place}"] = partial(flood)
    home.export()
    assert crooked.longest_head < 20_000
    tried("hostile inputs", "answers to a GET of a package")
