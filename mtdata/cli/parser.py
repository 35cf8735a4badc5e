"""How the words of a command line are read: argparse, with our exit code and a hint for a slip."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from mtdata.core.errors import UsageError
from mtdata.core.words import did_you_mean, nearest

MOST_LISTED = 12
"""So many words to choose from are listed; of more the help tells."""
MOST_WORD = 64
"""So many letters of a wrong word are repeated."""


class Parser(argparse.ArgumentParser):
    """argparse with the exit code that sysexits has for usage; words are never guessed."""

    def __init__(self, **how: Any) -> None:
        super().__init__(
            **how, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    def error(self, message: str) -> NoReturn:
        """Raise, so that `--json` shows this fault as any other.  UsageError, always."""
        end = "" if message.endswith("?") else "."
        raise UsageError(f"{message}{end} See `{self.prog} --help`")

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        """Read the words; one that nobody knows is a fault of the command behind which it stands.

        UsageError, so that none is ever left over.
        """
        words = list(sys.argv[1:] if args is None else args)
        first = words[0].partition("=")[0] if words else ""
        if first.startswith("--") and " " not in first and first not in ["--", *self._options()]:
            self._refuse_words(words[:1])  # before what else is missing is told
        found, strange = super().parse_known_args(words, namespace)
        if strange:
            self._refuse_words(strange)
        return found, strange

    def commands(self) -> Mapping[str, Parser]:
        """The parsers of the commands below this one, by every name that each has."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return action.choices
        return {}

    def head_commands(self, title: str) -> None:
        """Give the list of commands that title, in help and man page."""
        self._positionals.title = title

    def below(self) -> Iterator[Parser]:
        """The parser of every command below this one, however deep, each once."""
        for parser in dict.fromkeys(self.commands().values()):
            yield parser
            yield from parser.below()

    def command(self, words: Sequence[str]) -> Parser:
        """The parser of the command that these words name.  UsageError where there is none."""
        parser = self
        for word in words:
            commands = parser.commands()
            if word not in commands:
                parser.error(parser._no_command(word))
            parser = commands[word]
        return parser

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Part of argparse: refuse a word that is none of those to choose from."""
        if action.choices is None or value in action.choices:
            return
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, self._no_command(str(value)))
        known = [str(one) for one in action.choices]
        told = f"invalid choice: {str(value)[:MOST_WORD]!a}"
        near = did_you_mean(str(value), known)
        raise argparse.ArgumentError(action, f"{told}.{near}" if near else _listed(told, known))

    def _no_command(self, word: str) -> str:
        """That there is none of that name, and what may be meant: what is called so, or is near.

        argparse's own words name all forty.
        """
        known = self.commands()
        told = f"`{self.prog}` has no command {word[:MOST_WORD]!a}"
        near = [f"`{self.prog} --{word}`"] if f"--{word}" in self._options() else []
        near += [f"`{one.prog} {word}`" for one in self.below() if word in one.commands()]
        near = near or [f"`{self.prog} {one}`" for one in [nearest(word, known)] if one]
        return f"{told}. Did you mean {' or '.join(near)}?" if near else _listed(told, known)

    def _options(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings]

    def _refuse_words(self, strange: Sequence[str]) -> NoReturn:
        first = next((word for word in strange if word.startswith("-") and len(word) > 2), "")
        name, known = first.partition("=")[0], self._options()
        near = "" if name in known else did_you_mean(name, known)
        self.error(f"unrecognized arguments: {' '.join(strange)}{f'.{near}' if near else ''}")


def _listed(told: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    return f"{told} (choose from {', '.join(known)})" if 0 < len(known) <= MOST_LISTED else told
