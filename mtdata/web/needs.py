"""Whether what the web page needs is installed; it loads none of it."""

from __future__ import annotations

import importlib.util

from mtdata.core.errors import ConfigError
from mtdata.core.installing import install


def has_web() -> bool:
    """Whether what the pages need is installed."""
    needs = ("waitress", "whitenoise", "ninja", "csp", "django_otp")
    return all(map(importlib.util.find_spec, needs))


def need_web() -> None:
    """ConfigError where it is not."""
    if not has_web():
        raise ConfigError(f"the web page's needs are not installed; `{install('web')}` brings them")
