"""Pins all that bin/env.sh installs, with hashes, for every Python and system that we support.

One resolution for all extras, so no package has two versions; each file has what the one before it
lacks.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from release.calls import Failed, call
from release.pins import BUILD, LAYERS, Pin, read

OLD_DAYS = 180
"""So old, and CI ends with 1: fixes of libraries have passed us by."""
_WANTED = {"served": ("served",), "demo": ("served", "demo"), "test": ("test",), "release": ()}
"""The extras of setup.py whose needs make a layer; the last one has them all."""
_ABOUT = {
    "served": "What bin/mtdata installs: all that the program can do.",
    "demo": "What `mtdata demo cake` and the like need on top.",
    "test": "What bin/test needs on top.",
    "release": "What is left: the tools of bin/release, and every other extra of setup.py.",
}
_DAY = re.compile(r"^# newest of (\d{4}-\d\d-\d\d)", re.MULTILINE)


def renew(root: Path, *, newest: bool) -> Iterator[str]:
    """Write the files anew; versions stay where they do, unless the newest are asked for.

    Gives a line for each package that came, went or has another version.
    """
    before = _pinned(root)
    day = None if newest else day_of(root)
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.txt"
        if not newest:
            whole.write_text("".join(pin.text for pins in before.values() for pin in pins), "utf-8")
        resolved = read(_compiled(root, whole, (), "--generate-hashes"))
        names = {extra: _names(root, whole, extra) for extra in LAYERS}
        build = _compiled_build(root, whole)
    _check(resolved)
    for extra, pins in _layers(resolved, names).items():
        _write(root, extra, pins, day or datetime.date.today())
    (root / BUILD).write_text(f"# What builds; made by bin/constraints.\n{build}", "utf-8")
    yield from _differences(before, _pinned(root))


def age(root: Path) -> tuple[str, bool]:
    """How old the constraints are, in words, and whether that is too old."""
    day = day_of(root)
    if day is None:
        raise Failed(f"{LAYERS['served']} tells no day: call bin/constraints --upgrade", 65)
    days = (datetime.date.today() - day).days
    told = f"{LAYERS['served']}: newest of {day}, {days} days old"
    is_old = days > OLD_DAYS
    advice = (
        f"; more than {OLD_DAYS}: call bin/constraints --upgrade, and bin/test" if is_old else ""
    )
    return f"{told}{advice}", is_old


def day_of(root: Path) -> datetime.date | None:
    """The day on which the newest versions were taken; None where there are none yet."""
    file = root / LAYERS["served"]
    found = _DAY.search(file.read_text("utf-8")) if file.exists() else None
    return datetime.date.fromisoformat(found[1]) if found else None


def _compiled(root: Path, file: Path, extras: tuple[str, ...], *more: object) -> str:
    """What uv resolves, into that file; versions that stand in it are kept."""
    chosen = [word for extra in extras for word in ("--extra", extra)] or ["--all-extras"]
    call(
        Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--no-config",
        "--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--no-header",
        "--no-annotate", *chosen, *more, "--output-file", file, root / "setup.py",
        cwd=root,
    )  # fmt: skip
    return file.read_text("utf-8")


def _names(root: Path, whole: Path, extra: str) -> set[str]:
    """The packages that an extra comes to."""
    file = whole.with_name(f"{extra}.txt")
    return {pin.name for pin in read(_compiled(root, file, _WANTED[extra], "--constraint", whole))}


def _compiled_build(root: Path, whole: Path) -> str:
    wanted, file = whole.with_name("build.in"), whole.with_name("build.txt")
    pinned = [pin for pin in read(whole.read_text("utf-8")) if pin.name == "setuptools"]
    wanted.write_text(f"setuptools{f'=={pinned[0].version}' if pinned else '>=77'}\n", "utf-8")
    if (root / BUILD).exists() and not pinned:
        file.write_text((root / BUILD).read_text("utf-8"), "utf-8")
    call(
        Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--no-config",
        "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header",
        "--no-annotate", "--output-file", file, wanted,
    )  # fmt: skip
    return "".join(pin.text for pin in read(file.read_text("utf-8")))


def _layers(resolved: list[Pin], names: dict[str, set[str]]) -> dict[str, list[Pin]]:
    """Each package in the first layer that wants it; what no system of ours wants, in none."""
    layers: dict[str, list[Pin]] = {extra: [] for extra in names}
    for pin in resolved:
        extra = next((extra for extra, wanted in names.items() if pin.name in wanted), None)
        if extra is not None and pin.is_for_us():
            layers[extra].append(pin)
    return layers


def _check(resolved: list[Pin]) -> None:
    """Failed where a package has no hash: nothing that is read wrong may be written."""
    bare = [pin.name for pin in resolved if not pin.hashes]
    if bare or not resolved:
        raise Failed(f"no hashes for {', '.join(bare) or 'anything'}; nothing was written", 65)


def _write(root: Path, extra: str, pins: list[Pin], day: datetime.date) -> None:
    file = root / LAYERS[extra]
    below = list(LAYERS)[list(LAYERS).index(extra) - 1] if extra != "served" else None
    lines = [
        f"# {_ABOUT[extra]}",
        "# Made by bin/constraints from setup.py (docs/RELEASING.md); not by hand.",
        f"# newest of {day}",
    ]
    if below is not None:
        above = ".." if below == "served" else "."
        lines.append(f"-r {above}/{Path(LAYERS[below]).name}")
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n" + "".join(pin.text for pin in pins), "utf-8")


def _pinned(root: Path) -> dict[str, list[Pin]]:
    files = [root / file for file in LAYERS.values()]
    return {str(file): read(file.read_text("utf-8")) for file in files if file.exists()}


def _differences(before: dict[str, list[Pin]], after: dict[str, list[Pin]]) -> Iterator[str]:
    old, new = (
        {pin.name: pin.version for pins in files.values() for pin in pins}
        for files in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} {old.get(name, '(new)')} -> {new.get(name, '(gone)')}"
    yield f"{len(new)} packages in {len(after)} files"
