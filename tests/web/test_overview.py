"""The first page: its numbers are those of the commands, and one site's fault is its own."""

from __future__ import annotations

from datetime import timedelta

from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Runner
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.seen import Seen
from tests.web.site import WebSite


def sites_of(page: str) -> dict[str, list[str]]:
    """The lines of the table of sites by their names, as they stand."""
    return {line[0]: line[1:] for line in Seen(page).tables["Table of sites"][1:]}


def test_its_numbers_are_those_of_the_command(pools: PooledSite) -> None:
    state = pools.status()[STUDY]
    state_word, today, there, held = sites_of(pools.visitor("viewer").get("/").text)[STUDY][:4]
    scales = state["scales"].values()
    assert state_word == state["state"] == "Trouble"
    assert int(today) == list(state["new_rows"].values())[-1]
    assert int(there) == state["on_site"]["rows"]
    assert int(held) == sum(one["held"] for one in scales) > 0


def test_the_page_of_a_site_has_its_sums_and_its_days(pools: PooledSite) -> None:
    state = pools.status()[STUDY]
    seen = Seen(pools.visitor("viewer").get(f"/pool/{STUDY}/").text)
    scales = state["scales"].values()
    total = {word: sum(one[word] for one in scales) for word in ("rows", "held", "owed")}
    assert total["owed"] > 0
    assert seen.terms["Rows"] == [f"{total['rows']} {sum(state['new_rows'].values())} new today"]
    assert seen.terms["Held"] == [str(total["held"])]
    assert seen.terms["Owed"] == [f"{total['owed']} safe here, still there"]
    assert seen.terms["On the site"][0].startswith(f"{state['on_site']['rows']} the oldest")
    assert seen.terms["Open incidents"][0].startswith(str(len(state["incidents"])))
    for level, count in state["incidents_open"].items():
        assert (f"{count} {level}" in seen.terms["Open incidents"][0]) == bool(count)
    days = {line[0]: int(line[1]) for line in seen.tables[f"{STUDY}, day by day"][1:]}
    assert days == state["new_rows"]
    assert "2 good" in seen.text


def test_a_pool_that_cannot_be_read_leaves_the_others_alone(pools: PooledSite) -> None:
    page = pools.visitor("viewer").get("/").text
    found, seen = sites_of(page), Seen(page)
    assert found[BROKEN][0] == "Cannot be read"
    assert pools.status()[BROKEN]["faults"][0].replace("`", "") in found[BROKEN][1]
    assert found[BARE][0] == "No pool yet"
    assert list(found) == [BROKEN, STUDY, BARE]  # trouble first
    assert f"{BROKEN}: the pool cannot be read" in seen.text
    assert {f"/pool/{name}/" for name in found} <= set(seen.links)


def test_the_headline_says_what_needs_somebody(pools: PooledSite) -> None:
    page = pools.visitor("viewer").get("/").text
    assert "things need you</h1>" in page
    seen = Seen(page)
    opened = [one for one in pools.status()[STUDY]["incidents"] if one["level"] == "error"]
    assert f"{STUDY} {opened[0]['scale']}: entries are held: same id, other content" in seen.text
    assert "Safe: both versions in raw; not deleted" in seen.text
    shown = [link for link in seen.links if link.startswith("/incidents/#")]
    assert shown
    incidents = pools.visitor("viewer").get("/incidents/").text
    assert all(f'id="{link.partition("#")[2]}"' in incidents for link in shown)


def test_all_is_well_where_nothing_is_wrong_and_only_what_is_set_up_is_shown(web: WebSite) -> None:
    Job.objects.all().delete()
    Runner.objects.all().delete()
    seen = Seen(web.visitor("viewer").get("/").text)
    assert "Nothing waits for you." in seen.text
    assert "All well" in seen.text
    assert "Study sites" in seen.text
    for absent in ("Expected daily", "Last failures", "Needs you"):
        assert absent not in seen.text


def test_what_runs_and_what_failed_is_called_as_people_call_it(web: WebSite) -> None:
    Job.objects.all().delete()
    run = web.place.add("rows", rows=10, parts=2)
    failed = web.place.add("rows", rows=10, parts=2, key="other")
    Job.objects.filter(pk=run).update(status="In Progress", started_at=now())
    Job.objects.filter(pk=failed).update(status="Failed", reason="no room", ended_at=now())
    page = web.visitor("operator").get("/").text
    seen = Seen(page)
    assert "no room" in seen.text
    assert f"/jobs/{run}/" in seen.links
    assert f'action="/jobs/{failed}/retry/"' in page
    assert f'action="/jobs/{failed}/retry/"' not in web.visitor("viewer").get("/").text
    Job.objects.filter(pk=failed).update(ended_at=now() - timedelta(days=8))
    assert "no room" not in web.visitor("operator").get("/").text
    Job.objects.all().delete()


def test_a_piece_of_it_is_asked_for_and_no_more(pools: PooledSite) -> None:
    page = pools.visitor("viewer").get("/").text
    assert 'hx-get="/overview/" hx-trigger="every 10s"' in page
    piece = pools.visitor("viewer").get("/overview/", headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    assert sites_of(piece).keys() == sites_of(page).keys()
    gone = pools.visitor("").get("/overview/", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.headers["HX-Refresh"]) == (401, "true")


def test_it_warns_when_jobs_wait_and_nobody_carries(pools: PooledSite) -> None:
    words = "1 job queued, and nobody carries jobs"
    Runner.objects.all().delete()
    job = pools.place.add("rows")
    seen = Seen(pools.visitor("viewer").get("/").text)
    assert words in seen.text
    assert "1 queued" in seen.text
    Runner.objects.create(
        host="h", pid=1, engine="embedded", slots=1, version="1", started_at=now(), seen_at=now()
    )
    assert words not in pools.visitor("viewer").get("/").text
    Runner.objects.update(seen_at=now() - timedelta(hours=1))
    assert words in pools.visitor("viewer").get("/").text
    Job.objects.filter(pk=job).delete()
    Runner.objects.all().delete()
