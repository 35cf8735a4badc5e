"""What `mtdata check` looks at of mail, web hooks and messengers; it sends nothing unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtdata.alerts.incidents import PROGRAM_LEDGER
from mtdata.alerts.messengers import OTHERS
from mtdata.alerts.outbox import Outbox
from mtdata.config import Settings
from mtdata.core.checks import PROGRAM, Finding, of_program
from mtdata.core.disclosure import host_told, named
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import PostError, StorageError
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.core.stored_format import check_format

if TYPE_CHECKING:
    from mtdata.alerts.delivery_trial import DeliveryTrial

NOBODY = "none of MAIL, WEBHOOKS and MESSENGERS is configured"


def check_news(settings: Settings, *, send: bool) -> list[Finding]:
    """Whom the config tells, or with `send` what became of a test to each of them."""
    terms = settings.log
    if send:
        from mtdata.alerts.delivery_trial import try_out  # with all that sends news

        found = [_check_post(one) for one in try_out(settings)]
        return found or [of_program("MAIL", "bad", NOBODY, 78)]
    if not (terms.mail or terms.webhooks or terms.messengers):
        return [of_program("MAIL", "odd", "nobody is told: MAIL in log.config, or WEBHOOKS")]
    found = []
    if mail := terms.mail:
        whom = f"{len(mail.to)} addresses, {len(mail.escalate_to)} for what lasts"
        where = f"{host_told(mail.host)}:{mail.at_port}, TLS {mail.tls}"
        told = f"{where}, to {whom}; --mail sends a test"
        found.append(of_program("MAIL", "good" if mail.tls != "none" else "odd", told))
    if terms.webhooks:
        found.append(of_program("WEBHOOKS", "good", f"{len(terms.webhooks)}; --mail sends a test"))
    for number, url in enumerate(terms.messengers, 1):
        found.append(_check_messenger(number, url.get_secret_value()))
    return found


def check_kept(settings: Settings) -> list[Finding]:
    """Whether the program's own ledger, and the news that wait, are of this program."""
    state = settings.home / "state"
    found = check_format(PROGRAM, state / LEDGER_FILE, PROGRAM_LEDGER)
    if newer := Outbox(FolderDisk(state / "outbox")).newer():
        told = (
            f"{state / 'outbox'}: {len(newer)} of the messages that wait are of a newer program; "
            "they stay there, and that program sends them"
        )
        found.append(of_program("outbox", "bad", told, StorageError.exit_code))
    return found


def _check_messenger(number: int, url: str) -> Finding:

    scheme = url.partition("://")[0]
    if OTHERS.has(scheme):  # whether it can be used is told with the plug-ins
        return of_program("MESSENGERS", "good", f"number {number}, {scheme}; --mail sends a test")
    known = ", ".join(OTHERS.names()) or "none"
    word = named(scheme, OTHERS.names(), "so")
    told = f"number {number}: no messenger is called {word}; installed is {known}"
    return of_program("MESSENGERS", "bad", told, 78)


def _check_post(one: DeliveryTrial) -> Finding:
    if one.fault:
        return of_program(one.destination, "bad", str(one.fault), one.fault.exit_code)
    if one.odd:
        return of_program(one.destination, "bad", one.odd, PostError.exit_code)
    return of_program(one.destination, "good", "took the test")
