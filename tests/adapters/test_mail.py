"""Mail against real SMTP servers: TLS, log-in, refusals at each stage, hanging, dripping ones."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtdata.alerts.mail import MailPost
from mtdata.config import MailConfig
from mtdata.core.errors import PostError, PostPutOff, PostRefused
from tests.adapters.certificates import self_signed
from tests.contracts.post_contract import SECRET, PostContract, Staged, a_message
from tests.fakes_post import MemoryPost
from tests.mailbox import Mailbox, Speech, chatter, drip, hang, mailbox, slam, talking

TO = ("Lab <lab@example.org>", "chief@example.org")


def access(port: int, tls: str = "none", **more: object) -> MailConfig:
    given = {"host": "127.0.0.1", "sender": "MTData <mtdata@example.org>", "timeout_s": 20}
    return MailConfig.model_validate({**given, "port": port, "tls": tls, "to": TO, **more})


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as started:
        yield started


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return self_signed(tmp_path_factory.mktemp("tls"))


class TestMemoryPost(PostContract):
    @pytest.fixture
    def staged(self) -> Staged:
        post = MemoryPost()
        faults = {"down": PostError("down"), "refusing": PostRefused("no"), "well": None}

        def be(mood: str) -> None:
            post.fault = faults[mood]

        return Staged(post, lambda: [one.key for one in post.taken], be)


class TestMailPost(PostContract):
    @pytest.fixture
    def staged(self, box: Mailbox) -> Staged:
        answers = {"down": {"MAIL": "451 later"}, "refusing": {"DATA": "554 no"}, "well": {}}

        def be(mood: str) -> None:
            box.refuses = answers[mood]

        def keys() -> list[str]:
            return [one.mail["Message-ID"][1:33] for one in box.mails]

        return Staged(MailPost(access(box.port, password=SECRET), TO), keys, be)


def test_a_mail_has_the_fields_that_a_mail_has(box: Mailbox) -> None:
    MailPost(access(box.port), TO).deliver(a_message("[mtdata host] CRITICAL study: so"))
    [one] = box.mails
    assert (one.sender, one.to) == ("mtdata@example.org", ["lab@example.org", "chief@example.org"])
    assert one.subject == "[mtdata host] CRITICAL study: so"
    assert one.mail["To"] == "Lab <lab@example.org>, chief@example.org"
    assert one.mail["Auto-Submitted"] == "auto-generated"
    assert one.mail["Date"] == "Thu, 12 Mar 2026 12:00:00 +0000"
    assert one.body == "what\n"


def test_a_subject_with_a_line_end_makes_no_field(box: Mailbox) -> None:
    MailPost(access(box.port), TO).deliver(a_message("so\r\nBcc: evil@example.org\n\nbödy"))
    [one] = box.mails
    assert one.mail["Bcc"] is None
    assert one.subject == "so Bcc: evil@example.org b\\xf6dy"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_over_tls_it_logs_in_and_sends(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    with mailbox(certificate, tls, asks_login=tls == "starttls") as box:
        box.users["robot"] = SECRET
        there = access(box.port, tls, user="robot", password=SECRET)
        if tls == "tls":  # the server would want STARTTLS before a log-in
            there = access(box.port, tls, password=SECRET)
        assert MailPost(there, TO).deliver(a_message()) == ""
        assert len(box.mails) == 1
        assert box.is_secure == [True]
        assert box.logins == ([("robot", SECRET)] if tls == "starttls" else [])


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_ends_it(
    certificate: tuple[str, str], tls: str
) -> None:
    with mailbox(certificate, tls) as box:
        with pytest.raises(PostRefused, match="certificate"):
            MailPost(access(box.port, tls), TO).deliver(a_message())
        assert box.mails == []


def test_where_no_starttls_is_offered_nothing_goes_out_in_clear(box: Mailbox) -> None:
    box.users["robot"] = SECRET
    there = access(box.port, "starttls", user="robot", password=SECRET)
    with pytest.raises(PostRefused, match="STARTTLS"):
        MailPost(there, TO).deliver(a_message())
    assert (box.mails, box.logins) == ([], [])


def test_a_wrong_password_is_told_and_not_shown(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    with mailbox(certificate, "starttls", asks_login=True) as box:
        there = access(box.port, "starttls", user="robot", password=SECRET)
        with pytest.raises(PostRefused, match="log-in: 535") as caught:
            MailPost(there, TO).deliver(a_message())
        assert SECRET not in str(caught.value) + repr(there)
        there = access(box.port, "starttls", user="robot", password="pässword")
        with pytest.raises(PostRefused, match="ASCII"):
            MailPost(there, TO).deliver(a_message())


@pytest.mark.parametrize(
    ("stage", "answer", "kind"),
    [
        ("EHLO", "550 no", PostRefused),
        ("EHLO", "421 later", PostError),
        ("MAIL", "550 no", PostRefused),
        ("MAIL", "451 later", PostError),
        ("RCPT", "550 5.7.1 no relay for you, hunter2-secret", PostRefused),
        ("RCPT", "450 4.2.0 greylisted", PostError),
        ("DATA", "554 no", PostRefused),
        ("DATA", "452 full", PostError),
    ],
)
def test_a_refusal_at_any_stage_says_whether_to_try_again(
    box: Mailbox, stage: str, answer: str, kind: type[PostError]
) -> None:
    box.refuses[stage] = answer
    with pytest.raises(PostError, match=answer[:3]) as caught:
        MailPost(access(box.port), TO).deliver(a_message())
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)
    assert box.mails == []


def test_an_address_that_is_refused_keeps_the_others_from_nothing(box: Mailbox) -> None:
    box.refuses["RCPT lab@example.org"] = "550 nobody"
    odd = MailPost(access(box.port), TO).deliver(a_message())
    assert "1 of 2 addresses" in odd
    assert box.mails[0].to == ["chief@example.org"]


PEOPLE = ("a@example.org", "b@example.org", "c@example.org")


def test_who_is_put_off_is_left_and_nobody_else_is_mailed_again(box: Mailbox) -> None:
    box.refuses["RCPT b@example.org"] = f"450 4.2.0 greylisted, {SECRET}"
    box.refuses["RCPT c@example.org"] = "550 5.1.1 nobody"
    post, one = MailPost(access(box.port), PEOPLE), a_message()
    with pytest.raises(PostPutOff) as caught:
        post.deliver(one)
    assert (caught.value.left, caught.value.is_partial) == (("b@example.org",), True)
    assert "puts off 1 of 3 addresses (number 2: 450 4.2.0)" in str(caught.value)
    assert "does not take mail for 1 of 3 addresses (number 3: 550 5.1.1)" in str(caught.value)
    assert SECRET not in str(caught.value)
    box.refuses.clear()
    assert post.deliver(one.left_for(caught.value.left)) == ""
    assert [mail.to for mail in box.mails] == [["a@example.org"], ["b@example.org"]]


def test_where_some_are_put_off_and_the_rest_is_refused_the_first_alone_are_left(
    box: Mailbox,
) -> None:
    box.refuses |= {"RCPT a@example.org": "550 nobody", "RCPT b@example.org": "452 full"}
    with pytest.raises(PostPutOff) as caught:
        MailPost(access(box.port), PEOPLE[:2]).deliver(a_message())
    assert (caught.value.left, caught.value.is_partial) == (("b@example.org",), False)


def test_a_server_that_leaves_amid_the_addresses_has_delivered_to_nobody(box: Mailbox) -> None:
    box.refuses |= {"RCPT a@example.org": "550 nobody", "RCPT c@example.org": "421 leaving"}
    with pytest.raises(PostPutOff) as caught:
        MailPost(access(box.port), PEOPLE).deliver(a_message())
    assert set(caught.value.left) == {"b@example.org", "c@example.org"}
    assert not caught.value.is_partial
    assert box.mails == []


def test_who_is_left_and_then_refused_is_told_and_done_with(box: Mailbox) -> None:
    box.refuses["RCPT b@example.org"] = "550 nobody"
    post = MailPost(access(box.port), PEOPLE)
    odd = post.deliver(a_message().left_for(["b@example.org"]))
    assert "does not take mail for 1 of 3 addresses (number 2: 550)" in odd
    assert box.mails == []


def test_who_is_left_and_no_longer_configured_gets_nothing(box: Mailbox) -> None:
    post = MailPost(access(box.port), PEOPLE[:1])
    assert post.deliver(a_message().left_for(["b@example.org"])) == ""
    assert box.mails == []


@pytest.mark.parametrize("hides", [{"8BITMIME"}, {"8BITMIME", "SMTPUTF8"}, set()])
def test_a_mail_is_ascii_on_the_wire_whatever_its_body_and_names(
    box: Mailbox, hides: set[str]
) -> None:
    box.hides = hides
    body = "Müller 試験 😀\n" + "ä" * 2000 + "\n.\n..\nend\n"
    to = [
        "Jörg Müller <joerg@example.org>",
        "試験, x <b@example.org>",
        "=?utf-8?q?=C3=A9?= <c@a.org>",
    ]
    there = access(box.port, sender="Stüdie <mtdata@example.org>")
    MailPost(there, to).deliver(replace(a_message(), body=body))
    [one], [content] = box.mails, box.contents
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert one.body == body
    assert [(who.display_name, who.addr_spec) for who in one.mail["To"].addresses] == [
        ("Jörg Müller", "joerg@example.org"),
        ("試験, x", "b@example.org"),
        ("é", "c@a.org"),
    ]
    assert one.mail["From"].addresses[0].display_name == "Stüdie"


def test_a_domain_with_umlauts_is_written_as_the_wire_wants_it(box: Mailbox) -> None:
    MailPost(access(box.port), ["Lab <lab@müller.example>"]).deliver(a_message())
    assert box.mails[0].to == ["lab@xn--mller-kva.example"]
    assert box.contents[0].isascii()


def test_a_mailbox_with_umlauts_gets_a_mail_of_its_own_where_the_server_can(box: Mailbox) -> None:
    post = MailPost(access(box.port), ["jörg@example.org", "b@example.org"])
    assert post.deliver(a_message()) == ""
    assert [mail.to for mail in box.mails] == [["b@example.org"], ["jörg@example.org"]]
    assert [content.isascii() for content in box.contents] == [True, False]
    box.hides = {"SMTPUTF8"}
    assert "1 of 2 addresses (number 1: 553 5.6.7)" in post.deliver(a_message())
    assert [mail.to for mail in box.mails[2:]] == [["b@example.org"]]


def test_a_fault_of_the_second_mail_leaves_the_first_delivered(box: Mailbox) -> None:
    post = MailPost(access(box.port), ["jörg@example.org", "b@example.org"])
    box.on_mail = lambda: box.refuses.update(DATA="452 full")
    with pytest.raises(PostPutOff) as caught:
        post.deliver(a_message())
    assert (caught.value.left, caught.value.is_partial) == (("jörg@example.org",), True)


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PostError, match="refused") as caught:
        MailPost(access(port), TO).deliver(a_message())
    assert caught.value.again


@pytest.mark.parametrize("speech", [hang, drip, chatter, slam])
def test_a_server_that_hangs_drips_or_slams_holds_nobody_up(speech: Speech) -> None:
    with talking(speech) as port, pytest.raises(PostError) as caught:
        MailPost(access(port, timeout_s=0.3), TO).deliver(a_message())
    assert type(caught.value) is PostError


def test_a_mail_that_was_taken_stays_taken_whatever_the_good_bye(box: Mailbox) -> None:
    box.refuses["QUIT"] = "421 why"
    assert MailPost(access(box.port), TO).deliver(a_message()) == ""
    assert len(box.mails) == 1


def test_a_server_of_another_name_is_not_spoken_to(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    assert ssl.create_default_context().check_hostname
    with mailbox(certificate, "tls") as box:
        there = access(box.port, "tls", host="localhost")  # it is for 127.0.0.1
        with pytest.raises(PostRefused, match="certificate"):
            MailPost(there, TO).deliver(a_message())
