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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.headerregistry import Address as Field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mtdata.alerts.greeting import is_about_our_name, our_name
from mtdata.alerts.mail_tokens import TokenSource, answer, initial_response, mechanism_for
from mtdata.alerts.message import Message, one_line
from mtdata.config import MailConfig
from mtdata.config.address import MailAddress, read_address
from mtdata.core.disclosure import host_told
from mtdata.core.errors import ConfigError, PostError, PostPutOff, PostRefused
from mtdata.core.http import TimedBytes
from mtdata.core.trust import MEND, tls_context

GREETING = "our greeting"
WAITS = 3
"""An exchange as a whole may take so many times TIMEOUT."""
UNFOLDED = SMTP.clone(max_line_length=998, cte_type="7bit")
"""A subject stays on its line: some readers show the fold as a blank.  No body needs 8BITMIME."""
Answers = Mapping[str, tuple[int, bytes]]
"""What the server said, by mailbox, for those for whom it did not take the message."""
_LATER, _NEVER = (450, b""), (553, b"5.6.7")


class _MailSession(smtplib.SMTP):
    """An SMTP client whose answers end in time; `tls` wraps the connection from the first byte."""

    def __init__(self, config: MailConfig, ca: str) -> None:
        super().__init__(local_hostname="localhost", timeout=config.timeout_s)
        self._config = config
        self._host = config.host  # what the certificate must be for
        self._context = tls_context(ca) if config.tls != "none" else None
        self._ends_at = time.monotonic() + WAITS * config.timeout_s

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        domain = self._config.sender.rpartition("@")[2].rstrip("> ")
        self.local_hostname = our_name(self._config.helo, domain, sock)
        if self._config.tls == "tls" and self._context is not None:
            try:
                return self._context.wrap_socket(sock, server_hostname=host)
            except BaseException:
                sock.close()
                raise
        return sock

    def begin_tls(self) -> None:
        """Go on over TLS, or not at all."""
        self.starttls(context=self._context)

    def let_in(self) -> None:
        """Log in, with the password or a token: whichever the server takes."""
        self.ehlo_or_helo_if_needed()
        config, password = self._config, self._config.password.get_secret_value()
        tokens = TokenSource(config.token_file, config.token_command)
        offered = self.esmtp_features.get("auth", "").upper().split()
        way = mechanism_for(offered, has_password=bool(password), has_token=bool(tokens))
        if not way:
            self.login(config.user, password)
            return
        place = config.host, config.at_port
        first = initial_response(way, config.user, tokens.token(), place)
        self.auth(way, lambda asked=None: first if asked is None else answer(way))

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(TimedBytes(self.sock, self._ends_at))
        return super().getreply()

    def part(self) -> None:
        """Say good-bye; the message was taken, whatever becomes of this."""
        with suppress(smtplib.SMTPException, OSError):
            self.docmd("QUIT")


class MailPost:
    """Port Post: mail to some addresses; `ca` is a file of the authorities that count."""

    def __init__(self, config: MailConfig, to: Sequence[str], ca: str = "") -> None:
        self._config, self._ca = config, ca
        self._sender = read_address(config.sender)
        self._to = tuple(map(read_address, to))
        self._name = ""  # by which the server was greeted

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver.  What is odd: some of the addresses are refused."""
        wanted = [one for one in self._to if not message.to or one.mailbox in message.to]
        if not wanted:  # whoever was left is no longer configured
            return ""
        with self._translated_faults(), self._session() as session:
            answers = self._send(session, wanted, message)
            session.part()
        return self._concluded(wanted, answers)

    def _send(
        self, session: _MailSession, wanted: Sequence[MailAddress], message: Message
    ) -> Answers:
        """One mail for those whose mailbox is ASCII, another for the rest, who need SMTPUTF8."""
        session.ehlo_or_helo_if_needed()
        answers: dict[str, tuple[int, bytes]] = {}
        taken = 0
        for is_plain in (True, False):
            group = [one for one in wanted if _is_plain([self._sender, one]) == is_plain]
            if is_plain or session.has_extn("smtputf8"):
                said = self._mailed(session, group, message, is_partial=taken > 0)
            else:
                said = {one.mailbox: _NEVER for one in group}
            answers |= said
            taken += len(group) - len(said)
        return answers

    def _mailed(
        self,
        session: _MailSession,
        group: Sequence[MailAddress],
        message: Message,
        *,
        is_partial: bool,
    ) -> Answers:
        """What is said to one mail; when others have it already no fault of it is the whole's."""
        if not group:
            return {}
        options = [] if _is_plain([self._sender, *group]) else ["SMTPUTF8"]
        mail, to = self._mail(message, group), [one.mailbox for one in group]
        try:
            return session.sendmail(self._sender.mailbox, to, mail, options)
        except smtplib.SMTPRecipientsRefused as error:  # one 421 ends it before all are asked
            return dict.fromkeys(to, _LATER) | error.recipients
        except (smtplib.SMTPException, OSError):
            if not is_partial:
                raise
            return dict.fromkeys(to, _LATER)

    def _concluded(self, wanted: Sequence[MailAddress], answers: Answers) -> str:
        """What was odd; an error when somebody is to be tried again, or nobody takes it."""
        refused = {box: said for box, said in answers.items() if 500 <= said[0] < 600}
        put_off = {box: said for box, said in answers.items() if box not in refused}
        if len(answers) == len(self._to) and not (refused and put_off):
            code, said = min(answers.values())
            raise self._fault("every address", code, said)
        told = f"{self._server} does not take mail for {self._counted(refused)}" if refused else ""
        if not put_off:
            return told
        later = f"{self._server} puts off {self._counted(put_off)}, who get it later"
        raise PostPutOff(
            f"{told}; {later}" if told else later,
            list(put_off),
            is_partial=len(answers) < len(wanted),
        )

    def _counted(self, answers: Answers) -> str:
        """How many, which by their place in the config, and the numbers that the server gave."""
        which = [
            f"number {place}: {_numbers(*answers[one.mailbox])}"
            for place, one in enumerate(self._to, 1)
            if one.mailbox in answers
        ]
        return f"{len(answers)} of {len(self._to)} addresses ({', '.join(which)})"

    @property
    def _server(self) -> str:
        return f"the mail server {host_told(self._config.host)}:{self._config.at_port}"

    @contextmanager
    def _session(self) -> Iterator[_MailSession]:
        config = self._config
        session = _MailSession(config, self._ca)
        try:
            code, said = session.connect(config.host, config.at_port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            if config.tls == "starttls":
                session.begin_tls()
            self._name = session.local_hostname
            if config.user:
                session.let_in()
            yield session
        finally:
            session.close()

    @contextmanager
    def _translated_faults(self) -> Iterator[None]:
        """Translate what can go wrong, and say whether another try makes sense."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise PostRefused(
                f"{self._server} has a certificate that is not trusted: {error.verify_message}; "
                + MEND.format("log.config")
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise PostRefused(
                f"{self._server} does not offer what is asked of it (STARTTLS, log-in)"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._fault("the log-in", error.smtp_code, b"") from None
        except smtplib.SMTPResponseException as error:
            what = _STEPS.get(type(error), GREETING)
            raise self._fault(what, error.smtp_code, error.smtp_error) from None
        except UnicodeEncodeError:
            raise PostRefused("USER and PASS of MAIL may hold ASCII alone") from None
        except ConfigError as error:
            raise PostRefused(f"{self._server}: {error}") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise PostError(f"{self._server} does not answer as it should: {_why(error)}") from None

    def _fault(self, what: str, code: int, said: bytes | str) -> PostError:
        if what == GREETING or is_about_our_name(said):
            what = f"our name, {self._name} (HELO of MAIL in log.config gives another)"
        told = f"{self._server} refuses {what}: {_numbers(code, said)}"
        return (PostRefused if 500 <= code < 600 else PostError)(told)

    def _mail(self, message: Message, to: Sequence[MailAddress]) -> bytes:
        mail = EmailMessage(policy=UNFOLDED.clone(utf8=not _is_plain([self._sender, *to])))
        mail["From"] = _field(self._sender)
        mail["To"] = [_field(one) for one in to]
        mail["Subject"] = one_line(message.subject)
        mail["Date"] = format_datetime(message.made_at)
        mail["Message-ID"] = f"<{message.key}.mtdata@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # no answering machine need answer
        mail.set_content(message.body)
        return mail.as_bytes()


class OwnerPost:
    """Port Post: mail to whom the message names, and to nobody else."""

    def __init__(self, config: MailConfig, ca: str = "") -> None:
        self._config, self._ca = config, ca

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver."""
        return MailPost(self._config, message.to, self._ca).deliver(message)


def _is_plain(addresses: Sequence[MailAddress]) -> bool:
    return all(one.mailbox.isascii() for one in addresses)


def _field(one: MailAddress) -> Field:
    local, _, domain = one.mailbox.rpartition("@")
    return Field(one.name, local, domain)


def _numbers(code: int, said: bytes | str) -> str:
    """The numbers of an answer, without a word of the server's."""
    text = said if isinstance(said, str) else said.decode("ascii", "replace")
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
    return f"{code}{f' {status[0]}' if status else ''}"


_STEPS: dict[type[smtplib.SMTPResponseException], str] = {
    smtplib.SMTPConnectError: "the connection",
    smtplib.SMTPHeloError: GREETING,
    smtplib.SMTPSenderRefused: "the sender",
    smtplib.SMTPDataError: "the message",
}


def _why(error: Exception) -> str:
    """What happened, without a word of the server's."""
    if isinstance(error, TimeoutError):
        return "too slow"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection, or was too slow"
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return error.strerror or type(error).__name__
    return type(error).__name__
