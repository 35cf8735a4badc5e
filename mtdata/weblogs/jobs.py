"""The kind that imports the logs of a site and day, in parts that several runners carry.

What it does in its parts stands in `job_parts.py`, which is loaded where one is done.
"""

from __future__ import annotations

from datetime import date

from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.jobs.daily import DAY as ONE_DAY
from mtdata.jobs.kind import Kind, Kinds, Parameter, Parameters, Work, day

IMPORT = "weblogs.import"
MAX_RUNNERS = 8
_PARTS = "mtdata.weblogs.job_parts"


def last_whole_day(settings: Settings) -> date:
    """The newest day that is over at every site."""
    now = SystemClock().now()
    days = [now.astimezone(site.zone).date() for site in settings.weblogs.sites]
    return min(days, default=now.date()) - ONE_DAY


def _domain(settings: Settings, word: str) -> str:
    from mtdata.weblogs.sites import site_named  # with all that reads logs

    return site_named(settings, word).domain


SITE = Parameter(
    "site",
    _domain,
    "a site of weblogs.config",
    choices=lambda settings: [site.domain for site in settings.weblogs.sites],
)
DAY = Parameter(
    "day",
    day,
    "YYYY-MM-DD or dd-mm-yyyy, from 2000 on, not in the future (default: yesterday)",
    default=lambda settings: last_whole_day(settings).isoformat(),
    days_ago=(1, 2, 7),
)


def key_of(parameters: Parameters) -> str:
    """No two jobs of one site and day are carried at a time."""
    return f"weblogs:{parameters['site']}:{parameters['day']}"


def _base(parameters: Parameters) -> str:
    return f"weblogs_{parameters['site']}_{parameters['day']}"


def _split(work: Work) -> list[str]:
    from mtdata.weblogs.job_parts import split

    return split(work)


def _send(work: Work) -> None:
    from mtdata.weblogs.job_parts import send

    send(work)


def _close(work: Work) -> None:
    from mtdata.weblogs.job_parts import close

    close(work)


KIND = Kind(
    name=IMPORT,
    parameters=(SITE, DAY),
    split=_split,
    run=_send,
    close=_close,
    brings=(_PARTS,),
    base=_base,
    key=key_of,
    max_runners=MAX_RUNNERS,
    stays="newest",
    resumes=True,
    account=SITE.name,
    title="Web logs",
    about="Import what is new of a day's web logs into Matomo, then archive, compare and push it",
)
KINDS: Kinds = {KIND.name: KIND}
