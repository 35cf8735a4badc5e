"""What `mtdata demo --keep` leaves is what the page shows: a pool, and a finished job."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.web.seen import Seen
from tests.web.site import PASSWORD, Visitor

ACCOUNT = "CAKE: {ADMIN_DOMAIN: cake.example, API_KEY: opensNothing, OUTPUT: out, TIMEZONE: UTC}\n"


def mtdata(*words: str, said: str = "") -> dict[str, Any]:
    """What a command that goes well prints."""
    command = [sys.executable, "-P", "-m", "mtdata", "--json", *words]
    ended = subprocess.run(command, input=said, text=True, check=True, capture_output=True)
    shown: dict[str, Any] = json.loads(ended.stdout)
    return shown


@contextmanager
def served(config_folder: Path) -> Iterator[Visitor]:
    """An admin in front of the page by that config."""
    config = ["--config", str(config_folder)]
    mtdata(*config, "user", "add", "anna", "--admin", said=PASSWORD)
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "mtdata", *config, "web", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    with server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
        assert found
        anna = Visitor(found[0])
        assert anna.log_in("anna").status_code == 302
        yield anna
        server.terminate()
        assert server.wait(60) == 0


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """An admin in front of the page of a kept demo."""
    kept = tmp_path / "kept"
    left = mtdata("demo", "--rows", "60", "--keep", str(kept))
    assert left["job"]["status"] == "Success"
    with served(kept / "config") as anna:
        yield anna


@pytest.mark.parametrize(
    ("account", "headline"), [("", "Nothing is set up yet"), (ACCOUNT, "All well")]
)
def test_what_is_not_configured_is_not_shown(tmp_path: Path, account: str, headline: str) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "programme.config").write_text("DATABASE: sqlite:///records.sqlite3\n")
    (config / "export.config").write_text(account)
    with served(config) as anna:
        page = anna.get("/").text
    assert f"<h1>{headline}</h1>" in page
    assert ("Where to begin" in page) == (not account)
    links = Seen(page).links
    assert not {"/pool/", "/weblogs/", "/reports/", "/programme/"} & set(links)
    assert "/jobs/" in links


def test_the_page_shows_the_demos_pool_and_its_job(visitor: Visitor) -> None:
    first = Seen(visitor.get("/").text)
    assert "On time" in first.text
    pool = Seen(visitor.get("/pool/demo/").text)
    assert pool.terms["Rows"][0].startswith("60 ")
    assert {line[-1] for line in pool.tables["What adds up"][1:]} == {"yes"}
    [job] = [
        to
        for to in Seen(visitor.get("/jobs/?status=Success").text).links
        if "/jobs/" in to and re.search(r"[0-9a-f-]{36}/$", to)
    ]
    made = [to for to in Seen(visitor.get(job).text).links if to.startswith("/d/")]
    assert len(made) == len({line[0] for line in pool.tables["Scales"][1:]})
    sheets = [visitor.get(to) for to in made]
    assert {sheet.status_code for sheet in sheets} == {200}
    assert any(b"participantRSA" in sheet.content for sheet in sheets)
