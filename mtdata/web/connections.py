"""The connections of the web page: none that is unfinished or stands still keeps others out.

waitress answers; here it is only decided which connection has had its time.  No thread is held by
one that has not sent its whole request or does not read, no file of the temp disk by what it sends
or is sent.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from mtdata.web.connection_limits import Limits, State, giving_way, is_over
from mtdata.web.downloads.pouring import Fetchers, Pour, StreamedAnswer
from mtdata.web.forwarded import share_of
from mtdata.web.uploads.asking import AdmissionQuestion, Ask
from mtdata.web.uploads.incoming import Admission, IncomingRequest

_READ = re.compile(r"/d/[^/]*\Z|/zip/\Z")
"""The ends of addresses whose files are read before they are answered."""
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER so that what is closed is reset: who reads sees that an answer was cut off."""


class ClientConnection(HTTPChannel):
    """One connection, which knows since when it has come no further."""

    task_class = StreamedAnswer
    parser_class = IncomingRequest

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
        if self.request is not None and self.request.pace is not None:
            return State(self._share, self.request.pace.moved, "upload", self.request.pace.began)
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
            self._note_request()
        request = self.request
        if request is not None and request.is_asking:
            self.server.ask(AdmissionQuestion(self, request, self.server.admit))
        elif request is not None and request.pace is not None:
            request.pace.note(len(data), time.monotonic(), self.server.limits.upload_progress)
        return taken

    def _note_request(self) -> None:
        """One has come as far as it will."""
        last = self.requests[-1]
        self._is_new, self._moved, self._was_waiting = False, time.monotonic(), False
        self._is_refused = last.error is not None or last.refusal is not None

    def go_on(self, request: IncomingRequest, admission: Admission) -> None:
        """What its request asked is decided."""
        with self.requests_lock:
            ahead = request.decide(admission, time.monotonic())
            if self._fileno is None or self.will_close or self.close_when_flushed:
                request.close()
                return
            if request.completed:
                self.request = None
                self.requests.append(request)
                self._note_request()
                if len(self.requests) == 1:
                    self.server.add_task(self)
            elif request.expect_continue and not self.requests:
                self.send_continue()
        if ahead:
            self.received(ahead)

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
        waiting = self.requests if self._is_put_off else []
        for request in (self.request, *waiting):
            if request is not None:
                request.close()

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
        is_asking = self.request is not None and self.request.is_asking
        return self._fileno is not None and not is_asking and super().readable()

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
        self,
        *of_server: Any,
        limits: Limits,
        crews: Sequence[Fetchers],
        admit: Ask,
        beat: Callable[[], None],
        **more: Any,
    ) -> None:
        self.limits, (self.fetchers, self.readers, self._askers) = limits, crews
        self.admit, self._beat = admit, beat
        super().__init__(*of_server, **more)

    def add_task(self, task: ClientConnection) -> None:
        """Let a thread answer its next request; none of the pages' where files are read before."""
        if task.puts_off():
            return
        is_read = _READ.search(task.requests[0].path)
        (self.readers if is_read else self.task_dispatcher).add_task(task)

    def ask(self, question: AdmissionQuestion) -> None:
        """Let a thread find the answer; nothing of that connection is read before."""
        self._askers.add_task(question)

    def close(self) -> Any:
        """Listen no more, and fetch nothing."""
        for crew in (self.fetchers, self.readers, self._askers):
            crew.shutdown()
        return super().close()

    def maintenance(self, now: float) -> None:
        """End what has had its time; tell of requests that wait, and that the server goes on."""
        self._beat()
        self.task_dispatcher.tell_of_waiting()
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
