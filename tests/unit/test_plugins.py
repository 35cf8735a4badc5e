"""What plug-ins of somebody else bring: found late, loaded when asked for, left out when broken."""

from __future__ import annotations

import logging
import re
import site
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtdata.alerts import messengers
from mtdata.alerts.check import check_news
from mtdata.alerts.messengers import MessengerAccess, MessengerPost
from mtdata.alerts.notify import posts_of
from mtdata.cli.main import run
from mtdata.core import output, plugins
from mtdata.core.errors import ConfigError, PostError, PostRefused
from mtdata.core.output import open_output
from mtdata.core.plugins import SCHEME, PluginTable, callable_refusal, check_plugins
from mtdata.jobs.duty import KindsOf
from mtdata.jobs.runner import flags_of_child
from mtdata.study.collectors import open_site
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.duty import STUDY
from mtdata.study.replicas import ReplicaAccess, open_replica
from tests.contracts.post_contract import SECRET, a_message
from tests.packages import lay, lay_example
from tests.unit.config_folder import Folder, fault, keys

ACCESS = SiteAccess("http://127.0.0.1:9", "u", "p", 1.0, 1.0, 1000, 1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages, which Python looks into first."""
    before, place = set(sys.modules), tmp_path / "packages"
    place.mkdir()
    monkeypatch.syspath_prepend(str(place))
    yield place
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(place)):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _looked_up_anew() -> None:
    plugins._entry_lines.cache_clear()
    for known in (messengers.OTHERS, output.OTHERS, *STUDY.plugins()):
        known._loaded.clear()


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.LogCaptureFixture]:
    """What the room logs, whoever has set up the log by now."""
    logger = logging.getLogger("mtdata.core.plugins")
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def table(group: str = "mtdata.outputs") -> PluginTable[Any]:
    return PluginTable(group, "kind of output", SCHEME, {"s3"}.__contains__, callable_refusal)


def brings(folder: Path, body: str, name: str = "acme", at: str = "opener") -> PluginTable[Any]:
    """A package whose module has that body, and the table that it adds `name` to."""
    module = f"of_{name}"
    groups = {"mtdata.outputs": {name: f"{module}:{at}"}}
    lay(folder, f"pack-{name}", groups, **{module: body})
    return table()


def test_nothing_is_loaded_before_it_is_asked_for(folder: Path) -> None:
    found = brings(folder, "def opener(to): return to")
    assert found.names() == ["acme"]
    assert found.has("acme")
    assert "of_acme" not in sys.modules
    assert found.load("acme")("x") == "x"
    assert found.load("acme") is sys.modules["of_acme"].opener


BROKEN = {
    "ends the program": ("raise SystemExit('hunter2')", "SystemExit at packages/of_acme.py:1"),
    "throws": ("x = 1\nraise RuntimeError('hunter2')", "RuntimeError at packages/of_acme.py:2"),
    "throws what is no Exception": ("raise BaseException('hunter2')", "BaseException"),
    "throws a sort of its own": ("class hunter(Exception): ...\nraise hunter(1)", "hunter at"),
    "lacks a module": ("import no_such_room", "there is no module no_such_room"),
    "is no Python": ("def opener(:\n", "SyntaxError at packages/of_acme.py:1"),
    "has no such thing": ("other = 1", "AttributeError"),
    "brings what is not called": ("opener = 7", "nothing that can be called"),
    "never ends": ("def f(): f()\nf()", "RecursionError"),
}


@pytest.mark.parametrize(("body", "why"), BROKEN.values(), ids=BROKEN)
def test_a_package_that_throws_is_named_once_and_left_out(
    folder: Path, body: str, why: str, said: pytest.LogCaptureFixture
) -> None:
    brings(folder, body)
    found = brings(folder, "def opener(to): return to", "sound")
    for _ in range(2):
        assert list(found.load_all()) == ["sound"]
        with pytest.raises(ConfigError) as caught:
            found.load("acme")
    assert "pack-acme 1.0" in str(caught.value)
    assert why in str(caught.value)
    [line] = [one.getMessage() for one in said.records]
    assert line.startswith("pack-acme 1.0: the kind of output acme is left out: ")
    assert why in line
    assert "hunter2" not in f"{line} {caught.value}"
    assert found.names() == ["sound"]


def test_what_a_package_prints_is_no_answer_of_ours(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = brings(folder, "print('noise')\ndef opener(to): return to")
    found.load("acme")
    heard = capsys.readouterr()
    assert (heard.out, heard.err) == ("", "noise\n")


def test_an_interrupt_of_the_person_is_theirs(folder: Path) -> None:
    found = brings(folder, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        found.load("acme")


def test_a_name_that_is_taken_or_none_is_refused_in_words(folder: Path) -> None:
    lay(folder, "one", {"mtdata.outputs": {"s3": "os:sep", "Bad Name": "os:sep", "two": "os:sep"}})
    lay(folder, "other", {"mtdata.outputs": {"two": "os:sep"}})
    found = table()
    assert found.names() == []
    for name, why in (
        ("s3", "taken by mtdata itself"),
        ("Bad Name", "no name for a kind of output"),
        ("two", "of one 1.0, other 1.0 cannot be used: they bring one name"),
        ("none", "no plug-in brings a kind of output 'none'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(why)):
            found.load(name)


def test_of_two_installations_the_one_that_is_imported_counts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brings(folder, "def opener(to): return 'old'")
    newer = tmp_path / "newer"
    lay(
        newer,
        "pack-acme",
        {"mtdata.outputs": {"acme": "of_acme:opener"}},
        "2.0",
        of_acme="def opener(to): return 'new'",
    )
    monkeypatch.syspath_prepend(str(newer))
    found = table()
    assert [one.plugin for one in found.findings()] == ["pack-acme 2.0"]
    assert found.load("acme")("") == "new"
    del sys.modules["of_acme"]


def test_a_package_that_cannot_be_read_hides_no_other(folder: Path) -> None:
    found = brings(folder, "def opener(to): return to")
    lay(folder, "garbled", {})
    (folder / "garbled-1.0.dist-info" / "entry_points.txt").write_bytes(b"[mtdata.outputs]\n\xff")
    assert found.names() == ["acme"]
    told = {one.told: one.verdict for one in check_plugins([found])}
    assert told["pack-acme 1.0: kind of output acme"] == "good"
    assert told["garbled 1.0: what it brings cannot be read, so nothing of it is used"] == "odd"


def test_check_names_what_is_used_what_is_not_and_what_nobody_asks_for(folder: Path) -> None:
    brings(folder, "raise SystemExit", "broken")
    lay(folder, "lost", {"mtdata.output": {"x": "os:sep"}})
    found = list(check_plugins([brings(folder, "def opener(to): return to", "sound")]))
    told = {(one.verdict, one.exit): one.told for one in found}
    assert told["good", 0] == "pack-sound 1.0: kind of output sound"
    assert told["bad", 78].startswith("pack-broken 1.0: the kind of output broken is left out: ")
    assert told["odd", 0].startswith("lost 1.0: the group mtdata.output is none of ours; there are")
    assert {one.site for one in found} == {"(program)"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["jobs", "add", "--help"]])
def test_who_only_asks_for_help_waits_for_no_look_at_packages(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def looked(path: object) -> None:
        raise AssertionError("looked at every package that is installed")

    monkeypatch.setattr(plugins, "_entry_lines", looked)
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code in (0, None)
    assert "mtdata" in capsys.readouterr().out


# the tables ---------------------------------------------------------------------------------------


def test_every_table_takes_what_the_example_brings(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no kind of site is called so .* are: mindtrails$"):
        open_site("survey", ACCESS)
    lay_example(folder)
    plugins._entry_lines.cache_clear()
    assert type(open_site("survey", ACCESS)).__name__ == "SurveySite"
    replica = open_replica(ReplicaAccess(f"lasting://{tmp_path}/copies", "uva"))
    assert replica.address == f"lasting://{tmp_path}/copies"
    assert vars(open_output(f"digested://{tmp_path}/out"))["place"] == f"digested://{tmp_path}/out"
    kinds = KindsOf([STUDY])
    assert kinds["survey.sizes"].title == "Sizes"
    assert {*kinds} == {*STUDY.kinds(), "survey.sizes"}
    found = list(check_plugins([*STUDY.plugins(), kinds.others]))
    assert [one.told for one in found if one.verdict != "odd"] == [
        "mtdata-survey 1.0: kind of site survey",
        "mtdata-survey 1.0: kind of replica lasting",
        "mtdata-survey 1.0: kind of job survey.sizes",
    ]


KIND = """
    from mtdata.jobs.kind import Kind
    def act(*given): return ""
    kind = Kind(NAME, (), act, act, act)
"""

PAGED = "'acme.go', (), act, act, act, page='users'"


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("study.mine", KIND.replace("NAME", "'study.mine'"), "taken by mtdata itself"),
        ("study2", KIND.replace("NAME", "'study2'"), "no name for a kind of job"),
        ("acme.go", KIND.replace("NAME", "'acme.stop'"), "the Kind there has another name"),
        ("acme.go", "kind = 'acme.go'", "is no mtdata.jobs.kind.Kind"),
        ("acme.go", KIND.replace("NAME, ()", "'acme.go', (1,)"), "functions that are none"),
        ("acme.go", KIND.replace("NAME, ()", "'acme.go', None"), "TypeError"),
        ("acme.go", KIND.replace("NAME, (), act, act, act", PAGED), "it names a page"),
    ],
)
def test_a_kind_of_job_that_is_none_is_left_out(
    folder: Path, name: str, body: str, why: str, said: pytest.LogCaptureFixture
) -> None:
    lay(folder, "pack", {"mtdata.job_kinds": {name: "of_pack:kind"}}, of_pack=body)
    kinds = KindsOf([STUDY])
    assert {*kinds} == {*STUDY.kinds()}
    assert why in said.text


def test_an_output_of_a_package_may_stand_in_the_config_where_it_is_installed(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    config = Folder(tmp_path / "home").server({"uva": keys()})
    config.file("programme.config", {"OUTPUT": "digested:///srv/out/"})
    [refused] = config.faults()
    assert "it is a URL of another kind" in refused
    lay_example(folder)
    plugins._entry_lines.cache_clear()
    settings = config.load()
    assert settings.programme.output == "digested:///srv/out"
    assert settings.programme.output_folder is None
    for odd in ("digested://user:pass@host/x", "digested:///a/../b", "digested:///", "digested://"):
        [refused] = config.file("programme.config", {"OUTPUT": odd}).faults()
        assert "OUTPUT: " in refused
        assert "user:pass" not in refused
    assert "REPLICAS" in fault(
        config.file("programme.config", {}), REPLICAS="lasting://user@host/x"
    )


# messengers ---------------------------------------------------------------------------------------


def post(url: str) -> MessengerPost:
    return MessengerPost(1, MessengerAccess(url))


def lay_messenger(folder: Path, body: str) -> None:
    text = f"class Acme:\n    def __init__(self, access): ...\n    def deliver(self, one): {body}\n"
    head = "from mtdata.core.errors import PostError, PostRefused, SiteError\n"
    lay(folder, "pack", {"mtdata.messengers": {"acme": "of_pack:Acme"}}, of_pack=head + text)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (f"raise ValueError('{SECRET}')", PostError, r"messenger 1 failed \(ValueError\)"),
        (f"raise SystemExit('{SECRET}')", PostError, r"messenger 1 failed \(SystemExit\)"),
        (f"raise SiteError('{SECRET}')", PostError, r"messenger 1 failed \(SiteError\)"),
        ("raise PostError('the line is down')", PostError, "^the line is down$"),
        ("raise PostRefused('no such room')", PostRefused, "^no such room$"),
    ],
)
def test_whatever_a_messenger_throws_is_news_that_wait(
    folder: Path, body: str, kind: type[PostError], words: str
) -> None:
    lay_messenger(folder, body)
    with pytest.raises(PostError, match=words) as caught:
        post(f"acme://{SECRET}").deliver(a_message())
    assert type(caught.value) is kind
    assert SECRET not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(("body", "odd"), [("return None", ""), ("return 'half'", "half")])
def test_what_a_messenger_returns_is_what_was_odd(folder: Path, body: str, odd: str) -> None:
    lay_messenger(folder, body)
    assert post("acme://x").deliver(a_message()) == odd


def test_a_messenger_that_is_not_there_is_told_and_shows_nothing(folder: Path) -> None:
    with pytest.raises(PostRefused, match="no plug-in is installed that brings it") as caught:
        post(f"{SECRET}://x").deliver(a_message())
    assert SECRET not in str(caught.value)
    lay(folder, "pack", {"mtdata.messengers": {"acme": "of_pack:Acme"}}, of_pack="1 / 0")
    plugins._entry_lines.cache_clear()
    with pytest.raises(PostRefused, match=r"of pack 1\.0 cannot be used: .* \(ZeroDiv"):
        post("acme://x").deliver(a_message())


def test_messengers_of_the_config_are_destinations(folder: Path, tmp_path: Path) -> None:
    lay_messenger(folder, "return ''")
    (tmp_path / "home").mkdir()
    config = Folder(tmp_path / "home").server({"uva": keys()})
    config.file("log.config", {"MESSENGERS": ["acme://${TOKEN}", f"{SECRET}://y"]})
    config.environ["TOKEN"] = SECRET
    settings = config.load()
    assert list(posts_of(settings)) == ["messenger 1", "messenger 2"]
    good, bad = check_news(settings, send=False)
    assert (good.verdict, bad.verdict, bad.exit) == ("good", "bad", 78)
    assert bad.told == "number 2: no messenger is called so; installed is acme"
    assert SECRET not in f"{good} {bad} {settings!r}"
    sent = {one.what: one.verdict for one in check_news(settings, send=True)}
    assert sent == {"messenger 1": "good", "messenger 2": "bad"}
    for odd in ("https://host/x", "acme", "acme://a b", 7):
        [refused] = config.file("log.config", {"MESSENGERS": odd}).faults()
        assert "MESSENGERS: " in refused
    assert messengers.OTHERS.names() == ["acme"]


@pytest.mark.parametrize(("has_own", "flags"), [(True, ("-E", "-P")), (False, ("-I",))])
def test_a_child_imports_from_where_its_runner_does(
    has_own: bool, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "ENABLE_USER_SITE", has_own)
    assert flags_of_child() == flags
