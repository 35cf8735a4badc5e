"""Whether a service does its work, as a container asks: by its first process, by what answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mtdata.config import Settings
from mtdata.core.errors import UsageError
from mtdata.daemon.health import Service, look, service_here, service_of
from mtdata.jobs.duty import Duties
from mtdata.study.duty import STUDY
from mtdata.study.operations.tasks import ROUNDS
from tests.unit.config_folder import Folder, keys


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/usr/bin/tini -- mtdata daemon", Service("daemon")),
        ("docker-init -- /usr/bin/tini -- /opt/mtdata/bin/mtdata -v runner", Service("runner")),
        ("tini -- mtdata web", Service("web")),
        ("tini -- mtdata web --host 0.0.0.0 --port 8081", Service("web", "127.0.0.1", 8081)),
        ("tini -- mtdata web --host=:: --port=9", Service("web", "::1", 9)),
        ("tini -- mtdata web --host [::1]", Service("web", "::1")),
        ("tini -- mtdata web --host 192.0.2.7", Service("web", "192.0.2.7")),
        ("tini -- mtdata export", None),
        ("/pause daemon", None),
        ("", None),
    ],
)
def test_the_first_process_says_which_service_a_container_is_for(
    line: str, found: Service | None
) -> None:
    assert service_of(line.split()) == found


def test_the_words_of_a_process_are_read_as_the_system_has_them(tmp_path: Path) -> None:
    first = tmp_path / "cmdline"
    first.write_bytes(b"tini\0--\0mtdata\0web\0--port\x0081\0")
    assert service_here(first) == Service("web", port=81)
    for words in (b"/pause\0", None):
        first.write_bytes(words) if words else first.unlink()
        with pytest.raises(UsageError, match="mtdata health daemon, web or runner"):
            service_here(first)


@contextmanager
def page(status: int) -> Iterator[int]:
    """A page that answers so, and the port at which it does."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def no_config() -> Settings:
    raise AssertionError("the page is asked, and no config read")


def test_a_page_is_well_while_healthz_says_so() -> None:
    for status, is_well in ((200, True), (503, False)):
        with page(status) as port:
            found = look(Service("web", port=port), no_config, ())
            assert found.is_well is is_well
            assert found.told == f"http://127.0.0.1:{port}/healthz: {status}"
    gone = look(Service("web", port=port), no_config, ())
    assert not gone.is_well
    assert gone.told.endswith("/healthz: Connection refused")


def late(*names: str) -> Duties:
    """The study, of which these sites are overdue."""
    rounds = replace(ROUNDS, is_overdue=lambda site: site.name in names)
    return (replace(STUDY, rounds=lambda: rounds),)


def test_a_daemon_is_well_while_no_site_that_is_ready_is_overdue(tmp_path: Path) -> None:
    folder = Folder(tmp_path.resolve())
    off = keys(READY=False, PATH="off")
    folder.server({"uva": keys(), "ucl": keys(PATH="ucl"), "off": off})
    well = look(Service("daemon"), folder.load, late("off"))
    assert well == (True, "no site of 2 is overdue")
    ill = look(Service("daemon"), folder.load, late("ucl"))
    assert ill == (False, "overdue: ucl; `mtdata status` says since when")


def test_a_runner_is_not_well_where_there_are_no_records(tmp_path: Path) -> None:
    folder = Folder(tmp_path.resolve()).server({"uva": keys()})
    found = look(Service("runner"), folder.load, ())
    assert found == (False, "there are no records yet, so no runner either")
    assert not (tmp_path / "state").exists(), "a look makes nothing"
