"""A home, the web page on a real socket, and a visitor for each role; no test itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import requests

from tests.jobs.place import Place
from tests.preloaded import WEB, Program, command, started

ROLES = ("viewer", "operator", "admin")
PASSWORD = "an invented word 7"  # opens nothing
TIMEOUT_S = 30
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Visitor(requests.Session):
    """Somebody in front of the page; the forms that are sent carry the page's own mark."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, path: str, **how: Any) -> requests.Response:  # type: ignore[override]
        """A path of the page; redirects are shown, not followed."""
        how = {"timeout": TIMEOUT_S} | how | {"allow_redirects": False}
        return super().request(method, path if "://" in path else self.url + path, **how)

    def submit(self, path: str, page: str = "/account/", **fields: Any) -> requests.Response:
        """Post a form to a path, with the mark that a page of ours gives."""
        return self.post(path, data={"csrfmiddlewaretoken": self.mark_of(page), **fields})

    def mark_of(self, page: str) -> str:
        """The mark that a form of that page carries."""
        found = _CSRF.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        """By the form."""
        return self.submit("/login/", "/login/", username=name, password=password)


def begun(
    config: Path,
    roles: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    stderr: IO[bytes] | None = None,
) -> tuple[Program, str]:
    """A server of the page by that config, with somebody new of each role, and its URL."""
    told, out = os.pipe()
    words = [str(config), PASSWORD, *roles]
    err = 2 if stderr is None else stderr.fileno()
    server = started("tests.web.server", words, WEB, out=out, err=err, environment=env)
    os.close(out)
    server.stdout = os.fdopen(told, "rb")
    return server, f"http://127.0.0.1:{int(server.stdout.readline())}"


def ended(server: Program) -> None:
    """End it, and wait for that."""
    server.terminate()
    assert server.wait(60) == 0
    assert server.stdout is not None
    server.stdout.close()


class WebSite:
    """The page, served from a home of its own."""

    def __init__(
        self,
        folder: Path,
        url: str,
        config: dict[str, dict[str, Any]] | None = None,
        broker: Any = None,
        **of_server: Any,
    ) -> None:
        """`config`: files of the config by their names, beside a place's; the rest: `begun`."""
        self.place = Place(folder, url, broker)
        for name, keys in (config or {}).items():
            self.place.write(name, keys)
        if self.place.settings.database.is_shared:  # else the server makes its tables
            words = ["--config", str(self.config), "migrate"]
            command(words, "", WEB, "tests.web.light_hashes").check_returncode()
        self._server, self.url = begun(self.config, ROLES, **of_server)
        self.port = int(self.url.rpartition(":")[2])
        self.visitor = cache(self._visitor)

    @property
    def config(self) -> Path:
        """The folder of the config files."""
        return self.place.folder / "config"

    def add_user(self, name: str, role: str = "viewer", password: str = PASSWORD) -> None:
        """By the command, as tests/web/light_hashes.py has it."""
        words = ["--config", str(self.config), "user", "add", name]
        words += [] if role == "viewer" else [f"--{role}"]
        command(words, password, WEB, "tests.web.light_hashes").check_returncode()

    def _visitor(self, role: str) -> Visitor:
        """Somebody of that role, logged in; '' is nobody."""
        found = Visitor(self.url)
        if role:
            assert found.log_in(role).status_code == 302
        return found

    def close(self) -> None:
        """End the server, and what carries."""
        ended(self._server)
        self.place.close()
