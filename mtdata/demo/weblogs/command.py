"""`mtdata demo weblogs`: logs in a local S3 on their way into a Matomo, with the plug pulled."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.demo.screen import Demo, Result, Screen, ending
from mtdata.demo.store import BUCKET, REGION, LocalStore, need_store

if TYPE_CHECKING:  # only the demo needs them
    from mtdata.demo.program import DemoProgram
    from mtdata.demo.weblogs.site import MatomoSite

ROWS, SITE, DAY, FILES = 20_000, "www.example.org", "2026-03-12", 8
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
LONGEST_S, LOOK_S, SLOWLY = 300.0, 0.01, 0.05
KILLED = "The plug was pulled (SIGKILL) when {0:,} hits were stored"


def _line(number: int) -> str:
    second = number % 86_400
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    path = ("/", "/about", "/style.css", "/paper.pdf", "/gone")[number % 5]
    status = 404 if path == "/gone" else 200
    client = f"198.51.{number // 250 % 100}.{number % 250 + 1}"
    agent = AGENTS[number % 20 == 0]
    return (
        f'{client} - - [12/Mar/2026:{clock} +0000] "GET {path}?line={number} HTTP/1.1" '
        f'{status} {number % 9000} "-" "{agent}"\n'
    )


def _logs(rows: int) -> Iterator[tuple[str, bytes]]:
    """The day's logs by name, packed as a web server packs them."""
    import gzip

    for number in range(FILES):
        lines = "".join(_line(one) for one in range(number, rows, FILES))
        yield f"{SITE}.{DAY}-{number:02}.gz", gzip.compress(lines.encode(), 1)


def _keys_of_store(store: LocalStore) -> dict[str, Any]:
    return {
        "endpoint": store.url, "region": REGION,
        "aws_pull_access_key": store.access_key, "aws_pull_secret": store.secret_key,
        "aws_push_access_key": store.access_key, "aws_push_secret": store.secret_key,
        "pull_bucket": BUCKET, "pull_prefix": "logs/", "push_bucket": BUCKET,
        "push_prefix": "archive",
    }  # fmt: skip


def _write_config(folder: Path, site: MatomoSite, place: dict[str, Any]) -> None:
    """`place`: the keys that say where the logs lie."""
    from mtdata.demo.weblogs.settings import SUPER_USER

    keys = {
        "piwik_ip": site.url, "token": SUPER_USER, **place,
        "key_pattern": r"\.(?P<date>\d{4}-\d{2}-\d{2})-",
        "archive": "http", "sites": {SITE: {"idsite": 1}},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "weblogs.config"
    path.touch(mode=0o600)
    path.write_text(json.dumps(keys, indent=2) + "\n", encoding="utf-8")


def _import_and_pull_the_plug(program: DemoProgram, site: MatomoSite, rows: int) -> int:
    """Kill an import when a third is stored; how much was, then."""
    process = program.start("weblogs", "import", SITE, DAY)
    until = time.monotonic() + LONGEST_S
    while site.store.total < rows // 3 and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return site.store.total


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="mtdata-demo-") as folder:
        yield Path(folder)


def _run(rows: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    need_store("weblogs")
    from mtdata.demo.program import DemoProgram
    from mtdata.demo.weblogs.site import MatomoSite  # only the demo needs the stand-in

    tell = (lambda text: None) if quiet else screen.say
    with _home(keep) as home, LocalStore() as store, MatomoSite() as site:
        for name, content in _logs(rows):
            store.put(f"logs/{name}", content)
        _write_config(home / "config", site, _keys_of_store(store))
        program = DemoProgram(home / "config")
        tell(f"1. {FILES} logs with {rows:,} lines of one day in a local S3 at {store.url}")
        tell(f"2. A Matomo at {site.url}; the import of {DAY} begins")
        site.settings.latency_s = SLOWLY
        killed = _import_and_pull_the_plug(program, site, rows)
        site.settings.latency_s = 0.0
        tell(f"   {KILLED.format(killed)}")
        done = program.run("weblogs", "import", SITE, DAY)
        tell(f"3. The import goes on: {done['tracked']:,} hits are stored by its ledger")
        doubts = program.run("weblogs", "quarantine", SITE)["batches"]
        _show_doubts(doubts, screen, quiet=quiet)
        if doubts:
            program.run("weblogs", "quarantine", SITE, "--resolve", "auto")
            done = program.run("weblogs", "import", SITE, DAY)
            tell("   Matomo's reports say what became of them: the doubt is ended by these")
        shown, faults = _judged(site, rows, done, killed)
        tell(
            f"4. Counted in Matomo itself: {shown['stored_once']:,} of {rows:,} lines are stored "
            f"once, {shown['doubled']} doubled, {shown['missing']} missing"
        )
        tell(f"   The logs are archived at {done['push']}")
        if keep is not None:
            tell(f"\nKept in {keep}: config, ledger, log.")
    return ending(shown, faults, screen)


def _show_doubts(doubts: list[dict[str, Any]], screen: Screen, *, quiet: bool) -> None:
    if quiet:
        return
    columns = ("batch", "hits", "why", "files")
    rows = [(one["batch"], one["hits"], one["reason"], len(one["files"])) for one in doubts]
    screen.table("   what was under way then, and is not sent again blindly", columns, rows)


def _judged(
    site: MatomoSite, rows: int, done: dict[str, Any], killed: int
) -> tuple[dict[str, Any], list[str]]:
    """Each line by what the stand-in stored, which knows nothing of our ledger."""
    stored = Counter(int(hit.key("line")) for hit in site.store.hits)
    doubled = sum(count > 1 for count in stored.values())
    missing = rows - len(stored)
    faults = [f"{doubled} lines are stored twice"] if doubled else []
    faults += [f"{missing} lines are missing"] if missing else []
    faults += [f"the last import ended with {done['exit']}"] if done["exit"] else []
    shown = {
        "lines": rows, "stored_when_killed": killed, "doubled": doubled, "missing": missing,
        "stored_once": sum(count == 1 for count in stored.values()), "import": done,
    }  # fmt: skip
    return shown, faults


@contextmanager
def _serve(rows: int, home: Path) -> Iterator[str]:
    from mtdata.demo.study.tour import demo_home
    from mtdata.demo.weblogs.site import MatomoSite

    with demo_home(home), MatomoSite() as site:
        logs = home.resolve() / "logs-of-the-day"
        logs.mkdir()
        for name, content in _logs(rows):
            (logs / name).write_bytes(content)
        _write_config(home / "config", site, {"pull_bucket": f"file://{logs}"})
        yield f"A Matomo at {site.url}, and {FILES} logs of {DAY} with {rows:,} lines in {logs}"


DEMO = Demo(
    about="web logs",
    rows=ROWS,
    rows_of="lines of web logs",
    examples=(
        ("demo weblogs", f"{ROWS:,} lines from a local S3 into a Matomo; the plug is pulled"),
        ("demo weblogs --rows 800 --serve --keep /tmp/weblogs", ""),
    ),
    run=_run,
    serve=_serve,
)
