"""The pages of jobs through real HTTP: queue, watch, stop, again, clone; lists; bad input."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import requests

from mtdata.jobs.records import orders
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Event, Job, Part
from tests.jobs.place import until
from tests.web.programs import program
from tests.web.site import Visitor, WebSite

DAYS = {"start": "2026-03-01", "end": "2026-03-02"}
NOWHERE = "/jobs/00000000-0000-4000-8000-000000000000/"


def _queued(web: WebSite, kind: str, who: str = "operator", **fields: object) -> str:
    """Queue a job by its form; the path of its page."""
    form = f"/jobs/new/{kind}/"
    answer = web.visitor(who).submit(form, form, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def _id(path: str) -> str:
    return path.split("/")[2]


def _text(answer: requests.Response) -> str:
    """What a person reads."""
    inside = re.sub(r"(?s).*<main", "<main", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", inside)).split())


def _read(web: WebSite, path: str, who: str = "viewer", **how: Any) -> str:
    answer = web.visitor(who).get(path, **how)
    assert answer.status_code == 200, answer.text
    return _text(answer)


def _ordered(web: WebSite, page: str, order: str, who: str = "operator") -> str:
    """Order, and read the page that comes."""
    answer = web.visitor(who).submit(f"{page}{order}/")
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    return _read(web, page, who)


# --- queue and watch


def test_a_job_is_queued_by_its_form_and_watched_to_its_end(web: WebSite) -> None:
    page = _queued(web, "dated", **DAYS)
    told = _read(web, page)
    assert "report_01032026_02032026" in told
    assert "Queued" in told
    assert "ordered by operator" in told
    web.place.carry()
    until(lambda: "Success" in _read(web, page + "live/"), "the end on the page")
    told = _read(web, page)
    assert "2 of 2 done (100 %)" in told
    assert "Tag 2026-03-01 ü.csv" in told
    assert "2026-03-02" in _read(web, page + "parts/")
    assert "hx-get" not in web.visitor("viewer").get(page + "live/").text


def test_a_running_job_tells_how_far_it_is_and_when_it_was_heard_of(web: WebSite) -> None:
    page = _queued(web, "rows", rows=200, parts=3, how="waits")
    web.place.carry()
    until(lambda: "(3 %)" in _read(web, page + "live/"), "a batch of rows on the page")
    told = _read(web, page + "live/")
    assert "In Progress" in told
    assert "0 of 3 done (3 %)" in told
    assert "last sign of life" in told
    assert "writing" in told
    until(lambda: "rows a second" in _read(web, page + "live/"), "how fast it goes")
    assert 'hx-trigger="every 2s"' in web.visitor("viewer").get(page + "live/").text
    _ordered(web, page, "stop")
    web.place.ended(_id(page), "Stopped")


def test_the_whole_page_comes_anew_as_one_and_no_flash_outlives_its_state(web: WebSite) -> None:
    page = _queued(web, "rows")
    who = web.visitor("operator")
    piece = who.get(page + "live/?seen=Queued").text
    for card in ('id="job"', 'id="state"', 'id="orders"', "What happened", "Asked for"):
        assert card in piece
    assert 'id="flash"' not in piece, "what was said still holds"
    turned = who.get(page + "live/?seen=Success").text
    assert '<div id="flash" class="stack" hx-swap-oob="true"></div>' in turned
    assert "is Queued now." in turned
    assert "Yes, stop it" in turned
    assert "Yes, stop it" not in web.visitor("viewer").get(page + "live/?seen=Success").text


def test_who_carries_nobody_is_told_on_a_page_that_waits(web: WebSite) -> None:
    from mtdata.jobs.records.models import Runner

    Runner.objects.update(ended_at=now())
    page = _queued(web, "rows")
    assert "No runner is alive" in _read(web, page)
    Job.objects.filter(pk=_id(page)).update(status="In Progress", held_key=None)
    assert "No runner is alive" in _read(web, page), "also while it is In Progress"
    Job.objects.filter(pk=_id(page)).update(status="Queued")
    web.place.carry()
    until(lambda: "No runner is alive" not in _read(web, page), "somebody who carries")


def test_a_job_that_waits_says_until_when_and_can_be_stopped(web: WebSite) -> None:
    page = _queued(web, "rows", rows=20, parts=1, how="rests", pause=7200)
    web.place.carry()
    until(lambda: "Waits until" in _read(web, page + "live/"), "that it waits")
    told = _read(web, page)
    assert "Queued" in told
    assert re.search(r"Waits until [\w ,]*\d\d:\d\d UTC: it is settled then", told)
    assert re.search(r"Queued until \d+ \w+ \d\d:\d\d", _read(web, "/jobs/"))
    assert "Stopped" in _ordered(web, page, "stop")


# --- orders


def test_a_stopped_import_leaves_no_row_and_a_second_stop_does_no_harm(web: WebSite) -> None:
    page = _queued(web, "rows", rows=200, parts=2, how="waits")
    job = _id(page)
    web.place.carry()
    until(lambda: web.place.rows(job), "rows")
    assert "is Stopping" in _ordered(web, page, "stop")
    web.place.ended(job, "Stopped")
    assert web.place.rows(job) == 0
    told = _ordered(web, page, "stop")
    assert "it has ended already: Stopped; nothing was changed" in told
    assert "stopped by you" in told


def test_a_failed_job_is_tried_again_and_taken_back(web: WebSite) -> None:
    page = _queued(web, "rows", rows=20, parts=2, how="fails")
    job = _id(page)
    web.place.carry()
    web.place.ended(job, "Failed")
    assert "this part was told to fail" in _read(web, page)
    assert "Retry" in _read(web, page, "operator")
    assert "Retry" not in _read(web, page, "viewer")
    assert "is queued again, attempt 2" in _ordered(web, page, "retry")
    web.place.ended(job, "Success")
    assert "Nothing was changed" in _ordered(web, page, "retry")
    _ordered(web, page, "undo")
    web.place.ended(job, "Stopped")
    assert web.place.rows(job) == 0
    assert "Nothing was changed" in _ordered(web, page, "undo")


def test_a_clone_begins_with_what_the_job_was_asked(web: WebSite) -> None:
    page = _queued(web, "dated", **DAYS, note="as before")
    asked = web.visitor("operator").get(f"/jobs/new/dated/?from={_id(page)}").text
    assert 'value="2026-03-02"' in asked
    assert 'value="as before"' in asked
    assert "?from=" + _id(page) in web.visitor("operator").get(page).text
    for word in ("nonsense", NOWHERE.split("/")[2], ""):
        blank = web.visitor("operator").get(f"/jobs/new/dated/?from={word}")
        assert blank.status_code == 200
        assert "as before" not in blank.text


# --- bad input


FUTURE = f"{datetime.now(UTC).year + 1}-12-01"
BAD = (
    ({"start": ""}, "It is needed."),
    ({"start": "31-02-2026"}, "There is no such day."),
    ({"start": "03/01/2026"}, "It is neither YYYY-MM-DD nor dd-mm-yyyy."),
    ({"start": "2026-03-05"}, "Start 2026-03-05 is after end 2026-03-02; both days are included."),
    ({"end": FUTURE}, f"{FUTURE} has not come yet."),
    ({"note": "x" * 1001}, "It has 1001 characters; 1000 are the most."),
    ({"note": "a\x1bb"}, "It holds control characters, or is not UTF-8."),
    ({"note": "a\0b"}, "Null characters are not allowed."),
    ({"note": b"\xff\xfeab"}, "It holds control characters, or is not UTF-8."),
)


@pytest.mark.parametrize(("wrong", "told"), BAD, ids=lambda value: str(value)[:30])
def test_what_is_wrong_stands_at_its_field(web: WebSite, wrong: dict[str, Any], told: str) -> None:
    before = Job.objects.count()
    form = "/jobs/new/dated/"
    answer = web.visitor("operator").submit(form, form, **DAYS | {"note": "kept"} | wrong)
    assert answer.status_code == 400
    [name] = wrong
    at = re.search(rf'(?s)id="id_{name}_error">(.*?)</div>', answer.text)
    assert at, answer.text
    assert told in unescape(at[1])
    assert 'aria-invalid="true"' in answer.text
    assert "Nothing was queued" in answer.text
    assert Job.objects.count() == before


def test_every_wrong_field_is_told_at_once(web: WebSite) -> None:
    form = "/jobs/new/dated/"
    answer = web.visitor("operator").submit(form, form, start="x", end="y")
    assert answer.text.count("neither YYYY-MM-DD") == 2


def test_a_form_offers_the_sites_and_refuses_another(web: WebSite) -> None:
    form = "/jobs/new/study.decode/"
    asked = web.visitor("operator").get(form).text
    assert '<option value="study">study</option>' in asked
    assert '<option value="deleteable">' in asked
    answer = web.visitor("operator").submit(form, form, server="elsewhere")
    assert answer.status_code == 400
    assert "no site named" in answer.text


def test_what_looks_like_markup_is_shown_as_it_is(web: WebSite) -> None:
    page = _queued(web, "dated", **DAYS, note="<script>alert(1)</script>")
    Job.objects.filter(pk=_id(page)).update(reason="<b>why</b>", owner="<i>who</i>")
    Event.objects.create(job_id=_id(page), at=now(), level="INFO", text="<u>what</u>")
    Part.objects.filter(job=_id(page)).update(name="<s>part</s>")
    who = web.visitor("operator")
    for path in (page, page + "live/", page + "parts/", f"/jobs/new/dated/?from={_id(page)}",
                 "/jobs/?owner=<i>who</i>&name=<em>", "/jobs/?kind=<tt>"):  # fmt: skip
        text = who.get(path).text
        assert not re.search(r"<(script>|b>|i>|u>|s>|em>|tt>)", text), path


def test_there_is_nothing_where_no_job_or_kind_is(web: WebSite) -> None:
    who = web.visitor("operator")
    for path in (NOWHERE, NOWHERE + "live/", NOWHERE + "log/", NOWHERE + "parts/",
                 NOWHERE + "artifacts/", "/jobs/new/no.such/", "/jobs/17/"):  # fmt: skip
        assert who.get(path).status_code == 404, path
    for path in (NOWHERE + "stop/", NOWHERE + "retry/", NOWHERE + "undo/", "/jobs/new/no.such/",
                 NOWHERE + "artifacts/1/renew/"):  # fmt: skip
        assert who.submit(path).status_code == 404, path


def test_orders_are_for_operators_and_never_come_by_a_get(web: WebSite) -> None:
    page = _queued(web, "rows")
    viewer: Visitor = web.visitor("viewer")
    for path in (page + "stop/", page + "retry/", page + "undo/", "/jobs/new/rows/"):
        assert viewer.submit(path).status_code == 403, path
    assert viewer.get("/jobs/new/").status_code == 403
    assert web.visitor("operator").get(page + "stop/").status_code == 405
    assert web.visitor("").get(page).status_code == 302
    assert web.place.status(_id(page)) == "Queued"


def test_took_is_the_time_of_the_last_attempt_and_not_of_taking_back(web: WebSite) -> None:
    page = _queued(web, "rows", rows=20, parts=2, how="fails")
    job = Job.objects.filter(pk=_id(page))
    web.place.carry()
    web.place.ended(_id(page), "Failed")
    long_ago = timedelta(days=9)
    began = job.get().started_at - long_ago
    job.update(started_at=began, ended_at=began + timedelta(seconds=7))
    assert "took 7 s" in _read(web, page)
    _ordered(web, page, "retry")
    web.place.ended(_id(page), "Success")
    for shown in (_read(web, page), _read(web, "/jobs/?kind=rows")):
        assert not re.search(r"\b9 d\b", shown), "the days between two attempts are no work"
    ended = job.get().started_at + timedelta(seconds=5)
    Part.objects.filter(job=_id(page)).exclude(stage="undo").update(
        started_at=job.get().started_at, ended_at=ended
    )
    job.update(ended_at=ended)
    _ordered(web, page, "undo")
    web.place.ended(_id(page), "Stopped")
    job.update(ended_at=ended + long_ago)
    assert "took 5 s" in _read(web, page), "what came nine days later took something back"
    assert " 5 s " in _read(web, "/jobs/?kind=rows&status=Stopped")


def test_a_queued_job_tells_its_place_and_who_has_its_account(web: WebSite) -> None:
    Job.objects.filter(status="Queued").delete()
    first, second = (_queued(web, "rows", rows=1, parts=1, key="placed") for _ in range(2))
    assert "It is the next one" in _read(web, first)
    assert "1 job queued before it" in _read(web, second)
    Job.objects.filter(pk=_id(first)).update(held_key="placed")  # as after a retry
    assert "It is the next one" in _read(web, first)
    Job.objects.filter(pk=_id(first)).update(status="In Progress", held_key="placed")
    told = web.visitor("viewer").get(second).text
    assert re.search(r"Behind rows.* on the same account", _read(web, second))
    assert f'id="behind" href="{first}"' in told
    assert "before it" not in _read(web, first)
    Job.objects.filter(pk__in=[_id(first), _id(second)]).delete()


def test_one_order_reaches_the_ticked_jobs_that_it_fits(web: WebSite) -> None:
    failed = [_queued(web, "rows") for _ in range(3)]
    waits = _queued(web, "rows")
    Job.objects.filter(pk__in=map(_id, failed)).update(status="Failed", ended_at=now())
    shown = web.visitor("operator").get("/jobs/several/?status=Failed").text
    assert all(f'value="{_id(page)}"' in shown for page in failed)
    assert f'value="{_id(waits)}"' not in shown
    ticked = [_id(page) for page in (*failed[:2], waits, NOWHERE)] + ["nonsense"]
    answer = web.visitor("operator").submit(
        "/jobs/several/", "/jobs/several/", order="retry", job=ticked
    )
    assert answer.status_code == 303
    told = _read(web, "/jobs/", "operator")
    assert "Queued again: 2 jobs." in told
    assert "Left as before, 1:" in told
    assert [web.place.status(_id(page)) for page in (*failed, waits)] == [
        "Queued", "Queued", "Failed", "Queued",
    ]  # fmt: skip
    for fields in ({"order": "retry"}, {"order": "drop", "job": ticked}):
        web.visitor("operator").submit("/jobs/several/", "/jobs/several/", **fields)
    assert web.place.status(_id(failed[2])) == "Failed"


def test_a_range_is_removed_and_those_behind_it_move_up(web: WebSite) -> None:
    form, known = "/jobs/new/ranged/", web.visitor("operator")
    assert 'name="less"' not in known.get(form).text, "one range stays"
    days = {"start": "2026-03-01", "end": "2026-03-02", "start_2": "2026-03-04",
            "end_2": "2026-03-05", "start_3": "2026-03-07", "end_3": "", "ranges": "3"}  # fmt: skip
    shown = known.submit(form, form, **days, less="2", note="kept").text
    filled = dict(re.findall(r'name="((?:start|end)\w*)" value="([^"]*)"', shown))
    assert filled == {"start": "2026-03-01", "end": "2026-03-02", "start_2": "2026-03-07"}
    assert 'value="kept"' in shown
    assert shown.count('name="less"') == 2
    assert 'name="less"' not in known.submit(form, form, **DAYS, ranges="2", less="2").text


# --- lists


def test_a_long_list_is_filtered_and_turned_page_by_page(web: WebSite) -> None:
    Job.objects.all().delete()
    at = now()
    Job.objects.bulk_create(
        Job(name=f"many_{number:03}", kind="rows" if number % 2 else "shared", parameters={},
            status="Failed" if number % 3 else "Success", owner="anna" if number < 60 else "bo",
            created_at=at + timedelta(seconds=number))
        for number in range(120)
    )  # fmt: skip

    def names(address: str) -> list[str]:
        return re.findall(
            r'<a [^>]*title="[^"]* \((many_\d+)\)"', web.visitor("viewer").get(address).text
        )

    first, last = names("/jobs/"), names("/jobs/?page=3")
    assert (first[0], len(first), last[-1]) == ("many_119", 50, "many_000")
    assert names("/jobs/?page=99") == last
    assert names("/jobs/?page=-1") == names("/jobs/?page=x") == first
    assert len(names("/jobs/?status=Success")) == 40
    assert names("/jobs/?owner=anna&kind=shared&name=many_00")[0] == "many_008"
    assert names("/jobs/?name=many%00_11&page=99999999999999999999")[0] == "many_119"
    told = web.visitor("viewer").get("/jobs/?owner=anna").text
    assert 'href="?owner=anna&amp;page=2"' in told
    assert 'hx-get="/jobs/?owner=anna"' in told
    assert "60 jobs found" in _read(web, "/jobs/?owner=anna")
    assert "No job fits" in _read(web, "/jobs/?kind=no.such")
    page = web.visitor("viewer").get("/jobs/").text
    assert '<option value="study.decode">Sheets anew</option>' in page


def test_the_list_alone_is_for_who_polls_it(web: WebSite) -> None:
    _queued(web, "rows")
    alone = web.visitor("viewer").get("/jobs/?kind=rows", headers={"HX-Request": "true"}).text
    assert "<html" not in alone
    assert "rows" in alone
    gone = web.visitor("").get("/jobs/", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.headers["HX-Refresh"]) == (401, "true")


def test_parts_are_turned_page_by_page_and_the_log_is_whole(web: WebSite) -> None:
    page = _queued(web, "rows")
    Part.objects.bulk_create(
        Part(job_id=_id(page), number=number, stage="work", name=f"part{number}",
             status="Failed" if number == 7 else "Queued", reason="of its own")
        for number in range(1, 251)
    )  # fmt: skip
    Event.objects.bulk_create(
        Event(job_id=_id(page), at=now(), level="INFO", text=f"line {number}\nmore")
        for number in range(2500)
    )
    assert "251 parts" in _read(web, page + "parts/")
    assert "part250" in _read(web, page + "parts/?page=3")
    assert "1 part found" in _read(web, page + "parts/?status=Failed")
    log = web.visitor("viewer").get(page + "log/")
    assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = log.text.splitlines()
    assert lines[0].endswith("INFO added")
    assert lines[-2].endswith("INFO line 2499")
    assert lines[-1] == "    more"
    assert len(lines) == 5001


def test_head_is_a_get_without_its_body(web: WebSite) -> None:
    page = _queued(web, "rows")
    for path in (page, page + "log/", "/jobs/"):
        known = web.visitor("viewer")
        head = known.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert known.get(path).status_code == 200  # on the same connection


def test_while_the_database_is_away_a_page_says_so(web: WebSite) -> None:
    page = _queued(web, "rows")
    known, file = web.visitor("operator"), web.place.folder / "state" / "programme.sqlite3"
    away = file.with_suffix(".away")
    file.rename(away)
    try:
        file.mkdir()
        for path in ("/jobs/", page, page + "live/"):
            answer = known.get(path)
            assert answer.status_code == 503
            assert "does not answer" in answer.text
    finally:
        file.rmdir()
        away.rename(file)
    assert known.get(page).status_code == 200


# --- a crowd


def test_a_crowd_is_refused_in_words_at_each_door_and_stopped_in_one_go(web: WebSite) -> None:
    before = Job.objects.filter(status="Stopped").count()
    for owner, count in (("operator", 98), ("admin", 2)):
        order = orders.Order("rows", {"rows": 1, "parts": 1}, "crowd", owner=owner)
        orders.add_all([order] * count)
    last = _queued(web, "dated", **DAYS)
    _queued(web, "rows", rows="1")  # the hundredth
    asking = program(web)
    by_page = web.visitor("operator").submit("/jobs/new/dated/", "/jobs/new/dated/", **DAYS)
    by_api = asking.post("/api/v1/jobs", json={"kind": "rows", "parameters": {}})
    again = _ordered(web, last, "stop")
    assert "Stopped" in again
    assert (by_page.status_code, by_api.status_code) == (400, 422)
    for told in (_text(by_page), by_api.json()["detail"]):
        assert "101 jobs of one owner" in told
        assert "QUEUE_JOBS" in told
    shown = web.visitor("operator").get("/jobs/", params={"owner": "operator", "name": "crowd"})
    assert "Stop all of these" in shown.text
    assert "Stop all of these" not in web.visitor("viewer").get("/jobs/").text
    fields = {"owner": "operator", "name": "crowd", "status": "", "kind": ""}
    done = web.visitor("operator").submit("/jobs/stop/", "/jobs/", **fields)
    assert (done.status_code, done.headers["Location"]) == (303, "/jobs/")
    assert Job.objects.filter(status="Stopped").count() == before + 99
    stopped = asking.post("/api/v1/jobs/stop", json={"owner": "operator"}).json()
    assert (stopped["stopped"], stopped["jobs"][0]["status"]) == (1, "Stopped")
    assert Job.objects.filter(status="Queued").values_list("owner", flat=True).distinct().get() == (
        "admin"
    )
