"""What an image has to show: whom it runs as, what is not in it, services begun and ended well."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from mtdata import __version__
from mtdata.demo.study.site import StudySite
from tests.image.engine import USER, Container, Engine, readable

ROWS = 40
PASSWORD = "a long word for trials 4711"
ABSENT = "pip pip3 gcc cc c++ make ld apt-mark-of-nothing"
LARGEST_MB, SLOWEST_S = 300, 3.0


class Place(NamedTuple):
    """What every trial has: the engine, a folder of its own, a study site with rows."""

    engine: Engine
    base: str
    folder: Path
    site: StudySite
    home: str

    def mounts(self, home: str = "") -> list[str]:
        """Config, secrets and home as a service is given them."""
        secrets = (f"{one}:/run/secrets/{one.name}:ro" for one in self.secrets())
        places = [f"{self.folder}/config:/etc/mtdata:ro", f"{home or self.home}:/var/lib/mtdata"]
        return [f"--volume={one}" for one in [*places, *secrets]]

    def secrets(self) -> list[Path]:
        """Files, each a secret by its name."""
        return sorted((self.folder / "secrets").iterdir())

    def json(self, *words: str) -> dict[str, object]:
        """What a command prints as JSON."""
        ended = self.engine.run("--json", *words, options=self.mounts())
        return dict(json.loads(ended.well()))

    def service(self, *words: str) -> Container:
        """A service of the image, not begun yet."""
        return self.engine.made(*words, options=["--network=host", *self.mounts()])


@contextmanager
def place(engine: Engine, base: str, folder: Path) -> Iterator[Place]:
    """A site, a config and secrets for all trials."""
    folder.chmod(0o755)
    with StudySite() as site:
        site.put("QOL", [{"id": n, "session": "PRE", "answer": 3} for n in range(1, ROWS + 1)])
        keys = {"READY": True, "SERVER": site.url, "PATH": "data/study", "ENCRYPTION": "off"}
        for name in ("config", "secrets"):
            (folder / name).mkdir()
        readable(folder / "config" / "server.config", yaml.safe_dump({"study": {**keys}}))
        readable(folder / "secrets" / "study.user", site.user)
        readable(folder / "secrets" / "study.pass", f"{site.password}\n")
        try:
            yield Place(engine, base, folder, site, engine.volume())
        finally:
            engine.clean_up()


def who_it_is(place: Place) -> str:
    """Labels, user, entry point and health check are in the image."""
    found = place.engine.inspected(place.engine.image, "image")
    config = found["Config"]
    labels = {key.rpartition(".")[2]: word for key, word in config["Labels"].items()}
    assert labels["version"] == __version__, labels
    assert labels["licenses"] == "Apache-2.0", labels
    assert config["User"] == f"{USER}:{USER}", config["User"]
    assert config["Entrypoint"][-1] == "mtdata", config["Entrypoint"]
    assert config["Cmd"] == ["daemon"], config["Cmd"]
    check = config.get("Healthcheck") or found.get("HealthCheck") or found.get("Healthcheck")
    assert check, "there is no HEALTHCHECK: it was built without --format docker"
    assert check["Test"] == ["CMD", "mtdata", "health"], check
    shell = ["--entrypoint=sh"]
    ids = place.engine.run("-c", "id -u; id -un; tini --version", options=shell).well().split()
    assert ids[:2] == [str(USER), "mtdata"], ids
    return f"version {labels['version']}, revision {labels['revision'][:12]}, user {USER}"


def how_large(place: Place) -> str:
    """Over its base, as the tool counts."""
    sizes = [
        place.engine.inspected(one, "image")["Size"] for one in (place.engine.image, place.base)
    ]
    over = (sizes[0] - sizes[1]) / 1e6
    assert over <= LARGEST_MB, f"{over:.0f} MB over its base; {LARGEST_MB} are allowed"
    return f"{sizes[0] / 1e6:.0f} MB, {over:.0f} MB over its base"


def what_is_not_in_it(place: Place) -> str:
    """Neither pip nor a compiler, and a root that nobody writes to."""
    look = f"for one in {ABSENT}; do command -v $one; done; exit 0"
    found = place.engine.run("-c", look, options=["--entrypoint=sh"]).well()
    assert not found, found
    python = ["--entrypoint=/opt/mtdata/bin/python"]
    for module in ("pip", "setuptools", "ensurepip"):
        ended = place.engine.run("-I", "-c", f"import {module}", options=python)
        assert "ModuleNotFoundError" in ended.said, (module, ended)
    write = place.engine.run("-c", "touch /opt/mtdata/x /etc/mtdata/x", options=["--entrypoint=sh"])
    assert write.code != 0, write
    assert "Read-only" in write.said, write.said
    return "no pip, no compiler, nothing to write to"


def demo(place: Place) -> str:
    """The program shows itself, with all in memory."""
    ended = place.engine.run("--json", "demo", network="none")
    shown = json.loads(ended.well())
    assert shown, ended
    return f"exit {ended.code}"


def check(place: Place) -> str:
    """Config, secrets as files, the site."""
    found = place.json("check")
    bad = [one for one in found["findings"] if one["verdict"] == "bad"]  # type: ignore[attr-defined]
    assert not bad, bad
    return f"{len(found['findings'])} findings, none of them bad"  # type: ignore[arg-type]


def daemon(place: Place) -> str:
    """A round carries all rows home, health says so, and SIGTERM ends it in good order."""
    service = place.service("-v", "daemon").start()

    def rows() -> bool:
        ended = service.ask("mtdata", "--json", "status")
        scales = (
            json.loads(ended.out)["sites"].get("study", {}).get("scales", {}) if ended.out else {}
        )
        return bool(scales.get("QOL", {}).get("rows") == ROWS)

    service.until(rows, "the first round")
    told = service.ask("mtdata", "health").well().strip()
    assert told == "daemon: no site of 1 is overdue", told
    began = time.monotonic()
    assert service.stop() == 0, service.said()
    assert "the daemon ends" in service.said(), service.said()
    place.json("verify", "study")
    return f"{ROWS} rows; {told!r}; ended with 0 in {time.monotonic() - began:.1f} s"


def web(place: Place) -> str:
    """Somebody is let in, the page answers, health says so, and SIGTERM ends it."""
    add = place.engine.run(
        "user", "add", "anna", "--admin", options=place.mounts(), given=f"{PASSWORD}\n"
    )
    assert add.code == 0, add
    port = free_port()
    service = place.service("web", "--host", "0.0.0.0", "--port", str(port))
    began = time.monotonic()
    service.start()
    service.until(lambda: answers(port), "the page")
    took, used = time.monotonic() - began, seconds_used(service)
    aim = "as aimed at" if took <= SLOWEST_S else "more than is aimed at; is this machine at rest?"
    told = service.ask("mtdata", "health").well().strip()
    assert told == f"web: http://127.0.0.1:{port}/healthz: 200", told
    assert service.stop() == 0, service.said()
    told = f"/healthz {took:.1f} s after the start ({used:.1f} s of a processor)"
    return f"{told}, {aim} ({SLOWEST_S:g} s); ended with 0"


def seconds_used(service: Container) -> float:
    """How long a processor was at work for the programs of a container so far."""
    lines = service.ask("sh", "-c", "cat /proc/[0-9]*/stat").out.splitlines()
    found = (line.rpartition(")") for line in lines if "(python" in line)
    return sum(sum(map(int, rest.split()[11:13])) for _, _, rest in found) / os.sysconf(
        "SC_CLK_TCK"
    )


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the page says that it lives."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        asked.close()


def runner(place: Place) -> str:
    """A job comes to Success by a runner, which health knows, and SIGTERM ends it."""
    job = str(place.json("jobs", "add", "study.decode", "server=study")["id"])
    service = place.service("runner").start()
    service.until(
        lambda: place.json("jobs", "show", job)["status"] in ("Success", "Failed"), "the job"
    )
    assert place.json("jobs", "show", job)["status"] == "Success", place.json("jobs", "show", job)
    told = service.ask("mtdata", "health").well().strip()
    assert told.endswith("heard of in time: 1"), told
    assert service.stop() == 0, service.said()
    return f"a job came to Success; {told!r}; ended with 0"


def strangers(place: Place) -> str:
    """A pool of somebody else: 78, and the line that gives it to the user in the container."""
    pool = place.folder / "home" / "data" / "study"
    (pool / "raw_data").mkdir(parents=True)
    for folder in (place.folder / "home", place.folder / "home" / "data", pool):
        folder.chmod(0o755)
    ended = place.engine.run("export", options=place.mounts(str(place.folder / "home")))
    assert ended.code == 78, ended
    line = "sudo chown -R mtdata: /var/lib/mtdata"
    assert line in ended.said, ended.said
    return f"exit 78, {line!r}"


def no_config(place: Place) -> str:
    """Without a config the words say where one is looked for."""
    ended = place.engine.run()
    assert ended.code == 78, ended
    assert "/etc/mtdata/server.config: not there" in ended.said, ended.said
    return "exit 78, and where it is looked for"


TRIALS: tuple[Callable[[Place], str], ...] = (
    who_it_is,
    how_large,
    what_is_not_in_it,
    demo,
    no_config,
    check,
    daemon,
    web,
    runner,
    strangers,
)
"""In this order: the runner decodes what the daemon has carried home."""
