"""Codes as an app on a phone makes them, and the page where one sets them up; no test itself."""

from __future__ import annotations

import hmac
import re
import struct
import time
from base64 import b32decode

from tests.web.site import PASSWORD, Visitor

PAGE = "/account/second-factor/"


def code_at(secret: str, step: int) -> str:
    """RFC 6238 with its usual numbers."""
    digest = hmac.digest(b32decode(secret), struct.pack(">Q", step), "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def step_now() -> int:
    """The number of this half minute."""
    return int(time.time()) // 30


def begin(visitor: Visitor) -> str:
    """The secret that is shown for the app."""
    shown = visitor.submit(PAGE, PAGE, order="begin", password=PASSWORD)
    found = re.search(r'<output class="secret">([A-Z2-7]{32})</output>', shown.text)
    assert found, shown.text
    assert f"secret={found[1]}" in shown.text
    return found[1]
