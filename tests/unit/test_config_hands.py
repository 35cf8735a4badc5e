"""Who may change the config, and what a config may begin in every process."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mtdata.config import check, hands
from mtdata.config.folders import FILES
from mtdata.core import ownership
from mtdata.core.errors import ConfigError
from tests.owners import OTHER, is_root, pretend
from tests.system.home import dead_mount
from tests.unit.config_folder import Folder, keys


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.path.chmod(0o700)
    return made.server({"uva": keys()})


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o664, 0o666, 0o777])
@pytest.mark.parametrize("name", ["server.config", "log.config", ""])
def test_a_config_that_others_may_write_is_refused_with_the_line_that_mends_it(
    folder: Folder, mode: int, name: str
) -> None:
    path = folder.file("log.config", {}).path / name
    path.chmod(mode | (0o700 if not name else 0))
    [fault] = folder.faults()
    assert fault.startswith(f"{path}: ")
    assert ("others" if mode & 0o002 else "its group") in fault
    command = "chmod" + fault.partition("chmod")[2]
    subprocess.run(command.split(), check=True)
    assert folder.load().sites


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o644, 0o755])
def test_one_that_others_may_only_read_is_taken_and_check_tells_of_it(
    folder: Folder, mode: int
) -> None:
    file = folder.path / "server.config"
    file.chmod(mode)
    folder.path.chmod(0o755)
    found = check._check_readers(folder.load().folder)
    assert len(found) == bool(mode & 0o004)
    for one in found:
        assert (one.verdict, one.exit) == ("odd", 0)
        assert f"chmod o-r {file}" in one.told
    folder.path.chmod(0o700)  # nobody gets in
    assert check._check_readers(folder.load().folder) == []


def test_every_file_of_the_folder_is_looked_at(folder: Folder) -> None:
    for name in FILES[1:]:
        folder.file(name, {})
        (folder.path / name).chmod(0o622)
    faults = folder.faults()
    assert [name for name in FILES if any(str(folder.path / name) in one for one in faults)] == [
        *FILES[1:]
    ]


def test_so_is_where_a_link_leads_to(folder: Folder, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (folder.path / "server.config").rename(there / "real")
    (folder.path / "server.config").symlink_to(there / "real")
    assert folder.load().sites
    there.chmod(0o777)
    [fault] = folder.faults()
    assert fault.startswith(f"{there}: others may write it")


def _belongs_to(path: Path, uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_root():
        os.chown(path, uid, -1)
        return
    real = os.stat

    def stat_of(one: Any, *more: Any, **how: Any) -> os.stat_result:
        found = real(one, *more, **how)
        fields = [*found[:4], uid, *found[5:10]]
        return os.stat_result(fields) if one == path else found

    monkeypatch.setattr(os, "stat", stat_of)


@pytest.mark.parametrize("name", ["server.config", ""])
def test_a_config_of_neither_us_nor_root_is_refused(
    folder: Folder, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.path / name
    _belongs_to(path, OTHER, monkeypatch)
    [fault] = folder.faults()
    assert f"{path}: it belongs to #{OTHER}" in fault
    assert f"sudo -u '#{OTHER}'" in fault
    with monkeypatch.context() as patch:
        pretend(patch, OTHER)
        _belongs_to(path, 0, patch)  # root's is taken by everybody
        assert not [one for one in map(hands.strange_hands, [path]) if one]


def test_where_neither_owner_nor_mode_means_anything_nothing_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "server.config").chmod(0o666)
    with monkeypatch.context() as patch:
        patch.setattr(ownership, "_kind_of_disk", lambda path: "vboxsf")
        assert folder.load().sites
    real = os.statvfs(folder.path)
    fields = [real[at] for at in range(real.n_sequence_fields)]
    fields[8] |= os.ST_RDONLY  # a ConfigMap of Kubernetes
    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda path: os.statvfs_result(fields))
        assert folder.load().sites
    assert len(folder.faults()) == 1


BEGUN = [
    {"handlers": {"x": {"()": "subprocess.Popen", "args": ["touch", "mark"]}}},
    {"formatters": {"x": {"()": "subprocess.Popen", "args": ["touch", "mark"]}}},
    {"filters": {"x": {"()": "subprocess.Popen", "args": ["touch", "mark"]}}},
    {"handlers": {"x": {"class": "subprocess.Popen", "args": ["touch", "mark"]}}},
    {"handlers": {"x": {"class": "logging.os.system", "command": "touch mark"}}},
    {"handlers": {"x": {"class": "logging.config.listen"}}},
    {"handlers": {"x": {"class": "mtdata.logs.files.os.system", "command": "touch mark"}}},
    {"handlers": {"x": {"class": "mtdata.core.disk.FolderDisk", "root": "/"}}},
    {"formatters": {"x": {"class": "subprocess.Popen"}}},
    {"handlers": {"x": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}}},
    {"handlers": {"x": {"class": "logging.StreamHandler", ".owner": ["ext://os.environ"]}}},
    {"handlers": {"x": {"class": "logging.handlers.QueueHandler", "queue": "antigravity.x"}}},
    {"handlers": {"x": {"class": "logging.handlers.QueueHandler", "listener": "a.b"}}},
    {"handlers": {"x": {"class": "logging.NullHandler", "y": [{"()": "subprocess.Popen"}]}}},
]


@pytest.mark.parametrize("config", BEGUN)
def test_a_log_config_begins_nothing_but_classes_of_the_log(
    folder: Folder, config: dict[str, Any]
) -> None:
    [fault] = folder.file("log.config", {"LOGGING": {"version": 1, **config}}).faults()
    assert fault.startswith(f"{folder.path / 'log.config'}: LOGGING: ")
    assert "allowed" in fault
    for secret in ("Popen", "touch", "antigravity", "os.system"):
        assert secret not in fault


def test_handlers_of_the_library_and_of_ours_are_taken(folder: Folder) -> None:
    classes = (
        *("logging.StreamHandler", "logging.FileHandler", "logging.handlers.SysLogHandler"),
        *("logging.handlers.RotatingFileHandler", "mtdata.logs.NightlyFile"),
    )
    handlers = {f"h{n}": {"class": name} for n, name in enumerate(classes)}
    formatters = {"f": {"class": "mtdata.logs.LineFormatter"}, "g": {"format": "%(message)s"}}
    config = {"version": 1, "handlers": handlers, "formatters": formatters}
    assert folder.file("log.config", {"LOGGING": config}).load().log.logging == config


def test_a_new_config_is_its_owners_alone(tmp_path: Path) -> None:
    from mtdata.config.samples import write_samples

    made = write_samples(tmp_path / "config")
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert [
        one for path in [*made, tmp_path / "config"] if (one := hands.strange_hands(path))
    ] == []


def test_a_folder_that_is_hidden_is_a_config_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path).server({"uva": keys()})
    folder.load()
    dead_mount(monkeypatch, tmp_path / "config", errno.EACCES)
    with pytest.raises(ConfigError, match=r"recovery\.config: cannot be read"):
        folder.load()
