"""The pools on the page: names and numbers that add up, and nothing that somebody answered."""

from __future__ import annotations

from pathlib import Path

from mtdata.study.ledger.queries import Balance
from mtdata.web.study.scale_lines import scale_lines
from tests.system.canaries import ANSWER, NUMBER, SEALED
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.seen import Seen


def test_its_scales_are_those_of_the_command(pools: PooledSite) -> None:
    known = pools.status()[STUDY]["scales"]
    seen = Seen(pools.visitor("viewer").get(f"/pool/{STUDY}/").text)
    found = {line[0]: [int(word) for word in line[2:8]] for line in seen.tables["Scales"][1:]}
    words = ("benchmark", "rows", "held", "waiting", "owed", "on_site")
    assert found == {name: [one[word] for word in words] for name, one in known.items()}


def test_what_is_in_raw_files_is_a_row_or_held_or_waits(pools: PooledSite) -> None:
    seen = Seen(pools.visitor("viewer").get(f"/pool/{STUDY}/").text)
    lines = seen.tables["What adds up"][1:]
    assert {line[0] for line in lines} == set(pools.status()[STUDY]["scales"])
    for name, raw, parts, word in lines:
        assert int(raw) == sum(map(int, parts.split(" + "))), name
        assert word == "yes"
    assert {line[0]: int(line[1]) for line in lines}["QOL"] > 7


def test_of_many_scales_those_that_need_somebody_come_first() -> None:
    names = [f"S{number:03}" for number in range(200)]
    scales = {name: {"held": int(name == "S120")} for name in names}
    balances = dict.fromkeys(names, Balance(raw=3, rows=3, held=0, waiting=0))
    balances["S140"] = balances["S140"]._replace(raw=4)
    lines = scale_lines(scales, balances)
    assert [line["name"] for line in lines[:3]] == ["S140", "S120", "S000"]
    assert [line["off"] for line in lines] == [1] + [0] * 199
    assert sorted(line["name"] for line in lines) == names


def test_drift_is_told(pools: PooledSite) -> None:
    page = Seen(pools.visitor("viewer").get(f"/pool/{STUDY}/").text).text
    told = page.partition(" Drift ")[2].partition(" Day by day ")[0]
    assert "QOL" in told
    assert "more" in told
    assert "OPEN" not in told


def files(pools: PooledSite, more: str) -> tuple[list[str], str]:
    """The names of one page, and where the next one is."""
    seen = Seen(pools.visitor("viewer").get(f"/pool/{STUDY}/{more}").text)
    onward = [link for link in seen.links if "behind=" in link]
    names = [line[0] for line in seen.tables.get("Files", [])[1:]]
    return names, onward[0].removesuffix("#files") if onward else ""


def test_files_are_shown_a_page_at_a_time(pools: PooledSite) -> None:
    found: list[str] = []
    sizes = []
    onward = "?folder=recovered_data"
    while onward:
        names, onward = files(pools, onward)
        found += names
        sizes.append(len(names))
    assert sizes == [50, 50, 20]
    assert found == [f"QOL_{number:03}.csv" for number in range(120)]
    assert files(pools, "?folder=recovered_data&begins=QOL_11")[0] == [
        f"QOL_11{number}.csv" for number in range(10)
    ]


def lying(pools: PooledSite, folder: str) -> list[Path]:
    """The files of a folder of the pool."""
    found = (pools.place.folder / "pool" / folder).iterdir()
    return [path for path in found if path.is_file()]


def test_files_are_what_lies_there_by_name_and_size(pools: PooledSite) -> None:
    for folder in ("raw_data", "active_data"):
        names, _ = files(pools, f"?folder={folder}")
        assert set(names) == {path.name for path in lying(pools, folder)}
    assert "as it was left" in pools.visitor("viewer").get(f"/pool/{STUDY}/").text
    assert "ledger.sqlite3" in files(pools, "?folder=.")[0]


def test_an_odd_name_is_shown_as_far_as_it_is_text(pools: PooledSite) -> None:
    assert files(pools, "?folder=held")[0] == ["odd_\N{REPLACEMENT CHARACTER}_<b>.json"]
    odd = "?folder=held&behind=%FF%00&begins=%ED%A0%80"
    assert pools.visitor("viewer").get(f"/pool/{STUDY}/{odd}").status_code == 200


def test_no_other_folder_and_no_other_site_is_shown(pools: PooledSite) -> None:
    known = pools.visitor("admin")
    for path in ("nowhere/", f"{STUDY}/?folder=..", f"{STUDY}/?folder=../keys", "..%2fstudy/"):
        assert known.get(f"/pool/{path}").status_code == 404, path


def test_a_pool_that_cannot_be_read_or_is_not_there_says_so(pools: PooledSite) -> None:
    known = pools.visitor("viewer")
    assert "the ledger cannot be used" in known.get(f"/pool/{BROKEN}/").text
    assert "no pool yet" in known.get(f"/pool/{BARE}/").text
    assert not (pools.place.folder / f"pool-{BARE}").exists()
    every = Seen(known.get("/pool/").text)
    assert {f"/pool/{name}/" for name in (STUDY, BROKEN, BARE)} <= set(every.links)


def test_no_page_has_an_answer_on_it(pools: PooledSite) -> None:
    secrets = (ANSWER, SEALED, NUMBER)
    raw = "".join(path.read_text() for path in lying(pools, "raw_data"))
    assert all(secret in raw for secret in secrets)
    seen, known = set[str](), pools.visitor("admin")
    ahead = ["/", "/overview/", "/runners/", "/incidents/", "/incidents/?show=closed", "/pool/"]
    ahead += [f"/pool/{STUDY}/?folder={one}" for one in ("active_data", "held", ".")]
    while ahead:
        path = ahead.pop()
        seen.add(path)
        text = known.get(path).text
        assert not [secret for secret in secrets if secret in text], path
        ours = ("/pool", "/incidents", "/runners")
        ahead += [to for to in Seen(text).links if to.startswith(ours) and to not in seen]
    assert f"/pool/{STUDY}/" in seen
