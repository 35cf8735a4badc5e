"""How the daemon works, from daemon.config; never reads a file."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from mtdata.config import values
from mtdata.config.site import PlacedPath, Seconds
from mtdata.config.strict import DURATION, STRICT


class DaemonConfig(BaseModel):
    """The daemon's own terms; a site's stand with the site."""

    model_config = STRICT

    scrub_at: Annotated[time, BeforeValidator(values.clock_time)] = Field(
        default=time(1, 30),
        validation_alias="SCRUB_AT",
        description="a time of day from 00:00 to 23:59",
    )
    scrub_days: int = Field(
        default=7,
        validation_alias="SCRUB_DAYS",
        ge=1,
        le=366,
        description="a whole number from 1 to 366",
    )
    stop_s: Seconds = Field(default=20.0, validation_alias="STOP_S", description=DURATION)
    stall_s: Seconds = Field(default=1800.0, validation_alias="STALL_S", description=DURATION)
    metrics: PlacedPath | None = Field(
        default=None, validation_alias="METRICS", description="a file, or nothing"
    )
