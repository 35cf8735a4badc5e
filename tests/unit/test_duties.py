"""The table of duties: what each line brings, and that the program works with fewer lines."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from mtdata.cake.duty import CAKE
from mtdata.cli import check, daemon, main
from mtdata.cli.sites import settings_of
from mtdata.config import samples_folder
from mtdata.config.folders import FILES
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError
from mtdata.daemon.tasks import DaemonTasks
from mtdata.duties import DUTIES, KINDS
from mtdata.jobs.duty import (
    Duties,
    Duty,
    KindsOf,
    check_site_names,
    daily_of,
    ledgers_of,
    placed_file,
)
from mtdata.programme.duty import PROGRAMME
from mtdata.study.duty import STUDY
from mtdata.study.operations.opening import incident_ledgers
from mtdata.toolbox.duty import TOOLBOX
from mtdata.weblogs.duty import WEBLOGS
from tests.unit.config_folder import Folder, keys

ACCOUNT = {"ADMIN_DOMAIN": "admin.example.com", "API_KEY": "k", "TIMEZONE": "UTC"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    own = Folder(tmp_path.resolve()).server({"uva": keys()})
    return own.file("export.config", {"CAKE": {"east": {**ACCOUNT, "OUTPUT": "out"}}})


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: str(duty.name))
def test_a_line_brings_kinds_of_its_own_name_and_what_is_there(duty: Duty) -> None:
    own = {name.partition(".")[0] for name in duty.kinds()}
    others = (one for one in DUTIES if one is not duty)
    assert not own & {name.partition(".")[0] for one in others for name in one.kinds()}
    for file in duty.config_files:
        assert file in FILES
        assert list(samples_folder().glob(f"{file}*"))
    rooms = [f"mtdata.cli.{room}" for room in (*duty.commands, *duty.views)]
    rooms += [f"mtdata.web.{duty.pages}.room"] if duty.pages else []
    rooms += [f"mtdata.demo.{duty.demo}"] if duty.demo else []
    assert all(find_spec(room) for room in rooms)
    if duty.daily:
        assert {report.kind for report in duty.daily().reports} <= set(duty.kinds())


def test_the_kinds_of_all_duties_are_one_mapping() -> None:
    assert set(KINDS) == {
        *STUDY.kinds(),
        *CAKE.kinds(),
        *WEBLOGS.kinds(),
        *PROGRAMME.kinds(),
        *TOOLBOX.kinds(),
    }
    assert len(KINDS) == len(set(KINDS))
    assert KINDS["study.decode"] is STUDY.kinds()["study.decode"]
    assert dict(KindsOf([])) == {}


@pytest.mark.parametrize(
    ("duties", "there", "missing"),
    [
        ((STUDY,), {"export", "decode", "pool", "status"}, set[str]()),
        ((CAKE,), {"check", "init", "jobs"}, {"export", "pool", "status"}),
        ((), {"check", "daemon", "web"}, {"export", "pool", "status"}),
    ],
)
def test_a_duty_that_is_not_in_the_table_has_no_commands(
    duties: Duties, there: set[str], missing: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "DUTIES", duties)
    [commands] = [act for act in main._parser()._actions if act.dest == "command"]
    found = set(commands.choices or ())
    assert there <= found
    assert not missing & found


@pytest.mark.parametrize("duties", [DUTIES, (STUDY,), (CAKE,)], ids=len)
def test_who_calls_the_program_alone_is_told_of_commands_that_there_are(
    duties: Duties, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "DUTIES", duties)
    assert main.run([]) == 64
    out = capsys.readouterr().out
    [commands] = [act for act in main._parser()._actions if act.dest == "command"]
    for duty in DUTIES:
        assert (f"\n{duty.name}: {duty.about[:20]}" in out) is (duty in duties)
    told = out + str(main._parser().epilog)
    named = re.findall(r"mtdata ([a-z]+)", told)
    assert len(named) > 5
    assert set(named) <= set(commands.choices or ())


def test_check_looks_at_the_duties_of_the_table(folder: Folder) -> None:
    def seen(word: str, duties: Duties) -> set[str]:
        options = Namespace(config=folder.path, server=word)
        chosen = check._chosen(word, settings_of(options), duties)
        return {name for names in chosen.values() for name in names}

    assert seen(".", DUTIES) == {"uva", "east"}
    assert seen("east", DUTIES) == {"east"}
    assert seen(".", (STUDY,)) == {"uva"}
    assert seen(".", (CAKE,)) == {"east"}
    with pytest.raises(Exception, match="no site named 'east'"):
        seen("east", (STUDY,))


def test_the_daemon_and_stores_go_by_the_table(folder: Folder) -> None:
    ours, place = folder.load(), f"{folder.home / 'out'}/a.csv"
    for duties, sites, dailies in ((DUTIES, ["uva"], 2), ((STUDY,), ["uva"], 0), ((CAKE,), [], 1)):
        tasks = DaemonTasks(ours, SystemClock(), duties)
        assert [site.name for site in tasks.sites()] == sites
        assert len(daily_of(duties)) == dailies
        assert list(ledgers_of(duties, ours)) == sites
    file = placed_file(DUTIES, ours, place)
    assert file is not None
    assert (file.account, file.name) == ("east", "a.csv")
    assert placed_file((STUDY,), ours, place) is None


def test_two_duties_with_a_site_of_one_name_are_refused(folder: Folder) -> None:
    other = Duty("logs", dict, ("weblogs.config",), CAKE.checks, incident_ledgers=incident_ledgers)
    with pytest.raises(ConfigError, match=r"weblogs\.config: another duty has a site called uva"):
        ledgers_of((STUDY, other), folder.load())


def test_sites_of_two_duties_with_one_name_are_told_by_check_and_refused_by_the_daemon(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Duty("logs", dict, ("weblogs.config",), STUDY.checks, incident_ledgers=incident_ledgers)
    assert not check_site_names((STUDY, CAKE), folder.load())
    [found] = check_site_names((STUDY, other), folder.load())
    assert (found.site, found.what, found.exit) == ("uva", "weblogs.config", 78)
    daemon._judge(folder.load())
    monkeypatch.setattr(daemon, "DUTIES", (STUDY, other))
    with pytest.raises(ConfigError, match=r"weblogs\.config: another duty has a site called uva"):
        daemon._judge(folder.load())


def test_who_asks_for_a_site_that_there_is_not_is_told_of_those_of_every_duty(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, others in (("check", "uva, east"), ("incidents", r"uva, \(program\)")):
        assert main.run([command, "eats", "--config", str(folder.path)]) == 64
        told = rf"the config has no site named 'eats'; it has {others}\."
        assert re.search(told, capsys.readouterr().err)


PAGES = dedent("""
    import sys
    from pathlib import Path
    from mtdata.config import load
    from mtdata.duties import DUTIES, KINDS
    from mtdata.web.setting import prepare_web

    wanted = sys.argv[2:]
    duties = [duty for duty in DUTIES if duty.name in wanted]
    prepare_web(load(Path(sys.argv[1]), {}), KINDS, duties=duties)
    from django.urls import Resolver404, resolve

    for at in ("/login/", "/jobs/", "/jobs/daily/", "/pool/", "/login/cake/"):
        try:
            print(at, resolve(at).url_name)
        except Resolver404:
            print(at, "-")
""")


@pytest.mark.parametrize(
    ("duties", "pool", "login"),
    [
        (["study", "cake"], "pool", "cake_login"),
        (["study"], "pool", "-"),
        (["cake"], "-", "cake_login"),
    ],
)
def test_pages_are_those_of_the_table(
    folder: Folder, duties: list[str], pool: str, login: str
) -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", PAGES, str(folder.path), *duties],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = dict(line.split() for line in told.splitlines())
    assert (found["/pool/"], found["/login/cake/"]) == (pool, login)
    assert (found["/login/"], found["/jobs/"], found["/jobs/daily/"]) == ("login", "jobs", "daily")
