"""How a mail server is greeted, and let in by a token, against one that speaks by a script."""

from __future__ import annotations

import base64
import hmac
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtdata.alerts import greeting
from mtdata.alerts.greeting import is_full, our_name
from mtdata.alerts.hooks import HookPost, signed
from mtdata.alerts.mail import MailPost
from mtdata.alerts.mail_tokens import TokenSource
from mtdata.config import MailConfig
from mtdata.config.log import LogConfig
from mtdata.core.errors import PostError, PostRefused
from tests.contracts.post_contract import a_message
from tests.mailbox import Speech, talking

TOKEN = "ya29.a-token-that-nobody-may-see"


class Script:
    """An SMTP server that answers by the first word; what it was told is kept."""

    def __init__(self, ways: str = "PLAIN", **answers: str) -> None:
        self.told: list[str] = []
        self._answers = {
            "EHLO": f"250-here\r\n250 AUTH {ways}",
            "HELO": "250 here",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go on",
            ".": "250 taken",
            "QUIT": "221 bye",
            "AUTH": "235 2.7.0 in",
            "": "535 5.7.8 no",
            "AQ==": "535 5.7.8 no",
            "RSET": "250 ok",
            **answers,
        }

    def word(self, start: str) -> list[str]:
        return [line for line in self.told if line.startswith(start)]

    def __call__(self, talk: socket.socket, over: threading.Event) -> None:
        talk.settimeout(20)
        talk.sendall(b"220 here\r\n")
        is_mail = False
        for line in talk.makefile("rb"):
            said = line.decode().rstrip("\r\n")
            if is_mail and said != ".":
                continue
            word, _, rest = said.partition(" ")
            self.told.append(f"{word.upper()} {rest}")
            is_mail = word.upper() == "DATA" and self._answers["DATA"][0] == "3"
            answer = self._answers.get(word if rest == "" else word.upper())
            answer = answer or self._answers.get(word.upper(), "502 what?")
            talk.sendall(answer.encode() + b"\r\n")
            if word.upper() == "QUIT":
                return


def sent(script: Speech, **more: Any) -> str:
    """What `deliver` tells of."""
    with talking(script) as port:
        tokens, to = more.pop("tokens", TokenSource()), ["a@example.org", "b@example.org"]
        given = {"sender": "MTData <mtdata@lab.example.org>", "timeout_s": 20.0, "to": to, **more}
        given |= {"host": "127.0.0.1", "port": port, "tls": "none"}
        given |= {"token_file": tokens.file, "token_command": tokens.command}
        return MailPost(MailConfig.model_validate(given), to).deliver(a_message())


def named(monkeypatch: pytest.MonkeyPatch, host: str, full: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(socket, "getfqdn", lambda: full)


@pytest.mark.parametrize(
    ("host", "full", "given", "sender", "greeted"),
    [
        ("node7.cs.example.edu", "x", "", "", "node7.cs.example.edu"),
        ("node7", "node7.cs.example.edu", "", "", "node7.cs.example.edu"),
        ("3f2a9c81d0aa", "localhost.localdomain", "", "", "lab.example.org"),
        ("3f2a9c81d0aa", "3f2a9c81d0aa", "", "mtdata@localhost", "[127.0.0.1]"),
        ("node7.cs.example.edu", "x", "mail.example.com", "", "mail.example.com"),
    ],
)
def test_a_server_is_greeted_by_a_full_name(
    monkeypatch: pytest.MonkeyPatch, host: str, full: str, given: str, sender: str, greeted: str
) -> None:
    named(monkeypatch, host, full)
    script = Script()
    more = {"sender": sender} if sender else {}
    sent(script, helo=given, **more)
    assert script.told[0] == f"EHLO {greeted}"


def test_a_network_that_does_not_say_who_we_are_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = threading.Event()
    named(monkeypatch, "short", "")
    monkeypatch.setattr(socket, "getfqdn", waits.wait)
    monkeypatch.setattr(greeting, "_PATIENCE_S", 0.01)
    with socket.socket(socket.AF_INET6) as sock:
        assert our_name("", "localhost", sock) == "[IPv6:::]"
    waits.set()
    assert [is_full(name) for name in ("a.b1c", "a", "a.b.localdomain", "1.2.3.4")] == [
        True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        {"EHLO": "550 5.7.1 no", "HELO": "550 5.7.1 no"},
        {"RCPT": "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname"},
        {"MAIL": "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"},
    ],
    ids=["Exim's way", "Postfix's way", "at the sender"],
)
def test_a_server_that_refuses_our_name_is_told_as_such(answers: dict[str, str]) -> None:
    with pytest.raises(PostRefused) as caught:
        sent(Script(**answers), helo="odd.example.org")
    assert "our name, odd.example.org (HELO of MAIL in log.config" in str(caught.value)
    assert "fully" not in str(caught.value)
    with pytest.raises(PostRefused, match="refuses every address"):
        sent(Script(RCPT="550 5.1.1 unknown"))


def token_of(line: str) -> str:
    return base64.b64decode(line.split(" ")[2]).decode()


def test_a_server_that_takes_tokens_alone_gets_one_of_a_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    command = (sys.executable, "-c", f"print({TOKEN!r})")
    known = {"user": "a@lab.example.org"}
    for source in (TokenSource(file), TokenSource(command=command)):
        script = Script("XOAUTH2")
        sent(script, tokens=source, **known)
        (line,) = script.word("AUTH")
        assert token_of(line) == f"user=a@lab.example.org\x01auth=Bearer {TOKEN}\x01\x01"
    script = Script("OAUTHBEARER")
    sent(script, tokens=TokenSource(file), user="a=b,c")
    (line,) = script.word("AUTH OAUTHBEARER")
    assert token_of(line).startswith("n,a=a=3Db=2Cc,\x01host=127.0.0.1\x01port=")
    script = Script("PLAIN XOAUTH2")
    sent(script, tokens=TokenSource(file), password="pw", **known)
    assert script.word("AUTH PLAIN"), "a password goes before, where the server takes it"
    script = Script("PLAIN XOAUTH2")
    sent(script, tokens=TokenSource(file), **known)
    assert script.word("AUTH XOAUTH2"), "and without one the token"


def test_a_token_that_is_not_there_or_not_taken_is_told_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    two = tmp_path / "two"
    two.write_text(f"{TOKEN} {TOKEN}")
    no = base64.b64encode(b'{"status":"401"}').decode()
    cases: list[tuple[Script, TokenSource, type[PostError], str]] = [
        (Script("XOAUTH2"), TokenSource(), PostRefused, "TOKEN_FILE or TOKEN_COMMAND"),
        (Script("XOAUTH2"), TokenSource(tmp_path / "no"), PostError, "No such file"),
        (Script("XOAUTH2"), TokenSource(two), PostRefused, "something else than a token"),
        (Script("XOAUTH2"), TokenSource(command=("false",)), PostError, "ended with 1"),
        (Script("XOAUTH2"), TokenSource(command=("/no/such",)), PostError, "cannot be run"),
        (Script("XOAUTH2", AUTH=f"334 {no}"), TokenSource(file), PostRefused, "the log-in: 535"),
        (Script("OAUTHBEARER", AUTH=f"334 {no}"), TokenSource(file), PostRefused, "log-in: 535"),
    ]
    for script, source, kind, words in cases:
        with pytest.raises(PostError, match=words) as caught:
            sent(script, tokens=source, user="a@lab.example.org")
        assert type(caught.value) is kind, words
        assert TOKEN not in str(caught.value) + repr(source)


def test_a_web_hook_is_signed_as_standard_webhooks_has_it() -> None:
    secret, old = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    one = a_message()
    asked: list[bytes] = []

    def taken(talk: socket.socket, over: threading.Event) -> None:
        talk.settimeout(20)
        while one.key.encode() not in b"".join(asked).partition(b"\r\n\r\n")[2]:
            asked.append(talk.recv(65536))
        talk.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with talking(taken) as port:
        HookPost(1, f"http://127.0.0.1:{port}/x", secrets=[secret]).deliver(one)
    lines, _, body = b"".join(asked).decode().partition("\r\n\r\n")
    said = dict(line.split(": ", 1) for line in lines.split("\r\n")[1:])
    at_s = int(said["webhook-timestamp"])
    assert signed(one.key, at_s, body.encode(), [secret]).items() <= said.items()
    head = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    ])  # fmt: skip
    assert head["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    head = signed("id", 5, b"{}", [secret, old])
    assert (head["webhook-id"], head["webhook-timestamp"]) == ("id", "5")
    digest = hmac.digest(bytes([2]) * 32, b"id.5.{}", "sha256")
    assert head["webhook-signature"].split(" ")[1] == f"v1,{base64.b64encode(digest).decode()}"


def test_what_the_config_takes_for_these() -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    mail = {"HOST": "h.example.org", "FROM": "a@example.org", "TO": "b@example.org"}
    good = {"HELO": "[192.0.2.1]", "TOKEN_COMMAND": "oauth token --for 'a b'", "TOKEN_FILE": "t"}
    read: Callable[..., LogConfig] = LogConfig.model_validate
    config = read({"MAIL": mail | good, "WEBHOOK_SECRET": [secret], "CA": "ca.pem"})
    assert config.mail is not None
    assert config.mail.token_command == ("oauth", "token", "--for", "a b")
    assert secret not in repr(config)
    odd = {"MAIL": mail | {"HELO": "a b"}}
    for bad in (odd, {"WEBHOOK_SECRET": "short"}, {"CA": "-----BEGIN"}):
        with pytest.raises(ValueError, match="Value error"):
            read(bad)
