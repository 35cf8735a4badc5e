"""Takes the pictures of docs/pictures anew: `.venv/bin/python -m tests.web.pictures`; no test.

With names (`programme import-preview`) it takes those alone.  A demo's pool, a trouble in it, and
jobs as they stand in the middle of a morning; they are put into the records as they are, and nobody
carries them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from mtdata.config import load
from mtdata.core.clock import SystemClock
from mtdata.jobs.records import setting
from mtdata.study.ledger import Ledger
from tests.web.browser import DESK, PHONE, Tab, chromium
from tests.web.pictured_imports import fill_imports
from tests.web.site import PASSWORD

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "is_mobile": True, "color_scheme": "light"},
}
ACCOUNT = {
    "ADMIN_DOMAIN": "first.example",
    "API_KEY": "opensNothing",
    "OUTPUT": "out",
    "TIMEZONE": "UTC",
    "DAILY_AT": "05:00",
}
HOURS, DONE = 24, 14
EVENTS = (
    (25, "info", "queued by anna"),
    (14, "info", "began"),
    (5, "warning", "09: the instance answered 503, tried again"),
)
"""So many minutes ago."""


def _mtdata(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "mtdata", *words]


def _fill(home: Path) -> dict[str, str]:
    """Put in what the pictures show; the paths of pages by the names of the pictures."""
    (home / "config" / "export.config").write_text(yaml.safe_dump({"CAKE": {"first": ACCOUNT}}))
    settings = load(home / "config", {})
    with closing(Ledger(settings.sites[0].path / Ledger.NAME)) as ledger:
        now, told = SystemClock().now(), "41 values of 3 scales are sealed for another key"
        ledger.incidents.raise_incident("key_wrong", "", told, now)
    setting.open_migrated(settings.database)
    from mtdata.jobs.records.models import Event, Job, Part, Runner

    at = SystemClock().now()
    runner = Runner.objects.create(
        host="atlas", pid=4711, engine="embedded", slots=2, version="1.0",
        started_at=at - timedelta(hours=9), seen_at=at + timedelta(minutes=5),
    )  # fmt: skip
    day = (at - timedelta(days=1)).date().isoformat()
    word = (at - timedelta(days=1)).strftime("%d%m%Y")
    asked = {"from": day, "to": day, "account": "first"}
    running = Job.objects.create(
        name="clicks_yesterday", kind="cake.clicks", parameters=asked, status="In Progress",
        owner="anna", can_undo=True, created_at=at - timedelta(minutes=25),
        started_at=at - timedelta(minutes=14),
    )  # fmt: skip
    for hour in range(HOURS):
        done, doing = hour < DONE, hour == DONE
        begun = at - timedelta(minutes=DONE - hour) if hour <= DONE else None
        Part.objects.create(
            job=running, number=hour, stage="work", name=f"ClickReport_{word}_{hour:02}00_X",
            status="Success" if done else "In Progress" if doing else "Queued",
            attempt=2 if hour == 9 else int(done or doing), begun=done or doing,
            runner=runner if doing else None, started_at=begun,
            leased_until=at + timedelta(hours=1) if doing else None,
            ended_at=begun + timedelta(seconds=50) if done and begun else None,
            beat_at=at if doing else None, rows=29_000 - 431 * hour if done or doing else 0,
            expected=30_000 if doing else None, step="14:20 to 14:25" if doing else "",
            calls=12 if done else 5 if doing else 0,
        )  # fmt: skip
    for minutes, level, text in EVENTS:
        moment = at - timedelta(minutes=minutes)
        Event.objects.create(job=running, at=moment, level=level, text=text)
    Job.objects.create(
        name="conversions_failed", kind="cake.conversions", parameters=asked, status="Failed",
        reason="the bucket refused the file: its keys may not write there", owner="anna",
        created_at=at - timedelta(hours=3), started_at=at - timedelta(hours=3),
        ended_at=at - timedelta(hours=2, minutes=58),
    )  # fmt: skip
    finished = Job.objects.get(kind="study.decode")
    paths = {
        "overview": "/",
        "jobs": "/jobs/",
        "job-running": f"/jobs/{running.pk}/",
        "job": f"/jobs/{finished.pk}/",
        "new-job": "/jobs/new/cake.clicks/",
        "incidents": "/incidents/",
        "pool": "/pool/demo/",
        "style": "/style/",
        **fill_imports(at, runner),
    }
    setting.close_records()
    return paths


def _beat(home: Path) -> None:
    """A sign of life of the runner and its parts: taking pictures takes its time."""
    setting.open_migrated(load(home / "config", {}).database)
    from mtdata.jobs.records.models import Part, Runner

    Runner.objects.update(seen_at=SystemClock().now())
    Part.objects.filter(status="In Progress").update(beat_at=SystemClock().now())
    setting.close_records()


def _take(home: Path, url: str, paths: dict[str, str]) -> None:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's loop runs in this thread
    with chromium() as browser:
        for look, how in LOOKS.items():
            tab = Tab(browser, url, "anna", **how)
            for name, path in paths.items():
                _beat(home)
                tab.page.goto(path)
                tab.page.screenshot(path=FOLDER / f"{name}-{look}.png")
            tab.close()


def _report(home: Path) -> dict[str, str]:
    """Have the report of sixty days made, whose faults are planted."""
    words = _mtdata("--config", f"{home}/config", "report", "scale", "demo")
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return {"report": "/reports/demo/"}


def _pictured(fill: Callable[[Path], dict[str, str]], names: list[str], *of_demo: str) -> None:
    """Make a demo's home, fill and serve it, and take the pictures of these names, or all."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        subprocess.run(_mtdata("demo", *of_demo, "--keep", str(home)), check=True)
        config = ("--config", f"{home}/config")
        adding = _mtdata(*config, "user", "add", "anna", "--admin")
        subprocess.run(adding, input=PASSWORD, text=True, check=True)
        paths = {name: at for name, at in fill(home).items() if not names or name in names}
        words = _mtdata(*config, "web", "--port", "0")
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            _take(home, server.stderr.readline().split()[-1].rstrip("/"), paths)
            server.terminate()


def main(names: list[str]) -> None:
    """Take the pictures of these names, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if names != ["report"]:
        _pictured(_fill, names, "--rows", "600")
    if not names or "report" in names:
        _pictured(_report, names, "--days", "60")


if __name__ == "__main__":
    main(sys.argv[1:])
