"""What every Site keeps, whatever stands behind it; it names no adapter and opens no socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import pytest

from mtdata.core.errors import NameRefused, PackageError, SiteError, SiteRefused
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.study_schedule import MAX_SCHEDULE
from mtdata.study.ports import Site

ROWS: list[dict[str, Any]] = [
    {"id": 7, "date": "Mon, 12 Mar 2018 15:45:05 -0500", "note": 'a "word",\r\na comma 🙂'},
    {"id": 9, "tag": None, "timeOnPage": 3.14, "many": ["a", "b"], "study": {"id": 1}},
    {"id": 8, "participantRSA": "x" * 344},
]
MANY: list[dict[str, Any]] = [{"id": number, "note": "n" * 40} for number in range(300)]


class World(Protocol):
    """A site that a suite can fill and break."""

    @property
    def site(self) -> Site: ...

    def put(
        self,
        scale: str,
        entries: Iterable[Mapping[str, Any] | bytes],
        *,
        deleteable: bool = True,
    ) -> None: ...

    def ids(self, scale: str) -> list[int]: ...

    @property
    def asked(self) -> Sequence[object]:
        """Deletes that reached the site."""
        ...

    def go_down(self) -> None: ...

    def refuse_account(self) -> None: ...

    def break_package(self, scale: str) -> None: ...

    def tell_schedule(self, body: bytes | None) -> None:
        """Have the site say that to GET study; None for a site without that call."""
        ...

    def refuse_deletes(self) -> None:
        """For every id alike."""
        ...

    def fail_deletes(self, times: int | None) -> None: ...


SCHEDULE = (
    '[ {"name":"Calm","sessions":[{"name":"PRE","displayName":"Eins ö","index":0,"tasks":'
    '[{"name":"QOL","type":"questions","tag":null}]}]} ]'
).encode()
NO_SCHEDULES = {
    "an object": b'{"name":"Calm"}',
    "an array of texts": b'["Calm"]',
    "cut off": SCHEDULE[:-9],
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "nested without end": b"[" * 100_000,
    "too large": b"[" + b" " * MAX_SCHEDULE + b"]",
}


def fetched(site: Site, scale: str) -> bytes:
    with site.fetch(scale) as pieces:
        return b"".join(pieces)


def outcomes(answers: Sequence[DeleteAnswer]) -> dict[int, Outcome]:
    return {answer.id: answer.outcome for answer in answers}


class SiteContract:
    """Inherit, and give a fixture `world`."""

    def test_the_listing_names_each_scale_with_its_size_and_kind(self, world: World) -> None:
        world.put("QOL", ROWS)
        world.put("TaskLog", [{"id": 1}], deleteable=False)
        lines = {line["name"]: (line["size"], line["deleteable"]) for line in world.site.listing()}
        assert lines == {"QOL": (3, True), "TaskLog": (1, False)}

    def test_a_package_comes_byte_for_byte_as_the_rows_were_put(self, world: World) -> None:
        rows = [b'{"id":1, "a" : 1.50}', '{"id":2,"b":"\\u00f6ö"}'.encode(), b'{"garbled"']
        world.put("QOL", rows)
        assert fetched(world.site, "QOL") == b"[" + b",".join(rows) + b"]"

    def test_a_package_larger_than_one_piece_comes_whole(self, world: World) -> None:
        world.put("QOL", [{"id": 1, "note": "n" * 300_000}, {"id": 2}])
        body = fetched(world.site, "QOL")
        assert body.endswith(b'},{"id":2}]')
        assert len(body) > 300_000

    def test_a_scale_without_rows_is_an_empty_array(self, world: World) -> None:
        world.put("QOL", [])
        assert fetched(world.site, "QOL") == b"[]"

    def test_a_scale_that_the_site_lacks_ends_that_scale_only(self, world: World) -> None:
        world.put("QOL", ROWS)
        with pytest.raises(PackageError):
            fetched(world.site, "Nowhere")
        assert fetched(world.site, "QOL")

    @pytest.mark.parametrize("name", ["..", "../study", "a/b", "a?b", "a b", "", "ö", "a\r\nb"])
    def test_a_name_that_is_not_safe_is_never_asked_for(self, world: World, name: str) -> None:
        with pytest.raises(NameRefused):
            fetched(world.site, name)
        with pytest.raises(NameRefused):
            list(world.site.delete(name, [1]))
        assert not world.asked

    def test_a_package_that_breaks_off_never_ends_as_if_it_were_whole(self, world: World) -> None:
        world.put("QOL", MANY)
        world.put("Other", ROWS)
        world.break_package("QOL")
        with pytest.raises(PackageError, match="QOL"):
            fetched(world.site, "QOL")
        assert fetched(world.site, "Other"), "the fault of one scale is its own"

    def test_the_schedule_comes_byte_for_byte_as_the_site_tells_it(self, world: World) -> None:
        world.tell_schedule(SCHEDULE)
        assert world.site.schedule() == SCHEDULE

    def test_a_site_without_a_schedule_says_none(self, world: World) -> None:
        world.tell_schedule(None)
        world.put("QOL", ROWS)
        assert world.site.schedule() is None
        assert fetched(world.site, "QOL")

    @pytest.mark.parametrize("body", NO_SCHEDULES.values(), ids=NO_SCHEDULES)
    def test_what_is_no_schedule_is_a_fault_of_the_site(self, world: World, body: bytes) -> None:
        world.tell_schedule(body)
        with pytest.raises(SiteError, match="schedule"):
            world.site.schedule()

    def test_a_reader_who_leaves_early_does_no_harm_to_the_next(self, world: World) -> None:
        world.put("QOL", MANY)
        with world.site.fetch("QOL") as pieces:
            next(pieces)
        assert fetched(world.site, "QOL").endswith(b"]")

    def test_a_site_that_is_down_may_be_asked_again_later(self, world: World) -> None:
        world.put("QOL", ROWS)
        world.go_down()
        site = world.site
        for ask in (site.listing, site.schedule, lambda: fetched(site, "QOL")):
            with pytest.raises(SiteError) as caught:
                ask()
            assert caught.value.again

    def test_an_account_that_is_not_accepted_is_told_apart(self, world: World) -> None:
        world.put("QOL", ROWS)
        world.refuse_account()
        site = world.site
        for ask in (site.listing, site.schedule, lambda: fetched(site, "QOL")):
            with pytest.raises(SiteRefused):
                ask()
        answers = list(world.site.delete("QOL", [7, 8, 9]))
        assert set(outcomes(answers).values()) == {Outcome.REFUSED}
        assert world.ids("QOL") == [7, 9, 8]

    def test_each_id_gets_one_answer_and_is_gone(self, world: World) -> None:
        world.put("QOL", MANY)
        answers = list(world.site.delete("QOL", range(0, 300, 2)))
        assert sorted(answer.id for answer in answers) == list(range(0, 300, 2))
        assert {answer.outcome for answer in answers} == {Outcome.DONE}
        assert world.ids("QOL") == list(range(1, 300, 2))

    def test_an_id_that_is_not_there_is_absent(self, world: World) -> None:
        world.put("QOL", ROWS)
        answers = list(world.site.delete("QOL", [7, 12345]))
        assert outcomes(answers) == {7: Outcome.DONE, 12345: Outcome.ABSENT}

    def test_no_ids_are_no_answers(self, world: World) -> None:
        world.put("QOL", ROWS)
        assert list(world.site.delete("QOL", [])) == []
        assert not world.asked

    def test_a_scale_that_must_stay_is_refused_for_all_ids(self, world: World) -> None:
        world.put("TaskLog", MANY, deleteable=False)
        answers = list(world.site.delete("TaskLog", range(300)))
        assert sorted(outcomes(answers)) == list(range(300))
        assert {answer.outcome for answer in answers} == {Outcome.REFUSED}
        assert {"must remain" in answer.reason for answer in answers} == {True}
        assert len(world.ids("TaskLog")) == 300

    def test_deletes_of_a_scale_that_the_site_lacks_are_refused(self, world: World) -> None:
        assert outcomes(list(world.site.delete("Nowhere", [1]))) == {1: Outcome.REFUSED}

    def test_after_a_refusal_the_rest_is_refused_unasked(self, world: World) -> None:
        world.put("QOL", MANY)
        world.refuse_deletes()
        answers = list(world.site.delete("QOL", range(300)))
        assert sorted(outcomes(answers)) == list(range(300))
        assert len({(answer.outcome, answer.reason) for answer in answers}) == 1
        assert answers[0].outcome is Outcome.REFUSED
        assert len(world.asked) < 50

    def test_after_five_failures_in_a_row_the_site_is_left_in_peace(self, world: World) -> None:
        world.put("QOL", MANY)
        world.fail_deletes(None)
        answers = list(world.site.delete("QOL", range(300)))
        assert outcomes(answers) == dict.fromkeys(range(300), Outcome.FAILED)
        assert answers[-1].reason == "not asked: 5 failures in a row"
        assert 5 <= len(world.asked) < 50
        assert len(world.ids("QOL")) == 300

    def test_a_failure_now_and_then_stops_nothing(self, world: World) -> None:
        world.put("QOL", MANY)
        world.fail_deletes(3)
        answers = list(world.site.delete("QOL", range(300)))
        failed = [answer for answer in answers if answer.outcome is Outcome.FAILED]
        assert len(failed) == 3
        assert all(answer.reason for answer in failed)
        assert len(world.ids("QOL")) == 3

    def test_whoever_stops_listening_stops_the_deletes(self, world: World) -> None:
        world.put("QOL", MANY)
        answers = world.site.delete("QOL", range(300))
        assert len(list(islice(answers, 2))) == 2
        del answers
        assert len(world.asked) < 50

    def test_closing_twice_is_no_fault(self, world: World) -> None:
        world.site.close()
        world.site.close()
