"""A test message to each destination, past the outbox: who takes it, and who does not."""

from __future__ import annotations

import socket
from typing import NamedTuple

from mtdata.alerts.dispatch import Post
from mtdata.alerts.message import trial
from mtdata.alerts.notify import posts_of
from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.errors import MTDataError, PostError


class DeliveryTrial(NamedTuple):
    """What became of a test message; `fault` is None when it was taken, `odd` what was odd then."""

    destination: str
    fault: MTDataError | None = None
    odd: str = ""


def try_out(settings: Settings) -> list[DeliveryTrial]:
    """Send a test to every destination at once, past the outbox."""
    return [_tried(name, post) for name, post in posts_of(settings).items()]


def _tried(name: str, post: Post) -> DeliveryTrial:
    test = trial(name, socket.gethostname(), SystemClock().now())
    try:
        return DeliveryTrial(name, odd=post.deliver(test))
    except PostError as error:
        return DeliveryTrial(name, error)
