"""What a person reads and types: quiet when all is well, whole lines, examples, no guessing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mtdata.alerts.incident_kinds import KINDS
from mtdata.cli.main import run
from tests.preloaded import command
from tests.system.home import ROOT, STUDY, Home, row

COMMANDS = ("export decode recover verify deletions status held incidents init check demo").split()


def printed(home: Home, *words: str, **env: str) -> tuple[int, str, str]:
    """Exit code, standard output and error of a command without --json, no terminal anywhere."""
    line = [*words, "--config", str(home.folder / "config")]
    if not env:
        ended = command(line)
        return ended.returncode, ended.stdout, ended.stderr
    ended = subprocess.run(  # an interpreter reads its environment when it starts
        [sys.executable, "-m", "mtdata", *line],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return ended.returncode, ended.stdout, ended.stderr


def test_rounds_that_go_well_say_nothing_to_cron_though_old_troubles_last(home: Home) -> None:
    home.site.put("QOL", [row(1), b'{"id":2,"oops"}'])
    home.site.put("TaskLog", [row(3)], deleteable=False)
    code, out, said = printed(home, "export", STUDY, "all")
    assert (code, out) == (1, "")
    assert "1 held" in said
    home.site.put("QOL", [row(4)])
    assert printed(home, "export", STUDY, "all")[:2] == (0, "")  # what is left over is told once
    assert printed(home, "export", STUDY, "all") == (0, "", "")
    assert printed(home, "verify", STUDY) == (0, "", "")
    assert home.troubles() == {("entry_malformed", "QOL")}
    assert "DEBUG study QOL: entries are held" in printed(home, "export", "-vv")[2]


def test_what_is_held_anew_is_said_again(home: Home) -> None:
    home.site.put("QOL", [b'{"id":2,"oops"}'])
    home.export(code=1)
    home.site.put("QOL", [b'{"id":3,"oops"}'])
    assert "2 held" in home.run("export", STUDY).said


def test_a_trouble_that_ends_a_round_is_said_each_time(home: Home) -> None:
    home.site.stop()
    for _ in range(2):
        assert "CRITICAL study: the site cannot be reached" in home.run("export", STUDY).said


def test_verify_says_what_is_wrong_without_a_terminal_too(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.paths("active_data", "QOL")[0].unlink()
    code, out, _ = printed(home, "verify")
    assert code == 74
    assert "active_data/QOL_Mar_12_2026.csv: was changed or set aside" in out


def test_each_row_of_a_table_is_one_line_where_no_terminal_is(home: Home) -> None:
    home.put_key(b"no key", "a-very-long-name-of-a-key-file-that-no-80-columns-hold.pem", 0o644)
    home.configure(
        ENCRYPTION="rsa", PRIVATE_FILE="a-very-long-name-of-a-key-file-that-no-80-columns-hold.pem"
    )
    code, out, _ = printed(home, "check")
    assert code == 78
    [line] = [line for line in out.splitlines() if "chmod 600" in line]
    assert f"chmod 600 {home.folder / 'keys'}" in line
    assert "hold.pem" in line.partition("chmod 600")[2]


def test_incidents_are_told_in_words_and_closed_by_number(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert "no incident is open" in printed(home, "incidents")[1]
    home.site.put("QOL", [b'{"id":2,"oops"}'])
    home.export(code=1)
    code, out, _ = printed(home, "incidents")
    assert code == 0
    assert "2  ERROR  study QOL: entry_malformed  (seen once from" in out
    assert "\n   1 held, e.g. because: not JSON" in out
    assert f"\n   to do: {KINDS['entry_malformed'].todo}" in out
    assert "incident 2 of study is closed" in printed(home, "incidents", STUDY, "--close", "2")[1]


def test_a_release_that_finds_nothing_says_what_can_be_let_through(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert "0 let through; `mtdata held`" in printed(home, "held", STUDY, "--release", "Q", "1")[1]


def test_a_release_of_what_is_sealed_says_that_no_row_comes_of_it(home: Home) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="")
    home.site.put("QOL", [row(1, aRSA=17)])
    home.export(code=1)
    said = printed(home, "held", STUDY, "--release", "QOL", "all")[1]
    assert "1 sealed: no row comes before a key opens them" in said
    assert "makes their rows" not in said


def test_nothing_is_made_for_a_pool_that_is_not_there(home: Home) -> None:
    for words in (
        ("status",),
        ("held", STUDY, "--release", "QOL", "all"),
        ("incidents", STUDY, "--close", "1"),
        ("verify",),
        ("deletions",),
        ("decode",),
    ):
        assert home.run(*words).code in (0, 64)
    assert not home.pool.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "examples:\n  mtdata " in out
    assert "--config DIR" in out


@pytest.mark.parametrize("words", [("--js", "status"), ("status", "--js"), ("export", "--verb")])
def test_shortened_options_are_not_guessed(home: Home, words: tuple[str, ...]) -> None:
    assert home.run(*words).code == 64


def test_the_config_folder_may_stand_before_and_after_the_command(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(home.folder / "config")
    monkeypatch.chdir(home.folder)
    for words in (["--config", folder, "status"], ["status", "--config", folder], ["status"]):
        assert run(words) == 0
    monkeypatch.chdir("/")
    assert run(["status"]) == 78
    monkeypatch.setenv("MTDATA_CONFIG", folder)
    assert run(["status"]) == 0
    assert run(["--config", "/nowhere", "status"]) == 78
    assert "/nowhere/server.config: not there" in capsys.readouterr().err


def test_decode_refuses_a_scale_that_has_no_sheet(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    ended = home.run("decode", STUDY, "QOLL")
    assert (ended.code, "'QOLL'" in ended.shown["error"]["message"]) == (64, True)
    assert home.run("decode", STUDY, "qol").code == 0


def test_verify_makes_no_ledger_where_one_is_missing(home: Home) -> None:
    (home.pool / "raw_data").mkdir(parents=True)
    (home.pool / "raw_data" / "QOL_Mar_12_2026.json").write_bytes(b'{"QOL_1": [{"id": 1}]}')
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert "no ledger.sqlite3" in ended.shown["error"]["message"]
    assert home.run("decode", STUDY).shown["sites"][STUDY]["sheets"] != []


@pytest.mark.parametrize(
    ("word", "sheets"),
    [
        (".", ["QOL_Mar_12_2026.csv", "TaskLog_Mar_12_2026.csv"]),
        ("all", ["QOL_Mar_12_2026.csv", "TaskLog_Mar_12_2026.csv"]),
        ("static", ["TaskLog_Mar_12_2026.csv"]),
        ("qol", ["QOL_Mar_12_2026.csv"]),
        ("TaskLog", ["TaskLog_Mar_12_2026.csv"]),
    ],
)
def test_without_a_ledger_decode_takes_the_scale_that_is_named(
    home: Home, word: str, sheets: list[str]
) -> None:
    (home.pool / "raw_data").mkdir(parents=True)
    (home.pool / "active_data").mkdir()
    for name in ("QOL", "TaskLog"):
        path = home.pool / "raw_data" / f"{name}_Mar_12_2026.json"
        path.write_bytes(b'{"x": [{"id": 1}]}')
    marks = b'{"TaskLog": {"current": 1, "deleteable": false}}'
    (home.pool / "active_data" / "benchMark.json").write_bytes(marks)
    done = home.run("decode", STUDY, word).shown["sites"][STUDY]["sheets"]
    assert [one["sheet"] for one in done] == sheets


def test_a_terminal_that_lacks_a_letter_ends_no_command(home: Home) -> None:
    home.configure(PATH="pööl")
    home.site.put("QOL", [row(1)])
    code, _, said = printed(home, "export", PYTHONIOENCODING="ascii")
    assert (code, said) == (0, "")
    code, out, _ = printed(home, "check", PYTHONIOENCODING="ascii")
    assert (code, "p\\xf6\\xf6l" in out) == (0, True)


def test_a_scale_that_must_stay_is_never_left_over(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.offer("QOL", deleteable=False)
    home.export(STUDY, "all")
    home.export(STUDY, "all")
    assert home.troubles() == set()


UNUSED = (
    "Crypto boto3 botocore cryptography.x509 django duckdb prometheus_client rich smtplib "
    "mtdata.alerts.mail mtdata.cake.jobs mtdata.jobs.records.models mtdata.weblogs.jobs"
)


def test_a_round_loads_nothing_of_what_it_does_not_do(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    code = (
        "import sys; from mtdata.cli.main import run; code = run(sys.argv[1:]); "
        "print(code, *sys.modules)"
    )
    words = ["export", "--config", str(home.folder / "config")]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    code, *loaded = ended.stdout.split()
    assert code == "0", ended.stderr
    assert "mtdata.study.round.round" in loaded
    assert sorted(set(UNUSED.split()) & set(loaded)) == []
