"""The daemon as a process of its own: rounds on time, signals, two of a kind, systemd's socket."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mtdata import __version__
from mtdata.demo.study.site import StudySite
from tests.notified import Systemd
from tests.system.home import STUDY, Home, row

PATIENCE_S = 60.0
LONG_ROWS = [row(number, text="x" * 50_000) for number in range(1, 100)]


def wait_until(is_so: Callable[[], bool], why: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, f"waited in vain: {why}"
        time.sleep(0.05)


@contextmanager
def daemon(home: Home, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A daemon that is ended in the end, whatever happens."""
    started = home.process("daemon", *words, **env)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def runs(home: Home, like: str) -> list[int]:
    """Exit codes of the runs of that kind which the ledger knows, in order."""
    path = home.pool / "ledger.sqlite3"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        question = "SELECT exit FROM runs WHERE command LIKE ? AND exit IS NOT NULL ORDER BY number"
        try:
            return [code for (code,) in db.execute(question, (like,))]
        except sqlite3.OperationalError:  # it is just being made
            return []


def incoming(home: Home) -> list[Path]:
    """What is being received."""
    return list((home.pool / "raw_data" / ".incoming").glob("*"))


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with closing(Systemd(tmp_path / "notify")) as made:
        yield made


def test_a_daemon_collects_again_and_again_and_ends_when_it_is_asked_to(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s", DELETE_MODE=True)
    site.put("QOL", [row(1), row(2)])
    with daemon(home) as started:
        wait_until(lambda: not site.ids("QOL"), "the first round")
        site.put("QOL", [row(3)])
        wait_until(lambda: not site.ids("QOL"), "a later round")
        started.send_signal(signal.SIGTERM)
        out, said = started.communicate(timeout=PATIENCE_S)
    assert (started.returncode, said) == (0, ""), said
    assert out.count("\n") == 1
    assert home.ids("QOL") == ["1", "2", "3"]
    assert home.is_clean()


def test_scales_that_stay_and_a_share_of_the_pool_have_their_turn_too(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    site.put("QOL", [row(1)])
    site.put("Study", [row(1)], deleteable=False)
    with daemon(home):
        wait_until(lambda: bool(runs(home, "export % static")), "the scales that stay")
        wait_until(lambda: bool(runs(home, "verify %")), "the share of the pool")
        wait_until(lambda: len(runs(home, "export % .")) > 2, "rounds beside them")
    assert home.ids("Study") == ["1"]
    assert (len(runs(home, "export % static")), len(runs(home, "verify %"))) == (1, 1)


def test_systemd_is_told_ready_status_watchdog_reloading_and_stopping(
    home: Home, site: StudySite, systemd: Systemd
) -> None:
    home.configure(EVERY="1s")
    site.put("QOL", [row(1)])
    with daemon(home, NOTIFY_SOCKET=str(systemd.path)) as started:
        wait_until(lambda: systemd.told().count("WATCHDOG=1") > 2, "signs of life")
        assert systemd.told()[0] == "READY=1"
        wait_until(lambda: any(f"{STUDY}: " in line for line in systemd.told()), "its status")
        home.configure(EVERY="2s")
        started.send_signal(signal.SIGHUP)
        wait_until(lambda: systemd.told().count("READY=1") == 2, "the reload")
        told = systemd.told()
        assert told.index("RELOADING=1") < len(told) - told[::-1].index("READY=1")
        assert any(line.startswith("MONOTONIC_USEC=") for line in told)
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=PATIENCE_S)
    assert "STOPPING=1" in systemd.told()


def test_a_reload_takes_a_new_config_and_a_faulty_one_leaves_the_old_one_in_force(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    site.put("QOL", [row(1)])
    with StudySite() as second, daemon(home) as started:
        wait_until(lambda: bool(runs(home, "export % .")), "the first round")
        (home.folder / "config" / "server.config").write_text("study: {READY: maybe}\n")
        started.send_signal(signal.SIGHUP)
        before = len(runs(home, "export % ."))
        wait_until(lambda: len(runs(home, "export % .")) > before + 2, "rounds of the old config")
        second.put("QOL", [row(7)])
        home.configure("second", site=second, EVERY="1s")
        started.send_signal(signal.SIGHUP)
        wait_until(lambda: bool(second.requests), "the new site")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert "a changed config is faulty; the old one holds" in said
    logged = (home.folder / "logs" / "DEBUG.log").read_text()
    assert f"the daemon begins: mtdata {__version__}, config {home.folder / 'config'}" in logged
    assert "study (READY, DELETE_MODE False)" in logged
    assert "the config was read anew: site second: is new" in logged


def test_a_second_daemon_of_the_same_home_ends_with_75_and_the_first_goes_on(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    site.put("QOL", [row(1)])
    with daemon(home) as started:
        wait_until(lambda: bool(runs(home, "export % .")), "the first round")
        with daemon(home) as other:
            _, said = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 75, said
        assert "another daemon" in said
        before = len(runs(home, "export % ."))
        wait_until(lambda: len(runs(home, "export % .")) > before + 1, "it goes on")
        assert started.poll() is None


def test_two_daemons_of_two_homes_on_one_pool_lose_and_double_nothing(
    home: Home, site: StudySite, tmp_path: Path
) -> None:
    home.configure(EVERY="1s", DELETE_MODE=True, PATH=str(home.pool))
    twin = tmp_path / "twin"
    twin.mkdir()
    other = Home(twin, site, lambda: ("", ""))
    other.configure(EVERY="1s", DELETE_MODE=True, PATH=str(home.pool))
    with daemon(home) as first, daemon(other) as second:
        for number in range(1, 30, 3):
            site.put("QOL", [row(number), row(number + 1), row(number + 2)])
            time.sleep(0.2)
        wait_until(lambda: not site.ids("QOL"), "all are carried home")
        logs = [one.folder / "logs" / "DEBUG.log" for one in (home, other)]
        wait_until(lambda: all(log.exists() and log.stat().st_size for log in logs), "both began")
        for one in (first, second):
            one.send_signal(signal.SIGTERM)
            one.communicate(timeout=PATIENCE_S)
        assert (first.returncode, second.returncode) == (0, 0)
    assert home.ids("QOL") == [str(number) for number in range(1, 31)]
    assert home.is_clean()


def test_a_site_that_is_down_does_not_keep_another_waiting(home: Home, site: StudySite) -> None:
    home.configure(EVERY="1s")
    home.configure("gone", EVERY="1s", SERVER="http://127.0.0.1:9/api")
    site.put("QOL", [row(1)])
    with daemon(home) as started:
        wait_until(lambda: len(runs(home, "export % .")) > 3, "rounds of the other")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 0
    assert "gone: the site cannot be reached" in said


def test_a_daemon_that_is_killed_goes_on_where_it_was(home: Home, site: StudySite) -> None:
    home.configure(EVERY="1s", DELETE_MODE=True)
    for turn in range(5):
        site.put("QOL", [row(10 * turn + number) for number in range(1, 10)])
        with daemon(home) as started:
            wait_until(lambda: bool(site.requests), "it began")
            time.sleep(0.05 * turn)
            os.kill(started.pid, signal.SIGKILL)
    with daemon(home):
        wait_until(lambda: not site.ids("QOL"), "the last one")
    assert sorted(map(int, home.ids("QOL"))) == [
        10 * turn + number for turn in range(5) for number in range(1, 10)
    ]
    assert home.is_clean()


# ---- once, for cron


def test_once_does_what_is_due_and_then_nothing_until_it_is_due_again(
    home: Home, site: StudySite
) -> None:
    site.put("QOL", [row(1)])
    site.put("Study", [row(1)], deleteable=False)
    assert home.run("daemon", "--once") == (0, {"exit": 0}, "")
    assert (home.ids("QOL"), home.ids("Study")) == (["1"], ["1"])
    asked = len(site.requests)
    home.configure(EVERY="1h")
    assert home.run("daemon", "--once").code == 0
    assert len(site.requests) == asked
    home.configure(EVERY="5m")
    site.put("QOL", [row(2)])
    assert home.run("daemon", "--once").code == 0
    assert home.ids("QOL") == ["1", "2"]
    assert len(runs(home, "export % static")) == len(runs(home, "verify %")) == 1


def test_once_ends_with_the_code_of_what_failed(home: Home, site: StudySite) -> None:
    site.stop()
    ended = home.run("daemon", "--once")
    assert ended.code == 69
    assert "the site cannot be reached" in ended.said


# ---- the end


def test_a_round_in_the_middle_of_a_slow_package_ends_when_the_daemon_is_asked_to(
    home: Home, site: StudySite
) -> None:
    site.put("QOL", LONG_ROWS)
    site.fault("drip", scale="QOL", pause_s=0.3, piece=65536)
    with daemon(home) as started:
        wait_until(lambda: bool(incoming(home)), "the package is on its way")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert (started.returncode, said) == (0, ""), said
    site.heal()
    home.export()
    assert home.ids("QOL") == [str(number) for number in range(1, 100)]
    assert home.is_clean()


def test_a_round_that_hears_nothing_is_given_up_after_stop_s(home: Home, site: StudySite) -> None:
    (home.folder / "config" / "daemon.config").write_text("STOP_S: 1s\n")
    home.configure(TIMEOUT="1h", DELETE_MODE=True)
    site.put("QOL", [row(1)])
    site.fault("hang")
    with daemon(home) as started:
        wait_until(lambda: site.connections > 0, "the site is asked")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 143
    assert f"{STUDY} did not end within STOP_S" in said
    site.heal()
    home.export()
    assert (home.ids("QOL"), site.ids("QOL")) == (["1"], [])


def test_once_is_ended_by_sigterm_too(home: Home, site: StudySite) -> None:
    site.put("QOL", LONG_ROWS)
    site.fault("drip", scale="QOL", pause_s=0.3, piece=65536)
    with daemon(home, "--once") as started:
        wait_until(lambda: bool(incoming(home)), "the package is on its way")
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 143


def test_a_pool_that_cannot_be_opened_is_told_and_the_others_go_on(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    home.pool.mkdir()
    (home.pool / "ledger.sqlite3").write_bytes(b"this is no database, and was one" * 200)
    with StudySite() as second:
        home.configure("second", site=second, EVERY="1s")
        second.put("QOL", [row(1)])
        with daemon(home) as started:
            sheets = home.folder / "pool-second" / "active_data"
            wait_until(lambda: bool(list(sheets.glob("QOL_*"))), "the other site")
            started.send_signal(signal.SIGTERM)
            _, said = started.communicate(timeout=PATIENCE_S)
    assert "the ledger cannot be used" in said
    assert (home.pool / "ledger.sqlite3").read_bytes().startswith(b"this is no database")


def test_without_a_ready_site_the_daemon_does_not_begin(home: Home) -> None:
    home.configure(READY=False)
    with daemon(home) as started:
        _, said = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 78
    assert "no site is READY" in said
