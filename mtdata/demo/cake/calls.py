"""What a call to the stand-in for CAKE asks: its dialect and parameters, as ASP.NET takes them.

By address, form and JSON every parameter must be there; SOAP fills in what is missing.
"""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mtdata.demo.cake.forms import JSON, SOAP_12, XML
from mtdata.demo.wire import Call

_PATH = re.compile(r"/api/([0-9]{1,2})/([a-z]+)\.asmx(?:/([A-Za-z]+))?", re.A)
_ENVELOPE = re.compile(r'<(?:\w+:)?(\w+) xmlns="http://cakemarketing\.com/api/[0-9]+/">(.*)', re.S)
_ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>|<(\w+) ?/>")
DATES = (
    *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
    *("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S"),
)
SQL_DATE = (
    "Server was unable to process request. ---> SqlDateTime overflow. Must be between "
    "1/1/1753 12:00:00 AM and 12/31/9999 11:59:59 PM."
)
_CLICKS = (
    "api_key start_date:date end_date:date affiliate_id:int advertiser_id:int offer_id:int "
    "campaign_id:int creative_id:int price_format_id:int include_duplicates:bool "
    "include_tests:bool start_at_row:int row_limit:int"
)
_EVENTS = (
    "api_key start_date:date end_date:date event_type event_id:int source_affiliate_id:int "
    "brand_advertiser_id:int channel_id:int site_offer_id:int site_offer_contract_id:int "
    "source_affiliate_tag_id:int brand_advertiser_tag_id:int site_offer_tag_id:int campaign_id:int "
    "creative_id:int price_format_id:int{} disposition_type disposition_id:int "
    "source_affiliate_billing_status brand_advertiser_billing_status test_filter "
    "start_at_row:int row_limit:int sort_field sort_descending:bool"
)
_CHANGES = (
    "api_key changes_since:date include_new_event_conversions:bool source_affiliate_id:int "
    "brand_advertiser_id:int site_offer_id:int campaign_id:int creative_id:int include_tests:bool "
    "start_at_row:int row_limit:int sort_field sort_descending:bool"
)
OPERATIONS: dict[tuple[str, str], dict[int, str]] = {
    ("reports", "Clicks"): {11: _CLICKS, 12: _CLICKS},
    ("reports", "EventConversions"): {
        15: _EVENTS.format(""),
        **dict.fromkeys((16, 17, 18), _EVENTS.format(" source_type payment_percentage_filter")),
    },
    ("reports", "EventConversionChanges"): {17: _CHANGES, 18: _CHANGES},
    ("get", "Currencies"): {1: "api_key"},
    ("get", "GetAPIKey"): {1: "username password"},
    ("auth", "Login"): {2: "username password ip_address"},
}
"""Parameters of each operation by version; those without a kind are texts."""


class Asked(NamedTuple):
    """A call as it is understood."""

    operation: str
    version: int
    dialect: str
    given: dict[str, str]


class Misread(Exception):
    """The call cannot be carried out; ASP.NET answers 500 with these words."""


def understood(call: Call) -> Asked | None:
    """What a call asks; None when there is nothing at that address."""
    found = _PATH.fullmatch(call.path)
    if not found:
        return None
    version, service, operation = int(found[1]), found[2], found[3] or ""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = call.body.decode("utf-8", "replace")
    if not operation:
        dialect, (operation, given) = SOAP_12, _of_soap(text)
    elif kind == "application/json":
        dialect, given = JSON, _of_json(text)
    else:
        source = call.query if call.method == "GET" else text
        dialect, given = XML, dict(parse_qsl(source, keep_blank_values=True))
    if version not in OPERATIONS.get((service, operation), {}):
        return None
    return Asked(operation, version, dialect, given)


def _of_json(text: str) -> dict[str, str]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return {key: str(value) for key, value in told.items()} if isinstance(told, dict) else {}


def _of_soap(text: str) -> tuple[str, dict[str, str]]:
    found = _ENVELOPE.search(text)
    if not found:
        return "", {}
    pairs = ((m[1] or m[3], m[2] or "") for m in _ELEMENT.finditer(found[2]))
    return found[1], {name: html.unescape(value) for name, value in pairs}


def read(asked: Asked) -> dict[str, Any]:
    """The parameters with their types.  Misread for one that is missing or makes no sense."""
    table = next(versions for (_, name), versions in OPERATIONS.items() if name == asked.operation)
    values: dict[str, Any] = {}
    for word in table[asked.version].split():
        name, _, kind = word.partition(":")
        if name not in asked.given and asked.dialect != SOAP_12:
            raise Misread(_missing(name, asked.dialect))
        values[name] = _value(name, kind, asked.given.get(name))
    return values


def _missing(name: str, dialect: str) -> str:
    if dialect == JSON:
        return f"Invalid web service call, missing value for parameter: '{name}'."
    return f"Missing parameter: {name}."


def _value(name: str, kind: str, text: str | None) -> Any:
    try:
        if kind == "int":
            return int(text or "0")
        if kind == "bool":
            return {"true": True, "false": False}[(text or "false").strip().lower()]
    except (ValueError, KeyError):
        wanted = "Int32" if kind == "int" else "Boolean"
        raise Misread(
            f"Cannot convert {text} to System.{wanted}.\r\nParameter name: {name} ---> Input "
            "string was not in a correct format."
        ) from None
    return _date(name, text) if kind == "date" else text or ""


def _date(name: str, text: str | None) -> datetime:
    if text is None:
        raise Misread(SQL_DATE)
    for pattern in DATES:
        try:
            return datetime.strptime(text.strip(), pattern)
        except ValueError:
            continue
    raise Misread(f"Cannot convert {text} to System.DateTime.\r\nParameter name: {name}")
