"""The words of mails and web hooks: who, what, what is safe, what to do; nothing is injected."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.alerts.incident import Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.message import NAMED, WHOLE, Message, message, one_line, trial
from mtdata.alerts.notice import Item, News, Notice, Sort, ToldTimes
from mtdata.core.checks import PROGRAM

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "OPERATING.md").read_text("utf-8")


def news(
    kind: str = "site_unreachable",
    scale: str = "",
    book: str = "study",
    detail: str = "it did not answer",
    closed_at: datetime | None = None,
    number: int = 1,
) -> News:
    last_at = AT + timedelta(minutes=25)
    return News(book, Incident(number, kind, scale, detail, 6, AT, last_at, closed_at))


def notice(sort: Sort, *told: News, back: int = 0) -> Notice:
    return Notice(sort, tuple(Item(one, back) for one in told), told)


def written(one: Notice, destination: str = "mail") -> Message:
    return message(one, destination, "pool.example.org", AT)


@pytest.mark.parametrize(
    ("sort", "subject"),
    [
        ("opened", "CRITICAL study QOL: deletes failed: a data security threat"),
        ("lasting", "still CRITICAL study QOL: deletes failed: a data security threat"),
        ("over", "over, was CRITICAL study QOL: deletes failed: a data security threat"),
        ("escalated", "lasts for long: CRITICAL study QOL: deletes failed: a data security threat"),
    ],
)
def test_the_subject_says_host_level_site_scale_and_what(sort: Sort, subject: str) -> None:
    one = written(notice(sort, news("delete_failed", "QOL")))
    assert one.subject == f"[mtdata pool.example.org] {subject}"


def test_a_subject_of_many_names_the_gravest_and_the_places_of_the_others() -> None:
    one = written(
        notice("opened", news(), news("silence", "QOL", "other"), news("leftover", "QOL"))
    )
    assert one.subject.endswith(
        "CRITICAL study: the site cannot be reached (and 2 more: other QOL, study QOL)"
    )


def test_the_body_says_all_that_is_needed() -> None:
    body = written(notice("lasting", news("entry_sealed", "QOL"), back=3)).body
    for words in (
        "ERROR  study QOL: entries are held: still sealed",
        "it did not answer",
        KINDS["entry_sealed"].happened,
        KINDS["entry_sealed"].safe,
        KINDS["entry_sealed"].todo,
        "2026-03-12 12:00 UTC, seen 6 times, the last time 2026-03-12 12:25 UTC",
        "came back 3 times",
        "mtdata incidents study",
        "pool.example.org",
    ):
        assert words in body


def test_what_came_and_went_and_what_is_to_be_known_stand_apart() -> None:
    gone = news("storage", closed_at=AT)
    body = written(notice("lasting", news(), gone, news("mended", "QOL", closed_at=AT))).body
    lasting, went, known = (body.index(word) for word in ("Lasting:", "Came and went", "To be kno"))
    assert lasting < went < known


def test_the_program_s_own_troubles_are_looked_at_without_a_site() -> None:
    body = written(notice("opened", news("config_refused", book=PROGRAM))).body
    assert "look     mtdata incidents (config_refused" in body


def test_a_message_stays_small_whatever_went_wrong() -> None:
    many = [news(detail="x" * 100_000, number=number) for number in range(2000)]
    one = written(notice("opened", *many))
    assert len(one.to_bytes()) < 400_000
    assert f"and {2000 - WHOLE - NAMED} more" in one.body
    assert one.news["not_shown"] == 2000 - WHOLE


def test_the_same_news_have_the_same_key_and_the_next_digest_another() -> None:
    one = news()
    assert written(notice("opened", one)).key == written(notice("opened", one)).key
    told = {
        written(notice("opened", one)).key,
        written(notice("opened", one), "hook 1").key,
        written(notice("opened", one, news(number=2))).key,
        written(notice("lasting", one)).key,
        written(notice("lasting", one._replace(told=ToldTimes(AT)))).key,
        written(notice("lasting", one._replace(told=ToldTimes(AT, AT + timedelta(hours=6))))).key,
        written(notice("over", news(closed_at=AT))).key,
    }
    assert len(told) == 7


@given(st.text(), st.text(), st.text())
def test_no_text_from_outside_gets_out_of_its_line(detail: str, scale: str, host: str) -> None:
    one = message(notice("opened", news("storage", scale, detail=detail)), "mail", host, AT)
    assert re.fullmatch(r"[\x21-\x7e]( ?[\x21-\x7e])*", one.subject)
    assert len(one.subject) <= 200
    assert Message.from_bytes(one.to_bytes()) == one
    json.dumps(one.news).encode()
    assert one.body.encode().count(b"\n") == written(notice("opened", news("storage"))).body.count(
        "\n"
    )


@given(st.text())
def test_a_header_field_is_one_line_of_ascii(text: str) -> None:
    assert re.fullmatch(r"[\x20-\x7e]{0,200}", one_line(text))


def test_a_message_waits_as_it_is() -> None:
    for one in (written(notice("opened", news())), trial("hook 2", "host", AT)):
        assert Message.from_bytes(one.to_bytes()) == one
        assert Message.from_bytes(one.tried(AT).to_bytes()) == one.tried(AT)


def test_every_kind_stands_on_the_page_with_the_same_words() -> None:
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.happened} | {kind.safe} | {kind.todo} |\n" in PAGE


def test_what_is_over_asks_for_nothing() -> None:
    over = written(notice("over", news("entry_sealed", "QOL", closed_at=AT)))
    assert "to do" not in over.body
    assert over.news["incidents"][0]["to_do"] == ""
    assert "to do" in written(notice("opened", news("entry_sealed", "QOL"))).body


def test_what_its_own_detail_says_goes_before_what_its_kind_says() -> None:
    moved = "http://a redirects us to http://b. To do: write SERVER: http://b/api/"
    body = written(notice("opened", news("site_moved", detail=moved))).body
    assert "  what     http://a redirects us to http://b\n" in body
    assert "  to do    write SERVER: http://b/api/\n" in body


def test_a_mail_of_one_cause_has_at_most_twenty_lines_and_a_short_subject() -> None:
    one = written(notice("opened", news("key_wrong", detail="200 scales, 2,000 entries held")))
    assert len(one.body.splitlines()) <= 20
    many = written(notice("opened", *(news("name_refused", f"Scale{n}") for n in range(200))))
    assert len(many.subject) < 150
    assert many.subject.endswith(", ...)")
