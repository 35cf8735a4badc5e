"""A page for each command: what its `--help` says, and that of the commands below it."""

from __future__ import annotations

import os

from docs.site.reference.markdown import code, page, plain, table, text
from mtdata.cli.main import EPILOG, _parser
from mtdata.cli.parser import Parser

WIDTH = "96"
"""So wide is a help; argparse asks the environment."""


def pages() -> dict[str, str]:
    """By their paths below the reference."""
    os.environ["COLUMNS"] = WIDTH
    program = _parser()
    names = _names(program)
    found = {f"commands/{name}.md": _page(name, program.commands()[name]) for name in names}
    rows = [(f"[`mtdata {name}`]({name}.md)", text(told)) for name, told in names.items()]
    found["commands/index.md"] = page(
        "Commands",
        "What each command says itself: `mtdata COMMAND --help`, `mtdata help COMMAND`.",
        table(("command", "what it does"), rows),
        f"What all of them have in common (`mtdata --help`):\n\n{plain(EPILOG)}",
        "\n".join(["```{toctree}", ":hidden:", "", *names, "```"]),
    )
    return found


def _names(parser: Parser) -> dict[str, str]:
    """The commands below it, in the order of its help, and what each does in a few words."""
    listed = [one for action in parser._actions for one in getattr(action, "_choices_actions", [])]
    return {one.dest.partition(" ")[0]: str(one.help or "") for one in listed}


def _page(name: str, parser: Parser) -> str:
    others = [one for one, of in _aliases(parser).items() if of == name]
    said = f"Also called {', '.join(map(code, others))}." if others else ""
    below = [f"## `{one.prog}`\n\n{plain(one.format_help())}" for one in parser.below()]
    return page(f"`mtdata {name}`", said, plain(parser.format_help()), *below)


def _aliases(parser: Parser) -> dict[str, str]:
    """Other names of a command, with the one that its help has."""
    name = parser.prog.split()[-1]
    known = _parser().commands()
    return {one: name for one, of in known.items() if of.prog == parser.prog and one != name}
