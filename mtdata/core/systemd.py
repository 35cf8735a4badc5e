"""What systemd is told of a service, and sockets it hands over; elsewhere there is neither.

Without systemd nothing is told and nothing fails.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

import sdnotify

from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError

FIRST_SOCKET = 3
"""The number of the first file that is handed over; the others follow."""
_TCP = (socket.AF_INET, socket.AF_INET6)


class Notifier:
    """The socket that NOTIFY_SOCKET names, if there is one."""

    def __init__(self) -> None:
        told = bool(os.environ.get("NOTIFY_SOCKET"))
        self._systemd = sdnotify.SystemdNotifier() if told else None
        self._status = ""

    def ready(self) -> None:
        """The service is at work (again, after a reload)."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The config is read anew; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={round(SystemClock().ticks() * 1_000_000)}")

    def stopping(self) -> None:
        """The service is about to end."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """Whatever the service consists of goes on."""
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


def take_sockets(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The sockets that a socket unit has opened for this process; none where there is no such unit.

    They are taken once: no child gets them, nor the words about them.  ConfigError for one at which
    no connection of TCP can come in.
    """
    pid, count, _ = (environ.pop(f"LISTEN_{word}", "") for word in ("PID", "FDS", "FDNAMES"))
    if pid != str(os.getpid()) or not count.isdecimal():
        return []  # they are for another process, of which we are a child
    return [_listening_socket(FIRST_SOCKET + place) for place in range(int(count))]


def _listening_socket(number: int) -> socket.socket:
    try:
        os.set_inheritable(number, False)
        found = socket.socket(fileno=number)
        is_stream = found.type == socket.SOCK_STREAM and found.family in _TCP
        if is_stream and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return found
        found.close()
    except OSError:  # no file has that number, or it is no socket
        pass
    raise ConfigError(
        f"the socket unit hands over what nobody can listen at (file {number}); it takes "
        "ListenStream= with an address and a port (127.0.0.1:8080), and Accept=no"
    )
