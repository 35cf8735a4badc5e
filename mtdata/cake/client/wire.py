"""The questions that CAKE is asked, each with every parameter it has; it sends nothing.

ASP.NET answers 500 to a question in which one parameter is missing, so none is ever left out, and
what is not asked for is 0 or `all`.  The key is put in last, into the body: never into an address.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from mtdata.cake.client.reading import CLICKS, CURRENCIES, EVENTS, NOTHING, ListNames
from mtdata.cake.window import ASKED, Window
from mtdata.config.export import CakeConfig

REPORTS, GET = "reports", "get"
_ALL_IDS = "affiliate_id advertiser_id offer_id campaign_id creative_id price_format_id".split()
_EVENT_IDS = (
    "source_affiliate_id brand_advertiser_id channel_id site_offer_id site_offer_contract_id "
    "source_affiliate_tag_id brand_advertiser_tag_id site_offer_tag_id campaign_id creative_id "
    "price_format_id"
).split()
_CHANGE_IDS = (
    "source_affiliate_id brand_advertiser_id site_offer_id campaign_id creative_id".split()
)

_BY_ID = {"sort_field": "event_conversion_id", "sort_descending": "FALSE"}


class Question(NamedTuple):
    """One call of the API of CAKE, without the key."""

    service: str
    operation: str
    version: int
    parameters: dict[str, str]
    listing: ListNames

    @property
    def path(self) -> str:
        """Where it is asked."""
        return f"/api/{self.version}/{self.service}.asmx/{self.operation}"


def clicks(account: CakeConfig, window: Window, start_at_row: int) -> Question:
    """Clicks of a window, newest first; there is no parameter that sorts them."""
    parameters = {
        **_times(window),
        **dict.fromkeys(_ALL_IDS, "0"),
        "include_duplicates": _flag(on=account.include_duplicates),
        "include_tests": _flag(on=account.include_tests),
        **_rows(account, start_at_row),
    }
    return Question(REPORTS, "Clicks", account.clicks_version, parameters, CLICKS)


def conversions(account: CakeConfig, window: Window, start_at_row: int) -> Question:
    """Events of a window, by their ids: a row that comes late is behind all that were there."""
    later = {"source_type": "all", "payment_percentage_filter": "both"}
    parameters = {
        **_times(window),
        "event_type": account.event_type,
        "event_id": "0",
        **dict.fromkeys(_EVENT_IDS, "0"),
        **(later if account.conversions_version > 15 else {}),
        "disposition_type": "all",
        "disposition_id": "0",
        "source_affiliate_billing_status": "all",
        "brand_advertiser_billing_status": "all",
        "test_filter": "both" if account.include_tests else "non_tests",
        **_rows(account, start_at_row),
        **_BY_ID,
    }
    return Question(REPORTS, "EventConversions", account.conversions_version, parameters, EVENTS)


def changes(account: CakeConfig, since: datetime, start_at_row: int) -> Question:
    """Events that are new or were changed since a moment of the instance's wall clock."""
    parameters = {
        "changes_since": since.strftime(ASKED),
        "include_new_event_conversions": _flag(on=True),
        **dict.fromkeys(_CHANGE_IDS, "0"),
        "include_tests": _flag(on=account.include_tests),
        **_rows(account, start_at_row),
        **_BY_ID,
    }
    version = account.changes_version
    return Question(REPORTS, "EventConversionChanges", version, parameters, EVENTS)


def currencies() -> Question:
    """The currencies of the instance: their ids are its own."""
    return Question(GET, "Currencies", 1, {}, CURRENCIES)


def api_key(user: str, password: str) -> Question:
    """The key of a user, as a text; an empty one when the instance does not accept the log-in."""
    return Question(GET, "GetAPIKey", 1, {"username": user, "password": password}, NOTHING)


def body(question: Question, account: CakeConfig) -> tuple[str, bytes]:
    """Media type and bytes of the question, with the key where it belongs into it."""
    given = dict(question.parameters)
    if question.operation != "GetAPIKey":
        given = {"api_key": account.api_key.get_secret_value(), **given}
    if account.dialect == "json":
        return "application/json; charset=utf-8", json.dumps(given).encode()
    return "application/x-www-form-urlencoded", urlencode(given).encode("ascii")


def _times(window: Window) -> dict[str, str]:
    return {"start_date": window.start.strftime(ASKED), "end_date": window.end.strftime(ASKED)}


def _rows(account: CakeConfig, start_at_row: int) -> dict[str, str]:
    return {"start_at_row": str(start_at_row), "row_limit": str(account.rows_a_page)}


def _flag(*, on: bool) -> str:
    return "TRUE" if on else "FALSE"
