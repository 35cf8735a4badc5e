"""The stand-in for Matomo counts visits, archives and refuses by the API as the facts say."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtdata.demo.weblogs.settings import SUPER_USER, MatomoToken, MatomoWebsite
from mtdata.demo.weblogs.site import MatomoSite
from tests.weblogs.matomo_wire import NOW, MatomoReply, ask, bulk, hit, send

VIEW, ADMIN, SECURE = "cd" * 16, "ad" * 16, "5e" * 16
DAY = "2026-03-09"


@pytest.fixture
def site() -> Iterator[MatomoSite]:
    berlin = MatomoWebsite(2, "https://example.de", timezone="Europe/Berlin")
    with MatomoSite(MatomoWebsite(1), berlin, now=lambda: NOW) as running:
        running.settings.tokens |= {
            VIEW: MatomoToken(rights={1: "view"}),
            ADMIN: MatomoToken(rights={1: "admin"}),
            SECURE: MatomoToken(super_user=True, secure_only=True),
        }
        yield running


def at(clock: str, day: str = DAY, **more: Any) -> dict[str, Any]:
    return hit(cdt=f"{day} {clock}", **more)


def report(site: MatomoSite, method: str, day: str = DAY, idsite: int = 1) -> dict[str, Any]:
    answer = ask(site, method, idSite=idsite, period="day", date=day)
    assert (answer.status, answer.kind) == (200, "application/json")
    return dict(answer.json)


def visits(site: MatomoSite, day: str = DAY, idsite: int = 1) -> tuple[int, int, int, int]:
    """Visits, actions, unique visitors and seconds of a day."""
    told = report(site, "VisitsSummary.get", day, idsite)
    names = ("nb_visits", "nb_actions", "nb_uniq_visitors", "sum_visit_length")
    return tuple(told[name] for name in names)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([], (0, 0, 0, 0)),
        ([at("10:00:00")], (1, 1, 1, 0)),
        ([at("10:00:00"), at("10:29:59")], (1, 2, 1, 1800)),
        ([at("10:00:00"), at("10:30:00")], (2, 2, 2, 0)),
        ([at("10:00:00"), at("10:20:00"), at("10:40:00")], (1, 3, 1, 2401)),
        ([at("10:40:00"), at("10:20:00"), at("10:00:00")], (1, 3, 1, 0)),
        ([at("10:00:00"), at("10:00:00", cip="192.0.2.2")], (2, 2, 2, 0)),
        ([at("10:00:00"), at("10:00:00", ua="other")], (2, 2, 2, 0)),
        ([at("10:00:00", cid="a" * 16), at("12:00:00", cid="A" * 16)], (2, 2, 1, 0)),
        ([at("10:00:00", uid="x"), at("10:05:00", uid="x", cip="192.0.2.2")], (1, 2, 1, 301)),
        ([at("23:50:00"), at("00:05:00", "2026-03-10")], (1, 1, 1, 0)),
        ([at("00:05:00", "2026-03-10"), at("23:50:00")], (1, 1, 1, 0)),
    ],
)
def test_visits_of_a_day(
    site: MatomoSite, hits: list[dict[str, Any]], expected: tuple[int, int, int, int]
) -> None:
    bulk(site, *hits)
    assert visits(site) == expected


def test_a_visit_is_cut_at_the_midnight_of_its_site(site: MatomoSite) -> None:
    bulk(site, at("22:50:00", idsite=2), at("22:59:00", idsite=2), at("23:00:00", idsite=2))
    assert visits(site, idsite=2) == (1, 2, 1, 541)
    assert visits(site, "2026-03-10", idsite=2) == (1, 1, 1, 0)
    assert visits(site) == (0, 0, 0, 0)


def test_a_visit_ends_after_ten_thousand_actions(site: MatomoSite) -> None:
    for _ in range(10):
        bulk(site, *[at("10:00:00")] * 1000)
    assert visits(site)[:2] == (1, 10_000)
    bulk(site, at("10:00:00"))
    assert visits(site)[:2] == (2, 10_001)


def test_the_same_hits_twice_are_counted_twice(site: MatomoSite) -> None:
    batch = [at("10:00:00"), at("10:10:00"), at("14:00:00")]
    bulk(site, *batch)
    bulk(site, *batch)
    assert visits(site)[:2] == (2, 6)


def test_actions_by_their_kind(site: MatomoSite) -> None:
    where = "https://www.example.org/"
    bulk(
        site,
        at("10:00:00"),
        at("10:00:01", download=f"{where}a.pdf", url=f"{where}a.pdf"),
        at("10:00:02", link="https://example.net/"),
        at("10:00:03", url=f"{where}?Q=word"),
        at("10:00:04", url=f"{where}?q=&s=0"),
        at("10:00:05", e_c="category", e_a="action"),
    )
    told = report(site, "Actions.get")
    assert told == {"nb_pageviews": 2, "nb_downloads": 1, "nb_outlinks": 1, "nb_searches": 1}
    assert visits(site) == (1, 6, 1, 6)
    site.settings.websites[1].sitesearch = False
    bulk(site, at("10:00:06", url=f"{where}?q=word"))
    assert report(site, "Actions.get")["nb_pageviews"] == 3


def test_the_summary_of_visits_has_its_rates(site: MatomoSite) -> None:
    bulk(site, at("10:00:00"), at("10:10:00"), at("12:00:00"))
    assert report(site, "VisitsSummary.get", "yesterday") == {
        "nb_uniq_visitors": 2,
        "nb_users": 0,
        "nb_visits": 2,
        "nb_actions": 3,
        "bounce_count": 1,
        "sum_visit_length": 601,
        "max_actions": 2,
        "bounce_rate": "50%",
        "nb_actions_per_visit": 1.5,
        "avg_time_on_site": 300,
    }


def test_the_report_of_today_is_kept_for_fifteen_minutes() -> None:
    now = NOW
    with MatomoSite(now=lambda: now) as site:
        bulk(site, hit())
        assert visits(site, "today")[1] == 1
        bulk(site, hit())
        site.archive()
        assert visits(site, "2026-03-10")[1] == 1
        now += timedelta(minutes=15)
        assert visits(site, "today")[1] == 2
        bulk(site, at("10:00:00"))
        assert visits(site)[1] == 1
        bulk(site, at("10:00:00"))
        assert visits(site)[1] == 2


def test_without_browser_archiving_all_is_zero_until_the_archive_runs(site: MatomoSite) -> None:
    site.settings.browser_archiving = False
    bulk(site, at("10:00:00"))
    assert visits(site) == (0, 0, 0, 0)
    run = site.archive()
    lines = [line.split(maxsplit=1)[1] for line in run.log.splitlines()]
    assert run.exit_code == 0
    assert "Done archiving!" in lines
    assert "Processed 1 archives." in lines
    assert lines[-1].endswith("no error")
    assert visits(site) == (1, 1, 1, 0)
    assert "Processed 0 archives." in site.archive().log
    bulk(site, at("10:00:00"))
    assert visits(site)[1] == 1
    site.archive()
    assert visits(site)[1] == 2


def console(program: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_a_console_archives_and_exits_as_matomos_does(site: MatomoSite, tmp_path: Path) -> None:
    site.settings.browser_archiving = False
    program = site.write_console(tmp_path)
    bulk(site, at("10:00:00"))
    code, said, _ = console(program, "core:archive", f"--url={site.url}")
    assert (code, "Done archiving!" in said, "no error" in said) == (0, True, True)
    assert visits(site)[0] == 1
    code, said, _ = console(program, "core:archive", "--url=http://127.0.0.1:1/")
    assert (code, "Processed 0 archives" in said) == (0, True)
    site.settings.maintenance_mode = True
    code, said, _ = console(program, "core:archive")
    assert (code, said.count("\n")) == (0, 1)
    assert "Archiving won't run because maintenance mode is enabled" in said
    site.settings.database_up = False
    assert console(program, "core:archive")[::2] == (255, "")
    assert console(program, "core:archive", "--nonsense")[0] == 1
    assert console(program, "core:unarchive")[0] == 1
    site.stop()
    assert console(program, "core:archive")[0] == 255


def test_archiving_by_the_api_answers_with_the_log(site: MatomoSite) -> None:
    answer = ask(site, "CoreAdminHome.runCronArchiving")
    assert (answer.status, answer.kind) == (200, "application/json")
    assert b"Done archiving!" in answer.body
    assert ask(site, "CoreAdminHome.runCronArchiving", ADMIN).status == 401


def refusal(answer: MatomoReply) -> tuple[int, str, str]:
    assert answer.json["result"] == "error"
    return answer.status, answer.kind, answer.json["message"]


def test_what_a_site_is(site: MatomoSite) -> None:
    website = site.settings.websites[1]
    website.excluded_ips, website.exclude_unknown_urls = "192.0.2.1,198.51.100.*", True
    told = ask(site, "SitesManager.getSiteFromId", VIEW, idSite=1).json
    assert told["main_url"] == "https://www.example.org"
    assert (told["timezone"], told["sitesearch"]) == ("UTC", 1)
    assert (told["excluded_ips"], told["exclude_unknown_urls"]) == ("192.0.2.1,198.51.100.*", 1)
    assert told["ts_created"] == "2024-01-01 00:00:00"
    bulk(site, hit(cdt="2023-12-31 23:00:00", cip="203.0.113.5"))
    told = ask(site, "SitesManager.getSiteFromId", VIEW, by="get", idSite=1).json
    assert told["ts_created"] == "2023-12-31 23:00:00"


def test_lists_for_all_sites_are_for_administrators(site: MatomoSite) -> None:
    site.settings.excluded_ips = "192.0.2.1"
    names = "Ips UserAgents QueryParameters".split()
    lists = {name: f"SitesManager.getExcluded{name}Global" for name in names}
    assert ask(site, lists["Ips"], ADMIN).json == {"value": "192.0.2.1"}
    for method in lists.values():
        assert refusal(ask(site, method, VIEW))[0] == 401
        assert ask(site, method).json["value"] in ("192.0.2.1", False)


@pytest.mark.parametrize("by", ["url", "get", "form"])
def test_the_version(site: MatomoSite, by: str) -> None:
    assert ask(site, "API.getMatomoVersion", VIEW, by=by).json == {"value": "5.2.0"}
    assert refusal(ask(site, "API.getMatomoVersion", None, by=by))[0] == 401


def test_a_wrong_token_is_refused_in_the_form_of_the_url(site: MatomoSite) -> None:
    wrong = "0" * 32
    assert ask(site, "API.getMatomoVersion", wrong, by="form")[:2] == (401, "text/html")
    for by in ("url", "get"):
        status, kind, message = refusal(ask(site, "API.getMatomoVersion", wrong, by=by))
        assert (status, kind) == (401, "application/json")
        assert wrong not in message


def test_a_secure_only_token_comes_in_a_form(site: MatomoSite) -> None:
    assert ask(site, "API.getMatomoVersion", SECURE, by="url").status == 200
    assert ask(site, "API.getMatomoVersion", SECURE, by="get").status == 401


@pytest.mark.parametrize(
    ("method", "token", "more", "status"),
    [
        ("SitesManager.getSiteFromId", SUPER_USER, {"idSite": 99}, 200),
        ("SitesManager.getSiteFromId", SUPER_USER, {}, 200),
        ("SitesManager.getSiteFromId", VIEW, {"idSite": 2}, 401),
        ("VisitsSummary.get", SUPER_USER, {"idSite": 1, "period": "day", "date": "soon"}, 200),
        ("VisitsSummary.get", SUPER_USER, {"idSite": 1, "period": "century", "date": "today"}, 200),
        ("VisitsSummary.get", VIEW, {"idSite": 2, "period": "day", "date": "today"}, 401),
        ("SitesManager.getNothing", SUPER_USER, {}, 400),
        ("API.getMatomoVersion", SUPER_USER, {"format": "xml"}, 200),
    ],
)
def test_refusals_of_the_api(
    site: MatomoSite, method: str, token: str, more: dict[str, Any], status: int
) -> None:
    answer = refusal(ask(site, method, token, **more))
    assert answer[:2] == (status, "application/json")


def test_the_api_is_locked_too(site: MatomoSite) -> None:
    for _ in range(21):
        assert ask(site, "API.getMatomoVersion", "0" * 32).status == 401
    answer = ask(site, "API.getMatomoVersion", by="form")
    assert (answer.status, answer.kind) == (500, "text/html")
    assert b"Too many failed logins" in answer.body
    status, kind, message = refusal(ask(site, "API.getMatomoVersion", by="get"))
    assert (status, kind) == (500, "application/json")
    assert message.startswith("Too many failed logins")
    assert bulk(site, hit()).status == 500
    site.accounts.unlock()
    assert ask(site, "API.getMatomoVersion").status == 200


def test_maintenance_and_a_database_that_is_away(site: MatomoSite) -> None:
    site.settings.maintenance_mode = True
    assert ask(site, "API.getMatomoVersion")[:2] == (503, "text/html")
    site.settings.maintenance_mode = False
    site.settings.database_up = False
    assert refusal(ask(site, "API.getMatomoVersion"))[0] == 500
    assert site.archive().exit_code == 255


def test_what_is_no_call_of_the_api_is_the_log_in(site: MatomoSite) -> None:
    answer = send(site, None, "/index.php", method="GET")
    assert (answer.status, answer.kind) == (200, "text/html")


def test_days_are_those_of_the_site(site: MatomoSite) -> None:
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    with MatomoSite(MatomoWebsite(2, timezone="Europe/Berlin"), now=lambda: late) as berlin:
        bulk(berlin, at("23:10:00", idsite=2))
        assert visits(berlin, "today", 2)[0] == visits(berlin, "2026-03-10", 2)[0] == 1
        assert visits(berlin, "yesterday", 2)[0] == 0
