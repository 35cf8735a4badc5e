"""What somebody reads who is woken up, and an auditor: one cause is one trouble."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import yaml

from mtdata.study.ledger import Ledger
from tests.mailbox import Mailbox, mailbox
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row

SCALES = [f"Scale{number:03}" for number in range(200)]


@pytest.fixture
def box(home: Home) -> Iterator[Mailbox]:
    with mailbox() as started:
        mail = {"HOST": "127.0.0.1", "PORT": started.port, "TLS": "none", "FROM": "m@example.org"}
        text = yaml.safe_dump({"MAIL": mail | {"TO": ["lab@example.org"]}})
        (home.folder / "config" / "log.config").write_text(text)
        yield started


def test_of_200_scales_a_wrong_key_and_an_outage_are_one_incident_and_one_short_mail_each(
    home: Home, box: Mailbox, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(other_key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    sealed = key.seal("4711")
    for number, scale in enumerate(SCALES):
        home.site.put(scale, [row(number, participantRSA=sealed)])
    home.export(code=1)
    assert home.troubles() == {("key_wrong", "")}
    [mail] = box.mails
    assert len(mail.body.splitlines()) <= 20
    assert "200 scales, 200 entries held" in mail.body
    assert "public half SHA-256" in mail.body
    assert (len(home.held()), home.deletes()) == (200, [])

    home.site.fault("status", scale="", code=500)
    home.export(code=69)
    since = f"{home.now:%Y-%m-%d %H:%M} UTC"
    told = f"since {since}, 200 scales not read; nothing is lost: what was not read stays on"
    assert f"the list of scales. 1 round missed {told}" in home.detail("site_unreachable")
    home.site.heal()
    for scale in SCALES:
        home.site.fault("status", scale=scale, code=500)
    home.export(code=69)
    assert f"2 rounds missed {told}" in home.detail("site_unreachable")
    assert home.troubles() == {("key_wrong", ""), ("site_unreachable", "")}
    [_, mail] = box.mails
    assert "CRITICAL study: the site cannot be reached" in mail.subject
    assert "1 round missed" in mail.body

    home.site.heal()
    home.put_key(key.pem)
    home.site.put("Odd", [row(900, participantRSA="AAAA")])
    home.export(code=1)
    assert home.troubles() == {("entry_sealed", "Odd")}, "what stays when the cause is over"
    assert home.site.ids("Scale000") == []
    over = "\n".join(f"{one.subject} {one.body}" for one in box.mails[2:])
    assert "over, was CRITICAL study" in over
    assert "the site cannot be reached" in over
    assert "a private key opens nothing" in over


def test_a_conflict_names_files_times_and_fields_and_no_value(home: Home) -> None:
    home.site.put("QOL", [row(1, answer="secret one")])
    home.export()
    home.site.replace("QOL", 1, row(1, answer="secret two", more=1))
    home.export(code=1)
    told = home.detail("entry_conflict")
    assert "id 1 stands in raw_data/QOL_Mar_12_2026.json (collected 2026-03-12 12:" in told
    assert told.endswith("fields that differ: answer, more")
    assert "secret" not in told


def test_a_change_of_delete_mode_is_mailed_at_once(home: Home, box: Mailbox) -> None:
    home.export()
    home.configure(DELETE_MODE=True)
    home.export()
    home.export()
    [mail] = box.mails
    assert "WARNING study: DELETE_MODE was changed" in mail.subject
    assert "DELETE_MODE is True from now on; before it was False" in mail.body
    assert home.troubles() == set()


def test_a_round_that_was_cut_off_is_told_by_the_next_alone(home: Home) -> None:
    home.export()
    ledger = Ledger(home.pool / Ledger.NAME)
    ledger.runs.begin_run(f"export {STUDY} .", home.now)
    ledger.close()
    assert "was cut off" in home.run("export", STUDY).said
    assert "was cut off" not in home.run("export", STUDY).said


def test_the_log_says_how_many_deletes_were_asked_and_how_many_proven(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(number) for number in range(40)])
    with caplog.at_level(logging.INFO):
        home.export()
    said = [record.getMessage() for record in caplog.records]
    assert "40 deletes were asked" in said
    assert "40 deleted and proven gone" in said


def test_a_redirect_says_what_to_write(home: Home) -> None:
    home.site.fault("redirect")
    home.export(code=69)
    [told] = [one for one in home.incidents() if one["kind"] == "site_moved"]
    assert told["to_do"].startswith("write SERVER: http")
    assert told["to_do"].endswith("/api/ if that is your site")
