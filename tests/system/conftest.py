"""What the system tests stand on: a home with a study site, and keys made once; no test itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey

from mtdata.core.clock import SystemClock
from mtdata.demo.study.data import seal
from mtdata.demo.study.site import StudySite
from mtdata.study.collectors import http
from tests.fakes_log import log_given_back
from tests.system.home import Home


class KeyPair(NamedTuple):
    """A private key as PEM, and the public one."""

    pem: bytes
    public: RsaKey

    def seal(self, text: str) -> str:
        """A sealed value, as the site has it."""
        return seal(self.public, text)


@pytest.fixture(scope="session")
def make_pair() -> Callable[[int], KeyPair]:
    """Key pairs by number: each is made once, small ones, for speed."""
    made: dict[int, KeyPair] = {}

    def pair(number: int) -> KeyPair:
        if number not in made:
            private = RSA.generate(1024)
            made[number] = KeyPair(private.export_key(), private.public_key())
        return made[number]

    return pair


@pytest.fixture
def key(make_pair: Callable[[int], KeyPair]) -> KeyPair:
    """The key of the study."""
    return make_pair(0)


@pytest.fixture
def other_key(make_pair: Callable[[int], KeyPair]) -> KeyPair:
    """A key of somebody else."""
    return make_pair(1)


@pytest.fixture
def site() -> Iterator[StudySite]:
    """A study site that is there; another run's on a port that was ours refuses us."""
    with StudySite(password=f"p:ss wörd {os.getpid()}") as started:
        yield started


@pytest.fixture
def home(
    tmp_path: Path,
    site: StudySite,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    """A home whose study is that site; what a command sets for its process is set back."""
    made = Home(tmp_path, site, lambda: (*capsys.readouterr(),))

    def now(clock: SystemClock) -> datetime:
        return made.now

    monkeypatch.setattr(SystemClock, "now", now)
    monkeypatch.setattr(http, "BACKOFF_S", 0.01)  # the tries count here, not the waits
    with _given_back():
        yield made


@contextmanager
def _given_back() -> Iterator[None]:
    """Give the log and handlers of signals back to the test run."""
    on_term = signal.getsignal(signal.SIGTERM)
    with log_given_back():
        yield
    signal.signal(signal.SIGTERM, on_term)
