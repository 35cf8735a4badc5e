"""Web logs on the page: numbers of the commands, reasons that add up, what is told to whom."""

from __future__ import annotations

import re
from datetime import timedelta

from mtdata.web.api.asked import MOST_SIZE
from mtdata.weblogs.operations.opening import ledger_path
from tests.web.logged import BARE, BROKEN, SITE, LoggedSite
from tests.web.programs import program
from tests.web.seen import Seen
from tests.web.site import WebSite


def seen(logs: LoggedSite, path: str, role: str = "viewer") -> Seen:
    answer = logs.visitor(role).get(path)
    assert answer.status_code == 200, path
    return Seen(answer.text)


def test_a_line_of_the_list_sums_up_what_the_imports_told(logs: LoggedSite) -> None:
    found = {line[0]: line[1:] for line in seen(logs, "/weblogs/").tables["Sites of web logs"][1:]}
    assert list(found) == [BROKEN, SITE, BARE]  # trouble first
    told = logs.told.values()
    sums = [sum(one["lines"] for one in told), sum(one["tracked"] for one in told)]
    sums += [sum(sum(one["skipped"].values()) for one in told)]
    sums += [sum(one["quarantined"] for one in told)]
    assert [int(word) for word in found[SITE][2:6]] == sums
    assert found[SITE][0] == "Hits in doubt"
    assert found[SITE][1] == logs.days[0].strftime("%-d %b %Y")
    assert "the ledger cannot be used" in found[BROKEN][1]
    assert found[BARE] == ["Nothing imported", "nothing was imported yet"]


def test_each_day_of_a_site_has_the_numbers_of_its_import(logs: LoggedSite) -> None:
    page = seen(logs, f"/weblogs/{SITE}/")
    rows = {line[0]: line[1:] for line in page.tables["Table of days"][1:]}
    for day, state in zip(logs.days, ("Hits in doubt", "Imported"), strict=True):
        told = logs.told[day]
        skipped = sum(told["skipped"].values())
        numbers = (len(told["files"]), told["lines"], told["tracked"], skipped, told["quarantined"])
        assert rows[day.strftime("%a %-d %b %Y")] == [state, *map(str, numbers)]
        assert f"/weblogs/{SITE}/{day}/" in page.links
    assert len(rows) == 3, "yesterday is the last, and nothing is told of before the first log"
    tracked, skipped, doubtful = (sum(int(row[n]) for row in rows.values() if row[1])
                                  for n in (3, 4, 5))  # fmt: skip
    told_in_words = f"{tracked} stored, {skipped} skipped, {doubtful} in doubt in 30 days"
    assert told_in_words in logs.visitor("viewer").get(f"/weblogs/{SITE}/").text


def test_reasons_add_up_to_what_was_skipped(logs: LoggedSite) -> None:
    page = seen(logs, f"/weblogs/{SITE}/")
    lines = page.tables["Reasons"][1:]
    found = {name.split()[0]: int(count) for name, count, _ in lines}
    assert found == {"static": 60, "malformed": 2}
    assert sum(found.values()) == int(page.terms["Skipped"][0])
    shares = [float(share.removesuffix(" %")) for _, _, share in lines]
    total = int(page.terms["Lines"][0])
    assert shares == [round(100 * count / total, 1) for count in found.values()]


def test_the_days_that_are_shown_are_those_that_are_asked_for(logs: LoggedSite) -> None:
    newer, older = logs.days
    alone = seen(logs, f"/weblogs/{SITE}/?from={older}&to={older}")
    assert alone.terms["Lines"] == [str(logs.told[older]["lines"])]
    nothing = seen(logs, f"/weblogs/{SITE}/?from=2015-01-01&to=2015-02-01").text
    assert "No log of these days was imported." in nothing
    both = seen(logs, f"/weblogs/{SITE}/").terms["Lines"]
    for odd in ("?from=x&to=2015-13-01", "?from=%00", f"?from={newer}&to=", "?page=x"):
        assert logs.visitor("viewer").get(f"/weblogs/{SITE}/{odd}").status_code == 200
    far = f"/weblogs/{SITE}/?from=0001-01-01&to=9999-12-31"
    assert seen(logs, far).terms["Lines"] == both
    turned = seen(logs, f"/weblogs/{SITE}/?from={newer}&to={older}")
    assert turned.terms["Lines"] == alone.terms["Lines"]


def test_a_day_names_its_logs_and_what_is_in_doubt(logs: LoggedSite) -> None:
    day = logs.days[0]
    page = seen(logs, f"/weblogs/{SITE}/{day}/")
    files = page.tables["Logs of the day"][1:]
    for line, told in zip(files, logs.told[day]["files"], strict=True):
        assert line[0].startswith(told["key"])
        assert line[5] == str(told["lines"])
        assert line[7:] == [str(sum(told["skipped"].values())), str(told["quarantined"])]
    assert [line[4] for line in files] == ["read", "breaks off"]
    assert "it breaks off in the middle of what is packed" in page.text
    [batch] = logs.command("weblogs", "quarantine", SITE)["batches"]
    assert f"Batch {batch['batch']} " in page.text
    assert batch["reason"] in page.text
    numbers = [int(word) for word in re.findall("[0-9]+", batch["files"][0]["lines"])]
    assert f"lines {numbers[0]} to {numbers[-1]}" in page.text


def test_who_has_the_command_is_told_it_and_others_whom_to_ask(logs: LoggedSite) -> None:
    path, command = f"/weblogs/{SITE}/", f"mtdata weblogs quarantine {SITE} --resolve auto"
    assert command in seen(logs, path, "admin").text
    for role in ("viewer", "operator"):
        text = seen(logs, path, role).text
        assert command not in text
        assert "An administrator can end that." in text


def test_a_day_is_imported_by_a_form_that_knows_it(logs: LoggedSite) -> None:
    day = logs.days[1]
    to = f"/jobs/new/weblogs.import/?site={SITE}&day={day}"
    assert to in seen(logs, f"/weblogs/{SITE}/{day}/", "operator").links
    assert to not in seen(logs, f"/weblogs/{SITE}/{day}/").links
    form = logs.visitor("operator").get(to).text
    assert f'<option value="{SITE}" selected>' in form
    assert f'value="{day}"' in form
    sent = logs.visitor("operator").submit("/jobs/new/weblogs.import/", to, site=SITE, day=day)
    assert sent.status_code == 303
    job = seen(logs, sent.headers["Location"], "operator")
    assert f"/weblogs/{SITE}/{day}/" in job.links
    assert sent.headers["Location"] in seen(logs, f"/weblogs/{SITE}/{day}/").links


def test_a_form_takes_no_more_of_an_address_than_its_fields(logs: LoggedSite) -> None:
    form = logs.visitor("operator").get(f"/jobs/new/weblogs.import/?site=<b>&day={'9' * 9999}&x=y")
    assert form.status_code == 200
    assert "<b>" not in form.text
    assert "9" * 5000 not in form.text


def test_jobs_of_a_day_are_on_its_page_alone(logs: LoggedSite) -> None:
    newer, older = logs.days
    job = logs.order(newer)
    assert f"/jobs/{job}/" in seen(logs, f"/weblogs/{SITE}/{newer}/").links
    assert f"/jobs/{job}/" not in seen(logs, f"/weblogs/{SITE}/{older}/").links
    assert "No job imported this day" in seen(logs, f"/weblogs/{SITE}/{older}/").text


def test_a_ledger_that_is_damaged_or_not_there_ends_no_page(logs: LoggedSite) -> None:
    for path in (f"/weblogs/{BROKEN}/", f"/weblogs/{BROKEN}/{logs.days[0]}/"):
        assert "the ledger cannot be used" in seen(logs, path).text
    assert "nothing was imported yet" in seen(logs, f"/weblogs/{BARE}/").text
    assert "The ledger has no log of this day." in seen(logs, f"/weblogs/{BARE}/2020-01-01/").text
    assert f"{BROKEN}: the ledger cannot be read" in seen(logs, "/").text
    for path in ("/", "/weblogs/", "/incidents/"):
        seen(logs, path)
    assert not ledger_path(logs.place.settings, BARE).exists(), "who looks makes no ledger"


def test_only_sites_and_days_that_there_can_be_have_a_page(logs: LoggedSite) -> None:
    day = logs.days[0]
    far = day + timedelta(days=30)
    for path in ("other.org/", f"other.org/{day}/", f"{SITE}/x/", f"{SITE}/{far}/",
                 f"{SITE}/1999-12-31/", f"{SITE}/2026-3-1/", f"..%2f{SITE}/"):  # fmt: skip
        assert logs.visitor("admin").get(f"/weblogs/{path}").status_code == 404, path


def test_a_page_of_days_has_fifty_and_all_of_them_can_be_reached(logs: LoggedSite) -> None:
    first = "/weblogs/" + SITE + "/?from=2025-01-01"
    assert len(seen(logs, first).tables["Table of days"][1:]) == 3
    assert seen(logs, first + "&page=99").terms["Lines"] == seen(logs, first).terms["Lines"]


def test_the_api_tells_what_the_imports_told(logs: LoggedSite) -> None:
    answer = program(logs, "viewer").get("/api/weblogs").json()
    assert (answer["total"], answer["next"]) == (3, None)
    sites = answer["sites"]
    assert sites[BARE] == {"absent": "nothing was imported yet"}
    assert list(sites[BROKEN]) == ["fault"]
    site = sites[SITE]
    assert (site["first_day"], site["last_day"]) == (str(logs.days[1]), str(logs.days[0]))
    assert sorted(site["incidents"]) == ["lines_in_doubt", "log_unreadable"]
    assert [one["day"] for one in site["days"]] == [str(day) for day in reversed(logs.days)]
    for one in site["days"]:
        told = logs.told[next(day for day in logs.days if str(day) == one["day"])]
        names = ("lines", "hits", "skipped", "tracked", "invalid", "quarantined")
        assert {name: one[name] for name in names} == {name: told[name] for name in names}
    page = program(logs, "viewer").get("/api/weblogs?size=1&page=2").json()
    assert (list(page["sites"]), page["pages"]) == ([BROKEN], 3)
    assert program(logs, "viewer").get(f"/api/weblogs?size={MOST_SIZE + 1}").status_code == 422


def test_the_header_names_only_what_is_configured(logs: LoggedSite, web: WebSite) -> None:
    assert "/weblogs/" in seen(logs, "/").links
    assert "/weblogs/" not in Seen(web.visitor("viewer").get("/").text).links
