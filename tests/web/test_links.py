"""Links to what jobs made: who may follow one, until when, and that exactly the bytes come."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.conf import settings as django
from django.test import RequestFactory

from mtdata.config import load
from mtdata.core.errors import OutputError, OutputRefused, StorageError
from mtdata.core.guarding import guarded_pieces
from mtdata.core.s3.opening import CLIENTS
from mtdata.duties import DUTIES
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, Job
from mtdata.web.downloads import places
from mtdata.web.downloads.proof import Lost
from mtdata.web.downloads.sending import sent
from tests.bucket import KEYS, Store
from tests.web.programs import bearing, program
from tests.web.site import WebSite

CONTENT = b"day,row\r\n2026-03-01,1\r\n"


class Report:
    """A job that has made one file, its page and its link."""

    def __init__(self, web: WebSite) -> None:
        self.web = web
        self.job = web.place.add("dated", start="2026-03-01", end="2026-03-01")
        web.place.carry()
        web.place.ended(self.job, "Success")
        self.page = f"/jobs/{self.job}/"
        self.artifact = Artifact.objects.get(job=self.job)
        self.file = Path(self.artifact.place)

    def link(self) -> str:
        """As it stands on the page now; '' when there is none."""
        found = re.search(r'href="(/d/[^"]+)"', self.web.visitor("operator").get(self.page).text)
        return found[1] if found else ""

    def age(self, **how: float) -> None:
        """Let its end be so long ago."""
        Job.objects.filter(pk=self.job).update(ended_at=now() - timedelta(**how))

    def order(self, word: str) -> int:
        """Renew or revoke."""
        path = f"{self.page}artifacts/{self.artifact.pk}/{word}/"
        return self.web.visitor("operator").submit(path).status_code


@pytest.fixture
def report(web: WebSite) -> Report:
    """A finished one."""
    return Report(web)


def test_a_download_is_the_file_byte_for_byte_with_its_name(report: Report) -> None:
    answer = report.web.visitor("operator").get(report.link())
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    name = answer.headers["Content-Disposition"]
    assert name == "attachment; filename*=utf-8''Tag%202026-03-01%20%C3%BC.csv"


def test_a_head_tells_the_length_and_brings_nothing(report: Report) -> None:
    known = report.web.visitor("operator")
    answer = known.head(report.link())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert known.get(report.link()).content == CONTENT


def test_a_link_alone_opens_nothing(report: Report) -> None:
    link = report.link()
    assert report.web.visitor("").get(link).status_code == 302
    assert report.web.visitor("viewer").get(link).status_code == 403
    assert link not in report.web.visitor("viewer").get(report.page).text
    assert report.web.visitor("operator").post(link).status_code == 403  # no mark of a form
    assert report.web.visitor("operator").submit(link).status_code == 405


def test_a_program_downloads_with_a_token_of_an_operator(report: Report) -> None:
    web, link = report.web, report.link()
    assert program(web, "operator").get(link).content == CONTENT
    assert program(web, "admin", "operator").get(link).content == CONTENT
    assert program(web, "admin", "viewer").get(link).status_code == 403
    assert bearing(web, "mtd_invented").get(link).status_code == 401
    bold = {"Authorization": "Bearer mtd_invented"}
    assert web.visitor("operator").get(link, headers=bold).status_code == 401


def test_a_link_is_open_for_a_day_from_the_end_of_the_job(report: Report) -> None:
    link, known = report.link(), report.web.visitor("operator")
    report.age(hours=23, minutes=55)
    assert known.get(link).status_code == 200
    report.age(hours=24, minutes=1)
    over = known.get(link)
    assert over.status_code == 410
    assert "was open until" in over.text
    assert "renew" in over.text
    assert report.page in over.text
    assert report.link() == ""


def test_a_link_of_a_job_that_ended_in_the_future_opens_nothing_until_it_is_renewed(
    report: Report,
) -> None:
    link, known = report.link(), report.web.visitor("operator")
    report.age(days=-365)
    over = known.get(link)
    assert over.status_code == 410
    assert "future" in over.text
    assert report.order("renew") in (200, 302, 303)
    assert known.get(report.link()).status_code == 200


def test_a_renewed_link_is_open_again_and_the_old_one_is_not(report: Report) -> None:
    old, known = report.link(), report.web.visitor("operator")
    report.age(days=3)
    assert report.order("renew") == 303
    new = report.link()
    assert new != old
    assert known.get(new).content == CONTENT
    assert known.get(old).status_code == 410


def test_a_revoked_link_opens_nothing_until_it_is_renewed(report: Report) -> None:
    old, known = report.link(), report.web.visitor("operator")
    assert report.order("revoke") == 303
    gone = known.get(old)
    assert gone.status_code == 410
    assert "revoked" in gone.text
    assert report.link() == ""
    assert "it was revoked" in known.get(report.page).text
    assert report.order("revoke") == 303
    assert report.order("renew") == 303
    assert known.get(report.link()).content == CONTENT
    assert known.get(old).status_code == 410


def test_renewing_and_revoking_are_for_operators(report: Report) -> None:
    link = report.link()
    for word in ("renew", "revoke"):
        path = f"{report.page}artifacts/{report.artifact.pk}/{word}/"
        assert report.web.visitor("viewer").submit(path).status_code == 403
        assert report.web.visitor("operator").get(path).status_code == 405
    assert report.link() == link
    elsewhere = f"/jobs/{report.web.place.add()}/artifacts/{report.artifact.pk}/revoke/"
    assert report.web.visitor("operator").submit(elsewhere).status_code == 404


def test_a_forged_word_leads_nowhere(report: Report) -> None:
    link, known = report.link(), report.web.visitor("operator")
    body, _, mark = link.removeprefix("/d/").partition(".")
    forged = (body, f"{body}.", f".{mark}", f"{body}x.{mark}", f"{body}.{mark[:-1]}", "x" * 5000,
              f"{body}.{mark}x", "%00", "%F0%9F%92%A9.x")  # fmt: skip
    for word in forged:
        assert known.get(f"/d/{word}").status_code == 404, word


def test_a_file_that_is_gone_or_changed_is_told(report: Report) -> None:
    link, known = report.link(), report.web.visitor("operator")

    def told() -> str:
        answer = known.get(link)
        assert answer.status_code == 410
        return answer.text

    elsewhere = report.file.with_suffix(".elsewhere")
    report.file.rename(elsewhere)
    assert "not there any more" in told()
    report.file.symlink_to(elsewhere)
    assert "not there any more" in told()
    report.file.unlink()
    os.mkfifo(report.file)
    assert "was changed" in told()
    report.file.unlink()
    report.file.write_bytes(CONTENT + b"more")
    assert "was changed" in told()
    report.file.write_bytes(CONTENT)
    assert known.get(link).content == CONTENT


def test_only_what_a_successful_job_made_is_handed_out(report: Report) -> None:
    link, known = report.link(), report.web.visitor("operator")
    Job.objects.filter(pk=report.job).update(status="In Progress")
    assert (
        '<span title="closed: the job is In Progress">not yet</span>' in known.get(report.page).text
    )
    Job.objects.filter(pk=report.job).update(status="Stopping")
    assert known.get(link).status_code == 410
    assert report.link() == ""
    assert "closed: the job is Stopping</span></td>" in known.get(report.page).text
    assert report.order("renew") == 404
    Artifact.objects.filter(job=report.job).delete()
    assert known.get(link).status_code == 404


def test_a_link_that_was_renewed_does_not_keep_the_job_from_being_taken_back(
    report: Report,
) -> None:
    assert report.order("renew") == 303
    link, known = report.link(), report.web.visitor("operator")
    known.submit(f"{report.page}undo/")
    report.web.place.ended(report.job, "Stopped")
    assert not Artifact.objects.filter(job=report.job).exists()
    assert known.get(link).status_code == 404


# --- the bytes that the job entered, and none else


def test_a_file_changed_in_its_length_or_in_a_folder_replaced_by_a_link_is_refused(
    report: Report, tmp_path: Path
) -> None:
    link, known = report.link(), report.web.visitor("operator")
    folder, away = report.file.parent, tmp_path / "away"
    for path in (link, f"{link}?as=data", f"{report.page}zip/"):
        for how in ({}, {"Range": "bytes=0-3"}):
            assert known.get(path, headers=how).status_code in (200, 206)
            facts = report.file.stat()
            report.file.write_bytes(CONTENT.replace(b"1", b"2"))
            os.utime(report.file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            _refused(known, path, how)
            report.file.write_bytes(CONTENT)
            folder.rename(away)
            folder.symlink_to(away)
            _refused(known, path, how)
            folder.unlink()
            away.rename(folder)
    assert known.get(link).content == CONTENT


def _refused(known: Any, path: str, how: dict[str, str]) -> None:
    """No page of words, or an answer that has no end."""
    if path.endswith("zip/"):
        with suppress(requests.exceptions.ChunkedEncodingError):
            assert known.get(path, headers=how).status_code == 410
    else:
        answer = known.get(path, headers=how)
        assert (answer.status_code, b"2026" in answer.content[:4]) == (410, False), answer.content


@pytest.mark.parametrize("way", ["", "?as=data"])
def test_a_part_of_a_download_can_be_asked_for(report: Report, way: str) -> None:
    link, known = report.link() + way, report.web.visitor("operator")
    whole = known.get(link)
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    tag = whole.headers["ETag"]
    assert tag == f'"{sha256(CONTENT).hexdigest()}"'
    for asked, expected in (("5-9", CONTENT[5:10]), ("10-", CONTENT[10:]), ("-4", CONTENT[-4:])):
        for condition in ({}, {"If-Range": tag}):
            part = known.get(link, headers={"Range": f"bytes={asked}"} | condition)
            assert (part.status_code, part.content) == (206, expected)
            at = CONTENT.rindex(expected)
            told = f"bytes {at}-{at + len(expected) - 1}/{len(CONTENT)}"
            assert part.headers["Content-Range"] == told
            assert part.headers["Content-Length"] == str(len(expected))
    for other in ('"of another file"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        again = known.get(link, headers={"Range": "bytes=5-9", "If-Range": other})
        assert (again.status_code, again.content) == (200, CONTENT)
    beyond = known.get(link, headers={"Range": "bytes=1000-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    assert known.head(link, headers={"Range": "bytes=5-9"}).status_code == 200


# --- objects in a store


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """moto's S3 on a loopback port."""
    made = Store()
    yield made
    made.close()


@pytest.fixture
def of_aws(web: WebSite, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The variables by which AWS's own tools find it."""
    monkeypatch.setattr(django, "MTDATA", web.place.settings, raising=False)
    monkeypatch.setattr(django, "MTDATA_DUTIES", DUTIES, raising=False)
    monkeypatch.setattr(django, "ALLOWED_HOSTS", ["testserver"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    places._bucket.cache_clear()
    yield store
    store.heal()
    places._bucket.cache_clear()
    CLIENTS.forget()  # or who asks by the same keys next would ask this store


def _artifact(place: str, content: bytes = CONTENT) -> Any:
    entered = {"size": len(content), "sha256": sha256(content).hexdigest()}
    job = SimpleNamespace(name="a job", pk=1)
    return SimpleNamespace(name="out/a report ü.csv", place=place, job=job, **entered)


def _asking(headers: dict[str, str]) -> Any:
    request: Any = RequestFactory().get("/d/x", headers=headers)
    request.user = SimpleNamespace(pk=1)
    return request


def _brought(artifact: Any, guard: Any = None, **headers: str) -> Any:
    answer: Any = sent(_asking(headers), artifact, guard)
    with closing(answer):
        return answer.status_code, answer.getvalue(), answer.headers


def test_an_object_of_a_store_comes_through_the_page_and_is_proven(of_aws: Store) -> None:
    of_aws.client.create_bucket(Bucket="reports")

    def put(content: bytes) -> None:
        of_aws.client.put_object(Bucket="reports", Key="of/a report.csv", Body=content)

    artifact = _artifact("s3://reports/of/a report.csv")
    put(CONTENT)
    status, content, headers = _brought(artifact)
    assert (status, content, headers["Content-Length"]) == (200, CONTENT, str(len(CONTENT)))
    assert "a%20report%20%C3%BC.csv" in headers["Content-Disposition"]
    assert _brought(artifact, Range="bytes=5-9")[:2] == (206, CONTENT[5:10])
    assert _brought(artifact, guarded_pieces, Range="bytes=-4")[:2] == (206, CONTENT[-4:])
    put(CONTENT.replace(b"1", b"2"))
    for how in ({}, {"Range": "bytes=0-4"}):
        with pytest.raises(Lost, match="was changed"):
            _brought(artifact, **how)
    of_aws.client.delete_object(Bucket="reports", Key="of/a report.csv")
    with pytest.raises(Lost, match="not there"):
        _brought(artifact)


def test_an_object_of_an_account_is_read_with_the_keys_of_that_account(
    web: WebSite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.client.create_bucket(Bucket="of-the-account")
    store.client.put_object(Bucket="of-the-account", Key="cake/report.csv", Body=CONTENT)
    account = {
        "ADMIN_DOMAIN": "admin.example.com",
        "API_KEY": "invented",
        "TIMEZONE": "UTC",
        "OUTPUT": "s3://of-the-account/cake",
        "ENDPOINT": store.url,
        "ACCESS_KEY": KEYS[0],
        "SECRET_KEY": KEYS[1],
        "REGION": "us-east-1",
    }
    web.place.write("export", {"CAKE": account})
    monkeypatch.setattr(django, "MTDATA", load(web.config, {}), raising=False)
    monkeypatch.setattr(django, "MTDATA_DUTIES", DUTIES, raising=False)
    (web.config / "export.config").unlink()
    artifact = _artifact("s3://of-the-account/cake/report.csv")
    assert _brought(artifact)[:2] == (200, CONTENT)
    store.fault("refuse", "GET", code=403, reason="InvalidObjectState")
    with pytest.raises(OutputRefused, match="in an archive of the store; restore it there"):
        sent(_asking({}), artifact, None)
    store.heal()


def test_what_an_archive_holds_is_told_before_an_answer_begins(of_aws: Store) -> None:
    of_aws.client.create_bucket(Bucket="cold")
    of_aws.client.put_object(Bucket="cold", Key="a.csv", Body=CONTENT)
    of_aws.fault("refuse", "GET", code=403, reason="InvalidObjectState")
    with pytest.raises(OutputError, match="in an archive of the store; restore it there"):
        sent(_asking({}), _artifact("s3://cold/a.csv"), None)


@pytest.mark.parametrize("place", ["ftp://host/file", "s3x://bucket/key"])
def test_a_place_that_nobody_knows_is_told(web: WebSite, of_aws: Store, place: str) -> None:
    with pytest.raises(StorageError, match="cannot fetch it"):
        _brought(_artifact(place))
