"""The connections of the web page: none that is unfinished or stands still keeps others out.

waitress answers; here it is only decided which connection has had its time.  No thread is held by
one that has not sent its whole request or does not read, no file of the temp disk by what it sends
or is sent.
"""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from mtdata.web.downloads.pouring import Fetchers, Pour, StreamedAnswer, pouring
from mtdata.web.forwarded import share_of

FETCHERS, READERS = 3, 6
"""Few that fetch, since guarding holds the interpreter that every page needs as well."""
_READ = re.compile(r"/d/[^/]*\Z|/zip/\Z")
"""The ends of addresses whose files are read before they are answered."""
NEVER = sys.maxsize
OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    # what the system takes ahead of a reader would look as if that one had taken it
    (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 1 << 17),
]
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER so that what is closed is reset: who reads sees that an answer was cut off."""


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
    """Connections of all addresses at which nothing is being done."""

    def within(self, room: int) -> Limits:
        """The limits where no more than so many connections fit: half of them may wait."""
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


class ClientConnection(HTTPChannel):
    """One connection, which knows since when it has come no further."""

    task_class = StreamedAnswer

    def __init__(self, *of_channel: Any, **more: Any) -> None:
        super().__init__(*of_channel, **more)
        self._share = share_of(str(self.addr[0]))
        self._free = self._begun = self._moved = time.monotonic()
        self._taken, self._is_new, self._was_waiting = 0, True, True
        self._is_refused, self._lingers, self._is_put_off = False, False, False

    def state(self) -> State:
        """How it stands now; to be asked by the one thread that reads from it."""
        now, is_waiting = time.monotonic(), not self.requests and not self.total_outbufs_len
        if is_waiting and not self._was_waiting:
            self._free = self._begun = now
        self._was_waiting = is_waiting
        if not is_waiting and (not self.total_outbufs_len or self._waits_for_source()):
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
        if self._fileno is None:
            return
        if self.total_outbufs_len:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.handle_close()

    def cut(self) -> None:
        """Have the connection closed at once; any thread may call it."""
        self.server.trigger.pull_trigger(self.end)

    def still_s(self) -> float:
        """For how long its reader has taken nothing of what waits for it."""
        is_waited_for = self.total_outbufs_len and not self._waits_for_source()
        return time.monotonic() - self._moved if is_waited_for else 0.0

    def readable(self) -> Any:
        """Whether it may be read: not once it is closed, for its number may be another's."""
        return self._fileno is not None and super().readable()

    def writable(self) -> Any:
        """Whether there is something to write: not once it is closed, nor before an answer."""
        if self._is_put_off and not self._is_too_far_ahead():
            self._is_put_off = False
            self.server.add_task(self)
        if self._fileno is None or (self._waits_for_source() and not self.will_close):
            return False
        return super().writable()

    def write_soon(self, content: Any) -> Any:
        """Lay it behind what waits already; it goes out at the pace of its reader."""
        written = super().write_soon(content)
        if isinstance(content, Pour):
            content.go_on()
        return written

    def puts_off(self) -> bool:
        """Whether its next request waits until its reader has taken more of what was answered."""
        self._is_put_off = self._is_too_far_ahead()
        return self._is_put_off

    def _is_too_far_ahead(self) -> bool:
        return bool(self.connected and self.total_outbufs_len > self.adj.outbuf_high_watermark)

    def _waits_for_source(self) -> bool:
        first = self.outbufs[0]
        return isinstance(first, Pour) and first.is_dry

    def _flush_some(self, *, do_close: bool = True) -> Any:
        with self.outbuf_lock:  # threads that fetch lay something to it even now
            return super()._flush_some(do_close=do_close)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """No thread waits for a reader: answers in pieces come by a Pour, requests are put off."""


class Server(TcpWSGIServer):
    """One address and port to listen at; each second it ends what has had its time."""

    channel_class = ClientConnection

    def __init__(
        self, *of_server: Any, limits: Limits, crews: Sequence[Fetchers], **more: Any
    ) -> None:
        self.limits, (self.fetchers, self.readers) = limits, crews
        super().__init__(*of_server, **more)

    def add_task(self, task: ClientConnection) -> None:
        """Let a thread answer its next request; none of the pages' where files are read before."""
        if task.puts_off():
            return
        is_read = _READ.search(task.requests[0].path)
        (self.readers if is_read else self.task_dispatcher).add_task(task)

    def close(self) -> Any:
        """Listen no more, and fetch nothing."""
        self.fetchers.shutdown()
        self.readers.shutdown()
        return super().close()

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
    adjustments = Adjustments(**settings, outbuf_overflow=NEVER, inbuf_overflow=NEVER)
    adjustments.socket_options = OPTIONS
    crews = (Fetchers(), Fetchers())
    for crew, count in zip(crews, (FETCHERS, READERS), strict=True):
        crew.set_thread_count(count)
    threads = ThreadedTaskDispatcher()
    threads.set_thread_count(adjustments.threads)
    by_number: dict[int, Any] = {}
    how = {"dispatcher": threads, "adj": adjustments, "limits": limits, "crews": crews}
    servers = [Server(pouring(app), by_number, sockinfo=one, **how) for one in adjustments.listen]
    if len(servers) == 1:
        return servers[0]
    at = [(one.effective_host, one.effective_port) for one in servers]
    every = MultiSocketServer(by_number, adjustments, at, threads, servers[0].log_info)
    every.effective_port = servers[0].effective_port
    return every
