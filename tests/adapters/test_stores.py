"""The one client of stores: what of the machine it asks, which answers pass, for where it signs."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from mtdata.core.s3 import S3Access, S3Bucket, StoreFault, StoreRefusal, Words, open_client
from mtdata.core.s3.answers import region_by
from tests.bucket import KEYS, Bucket

Opened = Callable[..., S3Bucket]
CONTENT, DIGEST = b"answers", sha256(b"answers").digest()
IN_THE_MIDDLE = "eu-central-1"


class Refused(Exception):
    """A refusal, as `told`."""

    def __init__(self, told: StoreRefusal) -> None:
        super().__init__(told.code_text)
        self.told = told


class Failed(Exception):
    """A fault on the way, as `fault`."""

    def __init__(self, fault: StoreFault) -> None:
        super().__init__(fault.words)
        self.fault = fault


@pytest.fixture
def opened(bucket: Bucket) -> Iterator[Opened]:
    """The bucket through the client."""
    made: list[S3Bucket] = []

    def opening(name: str = bucket.name, **more: str) -> S3Bucket:
        keys = {"access_key": KEYS[0], "secret_key": KEYS[1], "endpoint": bucket.store.url}
        access = S3Access(**{**keys, **more}, timeout_s=20.0)  # type: ignore[arg-type]
        made.append(S3Bucket(access, name, Words(Refused, Failed)))
        return made[-1]

    yield opening
    for one in made:
        one.close()


def said(ask: Callable[[], object]) -> StoreFault:
    """What a fault says; no word of the store or of the library is in its traceback."""
    with pytest.raises(Failed) as caught:
        ask()
    assert "cows" not in "".join(traceback.format_exception(caught.value))
    return caught.value.fault


# --- the machine


def settings_of_somebody_else(folder: Path) -> dict[str, str]:
    """Every setting that boto3 takes out of the environment, and none that it can use."""
    from botocore.session import Session  # type: ignore[import-untyped]

    found: dict[str, str] = {}
    for _, names, _, _ in Session().session_var_map.values():
        for name in [names] if isinstance(names, str) else names or []:
            found[name] = "of somebody else"
    odd = folder / "config"
    odd.write_text("this is [no config")
    found |= {"AWS_CONFIG_FILE": str(odd), "AWS_SHARED_CREDENTIALS_FILE": str(odd)}
    found |= dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"), "http://127.0.0.1:1")
    found |= {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SESSION_TOKEN": "of somebody else"}
    found |= {"AWS_PROFILE": "none", "AWS_REGION": "nowhere-1", "HOME": str(folder)}
    return found | {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}


@pytest.mark.parametrize("region", ["us-east-1", ""])
def test_with_keys_in_the_config_nothing_of_the_machine_is_asked(
    opened: Opened,
    bucket: Bucket,
    region: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings_of_somebody_else(tmp_path).items():
        monkeypatch.setenv(name, value)
    store = opened(region=region)
    store.put("a", CONTENT, DIGEST)
    assert bucket.read("a") == CONTENT
    link = store.signed("a", "attachment", 60)
    assert f"{KEYS[0]}%2F" in link
    assert "us-east-1" in link
    assert "oken" not in link


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULTS_MODE", "AWS_CONFIG_FILE"])
def test_without_keys_what_is_wrong_with_the_machine_is_named(
    opened: Opened, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, settings_of_somebody_else(tmp_path).get(name, "odd"))
    fault = said(lambda: opened(access_key="", secret_key="").find("head_object", Key="a"))
    assert fault.lasts
    assert "what this machine is given for AWS cannot be used" in fault.words


def test_without_keys_those_of_the_machine_are_taken_and_the_config_says_where(
    opened: Opened, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    store = opened(access_key="", secret_key="")
    store.put("a", CONTENT, DIGEST)
    assert "AKIAMACHINE" in store.signed("a", "attachment", 60)


# --- what answers mean


@pytest.mark.parametrize(
    ("status", "code", "passes"),
    [
        (400, "BadDigest", True),
        (400, "IncompleteBody", True),
        (400, "XAmzContentSHA256Mismatch", True),
        (400, "XAmzContentChecksumMismatch", True),
        (400, "RequestTimeout", True),
        (403, "RequestTimeTooSkewed", True),
        (409, "OperationAborted", True),
        (409, "ConditionalRequestConflict", True),
        (409, "409", True),
        (409, "InvalidBucketState", False),
        (400, "ExpiredToken", False),
        (400, "Throttling", True),
        (429, "", True),
        (408, "", True),
        (503, "SlowDown", True),
        (500, "InternalError", True),
        (507, "XMinioStorageFull", True),
        (404, "NoSuchUpload", True),
        (400, "InvalidPart", True),
        (501, "NotImplemented", False),
        (505, "", False),
        (400, "InvalidArgument", False),
        (403, "AccessDenied", False),
        (403, "SignatureDoesNotMatch", False),
        (404, "NoSuchBucket", False),
        (301, "PermanentRedirect", False),
    ],
)
def test_one_list_says_which_answers_pass_by_themselves(
    status: int, code: str, passes: bool
) -> None:
    told = StoreRefusal.by(
        {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code}}, renews=False
    )
    assert told.later is passes


def test_keys_that_expired_pass_where_the_machine_renews_them(
    opened: Opened, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOLD")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = opened(access_key="", secret_key="")
    bucket.store.fault("refuse", code=400, reason="ExpiredToken")
    with pytest.raises(Refused) as caught:
        store.put("a", CONTENT, DIGEST)
    assert caught.value.told.later
    bucket.store.heal()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANEW")
    store.put("a", CONTENT, DIGEST)
    assert "AKIANEW" in store.signed("a", "attachment", 60)


@pytest.mark.parametrize(
    "answer",
    ["<html>hello, cows</html>", "<ListBucketResult><", "no tree of cows", "\ufffe", "<a>" * 5000],
)
@pytest.mark.parametrize("code", [200, 400, 404])
def test_an_answer_that_s3_never_gives_becomes_one_of_our_errors(
    opened: Opened, bucket: Bucket, answer: str, code: int
) -> None:
    store = opened(region="us-east-1")
    bucket.store.fault("babble", code=code, reason=answer)
    asked: list[Callable[[], object]] = [
        lambda: store.ask("list_multipart_uploads"),
        lambda: store.look("a"),
        lambda: list(store.pieces(store.ask("get_object", Key="a"))),
    ]
    faults = [fault for ask in asked if (fault := _fault_of(ask))]
    assert faults
    assert not any("cows" in "".join(traceback.format_exception(fault)) for fault in faults)


@pytest.mark.parametrize(("operation", "times"), [("head_object", 2), ("delete_object", 1)])
def test_what_only_reads_is_asked_once_more_where_the_answer_was_none(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, operation: str, times: int
) -> None:
    asked = []

    class Client:
        def garbled(self, **how: str) -> dict[str, int]:
            asked.append(how)
            if len(asked) == 1:
                raise AttributeError("of a connection that somebody closed")
            return {"ContentLength": 3}

        head_object = delete_object = garbled

    store = opened()
    wire = SimpleNamespace(begin=lambda: None, drop=lambda: None)
    monkeypatch.setattr(store, "_s3", lambda: SimpleNamespace(client=Client(), wire=wire))
    fault = _fault_of(lambda: store.ask(operation, Key="a"))
    assert (len(asked), fault is None) == (times, times == 2)


def _fault_of(ask: Callable[[], object]) -> Exception | None:
    try:
        ask()
    except (Refused, Failed) as error:
        return error
    return None


# --- where it is


def test_a_link_is_signed_for_the_region_that_the_bucket_told(
    opened: Opened, bucket: Bucket
) -> None:
    bucket.change("a", CONTENT)
    bucket.store.region = IN_THE_MIDDLE
    link = opened().signed("a", "attachment", 60)
    assert f"%2F{IN_THE_MIDDLE}%2Fs3" in link
    assert requests.get(link, timeout=20).content == CONTENT
    bucket.store.requests.clear()
    assert opened().signed("a", "attachment", 60)
    assert bucket.store.requests == []  # what is known is not asked again


def test_a_bucket_of_another_region_is_written_and_read_where_none_is_given(
    opened: Opened, bucket: Bucket
) -> None:
    bucket.store.region = IN_THE_MIDDLE
    store = opened()
    store.put("a", CONTENT, DIGEST)
    found = store.look("a")
    assert found is not None
    assert found["ContentLength"] == len(CONTENT)
    assert b"".join(store.pieces(store.ask("get_object", Key="a"))) == CONTENT
    assert not store.is_plain


def test_the_region_of_the_config_stands_above_what_the_bucket_told(
    opened: Opened, bucket: Bucket
) -> None:
    bucket.store.requests.clear()
    assert "%2Feu-west-3%2Fs3" in opened(region="eu-west-3").signed("a", "attachment", 60)
    assert bucket.store.requests == []


@pytest.mark.parametrize(
    ("addressing", "endpoint", "start"),
    [
        ("", "https://s3.example.org", "https://s3.example.org/bucket/a?"),
        ("path", "https://s3.example.org", "https://s3.example.org/bucket/a?"),
        ("virtual", "https://s3.example.org", "https://bucket.s3.example.org/a?"),
        ("auto", "https://s3.example.org", "https://s3.example.org/bucket/a?"),
        ("", "", "https://bucket.s3.amazonaws.com/a?"),
        ("path", "", "https://s3.eu-west-3.amazonaws.com/bucket/a?"),
    ],
)
def test_the_config_says_where_the_name_of_the_bucket_stands(
    opened: Opened, addressing: str, endpoint: str, start: str
) -> None:
    store = opened("bucket", region="eu-west-3", endpoint=endpoint, addressing=addressing)
    assert store.signed("a", "attachment", 60).startswith(start)


def test_all_who_reach_a_store_alike_share_one_client(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[S3Access] = []

    def counted(access: S3Access) -> object:
        asked.append(access)
        return open_client(access)

    monkeypatch.setattr("mtdata.core.s3.opening.open_client", counted)
    stores = [opened(region="eu-west-4") for _ in range(3)]
    with ThreadPoolExecutor(3) as crew:
        list(crew.map(lambda one: one.put("a", CONTENT, DIGEST), stores))
    stores[0].close()
    assert stores[1].look("a")
    for one in stores:
        one.close()
    assert opened(region="eu-west-4").look("a")
    assert len(asked) == 1
    assert opened(region="eu-west-5").look("a")
    assert len(asked) == 2


def test_a_store_that_is_away_gives_no_link_rather_than_a_wrong_one(
    opened: Opened, bucket: Bucket
) -> None:
    bucket.store.fault("refuse", code=503, reason="SlowDown")
    with pytest.raises(Refused) as caught:
        opened().signed("a", "attachment", 60)
    assert caught.value.told.later


@pytest.mark.parametrize(
    ("answer", "region"),
    [
        ({"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}}, "eu-west-1"),
        ({"Error": {"Code": "AuthorizationHeaderMalformed", "Region": "fsn1"}}, "fsn1"),
        ({"LocationConstraint": None}, "us-east-1"),
        ({"LocationConstraint": "EU"}, "eu-west-1"),
        ({"LocationConstraint": "garage"}, "garage"),
        ({"LocationConstraint": "evil.example.com/?"}, ""),
        ({"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "@evil"}}}, ""),
        ({}, ""),
    ],
)
def test_a_region_is_read_out_of_every_answer_that_has_one(
    answer: dict[str, object], region: str
) -> None:
    assert region_by(answer) == region


def test_a_client_shows_no_key() -> None:
    access = S3Access("http://127.0.0.1:1", "", *KEYS)
    assert KEYS[1] not in repr(access) + repr(open_client(access))
