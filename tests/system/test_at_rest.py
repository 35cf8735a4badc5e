"""An empty scale of which nothing is left to do is passed by, and all is told as if it was not."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from mtdata.study.ledger import Ledger
from mtdata.study.ledger.listing import Listing
from mtdata.study.round import round as playing
from tests.system.home import Home, row


@pytest.fixture
def asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of which scales rounds ask what is missing, after one that emptied all of them."""
    names: list[str] = []
    missing = Listing.missing

    def noting(listing: Listing, scale: str) -> Any:
        names.append(scale)
        return missing(listing, scale)

    home.configure(DELETE_MODE=True)
    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.export()
    monkeypatch.setattr(Listing, "missing", noting)
    return names


def test_it_is_told_as_if_it_was_looked_at(
    home: Home, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, told = home.export(), home.status("QOL")
    assert asked == []
    monkeypatch.setattr(playing, "at_rest", lambda pool, besides: set())
    assert (home.export(), asked) == (passed, ["BBSIQ", "QOL"])
    ages = ("last_success_at", "oldest_on_site_s")
    again = home.status("QOL")
    assert {k: v for k, v in again.items() if k not in ages} == {
        k: v for k, v in told.items() if k not in ages
    }


def test_one_with_new_rows_is_not_passed_by(home: Home, asked: list[str]) -> None:
    home.site.put("QOL", [row(3)])
    assert home.export()["QOL"]["deleted"] == 1
    assert set(asked) == {"QOL"}


def test_an_incident_of_it_that_is_over_is_closed(home: Home, asked: list[str]) -> None:
    with closing(Ledger(home.pool / Ledger.NAME)) as ledger:
        ledger.incidents.raise_incident("package_broken", "QOL", "it broke off", home.now)
    home.export()
    assert (asked, home.troubles()) == (["QOL"], set())
