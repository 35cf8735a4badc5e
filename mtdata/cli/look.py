"""Commands that look: status, held, incidents, deletions, init, check."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtdata import app, checkup
from mtdata.cli.collect import Result, answer, each_site, settings_of
from mtdata.cli.tables import say, table
from mtdata.config import SiteConfig, write_samples
from mtdata.errors import UsageError


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    init = commands.add_parser("init", parents=[shared], help="sample config, never overwriting")
    init.add_argument("folder", nargs="?", type=Path, metavar="DIR")
    init.set_defaults(run=_init)
    for name, run, told in (
        ("check", _check, "config, keys, folders, sites, clock"),
        ("status", _status, "how each pool stands"),
    ):
        command = commands.add_parser(name, parents=[shared], help=told)
        command.add_argument("server", nargs="?", default=".")
        command.set_defaults(run=run)
    deletions = commands.add_parser(
        "deletions", parents=[shared], help="what would be deleted and what not, and why"
    )
    deletions.add_argument("server", nargs="?", default=".")
    deletions.add_argument(
        "--dry-run",
        action="store_true",
        help="as always: this command only tells, `export` deletes",
    )
    deletions.set_defaults(run=_deletions)
    incidents = commands.add_parser("incidents", parents=[shared], help="troubles, open ones first")
    incidents.add_argument("server", nargs="?", default=".")
    incidents.add_argument("--all", action="store_true", help="closed ones too")
    incidents.add_argument("--close", type=int, metavar="NUMBER", help="somebody looked at it")
    incidents.set_defaults(run=_incidents)
    held = commands.add_parser("held", parents=[shared], help="entries that wait, and for what")
    held.add_argument("server", nargs="?", default=".")
    held.add_argument(
        "--release",
        nargs=2,
        metavar=("SCALE", "ID"),
        help="let a held version through (ID or 'all'); the next export makes its row",
    )
    held.set_defaults(run=_held)


def _looked(
    options: argparse.Namespace, act: Callable[[SiteConfig], Any]
) -> tuple[dict[str, Any], Any]:
    settings = settings_of(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    return each_site(tuple(site for site in sites if app.has_pool(site)), act)


def _init(options: argparse.Namespace) -> Result:
    made = write_samples(options.folder or options.config)
    if not options.json:
        for path in made:
            say(f"made {path}")
        if not made:
            say("every file is there already; nothing was changed")
    return 0, {"made": [str(path) for path in made]}


def _check(options: argparse.Namespace) -> Result:
    settings = settings_of(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    findings = [finding for site in sites for finding in checkup.check(site)]
    if not options.json:
        marks = {"good": "ok", "bad": "FAULT", "odd": "note"}
        table(
            "check",
            ("site", "what", "", "finding"),
            [(f.site, f.what, marks[f.verdict], f.told) for f in findings],
        )
    code = max((f.exit for f in findings if f.verdict == "bad"), default=0)
    shown: dict[str, Any] = {"findings": [f._asdict() for f in findings]}
    if code:
        message = "; ".join(f"{f.site}: {f.what}: {f.told}" for f in findings if f.verdict == "bad")
        shown["error"] = {"kind": "CheckFailed", "message": message, "exit": code}
    return code, shown


def _status(options: argparse.Namespace) -> Result:
    done, faults = _looked(options, app.status)
    if not options.json:
        for name, state in done.items():
            columns = ("benchmark", "rows", "held", "owed", "waiting")
            last = state["last_good"]
            age = f"last good round {last['age_s']} s ago" if last else "no good round yet"
            table(
                f"{name}: {age}, {len(state['incidents'])} open incidents",
                ("scale", *columns),
                [(s, *(v[c] for c in columns)) for s, v in state["scales"].items()],
            )
            for one in state["replicas"]:
                say(f"{one['place']}: {one['confirmed']} copies, {one['missing']} missing")
        if not done:
            say("no pool yet; `mtdata export` makes it")
    return answer("sites", done, set(), faults)


def _incidents(options: argparse.Namespace) -> Result:
    if options.close is not None:
        site = settings_of(options).site(_one(options))
        if not app.close_incident(site, options.close):
            raise UsageError(f"{site.name} has no open incident {options.close}")
    done, faults = _looked(options, lambda site: app.incidents(site, closed_too=options.all))
    if not options.json:
        table(
            "incidents",
            ("site", "no.", "level", "scale", "kind", "seen", "since", "detail"),
            [
                (
                    name,
                    i["number"],
                    i["level"],
                    i["scale"],
                    i["kind"],
                    i["count"],
                    i["opened_at"][:16],
                    i["detail"],
                )
                for name, found in done.items()
                for i in found
            ],
        )
    shown = {name: {"incidents": found} for name, found in done.items()}
    return answer("sites", shown, set(), faults)


def _one(options: argparse.Namespace) -> str:
    if options.server == ".":
        raise UsageError("name the site that this is for")
    return str(options.server)


def _held(options: argparse.Namespace) -> Result:
    released = 0
    if options.release:
        scale, word = options.release
        if word != "all" and not word.isdigit():
            raise UsageError("--release takes a scale and an id, or a scale and 'all'")
        number = None if word == "all" else int(word)
        released = app.release(settings_of(options).site(_one(options)), scale, number)
    done, faults = _looked(options, app.held)
    if not options.json:
        if options.release:
            say(f"{released} let through; the next export makes their rows")
        table(
            "held",
            ("site", "scale", "id", "kind", "entries", "reason"),
            [
                (
                    name,
                    h["scale"],
                    "" if h["id"] is None else h["id"],
                    h["kind"],
                    h["count"],
                    h["reason"],
                )
                for name, found in done.items()
                for h in found
            ],
        )
    shown = {name: {"held": found, "released": released} for name, found in done.items()}
    return answer("sites", shown, set(), faults)


def _deletions(options: argparse.Namespace) -> Result:
    done, faults = _looked(options, app.deletions)
    if not options.json:
        for name, scales in done.items():
            table(
                f"{name}: by the last listing",
                ("scale", "would be deleted", "stays", "why"),
                [(s, len(v["would_delete"]), v["stays"], v["why"]) for s, v in scales.items()],
            )
    shown = {name: {"scales": found} for name, found in done.items()}
    return answer("sites", shown, set(), faults)
