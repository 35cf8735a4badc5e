"""Where the config gives no keys, each client of a store takes those that the machine is given.

By boto3's usual chain: environment, profile, credentials file, a program, a container's address.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mtdata.config import Settings
from mtdata.config.broker import BrokerAddress
from mtdata.core.s3 import S3Access, S3Bucket, StoreFault, StoreRefusal, Words
from mtdata.jobs.celery.sqs import client_of
from mtdata.web.downloads import places
from tests.bucket import KEYS, Bucket
from tests.unit.config_folder import Folder, keys

MACHINE = "AKIAOFTHEMACHINE"
SECRET, TOKEN = "a secret of the machine", "a token of the machine"
CONTENT = b"answers"
Given = Callable[[pytest.MonkeyPatch, Path], None]
Reached = Callable[[Settings], S3Access]


class Refused(Exception):
    """A refusal, or a fault on the way."""


def refused(told: StoreRefusal | StoreFault) -> Exception:
    return Refused(str(told))


# where the machine has its keys


def by_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("AWS_ACCESS_KEY_ID", MACHINE)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    patch.setenv("AWS_SESSION_TOKEN", TOKEN)


def _file(folder: Path, profile: str, text: str) -> str:
    path = folder / f"aws-{profile.split()[-1]}"
    path.write_text(f"[{profile}]\n{text}\n")
    return str(path)


def by_credentials_file(patch: pytest.MonkeyPatch, folder: Path) -> None:
    text = f"aws_access_key_id = {MACHINE}\naws_secret_access_key = {SECRET}"
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", _file(folder, "default", text))


def by_profile(patch: pytest.MonkeyPatch, folder: Path) -> None:
    text = f"aws_access_key_id = {MACHINE}\naws_secret_access_key = {SECRET}"
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", _file(folder, "lab", text))
    patch.setenv("AWS_PROFILE", "lab")


def by_program(patch: pytest.MonkeyPatch, folder: Path) -> None:
    answer = {"Version": 1, "AccessKeyId": MACHINE, "SecretAccessKey": SECRET}
    (folder / "answer").write_text(json.dumps(answer))
    text = f"credential_process = cat {folder / 'answer'}"
    patch.setenv("AWS_CONFIG_FILE", _file(folder, "profile lab", text))
    patch.setenv("AWS_PROFILE", "lab")


MACHINES: dict[str, Given] = {
    "environment": by_environment,
    "credentials file": by_credentials_file,
    "profile": by_profile,
    "program": by_program,
}


class _Container(BaseHTTPRequestHandler):
    """The address from which a container gets keys that it renews (ECS, EKS)."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(str(self.headers.get("Authorization")))
        body = json.dumps({
            "AccessKeyId": MACHINE, "SecretAccessKey": SECRET, "Token": TOKEN,
            "Expiration": "2099-01-01T00:00:00Z",
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Tests print nothing."""


@contextmanager
def container(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Such an address, and with which word each question came."""
    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Asked", (_Container,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    patch.setenv(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/keys"
    )
    patch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic of the container")
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# every place of the config that names a store


def settings_of(folder: Path, bucket: Bucket) -> Settings:
    """A config in which each store has an address, and none a key."""
    reached = {"ENDPOINT": bucket.store.url, "REGION": "us-east-1"}
    place = f"s3://{bucket.name}/files"
    made = Folder(folder).server({"uva": keys(READY=False, REPLICAS=[{"URL": place, **reached}])})
    account = {"ADMIN_DOMAIN": "admin.example.com", "API_KEY": "k", "TIMEZONE": "UTC"}
    made.file("export.config", {"CAKE": {**account, "OUTPUT": place, **reached}})
    output = {f"OUTPUT_{key}": value for key, value in reached.items()}
    made.file("programme.config", {"OUTPUT": place, **output})
    logs = {"sites": {"www.example.org": 3}, "piwik_ip": "10.0.0.9", "pull_bucket": bucket.name}
    made.file(
        "weblogs.config",
        {**logs, "push_bucket": bucket.name, "endpoint": bucket.store.url, "region": "us-east-1"},
    )
    return made.load()


PLACES: dict[str, Reached] = {
    "a replica": lambda of: of.sites[0].replicas[0].store,
    "reports": lambda of: of.export.cake[0].store(),
    "form responses": lambda of: of.programme.output_store(),
    "logs": lambda of: of.weblogs.sites[0].pull_store(),
    "archives": lambda of: of.weblogs.sites[0].push_store(),
}


def put(access: S3Access, bucket: Bucket) -> str:
    """Put an object, and read it again; by which key that was signed."""
    store = S3Bucket(access, bucket.name, Words(refused, refused))
    bucket.store.signers.clear()
    try:
        store.put("a", CONTENT, sha256(CONTENT).digest())
    finally:
        store.close()
    assert bucket.read("a") == CONTENT
    [signer] = {one for one in bucket.store.signers if one and one != KEYS[0]}
    return signer


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("place", PLACES)
def test_each_store_of_the_config_is_reached_by_the_keys_of_the_machine(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, machine: str, place: str
) -> None:
    MACHINES[machine](monkeypatch, tmp_path)
    assert put(PLACES[place](settings_of(tmp_path, bucket)), bucket) == MACHINE


def test_a_container_brings_keys_that_are_asked_for_by_its_own_word(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path, bucket)
    with container(monkeypatch) as asked:
        for place in PLACES.values():
            assert put(place(settings), bucket) == MACHINE
    assert set(asked) == {"Basic of the container"}


def test_keys_of_the_config_stand_above_all_that_the_machine_has(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_environment(monkeypatch, tmp_path)
    with container(monkeypatch) as asked:
        access = S3Access(bucket.store.url, "us-east-1", "AKIAOFTHECONFIG", "secret")
        assert put(access, bucket) == "AKIAOFTHECONFIG"
    assert asked == []


def test_the_page_and_the_queue_take_them_as_well(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_profile(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.store.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket.change("a", CONTENT)
    bucket.store.signers.clear()
    places._bucket.cache_clear()
    try:
        assert b"".join(places.StoreOfEnvironment().pieces(f"{bucket.name}/a")) == CONTENT
    finally:
        places._bucket(bucket.name).close()
        places._bucket.cache_clear()
    assert set(bucket.store.signers) == {MACHINE}
    queue = client_of(BrokerAddress("sqs", ""))
    try:
        assert queue._request_signer._credentials.access_key == MACHINE
    finally:
        queue.close()


def test_without_any_keys_it_is_said_where_they_may_come_from(
    tmp_path: Path, bucket: Bucket
) -> None:
    access = PLACES["reports"](settings_of(tmp_path, bucket))
    words = []

    def failed(fault: StoreFault) -> Exception:
        words.append(fault.words)
        return Refused(fault.kind)

    store = S3Bucket(access, bucket.name, Words(refused, failed))
    with pytest.raises(Refused):
        store.look("a")
    store.close()
    assert words == ["no keys; give ACCESS_KEY and SECRET_KEY, or let the machine have a role"]
