"""Real SMTP servers on this machine that keep, refuse, hang or drip; they send nothing on."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, NamedTuple, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mail(NamedTuple):
    """One mail as it was taken."""

    sender: str
    to: list[str]
    mail: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def body(self) -> str:
        return str(self.mail.get_content()).replace("\r\n", "\n")


class Mailbox:
    """What the server does; `refuses` maps a command to the answer that it gets instead."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.contents: list[bytes] = []  # the same as they came over the wire
        self.refuses: dict[str, str] = {}
        self.hides: set[str] = set()  # extensions that it does not offer
        self.logins: list[tuple[str, str]] = []
        self.users: dict[str, str] = {}
        self.on_mail: Callable[[], None] = lambda: None
        self.port = 0
        self.is_secure: list[bool] = []

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        session.host_name = name
        if "EHLO" in self.refuses:
            return [self.refuses["EHLO"]]
        return [line for line in lines if line[4:].split()[0] not in self.hides]

    async def handle_HELO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str
    ) -> str:
        session.host_name = name
        return self.refuses.get("EHLO", "250 here")

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, who: str, options: list[str]
    ) -> str:
        envelope.mail_from = who
        return self.refuses.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, who: str, options: list[str]
    ) -> str:
        answer = self.refuses.get("RCPT") or self.refuses.get(f"RCPT {who}")
        if answer:
            return answer
        envelope.rcpt_tos.append(who)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.refuses.get("QUIT", "221 bye")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        mail = message_from_bytes(cast(bytes, envelope.content), policy=default)
        self.is_secure.append(server.transport.get_extra_info("sslcontext") is not None)
        self.contents.append(cast(bytes, envelope.content))
        self.mails.append(
            Mail(str(envelope.mail_from), list(envelope.rcpt_tos), cast(EmailMessage, mail))
        )
        self.on_mail()
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        if "AUTH" in self.refuses:
            return AuthResult(success=False, handled=False, message=self.refuses["AUTH"])
        assert isinstance(given, LoginPassword)
        name, password = given.login.decode(), given.password.decode()
        self.logins.append((name, password))
        return AuthResult(success=self.users.get(name) == password, handled=False)


class _Controller(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # we asked for any
        super()._trigger_server()


@contextmanager
def mailbox(
    certificate: tuple[str, str] | None = None, tls: str = "none", *, asks_login: bool = False
) -> Iterator[Mailbox]:
    """A server that takes mail; with a certificate for `tls` tls or starttls."""
    box = Mailbox()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    more: dict[str, Any] = {"ssl_context": context} if tls == "tls" else {"tls_context": context}
    if asks_login:
        more |= {"auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = _Controller(
        box,
        hostname="127.0.0.1",
        port=0,
        authenticator=box.authenticate,
        ready_timeout=60,  # a busy machine takes its time
        **more,
    )
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


Speech = Callable[[socket.socket, threading.Event], None]


@contextmanager
def talking(speech: Speech) -> Iterator[int]:
    """A server that speaks its own mind to each connection; gives its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    talk, _ = listener.accept()
                except TimeoutError:
                    continue
                with talk, suppress(OSError):  # the client may leave, as it should
                    talk.settimeout(0.05)
                    speech(talk, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def hang(talk: socket.socket, over: threading.Event) -> None:
    """Say nothing at all."""
    while not over.is_set() and not _is_left(talk):
        time.sleep(0.02)


def drip(talk: socket.socket, over: threading.Event) -> None:
    """A greeting that never ends, one byte at a time, each in time."""
    while not over.is_set():
        talk.sendall(b"2")
        time.sleep(0.02)


def chatter(talk: socket.socket, over: threading.Event) -> None:
    """Lines of a greeting without a last one, as fast as they are taken."""
    talk.settimeout(5)
    while not over.is_set():
        talk.sendall(b"220-and so on\r\n" * 1000)


def _is_left(talk: socket.socket) -> bool:
    try:
        return talk.recv(4096) == b""
    except TimeoutError:
        return False


def slam(talk: socket.socket, over: threading.Event) -> None:
    """Close at once."""
