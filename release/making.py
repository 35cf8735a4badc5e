"""Makes dist/ out of a commit: archives, constraints, SBOM, checksums; it uploads nothing."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from release import trial
from release.bill import write_bill
from release.calls import Failed, call
from release.contents import check_archives
from release.pins import BUILD, LAYERS
from release.words import check_words, version_of

TOOLS = Path(sys.executable).parent


def release(root: Path, dist: Path, *, as_it_is: bool) -> None:
    """Make every file of a release anew; where anything fails, dist/ stays as it was."""
    with TemporaryDirectory(prefix="mtdata-release-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "made"
        made.mkdir()
        export(root, source, as_it_is=as_it_is)
        say(f"mtdata-collect {version_of(source)}: {told_source(root, as_it_is=as_it_is)}")
        for fault in check_words(source):
            if not as_it_is:
                raise Failed(f"{fault}; nothing was made", 65)
            say(f"note: {fault}")
        sdist, wheel = build(root, source, made)
        say(f"contents: {check_archives(source, sdist, wheel)}")
        call(TOOLS / "twine", "check", "--strict", sdist, wheel)
        say("metadata: twine check --strict passed")
        for line in trial.try_out(source, wheel, Path(folder)):
            say(line)
        add_papers(source, made, trial.FIRST)
        say(f"dist/: {', '.join(replaced(dist, made))}")


def say(text: str) -> None:
    """One line, at once: a release takes minutes."""
    print(text, flush=True)


def told_source(root: Path, *, as_it_is: bool) -> str:
    """Of what it is made, in words."""
    commit = call("git", "rev-parse", "--short=12", "HEAD", cwd=root).strip()
    is_changed = bool(call("git", "status", "--porcelain", cwd=root))
    if as_it_is:
        return f"commit {commit}{' and what is not committed' if is_changed else ''}"
    return f"commit {commit}{'; what is not committed is not in it' if is_changed else ''}"


def export(root: Path, folder: Path, *, as_it_is: bool) -> None:
    """The files of the commit, so that no config, key or leftover gets into an archive."""
    folder.mkdir()
    if not as_it_is:
        tar = folder.with_suffix(".tar")
        call("git", "archive", "--output", tar, "HEAD", cwd=root)
        call("tar", "-xf", tar, "-C", folder)
        return
    names = call("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=root)
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)


def build(root: Path, source: Path, made: Path) -> tuple[Path, Path]:
    """The source archive, and the wheel out of that; their times are those of the commit."""
    moment = call("git", "log", "-1", "--format=%ct", cwd=root).strip()
    call(
        TOOLS / "uv", "build", "--quiet", "--no-config", "--python", sys.executable,
        "--build-constraints", source / BUILD, "--require-hashes", "--out-dir", made, source,
        more={"SOURCE_DATE_EPOCH": moment},
    )  # fmt: skip
    (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
    return sdist, wheel


def add_papers(source: Path, made: Path, python: str) -> None:
    """The constraints that it was tried with, the SBOM of that environment, all checksums."""
    name = f"mtdata-collect-{version_of(source)}"
    shutil.copy(source / LAYERS["served"], made / f"{name}-constraints.txt")
    (wheel,) = made.glob("*.whl")
    write_bill(made.parent / python, digest(wheel), made / f"{name}.cdx.json")
    (made / ".gitignore").unlink(missing_ok=True)  # uv's
    sums = [f"{digest(file)}  {file.name}\n" for file in sorted(made.iterdir())]
    (made / "SHA256SUMS").write_text("".join(sums), "utf-8")


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def replaced(dist: Path, made: Path) -> list[str]:
    """Put what was made in the place of what an earlier call made; the names."""
    shutil.rmtree(dist, ignore_errors=True)
    shutil.copytree(made, dist)
    return sorted(file.name for file in dist.iterdir())
