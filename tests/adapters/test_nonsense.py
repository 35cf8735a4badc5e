"""A store that answers nonsense: whatever it is asked, that is its fault, in time and in bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mtdata.cake import account as cake_account
from mtdata.cake import check
from mtdata.core.errors import MTDataError, OutputError, OutputRefused, ReplicaError, ReplicaRefused
from mtdata.core.output import FileFacts, Output, Staged, open_output
from mtdata.core.s3 import S3Access, opening
from mtdata.study.ports import Replica
from mtdata.study.replicas import ReplicaAccess, open_replica
from mtdata.study.replicas.copying import probe
from tests.bucket import KEYS
from tests.nonsense import NONSENSE, Line, Nonsense, answer, nonsense

CONTENT = b"answers" * 10
DIGEST = sha256(CONTENT).digest()
FACTS = FileFacts(len(CONTENT), DIGEST.hex(), 1)
NAME = "clicks.csv"
WAIT_S = 0.1
MOST_TAKEN = 32 << 20
"""What a connection may have taken of an answer without end: a MB, and what lies in its buffers."""
REFUSALS = (OutputRefused, ReplicaRefused)
WHOLE = {"a web page"}
"""What brings an object, for all that can be known without its digest."""


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 tries nothing twice: that takes its time, and shows nothing more."""
    monkeypatch.setattr(opening, "TRIES", 1)


@contextmanager
def output_of(server: Nonsense) -> Iterator[Output]:
    access = S3Access(server.url, "", *KEYS, timeout_s=WAIT_S)
    with closing(open_output("s3://bucket/out", access)) as output:
        yield output


@contextmanager
def replica_of(server: Nonsense) -> Iterator[Replica]:
    access = ReplicaAccess(
        "s3://bucket/x", "uva", S3Access(server.url, "", *KEYS, timeout_s=WAIT_S)
    )
    with closing(open_replica(access)) as replica:
        yield replica


def judged(ask: Callable[[], object], fault: type[MTDataError]) -> bool:
    """Whether it goes well; else it is a fault of the store that is tried again, and no other."""
    error = fault_of(ask, fault)
    if error is None:
        return True
    is_refusal = isinstance(error, REFUSALS)
    assert (error.exit_code, error.again) == (69, not is_refusal)
    assert "answered 40" in str(error) or not is_refusal
    assert "cows" not in str(error)
    return False


def fault_of(ask: Callable[[], object], fault: type[MTDataError]) -> MTDataError | None:
    try:
        ask()
    except fault as error:
        return error
    return None


@pytest.mark.parametrize("kind", list(NONSENSE))
def test_nonsense_is_the_fault_of_a_replica(kind: str) -> None:
    with nonsense(NONSENSE[kind]) as server, replica_of(server) as replica:
        judged(lambda: replica.put("a", CONTENT, DIGEST), ReplicaError)
        found: list[object] = [False, None]
        judged(lambda: found.append(replica.confirm("a", len(CONTENT), DIGEST)), ReplicaError)
        judged(lambda: found.append(replica.read("a", len(CONTENT))), ReplicaError)
        assert not any(found) or kind in WHOLE
        assert server.sent < MOST_TAKEN


@pytest.mark.parametrize("kind", list(NONSENSE))
def test_nonsense_is_the_fault_of_an_output(kind: str, tmp_path: Path) -> None:
    spooled = tmp_path / "clicks.part"
    spooled.write_bytes(CONTENT)
    ticket = {"Key": f"out/{NAME}", "UploadId": "a", "MultipartUpload": {"Parts": []}}
    with nonsense(NONSENSE[kind]) as server, output_of(server) as output:
        assert not judged(lambda: output.stage(NAME, spooled, FACTS, "tag"), OutputError)
        assert not judged(lambda: output.publish(Staged(NAME, FACTS, ticket)), OutputError)
        judged(lambda: output.drop(NAME), OutputError)
        judged(lambda: output.remove(NAME), OutputError)
        judged(lambda: output.sha256(NAME), OutputError)
        judged(lambda: output.link(NAME, "attachment", 60), OutputError)
        found: list[object] = []
        judged(lambda: found.append(output.size(NAME)), OutputError)
        judged(lambda: found.extend(output.pieces(NAME)), OutputError)
        assert not any(found) or kind in WHOLE
        assert server.sent < MOST_TAKEN


@pytest.mark.parametrize(
    "kind", ["a body that drips", "a length of 5,000 digits", "round and round"]
)
def test_check_tells_of_nonsense(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with nonsense(NONSENSE[kind]) as server, replica_of(server) as replica:
        assert not judged(lambda: probe(replica, first=False), ReplicaError)
    with nonsense(NONSENSE[kind]) as server, output_of(server) as output:
        monkeypatch.setattr(cake_account, "cake_output", lambda *_: output)
        account: Any = None
        assert not judged(lambda: check.put(account), OutputError)


def test_without_the_id_of_an_upload_nothing_is_put_and_nothing_removed(tmp_path: Path) -> None:
    spooled = tmp_path / "clicks.part"
    spooled.write_bytes(CONTENT)
    with nonsense(NONSENSE["nothing"]) as server, output_of(server) as output:
        with pytest.raises(OutputError, match="begins no upload"):
            output.stage(NAME, spooled, FACTS, "tag")
        assert {method for method, _ in server.asked} == {"GET", "POST"}


def test_what_comes_before_an_answer_is_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"

    def say(line: Line) -> None:
        line.send(early)
        answer(f"X-Amz-Meta-Sha256: {DIGEST.hex()}", body=CONTENT)(line)

    with nonsense(say) as server, output_of(server) as output:
        for _ in range(2):
            assert output.size(NAME) == len(CONTENT)
            assert output.sha256(NAME) == DIGEST.hex()
            assert b"".join(output.pieces(NAME)) == CONTENT
