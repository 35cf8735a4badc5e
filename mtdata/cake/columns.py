"""The columns of the two reports: which field stands where, and how it is written; pure.

`mended` has each value under a header that is right for it; `original` repeats the headers and the
contents of the original tools as first published, as far as they lose nothing (docs/DECISIONS.md).
Texts go through as they came: money stays the text that was sent, and what looks like a number too.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import NamedTuple

from mtdata.cake.cells import as_float, dated, elapsed, moment, worded
from mtdata.cake.client.matched_row import MatchedFields, MatchedRow
from mtdata.cake.client.reading import Row
from mtdata.core.border import Border
from mtdata.core.csv_lines import csv_line, csv_text, without_nul
from mtdata.core.errors import AnswerBroken
from mtdata.core.formulas import guarded

TEXT, DATE, FLAG, MONEY, CURRENCY, ELAPSED = "text", "date", "flag", "money", "currency", "elapsed"
_CELL = Border(AnswerBroken, "a cell cannot be read")
_FLAGS = {"true": "True", "false": "False"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class Column(NamedTuple):
    """A header, the field that stands under it, and how that is written."""

    header: str
    field: str
    kind: str = TEXT


def _columns(text: str) -> tuple[Column, ...]:
    """A table, one line a column: header | field | kind."""
    lines = [line.split("|") for line in text.strip().splitlines()]
    return tuple(Column(*(cell.strip() for cell in line)) for line in lines)


CONVERSIONS = _columns("""
    Conversion ID | event_conversion_id
    Last Updated | last_updated | date
    Conversion Date | event_conversion_date | date
    Click Date | click_date | date
    Click to Conversion Time | click_date | elapsed
    Affiliate ID | source_affiliate.source_affiliate_id
    Affiliate Name | source_affiliate.source_affiliate_name
    Advertiser ID | brand_advertiser.brand_advertiser_id
    Advertiser Name | brand_advertiser.brand_advertiser_name
    Offer ID | site_offer.site_offer_id
    Offer Name | site_offer.site_offer_name
    Creative ID | creative.creative_id
    Sub ID | sub_id_1
    Sub ID 2 | sub_id_2
    Sub ID 3 | sub_id_3
    Sub ID 4 | sub_id_4
    Sub ID 5 | sub_id_5
    Type | source_type
    Price Paid Currency | paid.currency_id | currency
    Paid | paid.amount | money
    Price Received Currency | received.currency_id | currency
    Received | received.amount | money
    Pixel | pixel_dropped | flag
    Transaction ID | transaction_id
    IP Address | event_conversion_ip_address
    Click IP Address | click_ip_address
    Country | country.country_code
    Conversion Referrer | event_conversion_referrer_url
    Referrer | click_referrer_url
    Conversion User Agent | event_conversion_user_agent
    Click User Agent | click_user_agent
    Disposition | current_disposition.disposition_name
    Region | region.region_name
    Language | language.language_name
    Provider Name | isp.isp_name
    Device | device.device_name
    Operating System | operating_system.operating_system_name
    OS(Major Version) | operating_system.operating_system_version.version_name
    OS(Minor Version) | operating_system.operating_system_version_minor.version_name
    Browser | browser.browser_name
    Browser(Major Version) | browser.browser_version.version_name
    Browser(Minor Version) | browser.browser_version_minor.version_name
    Conversion Score | event_conversion_score | money
    Paid Unbilled | paid_unbilled.amount | money
    Received Unbilled | received_unbilled.amount | money
    Click Request Session ID | click_request_session_id
    Event Name | event_info.event_name
    Price Format | price_format.price_format_name
    Tracking ID | tracking_id
    UDID | udid
""")
CLICKS = _columns("""
    Click ID | click_id
    Visitor ID | visitor_id
    Tracking ID | tracking_id
    Request ID | request_session_id
    UDID | udid
    Click Date | click_date | date
    Affiliate ID | source_affiliate.source_affiliate_id
    Affiliate Name | source_affiliate.source_affiliate_name
    Advertiser ID | brand_advertiser.brand_advertiser_id
    Advertiser Name | brand_advertiser.brand_advertiser_name
    Offer ID | site_offer.site_offer_id
    Offer Name | site_offer.site_offer_name
    Campaign ID | campaign.campaign_id
    Creative ID | creative.creative_id
    Creative Name | creative.creative_name
    Sub ID 1 | sub_id_1
    Sub ID 2 | sub_id_2
    Sub ID 3 | sub_id_3
    Sub ID 4 | sub_id_4
    Sub ID 5 | sub_id_5
    IP Address | ip_address
    User Agent | user_agent
    Referrer | referrer_url
    Request URL | request_url
    Redirect URL | redirect_url
    Country Code | country.country_code
    Region Code | region.region_code
    Language | language.language_name
    ISP | isp.isp_name
    Device | device.device_name
    Operating System | operating_system.operating_system_name
    OS Major | operating_system.operating_system_version.version_name
    OS Minor | operating_system.operating_system_version_minor.version_name
    Browser | browser.browser_name
    Browser Major | browser.browser_version.version_name
    Browser Minor | browser.browser_version_minor.version_name
    Disposition | disposition
    Paid Action | paid_action
    Currency | paid.currency_id | currency
    Amount Paid | paid.amount | money
    Duplicate | duplicate | flag
    Duplicate Clicks | duplicate_clicks
    Total Clicks | total_clicks
""")
_OS, _BROWSER = "operating_system.operating_system_version", "browser.browser_version"
ORIGINALLY = {
    "clicks": {
        "Redirect URL": Column("Redirect URl", "redirect_url"),
        "Region Code": Column("Region Code", "region.region_name"),
    },
    "conversions": {
        "Creative ID": Column("Creative", "creative.creative_id"),
        "OS(Minor Version)": Column("OS(Minor Version)", f"{_OS}_minor.version_id"),
        "Browser(Major Version)": Column("Browser(Major Version)", f"{_BROWSER}.version_id"),
        "Browser(Minor Version)": Column("Browser(Minor Versions)", f"{_BROWSER}_minor.version_id"),
    },
}
"""What the original tools had instead; the values are others' ids and names, and none is lost."""
KEYS = {"clicks": "click_id", "conversions": "event_conversion_id"}
DATES = {"clicks": "click_date", "conversions": "event_conversion_date"}
REPORTS = {"clicks": CLICKS, "conversions": CONVERSIONS}


class Columns:
    """The cells of one report's rows; used by one thread at a time."""

    def __init__(
        self,
        report: str,
        zone: tzinfo,
        currencies: Mapping[str, str],
        *,
        original: bool = False,
        extra: Iterable[tuple[str, str]] = (),
        guard: bool = False,
        bom: bool = False,
    ) -> None:
        """`report` is clicks or conversions, `extra` more columns as (header, field).

        `bom`: the file begins with the mark by which Excel knows UTF-8.
        """
        instead = ORIGINALLY[report] if original else {}
        self.columns = tuple(
            instead.get(column.header, column) for column in REPORTS[report]
        ) + tuple(Column(header, field, kind_of(field)) for header, field in extra)
        self.header = tuple(column.header for column in self.columns)
        self._fields = [column.field for column in self.columns]
        self._matched: MatchedFields | None = None
        self._groups: tuple[int, ...] = ()
        self._special = [
            (place, column.kind)
            for place, column in enumerate(self.columns)
            if column.kind not in (TEXT, MONEY) or (column.kind == MONEY and original)
        ]
        self._zone, self._currencies = zone, currencies
        self._original, self._guard = original, guard
        self._begins = BOM_UTF8 if bom else b""
        self.odd: Counter[str] = Counter()  # cells that could not be read, by their header

    def cells(self, row: Row) -> list[str]:
        """One cell for each column; '' for what is null.

        What cannot be read costs no report: it stands as it came, or is empty, and is counted.
        """
        cells = self._texts(row)
        try:
            with _CELL:
                for place, kind in self._special:
                    if cells[place]:
                        cells[place] = self._written(kind, cells[place], row)
        except AnswerBroken:
            cells = self._texts(row)
            for place, kind in self._special:
                cells[place] = self._written_or_left(place, kind, cells[place], row)
        return [guarded(cell) for cell in cells] if self._guard else cells

    def _texts(self, row: Row) -> list[str]:
        """The texts of the columns' fields as they came."""
        if not isinstance(row, MatchedRow):
            return [row.get(field, "") for field in self._fields]
        if row.fields is not self._matched:
            self._matched, self._groups = row.fields, row.fields.groups_of(self._fields)
        return row.texts(self._groups)

    def line(self, row: Row) -> bytes:
        """The row as a line of the file: excel dialect, CRLF, UTF-8."""
        line = csv_text(self.cells(row))
        if "\0" in line:
            line = without_nul(line)
        try:
            return line.encode()
        except UnicodeEncodeError:  # half of a pair, which JSON lets through
            return as_text(line).encode()

    def head(self) -> bytes:
        """The headers as a line of the file, with what a file begins with."""
        return self._begins + csv_line(self.header)

    def _written_or_left(self, place: int, kind: str, text: str, row: Row) -> str:
        try:
            with _CELL:
                return self._written(kind, text, row) if text else ""
        except AnswerBroken:
            self.odd[self.header[place]] += 1
            return "" if kind == ELAPSED else text

    def _written(self, kind: str, text: str, row: Row) -> str:
        if kind == DATE:
            return dated(text)
        if kind == FLAG:
            return _FLAGS.get(text, text)
        if kind == CURRENCY:
            return self._currencies.get(text) or ("" if self._original else text)
        if kind == MONEY:
            return as_float(text)
        return self._elapsed(text, row.get(DATES["conversions"], ""))

    def _elapsed(self, click: str, conversion: str) -> str:
        """The time from click to conversion; '' when one of them never was."""
        begun, ended = moment(click), moment(conversion)
        if begun is None or ended is None:
            return ""
        return str(ended - begun) if self._original else worded(elapsed(begun, ended, self._zone))


def as_text(text: str) -> str:
    """The text as every file and database may hold it: without NUL and halves of a pair."""
    if text.isascii() and "\0" not in text:
        return text
    return _SURROGATE.sub("\ufffd", without_nul(text))


def kind_of(field: str) -> str:
    """How a column of one's own is written: like the field of that name among the usual columns."""
    known = {column.field: column.kind for column in (*CLICKS, *CONVERSIONS)}
    if field.endswith(("_date", "last_updated")):
        return DATE
    if field.endswith("currency_id"):
        return CURRENCY
    return MONEY if field.endswith(".amount") else known.get(field, TEXT)
