"""Mail by SMTP: one message in one bounded exchange; it never goes on in clear, nor shows a secret.

Of what a server says only the numbers are told: it could repeat what it was sent.
"""

from __future__ import annotations

import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal

from mtdata.domain.disclosure import host_told
from mtdata.domain.message import Message, one_line
from mtdata.errors import PostError, PostRefused
from mtdata.exchange import TimedBytes

WAITS = 3
"""An exchange as a whole may take so many times TIMEOUT."""


@dataclass(frozen=True, slots=True)
class MailAccess:
    """A mail server, how to speak to it, and as whom."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    sender: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout_s: float = 20.0


UNFOLDED = SMTP.clone(max_line_length=998)
"""A subject stays on its line: some readers show the fold as a blank."""


class _Session(smtplib.SMTP):
    """An SMTP client whose answers end in time; `tls` wraps the connection from the first byte."""

    def __init__(self, access: MailAccess) -> None:
        super().__init__(local_hostname=_own_name(), timeout=access.timeout_s)
        self._host = access.host  # what the certificate must be for
        self._context = ssl.create_default_context() if access.tls != "none" else None
        self._wraps = access.tls == "tls"
        self._ends_at = time.monotonic() + WAITS * access.timeout_s

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        if self._wraps and self._context is not None:
            try:
                return self._context.wrap_socket(sock, server_hostname=host)
            except BaseException:
                sock.close()
                raise
        return sock

    def begin_tls(self) -> None:
        """Go on over TLS, or not at all."""
        self.starttls(context=self._context)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(TimedBytes(self.sock, self._ends_at))
        return super().getreply()

    def part(self) -> None:
        """Say good-bye; the message was taken, whatever becomes of this."""
        with suppress(smtplib.SMTPException, OSError):
            self.docmd("QUIT")


class MailPost:
    """Port Post: mail to some addresses."""

    def __init__(self, access: MailAccess, to: Sequence[str]) -> None:
        self._access = access
        self._to = tuple(to)

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver.  What is odd: some of the addresses are refused."""
        sender, *to = (parseaddr(word)[1] for word in (self._access.sender, *self._to))
        with self._told(), self._session() as session:
            refused = session.sendmail(sender, to, self._mail(message))
            session.part()
        if not refused:
            return ""
        return f"{self._place} does not take mail for {len(refused)} of {len(to)} addresses"

    @property
    def _place(self) -> str:
        return f"the mail server {host_told(self._access.host)}:{self._access.port}"

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        access = self._access
        session = _Session(access)
        try:
            code, said = session.connect(access.host, access.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            if access.tls == "starttls":
                session.begin_tls()
            if access.user:
                session.login(access.user, access.password)
            yield session
        finally:
            session.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translate what can go wrong, and say whether another try makes sense."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise PostRefused(
                f"{self._place} has a certificate that is not trusted: {error.verify_message}"
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise PostRefused(
                f"{self._place} does not offer what is asked of it (STARTTLS, log-in)"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._fault("the log-in", error.smtp_code, b"") from None
        except smtplib.SMTPRecipientsRefused as error:
            code, said = min(error.recipients.values())  # one that may be taken later comes first
            raise self._fault("every address", code, said) from None
        except smtplib.SMTPResponseException as error:
            what = _STEPS.get(type(error), "our greeting")
            raise self._fault(what, error.smtp_code, error.smtp_error) from None
        except UnicodeEncodeError:
            raise PostRefused("USER and PASS of MAIL may hold ASCII alone") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise PostError(f"{self._place} does not answer as it should: {_why(error)}") from None

    def _fault(self, what: str, code: int, said: bytes | str) -> PostError:
        text = said if isinstance(said, str) else said.decode("ascii", "replace")
        status = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
        told = f"{self._place} refuses {what}: {code}{f' {status[0]}' if status else ''}"
        return (PostRefused if 500 <= code < 600 else PostError)(told)

    def _mail(self, message: Message) -> bytes:
        mail = EmailMessage(policy=UNFOLDED)
        mail["From"] = one_line(self._access.sender)
        mail["To"] = ", ".join(one_line(word) for word in self._to)
        mail["Subject"] = one_line(message.subject)
        mail["Date"] = format_datetime(message.made_at)
        domain = parseaddr(self._access.sender)[1].rpartition("@")[2]
        mail["Message-ID"] = f"<{message.key}.mtdata@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # no answering machine need answer
        mail.set_content(message.body)
        return mail.as_bytes()


_STEPS: dict[type[smtplib.SMTPResponseException], str] = {
    smtplib.SMTPConnectError: "the connection",
    smtplib.SMTPHeloError: "our greeting",
    smtplib.SMTPSenderRefused: "the sender",
    smtplib.SMTPDataError: "the message",
}


def _why(error: Exception) -> str:
    """What happened, without a word of the server's."""
    if isinstance(error, TimeoutError):
        return "too slow"
    if (
        isinstance(error, OSError)
        and error.strerror
        and not isinstance(error, smtplib.SMTPException)
    ):
        return error.strerror
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection, or was too slow"
    return type(error).__name__


def _own_name() -> str:
    """What we call ourselves; smtplib would ask the network for it, which may hang."""
    name = socket.gethostname()
    return (
        name
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", name)
        else "localhost"
    )
