"""Web hooks and the heartbeat against real HTTP servers: refusals, redirects, drips; no address."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Iterator

import pytest

from mtdata.alerts.hooks import HookPost, ping
from mtdata.core.errors import PostError, PostRefused
from tests.adapters import saying
from tests.contracts.post_contract import SECRET, PostContract, Staged, a_message
from tests.webhook import Hook, web_hook


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as started:
        yield started


class TestHookPost(PostContract):
    @pytest.fixture
    def staged(self, hook: Hook) -> Staged:
        def be(mood: str) -> None:
            hook.code = {"down": 503, "refusing": 404, "well": 204}[mood]
            hook.asked.clear()

        def keys() -> list[str]:
            return [one.body["id"] for one in hook.asked if one.body]

        return Staged(HookPost(1, f"{hook.url}/{SECRET}?key={SECRET}"), keys, be)


def test_a_hook_gets_the_news_as_json(hook: Hook) -> None:
    one = a_message()
    HookPost(1, f"{hook.url}/x").deliver(one)
    assert [asked.method for asked in hook.asked] == ["POST"]
    assert hook.asked[0].body == {**one.news, "id": one.key}


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(hook: Hook, code: int) -> None:
    with web_hook() as other:
        hook.code, hook.place = code, f"{other.url}/stolen"
        with pytest.raises(PostRefused, match=str(code)):
            HookPost(1, hook.url).deliver(a_message())
        assert other.asked == []


@pytest.mark.parametrize("code", [408, 429, 500, 502])
def test_what_may_pass_is_tried_again(hook: Hook, code: int) -> None:
    hook.code = code
    with pytest.raises(PostError) as caught:
        HookPost(1, hook.url).deliver(a_message())
    assert caught.value.again


def drips(talk: socket.socket) -> None:
    talk.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(2000):
        talk.sendall(b"x")
        time.sleep(0.02)


def floods(talk: socket.socket) -> None:
    for _ in range(10_000):
        talk.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@pytest.mark.parametrize("speech", [drips, floods, lambda talk: talk.recv(1)])
def test_a_server_that_drips_floods_or_hangs_holds_nobody_up(speech: object) -> None:
    with saying(speech) as url, pytest.raises(PostError) as caught:  # type: ignore[arg-type]
        HookPost(2, f"{url}/{SECRET}", timeout_s=0.3).deliver(a_message())
    told = "".join(traceback.format_exception(caught.value))
    assert "web hook 2 cannot be reached" in told
    assert SECRET not in told
    assert "127.0.0.1" not in told


@pytest.mark.parametrize(
    ("address", "sign", "asked"),
    [
        ("/key/{site}", "start", "/key/study/start"),
        ("/key/{site}", "success", "/key/study"),
        ("/key/{site}", "fail", "/key/study/fail"),
        ("/key/", "fail", "/key/fail"),
        ("/ping?k=1", "start", "/ping/start?k=1"),
        ("/ping?k={site}", "success", "/ping?k=study"),
    ],
)
def test_the_heartbeat_says_how_a_round_stands(
    hook: Hook, address: str, sign: str, asked: str
) -> None:
    ping(hook.url + address, "study", sign)
    assert [(one.method, one.path) for one in hook.asked] == [("GET", asked)]


def test_a_heartbeat_that_nobody_hears_shows_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/{SECRET}"
    with pytest.raises(PostError, match="heartbeat of study") as caught:
        ping(url, "study", "start")
    assert SECRET not in "".join(traceback.format_exception(caught.value))
