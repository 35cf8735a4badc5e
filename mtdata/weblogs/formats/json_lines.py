"""The formats with a JSON object in each line: nginx, Traefik and Caddy."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from mtdata.core.border import Border
from mtdata.weblogs.formats.format import LogFormat, as_written, path_as_written
from mtdata.weblogs.formats.parser import NEVER, LineParser, Values
from mtdata.weblogs.urls import request_target

Names = Mapping[str, tuple[str, ...]]
"""Where each column stands, the first that is there; `a.b` is b of the object a."""
HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
JSON_COLUMNS = ("date", "ip", "host", "userid", "status", "length", "referrer", "user_agent")

NGINX: Names = {
    "date": ("date", "time_iso8601", "time_local", "timestamp", "@timestamp", "time", "msec"),
    "ip": ("ip", "remote_addr", "client_ip", "client"),
    "host": ("host", "http_host", "server_name"),
    "userid": ("userid", "remote_user"),
    "path": ("path", "request_uri", "uri"),
    "request": ("request",),
    "status": ("status",),
    "length": ("length", "body_bytes_sent", "bytes_sent"),
    "referrer": ("referrer", "http_referer", "http_referrer", "referer"),
    "user_agent": ("user_agent", "http_user_agent", "agent"),
    "milli": ("generation_time_milli",),
    "secs": ("request_time",),
}
"""The names of Matomo's documentation, then nginx's own."""
TRAEFIK: Names = {
    "date": ("time", "StartUTC"),
    "ip": ("ClientHost", "ClientAddr"),
    "host": ("RequestHost", "RequestAddr"),
    "userid": ("ClientUsername",),
    "path": ("RequestPath",),
    "status": ("DownstreamStatus", "OriginStatus"),
    "length": ("DownstreamContentSize", "OriginContentSize"),
    "referrer": ("request_Referer", "request_referer"),
    "user_agent": ("request_User-Agent", "request_user-agent"),
    "nano": ("Duration",),
}
CADDY: Names = {
    "date": ("ts",),
    "ip": ("request.client_ip", "request.remote_ip", "request.remote_addr"),
    "host": ("request.host",),
    "userid": ("user_id",),
    "path": ("request.uri",),
    "status": ("status",),
    "length": ("size",),
    "referrer": ("request.headers.Referer", "request.headers.referer"),
    "user_agent": ("request.headers.User-Agent", "request.headers.user-agent"),
    "secs": ("duration",),
}
UNITS = {"nano": 1e-6, "milli": 1.0, "secs": 1000.0}


def json_reader(marks: tuple[str, ...], names: Names) -> Callable[[str], Values | str]:
    """A reader of lines that are objects with all of `marks`; every other line is malformed."""

    def read(line: str) -> Values | str:
        try:
            told = _object(line)
        except ValueError:
            return "malformed"
        if not (all(mark in told for mark in marks) and _says_what(told, names)):
            return "malformed"
        values = {column: _first(told, names.get(column, ())) for column in JSON_COLUMNS}
        path = _first(told, names["path"])
        values["path"] = path or request_target(_first(told, names.get("request", ())))
        values["generation_time_milli"] = _milliseconds(told, names)
        return values

    return read


def _says_what(told: dict[str, Any], names: Names) -> bool:
    """Has it a time, and a place for what was asked for, be that empty?"""
    paths = (*names["path"], *names.get("request", ()))
    has_path = any(name.partition(".")[0] in told for name in paths)
    return has_path and _first(told, names["date"]) != ""


def _object(line: str) -> dict[str, Any]:
    r"""The object of a line; a byte may be written as \xE9, as nginx does without escape=json."""
    with Border(ValueError, "no JSON"):
        try:
            told = json.loads(_utf8(line))
        except ValueError:
            told = json.loads(_utf8(HEX.sub(_byte, line)))
    if not isinstance(told, dict):
        raise ValueError("no object")
    return told


def _utf8(line: str) -> str:
    return line.encode("latin-1").decode("utf-8", "replace")


def _byte(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number > 127 else f"\\u00{number:02x}"


def _first(told: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value: Any = told
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, list):
            value = value[0] if value else None
        if (text := _text(value)) not in ("", "-"):
            return text
    return ""


def _text(value: Any) -> str:
    """Text or a number as the bytes of a line."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    text = f"{value:.6f}" if isinstance(value, float) else str(value)
    plain = text.replace("\n", " ")
    return plain if plain.isascii() else plain.encode("utf-8", "replace").decode("latin-1")


def _milliseconds(told: dict[str, Any], names: Names) -> str:
    """The milliseconds; with a point they are seconds, as nginx writes them under any name."""
    for unit, factor in UNITS.items():
        text = _first(told, names.get(unit, ()))
        if text:
            try:
                return str(float(text) * (1000 if unit == "milli" and "." in text else factor))
            except ValueError:
                return ""
    return ""


def json_format(name: str, marks: tuple[str, ...], names: Names) -> LogFormat:
    """A format with one object in each line."""
    groups = "".join(f"(?P<{group}>)" for group in (*JSON_COLUMNS, "path", "generation_time_milli"))
    parser = LineParser(f"{NEVER}{groups}", json_reader(marks, names))
    return LogFormat(name, lambda header: parser, path_as_written, as_written, is_marked=True)


JSON = (
    json_format("caddy_json", ("request", "user_id", "resp_headers"), CADDY),
    json_format("traefik_json", ("msg", "level", "time"), TRAEFIK),
    json_format("nginx_json", (), NGINX),
)
"""nginx names nothing by itself: what has a date and a path, and is none of the others, is its."""
