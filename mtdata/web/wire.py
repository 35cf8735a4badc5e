"""Requests as Django takes them from our server: no header or form is a fault, or takes long.

What cannot be read of a header counts as if it had not come.  It looks nobody up.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

from mtdata.core.border import Border

MOST_HEADER = 1 << 12
"""Bytes of a header with parameters: reading one takes a time that grows with its square."""
FORM, UTF8 = "application/x-www-form-urlencoded", ("utf-8", "utf8")
MOST_COOKIE = 128
"""Letters and digits of a cookie of ours; Django makes no other signs and half as many."""
_HEADER = Border(ValueError, "a header cannot be read")
_BODY = Border(SuspiciousOperation, "a form cannot be read")


def header_parts(line: str) -> tuple[str, dict[str, str]]:
    """A header's value and parameters.  ValueError for one that cannot be read, or is too long."""
    if len(line) > MOST_HEADER:
        raise ValueError("a header is too long")
    with _HEADER:
        found: tuple[str, dict[str, str]] = parse_header_parameters(line)
    return found


def _is_plain_value(value: str) -> bool:
    return len(value) <= MOST_COOKIE and value.isascii() and value.isalnum()


class WireRequest(WSGIRequest):
    """One request; texts are UTF-8, whatever another character set it tells."""

    content_type: str
    content_params: dict[str, str]

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            told = header_parts(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            told = "", {}
        self.content_type, self.content_params = told

    @cached_property
    def COOKIES(self) -> dict[str, str]:
        """Our own two alone, as we gave them out: others may be of any length and in any quotes."""
        pairs = (one.partition("=") for one in self.META.get("HTTP_COOKIE", "").split(";"))
        held = {name.strip(): value.strip() for name, _, value in pairs}
        ours = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
        return {name: held[name] for name in ours if _is_plain_value(held.get(name, ""))}

    def _load_post_and_files(self) -> None:
        charset = self.content_params.get("charset", UTF8[0]).lower()
        if self.method == "POST" and self.content_type == FORM and charset not in UTF8:
            raise BadRequest("a form is UTF-8")
        with _BODY:
            super()._load_post_and_files()


class WireApplication(WSGIHandler):
    """The application."""

    request_class = WireRequest
