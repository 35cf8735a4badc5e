"""Where the config is looked for, which one holds, and where relative paths begin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtdata.config import folders, load, samples_folder
from mtdata.config.folders import FILES, HERE, find_folder, home_folder, usual_folders
from mtdata.core import owner, signing
from mtdata.core.errors import ConfigError


class Places:
    """A machine with a working folder, a home and a place for the whole system, all empty."""

    def __init__(self, root: Path) -> None:
        self.work, self.home = root / "work", root / "home"
        self.system, self.system_home = root / "etc" / "mtdata", root / "var" / "mtdata"
        for folder in (self.work, self.home, root / "etc", root / "var"):
            folder.mkdir()
        self.here, self.own = self.work / "config", self.home / ".config" / "mtdata"
        self.environ = {"HOME": str(self.home)}

    def put(self, folder: Path, name: str = "server.config") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("uva: {READY: False, PATH: data/uva}\n")
        return folder

    def found(self) -> Path:
        return Path(os.path.abspath(find_folder(self.environ).folder))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    made = Places(tmp_path.resolve())
    monkeypatch.chdir(made.work)
    monkeypatch.setattr(folders, "SYSTEM", made.system)
    monkeypatch.setattr(folders, "SYSTEM_HOME", made.system_home)
    return made


# ---- the first that has a file of ours


def test_it_is_looked_for_here_then_with_the_user_then_in_the_system(places: Places) -> None:
    for folder in (places.system, places.own, places.here):
        places.put(folder)
        assert places.found() == folder


@pytest.mark.parametrize("name", FILES)
def test_any_of_our_files_makes_a_config(places: Places, name: str) -> None:
    places.put(places.own)
    assert places.found() == places.own
    places.put(places.here, name)
    assert places.found() == places.here


def test_folders_with_other_files_are_passed_by(places: Places) -> None:
    for folder in (places.here, places.own):
        for name in ("app.config", "server.config.sample", "settings.yaml"):
            places.put(folder, name)
    places.put(places.system)
    assert places.found() == places.system


def test_where_there_is_none_every_place_is_named(places: Places) -> None:
    with pytest.raises(ConfigError) as caught:
        places.found()
    told = str(caught.value)
    assert caught.value.exit_code == 78
    assert f"{places.here}, {places.own}, {places.system}" in told
    for word in (*FILES, "mtdata init", "--config", "MTDATA_CONFIG", "Nothing was done"):
        assert word in told


def test_the_others_that_have_one_are_known(places: Places) -> None:
    places.put(places.system)
    assert find_folder(places.environ).others == ()
    places.put(places.here)
    assert find_folder(places.environ) == (HERE, (places.system,))
    places.put(places.own)
    assert find_folder(places.environ).others == (places.own, places.system)


def test_one_folder_by_two_ways_is_one(places: Places) -> None:
    places.put(places.system)
    places.here.symlink_to(places.system)
    assert find_folder(places.environ) == (HERE, ())
    assert usual_folders(places.environ) == [HERE, places.own]


def test_xdg_config_home_says_where_a_users_config_lies(places: Places) -> None:
    elsewhere = places.put(places.home / "elsewhere" / "mtdata")
    places.put(places.own)
    places.environ["XDG_CONFIG_HOME"] = str(elsewhere.parent)
    assert places.found() == elsewhere
    for odd in ("", "elsewhere", "~/elsewhere"):  # by the specification these do not count
        places.environ["XDG_CONFIG_HOME"] = odd
        assert places.found() == places.own


def test_without_home_the_system_says_where_it_is(places: Places) -> None:
    import pwd

    own = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".config" / "mtdata"
    assert usual_folders({}) == [HERE, own, places.system]


def test_a_file_that_leads_nowhere_is_a_config_whose_fault_is_told(places: Places) -> None:
    places.put(places.system)
    places.here.mkdir()
    (places.here / "server.config").symlink_to(places.work / "gone")
    assert places.found() == places.here


def test_a_folder_that_is_hidden_from_us_is_not_passed_by(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.put(places.own)
    real = os.lstat

    def lstat(path: Path) -> os.stat_result:
        if Path(path).parent == HERE:  # as for whoever is not root
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert places.found() == places.here


def test_a_config_that_others_may_write_is_refused_and_not_passed_by(places: Places) -> None:
    places.put(places.system)
    (places.put(places.own) / "server.config").chmod(0o622)
    with pytest.raises(ConfigError, match="others may write it"):
        load(places.found(), places.environ)


# ---- where relative paths begin


def test_it_is_the_folder_above_the_config(places: Places) -> None:
    places.put(places.here)
    settings = load(HERE, places.environ)
    assert settings.home == places.work
    assert settings.sites[0].path == places.work / "data" / "uva"
    named = places.put(places.home / "study" / "config")
    assert load(named, places.environ).home == places.home / "study"


def test_of_a_users_or_the_systems_config_it_is_where_files_belong(places: Places) -> None:
    share = places.home / ".local" / "share" / "mtdata"
    assert load(places.put(places.own), places.environ).home == share
    assert load(places.put(places.system), places.environ).home == places.system_home
    places.environ["XDG_DATA_HOME"] = str(places.home / "files")
    assert load(places.own, places.environ).home == places.home / "files" / "mtdata"


@pytest.mark.parametrize(
    "used",
    [
        *(f"state/{name}" for name in (*owner.STATE, "place-1234")),
        *(f"logs/{name}" for name in owner.LOGS),
        f"keys/{signing.PRIVATE}",
        "pool/ledger.sqlite3",
        "data/uva/ledger.sqlite3",
    ],
)
def test_who_used_the_folder_above_such_a_config_goes_on_there(places: Places, used: str) -> None:
    for folder in (places.own, places.system):
        places.put(folder)
        before = home_folder(folder, places.environ)
        made = folder.parent / used
        made.parent.mkdir(parents=True)
        made.touch()
        assert home_folder(folder, places.environ) == folder.parent != before
        assert load(folder, places.environ).sites[0].path == folder.parent / "data" / "uva"


def test_what_others_have_there_is_no_use_of_ours(places: Places) -> None:
    places.put(places.system)
    for name in ("state/other", "logs/syslog", "keys/ssh.pem"):
        made = places.system.parent / name
        made.parent.mkdir()
        made.touch()
    assert load(places.system, places.environ).home == places.system_home


def test_the_samples_lie_within_the_package(places: Places) -> None:
    assert samples_folder().parts[-3:] == ("mtdata", "config", "samples")
    assert {f"{name}.sample" for name in FILES} <= set(os.listdir(samples_folder()))
