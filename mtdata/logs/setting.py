"""How the log is set up: standard error, then files by the config; no line comes from here."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from mtdata.core.errors import ConfigError
from mtdata.logs.console import Console, fault_inside
from mtdata.logs.faults import reason
from mtdata.logs.files import LogFile
from mtdata.logs.json_fields import FORMATTERS
from mtdata.logs.lines import FOREIGN, LineFormatter, Record, is_foreign
from mtdata.logs.repeats import REPEATS

OURS = "mtdata"
TOLD = {"told": True}
"""As `extra` of a record that stands on standard error already: the files alone take it."""
_FILES = {"DEBUG": "DEBUG", "Daily": "INFO", "error": "WARNING", "bread_down": "CRITICAL"}
DEFAULT: dict[str, Any] = {
    "version": 1,
    "formatters": {"line": {"class": "mtdata.logs.LineFormatter"}},
    "handlers": {
        name: {
            "class": "mtdata.logs.NightlyFile",
            "filename": f"logs/{name}.log",
            "level": level,
            "formatter": "line",
            "backupCount": 366,
        }
        for name, level in _FILES.items()
    },
    "loggers": {OURS: {"level": "DEBUG", "handlers": list(_FILES)}},
}
"""LOGGING of log.config, when it is not given."""
_FAULTS = (ValueError, TypeError, AttributeError, ImportError, LookupError, OSError)


class _State:
    """What stands, so that a faulty config can be taken back."""

    console: Console | None = None
    made: ClassVar[list[logging.Handler]] = []
    standing: tuple[dict[str, Any], Callable[[], logging.Formatter]] | None = None


def begin(verbosity: int) -> None:
    """Send warnings and worse to standard error; more with each `-v`.  No file yet."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    close()
    logging.setLogRecordFactory(Record)
    ours = logging.getLogger(OURS)
    _State.console = Console(level)
    logging.lastResort = _State.console  # what other libraries warn of, where no handler takes it
    ours.handlers[:] = [_State.console]
    ours.setLevel(level)
    ours.propagate = False
    _hush()


def close() -> None:
    """Write to no file any more; standard error stays."""
    REPEATS.finish()
    _take_down()
    _State.standing = None


def configure(
    config: Mapping[str, Any] | None,
    home: Path,
    *,
    json_lines: bool = False,
    json_fields: str = "plain",
) -> None:
    """Open the log's files by a dictConfig, DEFAULT for None; relative names are under `home`.

    `json_lines`: each is an object of JSON, whose names `json_fields` chooses (`FORMATTERS`).

    Raises ConfigError for one that cannot be used; what stood before stands again then.
    """
    usual = FORMATTERS[json_fields] if json_lines else LineFormatter
    try:
        wanted = _prepared(DEFAULT if config is None else config, home, usual)
        _apply(wanted, usual)
    except _FAULTS as error:
        if _State.standing is not None:
            _apply(*_State.standing)
        # from None: what Python says of it quotes the file, and a word of it may be a secret
        raise ConfigError(f"log.config: LOGGING: {reason(error, config or {})}") from None
    _State.standing = wanted, usual
    if _State.console is not None:
        _State.console.configure(json_lines=json_lines, json_fields=json_fields)


def also_into(path: Path, *, json_lines: bool = False, json_fields: str = "plain") -> None:
    """Write what is told from info on to this file as well."""
    file = LogFile(path)
    file.setLevel(logging.INFO)
    file.setFormatter(FORMATTERS[json_fields]() if json_lines else LineFormatter())
    file.addFilter(REPEATS)
    ours = logging.getLogger(OURS)
    ours.addHandler(file)
    _State.made.append(file)
    ours.setLevel(min(ours.level, logging.INFO))


def _prepared(
    config: Mapping[str, Any], home: Path, usual: type[logging.Formatter]
) -> dict[str, Any]:
    wanted = copy.deepcopy(dict(config))
    wanted.setdefault("version", 1)
    wanted["disable_existing_loggers"] = False  # or a config of the root alone would silence us
    for formatter in wanted.get("formatters", {}).values():
        if "()" not in formatter:
            formatter.setdefault("class", "mtdata.logs.LineFormatter")
            if formatter["class"] == "mtdata.logs.LineFormatter":
                formatter["class"] = f"mtdata.logs.{usual.__name__}"
    for one in wanted.get("handlers", {}).values():
        if isinstance(one.get("filename"), str):
            one["filename"] = str(home / Path(one["filename"]).expanduser())
    return wanted


def _apply(wanted: dict[str, Any], usual: Callable[[], logging.Formatter]) -> None:
    from logging.config import dictConfig  # with sockets and servers

    ours = logging.getLogger(OURS)
    ours.propagate = True
    _take_down()
    ours.handlers[:] = []
    ours.setLevel(logging.NOTSET)
    before = _reached()
    try:
        dictConfig(copy.deepcopy(wanted))
    finally:
        _State.made = [one for one in _reached() if one not in before]
        _hear(ours)
    for one in _State.made:
        one.__dict__["handleError"] = fault_inside  # logging's own prints the arguments
        one.addFilter(REPEATS)
        if one.formatter is None:
            one.setFormatter(usual())
    _hush()


def _take_down() -> None:
    for logger in _loggers():
        for one in logger.handlers[:]:
            if one in _State.made:
                logger.removeHandler(one)
                one.close()
    _State.made = []


def _hear(ours: logging.Logger) -> None:
    """Standard error hears what it wants, and the files no more than they want."""
    console = _State.console
    if console is None:
        return
    configured = ours.getEffectiveLevel()
    for one in (*ours.handlers, *logging.root.handlers):  # ours propagates
        one.setLevel(max(one.level, configured))
    ours.setLevel(min(configured, console.level))
    ours.addHandler(console)


def _loggers() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [logging.root, *(one for one in known if isinstance(one, logging.Logger))]


def _reached() -> list[logging.Handler]:
    return [handler for logger in _loggers() for handler in logger.handlers]


def _hush() -> None:
    """Nothing below a warning from those who log bodies and headers, whatever the config says."""
    known = [name for name in logging.root.manager.loggerDict if is_foreign(name)]
    for name in {*FOREIGN, *known}:
        logger = logging.getLogger(name)
        if name in FOREIGN or logger.level:
            logger.setLevel(max(logger.level, logging.WARNING))
