"""Begins the services of deploy/compose.yaml by podman or docker, from the file, and ends them.

No compose is needed, and no network: all of them are in one network space of their own, where the
names of services lead to its loopback.  What compose does with networks and ports is not tried.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.image.compose_file import ROOT, environ_of, in_order, read_compose
from tests.image.engine import Container, Engine, call, readable, until

STAND_INS = Path(__file__).parent / "stand_ins"
ROWS, SITE_PORT = 40, 8900
SITE = f"""
import signal
from mtdata.demo.study.site import StudySite
with StudySite(user="u", password="p", port={SITE_PORT}) as site:
    site.put("QOL", [{{"id": n, "session": "PRE", "answer": 3}} for n in range(1, {ROWS} + 1)])
    signal.sigwait([signal.SIGTERM])
"""
Played = Callable[[str, Callable[[], str]], bool]


def trial(tool: str, image: str, base: str, played: Played) -> int:
    """Play it all; how many trials went wrong."""
    with TemporaryDirectory(prefix="mtdata-compose-") as folder:
        here = Path(folder)
        here.chmod(0o755)
        group = Group(Engine(tool, image), base, here)
        try:
            # each goes on where the one before has ended
            trials = (group.refused, group.prepared, group.begun, group.carried, group.ended)
            return 0 if all(played(f"compose {one.__name__}", one) for one in trials) else 1
        finally:
            group.engine.clean_up()
            for one in group.images:
                group.engine.ask("image", "rm", "--force", one)


class Group:
    """The services, as far as they have begun."""

    def __init__(self, engine: Engine, base: str, folder: Path) -> None:
        self.engine, self.base, self.folder = engine, base, folder
        self.running: dict[str, Container] = {}
        self.volumes: dict[str, str] = {}
        self.file: dict[str, Any] = {}
        self._space: list[str] = []
        self.images: list[str] = []
        shutil.copytree(
            ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "secrets")
        )
        shutil.copytree(ROOT / "config", folder / "config")

    # trials ---------------------------------------------------------------------------------------

    def refused(self) -> str:
        """Without secrets nothing starts."""
        try:
            read_compose({}, self.folder / "deploy" / "compose.yaml")
        except ValueError as error:
            return str(error)
        raise AssertionError("it would begin without a secret")

    def prepared(self) -> str:
        """deploy/prepare makes them, once."""
        script = str(self.folder / "deploy" / "prepare")
        call([script]).well()
        again = call([script]).well()
        assert again.count("; it stays") == 4, again
        environ = environ_of(self.folder / "deploy" / ".env")
        images = {
            "POSTGRES_IMAGE": self._image("postgres"),
            "RABBITMQ_IMAGE": self._image("rabbitmq"),
        }
        environ |= {"MTDATA_IMAGE": self.engine.image, **images}
        self.file = read_compose(environ, self.folder / "deploy" / "compose.yaml")
        site = {"SERVER": f"http://127.0.0.1:{SITE_PORT}/api", "USER": "u", "PASS": "p"}
        keys = {"READY": True, "PATH": "data/study", "ENCRYPTION": "off", "EVERY": "10s", **site}
        config = self.folder / "deploy" / "config"
        readable(config / "server.config", yaml.safe_dump({"study": keys}))
        return f"secrets in a folder of {oct((self.folder / 'deploy/secrets').stat().st_mode)[-3:]}"

    def begun(self) -> str:
        """Each service begins when those that it waits for are well, and is well itself."""
        self._network()
        services = self.file["services"]
        order = in_order(services)
        for name in order:
            self._begin(name, services[name])
        return ", ".join(order)

    def carried(self) -> str:
        """A round by the daemon, a job by a runner that the broker rings, the first user let in."""
        daemon = self.running["daemon"]
        rows = until(lambda: self._rows(daemon), daemon.said)
        asked = daemon.ask("mtdata", "--json", "jobs", "add", "study.decode", "server=study")
        job = json.loads(asked.well())["id"]
        until(lambda: self._state(job) in ("Success", "Failed"), self.running["runner-1"].said)
        assert self._state(job) == "Success", daemon.ask("mtdata", "jobs", "log", job)
        users = daemon.ask("mtdata", "user", "list").well().strip()
        assert users == "admin admin active", users
        check = json.loads(daemon.ask("mtdata", "--json", "check").out)
        bad = [one for one in check["findings"] if one["verdict"] == "bad"]
        assert not bad, bad
        self._begin("prepare", self.file["services"]["prepare"])  # as compose does at each start
        assert daemon.ask("mtdata", "user", "list").well().strip() == users
        return f"{rows} rows; a job came to Success; check finds nothing bad"

    def ended(self) -> str:
        """SIGTERM ends all of them, those first that others do not wait for."""
        names = [one for one in reversed(in_order(self.file["services"])) if one in self.running]
        codes = {name: self.running[name].stop() for name in names}
        assert not any(codes.values()), codes
        secrets = [file.read_text() for file in (self.folder / "deploy" / "secrets").iterdir()]
        shown = [name for name in names if any(one in self.running[name].said() for one in secrets)]
        assert not shown, f"a secret is in the log of {', '.join(shown)}"
        return ", ".join(f"{name} {code}" for name, code in codes.items())

    # how ------------------------------------------------------------------------------------------

    def _image(self, name: str) -> str:
        """The stand-in for that image, made of the base, where the image itself is not there."""
        image = f"localhost/mtdata-{name}:trial"
        self.images.append(image)
        self.engine.ask(
            "build", "--network=host", f"--build-arg=BASE={self.base}", f"--tag={image}",
            f"--file={STAND_INS / name}.Containerfile", str(STAND_INS),
        ).well()  # fmt: skip
        return image

    def _network(self) -> None:
        """A network space with nothing but its loopback, and a study site in it."""
        names = "127.0.0.1 localhost database broker\n"
        hosts = readable(self.folder / "hosts", names)
        space = self.engine.made(
            "-c", "exec sleep infinity", options=["--network=none", "--entrypoint=sh"]
        ).start()
        self._space = [f"--network=container:{space.name}", f"--volume={hosts}:/etc/hosts:ro"]
        python = "--entrypoint=/opt/mtdata/bin/python"
        self.engine.made("-I", "-c", SITE, options=[*self._space, python]).start()

    def _begin(self, name: str, service: Mapping[str, Any]) -> None:
        entrypoint = list(service.get("entrypoint", ()))
        words = [*entrypoint[1:], *service.get("command", ())]
        options = [*self._space, *self._options(service)]
        options += [f"--entrypoint={entrypoint[0]}"] if entrypoint else []
        made = self.engine.made(
            *words, options=options, image=service["image"], guarded=False
        ).start()
        if service["healthcheck"].get("disable"):
            until(lambda: not made.is_running(), made.said)
            assert made.exit_code() == 0, f"{name}: {made.said()[-2000:]}"
            return
        self.running[name] = made
        test = service["healthcheck"]["test"][1:]
        made.until(lambda: made.ask(*test).code == 0, f"{name} is not well")

    def _options(self, service: Mapping[str, Any]) -> list[str]:
        """What the file says of a service, in words of podman and docker."""
        found = [f"--user={service['user']}"] if "user" in service else []
        found += ["--read-only"] if service.get("read_only") else []
        found += [f"--tmpfs={one}" for one in service.get("tmpfs", ())]
        found += [f"--cap-drop={one}" for one in service.get("cap_drop", ())]
        found += [f"--security-opt={one}" for one in service.get("security_opt", ())]
        found += [f"--env={key}={word}" for key, word in service.get("environment", {}).items()]
        if "hostname" in service:  # a shared network has no name of its own to give
            found.append(f"--env=RABBITMQ_NODENAME=rabbit@{service['hostname']}")
        found += [f"--volume={self._volume(one)}" for one in service.get("volumes", ())]
        for one in service.get("secrets", ()):
            found.append(f"--volume={self.file['secrets'][one]['file']}:/run/secrets/{one}:ro")
        return found

    def _volume(self, words: str) -> str:
        source, place = words.split(":", 1)
        if source.startswith("."):
            return f"{(self.folder / 'deploy' / source).resolve()}:{place}"
        if source not in self.volumes:
            self.volumes[source] = self.engine.volume()
        return f"{self.volumes[source]}:{place}"

    def _rows(self, daemon: Container) -> int:
        ended = daemon.ask("mtdata", "--json", "status")
        sites = json.loads(ended.out)["sites"] if ended.out else {}
        rows = sites.get("study", {}).get("scales", {}).get("QOL", {}).get("rows", 0)
        return int(rows) if rows == ROWS else 0

    def _state(self, job: str) -> str:
        ended = self.running["daemon"].ask("mtdata", "--json", "jobs", "show", job)
        return str(json.loads(ended.well())["status"])
