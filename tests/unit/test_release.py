"""What a release is held to, of what can be seen without building one."""

from __future__ import annotations

import io
import re
import runpy
import shutil
import subprocess
import tarfile
import zipfile
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest

from mtdata import __version__
from mtdata.core.installing import DISTRIBUTION
from release import contents, making, trial
from release.bill import about_the_release
from release.calls import Failed, call
from release.words import check_words, version_of

ROOT = Path(__file__).parents[2]
CHANGES = (
    "# Changelog\n\n## [1.2.3] - 2026-11-30\n\n### Upgrading\n\n- Nothing.\n\n## [1.2.2] - x\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source whose every place tells the version 1.2.3."""
    (tmp_path / "mtdata").mkdir()
    (tmp_path / "mtdata" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CITATION.cff").write_text("title: x\nversion: 1.2.3\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    return tmp_path


def test_a_source_whose_places_agree_is_released(source: Path) -> None:
    assert version_of(source) == "1.2.3"
    assert list(check_words(source)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("CITATION.cff", "1.2.3", "1.2.2", "CITATION.cff tells another version than 1.2.3"),
        ("CHANGELOG.md", "2026-11-30", "soon", r"no heading `## \[1\.2\.3\] - DAY`"),
        ("CHANGELOG.md", "### Upgrading", "### Fixed", "has no part `### Upgrading`"),
        ("mtdata/__init__.py", '"1.2.3"', '"1.2.3-x"', "no version of the policy"),
    ],
)
def test_a_place_that_tells_another_version_is_named(
    source: Path, file: str, old: str, new: str, fault: str
) -> None:
    path = source / file
    path.write_text(path.read_text().replace(old, new))
    assert any(re.search(fault, told) for told in check_words(source))


def test_the_citation_tells_the_version_of_the_program() -> None:
    assert version_of(ROOT) == __version__
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py gives to setuptools."""
    words: dict[str, Any] = {}
    monkeypatch.setattr("setuptools.setup", words.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    return words


def test_each_page_script_and_unit_that_messages_name_comes_with_an_installation(
    given: dict[str, Any],
) -> None:
    named = contents.named_files(ROOT)
    assert {"docs/OPERATING.md", "docs/ERASE.md", "bin/martin.sh", "bin/mtdata"} <= named
    there = {
        f"{folder}/{Path(file).name}" for folder, files in given["data_files"] for file in files
    }
    there |= {*given["scripts"], "bin/mtdata"}  # which pip makes
    there |= {"bin/image"}  # told within an image alone: of the checkout that it was built from
    missing = {name for name in named if contents.place_in_wheel(name) not in there}
    assert missing == set(), "setup.py: documents() and WRAPPERS say what goes along"


def test_every_wrapper_script_comes_with_an_installation(given: dict[str, Any]) -> None:
    of_checkout = {"mtdata", "env.sh", "test", "bench", "constraints", "docs", "image", "release"}
    files = {file.name for file in (ROOT / "bin").iterdir() if file.is_file()}
    assert files - of_checkout - {Path(name).name for name in given["scripts"]} == set()


def test_a_name_in_a_message_is_seen(tmp_path: Path) -> None:
    for name in (
        "docs/A.md",
        "bin/run_all",
        "systemd/a@.service",
        "docs/B.md",
        "bin/sh",
        "mtdata/x",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    text = "see docs/A.md, bin/run_all, `systemd/a@.service`; /bin/sh, docs/none.md"
    (tmp_path / "mtdata" / "x.py").write_text(text)
    assert contents.named_files(tmp_path) == {"docs/A.md", "bin/run_all", "systemd/a@.service"}


def test_the_description_leads_nowhere_that_an_index_has_not() -> None:
    text = str(metadata(DISTRIBUTION)["Description"] or metadata(DISTRIBUTION).get_payload())
    assert "carries data off servers" in text
    assert re.findall(r"\]\((?!https?:)[^)]*\)", text) == []
    assert "docs/RELIABILITY.md" in text
    assert "| light |" not in text  # of pictures alone


def archives(folder: Path, *, without: str = "", more: str = "") -> tuple[Path, Path]:
    """A source archive and a wheel of that source, but for a file."""
    names = {
        "mtdata/__init__.py": "mtdata/__init__.py",
        "docs/A.md": "m.data/data/share/mtdata/docs/A.md",
        "bin/run_all": "m.data/scripts/run_all", "bin/mtdata": "", "tests/a": "",
    }  # fmt: skip
    sdist, wheel = folder / "m.tar.gz", folder / "m.whl"
    with tarfile.open(sdist, "w:gz") as opened:
        for name in [*names, *filter(None, [more])]:
            if name != without:
                opened.addfile(tarfile.TarInfo(f"m-1/{name}"), io.BytesIO())
    with zipfile.ZipFile(wheel, "w") as packed:
        for name in filter(None, names.values()):
            if not name.endswith(f"/{without}"):
                packed.writestr(name, "")
    return sdist, wheel


@pytest.fixture
def small(source: Path) -> Path:
    for name in ("docs/A.md", "bin/run_all", "bin/mtdata", "tests/a"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).touch()
    init = source / "mtdata" / "__init__.py"
    init.write_text(f"{init.read_text()}# docs/A.md bin/run_all bin/mtdata\n")
    return source


def test_archives_that_have_everything_are_counted(small: Path, tmp_path: Path) -> None:
    told = contents.check_archives(small, *archives(tmp_path))
    assert told == "5 files in the source archive, 3 in the wheel"


@pytest.mark.parametrize(
    ("without", "which"),
    [("tests/a", "m.tar.gz"), ("A.md", "m.whl"), ("run_all", "m.whl"), ("bin/mtdata", "m.tar.gz")],
)
def test_a_file_that_an_archive_lacks_is_named(
    small: Path, tmp_path: Path, without: str, which: str
) -> None:
    with pytest.raises(Failed, match=rf"{re.escape(which)} lacks \S*{re.escape(without)}$"):
        contents.check_archives(small, *archives(tmp_path, without=without))


@pytest.mark.parametrize("name", ["config/server.config", "keys/study.pem", ".venv/bin/python"])
def test_what_belongs_to_one_installation_is_in_no_archive(
    small: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Failed, match=f"has what is private: {re.escape(name)}"):
        contents.check_archives(small, *archives(tmp_path, more=name))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a file, an ignored one, and one that nobody has added yet."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name, text in (("a", "1"), (".gitignore", "*.config\n"), ("server.config", "x"), ("b", "")):
        (folder / name).write_text(text)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", folder)
    call(*git, "init", "--quiet")
    call(*git, "add", "a", ".gitignore")
    call(*git, "commit", "--quiet", "-m", "first")
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; apt-get install git")
@pytest.mark.parametrize(("as_it_is", "has_b"), [(False, False), (True, True)])
def test_an_archive_is_made_of_what_the_commit_has(
    checkout: Path, tmp_path: Path, as_it_is: bool, has_b: bool
) -> None:
    (checkout / "a").write_text("2")
    made = tmp_path / "made"
    making.export(checkout, made, as_it_is=as_it_is)
    assert (made / "a").read_text() == ("2" if as_it_is else "1")
    assert (made / "b").exists() == has_b
    assert not (made / "server.config").exists()
    told = making.told_source(checkout, as_it_is=as_it_is)
    assert "what is not committed" in told


def test_a_bill_is_about_the_release_and_names_no_folder_of_this_machine() -> None:
    url = {"type": "distribution", "url": "file:///tmp/x/mtdata_collect.whl"}
    ours = {
        "name": "mtdata-collect",
        "bom-ref": "m",
        "type": "library",
        "externalReferences": [url],
    }
    other = {"name": "requests", "bom-ref": "r", "type": "library"}
    told = about_the_release({"components": [other, ours], "metadata": {"tools": {}}}, "00")
    assert told["components"] == [other]
    assert told["metadata"]["component"] == {
        "name": "mtdata-collect", "bom-ref": "m", "type": "application",
        "hashes": [{"alg": "SHA-256", "content": "00"}],
    }  # fmt: skip
    with pytest.raises(Failed, match="0 times"):
        about_the_release({"components": [other]}, "00")


def test_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"wheel")
    (tmp_path / "SUMS").write_text(f"{making.digest(tmp_path / 'a.whl')}  a.whl\n")
    subprocess.run(["sha256sum", "--check", "--status", "SUMS"], cwd=tmp_path, check=True)


def test_a_program_that_fails_is_told_with_all_that_it_said() -> None:
    with pytest.raises(Failed, match=r"(?s)ended with 3:.*out.*err"):
        call("sh", "-c", "echo out; echo err >&2; exit 3")
    assert call("sh", "-c", "echo $PYTHONPATH; exit 3", more={"X": "1"}, codes=(3,)) == "\n"
    with pytest.raises(Failed, match="could not be run"):
        call("/none/of/these")


def test_a_shim_that_starts_no_python_is_no_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trial.interpreter("3.99") is None
    shim.write_text("#!/bin/sh\necho 3.99\n")
    assert trial.interpreter("3.99") == shim
