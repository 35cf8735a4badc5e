"""Log lines: time with zone, level, message, to standard error; never an answer or a secret."""

from __future__ import annotations

import logging
import sys


class ZonedFormatter(logging.Formatter):
    """Times as ISO 8601 with the zone's offset, so that no line is ambiguous in autumn."""

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = ""


def begin(verbosity: int) -> None:
    """Send warnings and worse to standard error; more with each `-v`."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    line = logging.StreamHandler(sys.stderr)
    line.setFormatter(ZonedFormatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger("mtdata")
    root.handlers[:] = [line]
    root.setLevel(level)
    root.propagate = False
