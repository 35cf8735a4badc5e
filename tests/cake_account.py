"""An account of CAKE as the client is given one; it asks nothing."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from mtdata.config.export import CakeConfig
from mtdata.demo.cake.site import KEY

BERLIN = ZoneInfo("Europe/Berlin")


def account_at(server: str, **more: Any) -> CakeConfig:
    """An account at that URL; `more` may be what a config would not take."""
    scheme, _, domain = server.partition("://")
    known = {"admin_domain": "localhost", "api_key": KEY, "timezone": BERLIN}
    if "api_key" in more:
        more["api_key"] = SecretStr(more["api_key"])
    there = {"admin_domain": domain, "scheme": scheme}
    return CakeConfig.model_validate(known).model_copy(update=there | more)
