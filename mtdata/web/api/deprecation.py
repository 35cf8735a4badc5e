"""What the older addresses of the API say beside their answer: that they end, and what to ask.

As RFC 9745 and RFC 8288 have it.  The answer itself, a fault as well, is that of the address which
is meant.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.utils.encoding import escape_uri_path

OLD_PREFIX, PREFIX = "api/", "api/v1/"
"""Where programs of before find what is documented behind the second."""
SINCE = "@1795996800"
"""2026-11-30, in seconds since 1970."""


def note_successor(request: HttpRequest) -> None:
    """Note that an address was asked which ends with 1.0."""
    rest = request.path_info.removeprefix(f"/{OLD_PREFIX}")
    request.successor = escape_uri_path(f"{get_script_prefix()}{PREFIX}{rest}")


def tell_successor(request: HttpRequest, response: HttpResponse) -> None:
    """Enter it into the answer, where such an address was asked."""
    successor: str = getattr(request, "successor", "")
    if successor:
        response.headers["Deprecation"] = SINCE
        response.headers["Link"] = f'<{successor}>; rel="successor-version"'
