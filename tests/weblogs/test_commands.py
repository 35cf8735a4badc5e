"""The commands of web logs as a person calls them: from files in a folder to a Matomo."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mtdata.cli import main
from mtdata.demo.weblogs.settings import SUPER_USER, MatomoWebsite
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.weblogs.ledger import WeblogLedger
from tests.mailbox import mailbox

DAY = "2026-03-12"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"


def line(number: int, path: str = "/page", status: int = 200, agent: str = AGENT) -> str:
    return (
        f"192.0.2.{number % 200} - - "
        f"[12/Mar/2026:10:{number // 60 % 60:02}:{number % 60:02} +0000] "
        f'"GET {path}?line={number} HTTP/1.1" {status} 512 "-" "{agent}"\n'
    )


class Home:
    """A config folder, a folder of logs, and a Matomo."""

    def __init__(self, path: Path, site: MatomoSite, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.site, self._capsys = path, site, capsys
        self.logs, self.config = path / "logs-in", path / "config"
        self.logs.mkdir()
        self.config.mkdir()
        self.write()

    def write(self, **more: Any) -> None:
        keys = {
            "piwik_ip": self.site.url, "token": SUPER_USER, "pull_bucket": f"file://{self.logs}",
            "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "batch": 50, "timeout": 30,
            "sites": {"example.org": {"idsite": 1}}, **more,
        }  # fmt: skip
        (self.config / "weblogs.config").write_text(json.dumps(keys), encoding="utf-8")

    def put(self, name: str, text: str, *, pack: bool = False) -> Path:
        path = self.logs / name
        path.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
        return path

    def call(self, *words: str) -> tuple[int, dict[str, Any]]:
        self._capsys.readouterr()
        code = main.run(["--config", str(self.config), "--json", "weblogs", *words])
        said = self._capsys.readouterr()
        return code, json.loads(said.out)

    def stored(self) -> Counter[int]:
        return Counter(int(hit.key("line")) for hit in self.site.store.hits)


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Home]:
    with MatomoSite() as site:
        yield Home(tmp_path, site, capsys)


def test_a_day_is_imported_once_and_every_line_is_accounted_for(home: Home) -> None:
    home.put(f"a-{DAY}.log.gz", "".join(line(n) for n in range(1, 301)), pack=True)
    home.put(f"b-{DAY}.log", "".join(line(n, "/x.css") for n in range(301, 351)) + "nonsense\n")
    home.put("c-2026-03-13.log", line(999))
    code, said = home.call("import", "example.org", DAY)
    assert code == 0, said
    assert (said["lines"], said["hits"]) == (351, 350)
    assert sum(said["skipped"].values()) == 1
    assert said["tracked"] == 350
    assert [one["state"] for one in said["files"]] == ["done", "done"]
    assert home.stored() == Counter(range(1, 351))
    calls = len(home.site.calls)
    code, again = home.call("import", "example.org", DAY)
    assert (code, again["tracked"], len(home.site.calls)) == (0, 350, calls)


def test_what_is_appended_later_is_imported_alone(home: Home) -> None:
    path = home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    assert home.call("import", "example.org", DAY)[0] == 0
    with path.open("a") as file:
        file.writelines(line(n) for n in range(101, 151))
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["lines"], said["tracked"]) == (0, 150, 150)
    assert home.stored() == Counter(range(1, 151))


def test_a_log_whose_beginning_changed_is_named_and_left(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    assert home.call("import", "example.org", DAY)[0] == 0
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(51, 201)))
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["files"][0]["state"]) == (1, "changed")
    assert home.stored() == Counter(range(1, 101))


def test_a_log_that_breaks_off_is_imported_and_taken_up_when_it_is_whole(home: Home) -> None:
    whole = gzip.compress("".join(line(n) for n in range(1, 2001)).encode())
    (home.logs / f"a-{DAY}.log.gz").write_bytes(whole[: len(whole) // 2])
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["files"][0]["state"]) == (1, "cut")
    assert 0 < said["lines"] < 2000
    (home.logs / f"a-{DAY}.log.gz").write_bytes(whole)
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["lines"]) == (0, 2000)
    assert home.stored() == Counter(range(1, 2001))


def test_lines_in_doubt_are_listed_and_end_by_a_persons_word(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 301)))
    home.site.fault("status", nth=2, code=502, stored="none")  # the first is the probe
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["quarantined"]) == (1, 50)
    code, doubts = home.call("quarantine", "example.org")
    assert code == 1
    (doubt,) = doubts["batches"]
    assert doubt["hits"] == 50
    assert home.call("import", "example.org", DAY)[0] == 1
    code, doubts = home.call("quarantine", "example.org", "--resolve", "resend")
    assert (code, doubts["batches"]) == (0, [])
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["tracked"], said["quarantined"]) == (0, 300, 0)
    assert home.stored() == Counter(range(1, 301))


@pytest.mark.parametrize("stored", ["none", "all"])
def test_the_reports_end_a_doubt_where_they_prove_it(home: Home, stored: str) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 301)))
    home.site.fault("status", nth=2, code=502, stored=stored)
    assert home.call("import", "example.org", DAY)[0] == 1
    code, compared = home.call("reconcile", "example.org", DAY)
    assert (code, compared["days"][0]["in_doubt"]) == (0, 50)
    assert home.call("quarantine", "example.org", "--resolve", "auto")[0] == 0
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["tracked"]) == (0, 300)
    assert home.stored() == Counter(range(1, 301))


def test_hits_that_matomo_counts_and_does_not_store_are_seen_in_its_reports(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 301)))
    home.site.fault("uncounted", nth=3)
    assert home.call("import", "example.org", DAY)[0] == 0
    code, compared = home.call("reconcile", "example.org", DAY)
    assert (code, compared["days"][0]["stored"], compared["days"][0]["reported"]) == (1, 300, 299)


def test_a_trial_sends_nothing_and_needs_no_matomo(home: Home) -> None:
    home.write(piwik_ip="http://127.0.0.1:1", flags="none")
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 11)) + line(11, "/x.css") + "odd\n")
    code, said = home.call("import", "example.org", DAY, "--dry-run", "--explain")
    assert (code, said["lines"], said["hits"]) == (0, 12, 10)
    assert said["skipped"]["static"] == 1
    assert any("odd" in text for some in said["samples"].values() for _, text in some)
    assert home.site.calls == []


def test_a_day_without_logs_says_so(home: Home) -> None:
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["files"], said["archive"]) == (0, [], "none")


def test_a_wrong_token_ends_with_69_and_costs_few_tries(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 301)))
    home.write(token="0" * 32)
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["error"]["exit"]) == (69, 69)
    assert len(home.site.calls) <= 5
    home.write()
    assert home.call("import", "example.org", DAY)[0] == 0
    assert home.stored() == Counter(range(1, 301))


def test_several_days_of_a_site_go_one_by_one(home: Home) -> None:
    for day in (12, 13, 14):
        home.put(f"a-2026-03-{day}.log", "".join(line(n + day * 100) for n in range(1, 11)))
    code, said = home.call("range", "example.org", "2026-03-12", "2026-03-14")
    assert code == 0
    assert [one["tracked"] for one in said["days"].values()] == [10, 10, 10]
    assert home.call("weekly", "2026-03-01", "2026-03-14")[0] == 0
    assert len(home.site.store.hits) == 30
    code, said = home.call("ledger", "example.org", "2026-03-13")
    assert [(one["first_line"], one["last_line"]) for one in said["batches"]] == [(1, 10)]


@pytest.mark.parametrize(
    "words", [("import", "nobody.example"), ("import", "example.org", "31-02-2026"),
              ("range", "example.org", "2026-03-14", "2026-03-12"),
              ("quarantine", "example.org", "--resolve", "auto", "--batch", "7"),
              ("quarantine", "example.org", "--resolve", "stored", "--batch", "7")],
)  # fmt: skip
def test_words_that_do_not_fit_are_usage(home: Home, words: tuple[str, ...]) -> None:
    assert home.call(*words)[0] == 64


def test_what_the_site_excludes_is_left_out_here_and_not_counted_as_stored(home: Home) -> None:
    home.site.settings.websites[1] = MatomoWebsite(
        excluded_ips="192.0.2.7", excluded_user_agents="/curl/i", exclude_unknown_urls=True,
        alias_urls=("https://example.com",),
    )  # fmt: skip
    lines = [line(7), line(8, agent="Curl/8"), line(9)]
    home.put(f"a-{DAY}.log", "".join(lines))
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["lines"], said["tracked"]) == (0, 3, 1)
    assert said["skipped"] == {"excluded_ip": 1, "excluded_user_agent": 1}
    assert home.stored() == Counter([9])
    assert home.call("reconcile", "example.org", DAY)[0] == 0


def test_incidents_of_an_import_open_and_close(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def kinds() -> list[str]:
        capsys.readouterr()
        main.run(["--config", str(home.config), "--json", "incidents"])
        sites = json.loads(capsys.readouterr().out)["sites"]
        return [one["kind"] for one in sites["example.org"]["incidents"]]

    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 11)))
    with home.site.refusing():
        assert home.call("import", "example.org", DAY)[0] == 69
    assert kinds() == ["tracker_unreachable"]
    home.put(f"b-{DAY}.log", "nonsense\n" * 9)
    assert home.call("import", "example.org", DAY)[0] == 1
    assert kinds() == ["log_unreadable"]
    (home.logs / f"b-{DAY}.log").write_text(line(11))
    assert home.call("import", "example.org", DAY)[0] == 0
    assert kinds() == []


def test_an_incident_of_a_day_that_was_mended_closes_with_the_import_of_another(
    home: Home,
) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    home.put(f"b-{DAY}.log", "nonsense\n")
    home.site.fault("status", nth=2, code=502, stored="all")
    assert home.call("import", "example.org", DAY)[0] == 1

    def lasting() -> list[str]:
        path = home.path / "state" / "weblogs" / "example.org.sqlite3"
        with closing(WeblogLedger(path)) as ledger:
            return sorted(one.kind for one in ledger.incidents.open_incidents())

    assert lasting() == ["lines_in_doubt", "log_unreadable"]
    assert home.call("import", "example.org", "2026-03-14")[0] == 0
    assert lasting() == ["lines_in_doubt", "log_unreadable"]
    assert home.call("quarantine", "example.org", "--resolve", "stored")[0] == 0
    assert home.call("import", "example.org", "2026-03-14")[0] == 0
    assert lasting() == ["log_unreadable"]


def test_a_log_is_sent_once_more_only_when_somebody_says_so(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 11)))
    home.put(f"b-{DAY}.log", "".join(line(n) for n in range(11, 21)))
    assert home.call("import", "example.org", DAY)[0] == 0
    again = ("import", "example.org", DAY, "--force", f"a-{DAY}.log")
    code, said = home.call(*again)
    assert code == 64
    assert "10 hits" in said["error"]["message"]
    assert len(home.site.store.hits) == 20
    assert home.call("import", "example.org", DAY, "--yes", "--force", "other.log")[0] == 64
    code, said = home.call(*again, "--yes")
    assert (code, said["lines"], said["tracked"]) == (0, 20, 20)
    assert home.stored() == Counter([*range(1, 11), *range(1, 21)])
    assert home.call("import", "example.org", DAY, "--force", "--yes")[1]["tracked"] == 20
    assert len(home.site.store.hits) == 50


def test_what_is_wrong_is_mailed_as_the_import_ends(home: Home) -> None:
    with mailbox() as box:
        mail = {
            "HOST": "127.0.0.1", "PORT": box.port, "TLS": "none", "FROM": "mtdata@example.org",
            "TO": ["lab@example.org"], "TIMEOUT": "20s",
        }  # fmt: skip
        (home.config / "log.config").write_text(json.dumps({"MAIL": mail}), encoding="ascii")
        home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 301)))
        home.site.fault("status", nth=2, code=502, stored="none")
        assert home.call("import", "example.org", DAY)[0] == 1
        (told,) = box.mails
    assert "example.org" in told.subject
    assert "nobody knows whether lines are stored" in told.subject + told.body
    assert "quarantine names them" in " ".join(told.body.split())


def test_a_ledger_put_back_from_a_backup_sends_nothing_before_a_person_says_so(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(n) for n in range(1, 101)))
    assert home.call("import", "example.org", DAY)[0] == 0
    place = str(home.path / "backups")
    assert main.run(["--config", str(home.config), "backup", place]) == 0
    home.put(f"b-{DAY}.log", line(999))
    assert home.call("import", "example.org", DAY)[0] == 0
    (home.path / "state").rename(home.path / "lost-state")
    assert main.run(["--config", str(home.config), "restore", place]) == 0
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["error"]["kind"]) == (74, "LedgerPutBack")
    assert home.stored()[999] == 1
    assert home.call("stat", "example.org", DAY)[0] in (0, 1)  # who looks may
    close = ["--config", str(home.config), "incidents", "example.org", "--close", "1"]
    assert main.run(close) == 0
    assert home.call("import", "example.org", DAY)[0] == 0
