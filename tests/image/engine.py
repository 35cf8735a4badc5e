"""Containers by podman or docker, begun as an image is meant to be: read-only, without rights."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

PATIENCE_S, LOOK_S = 120.0, 0.05
USER = 10001
GUARDED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")


class Ended(NamedTuple):
    """How a command ended: its exit code, what it printed, what it said beside it."""

    code: int
    out: str
    said: str

    def well(self) -> str:
        """What it printed, where it went well."""
        assert self.code == 0, f"exit {self.code}: {self.said[-2000:]}{self.out[-2000:]}"
        return self.out


def call(words: Sequence[str], given: str = "") -> Ended:
    """Carry out a command line of this machine."""
    done = subprocess.run(
        words, input=given, capture_output=True, text=True, timeout=600, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def until(holds: Callable[[], Any], what: Callable[[], str]) -> Any:
    """Wait until something holds, and give it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end, what()
        time.sleep(LOOK_S)
    return found


class Engine:
    """One program that runs containers, and all that it was asked to make."""

    def __init__(self, tool: str, image: str) -> None:
        self.tool, self.image = tool, image
        self._names: list[str] = []
        self._volumes: list[str] = []

    def ask(self, *words: str, given: str = "") -> Ended:
        """A command of the tool itself."""
        return call([self.tool, *words], given)

    def inspected(self, name: str, kind: str = "container") -> dict[str, Any]:
        """All that the tool knows of a container or image."""
        [found] = json.loads(self.ask("inspect", "--type", kind, name).well())
        return dict(found)

    def volume(self) -> str:
        """A new volume of the tool's own, which belongs to whom the image says."""
        name = f"mtdata-try-{uuid4().hex[:12]}"
        self.ask("volume", "create", name).well()
        self._volumes.append(name)
        return name

    def run(
        self, *words: str, options: Sequence[str] = (), given: str = "", network: str = "host"
    ) -> Ended:
        """Carry out one command of the image, in a container of which nothing is left."""
        how = [f"--network={network}", *GUARDED, *options, *(["--interactive"] if given else [])]
        return self.ask("run", "--rm", *how, self.image, *words, given=given)

    def made(
        self, *words: str, options: Sequence[str] = (), image: str = "", guarded: bool = True
    ) -> Container:
        """A container that is there and not begun yet."""
        name = f"mtdata-try-{uuid4().hex[:12]}"
        self._names.append(name)
        guard = GUARDED if guarded else ()
        self.ask("create", f"--name={name}", *guard, *options, image or self.image, *words).well()
        return Container(self, name)

    def clean_up(self) -> None:
        """Remove all that was made."""
        for name in reversed(self._names):
            self.ask("rm", "--force", "--volumes", name)
        for name in self._volumes:
            self.ask("volume", "rm", "--force", name)


class Container:
    """One that stays until it is asked to end."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self.name = engine, name

    def start(self) -> Container:
        """Begin it."""
        self._engine.ask("start", self.name).well()
        return self

    def ask(self, *words: str, given: str = "") -> Ended:
        """A command in it, beside what it is for."""
        interactive = ["--interactive"] if given else []
        return self._engine.ask("exec", *interactive, self.name, *words, given=given)

    def said(self) -> str:
        """All lines of its log."""
        ended = self._engine.ask("logs", self.name)
        return ended.out + ended.said

    def is_running(self) -> bool:
        """Whether it goes on."""
        return bool(self._engine.inspected(self.name)["State"]["Running"])

    def exit_code(self) -> int:
        """What it ended with."""
        return int(self._engine.inspected(self.name)["State"]["ExitCode"])

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; its exit code, 137 where it had to be killed."""
        self._engine.ask("stop", "--time=60", self.name).well()
        return self.exit_code()

    def until(self, holds: Callable[[], Any], what: str) -> Any:
        """Wait until something holds; its log is told where that never comes, or it has ended."""

        def looked() -> Any:
            found = holds()
            assert found or self.is_running(), f"{what}: it ended: {self.said()[-2000:]}"
            return found

        return until(looked, lambda: f"{what}: {self.said()[-2000:]}")


def readable(path: Path, text: str, mode: int = 0o444) -> Path:
    """A file that other users read, as secrets and config of a container are."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path
