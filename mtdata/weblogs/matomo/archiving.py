"""The archive step: Matomo makes its reports anew, by its console or by HTTP; by its own words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from mtdata.core.clock import SystemClock
from mtdata.weblogs.matomo.api import MatomoApi
from mtdata.weblogs.matomo.errors import TrackingError

LIMIT_S, CHECKED_S = 6 * 3600, 5.0
DONE, NO_ERROR = "done archiving!", "no error"
NOTHING = "processed 0 archives"
MAINTENANCE = "maintenance mode is enabled"
MOST = 1 << 20


def by_console(
    console: Path,
    url: str,
    limit_s: float = LIMIT_S,
    check: Callable[[], None] = lambda: None,
    checked_s: float = CHECKED_S,
) -> str:
    """Run `console core:archive`; what it did in a word.

    TrackingError where it did nothing, failed, or lasted longer than `limit_s`.  Its exit status
    says little: it is 0 in maintenance, when nothing was done.  `check` is called every `checked_s`
    seconds, and ends it when it raises.
    """
    words = [str(console), "core:archive", f"--url={url}", "--no-ansi"]
    try:
        running = subprocess.Popen(  # noqa: S603  # the path is the config's
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise TrackingError(f"{console}: cannot be started: {error.strerror}") from error
    with running:
        try:
            said = _output_of(running, limit_s, check, checked_s)
        except subprocess.TimeoutExpired:
            told = f"{console}: core:archive did not end within {limit_s:g} s"
            raise TrackingError(told) from None
        finally:
            running.kill()  # it does nothing to one that has ended
    return judged(said[-MOST:].decode("utf-8", "replace"), running.returncode)


def _output_of(
    running: subprocess.Popen[bytes], limit_s: float, check: Callable[[], None], checked_s: float
) -> bytes:
    """All that it writes until its end.  TimeoutExpired where that does not come in time."""
    ticks = SystemClock().ticks
    until = ticks() + limit_s
    while True:
        check()
        left_s = until - ticks()
        try:
            return b"".join(running.communicate(timeout=max(0.0, min(checked_s, left_s))))
        except subprocess.TimeoutExpired:
            if left_s <= checked_s:
                raise


def by_http(api: MatomoApi) -> str:
    """Run it by HTTP; the same, and the errors of `MatomoApi.archive`."""
    return judged(api.archive(), 0)


def judged(told: str, status: int) -> str:
    """What the archiving did, by its log: `done` or `nothing new`.

    TrackingError where that does not say so.
    """
    words = told.lower()
    if MAINTENANCE in words:
        raise TrackingError("core:archive did nothing: Matomo is in maintenance")
    if status:
        raise TrackingError(f"core:archive ended with {status}")
    if DONE in words and NO_ERROR in words:
        return "done"
    if NOTHING in words:
        return "nothing new"
    raise TrackingError("core:archive does not say that it ended well")
