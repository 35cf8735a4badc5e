"""Exports as people order them: at the command line, into a bucket, with a mail; and the check."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.alerts import notify
from mtdata.cli import main
from mtdata.config import load
from mtdata.core.errors import JobError
from mtdata.duties import KINDS
from mtdata.jobs.job_news import tell_of_ends
from mtdata.jobs.link_words import secret_file, signer
from mtdata.jobs.records import orders
from mtdata.jobs.title import title_of
from mtdata.programme import check
from mtdata.programme.duty import CHECKS
from tests.bucket import KEYS, Bucket
from tests.jobs.conftest import urls
from tests.mailbox import Mailbox, mailbox
from tests.preloaded import fork_children_of_jobs
from tests.programme.forms_place import FormsPlace, response

__all__ = ["urls"]
ANNA, PAGE = "anna@example.org", "https://mtdata.example.org/mt"


@pytest.fixture
def plain(urls: dict[str, str], tmp_path: Path) -> Iterator[FormsPlace]:
    made = FormsPlace(tmp_path, urls["sqlite"])
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield made
    for number, handler in kept.items():
        signal.signal(number, handler)
    made.close()


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


def with_mail(place: FormsPlace, box: Mailbox, **keys: Any) -> None:
    mail = {"HOST": "127.0.0.1", "PORT": box.port, "TLS": "none", "FROM": "mtdata@example.org",
            "TO": "lab@example.org"}  # fmt: skip
    (place.folder / "config" / "log.config").write_text(yaml.safe_dump({"MAIL": mail}))
    place.configure(**{"TELL_JOBS": PAGE, "MAIL_ALLOWED": ["@Example.org"], **keys})


def keep_secret(place: FormsPlace, secret: str) -> None:
    file = secret_file(place.settings.home)
    file.parent.mkdir(exist_ok=True)
    file.write_text(secret)


def tell(place: FormsPlace) -> None:
    tell_of_ends(place.settings, KINDS)
    notify.spread(place.settings, lambda settings: {})


def test_who_may_be_mailed_gets_a_signed_link_once_and_no_answer(
    plain: FormsPlace, box: Mailbox
) -> None:
    with_mail(plain, box)
    secret = "s" * 60
    keep_secret(plain, secret)
    plain.fill(response(0, "somebody"))
    job = plain.queue(email=ANNA)
    assert plain.run(job) == "Success", plain.reason(job)
    tell(plain)
    tell(plain)
    [mail] = box.mails
    assert mail.to == [ANNA]
    [link] = [line for line in mail.body.splitlines() if line.startswith(PAGE)]
    [made] = plain.artifacts(job)
    word = link.removeprefix(f"{PAGE}/d/")
    assert signer(secret).unsign_object(word) == [made.pk, 0, made.job_id.hex]
    assert "somebody" not in mail.body
    assert ANNA not in plain.log(job) + title_of(KINDS["forms.export"], "", {"email": ANNA}).words


def test_without_the_secret_of_the_page_the_mail_leads_to_the_job(
    plain: FormsPlace, box: Mailbox
) -> None:
    with_mail(plain, box)
    keep_secret(plain, "cut short")
    job = plain.queue(email=ANNA)
    plain.run(job)
    tell(plain)
    assert f"{PAGE}/jobs/{job}/" in box.mails[0].body


def test_who_is_allowed_no_more_when_it_is_ready_gets_no_mail(
    plain: FormsPlace, box: Mailbox
) -> None:
    with_mail(plain, box)
    jobs = [plain.queue(email=ANNA), plain.queue(email="ben@example.org")]
    with_mail(plain, box, MAIL_ALLOWED="ben@example.org")
    for job in jobs:
        plain.run(job)
    tell(plain)
    assert [mail.to for mail in box.mails] == [["ben@example.org"]]


def test_an_address_is_refused_where_it_is_not_allowed_or_nobody_could_mail(
    plain: FormsPlace, box: Mailbox
) -> None:
    with_mail(plain, box)
    for address in ("eve@example.com", "eve@sub.example.org", "nobody", "a@example.org, b@x.org"):
        with pytest.raises(JobError, match=r"MAIL_ALLOWED|no mail address"):
            plain.queue(email=address)
    with_mail(plain, box, TELL_JOBS="")
    with pytest.raises(JobError, match="TELL_JOBS"):
        plain.queue(email=ANNA)
    (plain.folder / "config" / "log.config").unlink()
    plain.configure(TELL_JOBS=PAGE)
    with pytest.raises(JobError, match=r"MAIL in log\.config"):
        plain.queue(email=ANNA)


def test_the_command_writes_the_file_and_says_where(
    plain: FormsPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    fork_children_of_jobs()
    plain.fill(response(0, "early"), response(60 * 24 * 40, "late"))
    words = ["--config", str(plain.folder / "config"), "forms", "export", "--to", "2020-05-31"]
    assert main.run(words) == 0
    said = capsys.readouterr().out
    [file] = plain.output.glob("FormResponse_*.csv")
    assert f"1 rows: {file}" in said
    assert b"early" in file.read_bytes()
    assert main.run([*words, "--json", "--queue"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "Queued"
    assert main.run([*words, "--from", "2021-01-01"]) == 65


def test_an_export_goes_into_a_bucket_and_an_undo_takes_it_out(
    plain: FormsPlace, bucket: Bucket
) -> None:
    plain.configure(
        OUTPUT=f"s3://{bucket.name}/forms",
        OUTPUT_ENDPOINT=bucket.store.url,
        OUTPUT_ACCESS_KEY=KEYS[0],
        OUTPUT_SECRET_KEY=KEYS[1],
    )
    plain.fill(response(0))
    job = plain.queue()
    assert plain.run(job) == "Success", plain.reason(job)
    [made] = plain.artifacts(job)
    assert made.place == f"s3://{bucket.name}/forms/FormResponse_{job}.csv"
    assert len(bucket.read(f"forms/FormResponse_{job}.csv")) == made.size
    orders.undo(job)
    assert plain.run(job) == "Stopped", plain.reason(job)
    assert bucket.names() == []


def test_the_keys_of_output_come_from_outside_as_well(plain: FormsPlace) -> None:
    folder = plain.folder / "config"
    credentials = plain.folder / "credentials"
    credentials.mkdir()
    (credentials / "programme.output_secret_key").write_text("of systemd\n")
    environ = {
        "MTDATA_PROGRAMME_OUTPUT_ACCESS_KEY": "of the environment",
        "CREDENTIALS_DIRECTORY": str(credentials),
    }
    access = load(folder, environ).programme.output_store()
    assert (access.access_key, access.secret_key) == ("of the environment", "of systemd")
    assert "of systemd" not in repr(load(folder, environ))


def test_the_check_looks_at_what_is_configured_alone(plain: FormsPlace, box: Mailbox) -> None:
    assert CHECKS.names(plain.settings) == []
    plain.configure(OUTPUT="out", MAIL_ALLOWED="@example.org")
    assert CHECKS.names(plain.settings) == ["forms"]
    found = {one.what: one for one in check.look(plain.settings)}
    assert (found["OUTPUT"].verdict, found["MAIL_ALLOWED"].verdict) == ("good", "bad")
    assert "TELL_JOBS" in found["MAIL_ALLOWED"].told
    assert found["FORMATS"].told == "csv, parquet, xlsx can be written"
    assert list((plain.folder / "out").iterdir()) == []
    with_mail(plain, box)
    found = {one.what: one for one in check.look(plain.settings)}
    assert found["MAIL_ALLOWED"].verdict == "good"
