"""The commands of the terminal itself: help, completion, man; made of the words of all others."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from mtdata import __version__
from mtdata.cli.parser import Parser
from mtdata.cli.sites import Result
from mtdata.cli.words import path_of
from mtdata.core.errors import ConfigError
from mtdata.core.installing import install

SHELLS = ("bash", "zsh", "fish")
FOLDERS = ("DIR", "FOLDER")
"""What stands for a path of a folder in a help; other paths are those of files."""
HELP = """examples:
  mtdata help                      the duties, each with its first command
  mtdata help export               as `mtdata export --help`
  mtdata help jobs add
"""
COMPLETION = """examples, each for the user who calls it, and there in the next terminal:
  mkdir -p ~/.local/share/bash-completion/completions
  mtdata completion bash > ~/.local/share/bash-completion/completions/mtdata

  mkdir -p ~/.zfunc                (~/.zshrc: fpath+=~/.zfunc before compinit)
  mtdata completion zsh > ~/.zfunc/_mtdata

  mkdir -p ~/.config/fish/completions
  mtdata completion fish > ~/.config/fish/completions/mtdata.fish

bash wants the package bash-completion.  Names of sites are read from the
server.config that a command would read; all other words are those of this version: call it again
after an update.
"""
MAN = """examples:
  mtdata man | man -l -            read it now
  mkdir -p ~/.local/share/man/man1
  mtdata man > ~/.local/share/man/man1/mtdata.1    from then on: man mtdata
"""
SITES = r"""sh -c 'for at in "$MTDATA_CONFIG" config \
    "${XDG_CONFIG_HOME:-$HOME/.config}/mtdata" /etc/mtdata; do
  [ -r "$at/server.config" ] || continue
  sed -n -e "s/^\([A-Za-z0-9][A-Za-z0-9_-]*\):.*/\1/p" -e "s/^[- ]*NAME: *//p" "$at/server.config"
  break
done' 2>/dev/null"""
"""Prints the names of the study's sites without Python: a shell asks at every press of the key."""
PREAMBLE = {
    "bash": f'_mtdata_sites() {{\n  compgen -W "$({SITES})" -- "$1"\n}}',
    "zsh": f"_mtdata_sites() {{\n  compadd -- $({SITES})\n}}",
    "fish": f"function _mtdata_sites\n  {SITES}\nend",
}
SITE = {"bash": "_mtdata_sites", "zsh": "_mtdata_sites", "fish": "(_mtdata_sites)"}
MACROS = "TH SH SS TP B RS RE nf fi"
_CONTROL = re.compile(rf"^(?=['.])(?!\.(?:{MACROS.replace(' ', '|')})\b)", re.MULTILINE)
"""What roff would take as a request of its own at the begin of a line, where it is a text."""


def add_commands(
    commands: Any, shared: argparse.ArgumentParser, program: Parser, greeting: Callable[[], str]
) -> None:
    """Enter this room's commands, which speak of the whole program."""
    told = "what there is to do, or all about one command"
    asked = commands.add_parser("help", parents=[shared], help=told, epilog=HELP)
    asked.add_argument("words", metavar="COMMAND", nargs="*", help="none: the duties")
    asked.set_defaults(run=partial(_help, program, greeting))
    told = "a script by which a shell completes these words"
    completion = commands.add_parser("completion", parents=[shared], help=told, epilog=COMPLETION)
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(run=partial(_completion, program))
    told = "the man page, for `man`"
    page = commands.add_parser("man", parents=[shared], help=told, epilog=MAN)
    page.set_defaults(run=partial(_man, program))


def _help(program: Parser, greeting: Callable[[], str], options: argparse.Namespace) -> Result:
    text = program.command(options.words).format_help() if options.words else f"{greeting()}\n"
    return _printed(options, "help", text)


def _completion(program: Parser, options: argparse.Namespace) -> Result:
    shtab = _library("shtab", "completion")
    for parser in (program, *program.below()):
        for action in parser._actions:
            if action.dest == "server":
                vars(action)["complete"] = SITE  # as shtab has it be said
            elif action.type is path_of:
                is_folder = action.metavar in FOLDERS
                vars(action)["complete"] = shtab.DIRECTORY if is_folder else shtab.FILE
    script = shtab.complete(program, options.shell, preamble=PREAMBLE)
    return _printed(options, "script", f"{script.rstrip()}\n")


def _man(program: Parser, options: argparse.Namespace) -> Result:
    manpage = _library("argparse_manpage.manpage", "man")
    title, text = str(program.description), str(program.epilog)
    program.head_commands("commands")
    program.description, program.epilog = None, None
    for parser in program.below():  # their examples, as they stand in the help
        if parser.epilog:
            parser.description = _as_typed(parser.epilog)
    page = manpage.Manpage(program, format="single-commands-section")
    page.description, page.manual, page.source = title, "MTData", f"mtdata {__version__}"
    page.add_section("examples", ">", _as_typed(text.replace("\\", r"\\").replace("-", r"\-")))
    return _printed(options, "page", _CONTROL.sub(lambda _: r"\&", str(page)))


def _as_typed(text: str) -> str:
    """Lines that a man page neither folds nor fills."""
    return f".nf\n{text.strip()}\n.fi"


def _library(module: str, command: str) -> ModuleType:
    """ConfigError, in one line, where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        told = f"is not installed; `{install('terminal')}` brings it"
        raise ConfigError(
            f"`mtdata {command}` needs {module.partition('.')[0].replace('_', '-')}, which {told}"
        ) from None


def _printed(options: argparse.Namespace, name: str, text: str) -> Result:
    """The text as it is, for a person or for a file that another program reads."""
    if not options.json:
        sys.stdout.write(text)
    return 0, {name: text}
