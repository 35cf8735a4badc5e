"""What an export of form responses takes: from when to when, in which format, whom to mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from mtdata.config import Settings
from mtdata.config.address import read_address
from mtdata.jobs.kind import Misfit, Parameter, Parameters
from mtdata.programme.export.formats import FORMATS
from mtdata.programme.moments import first_moment, last_moment, moment_text

ALLOWED = "YYYY-MM-DD, YYYY-MM-DD HH:MM or YYYY-MM-DD HH:MM:SS in TIMEZONE, included"
EXAMPLES = ("2017-05-15 00:00", "2020-05-15")


def _moment(
    name: str, read: Callable[[str, ZoneInfo], datetime], example: str, what: str
) -> Parameter:
    def read_moment(settings: Settings, words: str) -> str:
        zone = settings.programme.timezone
        return moment_text(read(words.strip(), zone), zone)

    return Parameter(name, read_moment, f"{ALLOWED}; {what}", default=None, examples=(example,))


def _format(settings: Settings, word: str) -> str:
    if word.lower() not in FORMATS:
        raise ValueError(f"it is none of {', '.join(FORMATS)}")
    return word.lower()


def _email(settings: Settings, words: str) -> str:
    how = settings.programme
    mailbox = read_address(words).mailbox
    if not how.may_be_mailed(mailbox):
        raise ValueError("MAIL_ALLOWED of programme.config has neither it nor its domain")
    if not how.tell_jobs:
        raise ValueError("without TELL_JOBS in programme.config nobody can make a link to mail")
    if settings.log.mail is None:
        raise ValueError("without MAIL in log.config nothing can be mailed")
    return mailbox


FROM = _moment("from", first_moment, EXAMPLES[0], "a day alone from its beginning")
TO = _moment("to", last_moment, EXAMPLES[1], "a day alone to its end")
FORMAT = Parameter(
    "format", _format, ", ".join(FORMATS), default="csv", choices=lambda settings: tuple(FORMATS)
)
EMAIL = Parameter(
    "email", _email, "an address that MAIL_ALLOWED has; it gets a link, no answers", default=None
)


def check_order(parameters: Parameters) -> None:
    """Misfit where the first moment is behind the last."""
    first, last = (parameters.get(one.name) for one in (FROM, TO))
    if first and last and datetime.fromisoformat(first) > datetime.fromisoformat(last):
        raise Misfit("from", f"from {first} is after to {last}; both are included")


def title_words(parameters: Parameters) -> list[str]:
    """What of an order stands in its title: never who is mailed."""
    span = [f"{name} {parameters[name]}" for name in ("from", "to") if parameters.get(name)]
    return [str(parameters.get(FORMAT.name, "")).upper(), *(span or ["all"])]
