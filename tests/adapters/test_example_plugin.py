"""What the example brings keeps the promises of its ports: it passes the suites of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtdata.alerts.messengers import MessengerAccess
from mtdata.core.output import OutputAccess
from mtdata.study.replicas import ReplicaAccess
from tests.contracts.output_contract import OutputContract
from tests.contracts.post_contract import SECRET, PostContract, Staged
from tests.contracts.replica_contract import ReplicaContract, World
from tests.packages import EXAMPLE


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))


class Digested:
    """A folder with digests, which are no files of ours to a suite."""

    def __init__(self, folder: Path) -> None:
        from mtdata_survey.output import DigestedOutput

        self.folder = folder
        self.output: Any = DigestedOutput(OutputAccess(f"digested://{folder}"))

    def names(self) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        names = {path.relative_to(self.folder).as_posix() for path in files}
        digests = {name for name in names if name.endswith(".sha256")}
        assert digests == {f"{name}.sha256" for name in names - digests}
        return sorted(names - digests)

    def go_down(self) -> None:
        self.folder.rename(self.folder.with_name("moved"))
        self.folder.write_text("no folder")


class TestDigestedOutput(OutputContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Digested:
        return Digested(tmp_path.resolve() / "out")


class Lasting:
    """A folder whose copies are read-only."""

    def __init__(self, root: Path) -> None:
        from mtdata_survey.replica import LastingReplica

        self.root, self.folder = root, root / "uva"
        self.replica: Any = LastingReplica(ReplicaAccess(f"lasting://{root}", "uva"))

    def names(self) -> list[str]:
        files = [p for p in self.folder.rglob("*") if p.is_file() and p.name[0] != "."]
        assert {path.stat().st_mode & 0o777 for path in files} <= {0o400}
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def change(self, name: str, content: bytes) -> None:
        (self.folder / name).chmod(0o600)
        (self.folder / name).write_bytes(content)

    def lose(self, name: str) -> None:
        (self.folder / name).unlink()

    def go_down(self) -> None:
        self.root.rename(self.root.with_name("elsewhere"))


class TestLastingReplica(ReplicaContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        (tmp_path / "disk").mkdir()
        return Lasting(tmp_path / "disk")


class TestNotebook(PostContract):
    @pytest.fixture
    def staged(self, tmp_path: Path) -> Staged:
        from mtdata_survey.messenger import Notebook

        place = tmp_path / SECRET
        file = place / "news.jsonl"

        def be(mood: str) -> None:
            if file.is_dir():
                file.rmdir()
            if mood == "down":
                place.rename(tmp_path / "away")
            elif (tmp_path / "away").exists():
                (tmp_path / "away").rename(place)
            if mood == "refusing":
                file.mkdir()

        def keys() -> list[str]:
            return [json.loads(line)["id"] for line in file.read_text().splitlines()]

        place.mkdir()
        return Staged(Notebook(MessengerAccess(f"notebook://{file}")), keys, be)
