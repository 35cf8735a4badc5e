"""A cable to a server of this machine that can be pulled and put back; it tests nothing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from mtdata.jobs.records import setting
from tests.jobs.conftest import SERVERS
from tests.jobs.place import Place


class Cable:
    """Listens at `port` of the loopback and carries bytes both ways, unless it is cut.

    With `tls` it is a server with TLS before one without; with `idle_s` a balancer that ends what
    says nothing for so long, and tells by `ended` how often.
    """

    def __init__(
        self, to_port: int, tls: ssl.SSLContext | None = None, idle_s: float | None = None
    ) -> None:
        self._to, self._is_cut, self._tls = to_port, False, tls
        self._passes = threading.Event()
        self._passes.set()
        self._idle_s, self.ended = idle_s, 0
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self._is_cut:
                    near.close()
                    continue
                if self._tls is not None:
                    try:
                        near = self._tls.wrap_socket(near, server_side=True)
                    except ssl.SSLError:  # it does not like our certificate
                        near.close()
                        continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                near.settimeout(self._idle_s)  # what comes is what whoever calls has to say
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                self._passes.wait()
                target.sendall(piece)
        except TimeoutError:
            self.ended += 1
        except OSError:
            pass  # one end has gone, and so does the other
        _shut(source)
        _shut(target)

    def cut(self) -> None:
        """Nothing goes through, and nobody is let in."""
        self._is_cut = True
        self._passes.set()
        for end in self._ends:
            _shut(end)
        self._ends.clear()

    def hold(self) -> None:
        """Everybody is let in and stays, and nothing goes through."""
        self._passes.clear()

    def mend(self) -> None:
        """Whoever calls again gets through."""
        self._is_cut = False
        self._passes.set()

    def close(self) -> None:
        """For good."""
        self.cut()
        _shut(self._listening)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


AnyCable = TypeVar("AnyCable", bound=Cable)


@contextmanager
def cabled(place: Place, kind: type[AnyCable]) -> Iterator[AnyCable]:
    """The cable by which a place has its database; to that of SQLite there is none."""
    address = place.settings.database
    made = kind(SERVERS[address.engine])
    url = (
        address.redacted()
        .replace("://", f"://{address.user}@")
        .replace(f":{address.port}/", f":{made.port}/")
    )
    place.configure(DATABASE=url)
    setting.open_records(place.settings.database)
    try:
        yield made
    finally:
        made.mend()
        place.stop()
        setting.close_records()
        made.close()
