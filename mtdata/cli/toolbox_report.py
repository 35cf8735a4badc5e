"""The command that tells whether the data of a study is complete: report scale, report client."""

from __future__ import annotations

import argparse
import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, answer, each_site, settings_of
from mtdata.cli.tables import counted, note, say, table, watching
from mtdata.cli.words import filled, path_of
from mtdata.core.errors import DamageError, UsageError

if TYPE_CHECKING:  # with all that reads config files, and the database
    from mtdata.config import Settings, SiteConfig
    from mtdata.toolbox.report.making import WrittenClients, WrittenReport

REPORT = """examples:
  mtdata report scale mysite           each task: logged, found, missing, entries too many
  mtdata report client mysite          each participant: how far, and which tasks are missing
  mtdata report client mysite --unfinished SESSION3
  mtdata report scale --out /tmp/now   every site, into a folder of your own

Beside the table it writes CSV files and a page (HTML) into reports/ of the pool. Nothing of the
pool is changed. Accounts of tests and admins are left out, and counted.
"""
SHOWN = 200


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    report = commands.add_parser(
        "report", parents=[shared], help="is the data of a study complete?", epilog=REPORT
    )
    report.add_argument("of", choices=("scale", "client"), help="by task, or by participant")
    report.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    report.add_argument("--out", metavar="DIR", type=path_of, help="default: reports of the pool")
    report.add_argument(
        "--with-tests", action="store_true", help="count accounts of tests and admins as well"
    )
    report.add_argument(
        "--unfinished",
        metavar="SESSION",
        type=filled,
        help="client: those alone who have not finished that session",
    )
    report.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.pools import chosen  # with the database

    if options.unfinished and options.of == "scale":
        raise UsageError("--unfinished goes with `report client`")
    settings = settings_of(options)
    pools = chosen(settings, options.server)
    sites = tuple(map(pools.site, pools.servers))
    return (_scales if options.of == "scale" else _clients)(settings, options, sites)


def _command(options: argparse.Namespace, server: str) -> str:
    """The words that make these files again."""
    words = ["mtdata", "report", options.of, server]
    words += ["--with-tests"] if options.with_tests else []
    words += ["--unfinished", options.unfinished] if options.unfinished else []
    return shlex.join(words)


def _scales(
    settings: Settings, options: argparse.Namespace, sites: tuple[SiteConfig, ...]
) -> Result:
    from mtdata.toolbox.report.making import report_scales
    from mtdata.toolbox.report.writing import report_folder

    def act(site: SiteConfig) -> WrittenReport:
        with report_folder(site, options.out) as folder, watching(site.name) as watch:
            command = _command(options, site.name)
            return report_scales(site, folder, command, with_tests=options.with_tests, watch=watch)

    done, faults = each_site(sites, act)
    shown: dict[str, Any] = {}
    codes: set[int] = set()
    for name, made in done.items():
        if not options.json:
            _show_scales(made)
        for fault in made.report.faults:
            note(f"mtdata: {name}: {fault}", logging.ERROR)
        code = DamageError.exit_code if made.report.faults else 0
        codes.add(code)
        told = made.report.model_dump(mode="json")
        shown[name] = told | {"exit": code, "files": [str(one.path) for one in made.files]}
    return answer("sites", shown, codes, faults)


def _show_scales(made: WrittenReport) -> None:
    from mtdata.toolbox.report.model import by_scale
    from mtdata.toolbox.report.notes import notes_of, percent

    report = made.report
    table(
        f"{report.server}: tasks",
        ("scale", "tag", "in the log", "entries", "duplicates", "missing", "rate"),
        [
            (
                one.scale,
                one.tag,
                "" if one.logged is None else one.logged,
                one.entries if one.data_found else "no data",
                one.duplicates,
                "" if one.done is None else one.done - one.found,
                percent(one.missing_rate),
            )
            for one in by_scale(report.tasks)
        ],
        empty=f"{report.server}: no task is known",
    )
    columns = ("mismatch", "scale", "cases", "entries", "where")
    table(
        f"{report.server}: mismatches",
        columns,
        [(m.kind, m.scale, m.cases, m.rows, m.pattern) for m in report.mismatches],
        empty=f"{report.server}: log and entries agree" if report.log_day else "",
    )
    for words in notes_of(report):
        say(f"{report.server}: {words}")
    _say_files(made.files[0].path.parent, [one.name for one in made.files])


def _say_files(folder: Path, names: list[str]) -> None:
    say(f"written to {folder}: {', '.join(names)}")


def _clients(
    settings: Settings, options: argparse.Namespace, sites: tuple[SiteConfig, ...]
) -> Result:
    from mtdata.toolbox.report.making import report_clients
    from mtdata.toolbox.report.writing import report_folder

    def act(site: SiteConfig) -> WrittenClients:
        with report_folder(site, options.out) as folder:
            return report_clients(
                site,
                folder,
                _command(options, site.name),
                with_tests=options.with_tests,
                unfinished=options.unfinished or "",
                shown=SHOWN,
            )

    done, faults = each_site(sites, act)
    shown: dict[str, Any] = {}
    for name, made in done.items():
        if not options.json:
            _show_clients(name, made, with_tests=options.with_tests)
        files = [str(one.path) for one in made.files]
        shown[name] = {"exit": 0, **made.counts._asdict(), "tests": made.tests, "files": files}
    return answer("sites", shown, set(), faults)


def _show_clients(name: str, made: WrittenClients, *, with_tests: bool) -> None:
    columns = ("participant", "session", "task", "logged", "expected", "missing", "which")
    table(
        f"{name}: participants",
        columns,
        [
            (person, session, f"{task} {tag}".strip(), logged, _or(expected), _or(missing), which)
            for person, _, session, task, tag, logged, expected, missing, which, _, _ in made.rows
        ],
        empty=f"{name}: no participant is known",
    )
    if made.counts.participants > len(made.rows):
        say(f"{name}: {counted(made.counts.participants, 'participant')}; the file has all of them")
    say(f"{name}: {counted(made.counts.lacking, 'participant lacks', 'participants lack')} tasks")
    if made.tests:
        left = "counted as well" if with_tests else "left out; --with-tests keeps them"
        accounts = "account of tests and admins"
        say(f"{name}: {counted(made.tests, accounts, 'accounts of tests and admins')} {left}")
    _say_files(made.files[0].path.parent, [one.name for one in made.files])


def _or(number: object) -> object:
    return "" if number is None else number
