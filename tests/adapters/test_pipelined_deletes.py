"""Deletes over several connections at once, against servers that answer in unusual ways."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from mtdata.core.errors import SiteError
from mtdata.study.model.receipt import Outcome
from tests.adapters.test_mindtrails import SHORT_S, opened

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
USUAL = f"{HEAD}Content-Length: 0\r\n\r\n".encode()
LOG_IN = f"{HEAD}Set-Cookie: JSESSIONID=first; Path=/\r\nContent-Length: 2\r\n\r\n[]".encode()
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
NO_ITEM = b'{"message":"Item with that ID does not exist."}'
ABSENT = f"HTTP/1.1 404 \r\ncontent-length:{len(NO_ITEM)}\r\n\r\n".encode() + NO_ITEM
Speech = Callable[[socket.socket, int], object]
"""What is said to the DELETE of that number, from 0 on; the connection goes on afterwards."""


class Server:
    """Counts what is asked; GETs are answered with a log-in and an empty list."""

    def __init__(self, speech: Speech, log_in: bytes) -> None:
        self.speech, self.asked, self.connections = speech, list[bytes](), 0
        self.log_in = log_in
        self._lock = threading.Lock()

    def talk(self, there: socket.socket) -> None:
        with there, suppress(OSError):
            while asked := there.recv(65536):
                if asked.startswith(b"GET"):
                    there.sendall(self.log_in)
                    continue
                with self._lock:
                    number = len(self.asked)
                    self.asked.append(asked)
                self.speech(there, number)

    def ids(self) -> list[int]:
        """The ids asked for, in order."""
        return [int(one.split(b" ")[1].rpartition(b"/")[2]) for one in self.asked]


@contextmanager
def serving(speech: Speech, log_in: bytes = LOG_IN) -> Iterator[tuple[Server, str]]:
    server, over = Server(speech, log_in), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    there, _ = listener.accept()
                    server.connections += 1
                    threading.Thread(target=server.talk, args=(there,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        finally:
            over.set()
            thread.join()


def outcomes(url: str, count: int, timeout_s: float = 10.0, lanes: int = 4) -> dict[int, Outcome]:
    """Log in, ask for so many deletes, and see that each id has one answer."""
    with opened(url, timeout_s=timeout_s, delete_connections=lanes) as site:
        site.listing()
        answers = list(site.delete("QOL", range(count)))
    assert sorted(answer.id for answer in answers) == list(range(count))
    return {answer.id: answer.outcome for answer in answers}


def usual(there: socket.socket, number: int) -> None:
    there.sendall(USUAL)


def test_usual_answers_are_taken_over_all_connections_each_id_asked_once() -> None:
    with serving(usual) as (server, url):
        assert set(outcomes(url, 500).values()) == {Outcome.DONE}
        assert sorted(server.ids()) == list(range(500))
        assert server.connections <= 4
        assert all(b"Cookie: JSESSIONID=first\r\n" in asked for asked in server.asked)


def test_an_answer_that_comes_byte_by_byte_is_one_answer() -> None:
    def in_bytes(there: socket.socket, number: int) -> None:
        for byte in ABSENT:
            there.sendall(bytes([byte]))

    with serving(in_bytes) as (server, url):
        assert set(outcomes(url, 20).values()) == {Outcome.ABSENT}
        assert sorted(server.ids()) == list(range(20))


INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    b"HTTP/1.1 199 \r\nContent-Length: 2\r\n\r\n",
]


@pytest.mark.parametrize("interim", INTERIM)
def test_what_comes_before_an_answer_leaves_it_to_nobody_else(interim: bytes) -> None:
    """The answer itself is held back, so that it finds the next request on that connection."""
    server: Server

    def in_two(there: socket.socket, number: int) -> None:
        there.sendall(interim)
        time.sleep(0.02)
        there.sendall(USUAL if server.ids()[number] % 3 else ABSENT)

    with serving(in_two) as (server, url):
        found = outcomes(url, 20, lanes=1)
    expected = {id: Outcome.DONE if id % 3 else Outcome.ABSENT for id in range(20)}
    assert found == expected


def test_interim_answers_are_passed_over_before_a_listing_but_not_for_ever() -> None:
    for count in (1, 50):
        with serving(usual, PROCESSING * count + LOG_IN) as (_, url):
            assert set(outcomes(url, 5).values()) == {Outcome.DONE}
    with (
        serving(usual, PROCESSING * 1000 + LOG_IN) as (_, url),
        opened(url, timeout_s=SHORT_S) as site,
        pytest.raises(SiteError),
    ):
        site.listing()


def test_a_connection_that_switches_protocols_is_not_used_again() -> None:
    def switching(there: socket.socket, number: int) -> None:
        there.sendall(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n")
        time.sleep(0.02)
        with suppress(OSError):
            there.sendall(USUAL)

    with serving(switching) as (_, url):
        assert set(outcomes(url, 5, lanes=1).values()) == {Outcome.FAILED}


UNUSUAL = [
    f"{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
    f"{HEAD}Connection: close\r\n\r\n".encode(),  # no length: it ends with the connection
    USUAL.replace(b"1.1", b"1.0"),
    b"HTTP/1.1 204 No Content\r\n\r\n",
]


@pytest.mark.parametrize("said", UNUSUAL)
def test_an_answer_that_is_unusual_is_taken_the_ordinary_way(said: bytes) -> None:
    def unusual(there: socket.socket, number: int) -> None:
        there.sendall(said)
        if b"Length" not in said and b"chunked" not in said and b"204" not in said:
            there.shutdown(socket.SHUT_RDWR)

    with serving(unusual) as (server, url):
        assert set(outcomes(url, 60).values()) == {Outcome.DONE}
        assert len(server.asked) <= 60 + 4  # those under way when it showed are asked again


def test_an_answer_with_something_behind_it_is_not_believed() -> None:
    def two(there: socket.socket, number: int) -> None:
        there.sendall(USUAL if number > 4 else USUAL + USUAL)

    with serving(two) as (server, url):
        assert set(outcomes(url, 30).values()) == {Outcome.DONE}
        assert len(server.asked) > 30


@pytest.mark.parametrize("told", [True, False])
def test_a_connection_that_the_site_closes_is_replaced(told: bool) -> None:
    said = USUAL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", int(told))

    def closing(there: socket.socket, number: int) -> None:
        there.sendall(said)
        there.shutdown(socket.SHUT_RDWR)

    with serving(closing) as (server, url):
        assert set(outcomes(url, 50).values()) == {Outcome.DONE}
        assert set(server.ids()) == set(range(50))
        assert server.connections >= 50
        if told:  # then nothing was sent that had to be sent again
            assert len(server.asked) == 50


def test_a_new_session_is_told_to_every_later_request() -> None:
    def new_session(there: socket.socket, number: int) -> None:
        cookie = b"\r\nSet-Cookie: JSESSIONID=second; Path=/\r\n\r\n"
        there.sendall(USUAL.replace(b"\r\n\r\n", cookie, int(number == 0)))

    with serving(new_session) as (server, url):
        assert set(outcomes(url, 30, lanes=1).values()) == {Outcome.DONE}
        assert b"Cookie: JSESSIONID=first\r\n" in server.asked[0]
        assert all(b"Cookie: JSESSIONID=second\r\n" in asked for asked in server.asked[1:])


def test_a_site_that_falls_silent_ends_all_deletes_in_time() -> None:
    def silent(there: socket.socket, number: int) -> None:
        if number < 10:
            there.sendall(USUAL)

    with serving(silent) as (server, url):
        found = outcomes(url, 200, SHORT_S)
        assert sum(outcome is Outcome.DONE for outcome in found.values()) == 10
        assert sum(outcome is Outcome.FAILED for outcome in found.values()) == 190
        assert len(server.asked) < 40


def test_an_answer_of_more_lines_than_can_be_read_fails_alone() -> None:
    more = "".join(f"X-{number}: b\r\n" for number in range(120))
    said = f"{HEAD}{more}Set-Cookie: JSESSIONID=second; Path=/\r\nContent-Length: 0\r\n\r\n"

    def many(there: socket.socket, number: int) -> None:
        there.sendall(said.encode() if number in (3, 4) else USUAL)

    with serving(many) as (_, url):
        found = [*outcomes(url, 10, lanes=1).values()]
    assert sorted(outcome.name for outcome in found) == ["DONE"] * 9 + ["FAILED"]


def test_a_session_that_the_site_ended_is_told_to_nobody() -> None:
    over = b"\r\nSet-Cookie: JSESSIONID=; Max-Age=0; Path=/\r\n\r\n"

    def ends(there: socket.socket, number: int) -> None:
        there.sendall(USUAL.replace(b"\r\n\r\n", over, int(number == 0)))

    with serving(ends) as (server, url):
        assert set(outcomes(url, 5, lanes=1).values()) == {Outcome.DONE}
        assert b"Cookie: JSESSIONID=first\r\n" in server.asked[0]
        assert not any(b"Cookie:" in asked for asked in server.asked[1:])
