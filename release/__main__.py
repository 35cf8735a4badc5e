"""`bin/constraints` and `bin/release`: reads their words, and says in one line what went wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from release import constraints
from release.calls import Failed

ROOT = Path(__file__).resolve().parents[1]


def _constraints(options: argparse.Namespace) -> int:
    if options.age:
        told, is_old = constraints.age(ROOT)
        print(told)
        return int(is_old)
    for line in constraints.renew(ROOT, newest=options.upgrade):
        print(line)
    return 0


def _release(options: argparse.Namespace) -> int:
    from release.making import release  # with the tools that look at its files

    release(ROOT, ROOT / "dist", as_it_is=options.as_it_is)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin", description=__doc__)
    commands = parser.add_subparsers(required=True)
    pins = commands.add_parser("constraints", help="pin what is installed")
    how = pins.add_mutually_exclusive_group()
    how.add_argument("--upgrade", action="store_true", help="the newest that setup.py allows")
    how.add_argument("--age", action="store_true", help="how old they are; 1 when too old")
    pins.set_defaults(run=_constraints)
    made = commands.add_parser("release", help="make dist/ and try it; nothing is uploaded")
    made.add_argument(
        "--as-it-is",
        action="store_true",
        help="what is not committed as well: to try, never to give",
    )
    made.set_defaults(run=_release)
    return parser


def main() -> int:
    """Carry out the words of the command line, and return the exit code."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return failed.exit


if __name__ == "__main__":
    raise SystemExit(main())
