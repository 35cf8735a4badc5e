"""What may be told of a word that is not what it should be; nothing here reads a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.config.accepted import accepted_keys
from mtdata.config.export import CakeConfig
from mtdata.config.site import SiteConfig
from mtdata.core.disclosure import (
    Accepted,
    disclosed,
    distance,
    host_told,
    is_key_itself,
    is_near,
    kind_of,
)
from tests.unit.config_folder import Folder, keys

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("READY", "Ture"),
        ("READY", "fales"),
        ("READY", "yess"),
        ("DRIFT", "rewrit"),
        ("DRIFT", "HOLD "),
        ("PADDING", "pkcs"),
        ("ENCRYPTION", "tru"),
        ("EVERY", "5 weeks"),
        ("EVERY", "-5"),
        ("EVERY", "9999d"),
        ("EVERY", "0.5"),
        ("STATIC_AT", "24:00"),
        ("STATIC_AT", "3.30 pm"),
        ("TIMEZONE", "America/New_Yrok"),
        ("DATE_FORMAT", "%d/%m/%Y"),
        ("DELETE_CONNECTIONS", "129"),
    ],
)
def test_what_is_near_to_an_allowed_word_or_a_short_number_is_shown(key: str, word: str) -> None:
    assert disclosed(word, accepted_keys(SiteConfig)[key]) == f'"{word}"'


@pytest.mark.parametrize("model", [SiteConfig, CakeConfig])
@pytest.mark.parametrize(
    "word", ["hunter2", "tru3Pass", "Sommer2026!", "12345678", "5m2xK", "%aB9%Z"]
)
def test_what_could_be_a_password_is_shown_for_no_key(
    model: type[SiteConfig | CakeConfig], word: str
) -> None:
    for accepted in accepted_keys(model).values():
        assert word not in disclosed(word, accepted)


@pytest.mark.parametrize(
    "key", ["PASS", "USER", "PRIVATE_FILE", "PATH", "SERVER", "NAME", "REPLICAS"]
)
@pytest.mark.parametrize("word", ["1234", "true", "rewrite", "5m", "12:30", "Europe/Berlin"])
def test_a_key_that_takes_any_text_shows_nothing(key: str, word: str) -> None:
    assert disclosed(word, accepted_keys(SiteConfig)[key]) == kind_of(word)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "nothing"),
        ("", "nothing"),
        ("hunter2", "text of 7 characters"),
        ("1234567", "a number of 7 digits"),
        ("one\ntwo\nthree", "text of 3 lines"),
        (["hunter2"], "a list of 1"),
        ({"hunter2": 1, "b": 2}, "a mapping of 2"),
        (b"hunter2", "7 bytes"),
        (PEM, "a key itself"),
    ],
)
def test_all_else_is_told_by_its_length_and_kind(value: object, told: str) -> None:
    assert disclosed(value, Accepted(frozenset({"rewrite"}), numbers=True)) == told


@pytest.mark.parametrize("host", ["smtp.example.org", "localhost", "127.0.0.1", "::1", "[::1]"])
def test_a_host_is_told(host: str) -> None:
    assert host_told(host) == host


def test_a_host_without_a_dot_may_be_a_password(folder: Folder) -> None:
    assert host_told("hunter2") == "a host of 7 letters"
    told = {"ADMIN_DOMAIN": "hunter2", "API_KEY": "k", "TIMEZONE": "UTC"}
    [line] = folder.server({"uva": keys()}).file("export.config", {"CAKE": told}).faults()
    assert line.endswith("found text of 7 characters (it has no dot)")


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        PEM.replace("\n", " "),
        PEM.replace("\n", "\\n"),
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        "PuTTY-User-Key-File-2: ssh-rsa",
        "MIIEowIBAAKCAQEA" + "x7/+" * 30,
        "MIIEowIBAAKCAQEA\n" + "x7/+" * 30,
        "b3BlbnNzaC1rZXktdjEAAAAA" + "AAAA" * 30,
        "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ" + "AAAA" * 30,
        "308204a40201" + "0a" * 60,
    ],
)
def test_a_key_itself_is_known_in_each_form_in_which_people_paste_it(text: str) -> None:
    assert is_key_itself(text)


@pytest.mark.parametrize("text", ["study.pem", "keys/MIIx.pem", "/etc/begin/key", "3082.pem"])
def test_the_name_of_a_file_is_no_key(text: str) -> None:
    assert not is_key_itself(text)


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("ture", "true", 1), ("kitten", "sitting", 3)],
)
def test_a_swap_of_neighbours_is_one_slip(one: str, other: str, steps: int) -> None:
    assert distance(one, other) == distance(other, one) == steps


@given(st.text(max_size=12), st.sampled_from(["true", "rewrite", "hold"]))
def test_a_word_that_is_near_is_at_most_two_slips_away(word: str, known: str) -> None:
    assert not is_near(word, [known]) or distance(word.strip().casefold(), known) <= 2
