"""Tries a wheel as a stranger would: a clean environment, no checkout near, the first commands."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from release.calls import Failed, call
from release.pins import BUILD, LAYERS
from release.words import version_of

PYTHONS = ("3.11", "3.12", "3.13")
FIRST = "env-first"
"""The environment of the interpreter that runs this; the SBOM is made of it."""


def try_out(source: Path, wheel: Path, folder: Path) -> Iterator[str]:
    """A line for each Python that is here, in environments in that folder."""
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    yield _tried(source, wheel, folder, FIRST, Path(sys.executable).resolve())
    for version in PYTHONS:
        if version != ours:
            python = interpreter(version)
            if python is None:
                yield f"Python {version}: not here, not tried"
            else:
                yield _tried(source, wheel, folder, f"env-{version}", python)


def interpreter(version: str) -> Path | None:
    """An interpreter of that version that can make environments; a shim is no interpreter."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for found in [shutil.which(f"python{version}"), *map(str, reversed(kept))]:
        if found is not None:
            try:
                probe = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
                if call(found, "-I", "-c", probe).strip() == version:
                    return Path(found)
            except Failed:
                continue  # such as a shim of pyenv for a version that is not chosen
    return None


def _tried(source: Path, wheel: Path, folder: Path, name: str, python: Path) -> str:
    began = time.monotonic()
    env = folder / name
    call(python, "-I", "-m", "venv", env)
    install(env, source, wheel)
    installed = time.monotonic()
    done = first_commands(env, version_of(source), folder / f"home-{name}")
    told = call(python, "-I", "-c", "import platform; print(platform.python_version())").strip()
    return (
        f"Python {told}: installed in {installed - began:.0f} s; "
        f"{', '.join(done)} in {time.monotonic() - installed:.0f} s"
    )


def install(env: Path, source: Path, wheel: Path) -> None:
    """What is pinned, by its hashes, then the wheel itself; nothing else may be fetched."""
    pip = (env / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", "--no-input",
           "--disable-pip-version-check", "--no-deps")  # fmt: skip
    pinned, built = ("--require-hashes", "-r"), ("--no-build-isolation", "--use-pep517")
    call(*pip, *pinned, source / BUILD)
    call(*pip, *built, *pinned, source / LAYERS["served"])
    call(*pip, wheel)
    call(env / "bin" / "python", "-I", "-m", "pip", "check", "--disable-pip-version-check")


def first_commands(env: Path, version: str, home: Path) -> list[str]:
    """Run the first commands of the README there; which they were."""
    home.mkdir()
    kept, fresh = home / "demo", home / "fresh"

    def mtdata(*words: object, codes: tuple[int, ...] = (0,)) -> str:
        return call(env / "bin" / "mtdata", *words, cwd=home, more={"HOME": str(home)}, codes=codes)

    if mtdata("--version") != f"mtdata {version}\n":
        raise Failed(f"{env}/bin/mtdata --version tells another version than {version}", 65)
    mtdata("--json", "demo", "--keep", kept)
    mtdata("init", fresh / "config")
    mtdata("--config", kept / "config", "check", "--offline")
    mtdata("--config", kept / "config", "check", codes=(69,))  # the demo's site has gone
    mtdata("--config", kept / "config", "migrate")
    mtdata("--config", kept / "config", "verify")
    check_place(json.loads(mtdata("--json", "version")), env)
    call(env / "bin" / "martin.sh", fresh / "config", codes=(78,))  # samples want to be filled in
    return ["demo", "init", "check", "migrate", "verify", "version"]


def check_place(told: dict[str, str], env: Path) -> None:
    """Failed where another package than that one answers, or its pages are missing."""
    for name in ("package", "documents"):
        if env.resolve() not in Path(told[name]).resolve().parents:
            raise Failed(f"`mtdata version` tells {name} {told[name]!r}, which is not in {env}", 65)
    if not (Path(told["documents"]) / "OPERATING.md").is_file():
        raise Failed(f"{told['documents']} lacks OPERATING.md, which messages name", 65)
