"""The words of bin/image where something is missing, and what the Containerfile says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.image.compose_file import ROOT
from tests.image.engine import USER

CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
OF_THE_SYSTEM = """sh dirname sed grep sort head tail cut cat mktemp mkdir rm chmod timeout
git id tar xargs umount""".split()
MIRROR = "http://deb.debian.org/debian"
TOOL = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
case $1 in
    --version) echo "${0##*/} version ${VERSION:-99.9.9}" ;;
    version | info) [ -z "${AWAY:-}" ] || { echo "a long story" >&2; exit 1; } ;;
    inspect) [ -n "${KNOWN:-}" ] && echo 500000000 || exit 1 ;;
    pull) echo "dial tcp: no such host" >&2; exit 125 ;;
    build) printf '%s\\n' "${BUILT:-}"; exit "${CODE:-0}" ;;
esac
"""


class Called(NamedTuple):
    """What came of it, and every call of a program that stood in for a real one."""

    code: int
    said: list[str]
    calls: list[str]


class Machine:
    """A PATH with no more than the system's own words, and what stands in for the tools."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.temp, self._calls = folder / "bin", folder / "temp", folder / "calls"
        self.bin.mkdir()
        self.temp.mkdir()
        for name in OF_THE_SYSTEM:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def put(self, name: str, script: str = TOOL) -> None:
        """Something that stands in for a program."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def call(self, *words: str, **environ: str) -> Called:
        """bin/image there."""
        self._calls.write_text("")
        clean = {key: word for key, word in os.environ.items() if not key.startswith("PIP_")}
        given = {"PATH": str(self.bin), "TMPDIR": str(self.temp), "CALLS": str(self._calls)}
        done = subprocess.run(
            [str(ROOT / "bin" / "image"), *words],
            env={**clean, **given, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not list(self.temp.iterdir()), "something is left"
        said = [line.removeprefix("image: ") for line in done.stderr.splitlines()]
        return Called(done.returncode, said, self._calls.read_text().splitlines())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def as_nobody(machine: Machine) -> None:
    machine.put("id", '#!/bin/sh\n[ "$1" = -u ] && echo 1000 || echo anna\n')


def as_root(machine: Machine) -> None:
    machine.put("id", '#!/bin/sh\n[ "$1" = -u ] && echo 0 || echo root\n')


def test_without_a_tool_one_line_says_which_to_get(machine: Machine) -> None:
    as_nobody(machine)
    told = "neither podman, docker nor buildah is here: sudo apt-get install podman"
    assert machine.call() == (78, [told], [])
    as_root(machine)
    assert machine.call("--tool", "docker").said == [
        "docker is not installed: apt-get install docker.io"
    ]


@pytest.mark.parametrize(
    ("tool", "version", "least"),
    [("podman", "3.4.4", "4.0"), ("docker", "20.10.24", "23.0"), ("buildah", "1.9.1", "1.24")],
)
def test_a_tool_that_is_too_old_is_refused(
    machine: Machine, tool: str, version: str, least: str
) -> None:
    machine.put(tool)
    found = machine.call("--tool", tool, VERSION=version)
    short = ".".join(version.split(".")[:2])
    told = (
        f"{tool} {short} is too old, {least} or later is needed: install a newer one, or try --tool"
    )
    assert (found.code, found.said) == (78, [told])


def test_a_docker_that_does_not_answer_is_passed_by_unless_it_is_asked_for(
    machine: Machine,
) -> None:
    machine.put("docker")
    assert machine.call(AWAY="1").said[0].startswith("neither podman, docker nor buildah is here")
    found = machine.call("--tool", "docker", AWAY="1")
    told = "docker's service does not answer: is it running, and are you in the group docker?"
    assert (found.code, found.said) == (78, [told])


def test_who_is_not_root_is_told_how_to_be_let_in(machine: Machine) -> None:
    machine.put("podman")
    as_nobody(machine)
    found = machine.call(AWAY="1")
    assert found.code == 78
    assert found.said == [
        "podman cannot work as anna here: call it by sudo, or give that user numbers to give away:",
        "    sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 anna",
    ]
    as_root(machine)
    assert machine.call(AWAY="1").said == ["podman cannot work here: a long story"]


def test_without_a_registry_something_must_make_a_base(machine: Machine) -> None:
    machine.put("podman")
    as_nobody(machine)
    none = machine.call("--build")
    assert none.code == 69
    assert none.said[-1] == (
        "no registry answers, and nothing here makes a base of Debian's packages: "
        "sudo apt-get install mmdebstrap"
    )
    machine.put("debootstrap")
    alone = machine.call("--build")
    assert alone.code == 78
    assert alone.said[-1].endswith("as root alone: call it by sudo, or install mmdebstrap.")


def test_where_debians_packages_cannot_be_had_their_words_are_told(machine: Machine) -> None:
    machine.put("podman")
    machine.put("mmdebstrap", "#!/bin/sh\necho 'E: no such host'\nexit 25\n")
    found = machine.call("--build")
    assert found.code == 69
    assert found.said[-2:] == [
        "E: no such host",
        f"Debian's packages cannot be had from {MIRROR}; the lines above say why.",
    ]


def test_a_base_that_was_named_is_taken_or_nothing(machine: Machine) -> None:
    machine.put("podman")
    machine.put("mmdebstrap", "#!/bin/sh\nexit 0\n")
    found = machine.call("--build", "--base", "registry.example.org/python:3.12")
    assert found.code == 69
    assert found.said[-2:] == [
        "the base registry.example.org/python:3.12 cannot be had: dial tcp: no such host",
        "without --base one is made of Debian's own packages.",
    ]


def test_a_base_that_will_not_do_is_told_in_one_line(machine: Machine) -> None:
    machine.put("podman")
    told = (
        "the base alpine:3 lacks python3-venv tini and has no apt-get to bring that; name another"
    )
    built = f"+ refuse 'the base $BASE has'\nmtdata: {told} by --build-arg BASE=IMAGE\nError: 78"
    found = machine.call("--build", KNOWN="1", CODE="1", BUILT=built)
    assert (found.code, found.said[-1]) == (78, f"{told} by --base IMAGE")
    other = machine.call("--build", KNOWN="1", CODE="1", BUILT="no space left")
    assert other.code == 69
    assert other.said[-2:] == [
        "no space left",
        "the image could not be built: the lines above say why; nothing else was changed.",
    ]


def test_what_it_stands_on_and_what_it_is_are_handed_to_the_tool(machine: Machine) -> None:
    machine.put("podman")
    index = {"PIP_INDEX_URL": "https://anna:hunter2@index.example.org/simple"}
    words = ("--build", "--throwaway", "--extras", "served")
    found = machine.call(*words, KNOWN="1", **index)
    assert found.code == 0, found
    assert "hunter2" not in "".join(found.calls), "it would be in the list of processes"
    [built] = [one for one in found.calls if one.startswith("podman build")]
    for words in (
        "--format docker",
        "BASE=docker.io/library/python:3.12-slim",
        "EXTRAS=served",
        "--build-arg PIP_INDEX_URL ",
        "-t localhost/mtdata:latest",
        f"-f {ROOT}/Containerfile {ROOT}",
    ):
        assert words in built
    assert re.search(r"VERSION=\d+\.\d+", built), built
    assert "podman pull" not in " ".join(found.calls), "it is there"
    assert found.said[-1] == "localhost/mtdata:latest: 500 MB, 0 MB of that over its base"


def test_without_a_registry_a_base_is_made_of_packages(machine: Machine) -> None:
    machine.put("podman")
    machine.put("mmdebstrap", '#!/bin/sh\necho "mmdebstrap $*" >>"$CALLS"\n')
    found = machine.call("--build")
    assert found.code == 0, found
    [made] = [one for one in found.calls if one.startswith("mmdebstrap")]
    assert "--include=python3,ca-certificates,tzdata" in made
    [built] = [one for one in found.calls if one.startswith("podman build")]
    assert "BASE=localhost/mtdata-base:bookworm" in built


def test_buildah_builds_and_runs_nothing(machine: Machine) -> None:
    machine.put("buildah")
    found = machine.call(KNOWN="1")
    assert found.code == 78
    assert "buildah runs nothing, so it was not tried" in found.said[-1]
    assert machine.call("--build", KNOWN="1").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--puild"], "there is no --puild; the first lines of bin/image have every word"),
        (["--tag"], "--tag wants a word behind it"),
        (["--tool", "kaniko"], "--tool takes podman, docker or buildah"),
    ],
)
def test_wrong_words_are_told(machine: Machine, words: list[str], told: str) -> None:
    assert machine.call(*words) == (64, [told], [])


def instruction(name: str) -> list[str]:
    """What stands behind that word in the last stage."""
    last = CONTAINERFILE.replace("\\\n", "").rpartition("\nFROM ")[2]
    return [line.partition(" ")[2] for line in last.splitlines() if line.startswith(f"{name} ")]


def test_the_image_runs_as_a_user_of_its_own_with_a_fixed_number() -> None:
    assert instruction("USER")[-1] == f"{USER}:{USER}"
    assert f"mtdata:x:{USER}:{USER}:" in CONTAINERFILE
    assert f"chown {USER}:{USER} /etc/mtdata /var/lib/mtdata" in CONTAINERFILE


def test_the_image_says_what_it_is_and_how_it_is_begun() -> None:
    [labels] = instruction("LABEL")
    for name in ("title", "description", "version", "revision", "source", "licenses"):
        assert f"org.opencontainers.image.{name}=" in labels
    assert instruction("ENTRYPOINT") == ['["/usr/bin/tini", "--", "mtdata"]']
    assert instruction("CMD") == ['["daemon"]']
    assert [one.partition("CMD ")[2] for one in instruction("HEALTHCHECK")] == [
        '["mtdata", "health"]'
    ]


def test_nothing_of_this_checkout_gets_into_a_build_but_the_program() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    words = [line for line in lines if line and not line.startswith("#")]
    assert words[0] == "*"
    last_let_in = max(place for place, word in enumerate(words) if word.startswith("!"))
    assert words.index("config/*.config") > last_let_in, "the last word counts"
    let_in = {word[1:] for word in words if word.startswith("!")}
    assert not {"keys", "logs", "deploy", ".git", ".venv", "tests"} & let_in
    assert "deploy/pinned.py" in let_in


PINS = """\
# made by somebody
Django==5.2.9 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via mtdata-collect
pyarrow==26.0.1 ; python_version < "3.14" \\
    --hash=sha256:cc
"""


def pinned(tmp_path: Path, *names: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "constraints.txt").write_text(PINS)
    plan = {"install": [{"metadata": {"name": name}} for name in ("mtdata-collect", *names)]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    words = [str(tmp_path / "constraints.txt"), *([str(tmp_path / "plan.json")] if names else [])]
    return subprocess.run(
        [sys.executable, "-I", str(ROOT / "deploy" / "pinned.py"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_image_has_the_releases_of_a_checkout_each_by_its_hashes(tmp_path: Path) -> None:
    assert pinned(tmp_path).stdout.splitlines() == [
        "Django==5.2.9",
        'pyarrow==26.0.1 ; python_version < "3.14"',
    ]
    assert pinned(tmp_path, "django").stdout.splitlines() == [
        "Django==5.2.9 --hash=sha256:aa --hash=sha256:bb"
    ]
    unproven = pinned(tmp_path, "django", "left_pad")
    assert (unproven.returncode, unproven.stderr) == (
        65, "mtdata: constraints.txt lacks left-pad\n"
    )  # fmt: skip
