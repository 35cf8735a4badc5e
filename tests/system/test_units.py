"""The units for systemd, held against systemd's own programs, the program and what people are told.

It starts no service: that needs a running systemd.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mtdata.config.daemon import DaemonConfig
from mtdata.config.loading import load
from mtdata.config.samples import write_samples
from mtdata.daemon.units import USUAL, unit_files
from tests.conftest import requires_program
from tests.system.home import ROOT

UNITS = ROOT / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
NAMES = [*SERVICES, *(path.name for end in ("timer", "socket") for path in UNITS.glob(f"*.{end}"))]
GUIDE = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
HOME = "/var/lib/mtdata"
systemd = requires_program("systemd-analyze", "sudo apt-get install systemd")


def settings(name: str) -> list[tuple[str, str]]:
    """The settings of a unit, in order."""
    lines = (UNITS / name).read_text(encoding="utf-8").splitlines()
    return [(key, value) for key, eq, value in (line.partition("=") for line in lines) if eq]


def values(name: str, key: str) -> list[str]:
    """All values of one setting, without those in comments."""
    return [value for found, value in settings(name) if found == key]


def installed(root: Path, files: Mapping[str, str], program: str) -> Path:
    """The root of a machine with systemd's own units, these files and the program."""
    shutil.copytree("/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    (root / "lib").symlink_to("usr/lib")
    (root / "etc/systemd/system").mkdir(parents=True)
    for name, text in files.items():
        (root / "etc/systemd/system" / name).write_text(text, encoding="utf-8")
    for path in (program, "/bin/kill"):
        (root / path[1:]).parent.mkdir(parents=True)
    shutil.copy("/bin/sh", root / "bin")
    shutil.copy(ROOT / "bin" / "mtdata", root / program[1:])
    shutil.copy(shutil.which("kill") or "/bin/kill", root / "bin")
    return root


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine on which ours are installed as people are told."""
    files = {name: (UNITS / name).read_text(encoding="utf-8") for name in NAMES}
    return installed(tmp_path_factory.mktemp("machine"), files, "/opt/mtdata/bin/mtdata")


def verified(machine: Path, name: str) -> tuple[int, str]:
    """What systemd-analyze says of an installed unit."""
    unit = name.replace("@.", "@1.")
    words = ["systemd-analyze", "verify", "--man=no", f"--root={machine}", unit]
    ended = subprocess.run(words, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


@systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_has_nothing_to_say_of_a_unit(machine: Path, name: str) -> None:
    assert verified(machine, name) == (0, "")


ODD = '/srv/a b/50% "of" it\'s $HOME/Ünïcode\\x'


@systemd
def test_systemd_has_nothing_to_say_of_units_for_the_oddest_place(tmp_path: Path) -> None:
    program = f"{ODD}/bin/mtdata"
    place = replace(
        USUAL, program=(program,), config=f"{ODD}/config", writable=(f"{ODD} too",), guide=ODD
    )
    files = {name: text for name, text in unit_files(place).items() if name in NAMES}
    assert set(files) == set(NAMES)
    machine = installed(tmp_path, files, program)
    said = {name: verified(machine, name) for name in NAMES}
    assert said == dict.fromkeys(NAMES, (0, ""))


@systemd
def test_systemd_finds_the_program_by_the_quoted_path_alone(tmp_path: Path) -> None:
    program = "/srv/a b;50% of $HOME/Ünïcode/bin/mtdata"  # with quotes in it the shell finds it
    files = unit_files(replace(USUAL, program=(program,), config=f"{ODD}/config"))
    name = "mtdata.service"
    machine = installed(tmp_path, {name: files[name]}, program)
    (machine / program[1:]).unlink()
    code, told = verified(machine, name)
    assert code != 0
    assert f"Command {program} is not executable" in told


@systemd
def test_systemd_would_say_what_is_wrong(machine: Path) -> None:
    unit = machine / "etc/systemd/system" / "wrong.service"
    unit.write_text("[Service]\nNonsense=1\nExecStart=/not/there\n", encoding="utf-8")
    code, said = verified(machine, unit.name)
    assert code != 0
    assert "Nonsense" in said
    assert "/not/there" in said


@systemd
def test_the_backoff_is_known_to_systemd_or_left_out_by_it(machine: Path) -> None:
    folder = machine / "etc/systemd/system" / "mtdata.service.d"
    folder.mkdir()
    shutil.copy(UNITS / "mtdata-backoff.conf", folder / "backoff.conf")
    _, said = verified(machine, "mtdata.service")
    shutil.rmtree(folder)
    told = re.findall(r"Unknown key (?:name )?'(\w+)' in section .?Service.?, ignoring", said)
    assert told == [] or told == ["RestartSteps", "RestartMaxDelaySec"]  # before systemd 254
    assert len(said.splitlines()) == len(told)


@systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_exposed_to_at_most_two_of_ten(name: str) -> None:
    words = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20"]
    ended = subprocess.run([*words, str(UNITS / name)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-300:] + ended.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_alike(name: str) -> None:
    first = "UMask"
    lines = settings("mtdata.service")
    start = next(at for at, (key, _) in enumerate(lines) if key == first)
    wanted = [line for line in lines[start:] if line[0] != "WantedBy"]
    assert len(wanted) > 25
    assert [line for line in settings(name) if line in wanted] == wanted


@requires_program("systemd-sysusers", "sudo apt-get install systemd")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make users; .ci/run is root")
def test_the_user_and_the_folders_are_made_as_the_units_want_them(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for program, file in (
        (["systemd-sysusers"], "mtdata.sysusers"),
        (["systemd-tmpfiles", "--create"], "mtdata.tmpfiles"),
    ):
        words = [*program, f"--root={tmp_path}", str(UNITS / file)]
        ended = subprocess.run(words, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    [user] = (tmp_path / "etc/passwd").read_text(encoding="utf-8").splitlines()
    name, _, uid, _, _, at_home, shell = user.split(":")
    assert (name, at_home, Path(shell).name) == ("mtdata", HOME, "nologin")
    home = tmp_path / HOME[1:]
    folders = [home, *home.iterdir()]
    assert {path.name for path in folders} == {"mtdata", "config", "keys", "data", "logs", "state"}
    for folder in folders:
        assert (folder.stat().st_mode & 0o7777, folder.stat().st_uid) == (0o700, int(uid)), folder


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_this_program_for_that_user_in_that_home(name: str) -> None:
    [command] = values(name, "ExecStart")
    program, option, config, *words = shlex.split(command)
    assert (program, option, config) == ("/opt/mtdata/bin/mtdata", "--config", f"{HOME}/config")
    assert os.access(ROOT / "bin" / "mtdata", os.X_OK)
    known = (["daemon"], ["daemon", "--once"], ["web", "--host", "127.0.0.1"], ["runner"])
    assert words in known
    assert (values(name, "User"), values(name, "Group")) == (["mtdata"], ["mtdata"])
    assert values(name, "StateDirectory") == [Path(HOME).name]
    assert values(name, "WorkingDirectory") == [HOME]
    assert "MTDATA_NO_INSTALL=1" in values(name, "Environment")


@pytest.mark.parametrize("name", SERVICES)
def test_the_program_knows_the_words_that_a_unit_gives_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from mtdata.cli.main import run

    _, _, _, command, *options = shlex.split(values(name, "ExecStart")[0])
    with pytest.raises(SystemExit) as ended:
        run([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in options)


def test_the_daemon_has_longer_to_end_than_it_takes() -> None:
    [given] = values("mtdata.service", "TimeoutStopSec")
    assert int(given.removesuffix("s")) > 2 * DaemonConfig().stop_s


def test_the_daemon_is_started_again_for_ever_unless_its_words_are_wrong() -> None:
    assert values("mtdata.service", "Restart") == ["on-failure"]
    assert values("mtdata.service", "StartLimitIntervalSec") == ["0"]
    assert values("mtdata.service", "RestartPreventExitStatus") == ["64"]
    assert values("mtdata.service", "SuccessExitStatus") == ["143"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_credentials_of_a_unit_are_those_that_the_config_asks_for(
    name: str, tmp_path: Path
) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    for credential in values(name, "LoadCredentialEncrypted"):
        (given / credential).write_text(f"the {credential}\n", encoding="utf-8")
    config = tmp_path / "config"
    write_samples(config)
    server = config / "server.config"
    text = server.read_text(encoding="utf-8").replace("READY: False", "READY: True")
    key = "PRIVATE_FILE: "
    text = text.replace(f"{key}mindtrails.pem", key + "${CREDENTIALS_DIRECTORY}/mindtrails.pem")
    server.write_text(text, encoding="utf-8")
    (config / "log.config").write_text(
        "MAIL: {HOST: smtp.example.org, FROM: a@example.org, TO: b@example.org}", encoding="utf-8"
    )
    known = load(config, {"CREDENTIALS_DIRECTORY": str(given)})
    site, mail = known.site("mindtrails"), known.log.mail
    assert mail is not None
    assert site.passphrase is not None
    assert site.private_files == (given / "mindtrails.pem",)
    assert (site.user, mail.user) == ("the mindtrails.user", "the mail.user")
    secrets = (site.password, site.passphrase, mail.password)
    assert [secret.get_secret_value() for secret in secrets] == [
        "the mindtrails.pass",
        "the mindtrails.passphrase",
        "the mail.pass",
    ]


def installing() -> list[str]:
    """The commands that OPERATING.md installs the daemon with."""
    [block] = re.findall(r"## Install under systemd in six commands\n.*?```\n(.*?)```", GUIDE, re.S)
    return [line for line in re.sub(r"\\\n\s*", "", block).splitlines() if line]


def test_the_guide_installs_in_six_commands_with_files_that_are_there() -> None:
    commands = installing()
    assert len(commands) == 6
    assert "systemctl enable --now mtdata" in commands[-1]
    for path in re.findall(r"/opt/mtdata/((?:bin|systemd|docs)/[\w@.*-]+)", GUIDE):
        assert list(ROOT.glob(path)), path
    for name in re.findall(r"\bmtdata[\w-]*@?\d?\.(?:service|timer)\b", GUIDE):
        assert re.sub(r"@\d", "@", name) in NAMES, name


def test_the_guide_and_the_wrapper_have_the_same_crontab_line() -> None:
    line = "*/5 * * * * /opt/mtdata/bin/martin.sh"
    assert line in GUIDE
    assert line in (ROOT / "bin" / "martin.sh").read_text(encoding="utf-8")
