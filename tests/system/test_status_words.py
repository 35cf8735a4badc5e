"""What `status` says to a person: one state a site, in 80 columns, nothing that is not known."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mtdata.cli.main import run
from mtdata.cli.state_tables import show_site
from mtdata.core.disk import FolderDisk
from mtdata.core.ports import Room
from mtdata.study.status.shape import EndedShape, ScaleShape, SiteShape, as_json
from tests.system.home import Home, row
from tests.unit.test_verdict import WELL

AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
SCALE = ScaleShape(True, 7, 6, 0, 2, 0, AT, 2, AT, 60)


def told(home: Home, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    run(["status", *words, "--config", str(home.folder / "config")])
    return capsys.readouterr().out.splitlines()


def shown(capsys: pytest.CaptureFixture[str], state: SiteShape, *, whole: bool) -> list[str]:
    show_site("study", as_json(state), whole=whole)
    return capsys.readouterr().out.splitlines()


def words_of(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def of_scales(count: int, odd: int = 0) -> SiteShape:
    names = [f"A{number:03}_questionnaire" for number in range(count)]
    scales = {name: replace(SCALE, held=int(n < odd)) for n, name in enumerate(names)}
    return replace(
        WELL,
        scales=scales,
        state="Well",
        next_static_at=AT,
        new_rows={f"2026-03-{day:02}": 1_234_567 for day in range(1, 15)},
        replicas=[{"place": "s3://backup/study", "confirmed": 100_000, "missing": 0}],
    )


def test_three_sites_of_200_scales_take_a_page_when_all_is_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = shown(capsys, of_scales(200), whole=False)
    assert 3 * len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[0] == "study: Well"
    assert not any("A000" in line for line in lines)


def test_in_a_pipe_each_word_about_a_site_has_one_whole_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(capsys, of_scales(200), whole=False)
    assert [line.split()[0] for line in lines] == [
        "study:",
        "rounds",
        "entries",
        "on",
        "replica",
        "disk",
    ]
    assert max(map(len, lines)) > 80


def test_scales_are_shown_where_something_is_wrong_or_who_asks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = shown(capsys, of_scales(200, odd=3), whole=False)
    assert sum("_questionnaire" in line for line in few) == 3
    assert all(any(f"A00{number}_" in line for line in few) for number in range(3))
    many = shown(capsys, of_scales(200, odd=50), whole=False)
    assert sum("_questionnaire" in line for line in many) == 10
    assert many[-1] == "  and 40 more scales with something wrong: -v shows all"
    assert (
        sum("_questionnaire" in line for line in shown(capsys, of_scales(200), whole=True)) == 200
    )


def test_after_a_failed_round_what_lies_on_the_site_is_not_known(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    whole = " ".join(" ".join(told(home, capsys)).split())
    assert whole.startswith("study: Well")
    assert "on the site 2 rows, the oldest safe here" in whole
    home.site.fault("drop")
    home.now += timedelta(minutes=5)
    home.export(code=69)
    whole = " ".join(" ".join(told(home, capsys)).split())
    assert whole.startswith("study: Failing")
    assert "last round 0 s ago failed (exit 69); last good round 10 min ago" in whole
    assert "on the site not known since 2026-03-12 12:05 UTC; then 2 rows" in whole


def test_a_round_of_which_a_part_failed_is_no_good_one(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.site.put("QOL", [b"not json"])
    home.export(code=1)
    whole = " ".join(" ".join(told(home, capsys)).split())
    assert "last round 0 s ago a part of it failed; no good round yet" in whole


def test_a_round_that_made_no_row_for_a_wrong_key_is_not_called_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    well = replace(of_scales(1), last_round=EndedShape(AT, 5, 0))
    assert "last good round 5 s ago" in words_of(shown(capsys, well, whole=False))
    wrong = replace(well, incidents_open={"critical": 1, "error": 0, "warning": 0})
    assert "last complete round 5 s ago" in words_of(shown(capsys, wrong, whole=False))


def test_watching_is_for_a_terminal(home: Home) -> None:
    assert home.run("status", "--watch").code == 64


def test_check_is_not_well_where_the_disk_is_nearly_full(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disks() -> dict[str, tuple[str, str]]:
        found = home.run("check").shown["findings"]
        return {f["site"]: (f["verdict"], f["told"]) for f in found if f["what"] == "disk"}

    home.export()
    assert {verdict for verdict, _ in disks().values()} == {"good"}
    monkeypatch.setattr(FolderDisk, "room", lambda self: Room(500 * 1024**2, 5))
    found = disks()
    assert found["study"][0] == found["(program)"][0] == "bad"
    assert "500.0 MiB are free, and 512.0 MiB should be" in found["study"][1]
    assert home.run("check").code == 74
