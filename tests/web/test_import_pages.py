"""Files of teams and form responses at the page: shown first, ordered by whoever brought them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtdata.config import Settings
from mtdata.programme.preview import OwnRows, preview_file
from tests.web.brought_files import TEAMS, bring, carried, id_of, job_of, order, team_lines
from tests.web.seen import Seen
from tests.web.site import WebSite

FORMS = "/import_forms/"
STATIC = Path(__file__).parents[2] / "mtdata" / "web" / "static"


def test_the_preview_shows_every_fault_by_line_and_column_and_writes_nothing(web: WebSite) -> None:
    from mtdata.jobs.records.models import Job
    from mtdata.programme.records.models import Team

    before = Job.objects.count()
    bad = f",bert,red\r\nSouth,{'x' * 21},red\r\na,b\r\n"
    content = f"name,manager,colour\r\nNorth,anna,red\r\n{bad}".encode()
    visitor = web.visitor("operator")
    answer = bring(visitor, content)
    page = Seen(visitor.get(answer.headers["Location"]).text)
    assert page.tables["Table of faults"][1:] == [
        ["3", "name", "is empty"],
        ["4", "manager", "has 21 characters; at most 20 are allowed"],
        ["5", "the whole row", "has 2 cells; 3 are wanted"],
    ]
    assert "3 of 4 rows are wrong" in page.text
    assert page.tables["The first good rows"][1:] == [["North", "", "anna", ""]]
    assert "Not taken: colour" in page.text
    assert (Team.objects.count(), Job.objects.count()) == (0, before)


def test_wrong_rows_are_left_out_only_when_that_is_ticked(web: WebSite) -> None:
    visitor = web.visitor("operator")
    upload = id_of(bring(visitor, team_lines("North", "")))
    refused = order(visitor, upload)
    assert refused.status_code == 400
    assert "Nothing was queued" in refused.text
    job = job_of(order(visitor, upload, good_rows="yes", duplicates="update"))
    from mtdata.jobs.records.models import Job

    kept = Job.objects.get(pk=job).parameters
    assert kept["file"].startswith(upload)
    assert (kept["good_rows"], kept["duplicates"], kept["again"]) == ("yes", "update", "no")


def test_names_that_are_there_and_the_same_file_are_told(web: WebSite) -> None:
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    Team.objects.create(name="North", name_key=name_key("North"))
    visitor = web.visitor("operator")
    upload = id_of(bring(visitor, team_lines("North", "South")))
    assert Seen(visitor.get(f"{TEAMS}?file={upload}").text).terms["There already"] == ["1"]
    assert order(visitor, upload, duplicates="fail").status_code == 400
    job = job_of(order(visitor, upload))
    again = id_of(bring(visitor, team_lines("North", "South")))
    page = visitor.get(f"{TEAMS}?file={again}").text
    assert f"/jobs/{job}/" in Seen(page).links
    assert order(visitor, again).status_code == 400
    job_of(order(visitor, again, again="yes"))


def test_what_the_preview_counts_is_what_the_import_does(
    web: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtdata.programme import name_count
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    monkeypatch.setattr(name_count, "LOOKED_UP", 2)
    Team.objects.create(name="North", name_key=name_key("North"))
    visitor = web.visitor("operator")
    names = ("North", "South", " South", "East", "North", "West", "South", "")
    upload = id_of(bring(visitor, team_lines(*names)))
    terms = Seen(visitor.get(f"{TEAMS}?file={upload}").text).terms
    assert (terms["There already"], terms["A name once more"]) == (["1"], ["3"])
    refused = order(visitor, upload, good_rows="yes", duplicates="fail").text
    assert "1 team of the file are there already" in refused
    assert "3 rows of the file have a name again" in refused
    job = job_of(order(visitor, upload, good_rows="yes"))
    with carried(web.place):
        shown = web.place.ended(job, "Success")
    told = [event["text"] for event in shown["events"]]
    assert "rows: 8 rows: 3 new, 4 there already, 1 left out" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        ("name\r\nZürich\r\n".encode("latin-1"), "byte 0xFC at offset 7 is not UTF-8"),
        (b'name\r\n"open\r\n', "line 2"),
        (b"name\r\n" + b"x" * (1 << 18), "more than 131,072 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_and_not_kept(
    web: WebSite, content: bytes, told: str
) -> None:
    from mtdata.programme.records.models import UploadPiece

    answer = bring(web.visitor("operator"), content)
    assert answer.status_code == 400
    assert told in answer.text
    assert not UploadPiece.objects.exists()


def test_a_form_without_a_file_says_so(web: WebSite) -> None:
    from mtdata.programme.records.models import Upload

    visitor, before = web.visitor("operator"), Upload.objects.count()
    for answer in (visitor.submit(TEAMS, TEAMS), bring(visitor, b"", name="")):  # as browsers do
        assert answer.status_code == 400
        assert "no file was chosen" in answer.text
    assert Upload.objects.count() == before


def test_a_file_is_whose_it_is(web: WebSite) -> None:
    mine = id_of(bring(web.visitor("admin"), team_lines("North")))
    other = web.visitor("operator")
    assert other.get(f"{TEAMS}?file={mine}").status_code == 404
    assert order(other, mine).status_code == 404
    assert other.get(f"{TEAMS}?file=nothing").status_code == 404
    theirs = id_of(bring(other, team_lines("South")))
    assert other.get(f"{FORMS}?file={theirs}").status_code == 404
    assert web.visitor("admin").get(f"{TEAMS}?file={theirs}").status_code == 200


def test_a_viewer_imports_nothing_and_nobody_without_our_mark(web: WebSite) -> None:
    viewer, files = web.visitor("viewer"), {"file": ("teams.csv", team_lines("North"))}
    mark = {"csrfmiddlewaretoken": viewer.mark_of("/account/")}
    assert viewer.get(TEAMS).status_code == 403
    assert viewer.post(TEAMS, data=mark, files=files).status_code == 403
    assert web.visitor("operator").post(TEAMS, files=files).status_code == 403
    from mtdata.programme.records.models import Upload

    assert not Upload.objects.exists()


def test_new_job_leads_to_the_page_of_the_import(web: WebSite) -> None:
    visitor = web.visitor("operator")
    answer = visitor.get("/jobs/new/teams.import/")
    assert (answer.status_code, answer.headers["Location"]) == (303, TEAMS)
    assert visitor.submit("/jobs/new/forms.import/").headers["Location"] == FORMS


def test_an_import_that_is_ordered_again_begins_with_its_file(web: WebSite) -> None:
    visitor = web.visitor("operator")
    upload = id_of(bring(visitor, team_lines("North")))
    job = job_of(order(visitor, upload))
    answer = visitor.get(f"/jobs/new/teams.import/?from={job}")
    assert answer.headers["Location"] == f"{TEAMS}?from={job}"
    assert id_of(visitor.get(answer.headers["Location"])) == upload
    assert web.visitor("operator").get(f"{FORMS}?from={job}").status_code == 200


def test_form_responses_come_in_and_the_page_of_the_job_counts_them(web: WebSite) -> None:
    from mtdata.programme.records.models import FormResponse

    content = (STATIC / "programme" / "form_responses.csv").read_bytes()
    visitor = web.visitor("operator")
    upload = id_of(bring(visitor, content, FORMS))
    assert "2 form responses can be imported" in visitor.get(f"{FORMS}?file={upload}").text
    job = job_of(order(visitor, upload, FORMS))
    with carried(web.place):
        web.place.ended(job, "Success")
        page = Seen(visitor.get(f"/jobs/{job}/").text)
        assert (page.terms["Rows"][-1], page.terms["New"]) == ("2 of 2", ["2"])
        assert visitor.get(f"{FORMS}?file={upload}").status_code == 410
        assert visitor.submit(f"/jobs/{job}/undo/").status_code == 303
        web.place.ended(job, "Stopped")
    page = Seen(visitor.get(f"/jobs/{job}/").text)
    assert page.terms["Removed"] == ["2"]
    assert FormResponse.objects.count() == 0


@pytest.mark.parametrize("path", [TEAMS, FORMS])
def test_the_example_is_what_the_page_says_a_file_looks_like(
    web: WebSite, path: str, folder_settings: Settings
) -> None:
    from mtdata.web.programme.sorts import FORM_ROWS, TEAM_ROWS

    rows = TEAM_ROWS if path == TEAMS else FORM_ROWS
    assert list(rows.columns) == [one.name for one in rows.sort.columns]
    page = web.visitor("operator").get(path).text
    address = re.search(r'href="(/static/programme/[^"?]+)', page)
    assert address
    content = web.visitor("operator").get(address[1]).content
    zone = folder_settings.programme.timezone
    check = preview_file([content], rows.sort.columns, zone, OwnRows).check
    assert (check.good, check.bad, check.layout.unknown) == (2, 0, ())
    assert not check.layout.by_position


@pytest.fixture
def folder_settings(web: WebSite) -> Settings:
    """The config of the page."""
    return web.place.settings
