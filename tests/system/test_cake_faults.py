"""Reports of CAKE when something is wrong: the right words and state, and all of it afterwards.

Each line of the tables is a fault.  An earlier report of the same day stands in the output before
it; it must stand there unchanged while the fault lasts, and `jobs retry` must give the same file
when it is mended (one job meets all faults of a table, one after the other, in any order).  What is
killed is tried in tests/crash/test_cake_kills.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from mtdata.cake import account, check
from mtdata.cake.accounts import account_named
from mtdata.config import load
from mtdata.config.samples import samples_folder
from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.jobs.records import reaper
from tests.bucket import KEYS, Bucket
from tests.conftest import LONG, SEED, requires_program
from tests.system.cake_child import CHILD
from tests.system.kitchen import ADVICE, GIVEN, SHEET, Kitchen, kitchen

DAY_PART, EVENTS = "2016-01-10", "EventConversions"
MOST = 4
"""So many faults of a table are tried in a normal run, others with each seed; --long tries all."""
LAST_STEP = "1 before records: done in close"
SECRETS = (KEY, KEYS[1], "expired-key")
Fault = tuple[Callable[[Kitchen], object], Sequence[str]]

FROM_CAKE: dict[str, Fault] = {
    "bad key": (
        lambda home: setattr(home.cake, "keys", {"another"}),
        ["does not accept the key, or it has expired: see API_KEY in export.config"],
    ),
    "expired key": (
        lambda home: home.change(API_KEY="expired-key"),
        ["does not accept the key, or it has expired: see API_KEY in export.config"],
    ),
    "wrong domain, nobody there": (
        lambda home: home.change(ADMIN_DOMAIN="127.0.0.1:9"),
        ["could not connect to 127.0.0.1:9: see ADMIN_DOMAIN"],
    ),
    "wrong domain, somebody else's site": (
        lambda home: home.cake.fault("status", code=404),
        ["has no such call (404): see ADMIN_DOMAIN"],
    ),
    "wrong domain, one that sends us elsewhere": (
        lambda home: home.cake.fault("redirect"),
        ["sends us elsewhere (302); that is not followed: see ADMIN_DOMAIN"],
    ),
    "not on the whitelist, silence": (
        lambda home: (home.cake.fault("hang"), home.change(TIMEOUT="0.3s")),
        ["never answered before", "whitelist (Setup > Permissions): is this machine's on it?"],
    ),
    "not on the whitelist, refused": (
        lambda home: home.cake.fault("status", code=403),
        ["does not let us in (403)", "whitelist (Setup > Permissions): is this machine's on it?"],
    ),
    "HTML instead of XML": (
        lambda home: home.cake.fault("html", operation=EVENTS),
        ["a web page (HTML) came instead of an answer"],
    ),
    "an answer that breaks off": (
        lambda home: home.cake.fault("truncated", operation=EVENTS),
        ["was dropped (nothing more came)"],
    ),
    "row_count lies": (
        lambda home: home.cake.fault("lying", operation=EVENTS),
        ["row_count says", "a second cannot be halved"],
    ),
    "another exporter has the account": (
        lambda home: setattr(home.cake, "at_once", 0),
        ["too long", "Does somebody else take reports from this account at the same time?"],
    ),
    "too many calls": (
        lambda home: home.cake.fault("throttled", operation=EVENTS, retry_after="0"),
        ["is busy or down (429)"],
    ),
    "a key that may not ask this": (
        lambda home: home.cake.fault("refused", operation=EVENTS),
        ["Restricted (too many calls, or the key may not ask this)"],
    ),
}

FROM_S3: dict[str, Fault] = {
    "S3 is away": (
        lambda home: home.change(ENDPOINT="http://127.0.0.1:9"),
        ["it cannot be reached (EndpointConnectionError)"],
    ),
    "the bucket is missing": (
        lambda home: home.change(OUTPUT="s3://no-such-bucket-here/cake"),
        ["s3://no-such-bucket-here/cake", "there is no such bucket: see OUTPUT in export.config"],
    ),
    "keys that may only read": (
        lambda home: _refused(home, "PUT", "POST", "DELETE", code=403, reason="AccessDenied"),
        ["403 (AccessDenied)", "its keys must be right and allow s3:PutObject"],
    ),
    "S3 wants peace": (
        lambda home: _refused(home, "PUT", "POST", code=503, reason="SlowDown"),
        ["503 (SlowDown)"],
    ),
    "a cable that breaks in the middle of a part": (
        lambda home: _refused(home, "PUT", kind="cut"),
        ["it cannot be reached (ConnectionClosedError)"],
    ),
}


def _refused(home: Kitchen, *methods: str, kind: str = "refuse", **how: Any) -> None:
    assert home.bucket is not None
    home.bucket.store.fault(kind, *methods, **how)


@pytest.fixture(scope="module")
def kitchens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kitchen]]:
    from tests.bucket import store_started

    with ExitStack() as open_:
        cake = open_.enter_context(CakeSite(clicks_a_day=480, events_a_day=120))
        store = open_.enter_context(store_started())
        made = {}
        for place, bucket in {"folder": None, "bucket": Bucket(store)}.items():
            home = open_.enter_context(kitchen(tmp_path_factory.mktemp(place), lambda: ("", "")))
            home.serve(cake, bucket)
            made[place] = home
        yield made


@pytest.fixture
def ready(
    kitchens: dict[str, Kitchen], capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Kitchen]:
    """The home of that place, mended, in which an earlier report of the day stands."""

    def of(place: str) -> Kitchen:
        home = kitchens[place]
        home._heard = lambda: tuple(capsys.readouterr())  # type: ignore[assignment,return-value]
        home.mended()
        if not home.sheets():
            home.forget()
            job = home.order("cake.conversions", **GIVEN)
            home.carry()
            home.whole("cake.conversions", job)
        return home

    return of


def _struck(home: Kitchen, words: Sequence[str], job: str, child: Sequence[str] = CHILD) -> None:
    """The job fails by the fault: with these words, and without a trace in the output."""
    before = home.sheets(), home.marks()
    with patch.object(reaper, "MOST_PUT_OFF", 1):  # as if it had been put off five times
        home.carry(child)
    told = home.shown(job)
    assert told["status"] == "Failed", told
    for word in words:
        assert word in told["reason"]
    assert told["reason"].endswith(ADVICE)
    assert told["artifacts"] == []
    assert (home.sheets(), home.marks()) == before
    assert home.uploads() == []
    finished = f"{job}-{DAY_PART}." if told["parts"]["done"] else "nothing"
    assert all(name.startswith(finished) for name in home.spooled()), home.spooled()
    logs = [path.read_text() for path in home.folder.rglob("*.log")]
    for secret in SECRETS:
        assert secret not in f"{home.noises} {told} {logs}"


def _mended(home: Kitchen, job: str, before: dict[str, bytes]) -> None:
    """It succeeds when the fault is mended: the same file as the undisturbed one."""
    home.mended()
    assert home.run("jobs", "retry", job).code == 0
    home.carry()
    assert home.whole("cake.conversions", job) == before


def _struck_by_all(home: Kitchen, faults: dict[str, Fault]) -> None:
    """One job meets one fault after the other, in any order, and succeeds when all are mended."""
    before, job = home.sheets(), home.order("cake.conversions", **GIVEN)
    some = len(faults) if LONG else MOST
    for number, fault in enumerate(Random(SEED).sample(sorted(faults), min(some, len(faults)))):
        print(f"fault: {fault}")
        arrange, words = faults[fault]
        if number:
            assert home.run("jobs", "retry", job).code == 0
        arrange(home)
        _struck(home, words, job)
        home.mended()
        assert home.sheets() == before
    _mended(home, job, before)


def test_what_is_wrong_with_cake_is_told_and_mended(ready: Callable[[str], Kitchen]) -> None:
    _struck_by_all(ready("folder"), FROM_CAKE)


def test_what_is_wrong_with_a_bucket_is_told_and_mended(ready: Callable[[str], Kitchen]) -> None:
    _struck_by_all(ready("bucket"), FROM_S3)


DISKS = {
    "the disk of the output is full": ("write,pwrite64", "ENOSPC", "No space left on device"),
    "the output may only be read": ("openat", "EROFS", "Read-only file system"),
    "the disk of the spool is full": ("write,pwrite64", "ENOSPC", "the disk is full"),
}


@requires_program("strace", "apt-get install strace")
@pytest.mark.parametrize("fault", DISKS if LONG else Random(SEED).sample(sorted(DISKS), 1))
def test_what_is_wrong_with_a_disk_is_told_and_mended(
    ready: Callable[[str], Kitchen], fault: str
) -> None:
    home = ready("folder")
    before, job = home.sheets(), home.order("cake.conversions", **GIVEN)
    calls, error, words = DISKS[fault]
    path = home.folder / "state" / "spool" / f"{job}-{DAY_PART}.sqlite3-wal"
    safe = "no file that stood before is touched"
    if "output" in fault:
        path = home.folder / "reports" / f".{SHEET}.{job[:8]}-1.staged"
        safe = "What stood there stands there still; see OUTPUT in export.config"
    tracer = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={calls}:error={error}")
    # what is opened within an open folder shows its name alone
    paths = ("-P", str(path), "-P", path.name)
    _struck(home, [words, safe], job, (*tracer, *paths, *CHILD))
    _mended(home, job, before)


def test_what_may_pass_by_itself_is_tried_again_by_itself(
    ready: Callable[[str], Kitchen],
) -> None:
    home = ready("bucket")
    before = home.sheets()
    _refused(home, "PUT", "POST", code=503, reason="SlowDown")
    job = home.order("cake.conversions", **GIVEN)
    home.carry()
    told = home.shown(job)
    assert (told["status"], home.sheets()) == ("In Progress", before)
    assert "503 (SlowDown); now Queued (lost once)" in told["events"][-1]["text"]
    home.mended()
    home.let_leases_end()
    asked = len(home.cake.calls)
    _refused(home, "POST", kind="deaf", query="uploadId")  # done, and the answer is lost
    home.carry()
    assert home.whole("cake.conversions", job) == before
    assert {call.operation for call in home.cake.calls[asked:]} == {"Currencies"}


def test_rows_that_keep_arriving_are_told_and_leave_nothing_half(
    ready: Callable[[str], Kitchen],
) -> None:
    home = ready("folder")
    home.forget()
    home.change(PAGE=5)
    home.cake.arriving = 1
    job = home.order("cake.clicks", **GIVEN)
    with patch.object(reaper, "MOST_PUT_OFF", 1):
        home.carry()
    told = home.shown(job)
    assert told["status"] == "Failed", told
    assert "row_count went from" in told["reason"]
    assert told["reason"].endswith(ADVICE)
    assert (home.sheets(), home.spooled()) == ({}, [])
    home.mended()
    if LONG:
        home.run("jobs", "retry", job)
        home.carry()
        home.whole("cake.clicks", job)
    home.forget()


def test_a_stop_takes_back_its_own_file_and_leaves_that_of_another_job(
    ready: Callable[[str], Kitchen],
) -> None:
    """Both are stopped when the file has its name and the records do not know it yet."""
    home = ready("folder")
    home.forget()
    home.programme(HEARTBEAT_S="0.05s")
    first, second = (home.order("cake.conversions", **GIVEN) for _ in range(2))
    home.carry(**home.cut("stop", LAST_STEP))
    assert home.shown(first)["status"] == "Stopped"
    assert any(f"{SHEET} is removed" in one["text"] for one in home.shown(first)["events"])
    before = home.whole("cake.conversions", second)
    assert home.run("jobs", "retry", first).code == 0
    home.carry(**home.cut("stop", LAST_STEP))
    told = home.shown(first)
    assert told["status"] == "Stopped"
    assert any("made the same file" in one["text"] for one in told["events"])
    assert (home.sheets(), home.spooled()) == (before, [])


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("10-01-2016", "2099-01-01", "2099-01-01 has not come yet"),
        ("11-01-2016", "10-01-2016", "from 2016-01-11 is after to 2016-01-10; both days are"),
        ("2010-01-01", "2016-01-01", "that is more than 400 days; divide it into several jobs"),
        ("31-02-2016", "10-03-2016", "there is no such day"),
        ("1/2/2016", "10-03-2016", "it is neither YYYY-MM-DD nor dd-mm-yyyy"),
    ],
)
def test_days_that_cannot_be_are_refused_in_words_and_no_job_is_made(
    ready: Callable[[str], Kitchen], first: str, last: str, words: str
) -> None:
    home = ready("folder")
    known = home.run("jobs", "list").shown
    ended = home.run("jobs", "add", "cake.clicks", f"from={first}", f"to={last}")
    assert ended.code == 65
    assert words in ended.shown["error"]["message"]
    assert home.run("jobs", "list").shown == known


# --- mtdata check


def _checked(home: Kitchen, what: str) -> tuple[int, dict[str, Any]]:
    ended = home.run("check", "cake")
    [found] = [one for one in ended.shown["findings"] if one["what"] == what]
    assert found["site"] == "cake"
    for secret in SECRETS:
        assert secret not in str(ended)
    return ended.code, found


CHECKED = {name: (*FROM_CAKE[name], "ADMIN_DOMAIN", "folder") for name in (
    "bad key", "expired key", "wrong domain, nobody there", "wrong domain, somebody else's site",
    "not on the whitelist, silence", "not on the whitelist, refused",
)} | {name: (*FROM_S3[name], "OUTPUT", "bucket") for name in FROM_S3}  # fmt: skip


@pytest.mark.parametrize("fault", CHECKED)
def test_check_tells_what_would_make_a_report_fail(
    ready: Callable[[str], Kitchen], fault: str
) -> None:
    arrange, words, what, place = CHECKED[fault]
    home = ready(place)
    before = home.sheets()
    arrange(home)
    code, found = _checked(home, what)
    assert (code, found["verdict"]) == (69, "bad")
    for word in words:
        assert word in found["told"]
    home.mended()
    assert home.sheets() == before


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_check_tries_an_account_and_leaves_nothing(
    ready: Callable[[str], Kitchen], place: str
) -> None:
    home = ready(place)
    before, calls = home.sheets(), len(home.cake.calls)
    ended = home.run("check")
    assert ended.code == 0, ended
    found = {one["what"]: one for one in ended.shown["findings"] if one["site"] == "cake"}
    assert {one["verdict"] for one in found.values()} == {"good"}
    assert "it accepts the key" in found["ADMIN_DOMAIN"]["told"]
    assert "put there, read back and removed" in found["OUTPUT"]["told"]
    assert (home.sheets(), home.uploads()) == (before, [])
    assert [call.operation for call in home.cake.calls[calls:]] == ["Currencies"]


def test_check_follows_a_signed_link_as_who_downloads_would(
    ready: Callable[[str], Kitchen],
) -> None:
    home = ready("bucket")
    before = home.sheets()
    assert "a signed link opened it" in _checked(home, "OUTPUT")[1]["told"]
    reason = "AuthorizationQueryParametersError"
    _refused(home, "GET", code=400, reason=reason, query="X-Amz-Signature")
    code, found = _checked(home, "OUTPUT")
    assert (code, found["verdict"]) == (69, "bad")
    assert f"a signed link to one is answered 400 ({reason})" in found["told"]
    assert "see REGION" in found["told"]
    assert "X-Amz" not in found["told"]
    home.mended()
    assert home.sheets() == before


def test_check_tells_a_folder_that_cannot_be_one(ready: Callable[[str], Kitchen]) -> None:
    home = ready("folder")
    (home.folder / "taken").write_text("a file where a folder should be")
    home.change(OUTPUT="taken")
    code, found = _checked(home, "OUTPUT")
    assert (code, found["verdict"]) == (69, "bad")
    assert "see OUTPUT in export.config" in found["told"]


def test_check_waits_for_nobody_who_uses_the_account(ready: Callable[[str], Kitchen]) -> None:
    home = ready("folder")
    settings = load(home.folder / "config", {})
    limiter = account.cake_limiter(settings.home, account_named(settings))
    with patch.object(check, "LONGEST_S", 0.1), limiter.turn():
        code, found = _checked(home, "ADMIN_DOMAIN")
    assert (code, found["verdict"]) == (0, "odd")
    assert "asked by others at this moment" in found["told"]


def test_a_probe_that_cannot_be_removed_is_told(ready: Callable[[str], Kitchen]) -> None:
    home = ready("bucket")
    _refused(home, "DELETE", code=403, reason="AccessDenied")
    code, found = _checked(home, "OUTPUT")
    assert (code, found["verdict"]) == (69, "bad")
    assert "cannot be removed" in found["told"]
    assert "s3:DeleteObject" in found["told"]
    home.mended()
    assert home.bucket is not None
    home.bucket.lose("cake/mtdata-check.txt")


def test_a_site_of_the_sample_that_is_not_ready_is_a_note_beside_an_account_that_is_well(
    ready: Callable[[str], Kitchen],
) -> None:
    home = ready("folder")
    sample = samples_folder() / "server.config.sample"
    (home.folder / "config" / "server.config").write_bytes(sample.read_bytes())
    ended = home.run("check")
    [keys] = [one for one in ended.shown["findings"] if one["what"] == "keys"]
    assert (ended.code, keys["verdict"], "error" in ended.shown) == (0, "odd", False), ended
    assert "mindtrails.pem" in keys["told"]
    assert home.run("check", keys["site"]).code == 78  # who asks for it by name is about to use it
