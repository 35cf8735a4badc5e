"""Servers as they stand behind other things: proxies, firewalls, authorities of their own."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mtdata.alerts.hooks import HookPost, Manner
from mtdata.alerts.mail import MailPost
from mtdata.alerts.message import trial
from mtdata.cake.client.client import Client
from mtdata.cake.client.verdict import of_status
from mtdata.config import MailConfig
from mtdata.config.export import CakeConfig
from mtdata.core.errors import ConfigError, ExportRefused, MTDataError, ReplicaError, SiteRefused
from mtdata.core.s3.access import S3Access
from mtdata.core.s3.answers import StoreFault, StoreRefusal
from mtdata.core.s3.bucket import S3Bucket, Words
from mtdata.core.trust import AGENT, authorities
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.model.receipt import Outcome
from tests.adapters import saying, told_by
from tests.adapters.certificates import self_signed
from tests.cake_account import account_at
from tests.contracts.site_contract import fetched
from tests.mailbox import mailbox

Rules = Callable[["Front"], bool]
PAGE = b"<!doctype html><title>blocked</title>"


def access(server: str, **more: Any) -> SiteAccess:
    known: dict[str, Any] = {"timeout_s": 20.0, "connect_timeout_s": 20.0, "delete_connections": 2}
    return SiteAccess(server, "u", "p", max_response_bytes=10**6, **(known | more))


class Alone:
    """Turns of who asks alone."""

    def turn(self, beat: Callable[[], None]) -> Any:
        return nullcontext()

    def hold_off(self, wait_s: float) -> None:
        """Nobody else is held off."""


def client_of(account: CakeConfig) -> Client:
    return Client(account, Alone(), backoff_s=0.001)


class Front(http.server.BaseHTTPRequestHandler):
    """What stands in front: it answers by itself where its rules are broken."""

    protocol_version = "HTTP/1.1"
    rules: Rules
    agents: list[str]

    def do_GET(self) -> None:
        self.agents.append(self.headers.get("User-Agent", ""))
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        if not self.rules(self):
            return
        body = b'[{"name":"QOL","size":1,"deleteable":true}]'
        if self.command == "POST":
            body = b"<r><success>true</success><row_count>0</row_count><currencies/></r>"
        self.say(200, "application/json", body)

    do_DELETE = do_POST = do_PUT = do_HEAD = do_GET

    def say(self, code: int, kind: str, body: bytes, *lines: tuple[str, str]) -> None:
        self.send_response(code)
        for line in (("Content-Type", kind), ("Content-Length", str(len(body))), *lines):
            self.send_header(*line)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def front(rules: Rules, tls: tuple[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    agents: list[str] = []
    made = type("Ruled", (Front,), {"rules": staticmethod(rules), "agents": agents})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}", agents
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wants_a_length(asked: Front) -> bool:
    if asked.command == "DELETE" and asked.headers.get("Content-Length") != "0":
        asked.say(411, "text/html", PAGE)
        return False
    return True


def wants_a_known_agent(asked: Front) -> bool:
    if not asked.headers.get("User-Agent", "").startswith("mtdata"):
        asked.say(403, "text/html", PAGE)
        return False
    return True


def blocks(*lines: tuple[str, str]) -> Rules:
    def rules(asked: Front) -> bool:
        asked.say(403, "text/html; charset=utf-8", PAGE, *lines)
        return False

    return rules


def test_a_delete_says_that_it_has_no_body_one_by_one_and_many_at_once() -> None:
    with front(wants_a_length) as (url, _):
        site = MindTrailsSite(access(url))
        answers = list(site.delete("QOL", range(30)))
        site.close()
    assert {answer.outcome for answer in answers} == {Outcome.DONE}


def test_we_say_who_we_are_and_the_config_may_say_it_otherwise() -> None:
    with front(wants_a_known_agent) as (url, agents):
        for agent in (AGENT, "mtdata of our lab"):
            site = MindTrailsSite(access(url, agent=agent))
            assert site.listing()
            assert {a.outcome for a in site.delete("QOL", range(5))} == {Outcome.DONE}
            site.close()
            assert set(agents) == {agent}
            agents.clear()
            client_of(account_at(url, api_key="k", agent=agent)).currencies()
            HookPost(1, url, manner=Manner(agent=agent)).deliver(news())
            assert set(agents) == {agent}
            agents.clear()


def news() -> Any:
    return trial("hook 1", "here", datetime.now(UTC))


def test_a_page_with_403_is_something_in_front_and_a_challenge_is_the_account() -> None:
    with front(blocks()) as (url, _):
        site = MindTrailsSite(access(url))
        tellings = [told_by(site.listing, SiteRefused)]
        tellings.append(told_by(lambda: fetched(site, "QOL"), SiteRefused))
        tellings += [answer.reason for answer in site.delete("QOL", range(3))]
        site.close()
    assert all("in front" in told and "server.config" not in told for told in tellings)
    with front(blocks(("WWW-Authenticate", "Basic realm=x"))) as (url, _):
        site = MindTrailsSite(access(url))
        assert "USER and PASS" in told_by(site.listing, SiteRefused)
        assert "USER and PASS" in told_by(lambda: fetched(site, "QOL"), SiteRefused)
        site.close()
    fault = of_status(403, 0, PAGE, "host")
    assert isinstance(fault, ExportRefused)
    assert "in front of it" in str(fault)
    assert "in front of it" not in str(of_status(403, 0, b"{}", "host"))


def test_interim_answers_before_a_report_are_passed_over_but_not_for_ever() -> None:
    body = b"<r><success>true</success><row_count>0</row_count><currencies/></r>"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

    def twice(there: socket.socket) -> None:
        there.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + hint + final)
        asked = b""
        while not (b"POST " in asked and asked.endswith(b"api_key=k")):
            asked += there.recv(65536)
        there.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" + final)

    def for_ever(there: socket.socket) -> None:
        there.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 5000)

    with saying(twice) as url:
        client = client_of(account_at(url, api_key="k"))
        assert client.currencies() == client.currencies() == {}
    with saying(for_ever) as url, pytest.raises(MTDataError, match="dropped"):
        client_of(account_at(url, api_key="k")).currencies(tries=1)


def test_an_authority_of_ones_own_counts_by_the_machine_s_store_or_a_key_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    tls = self_signed(tmp_path)
    keys, number = S3Access(access_key="k", secret_key="s", connect_timeout_s=20), count()

    def tried(url: str, port: int, ca: str) -> list[str]:
        """What each of them says, '' for well."""

        def listing() -> None:
            site = MindTrailsSite(access(url, ca=ca))
            try:
                site.listing()
            finally:
                site.close()

        def store() -> None:
            try:
                # who reaches a store alike shares a client: each try is of a new process
                reach = replace(keys, endpoint=url, ca=ca, timeout_s=20.0 + next(number))
                S3Bucket(reach, "b", Words(refused, failed)).ask("head_bucket")
            except ReplicaError as error:
                raise SiteRefused(str(error)) from None

        box = "b@example.org"
        mail = MailConfig(host="127.0.0.1", port=port, tls="starttls", sender=box, to=(box,))
        acts: list[Callable[[], object]] = [
            listing,
            lambda: client_of(account_at(url, api_key="k", ca=ca)).currencies(tries=1),
            lambda: HookPost(1, url, manner=Manner(ca)).deliver(news()),
            lambda: MailPost(mail, mail.to, ca).deliver(news()),
            store,
        ]
        return [why(act) for act in acts]

    with front(lambda asked: True, tls) as (url, _), mailbox(tls, "starttls") as box:
        site, cake, hook, mail, store = tried(url, box.port, "")
        assert "CA in server.config" in site
        assert "CA in export.config" in cake
        assert "CA in log.config" in hook
        assert "CA in log.config" in mail
        assert "OUTPUT_CA in export.config" in store
        assert tried(url, box.port, tls[0]) == [""] * 5, "the key"
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            with monkeypatch.context() as patched:
                patched.setenv(name, tls[0])
                assert tried(url, box.port, "") == [""] * 5, name
        gone = tried(url, box.port, str(tmp_path / "nowhere"))
        assert all("CA: " in told and "does not exist" in told for told in gone)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE"):
        authorities()


def refused(told: StoreRefusal) -> ReplicaError:
    return ReplicaError(told.code)


def failed(fault: StoreFault) -> ReplicaError:
    return ReplicaError(fault.words)


def why(act: Callable[[], object]) -> str:
    try:
        act()
    except MTDataError as error:
        return str(error)
    return ""
