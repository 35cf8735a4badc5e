"""The web page of four sites: a pool with troubles, one that cannot be read, none, not READY.

The pool is a real one, carried home from a stand-in whose answers are canaries; no test itself.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from mtdata.alerts import notify
from mtdata.cli.main import run
from mtdata.config import load
from mtdata.core.clock import SystemClock
from mtdata.demo.study.site import StudySite
from mtdata.study.ledger import Ledger
from mtdata.study.operations import commands
from tests.jobs.place import SITE
from tests.system.canaries import ANSWER, NUMBER, SEALED
from tests.web.site import WebSite

STUDY, BROKEN, BARE = "study", "broken", "bare"
STILL, OVER = 60, 55
"""So many incidents are open, and so many closed, beside those of the rounds."""


def row(number: int, **more: Any) -> dict[str, Any]:
    """An entry whose answers sing."""
    return {"id": number, "session": "PRE", "answer": ANSWER, "said": SEALED, "n": NUMBER, **more}


class PooledSite(WebSite):
    """Served from a home with pools."""

    def __init__(self, folder: Path) -> None:
        with StudySite() as site:
            study = {**SITE, "SERVER": site.url, "USER": site.user, "PASS": site.password}
            study["EVERY"] = "1d"  # not overdue, however long the tests take
            others = {name: {**SITE, "PATH": f"pool-{name}"} for name in (BROKEN, BARE)}
            sites = {STUDY: study, BROKEN: others[BROKEN], BARE: {**others[BARE], "READY": False}}
            super().__init__(folder, "sqlite:///state/programme.sqlite3", {"server": sites})
            self._carry(site)
        (folder / f"pool-{BROKEN}").mkdir()
        (folder / f"pool-{BROKEN}" / Ledger.NAME).write_bytes(b"no ledger at all, but words" * 99)
        recovered = folder / "pool" / "recovered_data"
        recovered.mkdir()
        for number in range(120):
            (recovered / f"QOL_{number:03}.csv").write_text(ANSWER)
        held = folder / "pool" / "held"
        held.mkdir(exist_ok=True)
        (held / os.fsdecode(b"odd_\xff_<b>.json")).write_text(ANSWER)

    def _carry(self, site: StudySite) -> None:
        """Two rounds: the second finds another answer under a known id, and a field more."""
        study = load(self.config, {}).site(STUDY)
        site.put("QOL", [row(number) for number in range(1, 8)])
        site.put("DASS21_AS", [row(number) for number in range(1, 4)])
        commands.export(study, "all")
        site.put("QOL", [row(3, answer=f"{ANSWER} 2"), row(20, more=ANSWER)])
        commands.export(study, "all")
        with closing(Ledger(study.path / Ledger.NAME)) as ledger:
            for number in range(OVER):
                ledger.incidents.raise_incident("surge", f"S{number}", f"OVER{number}.", _now())
                ledger.incidents.close_incidents(f"S{number}", ("surge",), _now())
            for number in range(STILL):
                ledger.incidents.raise_incident("surge", f"T{number}", f"OPEN{number}.", _now())
        notify.program_incident(self.place.settings, "news_stuck", "mail", "nobody listens there")

    def status(self) -> dict[str, Any]:
        """What `mtdata status --json` tells of every site."""
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            run(["--config", str(self.config), "status", "--json"])
        found: dict[str, Any] = json.loads(out.getvalue())["sites"]
        return found


def _now() -> Any:
    return SystemClock().now()
