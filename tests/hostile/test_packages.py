"""Packages that are none, or nearly: what is sound is kept, and nothing deleted for them."""

from __future__ import annotations

from mtdata.demo.study.site import StudySite
from tests.hostile.packages import BROKEN, ONE, SOUND, THREE, TWO
from tests.system.home import Home, row
from tests.tally import tried


def test_a_sound_package_may_look_odd(home: Home, site: StudySite) -> None:
    for place, (body, _) in enumerate(SOUND.values()):
        site.put(f"S{place}", [row(9)])
        site.fault("garbled", scale=f"S{place}", bytes=body)
    home.export()
    found = {title: home.ids(f"S{place}") for place, title in enumerate(SOUND)}
    assert found == {title: ids for title, (_, ids) in SOUND.items()}
    assert home.troubles() <= {("listing_shrank", f"S{place}") for place in range(len(SOUND))}
    assert home.is_clean()
    tried("hostile inputs", "whole packages", len(SOUND))


def kept(body: bytes, ids: list[str]) -> list[str]:
    """What does not even end as an array is not read at all: all of it will come again."""
    return ids if body.rstrip().endswith(b"]") else []


def test_what_is_sound_in_a_broken_package_is_kept_and_nothing_is_deleted(
    home: Home, site: StudySite
) -> None:
    home.configure(DELETE_MODE=True)
    scales = {f"S{place}": title for place, title in enumerate(BROKEN)}
    for scale, title in scales.items():
        site.put(scale, [ONE, TWO, THREE])
        site.fault("garbled", scale=scale, bytes=BROKEN[title][0])
    site.put("Good", [row(7)])
    home.export(code=69)
    assert home.troubles() >= {("package_broken", scale) for scale in scales}
    found = {title: home.ids(scale) for scale, title in scales.items()}
    assert found == {title: kept(*line) for title, line in BROKEN.items()}
    assert site.deletes == [("Good", 7)]
    site.heal()
    home.export()
    assert all(sorted(home.ids(scale)) == ["1", "2", "3"] for scale in scales)
    assert all(site.ids(scale) == [] for scale in scales)
    assert home.troubles() == set()  # the garbled bytes are held, and on the site no more
    assert home.is_clean()
    tried("hostile inputs", "whole packages", len(BROKEN))


def test_the_same_broken_packages_leave_a_table_that_must_stay_for_the_next_round(
    home: Home, site: StudySite
) -> None:
    scales = {f"S{place}": title for place, title in enumerate(BROKEN)}
    for scale, title in scales.items():
        site.put(scale, [ONE, TWO, THREE], deleteable=False)
        site.fault("garbled", scale=scale, bytes=BROKEN[title][0])
    site.put("Good", [row(7)])  # were none of them sound, that would be one trouble of the site
    home.export("study", "all", code=69)
    assert {scale for kind, scale in home.troubles() if kind == "package_broken"} == set(scales)
    assert not any(home.ids(scale) for scale in scales)
    site.heal()
    home.export("study", "all")
    assert all(home.ids(scale) == ["1", "2", "3"] for scale in scales)
    assert home.troubles() == set()
    assert home.is_clean()
    tried("hostile inputs", "whole packages, of a table that must stay", len(BROKEN))
