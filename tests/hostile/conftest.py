"""The same home and site as the system tests have; no test itself."""

from __future__ import annotations

from tests.system.conftest import home, key, make_pair, site

__all__ = ["home", "key", "make_pair", "site"]
