"""The scripts with the original's names and words: what they call, and what comes of it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.cli import main
from mtdata.demo.weblogs.settings import SUPER_USER
from mtdata.demo.weblogs.site import MatomoSite
from tests.system.home import ROOT
from tests.weblogs.test_commands import AGENT

SCRIPTS = (
    "run_all_daily", "run_all_weekly", "stat.sh", "get_stats.sh", "create_csv.sh", "mtc", "legacy",
)  # fmt: skip
SITE = "example.org"
ECHO = 'printf "%s\\n" "$MTDATA_CONFIG" "$@"; echo .; exit ${FAIL:-0}'


class Scripts:
    """A checkout with the scripts of web logs, in which bin/mtdata is what a test makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config"
        self.here = folder / "here"
        for made in (folder / "bin", self.config, self.here):
            made.mkdir(parents=True)
        for name in (*SCRIPTS, "weblogs.sh"):
            shutil.copy(ROOT / "bin" / name, folder / "bin" / name)
        self.does(ECHO)

    def does(self, script: str) -> None:
        """What bin/mtdata is to do."""
        program = self.folder / "bin" / "mtdata"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def run(self, name: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Call a script as cron does: with next to no environment."""
        return subprocess.run(
            [self.folder / "bin" / name, *words], cwd=self.here, capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", **env}, timeout=300, check=False,
        )  # fmt: skip

    def calls(self, name: str, *words: str, **env: str) -> list[list[str]]:
        """The words of each call of bin/mtdata, behind the config that it got."""
        said = self.run(name, *words, **env)
        assert said.stderr == ""
        return [call.split("\n") for call in said.stdout.removesuffix("\n.\n").split("\n.\n")]


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path / "check out")


CALLS = [
    ("mtc", (SITE,), ["import", SITE]),
    ("mtc", (SITE, "2026-03-12"), ["import", SITE, "2026-03-12"]),
    ("legacy", (SITE, "2026-03-01", "2026-03-07"), ["range", SITE, "2026-03-01", "2026-03-07"]),
    ("stat.sh", (SITE, "2026-03-12"), ["stat", SITE, "2026-03-12", "--out", "."]),
    (
        "get_stats.sh",
        (SITE, "2026-03-01", "2026-03-07"),
        ["stats", SITE, "2026-03-01", "2026-03-07", "--out", "."],
    ),
    ("create_csv.sh", (), ["csv"]),
]


@pytest.mark.parametrize(("name", "words", "wanted"), CALLS)
def test_a_script_calls_its_command_with_the_config_and_keeps_its_exit_code(
    scripts: Scripts, name: str, words: tuple[str, ...], wanted: list[str]
) -> None:
    assert scripts.calls(name, *words) == [[str(scripts.config), "weblogs", *wanted]]
    assert scripts.run(name, *words, FAIL="69").returncode == 69


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [("mtc", (), "mtc SITE [DAY]"), ("mtc", ("a", "b", "c"), "mtc SITE [DAY]"),
     ("legacy", ("a", "b"), "legacy SITE START END"), ("stat.sh", ("a",), "stat.sh SITE DATE"),
     ("get_stats.sh", ("a", "b"), "get_stats.sh SITE START END"),
     ("run_all_daily", ("a",), "run_all_daily"),
     ("run_all_weekly", ("a",), "run_all_weekly START END")],
)  # fmt: skip
def test_another_number_of_words_is_usage_and_calls_nothing(
    scripts: Scripts, name: str, words: tuple[str, ...], said: str
) -> None:
    done = scripts.run(name, *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == f"mtdata: usage: {said}\n"


def test_the_config_is_the_one_that_is_named_else_the_checkout_s_else_that_of_the_home(
    scripts: Scripts, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "weblogs.config").touch()
    assert scripts.calls("mtc", SITE, HOME=str(home))[0][0] == str(home / "config")
    (scripts.config / "weblogs.config").touch()
    assert scripts.calls("mtc", SITE, HOME=str(home))[0][0] == str(scripts.config)
    named = str(home / "config")
    assert scripts.calls("mtc", SITE, MTDATA_CONFIG=named)[0][0] == named
    gone = scripts.run("mtc", SITE, MTDATA_CONFIG="/nowhere/config")
    assert (gone.returncode, gone.stdout) == (78, "")
    assert "/nowhere/config" in gone.stderr


def test_a_bucket_that_is_away_keeps_no_other_site_from_its_table(
    scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    (scripts.here / "a-2026-03-12.log").write_text("x" * 30, encoding="utf-8")
    keys = {
        "piwik_ip": "http://127.0.0.1:1",
        "pull_bucket": f"file://{scripts.here}", "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})",
        "sites": {
            "away.example": {"idsite": 1, "pull_bucket": f"file://{scripts.folder}/away"},
            SITE: {"idsite": 2},
        },
    }  # fmt: skip
    (scripts.config / "weblogs.config").write_text(json.dumps(keys), encoding="utf-8")
    out = scripts.folder / "out"
    words = ["weblogs", "stats", ".", "2026-03-12", "2026-03-13", "--out", str(out)]
    code = main.run(["--config", str(scripts.config), "--json", *words])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["error"]["exit"], list(told["failed"])) == (69, 69, ["away.example"])
    (table,) = out.iterdir()
    assert told["files"] == [str(out / f"{SITE}-2026-03-12_2026-03-13.stat")] == [str(table)]
    rows = [line.split(" | ") for line in table.read_text(encoding="utf-8").splitlines()[2:]]
    assert [[cell.strip() for cell in row[1:4]] for row in rows] == [
        ["2026-03-12", "1", "30"], ["2026-03-13", "0", "0"],
    ]  # fmt: skip


def test_a_script_is_found_behind_a_link(scripts: Scripts) -> None:
    link = scripts.folder / "bin" / "yesterday"
    link.unlink(missing_ok=True)
    link.symlink_to(scripts.folder / "bin" / "mtc")
    assert scripts.calls("yesterday", SITE) == [[str(scripts.config), "weblogs", "import", SITE]]


@pytest.mark.parametrize(
    ("imported", "counted", "ends", "steps"),
    [("0", "0", 0, 2), ("1", "0", 1, 2), ("69", "74", 69, 2), ("0", "69", 69, 2),
     ("64", "0", 64, 1), ("78", "0", 78, 1), ("143", "0", 143, 1)],
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "words", "verbs"),
    [("run_all_daily", (), ("daily", "stat")),
     ("run_all_weekly", ("2026-03-01", "2026-03-14"), ("weekly", "stats"))],
)  # fmt: skip
def test_tables_are_made_whatever_came_of_the_import_and_the_worse_code_is_kept(
    scripts: Scripts, name: str, words: tuple[str, ...], verbs: tuple[str, str],
    imported: str, counted: str, ends: int, steps: int,
) -> None:  # fmt: skip
    record = scripts.folder / "calls"
    scripts.does(
        f'echo "$@" >>"{record}"\ncase $2 in stat*) exit {counted} ;; *) exit {imported} ;; esac'
    )
    assert scripts.run(name, *words).returncode == ends
    of_words = " ".join(("", *words))
    wanted = [
        f"weblogs {verbs[0]}{of_words}",
        f"weblogs {verbs[1]} .{of_words} --out {scripts.folder / 'statistics'}",
    ]
    assert record.read_text(encoding="utf-8").splitlines() == wanted[:steps]


def fifty_lines(day: date) -> str:
    return "".join(
        f"192.0.2.{number} - - [{day:%d/%b/%Y}:10:00:{number:02} +0000] "
        f'"GET /?line={number} HTTP/1.1" 200 512 "-" "{AGENT}"\n'
        for number in range(1, 51)
    )


@pytest.fixture
def site() -> Iterator[MatomoSite]:
    with MatomoSite() as site:
        yield site


def test_a_night_of_cron_imports_each_line_once_and_leaves_a_table_and_its_csv(
    scripts: Scripts, site: MatomoSite
) -> None:
    logs = scripts.folder / "logs-in"
    logs.mkdir()
    today = datetime.now(UTC).date()
    for day in (today - timedelta(days=1), today):  # which is yesterday when midnight passes
        (logs / f"a-{day}.log").write_text(fifty_lines(day) + "nonsense\n", encoding="utf-8")
    keys = {
        "piwik_ip": site.url, "token": SUPER_USER, "pull_bucket": f"file://{logs}",
        "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "sites": {SITE: {"idsite": 1}},
    }  # fmt: skip
    (scripts.config / "weblogs.config").write_text(json.dumps(keys), encoding="utf-8")
    scripts.does(f'exec "{sys.executable}" -E -P -m mtdata "$@"')
    done = scripts.run("run_all_daily")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert Counter(int(hit.key("line")) for hit in site.store.hits) == Counter(range(1, 51))
    (table,) = (scripts.folder / "statistics").iterdir()
    day = table.stem.removeprefix(f"{SITE}-")
    assert table.suffix == ".stat"
    shutil.copy(table, scripts.here)
    said = scripts.run("create_csv.sh")
    assert (said.returncode, said.stdout) == (0, f"{table.stem}.csv\n")
    text = (scripts.here / f"{table.stem}.csv").read_text(encoding="utf-8")
    titles, row = csv.reader(text.splitlines())
    found = dict(zip(titles, row, strict=True))
    size = (logs / f"a-{day}.log").stat().st_size
    assert (found["Site"], found["Date"], found["Files"]) == (SITE, day, "1")
    assert (found["Total bytes"], found["Lines"], found["Hits"]) == (str(size), "51", "50")
