"""What bad values get: one line each, all at once; never a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtdata.config.changes import changes
from tests.unit.config_folder import SECRET, Folder, fault, keys, one


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


# ---- SERVER


@pytest.mark.parametrize(
    "written",
    [
        "https://h/api/export",
        "https://h/api/export/",
        "https://h/api/",
        "https://h/api",
        "HTTPS://H/api",
    ],
)
def test_an_address_is_the_same_with_and_without_its_export(folder: Folder, written: str) -> None:
    assert one(folder, SERVER=written).server == "https://h/api"


@pytest.mark.parametrize(
    ("written", "insecure"),
    [
        ("https://h/api", False),
        ("http://h/api", True),
        ("http://10.0.0.1", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.9/api", False),
        ("http://[::1]:80/api", False),
        ("http://localhost.evil.org", True),
    ],
)
def test_clear_text_over_a_network_is_called_insecure(
    folder: Folder, written: str, insecure: bool
) -> None:
    assert one(folder, SERVER=written).insecure is insecure


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("ftp://h/api", "must begin with https://"),
        ("h/api", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://h:99999/api", "host or port is not valid"),
        ("https://h:x/api", "host or port is not valid"),
        ("https://[::1/api", "host or port is not valid"),
        ("https://h/a b", "no spaces"),
        ("https://h\\api", "backslashes"),
        ("https://h/api\t", "control characters"),
        ("https://me:hunter2@h/api", "belong to USER and PASS"),
        ("https://me@h/api", "belong to USER and PASS"),
        ("https://h/api?token=hunter2", "a ? or # part"),
        ("https://h/api#hunter2", "a ? or # part"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(
    folder: Folder, written: str, reason: str
) -> None:
    line = fault(folder, SERVER=written)
    assert line.startswith("site uva: SERVER: allowed is a URL such as https://host/api/")
    assert reason in line
    assert "hunter2" not in line


# ---- bad input, key by key


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("READY", "maybe", "True or False"),
        ("READY", ..., "True or False"),
        ("DELETE_MODE", "maybe", "True or False"),
        ("KIND", "Big Kind", "the name of a collector"),
        ("NAME", "../uva", "1 to 64 letters"),
        ("NAME", "-uva", "1 to 64 letters"),
        ("NAME", "u" * 65, "1 to 64 letters"),
        ("NAME", "uvä", "1 to 64 letters"),
        ("USER", ["a"], "the account's name"),
        ("PASS", {"a": "b"}, "the account's password"),
        ("PATH", ..., "the folder of the pool"),
        ("PATH", ["a"], "the folder of the pool"),
        ("PATH", "~nobody-of-that-name/x", "the folder of the pool"),
        ("PATH", "a\0b", "the folder of the pool"),
        ("PRIVATE_FILE", {"a": "b"}, "a key file's name"),
        ("PRIVATE_FILE", [["a.pem"]], "a key file's name"),
        ("DATE_FORMAT", "%b_%d", "(it lacks the year)"),
        ("DATE_FORMAT", "%b_%Y", "(it lacks the day or the month"),
        ("DATE_FORMAT", "%d_%Y", "(it lacks the day or the month"),
        ("DATE_FORMAT", "today", "(it lacks the year)"),
        ("DATE_FORMAT", "%d/%m/%Y", "no slash"),
        ("DATE_FORMAT", "%d..%m%Y", "no slash"),
        ("DATE_FORMAT", "%d%m%Y\0", "no slash"),
        ("DATE_FORMAT", "%d%m%Y\n", "no slash"),
        ("DATE_FORMAT", "%d%m%Y%Z", "(%Z is not among them)"),
        ("DATE_FORMAT", "%-d%m%Y", "(%- is not among them)"),
        ("DATE_FORMAT", "%d%m%Y%", "(% is not among them)"),
        ("DATE_FORMAT", ["%Y"], "(it is no text)"),
        ("TIME_FORMAT", "%H:%f", "(%f is not among them)"),
        ("TIME_FORMAT", "%H/%M", "no slash"),
        ("TIMEZONE", "Mars/Olympus", "an IANA name such as"),
        ("TIMEZONE", "../../etc/passwd", "an IANA name such as"),
        ("TIMEZONE", "America", "an IANA name such as"),
        ("EVERY", "soon", "whole seconds, or a duration such as 90s, 5m, 2h or 1d"),
        ("EVERY", 0, "more than 0"),
        ("EVERY", -5, "whole seconds"),
        ("EVERY", 0.5, "whole seconds"),
        ("EVERY", "5 weeks", "whole seconds"),
        ("EVERY", "9999d", "at most 366d"),
        ("EVERY", True, "whole seconds"),
        ("STATIC_AT", "24:00", "a time of day"),
        ("STATIC_AT", "12:60", "a time of day"),
        ("STATIC_AT", "noon", "a time of day"),
        ("TIMEOUT", "0", "more than 0"),
        ("CONNECT_TIMEOUT", "nan", "seconds, or a duration"),
        ("MAX_RESPONSE_MB", 0, "a number of MiB above 0"),
        ("MAX_RESPONSE_MB", "nan", "a number of MiB above 0"),
        ("MAX_RESPONSE_MB", "inf", "a number of MiB above 0"),
        ("MAX_RESPONSE_MB", "2GB", "a number of MiB above 0"),
        ("MAX_RECORDS", 0, "a whole number from 1, or nothing"),
        ("DELETE_LIMIT", 0, "a whole number from 1 (to delete nothing"),
        ("DELETE_LIMIT", 1.5, "a whole number from 1"),
        ("DELETE_CONNECTIONS", 0, "a whole number from 1 to 128"),
        ("DELETE_CONNECTIONS", 129, "a whole number from 1 to 128"),
        ("DECRYPT_WORKERS", -1, "a whole number from 0 to 256"),
        ("DECRYPT_WORKERS", 257, "a whole number from 0 to 256"),
        ("DRIFT", "ignore", "rewrite or hold"),
        ("PADDING", "pss", "pkcs1, oaep, oaep-sha256, a list of these, or none"),
        ("PADDING", ["none", "oaep"], "pkcs1, oaep"),
        ("ENCRYPTION", "aes", "rsa or off"),
    ],
)
def test_a_bad_value_is_told_with_its_key_and_what_is_allowed(
    folder: Folder, key: str, value: object, allowed: str
) -> None:
    line = fault(folder, **{key: value})
    assert f": {key}: allowed is " in line
    assert allowed in line
    assert "; found " in line


def test_a_fault_names_file_site_key_what_is_allowed_and_what_was_found(folder: Folder) -> None:
    lines = folder.server({"uva": keys(EVERY="soon")}).faults()
    assert lines == [
        f"{folder.path}/server.config: site uva: EVERY: allowed is whole seconds, or a duration "
        "such as 90s, 5m, 2h or 1d; found text of 4 characters (it is no duration)"
    ]


def test_all_faults_of_all_sites_and_files_are_told_at_once(folder: Folder) -> None:
    folder.server(
        {
            "a": keys(READY=..., EVERY="x", PATH=...),
            "b": keys(DRIFT="x", USER=..., PASS="${UNSET_PASS}"),
            "c": "text",
            "d": keys(PATH="data/uva", REDY=True),
        }
    ).file("recovery.config", {"OUTT": "x", "LOG": ["x"]})
    lines = folder.faults()
    told = [re.search(r"config: (?:site (\w+): )?(\w+)", line) for line in lines]
    assert [f"{match[1]} {match[2]}" for match in told if match] == [
        *("a READY", "a PATH", "a EVERY"),
        *("b PASS", "b USER", "b DRIFT"),
        "None site",  # c is text: it may be no name at all
        "d REDY",
        "d PATH",
        *("None OUTT", "None LOG"),
    ]


def test_a_long_value_is_cut_in_its_message(folder: Folder) -> None:
    assert len(fault(folder, DRIFT="x" * 5000)) < 200


@pytest.mark.parametrize(
    ("written", "meant"),
    [("DELET_MODE", "DELETE_MODE"), ("server", "SERVER"), ("PRIVATE_FILES", "PRIVATE_FILE")],
)
def test_an_unknown_key_is_refused_with_the_key_that_was_meant(
    folder: Folder, written: str, meant: str
) -> None:
    line = fault(folder, **{written: SECRET})
    assert f"{written}: there is no such key. Did you mean {meant}?" in line
    assert "Allowed: NAME READY" in line
    assert "hunter2" not in line


def test_the_passphrase_has_no_key_in_the_file(folder: Folder) -> None:
    assert "no such key" in fault(folder, passphrase=SECRET)
    assert "no such key" in fault(folder, PASSPHRASE=SECRET)


@pytest.mark.parametrize("key", ["SERVER", "USER", "PASS"])
@pytest.mark.parametrize("value", [..., None, ""])
def test_a_ready_site_needs_its_address_and_account(
    folder: Folder, key: str, value: object
) -> None:
    line = fault(folder, **{key: value})
    assert f": {key}: " in line
    assert "found nothing (a READY site needs it)" in line


def test_a_site_that_is_not_ready_needs_neither_address_nor_account(folder: Folder) -> None:
    site = one(folder, READY=False, SERVER=..., USER=..., PASS=...)
    assert (site.server, site.user, site.password.get_secret_value()) == ("", "", "")


def test_an_empty_value_counts_as_left_out(folder: Folder) -> None:
    site = one(folder, PRIVATE_FILE="", REPLICAS=None, EVERY=None, TIMEZONE="", MAX_RECORDS=None)
    assert (site.private_files, site.replicas, site.every_s) == ((), (), 300)
    assert one(folder, REPLICAS=[]).replicas == ()


# ---- files of another form


def test_a_flat_file_is_one_fault_that_says_what_to_do(folder: Folder) -> None:
    [line] = folder.server(keys()).faults()
    assert "indent them under the site's name" in line
    assert SECRET not in line


def test_keys_that_slipped_out_of_their_site_are_one_fault(folder: Folder) -> None:
    lines = folder.server({"uva": keys(USER=...), "USER": "admin"}).faults()
    assert len([line for line in lines if "indent" in line]) == 1


@pytest.mark.parametrize("name", ["server.config", "export.config"])
def test_a_config_of_the_original_program_is_recognised(folder: Folder, name: str) -> None:
    folder.server({"uva": keys()})
    old = "# the site\nDELETE_MODE = False\nSERVER = 'https://h/api/export'\nPASS = 'hunter2'\n"
    [line] = folder.file(name, old).faults()
    assert "a config of the original program" in line
    assert "into server.config" in line
    assert "hunter2" not in line


def test_the_keys_of_a_site_in_the_original_s_other_file_are_sent_to_theirs(folder: Folder) -> None:
    folder.server({"uva": keys()})
    [line] = folder.file("export.config", keys()).faults()
    assert "into server.config" in line


# ---- what changed


def test_what_changed_is_told_by_key_and_a_secret_by_its_name_alone(folder: Folder) -> None:
    before = folder.server({"uva": keys(), "old": keys(PATH="data/old")}).load()
    folder.file("daemon.config", {"STOP_S": "9s"})
    new = {"uva": keys(PASS="other", DELETE_MODE=True, EVERY="10m"), "new": keys(PATH="data/new")}
    told = changes(before, folder.server(new).load())
    assert {
        "site new: is new",
        "site old: is gone",
        "site uva: PASS changed",
        "site uva: DELETE_MODE False -> True",
        "site uva: EVERY 300 -> 600",
    } <= set(told)
    assert any(line.startswith("daemon.config: STOP_S") for line in told)
    assert not any(word in " ".join(told) for word in (SECRET, "other"))
    assert changes(before, before) == []
