"""What must be true of site and pool after a cut: read with json and csv, never from the ledger."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.crash.stage import Stage
from tests.crash.story import Story, bodies
from tests.crash.witness import raw_files, rows_of

ENDS_WITHIN_S = 20
"""A worker looks for its parent every second; whoever lives longer lives on."""
KEY = re.compile(r"_\d\d_\d\d_\d\d(_\d+)?")


def left_behind(stage: Stage) -> Iterator[str]:
    """Processes of the stage's sessions, or with its mark in their environment, after the end."""
    until = time.monotonic() + ENDS_WITHIN_S
    while (left := _of(stage)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid, words in left.items():
        yield f"process {pid} is left behind: {words}"


def _of(stage: Stage) -> dict[int, str]:
    found, mark = {}, f"CRASH_HOME={stage.home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            marked = os.getsid(int(folder.name)) in stage.sessions
            marked = marked or mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
        if marked and words:  # a zombie has none
            found[int(folder.name)] = words
    return found


def secrets_in(stage: Stage, story: Story, said: str) -> Iterator[str]:
    """Nothing that a round says may hold an answer, a key or a password, wherever it was cut."""
    secrets = {"a password": stage.site.password, "a key": "PRIVATE KEY"}
    secrets |= {"an answer": "she said", "a sealed answer": "participant "}
    for what, secret in secrets.items():
        if secret in said:
            yield f"{what} was said: {said[:400]}"


def deletes_without_proof(stage: Stage, story: Story) -> Iterator[str]:
    """To be asked right after the cut: is all that is gone from the site whole in the pool?"""
    yield from stage.site.witnessed
    sheets = {scale: rows_of(stage.pool, scale) for scale in story.deleteable}
    raw = {scale: b"\n".join(raw_files(stage.pool, scale).values()) for scale in story.deleteable}
    gone = [entry for entry in story.entries if entry.body not in stage.site.rows(entry.scale)]
    for entry in gone:
        if entry.body not in raw[entry.scale]:
            yield f"{entry} is gone from the site, and its bytes are in no raw file"
        if entry.cells not in sheets[entry.scale]:
            yield f"{entry} is gone from the site, and its row is in no sheet"
    strangers = set(stage.site.deletes) - {(e.scale, e.id) for e in story.entries if e.cells}
    if strangers:
        yield f"deletes that must never go out: {sorted(strangers)}"


def faults_after_mending(stage: Stage, story: Story, told: list[dict[str, Any]]) -> Iterator[str]:
    """What two clean rounds have left wrong, a line each."""
    yield from _commands(told)
    yield from faults_of_the_pool(stage, story)
    yield from _files(stage, story)
    yield from _lock(stage)


def faults_of_the_pool(stage: Stage, story: Story) -> Iterator[str]:
    """What is wrong with raw files, sheets, benchmarks and the site, whoever made them."""
    for scale in story.deleteable:
        yield from _raw_of(stage, story, scale)
        yield from _sheet_of(stage, story, scale)
    yield from _snapshots(stage, story)
    yield from left_on_site(stage, story)
    yield from _benchmark(stage, story)


def _commands(told: list[dict[str, Any]]) -> Iterator[str]:
    first, second, *others = told
    if first["exit"] not in (0, 1):  # 1: what is held was found in this round
        yield f"the clean round ended with {first['exit']}: {first['shown']} {first['err']}"
    for one in (second, *others):
        if one["exit"] != 0:
            yield f"{one['command']} ended with {one['exit']}: {one['shown']} {one['err']}"
    for scale, did in second["shown"].get("sites", {}).get("uva", {}).get("scales", {}).items():
        if did["fresh"] or did["appended"] or did["deleted"]:
            yield f"the second clean round still had work on {scale}: {did}"


def _raw_of(stage: Stage, story: Story, scale: str) -> Iterator[str]:
    """Each entry once, byte for byte as it was sent, in the format of the pool."""
    found: Counter[str] = Counter()
    for path, content in raw_files(stage.pool, scale).items():
        packages, fault = _packages(path, content, scale)
        if fault:
            yield fault
        found.update(json.dumps(entry) for entries in packages.values() for entry in entries)
    content = b"".join(raw_files(stage.pool, scale).values())
    wanted = [entry for entry in story.entries if entry.scale == scale and entry.cells]
    for entry in wanted:
        times, parsed = content.count(entry.body), found.pop(json.dumps(json.loads(entry.body)), 0)
        if (times, parsed) != (1, 1):
            yield f"{entry} is {times} times in the raw files as sent, {parsed} times as JSON"
    if found:
        yield f"{scale}: {sum(found.values())} entries in the raw files that nobody sent"


def _sheet_of(stage: Stage, story: Story, scale: str) -> Iterator[str]:
    rows = rows_of(stage.pool, scale)
    for entry in (entry for entry in story.entries if entry.scale == scale and entry.cells):
        if (times := rows.count(entry.cells or {})) != 1:
            yield f"{entry} is on {times} rows"
    wanted = sum(entry.scale == scale and entry.cells is not None for entry in story.entries)
    if len(rows) != wanted:
        yield f"{scale}: {len(rows)} rows where {wanted} entries have one"


def _snapshots(stage: Stage, story: Story) -> Iterator[str]:
    """Every state of the table that must stay is kept once, and the sheet is the newest."""
    kept: list[list[Any]] = []
    for path, content in raw_files(stage.pool, story.STAYS).items():
        packages, fault = _packages(path, content, story.STAYS)
        if fault:
            yield fault
        kept += packages.values()
    wanted = [[json.loads(entry.body) for entry in table] for table in story.snapshots]
    if kept != wanted:
        yield f"{story.STAYS}: snapshots of {[*map(len, kept)]} entries, not those sent"
    rows = rows_of(stage.pool, story.STAYS)
    if rows != [entry.cells for entry in story.snapshots[-1]]:
        yield f"{story.STAYS}: {len(rows)} rows that are not the newest snapshot"


def _files(stage: Stage, story: Story) -> Iterator[str]:
    """No part file, no leftover, nothing open to others: nobody but us touched the pool."""
    day = {path.name.rpartition(".")[0] for path in (stage.pool / "active_data").glob("*.csv")}
    names = {f"{scale}_" for scale in (*story.deleteable, story.STAYS)}
    if len(day) != len(names) or not all(any(d.startswith(n) for n in names) for d in day):
        yield f"the sheets are {sorted(day)}"
    wanted = {".lock", "ledger.sqlite3", "active_data/benchMark.json"}
    wanted |= {f"active_data/{name}.csv" for name in day} | {
        f"raw_data/{name}.json" for name in day
    }
    there = {p.relative_to(stage.pool).as_posix() for p in stage.pool.rglob("*") if p.is_file()}
    there.discard(".mtdata-pool")  # a round that is played without the program has none
    held = {name for name in there if name.startswith("held/")}
    schedules = {name for name in there if name.startswith("schedule/")}
    if there - held - schedules != wanted:
        yield f"files too many or too few: {sorted((there - held - schedules) ^ wanted)}"
    if [(stage.pool / name).read_bytes() for name in schedules] != [stage.site.schedule]:
        yield f"schedule/ is {sorted(schedules)}; it must be what the site tells, once"
    broken = [entry.body for entry in story.new if entry.cells is None]
    if sorted((stage.pool / name).read_bytes() for name in held) != sorted(broken):
        yield f"held/ is {sorted(held)}; it must be the {len(broken)} entries that are no JSON"
    for path in stage.pool.rglob("*"):
        if path.stat().st_mode & 0o077:
            yield f"{path} is open to others ({path.stat().st_mode:o})"


def left_on_site(stage: Stage, story: Story) -> Iterator[str]:
    """What was safe is gone from the site, what is not is there, and what must stay stays."""
    for scale in story.deleteable:
        left = [e.body for e in story.new if e.scale == scale and e.cells is None]
        if stage.site.rows(scale) != left:
            yield f"{scale}: {len(stage.site.rows(scale))} entries on the site, not {len(left)}"
    if stage.site.rows(story.STAYS) != bodies(story.snapshots[-1], story.STAYS):
        yield f"{story.STAYS} lost entries on the site"


def _benchmark(stage: Stage, story: Story) -> Iterator[str]:
    highest = {scale: max(e.id for e in story.entries if e.scale == scale and e.cells)
               for scale in story.deleteable}  # fmt: skip
    wanted = {scale: {"current": top, "deleteable": True} for scale, top in highest.items()}
    wanted[story.STAYS] = {"current": story.snapshots[-1][-1].id, "deleteable": False}
    found = json.loads((stage.pool / "active_data" / "benchMark.json").read_bytes())
    if found != wanted:
        yield f"the benchmarks are {found}, not {wanted}"


def _lock(stage: Stage) -> Iterator[str]:
    file = os.open(stage.pool / ".lock", os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield "the pool's lock is still held"
    finally:
        os.close(file)


def _packages(path: str, content: bytes, scale: str) -> tuple[dict[str, list[Any]], str]:
    """The arrays of a raw file by key; a fault when it is not of the pool's format."""
    try:
        pairs = json.loads(content, object_pairs_hook=list)
        told = json.loads(content)
    except ValueError as error:
        return {}, f"{path} is no JSON: {error}"
    if not isinstance(told, dict) or not all(isinstance(each, list) for each in told.values()):
        return {}, f"{path} is no object of arrays"
    odd = [key for key in told if not (key.startswith(scale) and KEY.fullmatch(key[len(scale) :]))]
    if odd or len(pairs) != len(told):
        return {}, f"{path} has keys twice or odd ones: {odd or [key for key, _ in pairs]}"
    return told, ""
