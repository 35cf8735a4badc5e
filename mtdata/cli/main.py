"""The command line contract: commands, options, exit codes; errors end here and nowhere else."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import signal
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from mtdata import __version__, logs
from mtdata.cli import terminal
from mtdata.cli.parser import Parser
from mtdata.cli.words import examples, path_of
from mtdata.core.border import Border
from mtdata.core.control import in_json, in_utf8
from mtdata.core.errors import ConfigError, MTDataError, Stopped, UsageError
from mtdata.core.installing import lacking
from mtdata.core.reach import refusal_of
from mtdata.duties import DUTIES
from mtdata.jobs.duty import Duties

log = logging.getLogger("mtdata")
SOFTWARE, INTERRUPTED, WIDTH = 70, 130, 80
ABOUT = "Carry data off servers that must not keep it, into a provably complete pool."
FIRST = (
    ("demo", "a study site on this machine, one collection, what came out"),
    ("init", "sample config in ./config, never overwriting"),
    ("check", "is everything in place?"),
)
LAST = (("incidents", "what is wrong; docs/OPERATING.md says what to do"),)
EPILOG = """
`mtdata COMMAND --help` (or `mtdata help COMMAND`) has examples of each;
`mtdata completion --help` says how a shell completes these words, `mtdata man
--help` where the man page goes.

exit codes: 0 well, 1 some part failed, 64 usage, 65 data, 69 site unavailable,
70 fault of the program, 74 disk, 75 busy, 78 config, 130 interrupted, 143 stopped
"""


def _parser() -> Parser:
    shared = Parser(add_help=False)
    shared.add_argument(
        "--config",
        metavar="DIR",
        type=path_of,
        default=argparse.SUPPRESS,
        help="folder of the config files (default: $MTDATA_CONFIG, ./config, "
        "~/.config/mtdata or /etc/mtdata)",
    )
    shared.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print one JSON object on standard output",
    )
    shared.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=argparse.SUPPRESS,
        help="say more on standard error (-vv: all)",
    )
    parser = Parser(
        prog="mtdata",
        parents=[shared],
        epilog=examples([*FIRST, *(one for duty in DUTIES for one in duty.examples), *LAST])
        + EPILOG,
        description=ABOUT,
    )
    parser.add_argument("--version", action="version", version=f"mtdata {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for room in _rooms(DUTIES):
        import_module(f"mtdata.cli.{room}").add_commands(commands, shared)
    terminal.add_commands(commands, shared, parser, lambda: _greeting(DUTIES))
    return parser


def _rooms(duties: Duties) -> Iterator[str]:
    """The rooms of this folder with their commands, in the order of the help."""
    for duty in duties:
        yield from duty.commands
    yield from ("check", "config", "demo", "init")
    for duty in duties:
        yield from duty.views
    yield from ("incidents", "daemon", "jobs", "web", "health", "services", "version")


def _greeting(duties: Duties) -> str:
    """What there is to do, for who called the program alone."""
    lines = [ABOUT, ""]
    for duty in duties:
        first = next((words for words, _ in duty.examples), "")
        lines += textwrap.wrap(f"{duty.name}: {duty.about}", WIDTH)
        lines += [f"    mtdata {first}"] if first else []
    lines += ["", "Begin with `mtdata demo`; `mtdata --help` names every command."]
    return "\n".join(lines)


def run(words: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit code."""
    words = list(sys.argv[1:] if words is None else words)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter must not end a round
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not words:
        print(_greeting(DUTIES))
        return UsageError.exit_code
    as_json = "--json" in words
    try:
        return _carried_out(words)
    except MTDataError as error:
        if not isinstance(error, UsageError):
            level = logging.WARNING if error.again else logging.ERROR
            log.log(level, "%s: %s", type(error).__name__, error, extra=logs.TOLD)
        return _print_error(type(error).__name__, str(error), error.exit_code, as_json=as_json)
    except ModuleNotFoundError as error:
        if told := lacking(error.name):
            return _print_error(ConfigError.__name__, told, ConfigError.exit_code, as_json=as_json)
        return _fault(error, as_json=as_json)
    except KeyboardInterrupt:
        return _print_error(
            "Interrupted", "interrupted; the next round goes on", INTERRUPTED, as_json=as_json
        )
    except Exception as error:
        if isinstance(error, OSError) and (refused := refusal_of(error)):
            log.debug("refused where nobody thought of it", exc_info=True)
            log.error("%s: %s", type(refused).__name__, refused, extra=logs.TOLD)
            code = refused.exit_code
            return _print_error(type(refused).__name__, str(refused), code, as_json=as_json)
        return _fault(error, as_json=as_json)


def _fault(error: Exception, *, as_json: bool) -> int:
    log.critical("a fault of the program", exc_info=True, extra=logs.TOLD)
    # only places and the type: a message or a value could quote an answer
    places = "".join(traceback.format_tb(error.__traceback__))
    told = f"a fault of the program: {type(error).__name__}\n{places}"
    return _print_error("Fault", told, SOFTWARE, as_json=as_json)


def _carried_out(words: list[str]) -> int:
    with Border(UsageError, "the words of the command line cannot be read"):
        options = _parser().parse_args(words)
        given = getattr(options, "config", None) or os.environ.get("MTDATA_CONFIG")
        options.config = Path(given).expanduser() if given else None  # then it is looked for
        for name, word in vars(options).items():
            _check_text(name, word)
    options.json = getattr(options, "json", False)
    logs.begin(getattr(options, "verbose", 0))
    signal.signal(signal.SIGTERM, _stop)
    command: Callable[[argparse.Namespace], tuple[int, dict[str, Any]]] = options.run
    code, shown = command(options)
    if options.json:
        print(in_json(json.dumps(shown, ensure_ascii=False)))
    sys.stdout.flush()
    return code


def _check_text(name: str, word: object) -> None:
    """UsageError for a word that is no text; the name of a file (a Path) may be any bytes."""
    if isinstance(word, list):
        for one in word:
            _check_text(name, one)
    elif isinstance(word, str) and in_utf8(word) != word:
        raise UsageError(f"{name}: {in_utf8(word)[:64]} is not UTF-8")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped("asked to end (SIGTERM); what was not committed is undone by the next round")


def _print_error(kind: str, message: str, code: int, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"kind": kind, "message": message, "exit": code}}))
    logs.on_stderr(f"mtdata: {message}", logging.ERROR)
    return code
