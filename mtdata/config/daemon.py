"""How the daemon works, from daemon.config; never reads a file."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel

from mtdata.config.keeping import KEPT, KeptSpan
from mtdata.config.site import PlacedPath, Seconds
from mtdata.config.strict import DURATION, STRICT, TIME_OF_DAY, ClockTime, keyed


class DaemonConfig(BaseModel):
    """The daemon's own terms; a site's stand with the site."""

    model_config = STRICT

    scrub_at: ClockTime = keyed("SCRUB_AT", TIME_OF_DAY, time(1, 30))
    scrub_days: int = keyed("SCRUB_DAYS", "a whole number from 1 to 366", 7, ge=1, le=366)
    stop_s: Seconds = keyed("STOP_S", DURATION, 20.0)
    stall_s: Seconds = keyed("STALL_S", DURATION, 1800.0)
    incidents_keep_s: KeptSpan = keyed("INCIDENTS_KEEP", KEPT, 0.0)
    runs_keep_s: KeptSpan = keyed("RUNS_KEEP", KEPT, 0.0)
    metrics: PlacedPath | None = keyed("METRICS", "a file, or nothing", None)
