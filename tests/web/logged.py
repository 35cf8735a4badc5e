"""The web page of three sites of web logs: with two days and a doubt, a damaged ledger, and none.

The days are imported for real, from a folder into the stand-in of Matomo; no test itself.
"""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

from mtdata.cli.main import run
from mtdata.config import load
from mtdata.core.clock import SystemClock
from mtdata.demo.weblogs.settings import SUPER_USER
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.weblogs.operations.opening import ledger_path
from tests.web.site import WebSite
from tests.weblogs.test_commands import line
from tests.weblogs.test_jobs import is_batch

SITE, BROKEN, BARE = "www.example.org", "broken.example.org", "bare.example.org"
KEPT, STATIC = 120, 30


class LoggedSite(WebSite):
    """Served from a home with ledgers of web logs."""

    def __init__(self, folder: Path) -> None:
        self.days = [SystemClock().now().astimezone(UTC).date() - timedelta(days=n) for n in (2, 3)]
        logs = folder / "logs-in"
        logs.mkdir(parents=True)
        with MatomoSite() as matomo:
            keys = {
                "piwik_ip": matomo.url, "token": SUPER_USER, "pull_bucket": f"file://{logs}",
                "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "batch": 50, "flags": "none",
                "sites": {name: {"idsite": 1} for name in (SITE, BROKEN, BARE)},
            }  # fmt: skip
            super().__init__(folder, "sqlite:///state/programme.sqlite3", {"weblogs": keys})
            self.told = {day: self._import(matomo, logs, day) for day in self.days}
        ledger = ledger_path(self.place.settings, BROKEN)
        ledger.write_bytes(b"no ledger at all, but words" * 99)

    def _import(self, matomo: MatomoSite, logs: Path, day: date) -> dict[str, Any]:
        """Two logs of a day; of the newer one a batch is in doubt, and a log breaks off."""
        lines = [line(number) for number in range(KEPT)]
        lines += [line(number, "/x.css") for number in range(STATIC)]
        (logs / f"a-{day}.log").write_text("".join(lines) + "nonsense\n")
        newer = day == self.days[0]
        (logs / f"b-{day}.log.gz").write_bytes(b"\x1f\x8b\x08" if newer else b"")
        if newer:
            matomo.fault("status", when=is_batch, nth=1, code=502, stored="none")
        return self.command("weblogs", "import", SITE, str(day))

    def command(self, *words: str) -> dict[str, Any]:
        """What a command of `mtdata` says in JSON."""
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            run(["--config", str(self.config), "--json", *words])
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def order(self, day: date) -> str:
        """Queue the import of a day, which nobody carries; the job's id."""
        settings = load(self.config, {})
        given = {"site": SITE, "day": str(day)}
        return str(queue.add(settings, KINDS, "weblogs.import", given, "somebody").pk)
