"""The commands that make new tables of scales: clean, scores, wide."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import say, table
from mtdata.cli.toolbox_results import ScaleWork, add_choice, carried_out, is_watched

if TYPE_CHECKING:
    from mtdata.toolbox.codebook import Codebook
    from mtdata.toolbox.entries import ScaleEntries
    from mtdata.toolbox.formats import ResultTable
    from mtdata.toolbox.source import Source

FORMATS = ("csv", "sav", "dta", "parquet")
WHERE = """
Results go to processed_data/<Scale>/ of the pool, each with a side file that says what it was made
of.  Nothing of the pool is changed.  On a terminal it is told what was written.
"""
CLEAN = f"""examples:
  mtdata clean DASS21_AS
  mtdata clean all mysite
  mtdata clean Trials --by participant,session,trial

An entry with the id and the values of another was delivered twice; one of the same participant,
session and tag as another was written twice: the first completed stays, by date, then by id.
<Scale>_kept has what stays, <Scale>_dropped what does not, with the reason.
{WHERE}"""
SCORES = f"""examples:
  mtdata scores DASS21_AS
  mtdata scores all mysite --format csv,sav

One line an entry, by the codebook in config/scales.  What is missing, `prefer not to answer` or
not in the codebook counts as not answered; duplicates are scored as well, `clean` leaves them out.
{WHERE}"""
WIDE = f"""examples:
  mtdata wide DASS21_AS
  mtdata wide DASS21_AS --format csv,sav,dta
  PSEUDONYM_KEY=... mtdata wide all mysite --pseudonyms

One line a participant, a column <item>_<session> for each item of the codebook and session; where a
session has the scale under several tags <item>_<session>_<tag>.  Of duplicates the first completed
stays.
{WHERE}"""
Make = Callable[
    ["ScaleEntries", "Codebook | None"], tuple[dict[str, "ResultTable"], dict[str, int]]
]


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    clean = commands.add_parser(
        "clean", parents=[shared], help="a scale without its duplicates", epilog=CLEAN
    )
    clean.add_argument(
        "--by", type=_words, default=(), metavar="COLUMNS", help="what makes entries the same"
    )
    clean.set_defaults(run=_clean)
    scores = commands.add_parser(
        "scores", parents=[shared], help="the scores of a scale by its codebook", epilog=SCORES
    )
    scores.set_defaults(run=_scores)
    wide = commands.add_parser(
        "wide", aliases=["LongToWide"], parents=[shared], help="one line a participant", epilog=WIDE
    )
    wide.add_argument(
        "--pseudonyms", action="store_true", help="other names for participants, by PSEUDONYM_KEY"
    )
    wide.add_argument(
        "--refuse-duplicates", action="store_true", help="write nothing of a scale that has some"
    )
    wide.set_defaults(run=_wide)
    for parser in (clean, scores, wide):
        add_choice(parser)
        parser.add_argument(
            "--format",
            type=_formats,
            default=("csv",),
            metavar="LIST",
            help="csv, sav (SPSS), dta (Stata), parquet, with commas between (default: csv)",
        )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _formats(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(_words(text.lower())))
    if not words or not set(words) <= set(FORMATS):
        raise argparse.ArgumentTypeError(f"a list out of {', '.join(FORMATS)} is allowed")
    return words


def _clean(options: argparse.Namespace) -> Result:
    def make(
        entries: ScaleEntries, codebook: Codebook | None
    ) -> tuple[dict[str, ResultTable], dict[str, int]]:
        from mtdata.toolbox.clean import cleaned
        from mtdata.toolbox.duplicates import BY

        return cleaned(entries, codebook, options.by or BY)

    return _write_tables(options, make, ("entries", "kept", "dropped"))


def _scores(options: argparse.Namespace) -> Result:
    def make(
        entries: ScaleEntries, codebook: Codebook | None
    ) -> tuple[dict[str, ResultTable], dict[str, int]]:
        from mtdata.toolbox.scores import scored

        layout, counts = scored(entries, codebook)
        return {"scores": layout}, counts

    return _write_tables(options, make, ("entries", "scores", "wrong_values_left_out"))


def _wide(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.pseudonym import pseudonym_key

    key = pseudonym_key(os.environ) if options.pseudonyms else None

    def make(
        entries: ScaleEntries, codebook: Codebook | None
    ) -> tuple[dict[str, ResultTable], dict[str, int]]:
        from mtdata.toolbox.wide import widened

        how = {"refuse_duplicates": options.refuse_duplicates}
        layout, counts = widened(entries, codebook, key, **how)
        return {"wide": layout}, counts

    return _write_tables(
        options, make, ("participants", "occasions", "columns", "duplicates_left_out")
    )


def _write_tables(options: argparse.Namespace, make: Make, columns: Sequence[str]) -> Result:
    def act(work: ScaleWork, source: Source) -> dict[str, Any]:
        from mtdata.toolbox.entries import loaded

        with loaded(work.database, source) as entries:
            layouts, counts = make(entries, work.codebooks.get(source.scale))
            for what, layout in layouts.items():
                _write(work, source, what, layout, counts)
        return counts

    result, done = carried_out(options, act)
    if is_watched(options):
        for server, site in done.items():
            _show(server, site, columns)
    return result


def _write(
    work: ScaleWork, source: Source, what: str, layout: ResultTable, counts: dict[str, int]
) -> None:
    from mtdata.toolbox.formats import pieces
    from mtdata.toolbox.pseudonym import METHOD

    if set(work.options.format) - {"csv"}:
        counts = {**counts, "cells_that_are_no_number": layout.lost(work.database)}
    origin = work.origin(source, counts=counts)
    if getattr(work.options, "pseudonyms", False):  # a guess could be proven by a sheet's digest
        origin = replace(origin, more={"pseudonyms": METHOD}, sheets=())
    for ending in work.options.format:
        content = pieces(work.database, layout, ending)
        work.results.write(source.scale, what, ending, content, origin)


def _show(server: str, site: dict[str, Any], columns: Sequence[str]) -> None:
    rows = [
        [scale, *(counts.get(name, 0) for name in columns)]
        for scale, counts in site["scales"].items()
    ]
    heads = [name.replace("_", " ") for name in columns]
    table(server, ["scale", *heads], rows, empty=f"{server}: nothing was written")
    for text in site["notes"]:
        say(text)
    for path in site["written"][:10]:
        say(path)
    if len(site["written"]) > 10:
        say(f"and {len(site['written']) - 10} more files beside these")
