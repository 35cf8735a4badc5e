"""What the daemon tells people: mails, signs of life, faulty configs, logs and files of numbers."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import yaml

from mtdata.demo.study.site import StudySite
from tests.mailbox import Mailbox, hang, mailbox, talking
from tests.system.home import STUDY, Home, row
from tests.system.test_daemon import PATIENCE_S, daemon, runs, wait_until
from tests.webhook import web_hook


def log_config(home: Home, **keys: Any) -> None:
    (home.folder / "config" / "log.config").write_text(yaml.safe_dump(keys))


def mail_to(port: int) -> dict[str, Any]:
    where = {"HOST": "127.0.0.1", "PORT": port, "TLS": "none"}
    return where | {"FROM": "mtdata@example.org", "TO": "lab@example.org"}


def has(box: Mailbox, words: str) -> Callable[[], bool]:
    return lambda: any(words in mail.subject for mail in box.mails)


def programs(home: Home) -> list[str]:
    """Kinds of the program's own open incidents."""
    shown = home.run("incidents").shown["sites"].get("(program)", {"incidents": []})
    return [one["kind"] for one in shown["incidents"]]


def test_a_trouble_is_mailed_when_it_opens_and_once_when_it_is_over(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s", DELETE_MODE=True)
    site.put("QOL", [row(1)])
    site.fault("unauthorized")
    with mailbox() as box, web_hook() as hook:
        beat = f"{hook.url}/ping/{{site}}"
        log_config(home, MAIL=mail_to(box.port), HEARTBEAT_URL=beat)
        with daemon(home):
            wait_until(has(box, "CRITICAL study: the site does not accept our account"), "opening")
            site.heal()
            wait_until(has(box, "over, was CRITICAL"), "the end")
            wait_until(lambda: f"/ping/{STUDY}" in hook.paths, "a good round's sign of life")
        opened = [mail for mail in box.mails if mail.subject.partition("] ")[2][:8] == "CRITICAL"]
        assert len(opened) == 1
        assert hook.paths[0] == f"/ping/{STUDY}/start"
        assert f"/ping/{STUDY}/fail" in hook.paths
    assert home.ids("QOL") == ["1"]


def test_a_mail_server_and_a_heartbeat_that_hang_keep_no_round_waiting(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    (home.folder / "config" / "daemon.config").write_text("STOP_S: 2s\n")
    site.put("QOL", [row(1)])
    with talking(hang) as mail, talking(hang) as web:
        log_config(home, MAIL=mail_to(mail), HEARTBEAT_URL=f"http://127.0.0.1:{web}/ping")
        with daemon(home) as started:
            wait_until(lambda: len(runs(home, "export % .")) > 5, "rounds")
            started.send_signal(signal.SIGTERM)
            started.communicate(timeout=PATIENCE_S)
    assert home.is_clean()


def test_a_faulty_config_is_an_incident_until_it_is_mended(home: Home, site: StudySite) -> None:
    home.configure(EVERY="1s")
    sound = (home.folder / "config" / "server.config").read_text()
    site.put("QOL", [row(1)])
    with daemon(home) as started:
        wait_until(lambda: bool(runs(home, "export % .")), "the first round")
        (home.folder / "config" / "server.config").write_text("study: {READY: maybe}\n")
        started.send_signal(signal.SIGHUP)
        ledger = home.folder / "state" / "ledger.sqlite3"
        wait_until(ledger.exists, "the incident")
        (home.folder / "config" / "server.config").write_text(sound)
        assert programs(home) == ["config_refused"]
        started.send_signal(signal.SIGHUP)
        wait_until(lambda: programs(home) == [], "its end")


def test_the_daemon_writes_numbers_for_monitoring(home: Home, site: StudySite) -> None:
    home.configure(EVERY="1s")
    numbers = home.folder / "mtdata.prom"
    (home.folder / "config" / "daemon.config").write_text(f"METRICS: {numbers}\n")
    site.put("QOL", [row(1)])
    assert home.run("daemon", "--once").code == 0
    assert f'mtdata_rows{{scale="QOL",site="{STUDY}"}} 1.0' in numbers.read_text()


def test_a_log_that_cannot_be_written_stops_nothing_and_is_an_incident(
    home: Home, site: StudySite
) -> None:
    home.configure(EVERY="1s")
    (home.folder / "logs").write_text("a file is in the way")
    site.put("QOL", [row(1)])
    with daemon(home) as started:
        wait_until(lambda: "log_unwritable" in programs(home), "the incident")
        wait_until(lambda: bool(runs(home, "export % .")), "the first round")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 0
    assert "logs" in said
    assert home.ids("QOL") == ["1"]
