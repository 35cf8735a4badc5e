"""The first page: its numbers are those of the commands, and one site's fault is its own."""

from __future__ import annotations

from datetime import timedelta

from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Runner
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.seen import Seen


def test_its_numbers_are_those_of_the_command(pools: PooledSite) -> None:
    known, seen = pools.status(), Seen(pools.visitor("viewer").get("/").text)
    state = known[STUDY]
    scales = state["scales"].values()
    total = {word: sum(one[word] for one in scales) for word in ("rows", "held", "owed")}
    assert total["held"] > 0
    assert total["owed"] > 0
    assert seen.terms["Rows"] == [f"{total['rows']}, {sum(state['new_rows'].values())} new today"]
    assert seen.terms["Held"] == [str(total["held"])]
    assert seen.terms["Owed"] == [f"{total['owed']} safe here and still on the site"]
    assert seen.terms["On the site"][0].startswith(f"{state['on_site']['rows']}, the oldest")
    assert seen.terms["Open incidents"][0].startswith(str(len(state["incidents"])))
    for level, count in state["incidents_open"].items():
        assert (f"{count} {level}" in seen.terms["Open incidents"][0]) == bool(count)
    days = {line[0]: int(line[1]) for line in seen.tables[f"{STUDY}, day by day"][1:]}
    assert days == state["new_rows"]
    assert "2 good" in seen.text


def test_a_pool_that_cannot_be_read_leaves_the_others_alone(pools: PooledSite) -> None:
    seen = Seen(pools.visitor("viewer").get("/").text)
    assert "the ledger cannot be used" in seen.text
    assert pools.status()[BROKEN]["faults"][0].replace("`", "") in seen.text
    assert "no pool yet" in seen.text
    assert seen.terms["Rows"]
    pools_linked = [link for link in seen.links if link.startswith("/pool/") and link != "/pool/"]
    assert pools_linked == [f"/pool/{name}/" for name in (BROKEN, BARE, STUDY)]  # trouble first


def test_a_piece_of_it_is_asked_for_and_no_more(pools: PooledSite) -> None:
    page = pools.visitor("viewer").get("/").text
    assert 'hx-get="/overview/" hx-trigger="every 10s"' in page
    piece = pools.visitor("viewer").get("/overview/", headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    assert Seen(piece).terms.keys() == Seen(page).terms.keys()
    gone = pools.visitor("").get("/overview/", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.headers["HX-Refresh"]) == (401, "true")


def test_it_warns_when_jobs_wait_and_nobody_carries(pools: PooledSite) -> None:
    words = "Jobs are queued, and nobody carries them."
    Runner.objects.all().delete()
    job = pools.place.add("rows")
    seen = Seen(pools.visitor("viewer").get("/").text)
    assert words in seen.text
    assert "Queued 1" in seen.text
    Runner.objects.create(
        host="h", pid=1, engine="embedded", slots=1, version="1", started_at=now(), seen_at=now()
    )
    assert words not in pools.visitor("viewer").get("/").text
    Runner.objects.update(seen_at=now() - timedelta(hours=1))
    assert words in pools.visitor("viewer").get("/").text
    Job.objects.filter(pk=job).delete()
    Runner.objects.all().delete()
