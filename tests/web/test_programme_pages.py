"""Where programme data is told of: stop_task, export_data, header, overview, administration."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.web.brought_files import TEAMS, bring, carried, id_of, job_of, order, team_lines
from tests.web.seen import Seen
from tests.web.site import Visitor, WebSite

TEAM_LIST = "/admin/programme/team/"


def add_team(name: str, **more: Any) -> Any:
    """A team that is there."""
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    return Team.objects.create(name=name, name_key=name_key(name), **more)


def imported(web: WebSite, visitor: Visitor, *names: str) -> str:
    """A job that brought these teams and has ended."""
    job = job_of(order(visitor, id_of(bring(visitor, team_lines(*names)))))
    with carried(web.place):
        web.place.ended(job, "Success")
    return job


def test_stop_task_asks_by_get_and_stops_by_post(web: WebSite) -> None:
    visitor = web.visitor("operator")
    job = job_of(order(visitor, id_of(bring(visitor, team_lines("North")))))
    for path in (f"/stop_task/{job}", f"/stop_task/{job}/"):
        assert "Stop this job?" in visitor.get(path).text
        assert web.place.status(job) == "Queued"
        assert web.visitor("viewer").get(path).status_code == 403
    assert visitor.post(f"/stop_task/{job}").status_code == 403
    answer = visitor.submit(f"/stop_task/{job}")
    assert answer.headers["Location"] == f"/jobs/{job}/"
    assert web.place.status(job) == "Stopped"
    assert "There is nothing to stop" in visitor.get(f"/stop_task/{job}").text
    for unknown in (f"/stop_task/{uuid4()}", "/stop_task/7", "/stop_task/"):
        assert visitor.get(unknown).status_code == 404


def test_stop_task_of_an_ended_import_offers_to_take_it_back_but_what_was_edited(
    web: WebSite,
) -> None:
    from mtdata.programme.records.models import Team

    visitor = web.visitor("operator")
    add_team("There")
    job = imported(web, visitor, "North", "South", "There")
    page = visitor.get(f"/stop_task/{job}").text
    assert "It has ended already" in page
    assert "2 rows of" in page  # the third was there
    admin, north = web.visitor("admin"), Team.objects.get(name="North").pk
    assert f"{TEAM_LIST}?job={job}" in Seen(admin.get(f"/jobs/{job}/").text).links
    listed = admin.get(f"{TEAM_LIST}?job={job}").text
    assert ("North" in listed, "There" in listed) == (True, False)
    change = f"{TEAM_LIST}{north}/change/"
    answer = admin.submit(change, change, name="North", manager="zoe")
    assert answer.status_code == 302
    with carried(web.place):
        visitor.submit(f"/jobs/{job}/undo/")
        web.place.ended(job, "Stopped")
    shown = Seen(admin.get(f"/jobs/{job}/").text)
    assert (shown.terms["Removed"], shown.terms["Kept, edited since"]) == (["1"], ["1"])
    assert f"{TEAM_LIST}?job={job}" not in shown.links  # there is none that is the job's
    assert set(Team.objects.values_list("name", "job")) == {("North", None), ("There", None)}
    assert f"{TEAM_LIST}?job={job}" not in Seen(visitor.get(f"/jobs/{job}/").text).links


def test_export_data_fills_a_form_by_get_and_queues_by_post(web: WebSite) -> None:
    from mtdata.jobs.records.models import Job

    visitor, days = web.visitor("operator"), {"from": "2017-05-15 00:00", "to": "2020-05-15 00:00"}
    place = f"/export_data/?{urlencode(days | {'email': 'a@example.org'})}"
    page = visitor.get(place).text
    for value in (*days.values(), "a@example.org"):
        assert f'value="{value}"' in page
    assert not Job.objects.filter(kind="forms.export").exists()
    assert visitor.post(place, data=days).status_code == 403
    assert web.visitor("viewer").get(place).status_code == 403
    job = job_of(visitor.submit(place, place, **days))
    assert Job.objects.get(pk=job).kind == "forms.export"


def test_who_edits_a_team_is_marked_and_its_name_stays_its_own(web: WebSite) -> None:
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    admin, one = web.visitor("admin"), add_team("North", manager="anna")
    add_team("South")
    change = f"{TEAM_LIST}{one.pk}/change/"
    refused = admin.submit(change, change, name=" South ", manager="anna")
    assert "There is a team of that name already." in refused.text
    one.refresh_from_db()
    assert (one.name, one.edited_at) == ("North", None)
    admin.submit(change, change, name="North", manager="anna")
    one.refresh_from_db()
    assert one.edited_at is None, "nothing was changed"
    admin.submit(change, change, name=" West ", manager="anna")
    one.refresh_from_db()
    assert (one.name, one.name_key) == ("West", name_key("West"))
    assert one.edited_at is not None
    add = f"{TEAM_LIST}add/"
    assert admin.submit(add, add, name="East").status_code == 302
    assert Team.objects.get(name_key=name_key("East")).job is None
    gone = f"{TEAM_LIST}{one.pk}/delete/"
    assert admin.submit(gone, gone, post="yes").status_code == 302
    assert not Team.objects.filter(pk=one.pk).exists()


def test_the_administration_searches_and_filters(web: WebSite) -> None:
    admin, job = web.visitor("admin"), uuid4()
    for number in range(60):
        add_team(f"Team {number:02}", manager="anna" if number else "bert", job=job)

    def rows(query: str) -> int:
        return admin.get(f"{TEAM_LIST}?{query}").text.count('class="field-name"')

    assert rows("") == 50
    assert (rows("p=2"), rows("all=")) == (10, 50)
    assert (rows("q=Team+07"), rows("manager=bert"), rows("manager=nobody")) == (1, 1, 0)
    assert (rows(f"job={uuid4()}"), rows("job=none"), rows(f"job={job}")) == (0, 0, 50)
    for other in ("viewer", "operator"):
        assert web.visitor(other).get(TEAM_LIST).status_code == 403


def test_form_responses_can_be_looked_for_and_edited(web: WebSite) -> None:
    from mtdata.jobs.records.asking import now
    from mtdata.programme.records.models import FormResponse

    one = FormResponse.objects.create(
        timestamp=now(), user="anna", name_of_respondent="Ms Example",
        gender_of_respondent="Female", record_latitude=1, record_longitude=2,
    )  # fmt: skip
    admin, place = web.visitor("admin"), "/admin/programme/formresponse/"
    for query, count in (("q=Example", 1), ("gender_of_respondent=Male", 0), ("q=nobody", 0)):
        assert admin.get(f"{place}?{query}").text.count('class="field-user"') == count
    change = f"{place}{one.pk}/change/"
    given = {"timestamp_0": "2020-05-15", "timestamp_1": "14:30:00", "user": "anna"}
    given |= {"name_of_respondent": "Ms Other", "gender_of_respondent": "Female"}
    given |= {"record_latitude": "1", "record_longitude": "2"}
    assert admin.submit(change, change, **given).status_code == 302
    one.refresh_from_db()
    assert one.name_of_respondent == "Ms Other"
    assert one.edited_at is not None


def test_the_header_names_it_once_somebody_brought_a_file(web: WebSite) -> None:
    viewer = web.visitor("viewer")
    bring(web.visitor("operator"), team_lines("North"))
    links = Seen(viewer.get("/jobs/").text).links
    assert "/programme/" in links
    page = viewer.get("/programme/").text
    assert "0 teams and 0 form responses" in page
    assert TEAMS not in Seen(page).links
    assert TEAMS in Seen(web.visitor("operator").get("/programme/").text).links


def test_the_overview_counts_and_leads_to_the_last_import(web: WebSite) -> None:
    visitor = web.visitor("operator")
    job = imported(web, visitor, "North", "South")
    bring(visitor, team_lines("East"))  # it is looked at anew
    page = Seen(visitor.get("/").text)
    assert page.terms["Teams"] == ["2"]
    assert f"/jobs/{job}/" in page.links
    assert f"/jobs/{job}/" in Seen(visitor.get("/programme/").text).links
