"""`mtdata demo programme`: teams in, with bad rows and a stop; form responses in and out."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata import logs
from mtdata.demo.programme.files import WRONG, write_forms, write_teams
from mtdata.demo.screen import Demo, Result, Screen, ending
from mtdata.duties import KINDS
from mtdata.jobs.states import Status
from mtdata.web.needs import need_web

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import Settings
    from mtdata.demo.page import PageVisitor
    from mtdata.demo.program import DemoProgram

ROWS = 5_000
LONGEST_S, LOOK_S = 600.0, 0.02
CONFIG = b"""# Made by `mtdata demo programme`; the records lie in state/programme.sqlite3.
TIMEZONE: Europe/Berlin
OUTPUT: exports
BATCH: 10
"""
_COUNTED = re.compile("(?:rows|all): ([0-9].*)")
FIRST, SECOND, ANSWERS = "teams.csv", "more_teams.csv", "responses.csv"


def _run(rows: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    need_web()
    from mtdata.demo.study.tour import demo_home  # with its stand-in
    from mtdata.web.setting import open_web

    tell = (lambda text: None) if quiet else screen.say
    with demo_home(keep) as folder:
        home = Path(folder).resolve()
        settings = _filled_home(home, rows)
        open_web(settings, KINDS)  # before any record is loaded
        try:
            shown, faults = _go_through(home, settings, rows, screen, tell, quiet=quiet)
        finally:
            logs.close()  # its home may be thrown away
        if keep is not None:
            tell(f"\nKept in {keep}: config, records, log, the files, and what was exported.")
    return ending(shown, faults, screen)


def _filled_home(home: Path, rows: int) -> Settings:
    from mtdata.config import load
    from mtdata.demo.study.tour import write_private

    (home / "config").mkdir(mode=0o700)
    write_private(home / "config" / "programme.config", CONFIG)
    write_teams(home / FIRST, max(rows // 5, max(WRONG)), "Team", wrong=True)
    write_teams(home / SECOND, _rows_to_stop(rows), "Second team")
    write_forms(home / ANSWERS, rows)
    settings = load(home / "config", {})
    logs.configure(None, home)
    return settings


def _go_through(
    home: Path,
    settings: Settings,
    rows: int,
    screen: Screen,
    tell: Callable[[str], None],
    *,
    quiet: bool,
) -> tuple[dict[str, Any], list[str]]:
    from mtdata.demo.page import serve_page
    from mtdata.demo.program import DemoProgram

    program = DemoProgram(home / "config")
    refused = program.run("teams", "import", FIRST)
    _show_refusal(refused, screen, tell, quiet=quiet)
    first = program.run("teams", "import", FIRST, "--good-rows")
    tell(f"   The good rows alone: {_counts(first)}")
    many = _rows_to_stop(rows)
    stopped = _stopped_half_way(program, settings, many, screen, quiet=quiet)
    tell(f"2. {SECOND}: stopped when {stopped['seen']:,} of {many:,} rows were in")
    tell(f"   {_counts(stopped)}; {stopped['left']} are left of it")
    brought, out = program.run("forms", "import", ANSWERS), program.run("forms", "export")
    tell(f"3. {ANSWERS}: {_counts(brought)}")
    place = "".join(one["path"] for one in out.get("artifacts", []))
    tell(f"   Out again: {out['rows']:,} rows in {place}")
    page = serve_page(
        settings,
        partial(_look, [first["id"], stopped["id"]]),
        role="admin",
        stays=not quiet and sys.stdout.isatty(),
        tell=tell,
        seen="It was asked: both imports are in the list, and the teams of one in /admin/.",
    )
    done = {"refused": refused, "imported": first, "stopped": stopped, "brought": brought}
    done["exported"] = out
    return {**done, "page": page}, _faults(done, rows) + page["faults"]


def _show_refusal(
    refused: dict[str, Any], screen: Screen, tell: Callable[[str], None], *, quiet: bool
) -> None:
    tell(f"1. {FIRST}: {refused['rows']:,} rows, {refused['bad']} of them wrong: none was written")
    if not quiet:
        told = [(one["line"], one["column"], one["reason"]) for one in refused["faults"]]
        screen.table("", ("line", "column", "why"), told)


def _faults(done: dict[str, Any], rows: int) -> list[str]:
    faults = [] if done["refused"]["exit"] == 65 else [f"{FIRST} was not refused"]
    if left := done["stopped"]["left"]:
        faults.append(f"{left} rows of a stopped import are left")
    if (out := done["exported"]["rows"]) != rows:
        faults.append(f"{out} of {rows} responses came out")
    ended = [done[name] for name in ("imported", "brought", "exported")]
    return faults + [f"{one['name']}: {one['reason']}" for one in ended if one["exit"]]


def _rows_to_stop(rows: int) -> int:
    """So many that there is time to stop half-way."""
    return max(20_000, rows)


def _counts(ended: dict[str, Any]) -> str:
    """What became of the rows, by the last line of a job's log that counts them."""
    told = [_COUNTED.match(event["text"]) for event in ended["events"]]
    return next((found[1] for found in reversed(told) if found), str(ended["status"]))


def _stopped_half_way(
    program: DemoProgram, settings: Settings, rows: int, screen: Screen, *, quiet: bool
) -> dict[str, Any]:
    """Queue an import, carry it here, and stop it when half of its rows are in."""
    from mtdata.jobs import queue
    from mtdata.jobs.records import orders, queries
    from mtdata.jobs.runner import JobRunner
    from mtdata.programme.records.models import Team

    job = orders.job_named(program.run("teams", "import", SECOND, "--queue")["id"])
    runner, seen, known = JobRunner(settings, KINDS), 0, 0
    runner.carry(str(job.pk))
    with screen.counting("   into the table", rows, quiet=quiet) as moved:
        while (shown := queries.details_of(job))["ended_at"] is None:
            there = Team.objects.filter(job=job.pk).count()
            moved(max(0, there - known))
            known = max(known, there)
            if there >= rows // 2 and not seen:
                seen = there
                queue.stop(settings, job.pk)  # of one that was quicker than that nothing changes
            time.sleep(LOOK_S)
    if shown["status"] == Status.SUCCESS:
        queue.undo(settings, job.pk)
        while (shown := queries.details_of(job))["ended_at"] is None:
            time.sleep(LOOK_S)
    runner.stop(LONGEST_S)
    return {**shown, "seen": seen, "left": Team.objects.filter(job=job.pk).count()}


def _look(jobs: list[str], visitor: PageVisitor) -> list[str]:
    imported, stopped = jobs
    listed = visitor.get("/jobs/").text
    faults = [f"the list of jobs lacks {job}" for job in jobs if job not in listed]
    admin = "/admin/programme/team/?job="
    if "Team 00" not in visitor.get(admin + imported).text:
        faults.append("the admin pages do not show the teams of the import")
    if "Second team" in visitor.get(admin + stopped).text:
        faults.append("the admin pages show teams of the import that was stopped")
    return faults


DEMO = Demo(
    about="teams and form responses",
    rows=ROWS,
    rows_of="form responses",
    examples=(
        ("demo programme", f"teams in, one import stopped, {ROWS:,} form responses in and out"),
    ),
    run=_run,
    remark="So does that of `demo programme`.",
)
