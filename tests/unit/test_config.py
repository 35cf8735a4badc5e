"""What config files may say; never needs a network, a key or a pool."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mtdata.config import Settings, SiteConfig, load
from mtdata.core.errors import ConfigError, UsageError
from tests.unit.config_folder import SECRET, Folder, keys, one


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


# ---- what is read


def test_a_minimal_site_has_the_documented_defaults(folder: Folder) -> None:
    site = one(folder)
    assert (site.name, site.ready, site.delete_mode, site.kind) == (
        "uva",
        True,
        False,
        "mindtrails",
    )
    assert (site.server, site.user, site.password.get_secret_value()) == (
        "https://uva.example.org/api",
        "admin",
        SECRET,
    )
    assert (site.passphrase, site.private_files, site.timezone) == (None, (), None)
    assert (site.date_format, site.time_format) == ("%b_%d_%Y", "%H_%M_%S")
    assert site.path == folder.home / "data/uva"
    assert (site.every_s, site.static_at) == (300, time(3, 30))
    assert (site.timeout_s, site.connect_timeout_s) == (60, 10)
    assert (site.max_response_bytes, site.max_records) == (2048 * 1024 * 1024, None)
    assert (site.delete_limit, site.delete_connections, site.replicas) == (20000, 64, ())
    assert (site.drift, site.padding, site.encryption) == ("rewrite", "pkcs1", "rsa")


def test_every_key_is_read(folder: Folder) -> None:
    site = one(
        folder,
        NAME="Uva-2",
        DELETE_MODE=True,
        KIND="folder",
        PRIVATE_FILE=["a.pem", "/etc/b.key"],
        DATE_FORMAT="%Y-%j",
        TIME_FORMAT="%I%M%S%p",
        TIMEZONE="America/New_York",
        EVERY="2h",
        STATIC_AT="13:05",
        TIMEOUT="1.5",
        CONNECT_TIMEOUT="90s",
        MAX_RESPONSE_MB=0.5,
        MAX_RECORDS=50000,
        DELETE_LIMIT=1,
        DELETE_CONNECTIONS=128,
        DRIFT="hold",
        PADDING="none",
        ENCRYPTION="off",
    )
    assert (site.name, site.delete_mode, site.kind) == ("Uva-2", True, "folder")
    assert site.private_files == (folder.home / "keys/a.pem", Path("/etc/b.key"))
    assert (site.date_format, site.time_format) == ("%Y-%j", "%I%M%S%p")
    assert site.timezone == ZoneInfo("America/New_York")
    assert (site.every_s, site.static_at) == (7200, time(13, 5))
    assert (site.timeout_s, site.connect_timeout_s) == (1.5, 90)
    assert (site.max_response_bytes, site.max_records) == (524288, 50000)
    assert (site.delete_limit, site.delete_connections) == (1, 128)
    assert (site.drift, site.padding, site.encryption) == ("hold", "none", "off")


def test_a_list_of_sites_each_with_its_name_is_read_in_order(folder: Folder) -> None:
    settings = folder.server(
        [keys(NAME="b", PATH="b"), keys(NAME="a", PATH="a", READY=False)]
    ).load()
    assert [site.name for site in settings.sites] == ["b", "a"]


def test_the_name_in_the_mapping_form_defaults_to_its_key_also_when_empty(folder: Folder) -> None:
    assert one(folder).name == "uva"
    assert one(folder, NAME=None).name == "uva"
    assert folder.server({2018: keys()}).load().sites[0].name == "2018"


def test_home_is_the_folder_above_even_for_a_relative_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.server({"uva": keys()})
    monkeypatch.chdir(folder.path)
    assert load(Path("."), {}).home == folder.home
    assert load(Path("../config"), {}).folder == folder.path


@pytest.mark.parametrize(
    ("text", "password"),
    [("0123", "0123"), ("12:30:45", "12:30:45"), ("no", "no"), ("1_0", "1_0"), ("=", "=")],
)
def test_a_plain_password_stays_what_was_written(folder: Folder, text: str, password: str) -> None:
    folder.server(
        f"uva:\n  READY: yes\n  SERVER: https://h\n  USER: off\n  PASS: {text}\n  PATH: p\n"
    )
    site = folder.load().sites[0]
    assert (site.user, site.password.get_secret_value()) == ("off", password)


@pytest.mark.parametrize(
    ("text", "day_time"), [("13:30", time(13, 30)), ("03:30", time(3, 30)), ("0:00", time(0))]
)
def test_an_unquoted_time_of_day_is_understood(folder: Folder, text: str, day_time: time) -> None:
    folder.server(f"uva:\n  READY: False\n  PATH: p\n  STATIC_AT: {text}\n")
    assert folder.load().sites[0].static_at == day_time


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("off", "off"),
        ("OFF", "off"),
        ("False", "off"),
        ("on", "rsa"),
        ("True", "rsa"),
        ("RSA", "rsa"),
    ],
)
def test_encryption_is_understood_bare_and_quoted(folder: Folder, text: str, mode: str) -> None:
    for written in (text, f'"{text}"'):
        folder.server(f"uva:\n  READY: False\n  PATH: p\n  ENCRYPTION: {written}\n")
        assert folder.load().sites[0].encryption == mode


def test_encryption_may_be_a_yaml_boolean_for_one_who_builds_a_site_in_code() -> None:
    for value, mode in ((False, "off"), (True, "rsa")):
        site = SiteConfig.model_validate(
            {"name": "a", "ready": False, "path": "/p", "encryption": value}
        )
        assert site.encryption == mode


@pytest.mark.parametrize(
    ("value", "length"),
    [(300, 300), ("90s", 90), ("5m", 300), ("5 m", 300), ("2h", 7200), ("1d", 86400), ("1.5m", 90)],
)
def test_a_duration_is_seconds_or_has_a_unit(folder: Folder, value: object, length: int) -> None:
    assert one(folder, EVERY=value).every_s == length


def test_sites_can_share_keys_through_yaml_merging(folder: Folder) -> None:
    folder.server(
        "a: &a\n  READY: False\n  DRIFT: hold\n  PATH: a\nb:\n  <<: *a\n  NAME: b\n  PATH: b\n"
    )
    assert [(site.name, site.drift) for site in folder.load().sites] == [
        ("a", "hold"),
        ("b", "hold"),
    ]


def test_a_site_survives_pickling_for_worker_processes(folder: Folder) -> None:
    site = one(folder)
    assert pickle.loads(pickle.dumps(site)) == site


def test_a_site_and_the_settings_cannot_be_changed(folder: Folder) -> None:
    settings = folder.server({"uva": keys()}).load()
    for target, attribute in ((settings, "home"), (settings.sites[0], "delete_mode")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(target, attribute, True)


# ---- names and places


def test_two_sites_must_differ_in_more_than_case_or_dashes(folder: Folder) -> None:
    for first, second in (("uva", "UVA"), ("u-va", "u_va")):
        lines = folder.server({first: keys(PATH="a"), second: keys(PATH="b")}).faults()
        assert len(lines) == 1
        assert f"site {second}: NAME: " in lines[0]
        assert lines[0].endswith(f"found that of site {first}")


def test_the_same_name_twice_in_a_list_is_a_fault(folder: Folder) -> None:
    lines = folder.server([keys(NAME="a", PATH="a"), keys(NAME="a", PATH="b")]).faults()
    assert len(lines) == 1
    assert "site a (number 2): NAME: " in lines[0]
    assert "site a (number 1)" in lines[0]


def test_a_site_in_a_list_needs_a_name(folder: Folder) -> None:
    lines = folder.server([keys(PATH="a"), keys(PATH="b")]).faults()
    assert len(lines) == 2
    assert "site number 1: NAME: allowed is 1 to 64 letters" in lines[0]
    assert "found nothing" in lines[0]


def test_two_sites_must_not_share_a_folder_however_it_is_written(folder: Folder) -> None:
    (folder.home / "link").symlink_to(folder.home / "data")
    for path in ("data/uva", "data/x/../uva/", "link/uva", str(folder.home / "data/uva")):
        lines = folder.server({"uva": keys(), "other": keys(PATH=path)}).faults()
        assert len(lines) == 1
        assert (
            "site other: PATH: allowed is a folder of its own; found that of site uva" in lines[0]
        )


def test_a_path_is_taken_from_home_and_a_tilde_is_expanded(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert one(folder, PATH="pool/../x").path == folder.home / "x"
    assert one(folder, PATH="~/pool").path == Path("/home/somebody/pool")
    assert one(folder, PATH="/srv/pool").path == Path("/srv/pool")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a.pem", ["keys/a.pem"]),
        ("a", ["keys/a"]),
        (["a.pem", "b.pem", "a.pem"], ["keys/a.pem", "keys/b.pem"]),
        (["a.pem", None], ["keys/a.pem"]),
        ("old/a.pem", ["old/a.pem"]),
        ("/etc/a.pem", ["/etc/a.pem"]),
    ],
)
def test_a_bare_key_name_is_looked_for_in_keys(
    folder: Folder, written: object, found: list[str]
) -> None:
    expected = tuple(folder.home / name for name in found)
    assert one(folder, PRIVATE_FILE=written).private_files == expected


# ---- which sites


def three(folder: Folder) -> Settings:
    ready: Mapping[str, bool] = {"uva": True, "old": False, "new": True}
    return folder.server({name: keys(READY=flag, PATH=name) for name, flag in ready.items()}).load()


def test_a_dot_chooses_every_ready_site(folder: Folder) -> None:
    assert [site.name for site in three(folder).chosen(".")] == ["uva", "new"]


def test_a_name_chooses_one_site_if_it_is_ready(folder: Folder) -> None:
    assert [site.name for site in three(folder).chosen("new")] == ["new"]
    with pytest.raises(ConfigError, match=r"site old: READY is False.*set READY: True"):
        three(folder).chosen("old")
    assert three(folder).site("old").name == "old"


def test_a_dot_without_a_ready_site_is_a_config_fault(folder: Folder) -> None:
    settings = folder.server({"uva": keys(READY=False)}).load()
    with pytest.raises(ConfigError, match="no site is READY; set READY: True for one of uva"):
        settings.chosen(".")


@pytest.mark.parametrize(("word", "meant"), [("UVA", "uva"), ("uav", "uva"), ("newer", "new")])
def test_an_unknown_site_is_a_usage_error_with_the_known_ones(
    folder: Folder, word: str, meant: str
) -> None:
    with pytest.raises(UsageError) as caught:
        three(folder).chosen(word)
    assert str(caught.value) == (
        f"server.config has no site named '{word}'; it has uva, old, new. Did you mean {meant}?"
    )
