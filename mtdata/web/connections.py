"""The connections of the web page: none that is unfinished or stands still keeps others out.

waitress answers; here it is only decided which connection has had its time.  No thread is held by
a connection that has not sent its whole request, and no file of the temp disk by its body.
"""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from mtdata.web.forwarded import share_of


class Limits(NamedTuple):
    """How long and how many; times in seconds."""

    request_s: float = 15.0
    """From the first byte of a request (of a new connection: from its beginning) to the last."""
    idle_s: float = 30.0
    """Between two requests."""
    reader_s: float = 300.0
    """For the next `progress` bytes of an answer to be taken."""
    progress: int = 1 << 14
    of_one_address: int = 64
    """Connections at which nothing is being done: then the oldest gives way to a new one."""
    of_all: int = 400
    """The same of all addresses."""

    def within(self, room: int) -> Limits:
        """The same where no more than so many connections fit: half of them may wait."""
        most = min(self.of_all, room // 2)
        return self._replace(of_all=most, of_one_address=min(self.of_one_address, most))


class State(NamedTuple):
    """What is to be known of a connection to judge it; times by one clock that never jumps."""

    share: str
    """Who has it."""
    since: float
    """When its unfinished request began, it became idle, or an answer was last taken from."""
    waits_for: str
    """`request` for the rest of one, `nothing` between two, `reader`, `us`."""


def is_over(state: State, now: float, limits: Limits) -> bool:
    """Whether it has had its time."""
    most = {"request": limits.request_s, "nothing": limits.idle_s, "reader": limits.reader_s}
    return state.waits_for in most and now - state.since > most[state.waits_for]


def giving_way(states: Sequence[State], newest: str, now: float, limits: Limits) -> int | None:
    """Which of them ends so that another one of `newest` has room; None: there is room.

    The oldest of its own where it has its share, else the oldest of whoever has most.  A reader is
    asked last, and only one that has not read for as long as a request may take.
    """

    def may_end(state: State) -> bool:
        stands_still = now - state.since > limits.request_s
        return state.waits_for in ("request", "nothing") or (
            state.waits_for == "reader" and stands_still
        )

    counts = Counter(state.share for state in states if may_end(state))
    if counts[newest] > limits.of_one_address:
        crowded = newest
    elif counts.total() > limits.of_all:
        crowded = max(counts, key=counts.__getitem__)
    else:
        return None
    known = [i for i, state in enumerate(states) if state.share == crowded and may_end(state)]
    return min(known, key=lambda i: (states[i].waits_for == "reader", states[i].since))


class Connection(HTTPChannel):
    """One connection, which knows since when it has come no further."""

    def __init__(self, *of_channel: Any, **more: Any) -> None:
        super().__init__(*of_channel, **more)
        self._share = share_of(str(self.addr[0]))
        self._free = self._begun = self._moved = time.monotonic()
        self._taken, self._is_new, self._was_waiting = 0, True, True
        self._is_refused, self._lingers = False, False

    def state(self) -> State:
        """How it stands now; to be asked by the one thread that reads from it."""
        now, is_waiting = time.monotonic(), not self.requests and not self.total_outbufs_len
        if is_waiting and not self._was_waiting:
            self._free = self._begun = now
        self._was_waiting = is_waiting
        if not is_waiting and not self.total_outbufs_len:
            self._moved = now  # an answer that is being made has all the time it needs
            return State(self._share, now, "us")
        if not is_waiting:
            return State(self._share, self._moved, "reader")
        if self._is_new or self._lingers or self.request is not None:
            return State(self._share, self._begun, "request")
        return State(self._share, self._free, "nothing")

    def received(self, data: bytes) -> Any:
        """What came; a request that begins by it has its time from now."""
        if self._lingers:
            return False
        if self.state().waits_for == "nothing":
            # blank lines are no request: by them alone nobody stays
            limits = self.server.limits
            self._begun = min(time.monotonic(), self._free + limits.idle_s)
        taken = super().received(data)
        if self.requests:
            self._is_new, self._moved, self._was_waiting = False, time.monotonic(), False
            self._is_refused = self.requests[-1].error is not None
        return taken

    def send(self, content: bytes, **how: Any) -> Any:
        """Send, and note the progress."""
        sent = super().send(content, **how)
        self._taken += sent or 0
        if sent and (self._taken >= self.server.limits.progress or self.total_outbufs_len <= sent):
            self._moved, self._taken = time.monotonic(), 0
        return sent

    def handle_close(self) -> None:
        """Close; whoever still sends what was refused reads the answer first.

        A connection that is closed while something comes is reset, and the answer is lost by that.
        """
        if self._is_refused and not self._lingers and self.connected:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                self._lingers, self.will_close, self._begun = True, False, time.monotonic()
                return
        super().handle_close()

    def end(self) -> None:
        """Close at once: to who does not read one may never write."""
        self._is_refused = False
        self.handle_close()

    def readable(self) -> Any:
        """Never once it is closed: its number may be another one's by then."""
        return self._fileno is not None and super().readable()

    def writable(self) -> Any:
        """The same."""
        return self._fileno is not None and super().writable()


class Server(TcpWSGIServer):
    """One address and port to listen at; each second it ends what has had its time."""

    channel_class = Connection

    def __init__(self, *of_server: Any, limits: Limits, **more: Any) -> None:
        self.limits = limits
        super().__init__(*of_server, **more)

    def maintenance(self, now: float) -> None:
        """End what has had its time."""
        for connection in list(self.active_channels.values()):
            if is_over(connection.state(), time.monotonic(), self.limits):
                connection.end()

    def handle_accept(self) -> None:
        """Take one in; where there is no room for it, another one ends."""
        before = set(self.active_channels)
        super().handle_accept()
        known = list(self.active_channels.values())
        for number in set(self.active_channels) - before:
            states = [connection.state() for connection in known]
            newest = self.active_channels[number].state().share
            over = giving_way(states, newest, time.monotonic(), self.limits)
            if over is not None:
                known[over].end()


def listening(app: Any, limits: Limits, **settings: Any) -> BaseWSGIServer | MultiSocketServer:
    """Listen at all that the host of waitress' settings stands for.  OSError, ValueError."""
    adjustments = Adjustments(**settings)
    threads = ThreadedTaskDispatcher()
    threads.set_thread_count(adjustments.threads)
    by_number: dict[int, Any] = {}
    servers = [
        Server(app, by_number, dispatcher=threads, adj=adjustments, sockinfo=one, limits=limits)
        for one in adjustments.listen
    ]
    if len(servers) == 1:
        return servers[0]
    at = [(one.effective_host, one.effective_port) for one in servers]
    every = MultiSocketServer(by_number, adjustments, at, threads, servers[0].log_info)
    every.effective_port = servers[0].effective_port
    return every
