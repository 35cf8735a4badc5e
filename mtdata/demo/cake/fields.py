"""What stands in the rows of the stand-in for CAKE: some dozens of kinds, clean and dirty.

A kind is a tree of fields, and what differs from row to row is a Slot.  All of it is invented.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple


class Slot(NamedTuple):
    """A place that each row fills by itself; `kind` is text, number or date."""

    name: str
    kind: str = "text"


class Nil(NamedTuple):
    """A number or date that is null; a null text or object is None."""


NIL = Nil()
Fields = dict[str, Any]
KINDS = 64
DIRTY_TEXTS = (
    "a\x16b\x13c",
    " Marco Neumann",
    "Agência “São”",
    'a "quote", a comma\r\nand a line\tmore',
    "=1+1",
    "-2+3",
    "@SUM(A1)",
    "null",
    "007",
    "<b>&amp;</b> ]]> %s %(x)s",
)
UNENCODED = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
ENCODED = UNENCODED.replace(" ", "%20")


def stored(name: str, number: int, text: str, *, code: bool = False) -> Fields:
    """An object of an id (or code) and a name."""
    first = f"{name}_code" if code else f"{name}_id"
    return {first: text[:2].upper() if code else number, f"{name}_name": text}


def money(amount: str, *, places: int = 4) -> Fields:
    """An amount of the instance's first currency."""
    value = Decimal(amount).quantize(Decimal(1).scaleb(-places))
    return {"currency_id": 2, "amount": value, "formatted_amount": f"€{value:.2f}"}


def _versioned(name: str, number: int, text: str, major: str, minor: str) -> Fields:
    return {
        **stored(name, number, text),
        f"{name}_version": {"version_id": 100 + number, "version_name": major},
        f"{name}_version_minor": {"version_id": 200 + number, "version_name": minor},
    }


def _visitor(kind: int) -> Fields:
    """Where somebody came from and with what."""
    known = kind % 16 != 5  # else CAKE knew nothing of the visitor
    return {
        "country": stored("country", 0, "Germany", code=True) if known else None,
        "region": stored("region", 0, "Berlin", code=True) if known else None,
        "language": stored("language", 1, "English"),
        "isp": stored("isp", 40 + kind, f"Provider {kind}") if known else None,
        "device": stored("device", kind % 3, "Desktop") if kind % 4 else None,
        "operating_system": _versioned("operating_system", 7, "Windows", "10", ""),
        "browser": _versioned("browser", 3, "Chrome", "58", "Other") if known else None,
    }


def _offered(kind: int) -> Fields:
    campaign = {"campaign_type_id": 1, "campaign_type_name": "Standard"}
    return {
        "source_affiliate": stored("source_affiliate", 100 + kind % 8, f"Affiliate {kind % 8}"),
        "brand_advertiser": stored("brand_advertiser", 20 + kind % 5, f"Advertiser {kind % 5}"),
        "site_offer": stored("site_offer", 3000 + kind % 11, f"Offer & Co {kind % 11}"),
        "site_offer_contract": stored("site_offer_contract", 4000 + kind % 11, ""),
        "channel": None,
        "campaign": {"campaign_id": 500 + kind % 13, "campaign_type": campaign},
        "creative": stored("creative", 60 + kind % 17, f"Banner {kind % 17}"),
    }


def _subs(kind: int, *, dirty: bool) -> Fields:
    subs: Fields = {"sub_id_1": Slot("sub_id")}
    for number in range(2, 6):
        subs[f"sub_id_{number}"] = f"s{kind}-{number}" if (kind >> number) & 1 else ""
    if dirty:
        subs["sub_id_3"] = DIRTY_TEXTS[kind % len(DIRTY_TEXTS)]
        subs["sub_id_5"] = None
    return subs


def click(kind: int, *, dirty: bool, test: bool = False, duplicate: bool = False) -> Fields:
    """A click as version 12 gives it."""
    paid = money(f"0.{kind:02d}") if kind % 3 else None
    return {
        "click_id": Slot("id", "number"),
        "visitor_id": Slot("visitor", "number"),
        "tracking_id": Slot("tracking", "number"),
        "original_visitor_id": Slot("visitor", "number"),
        "original_tracking_id": Slot("tracking", "number"),
        "request_session_id": Slot("session", "number"),
        "click_date": Slot("at", "date"),
        "udid": None,
        **_offered(kind),
        **_subs(kind, dirty=dirty),
        "ip_address": Slot("ip"),
        "user_agent": ENCODED if kind % 9 else None,
        "referrer_url": f"https://example.org/page?kind={kind}&from=mail",
        "search_term": "",
        "request_url": f"https://track.example.com/?a={100 + kind % 8}&c={60 + kind % 17}&s1=x",
        "redirect_url": "https://shop.example.com/?aff=#affid#&utm_source=cake&utm_medium=cpc",
        **_visitor(kind),
        "disposition": "" if kind % 10 else "Rejected - Cap",
        "paid_action": None,
        "paid": paid,
        "received": money("1.5") if paid else None,
        "duplicate": duplicate,
        "duplicate_clicks": 1 if duplicate else 0,
        "total_clicks": 2 if duplicate else 1,
        **({"test": True} if test else {}),
    }


def event(kind: int, *, dirty: bool, test: bool = False) -> Fields:
    """An event conversion as version 17 gives it; every eighth was put in by hand."""
    manual = kind % 8 == 3
    return {
        **_event_ids(manual=manual),
        "udid": None,
        "event_info": stored("event", kind % 2, "Sale" if kind % 2 else "Macro"),
        **_offered(kind),
        "voucher_code": None,
        **_subs(kind, dirty=dirty),
        **_event_addresses(manual=manual),
        "source_type": "Manual Insertion" if manual else "Click",
        **_event_money(),
        "pixel_dropped": kind % 2 == 0,
        "suppressed": False,
        "returned": False,
        "test": test,
        "transaction_id": Slot("transaction"),
        "current_disposition": None if manual else _disposition(),
        "order_total": money("99.9"),
        "storefront": None,
        "payout_rule": None,
        "event_conversion_score": NIL if kind % 2 else Decimal("0.00"),
        **(dict.fromkeys(_visitor(kind)) if manual else _visitor(kind)),
        "search_term": None,
        "keyword": None,
        "note": "by phone,\nold customer" if manual else "",
    }


def _event_ids(*, manual: bool) -> Fields:
    return {
        "event_conversion_id": Slot("id", "number"),
        "visitor_id": Slot("visitor", "number"),
        "original_visitor_id": Slot("visitor", "number"),
        "user_id": None,
        "tracking_id": Slot("tracking", "number"),
        "original_tracking_id": Slot("tracking", "number"),
        "request_session_id": Slot("session", "number"),
        "click_request_session_id": None if manual else Slot("session", "number"),
        "click_id": None if manual else Slot("click_id", "number"),
        "event_conversion_date": Slot("at", "date"),
        "last_updated": Slot("updated", "date"),
        "click_date": NIL if manual else Slot("click_at", "date"),
        "source_date": Slot("at", "date"),
    }


def _event_addresses(*, manual: bool) -> Fields:
    return {
        "event_conversion_ip_address": Slot("ip"),
        "click_ip_address": None if manual else Slot("ip"),
        "event_conversion_referrer_url": "https://shop.example.com/thanks?order=1&x=2",
        "click_referrer_url": None if manual else "https://example.org/",
        "event_conversion_user_agent": UNENCODED,
        "click_user_agent": None if manual else UNENCODED,
    }


def _event_money() -> Fields:
    return {
        "price_format": stored("price_format", 1, "CPA"),
        "paid": {**money("0.7"), "amount": Slot("paid", "number")},
        "paid_unbilled": money("0", places=10),
        "received": money("12.5"),
        "received_unbilled": money("0", places=10),
        "site_offer_credit_percentage": Decimal("1.000000"),
        "site_offer_payment_percentage": Decimal("1.000000"),
        "program_credit_percentage": Decimal("1.000000"),
    }


def _disposition() -> Fields:
    return {
        **stored("disposition", 9, "Approved"),
        "disposition_name": Slot("disposition"),
        "disposition_type": stored("disposition_type", 2, "Approved"),
        "contact": None,
        "disposition_date": Slot("updated", "date"),
    }
