"""SQS with rights to one queue and no others, as they stand in docs/OPERATING.md."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config

from mtdata.jobs.check import check_jobs
from tests.jobs.brokers import KEYS, Moto
from tests.jobs.place import Place, until

QUEUE = "mtdata"
OPERATING = Path(__file__).parents[2] / "docs" / "OPERATING.md"
pytestmark = pytest.mark.usefixtures("patient")
SETTING_UP = 3 * 4 + 1


def policy() -> dict[str, Any]:
    """The rights that the docs name."""
    [text] = re.findall(r'\{"Version".*?\}\]\}', OPERATING.read_text("utf-8"), re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    found["Statement"][0]["Resource"] = "*"  # moto tells actions apart, and no resources
    return found


def without(right: str) -> dict[str, Any]:
    found = policy()
    found["Statement"][0]["Action"].remove(right)
    return found


@pytest.fixture(scope="module")
def urls_of_users() -> Iterator[dict[str, str]]:
    """A server that looks at rights: the URL of the queue, for who has all of them and who not."""
    moto = Moto()
    moto.start(SETTING_UP)
    place = f"http://127.0.0.1:{moto.port}"
    asked = {
        "endpoint_url": place,
        "region_name": "us-east-1",
        "config": Config(proxies={}),
        **KEYS,
    }
    found = {}
    with closing(boto3.client("iam", **asked)) as iam, closing(boto3.client("sqs", **asked)) as sqs:
        policies = {
            "all": policy(),
            "deaf": without("sqs:ReceiveMessage"),
            "dumb": without("sqs:SendMessage"),
            "blind": without("sqs:GetQueueUrl"),
        }
        for name, rights in policies.items():
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(rights))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            user, secret = key["AccessKeyId"], quote(key["SecretAccessKey"], safe="")
            found[name] = f"sqs://{user}:{secret}@127.0.0.1:{moto.port}?queue={QUEUE}"
        sqs.create_queue(QueueName=QUEUE)
    yield found
    moto.kill()


def of_broker(place: Place) -> tuple[str, str]:
    [found] = [one for one in check_jobs(place.settings) if one.what == "BROKER"]
    return found.verdict, found.told


def test_the_rights_in_the_docs_are_enough(
    plain: Place, urls_of_users: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    plain.configure(ENGINE="celery", BROKER=urls_of_users["all"], SWEEP_S="5m")
    assert of_broker(plain)[0] == "good", of_broker(plain)
    with caplog.at_level(logging.INFO, "mtdata.jobs"):
        plain.carry()
        until(lambda: "listening to the broker" in caplog.text, "the ear")
        plain.ended(plain.add(rows=20, parts=1), "Success")


@pytest.mark.parametrize(
    ("who", "right"),
    [
        ("deaf", "sqs:ReceiveMessage"),
        ("dumb", "sqs:SendMessage"),
        ("blind", "sqs:GetQueueUrl"),
    ],
)
def test_a_right_that_is_missing_is_named(
    plain: Place, urls_of_users: dict[str, str], who: str, right: str
) -> None:
    plain.configure(ENGINE="celery", BROKER=urls_of_users[who])
    verdict, told = of_broker(plain)
    assert (verdict, right in told) == ("bad", True), told
    assert urls_of_users[who].split(":")[2].partition("@")[0] not in told
