"""Imports that are killed at random moments while Matomo fails: every line once, or by name."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from mtdata.demo.weblogs.settings import SUPER_USER
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.operations.quarantine import doubts
from tests.conftest import LONG
from tests.preloaded import WEBLOGS, Order, command, server
from tests.tally import tried

LINES, FILES, DAY, SITE = 1_200, 3, "2026-03-12", "example.org"
STORIES, MOST_RUNS = (200, 60) if LONG else (6, 25)
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("rollback", {}), ("lock_wait", {}), ("zero", {}), ("gone_away", {"stored": "part"}),
    ("status", {"code": 502, "stored": "part"}), ("status", {"code": 504, "stored": "all"}),
    ("reset", {}), ("truncated", {}), ("empty_500", {}), ("gif", {}), ("invalid_hit", {}),
    ("status", {"code": 413}), ("error", {}), ("closed_early", {"resets": True}),
)  # fmt: skip


def line(number: int) -> str:
    return (
        f"192.0.2.{number % 90} - - [12/Mar/2026:10:{number // 60 % 60:02}:{number % 60:02} +0000] "
        f'"GET /page?line={number} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11) Firefox/124.0"\n'
    )


class Home:
    def __init__(self, path: Path, site: MatomoSite) -> None:
        self.path, self.site = path, site
        (path / "in").mkdir(parents=True)
        (path / "config").mkdir()
        for file in range(FILES):
            text = "".join(line(number) for number in range(file + 1, LINES + 1, FILES))
            (path / "in" / f"{file}-{DAY}.log").write_text(text, encoding="ascii")
        keys = {
            "piwik_ip": site.url, "token": SUPER_USER, "pull_bucket": f"file://{path}/in",
            "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "batch": 40, "timeout": 30,
            "sites": {SITE: {"idsite": 1}}, "visitor_id": "ip_ua", "visitor_secret": "s" * 32,
        }  # fmt: skip
        config = path / "config" / "weblogs.config"
        config.touch(mode=0o600)
        config.write_text(json.dumps(keys), encoding="ascii")

    @property
    def words(self) -> list[str]:
        return ["--config", str(self.path / "config"), "--json", "weblogs"]

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        ended = command([*self.words, *words], modules=WEBLOGS)
        return ended.returncode, json.loads(ended.stdout)

    def run_and_kill(self, after_s: float) -> None:
        order = Order("mtdata", [*self.words, "import", SITE, DAY], dict(os.environ))
        with open(os.devnull, "r+b") as null:
            streams = [null.fileno()] * 3
            program, _ = server(WEBLOGS).begin(order, streams)
            time.sleep(after_s)
            program.kill()
            program.wait(60)

    def check(self) -> None:
        """Each line is stored once, and the ledger says so; or it is in doubt by its number."""
        stored = Counter(int(hit.key("line")) for hit in self.site.store.hits)
        assert [number for number, count in stored.items() if count > 1] == []
        with closing(WeblogLedger(self.path / "state" / "weblogs" / f"{SITE}.sqlite3")) as ledger:
            named = {
                int(one.key.partition("-")[0]) + 1 + (number - 1) * FILES
                for doubt in doubts(ledger)
                for one in doubt.logs
                for number in one.lines
            }
            sure = {
                int(ledger.logs.of_number(share.log).identity.key.partition("-")[0])
                + 1 + (number - 1) * FILES
                for batch in ledger.batches.in_state(BatchState.STORED)
                for share in ledger.batches.shares(batch.number)
                for number in share.lines
            }  # fmt: skip
            assert ledger.batches.unsettled_logs() == set(), "what was under way is not settled"
        missing = set(range(1, LINES + 1)) - set(stored)
        assert missing <= named, "a line is neither stored nor in doubt"
        assert sure - named <= set(stored), "the ledger has as stored what is not"
        assert set(stored) - named <= sure, "a line is stored, and the ledger does not know"


def test_whatever_fails_and_is_killed_each_line_is_stored_once_or_named(
    tmp_path: Path, seed: int
) -> None:
    for number in range(STORIES):
        random = Random(f"{seed} {number}")
        kind, detail = random.choice(FAULTS)
        try:
            with MatomoSite() as site:
                _story(Home(tmp_path / str(number), site), kind, detail, random)
        except BaseException as error:
            error.add_note(f"MTDATA_SEED={seed}, story {number}: {kind} {detail}")
            raise
        tried("imports of web logs killed", kind)


def _story(home: Home, kind: str, detail: dict[str, Any], random: Random) -> None:
    home.site.settings.latency_s = random.choice((0.0, 0.01, 0.05))
    home.site.fault(kind, every=random.randint(3, 9), times=random.randint(1, 8), **detail)
    for _ in range(random.randint(1, 3)):
        home.run_and_kill(random.uniform(0.05, 0.8))
    home.site.settings.latency_s = 0.0
    for _ in range(MOST_RUNS):
        code, said = home.run("import", SITE, DAY)
        if "error" not in said:
            break
        assert code in (1, 69), said
    assert sum(one["hits"] for one in said["files"]) == said["lines"] == LINES
    in_doubt = said["quarantined"] + said["invalid"]
    assert (code == 0) == (in_doubt == 0), said
    home.check()
    if code == 0:  # the ledger knows whose hits they were, too, whatever was sent twice or late
        code, said = home.run("reconcile", SITE, DAY)
        assert code == 0, said
        assert said["days"][0]["visits_by_hits"]["least"] > 0
