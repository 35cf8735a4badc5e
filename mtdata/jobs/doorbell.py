"""Rings the runners through the broker, never for long; the records say what is to be done."""

from __future__ import annotations

import logging
from typing import Any

from mtdata.config import Settings

log = logging.getLogger(__name__)


def ring(settings: Settings, job_id: Any, times: int = 1) -> bool:
    """Wake a runner, or so many; False when the broker could not be told.

    The embedded engine has no broker: its slots look into the records by themselves.
    """
    if settings.programme.engine == "embedded":
        return True
    log.debug("job %s is to be rung %d times", job_id, times)
    return False
