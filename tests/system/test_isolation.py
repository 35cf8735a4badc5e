"""Whose code runs: our own, whatever a shell, a crontab or conda says of other Pythons."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mtdata.config.loading import load
from mtdata.core.worker_pool import WorkerPool
from mtdata.jobs.runner import options_of
from tests.system.home import ROOT, Home

FOREIGN = ("sitecustomize", "requests", "yaml", "mtdata", "django", "typing_extensions")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages of somebody else; each leaves a mark when it is imported, and breaks."""
    folder = tmp_path / "theirs"
    for name in FOREIGN:
        (folder / name).mkdir(parents=True)
        mark = folder / f"{name}.ran"
        broken = f"open({str(mark)!r}, 'w').close()\nraise SystemExit(86)\n"
        for file in ("__init__", "__main__"):
            (folder / name / f"{file}.py").write_text(broken)
    return folder


def ran(packages: Path) -> list[str]:
    return sorted(path.stem for path in packages.glob("*.ran"))


def said(words: list[str], packages: Path, **env: str) -> tuple[int, str]:
    """Exit code and output, with that folder in the way; the words stand in another folder."""
    foreign = {"PYTHONPATH": str(packages), "PYTHONUSERBASE": str(packages), **env}
    environ = {**os.environ, **foreign}
    ended = subprocess.run(
        words, env=environ, cwd=packages, text=True, capture_output=True, timeout=120
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is a stand-in that hands over to the one of the tests."""
    folder, venv = tmp_path / "checkout", tmp_path / "venv"
    shutil.copytree(ROOT / "bin", folder / "bin")
    shutil.copytree(ROOT / "constraints", folder / "constraints")
    for name in ("setup.py", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    pinned = sorted((folder / "constraints").iterdir())
    files = [folder / "setup.py", folder / "constraints.txt", *pinned]
    texts = b"".join(file.read_bytes() for file in files)
    cksum = subprocess.run(["cksum"], input=texts, capture_output=True)
    stamp = f"{cksum.stdout.decode().strip()} {folder}\n"
    for name in (".mtdata-made", ".mtdata-made-served", ".mtdata-made-test"):
        (venv / name).write_text(stamp)
    return folder


@pytest.mark.parametrize("home", [False, True], ids=["PYTHONPATH", "PYTHONHOME_too"])
def test_the_program_runs_its_own_code(checkout: Path, packages: Path, home: bool) -> None:
    env = {"MTDATA_VENV": str(checkout.parent / "venv"), "MTDATA_NO_INSTALL": "1"}
    if home:
        env["PYTHONHOME"] = str(packages)
    code, told = said([str(checkout / "bin" / "mtdata"), "--version"], packages, **env)
    assert (code, ran(packages)) == (0, []), told
    assert re.fullmatch(r"mtdata [\d.]+\S*\n", told)
    config = packages.parent / "config"
    assert said([str(checkout / "bin" / "mtdata"), "init", str(config)], packages, **env)[0] == 0
    code, told = said([str(checkout / "bin" / "martin.sh"), str(config)], packages, **env)
    assert (code, ran(packages)) == (78, []), told  # its samples want to be filled in
    assert "server.config" in told


@pytest.mark.parametrize(
    "words", [["-P", "-m", "mtdata"], ["console script"]], ids=["module", "script"]
)
def test_so_it_does_when_it_is_called_without_its_wrapper(packages: Path, words: list[str]) -> None:
    for name in ("sitecustomize", "mtdata"):  # these come before any line of ours
        shutil.rmtree(packages / name)
    if words == ["console script"]:
        words = ["-c", "import sys; from mtdata.__main__ import main; sys.exit(main())"]
    code, told = said([sys.executable, *words, "demo", "--help"], packages)
    assert (code, ran(packages)) == (0, []), told
    code, told = said([sys.executable, *words, "status", "--config", "none"], packages)
    assert (code, ran(packages)) == (78, []), told


def test_so_does_the_child_of_a_job(home: Home, packages: Path) -> None:
    home.configure()
    words = options_of(load(home.folder / "config", os.environ)).words
    code, told = said(list(words), packages)
    assert (code, ran(packages)) == (0, []), told  # no order, nothing to do


def test_so_do_the_workers_of_an_isolated_process(packages: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.system.test_isolation import flags_of_workers\n"
        "if __name__ == '__main__': print(flags_of_workers())"
    )
    code, told = said([sys.executable, "-I", "-c", program], packages)
    assert (code, ran(packages)) == (0, []), told
    assert told.split() == ["1"] * 4


def flags_of_workers() -> str:
    """Whether each worker is isolated."""
    pool = WorkerPool(_outfit, count=2, lost="lost", here_below=0, chunk=256)
    pool._help = lambda: False  # nothing is done in this process
    try:
        [(_, answers)] = pool.each([("work", ["a", "b", "c", "d"])])
        return " ".join(answers)
    finally:
        pool.close()


class _Answers:
    def __call__(self, texts: list[str]) -> list[str]:
        return [str(sys.flags.isolated)] * len(texts)


def _outfit() -> _Answers:
    return _Answers()


def test_every_interpreter_that_the_program_begins_is_isolated() -> None:
    begun = [
        (path.name, line.strip())
        for path in (ROOT / "mtdata").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "sys.executable," in line
    ]
    assert begun
    allowed = re.compile(r'sys\.executable, ("-I"|"-E", "-P"|\[\*own|\*flags_of_child\(\))')
    assert [one for one in begun if not allowed.search(one[1])] == []
    calls = re.compile(
        r'(?<!--python )(?:"\$(?:venv/bin/)?python"|^ *python3|exec python3)( -\w+)', re.M
    )
    for name in ("mtdata", "env.sh", "martin.sh"):
        script = (ROOT / "bin" / name).read_text(encoding="utf-8")
        assert set(calls.findall(script)) == {" -I"}, name
    units = [path.read_text(encoding="utf-8") for path in (ROOT / "systemd").glob("*.service")]
    starts = [line for unit in units for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert len(starts) == 4
    assert all(line.startswith("ExecStart=/opt/mtdata/bin/mtdata ") for line in starts)
