"""Sealed fields: opened with the right key, held with any other, never guessed, never lost."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mtdata.study.decryption import cipher, key_ring, keys
from mtdata.study.decryption.rsa_backends import ReferenceOpener
from mtdata.study.ledger import Ledger
from tests.system.conftest import KeyPair
from tests.system.home import Home, row

SECRETS = ("471100815473", "ein Text mit Ä und 🙂", "line\r\nend", " ")


def sealed_rows(home: Home, key: KeyPair, **keys: Any) -> None:
    settings = {"ENCRYPTION": "rsa", "PRIVATE_FILE": "study.pem", "DELETE_MODE": True}
    home.configure(**settings | keys)
    entries = [row(n, participantRSA=key.seal(text)) for n, text in enumerate(SECRETS, 1)]
    home.site.put("QOL", [*entries, row(9, participantRSA=None)])


def opened(home: Home) -> list[str]:
    return [line["participantRSA"] for line in home.sheet("QOL")]


def test_sealed_fields_are_opened_and_stay_sealed_in_raw(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    done = home.export()["QOL"]
    assert (done["appended"], done["deleted"]) == (5, 5)
    assert opened(home) == [*SECRETS, ""]
    [raw] = home.paths("raw_data", "QOL")
    assert SECRETS[0].encode() not in raw.read_bytes()
    assert home.is_clean()


def assert_held(home: Home, kind: str, naming: str) -> None:
    """The four sealed entries are held and on the site, raw is kept, the key is named."""
    assert opened(home) == [""]
    assert [line["id"] for line in home.sheet("QOL")] == ["9"]
    assert home.raw_ids("QOL") == [1, 2, 3, 4, 9]
    assert home.held() == [("QOL", number, "sealed") for number in (1, 2, 3, 4)]
    assert home.site.ids("QOL") == [1, 2, 3, 4]
    assert naming in home.detail(kind)
    assert "1 scale, 4 entries held" in home.detail(kind)
    assert home.troubles() == {(kind, "")}, "the cause alone"


def assert_appended_without_the_site(home: Home) -> None:
    """With the site down, the next round makes the rows all the same; then they are deleted."""
    home.site.stop()
    done = home.export(code=69)["QOL"]
    assert (done["appended"], done["held"]) == (4, 0)
    assert opened(home) == ["", *SECRETS]
    assert home.held() == []
    home.site.start()
    home.export()
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()
    ever = {one["kind"] for one in home.incidents("--all")}
    assert "leftover" not in ever, "what was to be deleted in that very round was no leftover"
    assert home.is_clean()


def test_with_the_wrong_key_entries_are_held_until_the_right_one_is_there(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(other_key.pem)
    sealed_rows(home, key)
    for _ in range(3):  # what it holds is never deleted: no round ends well meanwhile
        home.export(code=1)
        assert_held(home, "key_wrong", "study.pem")
    home.put_key(key.pem)
    assert_appended_without_the_site(home)


def test_without_the_key_file_entries_are_held_until_it_is_there(home: Home, key: KeyPair) -> None:
    sealed_rows(home, key)
    home.export(code=1)
    assert_held(home, "key_unreadable", "study.pem")
    home.put_key(key.pem)
    assert_appended_without_the_site(home)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused_with_the_command_that_mends_it(
    home: Home, key: KeyPair, mode: int
) -> None:
    path = home.put_key(key.pem, mode=mode)
    sealed_rows(home, key)
    home.export(code=1)
    assert_held(home, "key_unreadable", "study.pem")
    command = "chmod" + home.detail("key_unreadable").partition("chmod")[2]
    assert shlex.split(command) == ["chmod", "600", str(path)]
    subprocess.run(shlex.split(command), check=True)
    assert_appended_without_the_site(home)


@pytest.mark.parametrize(
    "content",
    [b"", b"no key", b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"],
    ids=["empty", "text", "damaged"],
)
def test_a_key_file_that_holds_no_key_is_told_of_and_entries_are_held(
    home: Home, key: KeyPair, content: bytes
) -> None:
    home.put_key(content)
    sealed_rows(home, key)
    home.export(code=1)
    assert_held(home, "key_unreadable", "study.pem")
    home.put_key(key.pem)
    assert_appended_without_the_site(home)


def test_a_site_without_a_key_holds_sealed_entries(home: Home, key: KeyPair) -> None:
    sealed_rows(home, key, PRIVATE_FILE="")
    home.export(code=1)
    assert home.held() == [("QOL", number, "sealed") for number in (1, 2, 3, 4)]
    home.put_key(key.pem)
    home.configure(PRIVATE_FILE="study.pem")
    assert_appended_without_the_site(home)


def test_the_right_key_is_found_among_several(home: Home, key: KeyPair, other_key: KeyPair) -> None:
    home.put_key(other_key.pem, "old.pem")
    home.put_key(key.pem, "new.pem")
    sealed_rows(home, key, PRIVATE_FILE=["old.pem", "new.pem"])
    home.site.put("QOL", [row(10, participantRSA=other_key.seal("of old"))])
    home.export()
    assert opened(home) == [*SECRETS, "", "of old"]
    assert home.troubles() == set()


def test_a_value_that_was_corrupted_is_held_and_the_others_are_opened(
    home: Home, key: KeyPair
) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    whole = key.seal("whole")
    flipped = ("A" if whole[40] != "A" else "B").join((whole[:40], whole[41:]))
    bad = [flipped, "no base64!", whole[:-8], "clear text", "AAAA"]
    home.site.put("QOL", [row(20 + n, participantRSA=text) for n, text in enumerate(bad)])
    home.export(code=1)
    assert opened(home) == [*SECRETS, ""]
    assert home.held() == [("QOL", 20 + n, "sealed") for n in range(len(bad))]
    assert home.site.ids("QOL") == [20, 21, 22, 23, 24]
    assert ("key_wrong", "") not in home.troubles()


def test_a_key_with_a_passphrase_from_the_environment_opens(
    home: Home, key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = RSA.import_key(key.pem)
    home.put_key(private.export_key(passphrase="läng und geheim".encode(), pkcs=8,
                                    protection="PBKDF2WithHMAC-SHA1AndAES256-CBC"))  # fmt: skip
    sealed_rows(home, key)
    home.export(code=1)
    assert_held(home, "key_unreadable", "study.pem")
    monkeypatch.setenv("MTDATA_KEY_PASSPHRASE", "läng und geheim")
    assert_appended_without_the_site(home)


def test_sealed_fields_within_objects_and_lists_are_opened_too(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    nested = {"study": {"emailRSA": key.seal("a@b.c")}, "listRSA": [key.seal("x"), None]}
    home.site.put("BBSIQ", [row(30, **nested)])
    home.export()
    [line] = home.sheet("BBSIQ")
    assert (line["study"], line["listRSA"]) == ('{"emailRSA":"a@b.c"}', '["x",null]')
    assert home.is_clean()


def test_without_padding_the_values_of_2015_are_opened(home: Home, key: KeyPair) -> None:
    import base64

    public = key.public
    size = public.size_in_bytes()
    bare = pow(int.from_bytes(b"4711", "big"), public.e, public.n).to_bytes(size, "big")
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", PADDING="none")
    home.site.put("QOL", [row(1, participantRSA=base64.b64encode(bare).decode())])
    home.export()
    assert opened(home) == ["4711"]


def test_with_encryption_off_clear_text_passes_through(home: Home) -> None:
    home.configure(ENCRYPTION="off", DELETE_MODE=True)
    home.site.put("QOL", [row(1, participantRSA="4711")])
    assert home.export()["QOL"]["deleted"] == 1
    assert opened(home) == ["4711"]


def test_many_sealed_values_are_opened_in_order_by_all_workers(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    home.site.put("QOL", [row(n, participantRSA=key.seal(f"p{n}")) for n in range(1, 1201)])
    assert home.export()["QOL"]["deleted"] == 1200
    assert opened(home) == [f"p{n}" for n in range(1, 1201)]


def test_a_value_that_no_key_opens_and_that_was_put_right_does_not_hold_its_id_for_ever(
    home: Home, key: KeyPair
) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    home.site.put("QOL", [row(2, participantRSA="AAAA")])
    home.export(code=1)
    home.site.replace("QOL", 2, row(2, participantRSA=key.seal("4711")))
    home.export(code=1)
    assert home.asked("DELETE") == []
    home.run("held", "study", "--release", "QOL", "2")
    home.run("export")
    assert home.site.ids("QOL") == []
    assert opened(home) == ["4711"]
    assert home.held() == [("QOL", 2, "sealed")]
    home.export()
    assert home.troubles() == set()


CLEAR = (17, True, 0.5, "", "clear", [], {"a": 1}, [17], ["clear"])
ODD = ("a\x0bb", "\x0c", "\x85", "a\0b", "\x1b[1m", "\x7f", "\x01")
SHOWN = [text.replace("\0", "\ufffd") for text in ODD]
"""As it stands in the sheet, where no NUL may."""


def test_whatever_stands_in_a_sealed_field_and_is_no_sealed_text_is_held(
    home: Home, key: KeyPair
) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    clear = [row(20 + n, participantRSA=value) for n, value in enumerate(CLEAR)]
    home.site.put("QOL", clear)
    home.site.put("Stays", [{**one, "id": 40 + n} for n, one in enumerate(clear)], deleteable=False)
    home.export("study", "all", code=1)
    numbers = [20 + n for n in range(len(CLEAR))]
    assert opened(home) == [*SECRETS, ""]
    at_stays = [("Stays", None, "sealed")] * len(CLEAR)
    assert sorted(home.held()[: len(CLEAR)]) == [("QOL", number, "sealed") for number in numbers]
    assert home.held()[len(CLEAR) :] == at_stays
    assert home.site.ids("QOL") == numbers
    assert home.sheet("Stays") == []
    assert not {kind for kind, _ in home.troubles()} & {"key_wrong", "entry_malformed"}
    assert home.is_clean()


def test_what_a_key_unpads_is_opened_exactly_and_deleted(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    home.site.put("QOL", [row(20 + n, participantRSA=key.seal(odd)) for n, odd in enumerate(ODD)])
    assert home.export()["QOL"]["deleted"] == 5 + len(ODD)
    assert opened(home) == [*SECRETS, "", *SHOWN]
    assert home.troubles() == set()
    assert home.is_clean()


def test_what_an_older_program_held_for_its_look_is_tried_again(
    home: Home, key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    home.site.put("QOL", [row(n, participantRSA=key.seal(odd)) for n, odd in enumerate(ODD)])
    with monkeypatch.context() as older:
        older.setattr(cipher, "RULES", 1)
        older.setattr(key_ring, "_text", lambda raw: key_ring.StillSealed("not text"))
        home.export(code=1)
        assert len(home.held()) == len(ODD)
        assert home.export()["QOL"]["appended"] == 0
    assert home.export()["QOL"]["deleted"] == len(ODD)
    assert opened(home) == list(SHOWN)
    assert home.is_clean()


def test_no_key_is_called_wrong_in_a_round_without_a_value_that_it_should_open(
    home: Home, key: KeyPair
) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    home.site.put("QOL", [row(20 + n, participantRSA=value) for n, value in enumerate(CLEAR)])
    home.export(code=1)
    assert home.troubles() == {("entry_sealed", "QOL")}
    home.run("held", "study", "--release", "QOL", "all")
    home.export(code=1)
    assert home.troubles() == {("entry_sealed", "QOL")}


def test_a_release_makes_no_promise_for_what_no_key_opens(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(other_key.pem)
    sealed_rows(home, key)
    home.export(code=1)
    before = home.held()
    released = home.run("held", "study", "--release", "QOL", "all").shown["sites"]["study"]
    assert released["released"] == 0
    assert home.held() == before
    home.put_key(key.pem)
    assert_appended_without_the_site(home)


def test_a_row_that_was_let_through_by_other_rules_can_be_made_again(
    home: Home, key: KeyPair
) -> None:
    home.configure(ENCRYPTION="off")
    home.site.put("QOL", [row(n, participantRSA=value) for n, value in enumerate(CLEAR)])
    home.export()
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    assert home.is_clean()
    [sheet] = home.paths("active_data", "QOL")
    sheet.write_bytes(sheet.read_bytes().replace(b"clear", b"cheat", 1))
    assert home.run("decode", "study", "--check").code == 65


def is_closed(ledger: Ledger) -> bool:
    try:
        ledger._db._db.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_nothing_is_opened_or_deleted_by_a_library_that_opens_what_is_damaged(
    home: Home, key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.put_key(key.pem)
    sealed_rows(home, key)
    ledgers: list[Ledger] = []
    begin = Ledger.__init__

    def noted(self: Ledger, path: Path | None, **more: bool) -> None:
        begin(self, path, **more)
        ledgers.append(self)

    monkeypatch.setattr(Ledger, "__init__", noted)
    refuses = ReferenceOpener.open
    keys.self_test.cache_clear()
    with monkeypatch.context() as older:  # as pycryptodome did before 4.3
        older.setattr(ReferenceOpener, "open", lambda self, sealed: refuses(self, sealed) or b"")
        opened_before, ended = len(ledgers), home.run("export", "study")
        assert ended.code == 78
        assert len(ledgers) > opened_before
        assert all(is_closed(ledger) for ledger in ledgers)
        assert "nothing is opened" in str(ended.shown)
        assert home.run("check").code == 78
    assert home.site.ids("QOL") == [1, 2, 3, 4, 9]
    keys.self_test.cache_clear()
    assert home.export()["QOL"]["deleted"] == 5


def test_a_site_that_seals_with_oaep_is_held_told_of_and_opened_by_a_word(
    home: Home, key: KeyPair
) -> None:
    public = load_der_public_key(key.public.export_key("DER"))
    assert isinstance(public, RSAPublicKey)
    digest = SHA256()
    value = public.encrypt(b"4711", OAEP(MGF1(digest), digest, None))
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    written = urlsafe_b64encode(value).decode().rstrip("=")
    home.site.put("QOL", [row(1, participantRSA=written), row(2, participantRSA=key.seal("old"))])
    home.export(code=1)
    assert home.held() == [("QOL", 1, "sealed")]
    assert "PADDING: oaep-sha256" in str(home.run("check"))
    home.configure(
        ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True, PADDING="pkcs1, oaep-sha256"
    )
    home.export()
    assert (sorted(opened(home)), home.held(), home.site.ids("QOL")) == (["4711", "old"], [], [])
    assert "PADDING" not in str(home.run("check"))
    assert home.is_clean(), "made again from raw, byte for byte"


def key_findings(home: Home, code: int = 0) -> dict[str, str]:
    """What `check` says of each key, by its verdict."""
    ended = home.run("check", "study")
    assert ended.code == code
    return {one["verdict"]: one["told"] for one in ended.shown["findings"] if one["what"] == "key"}


def test_check_tries_each_key_on_what_the_site_seals(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    print_of_key = sha256(key.public.export_key("DER")).hexdigest()[:16]
    home.put_key(key.pem)
    home.put_key(other_key.pem, "old.pem")
    home.site.put("QOL", [row(90, participantRSA="not sealed at all")])
    sealed_rows(home, key)
    size = 8 * key.public.size_in_bytes()
    assert key_findings(home) == {
        "good": f"study.pem ({size} bits, public half SHA-256 {print_of_key}…): "
        "opens what QOL seals"
    }
    sealed_rows(home, key, PRIVATE_FILE=["study.pem", "old.pem"])
    assert "old.pem" in key_findings(home)["odd"]
    sealed_rows(home, key, PRIVATE_FILE="old.pem")
    told = key_findings(home, code=78)["bad"]
    assert "does not open what QOL seals" in told
    assert "sha256sum" in told
    assert not any(text in told for text in SECRETS[:3])
    home.site.clear("QOL")
    assert "not tried" in key_findings(home)["odd"]
    assert not home.pool.joinpath(Ledger.NAME).exists(), "it keeps nothing"
