"""The command that judges scales: quality."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import say, table
from mtdata.cli.toolbox_results import EVERY, ScaleWork, add_choice, carried_out

if TYPE_CHECKING:
    from mtdata.toolbox.quality import ScaleQuality
    from mtdata.toolbox.source import Source

QUALITY = """examples:
  mtdata quality DASS21_AS               one scale, by variable
  mtdata quality all                     every scale of every site
  mtdata quality all mysite --json
  mtdata quality QOL old/QOL.csv --out . a file as that scale

valid: of a known participant, there once, and without a wrong value · missing: empty where an
answer belongs · not answered: `prefer not to answer` · out of range: not in the codebook · no
number: a decimal comma, or no number or date where one belongs · duplicates: delivered or written
twice.  Three CSV files are written beside it; nothing of the pool is changed.
"""
SCALES = (
    "scale", "entries", "valid", "participants", "missing", "not answered", "out of range",
    "no number", "duplicates", "share", "codebook",
)  # fmt: skip


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    quality = commands.add_parser(
        "quality", parents=[shared], help="are the entries complete and in range?", epilog=QUALITY
    )
    add_choice(quality)
    quality.set_defaults(run=_quality)


def _quality(options: argparse.Namespace) -> Result:
    judged: dict[str, list[ScaleQuality]] = {}
    digests: dict[str, dict[str, Any]] = {}

    def act(work: ScaleWork, source: Source) -> dict[str, Any]:
        from mtdata.toolbox.entries import loaded
        from mtdata.toolbox.provenance import sheets_digest
        from mtdata.toolbox.quality import judged_quality
        from mtdata.toolbox.quality_files import as_json

        with loaded(work.database, source) as entries:
            found = judged_quality(entries, work.codebooks.get(source.scale))
        judged.setdefault(work.server, []).append(found)
        read = {"count": len(source.read), "sha256": sheets_digest(source.read)}
        digests.setdefault(work.server, {})[source.scale] = read
        return as_json(found)

    def finish(work: ScaleWork) -> None:
        _write(work, judged.get(work.server, []), digests.get(work.server, {}))

    result, _ = carried_out(options, act, finish)
    if not options.json:
        for server, scales in judged.items():
            _show(server, scales)
    return result


def _write(work: ScaleWork, scales: list[ScaleQuality], digests: dict[str, Any]) -> None:
    from mtdata.toolbox.quality_files import quality_files

    if not scales:
        return
    scale = "" if work.options.scale == EVERY else scales[0].scale
    counts = {"scales": len(scales), "entries": sum(one.entries for one in scales)}
    origin = work.origin(counts=counts, more={"sheets_by_scale": digests})
    for what, content in quality_files(scales).items():
        work.results.write(scale, what, "csv", [content], origin)


def _show(server: str, scales: list[ScaleQuality]) -> None:
    table(server, SCALES, map(_scale_cells, scales), empty=f"{server}: no entry")
    wrong = [
        (one.scale, v.variable, v.missing, v.no_answer, v.out_of_range, v.decimal_comma,
         v.unreadable, v.values)
        for one in scales for v in one.variables if v.wrong or len(scales) == 1
    ]  # fmt: skip
    head = ("scale", "variable", "missing", "not answered", "out of range", "decimal comma")
    table("Variables", (*head, "unreadable", "values out of range"), wrong)
    _show_changes(scales)


def _show_changes(scales: list[ScaleQuality]) -> None:
    from mtdata.toolbox.quality_files import change_words

    changes = [
        (one.scale, change.column, change.came, change.went, change_words(change))
        for one in scales
        for change in one.columns
    ]
    table("Columns that came or went", ("scale", "column", "came", "went", ""), changes)
    lacking = sum(not one.has_codebook for one in scales)
    if lacking:
        say(f"{lacking} of {len(scales)} have no codebook: out of range cannot be told of them")


def _scale_cells(one: ScaleQuality) -> list[object]:
    numbers = [one.total(field) for field in ("missing", "no_answer", "out_of_range")]
    unreadable = one.total("decimal_comma") + one.total("unreadable")
    share = f"{one.share_of_duplicates:.2%}"
    book = "yes" if one.has_codebook else "no"
    head = [one.scale, one.entries, one.valid, one.participants]
    return [*head, *numbers, unreadable, one.duplicates, share, book]
