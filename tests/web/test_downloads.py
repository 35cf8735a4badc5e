"""All files of a job in one zip, and what a browser gets guarded: whole and as made, or nothing."""

from __future__ import annotations

import io
import socket
from collections import OrderedDict
from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing, suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import BadZipFile, ZipFile

import pytest
import requests
from django.conf import settings as django
from django.test import RequestFactory

from mtdata.config import load
from mtdata.core.errors import BusyError, OutputError, StorageError
from mtdata.core.output.bucket import BucketOutput
from mtdata.core.s3 import S3Access, opening
from mtdata.duties import DUTIES
from mtdata.jobs.records.models import Artifact, Job
from mtdata.web.downloads import places, sending
from mtdata.web.downloads.fetching import Fetching, Flow
from mtdata.web.downloads.places import Lost, StoreOfEnvironment
from mtdata.web.downloads.sending import sent
from mtdata.web.downloads.ways import DownloadSlots
from mtdata.web.downloads.zipping import names_of
from tests.bucket import KEYS, Bucket
from tests.jobs.place import until
from tests.nonsense import NONSENSE, nonsense
from tests.web.programs import program
from tests.web.site import WebSite

HEAD, LIES, GUARDED = b"day,note\r\n", b",=1+1\r\n", b",'=1+1\r\n"
DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")


def _content(day: str, rest: bytes) -> bytes:
    return HEAD + day.encode() + rest


class Reports:
    """A job that made a file a day, each with a cell that a spreadsheet would calculate."""

    def __init__(self, web: WebSite, days: tuple[str, ...] = DAYS) -> None:
        self.web = web
        job = web.place.add("ranged", start=days[0], end=days[-1], note="=1+1")
        web.place.carry()
        web.place.ended(job, "Success")
        self.page, self.job = f"/jobs/{job}/", job
        self.files = [Path(one.place) for one in Artifact.objects.filter(job=job).order_by("pk")]

    def get(self, path: str, **how: Any) -> requests.Response:
        """As an operator, of a path of the job's page."""
        return self.web.visitor("operator").get(self.page + path, **how)

    def read(self) -> str:
        """The page of the job."""
        return self.get("").text


def _unzipped(answer: requests.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_files_of_a_job_come_as_one_zip(web: WebSite) -> None:
    made = Reports(web)
    assert 'href="' + made.page + 'zip/"' in made.read()
    assert "Downloads are guarded" in made.read()
    answer = made.get("zip/")
    assert _unzipped(answer) == {f"Tag {day} ü.csv": _content(day, GUARDED) for day in DAYS}
    assert "Content-Length" not in answer.headers
    name = Job.objects.get(pk=made.job).name
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.zip"'
    as_it_lies = {f"Tag {day} ü.csv": _content(day, LIES) for day in DAYS}
    assert _unzipped(made.get("zip/?as=data")) == as_it_lies
    assert _unzipped(program(web, "operator").get(made.page + "zip/")) == as_it_lies
    assert made.web.visitor("operator").head(made.page + "zip/").content == b""


def _all_that_came(answer: requests.Response) -> bytes:
    kept = b""
    with answer, suppress(requests.RequestException):
        for piece in answer.iter_content(1):
            kept += piece
    return kept


def test_a_zip_has_every_file_or_is_none(web: WebSite) -> None:
    made = Reports(web)
    away = made.files[1].with_suffix(".away")
    made.files[1].rename(away)
    lost = made.get("zip/")
    assert (lost.status_code, "not there any more" in lost.text) == (410, True)
    away.rename(made.files[1])
    content = made.files[1].read_bytes()
    made.files[1].write_bytes(content.replace(b"1+1", b"9+9"))  # of the same length
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        made.get("zip/")
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(_all_that_came(made.get("zip/", stream=True))))
    made.files[1].write_bytes(content)
    assert len(_unzipped(made.get("zip/"))) == 3


def test_a_zip_is_open_as_long_as_all_links_are(web: WebSite) -> None:
    made, known = Reports(web), web.visitor("operator")
    number = Artifact.objects.filter(job=made.job).order_by("pk")[1].pk
    known.submit(f"{made.page}artifacts/{number}/revoke/")
    closed = made.get("zip/")
    assert closed.status_code == 410
    assert "1 of 3 links to the files of this job are closed" in closed.text
    assert "1 of 3 links are closed" in made.read()
    assert f"/jobs/{made.job}/zip/" not in known.get("/jobs/?kind=ranged").text
    assert f'{made.page}zip/"' not in made.read()
    assert web.visitor("viewer").submit(f"{made.page}renew/").status_code == 403
    assert known.submit(f"{made.page}renew/").status_code == 303
    assert len(_unzipped(made.get("zip/"))) == 3
    listed = known.get("/jobs/?kind=ranged").text
    assert f'href="/jobs/{made.job}/zip/" aria-label="Download all 3 files of ' in listed
    assert f"/jobs/{made.job}/zip/" not in web.visitor("viewer").get("/jobs/?kind=ranged").text
    assert known.submit(f"{made.page}renew/").status_code == 303
    Job.objects.filter(pk=made.job).update(status="Failed")
    assert made.get("zip/").status_code == 410
    known.submit(f"{made.page}renew/")
    assert "Nothing was renewed" in made.read()
    empty = web.place.add("rows")
    assert known.get(f"/jobs/{empty}/zip/").status_code == 410


def _link(made: Reports) -> str:
    [standing] = [line for line in made.read().split('"') if line.startswith("/d/")][:1]
    return standing


def test_a_browser_gets_one_file_guarded_and_a_program_as_it_lies(web: WebSite) -> None:
    made, known = Reports(web, DAYS[:1]), web.visitor("operator")
    link, lies = _link(made), _content(DAYS[0], LIES)
    answer = known.get(link)
    assert answer.content == _content(DAYS[0], GUARDED)
    assert answer.headers["Content-Type"] == "text/csv"
    assert "Tag%202026-03-01%20%C3%BC.csv" in answer.headers["Content-Disposition"]
    assert known.get(f"{link}?as=data").content == lies
    assert program(web, "operator").get(link).content == lies
    assert known.head(link).content == b""
    listed = known.get("/jobs/?kind=ranged").text
    assert listed.count('aria-label="Download Report') == 1
    assert f'href="{link}"' in listed
    assert "Download Report" not in web.visitor("viewer").get("/jobs/?kind=ranged").text
    assert "open until" in known.get(f"/jobs/{made.job}/").text
    of_viewer = web.visitor("viewer").get(f"/jobs/{made.job}/").text
    assert "open until" not in of_viewer, "there is no link that could be open"
    assert "for operators" in of_viewer
    made.files[0].write_bytes(lies.replace(b"1+1", b"9+9"))
    for way in (link, f"{link}?as=data"):
        told = known.get(way)
        assert (told.status_code, "was changed" in told.text) == (410, True)


def test_an_old_proxy_gets_no_length_and_the_end_of_the_connection(web: WebSite) -> None:
    made = Reports(web, DAYS[:1])
    link = _link(made)

    def asked() -> bytes:
        with _line(web, link) as line:
            return b"".join(iter(lambda: line.recv(4096), b""))

    head, _, body = asked().partition(b"\r\n\r\n")
    assert body == _content(DAYS[0], GUARDED)
    assert b"content-length" not in head.lower()
    assert b"connection: close" in head.lower()
    made.files[0].write_bytes(_content(DAYS[0], LIES).replace(b"1+1", b"9+9"))
    assert b" 410 " in asked().partition(b"\r\n")[0]


def test_who_takes_nothing_keeps_neither_pages_nor_others_waiting(web: WebSite) -> None:
    made = Reports(web, DAYS[:1])
    content = _content(DAYS[0], LIES) * 160_000
    made.files[0].write_bytes(content)
    known = {"size": len(content), "sha256": sha256(content).hexdigest()}
    Artifact.objects.filter(job=made.job).update(**known)
    link = _link(made)
    with ExitStack() as held:
        lines = [held.enter_context(_line(web, link)) for _ in range(sending.AT_ONCE // 2)]
        assert all(line.recv(9) == b"HTTP/1.0 " for line in lines)
        assert requests.get(f"{web.url}/healthz", timeout=30).text == "ok\n"
        got = web.visitor("admin").get(link)
        assert len(got.content) > len(content), "somebody else has a way, and all of it comes"
    until(lambda: web.visitor("operator").get(link).status_code == 200, "a way is free")


def _line(web: WebSite, path: str) -> socket.socket:
    """A connection of an operator by HTTP/1.0 that asked for it and has read nothing."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in web.visitor("operator").cookies)
    line = socket.create_connection(("127.0.0.1", web.port), 30)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    line.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n".encode())
    return line


def test_a_job_of_another_kind_is_given_out_as_it_lies(web: WebSite) -> None:
    job = web.place.add("dated", start=DAYS[0], end=DAYS[1], note="=1+1")
    web.place.carry()
    web.place.ended(job, "Success")
    assert "guarded" not in web.visitor("operator").get(f"/jobs/{job}/").text
    assert len(_unzipped(web.visitor("operator").get(f"/jobs/{job}/zip/"))) == 2


def test_names_that_come_twice_get_numbers() -> None:
    assert names_of(["a.csv", "b", "a.csv", "b", "a.csv", "a_2.csv"]) == [
        *("a.csv", "b", "a_2.csv", "b_2", "a_3.csv", "a_2_2.csv")
    ]


# --- from a store, and on the way


@pytest.fixture
def of_store(web: WebSite, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An artifact in the bucket of an account."""
    account = {
        "ADMIN_DOMAIN": "admin.example.com",
        "API_KEY": "invented",
        "TIMEZONE": "UTC",
        "OUTPUT": f"s3://{bucket.name}/cake",
        "ENDPOINT": bucket.store.url,
        "ACCESS_KEY": KEYS[0],
        "SECRET_KEY": KEYS[1],
    }
    web.place.write("export", {"CAKE": account})
    monkeypatch.setattr(django, "MTDATA", load(web.config, {}), raising=False)
    monkeypatch.setattr(django, "MTDATA_DUTIES", DUTIES, raising=False)
    (web.config / "export.config").unlink()
    content = _content(DAYS[0], LIES)
    bucket.change("cake/one.csv", content)
    return SimpleNamespace(
        name="one.csv",
        place=f"s3://{bucket.name}/cake/one.csv",
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )


def test_what_lies_in_a_store_comes_whole_or_is_told(of_store: Any, bucket: Bucket) -> None:
    with closing(Fetching()) as way:
        way.look([of_store])
        assert b"".join(way.pieces(of_store)) == _content(DAYS[0], LIES)
        bucket.change("cake/one.csv", _content(DAYS[0], LIES).replace(b"1+1", b"9+9"))
        way.look([of_store])
        with pytest.raises(Lost, match=r"one\.csv: the file was changed"):
            list(way.pieces(of_store))
        bucket.change("cake/one.csv", b"short")
        with pytest.raises(Lost, match=r"one\.csv: the file was changed"):
            way.look([of_store])
        bucket.lose("cake/one.csv")
        with pytest.raises(Lost, match=r"one\.csv: the file is not there"):
            way.look([of_store])
        of_store.place = "gs://of-nobody/one.csv"
        with pytest.raises(StorageError, match="cannot fetch it"):
            way.look([of_store])


@pytest.mark.parametrize("kind", list(NONSENSE))
@pytest.mark.parametrize("known", [True, False])
def test_a_store_that_answers_nonsense_is_told_and_brings_nothing(
    kind: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _content(DAYS[0], LIES)
    facts = {"name": "one.csv", "size": len(content), "sha256": sha256(content).hexdigest()}
    artifact: Any = SimpleNamespace(place="s3://bucket/cake/one.csv", **facts)
    monkeypatch.setattr(opening, "TRIES", 1)
    with nonsense(NONSENSE[kind]) as server, closing(Fetching()) as way:
        access = S3Access(server.url, "", *KEYS, timeout_s=0.1)
        store = BucketOutput("s3://bucket", access) if known else StoreOfEnvironment()
        places._bucket.cache_clear()
        monkeypatch.setattr(places, "S3Access", lambda **_: access)
        name = "cake/one.csv" if known else "bucket/cake/one.csv"
        monkeypatch.setattr(way, "_store_of", lambda _: (store, name))
        for ask in (lambda: way.look([artifact]), lambda: list(way.pieces(artifact))):
            with pytest.raises((StorageError, OutputError)) as caught:
                ask()
            assert "cows" not in str(caught.value)
        assert server.sent < 32 << 20
        (store if known else places._bucket("bucket")).close()
    places._bucket.cache_clear()


def test_whatever_ends_it_a_way_is_free_again(caplog: pytest.LogCaptureFixture) -> None:
    ways = DownloadSlots(2)

    def flow(pieces: Generator[bytes]) -> Flow:
        return Flow("a file", Fetching(), pieces, ways.take("a"))

    def pieces() -> Generator[bytes]:
        yield b"one"
        raise Lost("it was changed")

    def gone() -> Generator[bytes]:
        raise Lost("it is not there")
        yield b""

    for _ in range(2):
        with pytest.raises(Lost, match="not there"):
            flow(gone())
    first = flow(pieces())
    with pytest.raises(BusyError, match="try again in a minute"):
        flow(pieces())
    with pytest.raises(Lost):
        list(first)
    assert "a file was cut off on its way and is not whole: it was changed" in caplog.text
    for _ in range(2):
        first.close()
    second = flow(pieces())
    with pytest.raises(BusyError):
        flow(pieces())
    second.close()


def test_of_what_is_guarded_nothing_is_read_ahead_of_its_answer(
    web: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Reports(web, DAYS[:1])
    artifact = Artifact.objects.select_related("job").get(job=made.job)
    came: list[bytes] = []

    def guard(pieces: Iterable[bytes]) -> Generator[bytes]:
        for piece in pieces:
            for one in (piece[:4], piece[4:9], piece[9:]):
                came.append(one)
                yield one

    monkeypatch.setattr(sending, "_TOTALS", OrderedDict())
    asking = RequestFactory().get("/", SERVER_PROTOCOL="HTTP/1.0")
    asking.user = SimpleNamespace(pk="a")
    with closing(sent(asking, artifact, guard)) as answer:
        assert (len(came), answer.has_header("Content-Length")) == (2, False)
        assert b"".join(answer) == _content(DAYS[0], LIES)
    part = RequestFactory().get("/", headers={"Range": "bytes=3-4"})
    part.user = asking.user
    for read in (6, 3):  # the first counts as well, and it is remembered
        came.clear()
        with closing(sent(part, artifact, guard)) as answer:
            assert b"".join(answer) == _content(DAYS[0], LIES)[3:5]
        assert len(came) == read
    ways = DownloadSlots(2)
    monkeypatch.setattr(sending, "_WAYS", ways)
    with ways.take("a"), pytest.raises(BusyError, match="1 of your downloads are under way"):
        sent(asking, artifact, guard)
    sent(asking, artifact, guard).close()
