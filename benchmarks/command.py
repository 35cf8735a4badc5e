"""The command line of the benchmarks: a table for people, JSON for programs, a docs page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Bench, NotMeasured
from benchmarks.cake import CAKE
from benchmarks.daemon import DAEMON
from benchmarks.figures import Benchmark
from benchmarks.jobs import JOBS
from benchmarks.machine import ENOUGH, machine, settle
from benchmarks.page import shown, verdict, write_page
from benchmarks.programme import PROGRAMME
from benchmarks.scale import SCALE
from benchmarks.study import STUDY
from benchmarks.terminal import TERMINAL
from benchmarks.toolbox import TOOLBOX
from benchmarks.web import WEB
from benchmarks.weblogs import WEBLOGS

TABLES = {
    "study": STUDY,
    "daemon": DAEMON,
    "jobs": JOBS,
    "web": WEB,
    "cake": CAKE,
    "weblogs": WEBLOGS,
    "programme": PROGRAMME,
    "toolbox": TOOLBOX,
    "terminal": TERMINAL,
    "scale": SCALE,
}
WIDTH = 130
console = Console(stderr=True)


def run(words: Sequence[str] | None = None) -> int:
    """0 when every target measured is met, 1 when one is missed or fails, 64 for a wrong call."""
    options = _options(words)
    known = _earlier(options.known)
    wanted = [one for one in TABLES[options.what] if not options.only or one.name in options.only]
    with TemporaryDirectory(prefix="mtdata-bench-", dir=options.folder) as folder:
        bench = Bench(Path(folder), options.reps, say=lambda text: console.print(f"[dim]{text}"))
        if options.reps >= ENOUGH and not known:
            settle(bench.say)
        about = known.get("machine") or machine(bench.folder)
        repetitions = min(options.reps, known.get("repetitions", options.reps))
        result: dict[str, Any] = {"machine": about, "repetitions": repetitions, "figures": {}}
        for benchmark in wanted:
            earlier = known.get("figures", {}).get(benchmark.name)
            result["figures"][benchmark.name] = earlier or _figure(bench, benchmark)
    result["met"] = all(figure.get("met") for figure in result["figures"].values())
    _tell(result, options.json)
    if options.write_docs:
        write_page(options.what, result)
    return 0 if result["met"] else 1


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("what", choices=list(TABLES))
    names = {what: [one.name for one in table] for what, table in TABLES.items()}
    told = "; ".join(f"{what}: {', '.join(known)}" for what, known in names.items())
    parser.add_argument("--only", nargs="+", action="extend", metavar="NAME", default=[], help=told)
    parser.add_argument("--reps", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--json", metavar="FILE", help="write JSON there; - is standard output")
    parser.add_argument(
        "--folder", metavar="DIR", help="where pools and packages are made (default: $TMPDIR)"
    )
    parser.add_argument(
        "--known", nargs="+", metavar="FILE", default=[],
        help="what --json wrote on this machine: its figures are not measured again",
    )  # fmt: skip
    parser.add_argument("--write-docs", action="store_true", help="write its docs page")
    options = parser.parse_args(words)
    if strange := set(options.only) - set(names[options.what]):
        parser.error(f"{options.what} has no figure {', '.join(sorted(strange))}")
    if options.reps < 1:
        parser.error("--reps takes a whole number from 1")
    if options.write_docs and options.only:
        parser.error("--write-docs wants every figure; leave --only out")
    return options


def _earlier(files: Sequence[str]) -> dict[str, Any]:
    """All that those files tell, as one result: of loads the highest, of repetitions the fewest."""
    results = [json.loads(Path(file).read_text(encoding="utf-8")) for file in files]
    if not results:
        return {}
    figures: dict[str, Any] = {}
    for one in results:
        figures |= one["figures"]
    load = max((one["machine"]["load before"] for one in results), key=float)
    repetitions = min(one["repetitions"] for one in results)
    about = results[0]["machine"] | {"load before": load}
    return {"machine": about, "repetitions": repetitions, "figures": figures}


def _figure(bench: Bench, benchmark: Benchmark) -> dict[str, Any]:
    began = perf_counter()
    console.print(f"[bold]{benchmark.name}[/bold]: {benchmark.what} {benchmark.bound()}")
    try:
        figure = benchmark.judged(benchmark.measure(bench))
    except NotMeasured as reason:
        figure = _without(benchmark, str(reason), met=None)
    except Exception as fault:  # it must not take along what the others have found in an hour
        console.print_exception()
        figure = _without(benchmark, f"it failed: {type(fault).__name__}", met=False)
    console.print(f"  {shown(figure)}  [dim]{figure['note']} ({perf_counter() - began:.0f} s)")
    return figure


def _without(benchmark: Benchmark, why: str, *, met: bool | None) -> dict[str, Any]:
    told = {"what": benchmark.what, "target": benchmark.bound(), "met": met}
    return told | {"prototype": benchmark.prototype, "note": why}


def _tell(result: dict[str, Any], json_file: str | None) -> None:
    table = Table("figure", "measured (median, range)", "target", "met", "prototype")
    for name, figure in result["figures"].items():
        met = verdict(figure).strip("*")
        table.add_row(name, shown(figure), figure["target"], met, figure["prototype"])
    text = json.dumps(result, ensure_ascii=False, indent=2) + "\n"
    if json_file == "-":
        sys.stdout.write(text)
    elif json_file:
        Path(json_file).write_text(text, encoding="utf-8")
    out = console if json_file == "-" else Console(width=WIDTH if not sys.stdout.isatty() else None)
    out.print(table)
    for name, value in result["machine"].items():
        out.print(f"{name}: {value}", style="dim", highlight=False)
