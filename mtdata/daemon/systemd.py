"""What systemd is told of the daemon; without systemd nothing is told and nothing fails."""

from __future__ import annotations

import os

import sdnotify

from mtdata.core.clock import SystemClock


class Notifier:
    """The socket that NOTIFY_SOCKET names, if there is one."""

    def __init__(self) -> None:
        told = bool(os.environ.get("NOTIFY_SOCKET"))
        self._systemd = sdnotify.SystemdNotifier() if told else None
        self._status = ""

    def ready(self) -> None:
        """The daemon is at work (again, after a reload)."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The config is read anew; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={round(SystemClock().ticks() * 1_000_000)}")

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """The loop and every task go on."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """What is in hand, in one line, told when it is another than before."""
        if text != self._status:
            self._status = text
            self._tell(f"STATUS={ascii(text)[1:-1]}")

    def _tell(self, state: str) -> None:
        if self._systemd is not None:
            self._systemd.notify(state)

    def close(self) -> None:
        """Give the socket back."""
        if self._systemd is not None and self._systemd.socket is not None:
            self._systemd.socket.close()
