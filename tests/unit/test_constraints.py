"""What is pinned is what setup.py allows, all of it, by hashes; and CI is told when that is old."""

from __future__ import annotations

import datetime
import shutil
from collections import Counter
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mtdata.core.installing import DISTRIBUTION
from release import constraints
from release.calls import Failed
from release.pins import BUILD, LAYERS, Pin, layer, read

ROOT = Path(__file__).parents[2]
ADVICE = "call bin/constraints, and commit what it wrote"


def needs() -> list[Requirement]:
    """What setup.py wants, of every extra."""
    return [Requirement(line) for line in requires(DISTRIBUTION) or []]


def extras_of(need: Requirement) -> set[str]:
    """The extras that have it; the core's is ''."""
    known = {"", *(word for one in needs() for word in _quoted(one))}
    return {name for name in known if need.marker is None or _is_of(need, name)}


def _is_of(need: Requirement, extra: str) -> bool:
    assert need.marker is not None
    here = {"sys_platform": "darwin"}  # which has all that Linux has, and psutil
    return need.marker.evaluate({**here, "extra": extra})


def _quoted(need: Requirement) -> list[str]:
    text = str(need.marker or "")
    return text.split('extra == "')[1].split('"')[:1] if "extra" in text else []


def pinned(name: str, pins: list[Pin]) -> list[Pin]:
    return [pin for pin in pins if pin.name == canonicalize_name(name)]


@pytest.mark.parametrize(
    ("extra", "in_layer"),
    [("", "served"), ("served", "served"), ("demo", "demo"), ("test", "test")],
)
def test_each_need_of_an_extra_is_pinned_as_it_allows(extra: str, in_layer: str) -> None:
    pins = layer(ROOT, in_layer)
    wanted = [need for need in needs() if extra in extras_of(need)]
    assert wanted
    for need in wanted:
        found = pinned(need.name, pins)
        assert found, f"{need.name} is in none of {list(LAYERS.values())}: {ADVICE}"
        assert all(need.specifier.contains(pin.version) for pin in found), f"{need}: {ADVICE}"


def test_no_extra_is_left_out() -> None:
    pins = layer(ROOT, "release")
    missing = {need.name for need in needs() if not pinned(need.name, pins)}
    assert not missing, f"{missing}: {ADVICE}"


@pytest.mark.parametrize("file", [*LAYERS.values(), BUILD])
def test_each_line_is_a_version_with_its_hashes(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    lines = [line for line in text.splitlines() if line[:1] not in ("#", "-", " ", "")]
    pins = read(text)
    assert len(pins) == len(lines) > 0
    assert all(one.startswith("sha256:") for pin in pins for one in pin.hashes)
    assert all(pin.hashes for pin in pins)


def test_no_package_stands_twice_and_none_is_for_a_system_that_we_do_not_support() -> None:
    pins = layer(ROOT, "release")
    assert [name for name, count in Counter(pin.name for pin in pins).items() if count > 1] == []
    assert [pin.name for pin in pins if not pin.is_for_us()] == []
    assert not {pin.name for pin in pins} & {"mtdata", "mtdata-collect"}


def test_a_layer_names_the_one_below_it() -> None:
    below = {"demo": "-r ../constraints.txt", "test": "-r ./demo.txt", "release": "-r ./test.txt"}
    for name, line in below.items():
        assert line in (ROOT / LAYERS[name]).read_text("utf-8").splitlines()


def test_what_no_system_of_ours_wants_is_seen() -> None:
    text = (
        "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
        "b==2 ; sys_platform != 'linux' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n"
        "C.d==3 \\\n    --hash=sha256:00\n"
    )
    pins = read(text)
    assert [(pin.name, pin.is_for_us(), len(pin.hashes)) for pin in pins] == [
        ("a", False, 1), ("b", True, 2), ("c-d", True, 1),
    ]  # fmt: skip
    assert "".join(pin.text for pin in pins) == text


def of_day(folder: Path, day: datetime.date) -> Path:
    """A checkout whose constraints are of that day."""
    text = (ROOT / LAYERS["served"]).read_text("utf-8")
    mark = f"# newest of {constraints.day_of(ROOT)}"
    assert mark in text
    (folder / LAYERS["served"]).write_text(text.replace(mark, f"# newest of {day}"), "utf-8")
    return folder


def test_constraints_of_half_a_year_ago_are_too_old(tmp_path: Path) -> None:
    today = datetime.date.today()
    assert constraints.age(of_day(tmp_path, today))[1] is False
    last = today - datetime.timedelta(days=constraints.OLD_DAYS)
    told, is_old = constraints.age(of_day(tmp_path, last))
    assert not is_old
    told, is_old = constraints.age(of_day(tmp_path, last - datetime.timedelta(days=1)))
    assert is_old
    assert "181 days old; more than 180: call bin/constraints --upgrade" in told


def test_constraints_without_a_day_are_told(tmp_path: Path) -> None:
    (tmp_path / LAYERS["served"]).write_text("a==1\n", "utf-8")
    with pytest.raises(Failed, match="tells no day"):
        constraints.age(tmp_path)


def resolver(folder: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]) -> None:
    """In the place of uv: what it says for everything, for the build, and for each extra."""

    def compiled(root: Path, file: Path, extras: tuple[str, ...], *more: object) -> str:
        text = answers[extras[-1] if extras else "all"]
        file.write_text(text, "utf-8")
        return text

    monkeypatch.setattr(constraints, "_compiled", compiled)
    monkeypatch.setattr(constraints, "_compiled_build", lambda root, whole: answers["build"])


def test_each_package_goes_into_the_first_layer_that_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pin(name: str) -> str:
        return f"{name}==1 \\\n    --hash=sha256:00\n"

    answers = {
        "all": "".join(map(pin, "abcd")), "served": pin("a"), "demo": pin("a") + pin("b"),
        "test": "".join(map(pin, "abc")), "build": pin("setuptools"),
    }  # fmt: skip
    resolver(tmp_path, monkeypatch, answers)
    told = list(constraints.renew(tmp_path, newest=True))
    assert told == [f"{name} (new) -> 1" for name in "abcd"] + ["4 packages in 4 files"]
    texts = [(tmp_path / file).read_text("utf-8") for file in LAYERS.values()]
    assert [[one.name for one in read(text)] for text in texts] == [["a"], ["b"], ["c"], ["d"]]
    assert constraints.day_of(tmp_path) == datetime.date.today()
    of_day_before = (tmp_path / LAYERS["served"]).read_text("utf-8")
    (tmp_path / LAYERS["served"]).write_text(
        of_day_before.replace(str(datetime.date.today()), "2026-01-31"), "utf-8"
    )
    assert list(constraints.renew(tmp_path, newest=False)) == ["4 packages in 4 files"]
    assert constraints.day_of(tmp_path) == datetime.date(2026, 1, 31)  # nothing is newer


def test_a_package_without_a_hash_ends_it_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = dict.fromkeys(("all", "served", "demo", "test", "build"), "a==1\n")
    resolver(tmp_path, monkeypatch, bare)
    shutil.copytree(ROOT / "constraints", tmp_path / "constraints")
    before = (tmp_path / BUILD).read_text("utf-8")
    with pytest.raises(Failed, match="no hashes for a"):
        list(constraints.renew(tmp_path, newest=True))
    assert not (tmp_path / LAYERS["served"]).exists()
    assert (tmp_path / BUILD).read_text("utf-8") == before
