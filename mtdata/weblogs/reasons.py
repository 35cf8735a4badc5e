"""Why a line is left out, in words for people; `filters` and the formats give the reasons."""

from __future__ import annotations

REASONS = {
    "comment": "a directive, or blank",
    "malformed": "not of the file's format",
    "too_long": "longer than any request",
    "rtmp": "streaming of CloudFront",
    "bad_date": "a time that cannot be",
    "older": "older than the config takes",
    "newer": "newer than the config takes",
    "bad_ip": "no address",
    "excluded_ip": "an address that the site excludes in Matomo",
    "no_host": "no host",
    "host": "a host that the config leaves out",
    "path": "a path that the config leaves out",
    "static": "a part of a page: picture, script, sheet",
    "user_agent": "a user agent that the config leaves out",
    "excluded_user_agent": "a user agent that the site excludes in Matomo",
    "bot": "a bot",
    "error": "answered with a fault, 4xx or 5xx",
    "redirect": "answered with a redirect, 3xx",
    "no_request": "no request in it",
}
