"""Receipts of entries, the chain of events, heads that an outsider checks with openssl alone."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA

from mtdata.core.signing import PRIVATE, PUBLIC
from tests.conftest import requires_program
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row, wire
from tests.system.kept_homes import KEPT

SECRET = "ein Text mit Ä und 🙂"
NOT_RECORDED = "not recorded"


@pytest.fixture
def home(home: Home) -> Home:
    """A study whose rows are deleted once they are safe."""
    home.configure(DELETE_MODE=True)
    return home


def receipt(home: Home, id: int, code: int = 0) -> list[dict[str, Any]]:
    """The entries of that id of QOL."""
    ended = home.run("receipt", STUDY, "QOL", str(id))
    assert ended.code == code, ended
    found: list[dict[str, Any]] = ended.shown["entries"]
    return found


def ledger(home: Home, *statements: str) -> list[Any]:
    """Change the ledger by hand, as somebody would who has the file; what the last one gives."""
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db, db:
        for statement in statements:
            found = db.execute(statement).fetchall()
    return found


def history(home: Home, code: int) -> list[str]:
    """What `verify` says of the ledger's history."""
    ended = home.run("verify", STUDY)
    assert ended.code == code, ended
    found = ended.shown["sites"][STUDY]
    assert found["wrong"] == []
    told: list[str] = found["history"]
    return told


def close(home: Home, kind: str) -> None:
    [number] = [one["number"] for one in home.incidents() if one["kind"] == kind]
    home.incidents("--close", str(number))


# receipts of entries


def test_a_receipt_tells_where_an_entry_is_and_when_each_step_was_proven(
    home: Home, key: KeyPair, tmp_path: Path
) -> None:
    home.put_key(key.pem, "a key.pem")
    replica = tmp_path / "replica"
    replica.mkdir()
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="a key.pem", REPLICAS=[f"file://{replica}"])
    sealed = row(7, participantRSA=key.seal(SECRET))
    home.site.put("QOL", [row(3), sealed])
    home.export()

    [entry] = receipt(home, 7)
    raw, line = entry["raw"], entry["row"]
    body = (home.pool / raw["file"]).read_bytes()[raw["start"] :][: raw["length"]]
    assert body == wire(sealed)
    assert (entry["sha256"], raw["as_kept"]) == (sha256(body).hexdigest(), True)
    sheet = (home.pool / line["sheet"]).read_bytes()
    assert SECRET.encode() in sheet[line["start"] :][: line["length"]]
    assert line["row"] == 3, "behind the header and the row of entry 3"
    public = RSA.import_key(key.pem).public_key().export_key("DER")
    assert line["opened_by"] == [{"key": "a key.pem", "public_sha256": sha256(public).hexdigest()}]
    [copy] = entry["replicas"]
    assert (str(replica) in copy["replica"], bool(copy["confirmed_at"])) == (True, True)
    deleted = entry["delete"]
    assert deleted["answered"]["answer"] == "done"
    assert deleted["gone"]["shown_by"] == "the listing of round 1"
    assert (raw["verified_again_at"], line["verified_again_at"]) == (None, None)
    steps = [raw["kept"], line["verified"], deleted["asked"], deleted["answered"], deleted["gone"]]
    assert [step["event"] for step in steps] == sorted(step["event"] for step in steps)
    assert [one["event"] for one in entry["events"]] == [
        "kept", "rowed", "asked", "answered", "gone",
    ]  # fmt: skip
    assert home.run("verify", STUDY).code == 0
    verified_at = home.now.isoformat()
    [entry] = receipt(home, 7)
    for proven in (entry["raw"], entry["row"]):
        assert proven["verified_again_at"] == verified_at
    [other] = receipt(home, 3)
    assert other["row"]["opened_by"] == [], "nothing in it is sealed"
    shown = "".join(home.noises)
    assert SECRET not in shown
    assert key.pem.decode().splitlines()[1] not in shown


def test_a_receipt_for_people_has_a_line_a_step(home: Home, capsys: Any) -> None:
    from mtdata.cli.main import run

    home.site.put("QOL", [row(1)])
    home.export()
    assert run(["receipt", STUDY, "QOL", "1", "--config", str(home.folder / "config")]) == 0
    shown = capsys.readouterr().out
    for word in ("kept", "as kept", "row verified", "delete asked", "done", "of round 1"):
        assert word in shown


def test_an_id_that_stands_for_several_entries_shows_them_all(home: Home) -> None:
    home.site.put("QOL", [row(1, answer=1)])
    home.export()
    home.site.put("QOL", [row(1, answer=2)])
    home.export(code=1)
    old, new = receipt(home, 1)
    assert (old["state"], old["held"], bool(old["delete"]["gone"])) == ("in a sheet", None, True)
    assert (new["state"], new["held"]["kind"], new["row"]) == ("held", "conflict", None)
    assert new["delete"] == {"asked": None, "answered": None, "gone": None}
    home.run("held", STUDY, "--release", "QOL", "1")
    assert "released" in [one["event"] for one in receipt(home, 1)[1]["events"]]


def test_an_entry_that_came_back_is_not_shown_as_gone(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(1)])
    home.export()
    [entry] = receipt(home, 1)
    assert entry["delete"] == {"asked": None, "answered": None, "gone": None}
    assert [one["event"] for one in entry["events"]][-2:] == ["gone", "back"]


def test_a_version_with_the_same_values_has_the_row_of_the_older_one(home: Home) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [b'{"id":1,"rate":1.50}'])
    home.export()
    (home.pool / "ledger.sqlite3").unlink()
    [raw] = home.paths("raw_data", "QOL")
    raw.write_text(json.dumps(json.loads(raw.read_bytes())))  # as the original program wrote it
    home.export()
    shown = [(one["state"], one["events"][-1]["event"]) for one in receipt(home, 1)]
    assert ("in a sheet", "same values") in shown


def test_a_receipt_of_damaged_bytes_says_so_and_ends_with_74(home: Home) -> None:
    home.site.put("QOL", [row(1, text="abc")])
    home.export()
    [path] = home.paths("raw_data", "QOL")
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))
    [entry] = receipt(home, 1, code=74)
    assert entry["raw"]["as_kept"] is False
    path.unlink()
    [entry] = receipt(home, 1, code=74)
    assert entry["raw"]["as_kept"] is False


def test_an_entry_of_which_nothing_is_left_is_shown_as_erased(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    gone = "file = 0, start = -1, length = 0, sheet = NULL, line_start = NULL, cells = NULL"
    ledger(home, f"UPDATE entries SET {gone}, line_length = NULL, state = 3")
    [entry] = receipt(home, 1)
    assert (entry["state"], entry["raw"], entry["row"]) == ("erased", None, None)
    assert entry["erased"] == {"at": NOT_RECORDED, "event": NOT_RECORDED}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((STUDY, "QOL", "2"), 65, "no entry of QOL with the id 2 ever came"),
        ((STUDY, "QOI", "1"), 64, "Did you mean QOL?"),
        ((STUDY, "x'; DROP TABLE entries; --", "1"), 64, "it has QOL, TaskLog"),
        ((STUDY, "TaskLog", "1"), 64, "kept as whole tables"),
        ((STUDY, "QOL", "1; --"), 64, "ids are whole numbers"),
        ((STUDY, "QOL", str(2**70)), 64, "ids are whole numbers"),
        (("nobody", "QOL", "1"), 64, "no site named"),
    ],
)
def test_what_has_no_receipt_is_said_in_words(
    home: Home, words: tuple[str, ...], code: int, said: str
) -> None:
    home.site.put("QOL", [row(1)])
    home.site.put("TaskLog", [row(1)], deleteable=False)
    home.export(STUDY, "all")
    ended = home.run("receipt", *words)
    assert (ended.code, ended.shown["error"]["exit"]) == (code, code)
    assert said in ended.shown["error"]["message"]


def test_where_there_is_no_pool_none_is_made(home: Home) -> None:
    for words in (("receipt", STUDY, "QOL", "1"), ("receipts", "export", STUDY)):
        ended = home.run(*words)
        assert (ended.code, "no pool yet" in ended.shown["error"]["message"]) == (64, True)
    assert home.run("receipts", "export").code == 0
    assert not home.pool.exists()


# ledgers of older programs, and those that are made again


def test_what_an_older_program_did_not_record_is_said_and_its_ledger_goes_on(home: Home) -> None:
    for name, text in json.loads(KEPT["before the duties"].read_text(encoding="utf-8")).items():
        if name.startswith("pool/"):
            path = home.folder / name.removesuffix(".sql")
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".sql"):
                with closing(sqlite3.connect(path)) as db:
                    db.executescript(text)
            elif "active_data/Q" in name or "raw_data" in name:
                path.write_bytes(text.encode())
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [b'{"id":"four","session":"PRE"}', row(5), row(6, later=1)])

    [old] = receipt(home, 1)
    assert old["raw"]["kept"]["event"] == NOT_RECORDED
    assert old["raw"]["kept"]["at"].startswith("2026-03-12T")
    unknown = {"at": NOT_RECORDED, "event": NOT_RECORDED}
    assert (old["row"]["verified"], old["row"]["opened_by"]) == (unknown, NOT_RECORDED)
    assert old["delete"]["gone"]["shown_by"] == f"a listing, {NOT_RECORDED}"
    assert old["delete"]["answered"] == {**unknown, "answer": "done"}
    assert old["events"] == []

    home.site.put("QOL", [row(8)])
    home.export()
    [new] = receipt(home, 8)
    assert [one["event"] for one in new["events"]] == ["kept", "rowed"]
    [(number, why)] = ledger(home, "SELECT number, body FROM events WHERE event = 'begun'")
    assert (number, "an older program's ledger" in why) == (1, True)
    assert history(home, 0) == []


def test_a_ledger_that_is_made_again_begins_a_chain_and_names_the_head_of_the_one_before(
    home: Home,
) -> None:
    assert home.run("init").code == 0
    home.site.put("QOL", [row(1)])
    home.export()
    home.run("receipts", "export", STUDY)
    [(last,)] = ledger(home, "SELECT hex(head) FROM events ORDER BY number DESC LIMIT 1")
    ledger(home, "DELETE FROM entries", "UPDATE files SET path = 'raw_data/other' WHERE number = 1")
    assert home.run("verify", STUDY, "--rebuild-ledger").code == 0
    [(body,)] = ledger(home, "SELECT body FROM events WHERE number = 1")
    assert json.loads(body)["head_before"] == last.lower()
    assert "made from the files" in json.loads(body)["why"]
    [entry] = receipt(home, 1)
    assert entry["raw"]["kept"]["how"] == "found in the pool"
    assert entry["row"]["opened_by"] == NOT_RECORDED
    assert entry["row"]["verified"]["event"] > 1

    [told] = history(home, 74)
    assert "are those of another ledger" in told
    ended = home.run("receipts", "export", STUDY)
    assert (ended.code, "kept beside" in ended.said) == (0, True)
    assert len(list((home.folder / "state/receipts" / STUDY).glob("*_heads.*"))) == 2
    assert history(home, 0) == []


# a chain that somebody changed


def days(home: Home) -> None:
    """Three days with a row each; the last is owed yet."""
    for number in (1, 2, 3):
        home.now = home.now.replace(day=11 + number, hour=12)
        home.site.put("QOL", [row(number)])
        if number == 3:
            home.configure(DELETE_MODE=False)
        home.export()


TAMPERED = {
    "an event": ("UPDATE events SET body = replace(body, 'QOL', 'QOX') WHERE event = 'kept'",),
    "its entries": ("UPDATE events SET first = 2, last = 2 WHERE event = 'gone'",),
    "a body that is no JSON": ("UPDATE events SET body = 'x' WHERE number = 3",),
    "a head": ("UPDATE events SET head = zeroblob(32) WHERE number = 3",),
    "an event is gone": ("DELETE FROM events WHERE number = 4",),
    "a day is gone": ("DELETE FROM events WHERE entered_at LIKE '2026-03-13%'",),
    "the first day is gone": ("DELETE FROM events WHERE entered_at LIKE '2026-03-12%'",),
    "two change places": (
        "UPDATE events SET number = -3 WHERE number = 3",
        "UPDATE events SET number = 3 WHERE number = 4",
        "UPDATE events SET number = 4 WHERE number = -3",
    ),
}


@pytest.mark.parametrize("statements", TAMPERED.values(), ids=TAMPERED)
def test_a_changed_history_is_found_and_hinders_nothing_that_is_safe(
    home: Home, statements: tuple[str, ...]
) -> None:
    days(home)
    assert history(home, 0) == []
    ledger(home, *statements)
    assert history(home, 74)
    assert ("history_changed", "") in home.troubles()
    home.configure(DELETE_MODE=True)
    home.export()
    assert home.site.ids("QOL") == [], "what is proven by its bytes is deleted all the same"
    receipt(home, 1)
    assert history(home, 74), "it is told until a person has looked"
    close(home, "history_changed")
    assert history(home, 0) == []
    assert home.troubles() == set()
    ledger(home, "UPDATE events SET event = 'asked' WHERE event = 'gone'")
    assert history(home, 74), "what comes new is told"


def test_damage_can_be_mended_and_closed_while_the_history_is_broken(home: Home) -> None:
    days(home)
    ledger(home, "DELETE FROM events WHERE number = 4")
    [sheet, *_] = home.paths("active_data", "QOL")
    sheet.write_bytes(sheet.read_bytes() + b"x\r\n")
    assert home.run("verify", STUDY).code == 74
    assert {kind for kind, _ in home.troubles()} == {"sheet_changed", "history_changed"}
    assert home.run("verify", STUDY).code == 74
    assert home.troubles() == {("history_changed", "")}


def test_a_cell_that_no_program_writes_is_damage_and_the_files_are_verified_all_the_same(
    home: Home,
) -> None:
    days(home)
    ledger(home, "UPDATE events SET entered_at = 'x' WHERE number = 3")
    ended = home.run("verify", STUDY)
    found = ended.shown["sites"][STUDY]
    assert (ended.code, found["raw_files"], len(found["history"])) == (74, 3, 1)
    assert home.troubles() == {("pool_damaged", ""), ("history_changed", "")}
    assert home.run("verify", STUDY, "--rebuild-ledger").code == 0
    assert history(home, 0) == []


# heads that are signed


def openssl(folder: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """The one public command of docs/RECEIPTS.md."""
    words = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin")
    files = ("-in", str(folder / "heads.json"), "-sigfile", str(folder / "heads.sig"))
    return subprocess.run([*words, *files], capture_output=True, text=True, check=False)


def exported(home: Home, *words: str) -> dict[str, Any]:
    ended = home.run("receipts", "export", STUDY, *words)
    assert ended.code == 0, ended
    found: dict[str, Any] = ended.shown["sites"][STUDY]
    return found


@requires_program("openssl", "sudo apt-get install openssl")
def test_an_outsider_checks_the_heads_of_all_days_with_openssl(home: Home, tmp_path: Path) -> None:
    home.run("init")
    days(home)
    done = exported(home, "--out", str(tmp_path / "given"))
    folder = tmp_path / "given" / STUDY
    assert (done["folder"], done["days"]) == (str(folder), 3)
    assert openssl(folder, folder / PUBLIC).returncode == 0
    assert openssl(home.folder / "state/receipts" / STUDY, folder / PUBLIC).returncode == 0
    heads = json.loads((folder / "heads.json").read_bytes())
    assert [one["day"] for one in heads["days"]] == ["2026-03-12", "2026-03-13", "2026-03-14"]
    numbers = ", ".join(str(one["events"]) for one in heads["days"])
    stand = ledger(home, f"SELECT lower(hex(head)) FROM events WHERE number IN ({numbers})")
    assert [one["head"] for one in heads["days"]] == [head for (head,) in stand]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}

    text = (folder / "heads.json").read_bytes()
    (folder / "heads.json").write_bytes(text.replace(b"2026-03-13", b"2026-03-15"))
    assert openssl(folder, folder / PUBLIC).returncode != 0


@requires_program("openssl", "sudo apt-get install openssl")
def test_the_documented_chain_can_be_followed_by_anybody(home: Home) -> None:
    days(home)
    head = bytes(32)
    rows = "SELECT number, entered_at, event, first, last, body, head FROM events ORDER BY number"
    for *event, stands in ledger(home, rows):
        text = json.dumps(event, separators=(",", ":"))
        digest = ("openssl", "dgst", "-sha256", "-binary")
        head = subprocess.run(digest, input=head + text.encode(), capture_output=True).stdout
        assert head == stands


def cut(home: Home) -> None:
    ledger(home, "DELETE FROM events WHERE entered_at LIKE '2026-03-14%'")


def written_anew(home: Home) -> None:
    """Every link fits: no reader of the ledger alone can tell."""
    rows = "SELECT number, entered_at, event, first, last, body FROM events ORDER BY number"
    head, statements = bytes(32), []
    for event in ledger(home, rows):
        event = [*event[:2], "kept" if event[2] == "gone" else event[2], *event[3:]]
        head = sha256(head + json.dumps(event, separators=(",", ":")).encode()).digest()
        statements.append(
            f"UPDATE events SET event = '{event[2]}', head = x'{head.hex()}'"
            f" WHERE number = {event[0]}"
        )
    ledger(home, *statements)


@pytest.mark.parametrize("tamper", [cut, written_anew])
def test_what_the_chain_alone_cannot_show_the_signed_heads_do(
    home: Home, tamper: Callable[[Home], None]
) -> None:
    home.run("init")
    days(home)
    exported(home)
    assert history(home, 0) == []
    tamper(home)
    [told] = history(home, 74)
    assert "is not the one whose head was signed at 2026-03-14T" in told
    home.site.put("QOL", [row(4)])
    home.export()
    assert history(home, 74) == [told]
    (home.folder / "state/receipts" / STUDY / "heads.json").unlink()
    assert history(home, 0) == []


@pytest.mark.parametrize("name", ["heads.json", "heads.sig"])
def test_signed_heads_that_were_changed_are_told_and_an_export_keeps_them(
    home: Home, name: str
) -> None:
    home.run("init")
    days(home)
    exported(home)
    path = home.folder / "state/receipts" / STUDY / name
    signed = path.read_bytes()
    path.write_bytes(signed[:-1] + bytes([signed[-1] ^ 1]))
    [told] = history(home, 74)
    assert "did not sign what stands there" in told
    assert "did not sign" in exported(home)["set_aside"]
    assert history(home, 0) == []


def test_an_export_that_was_cut_off_between_its_files_is_sound(home: Home) -> None:
    home.run("init")
    days(home)
    exported(home)
    folder = home.folder / "state/receipts" / STUDY
    old = (folder / "heads.sig").read_bytes()
    home.site.put("QOL", [row(4)])
    home.export()
    exported(home)
    (folder / "heads.sig.next").write_bytes((folder / "heads.sig").read_bytes())
    (folder / "heads.sig").write_bytes(old)
    assert history(home, 0) == []


def test_a_broken_chain_is_signed_as_it_stands_and_that_is_said(home: Home) -> None:
    home.run("init")
    days(home)
    ledger(home, "UPDATE events SET event = 'asked' WHERE number = 3")
    ended = home.run("receipts", "export", STUDY)
    assert ended.code == 74
    assert "event 3 of" in ended.said
    assert (home.folder / "state/receipts" / STUDY / "heads.sig").stat().st_size == 64


# the key


def test_where_nothing_was_entered_yet_there_is_nothing_to_sign(home: Home) -> None:
    home.run("init")
    home.export()
    assert exported(home)["days"] == 0
    assert not (home.folder / "state/receipts").exists()


def test_init_makes_the_key_once_and_never_writes_over_it(home: Home) -> None:
    made = home.run("init").shown["made"]
    key, public = home.folder / "keys" / PRIVATE, home.folder / "keys" / PUBLIC
    assert {str(key), str(public)} <= set(made)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644
    before = key.read_bytes(), public.read_bytes()
    assert home.run("init").shown["made"] == []
    public.unlink()
    assert home.run("init").shown["made"] == [str(public)]
    assert (key.read_bytes(), public.read_bytes()) == before
    assert sorted(path.name for path in key.parent.iterdir()) == [PRIVATE, PUBLIC]


def test_init_leaves_what_stands_in_the_place_of_the_key(home: Home) -> None:
    key = home.folder / "keys" / PRIVATE
    key.write_text("mine")
    key.chmod(0o600)
    ended = home.run("init")
    assert (ended.code, "was not made" in ended.said) == (0, True)
    assert key.read_text() == "mine"


def test_without_a_key_nothing_is_signed_and_the_words_say_what_makes_one(home: Home) -> None:
    days(home)
    ended = home.run("receipts", "export", STUDY)
    assert ended.code == 78
    assert "`mtdata init` makes one" in ended.shown["error"]["message"]
    assert not (home.folder / "state/receipts").exists()
    home.run("init")
    exported(home)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o644), "chmod 600"),
        (lambda path: path.write_text("no key"), "no Ed25519 key"),
        (lambda path: path.write_bytes(RSA.generate(1024).export_key()), "no Ed25519 key"),
    ],
    ids=["others may read it", "no key", "another sort"],
)
def test_a_key_that_cannot_be_used_is_refused_and_not_quoted(
    home: Home, spoil: Callable[[Path], object], said: str
) -> None:
    home.run("init")
    days(home)
    key = home.folder / "keys" / PRIVATE
    spoil(key)
    ended = home.run("receipts", "export", STUDY)
    assert ended.code == 78
    assert said in ended.shown["error"]["message"]
    assert key.read_text().splitlines()[-1] not in ended.shown["error"]["message"]
