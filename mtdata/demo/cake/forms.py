"""A row, a report and a refusal of the stand-in for CAKE in each dialect; it decides nothing.

Rows are made from templates, one for each kind and dialect, so that a server of a test is not what
is measured.  What XML forbids is written as CAKE writes it (`&#x16;`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from xml.sax.saxutils import escape

from mtdata.demo.cake.fields import Fields, Nil, Slot

ROWS_A_PIECE = 100
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
XSD = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
SOAP = "http://www.w3.org/2003/05/soap-envelope"
XML, JSON, SOAP_12 = "xml", "json", "soap"
KINDS = {
    XML: "text/xml; charset=utf-8",
    JSON: "application/json; charset=utf-8",
    SOAP_12: "application/soap+xml; charset=utf-8",
}
_SHARED = re.compile(
    "(source_affiliate|brand_advertiser|site_offer|site_offer_contract|creative|language|isp|device"
    "|operating_system|browser|price_format|event|campaign_type|disposition_type)_(id|name)"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\r]")


def xml_template(name: str, fields: Fields) -> str:
    """A row as XML; its slots are %(name)s."""
    return f"<{name}>{''.join(_xml(*pair) for pair in fields.items())}</{name}>"


def _xml(name: str, value: object) -> str:
    store = ' xmlns="API:id_name_store"' if _SHARED.fullmatch(name) else ""
    if value is None:
        return ""
    if isinstance(value, Nil):
        return f'<{name} xsi:nil="true" />'
    if isinstance(value, Slot):
        return f"<{name}{store}>%({value.name})s</{name}>"
    if isinstance(value, dict):
        return xml_template(name, value)
    text = xml_text(plain(value)).replace("%", "%%")
    return f"<{name}{store}>{text}</{name}>" if text else f"<{name}{store} />"


def plain(value: object) -> str:
    """A value as XML has it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def xml_text(text: str) -> str:
    """A text within a tag."""
    return _CONTROL.sub(lambda found: f"&#x{ord(found[0]):X};", escape(text))


def json_template(name: str, fields: Fields) -> str:
    """A row as JSON; its slots are %(name)s, and dates %(name_ms)s."""
    pairs = ",".join(f'"{key}":{_json(value)}' for key, value in fields.items())
    return f'{{"__type":"CAKE.API.{name}",{pairs}}}'


def _json(value: object) -> str:
    if value is None or isinstance(value, Nil):
        return "null"
    if isinstance(value, Slot):
        date = rf'"\/Date(%({value.name}_ms)s)\/"'
        return {"text": f'"%({value.name})s"', "number": f"%({value.name})s"}.get(value.kind, date)
    if isinstance(value, dict):
        return "{" + ",".join(f'"{key}":{_json(inner)}' for key, inner in value.items()) + "}"
    text = plain(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
    return text.replace("%", "%%")


class Form:
    """How one operation answers in one dialect."""

    def __init__(self, dialect: str, operation: str, version: int, listing: str = "") -> None:
        self.dialect, self.kind = dialect, KINDS[dialect]
        self._operation, self._listing = operation, listing
        self._namespace = f"http://cakemarketing.com/api/{version}/"

    def report(self, row_count: int, rows: Iterable[bytes]) -> Iterator[bytes]:
        """A whole report, in pieces."""
        head, tail = self._around(row_count)
        comma = b"," if self.dialect == JSON else b""
        yield head
        batch: list[bytes] = []
        first = True
        for row in rows:
            batch.append(row)
            if len(batch) == ROWS_A_PIECE:
                yield (b"" if first else comma) + comma.join(batch)
                batch, first = [], False
        if batch:
            yield (b"" if first else comma) + comma.join(batch)
        yield tail

    def _around(self, row_count: int) -> tuple[bytes, bytes]:
        listing = self._listing
        if self.dialect == JSON:
            head = f'{{"d":{{"__type":"CAKE.{self._operation}","success":true,"message":null,'
            return f'{head}"row_count":{row_count},"{listing}":['.encode(), b"]}}"
        body = f"<success>true</success><row_count>{row_count}</row_count><{listing}>"
        whole = self._wrapped(f"{body}\0</{listing}>").split("\0")
        return whole[0].encode(), whole[1].encode()

    def refused(self, message: str) -> bytes:
        """A failure that is answered with 200."""
        if self.dialect == JSON:
            told = {"success": False, "message": message, "row_count": 0, self._listing: None}
            return json.dumps({"d": told}).encode()
        body = f"<success>false</success><message>{xml_text(message)}</message>"
        return self._wrapped(f"{body}<row_count>0</row_count>").encode()

    def text(self, text: str) -> bytes:
        """An answer of one text."""
        if self.dialect == JSON:
            return json.dumps({"d": text}).encode()
        if self.dialect == SOAP_12:
            return self._wrapped(xml_text(text)).encode()
        return f'{_DECLARED}<string xmlns="{self._namespace}">{xml_text(text)}</string>'.encode()

    def logged_in(self, key: str) -> bytes:
        """The answer to Login; the zone is that of the web server, which is nobody's business."""
        info = {
            "role_name": "Administrator",
            "api_key": key,
            "server_timezone": "GMT Daylight Time",
        }
        if self.dialect == JSON:
            return json.dumps({"d": {"success": True, "row_count": 1, "login_info": info}}).encode()
        told = "".join(f"<{name}>{xml_text(text)}</{name}>" for name, text in info.items())
        success = "<success>true</success><row_count>1</row_count>"
        return self._wrapped(f"{success}<login_info>{told}</login_info>").encode()

    def fault(self, reason: str) -> tuple[str, bytes]:
        """Media type and body of a server's own fault, answered with 500."""
        if self.dialect == JSON:
            told = {"Message": reason, "StackTrace": "", "ExceptionType": "System.Exception"}
            return KINDS[JSON], json.dumps(told).encode()
        if self.dialect == XML:
            return "text/plain; charset=utf-8", reason.encode()
        inner = (
            "<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason>"
            f'<soap:Text xml:lang="en">{xml_text(reason)}</soap:Text></soap:Reason></soap:Fault>'
        )
        return self.kind, self._enveloped(inner).encode()

    def _wrapped(self, body: str) -> str:
        if self.dialect == SOAP_12:
            name = self._operation
            result = f'<{name}Response xmlns="{self._namespace}"><{name}Result>{body}'
            return self._enveloped(f"{result}</{name}Result></{name}Response>")
        root = {"clicks": "click", "event_conversions": "event_conversion"}.get(self._listing, "")
        root = f"{root}_report_response" if root else f"{self._listing or 'login'}_response"
        return f'{_DECLARED}<{root} {XSI} {XSD} xmlns="{self._namespace}">{body}</{root}>'

    def _enveloped(self, body: str) -> str:
        return (
            f'{_DECLARED}<soap:Envelope xmlns:soap="{SOAP}" {XSI} {XSD}><soap:Body>{body}'
            "</soap:Body></soap:Envelope>"
        )


_DECLARED = '<?xml version="1.0" encoding="utf-8"?>\r\n'


def filled(template: str, values: Mapping[str, object]) -> bytes:
    """One row in the form that was asked for."""
    return (template % values).encode()


def flat(fields: Fields, values: Mapping[str, object], above: str = "") -> dict[str, str]:
    """What a client should read of a row: every text by its dotted name, nothing that is null."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            found |= flat(value, values, f"{path}.")
        elif isinstance(value, Slot):
            found[path] = str(values[value.name])
        elif value is not None and not isinstance(value, Nil):
            found[path] = plain(value)
    return found
