"""What an order of a report of CAKE is given; who carries it stands in `jobs.py`."""

from __future__ import annotations

from mtdata.cake.accounts import account_named, account_names
from mtdata.config import Settings
from mtdata.jobs.kind import Parameter, day

ACCOUNT = Parameter(
    "account",
    lambda settings, word: account_named(settings, word).name,
    "an account of export.config",
    default=lambda settings: account_named(settings).name,
    choices=account_names,
)
DAY = "YYYY-MM-DD or dd-mm-yyyy, from 2000 on, not in the future"
WAIT, NOW = "wait", "now"


def _settling(settings: Settings, word: str) -> str:
    if word not in (WAIT, NOW):
        raise ValueError("it is neither wait nor now")
    return word


UNSETTLED = Parameter(
    "unsettled",
    _settling,
    "wait or now: what to do about a day that is not over (default: UNSETTLED of the account)",
    default=None,
    choices=lambda settings: (WAIT, NOW),
)
DAYS = (Parameter("from", day, DAY), Parameter("to", day, DAY), ACCOUNT, UNSETTLED)
