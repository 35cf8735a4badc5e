"""The config of a site, for tests that have no config file."""

from __future__ import annotations

from typing import Any

from mtdata.config import SiteConfig


def site_config(name: str = "study", **fields: Any) -> SiteConfig:
    """A site that is not READY, with these fields of its config and the defaults of all others."""
    return SiteConfig.model_validate({"name": name, "ready": False, "path": "pool"} | fields)
