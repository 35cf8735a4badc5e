"""The example package, installed beside the program: all that it brings is used, children too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.packages import OURS, Environment, lay, lay_example

DRIVER = """
import json, sys
from mtdata.cli.main import run
for line in json.loads(sys.argv[1]):
    code = run([*line, "--config", sys.argv[2], "--json"])
    print(code, flush=True)
"""
USER, PASSWORD = "anna", "kestrel-9"


class Surveys:
    """What the example's kind of site collects from: entries by scale."""

    def __init__(self) -> None:
        self.scales: dict[str, dict[int, dict[str, Any]]] = {
            "QOL": {number: {"id": number, "mood": f"so {number}"} for number in (1, 2, 3)}
        }
        self.url = ""

    def answer(self, method: str, words: list[str]) -> tuple[int, Any]:
        """The status and body of an answer."""
        if words == ["scales"]:
            lines = [
                {"name": name, "size": len(entries), "deleteable": True}
                for name, entries in self.scales.items()
            ]
            return 200, lines
        entries = self.scales.get(words[1], {})
        if method == "GET":
            return 200, list(entries.values())
        return (204, None) if entries.pop(int(words[2]), None) else (404, None)


@pytest.fixture
def surveys() -> Iterator[Surveys]:
    found = Surveys()
    wanted = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, told = found.answer(self.command, self.path.strip("/").split("/"))
            if self.headers.get("Authorization") != wanted:
                code, told = 401, None
            body = b"" if told is None else json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_GET

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


class Answer(NamedTuple):
    """How one command ended."""

    code: int
    shown: dict[str, Any]


class Installed:
    """An environment, a home with one site of the example's kind, and commands in it."""

    def __init__(self, folder: Path, surveys: Surveys) -> None:
        self.environment, self.home = Environment(folder / "env"), folder / "home"
        self.folder, self.said = folder, ""
        (self.home / "config").mkdir(parents=True)
        (folder / "copies").mkdir()
        lay_example(self.environment.packages)
        self.site = {
            "READY": True,
            "DELETE_MODE": True,
            "KIND": "survey",
            "SERVER": surveys.url,
            "USER": USER,
            "PASS": PASSWORD,
            "PATH": "pool",
            "ENCRYPTION": "off",
            "REPLICAS": f"lasting://{folder}/copies",
        }
        self.write("server", {"mine": self.site})
        self.write("log", {"MESSENGERS": f"notebook://{folder}/news.jsonl"})

    def write(self, name: str, content: dict[str, Any]) -> None:
        (self.home / "config" / f"{name}.config").write_text(yaml.safe_dump(content))

    def run(self, *lines: str) -> list[Answer]:
        """These command lines, one behind the other; on standard output stands JSON alone."""
        words = json.dumps([line.split() for line in lines])
        command = [str(self.environment.python), "-I", "-c", DRIVER, words]
        foreign = {"PYTHONPATH": str(self.folder), "PATH": os.environ["PATH"]}
        ended = subprocess.run(
            [*command, str(self.home / "config")],
            env=foreign, cwd=self.folder, text=True, capture_output=True, timeout=240,
        )  # fmt: skip
        self.said = ended.stderr
        out = ended.stdout.splitlines()
        assert len(out) == 2 * len(lines), (ended.stdout, ended.stderr)
        shown = map(json.loads, out[::2])
        return [Answer(int(code), one) for one, code in zip(shown, out[1::2], strict=True)]

    def told(self, check: Answer) -> dict[str, str]:
        """What `check` says of plug-ins, with its verdict."""
        found = check.shown["findings"]
        return {one["told"]: one["verdict"] for one in found if one["what"] == "plug-ins"}


@pytest.fixture
def installed(tmp_path: Path, surveys: Surveys) -> Installed:
    return Installed(tmp_path.resolve(), surveys)


def test_all_that_a_package_of_somebody_else_brings_is_used(
    installed: Installed, surveys: Surveys
) -> None:
    folder = installed.folder
    check, export, add, runner, jobs = installed.run(
        "check --mail",
        "export",
        f"jobs add survey.sizes to=digested://{folder}/out",
        "runner --once",
        "jobs list",
    )
    assert set(installed.told(check).items()) == {
        (f"mtdata-survey 1.0: {what}", "good")
        for what in (
            "kind of site survey",
            "kind of replica lasting",
            "kind of job survey.sizes",
            "kind of output digested",
            "messenger notebook",
        )
    }
    assert check.code == 0, check.shown
    [news] = (folder / "news.jsonl").read_text().splitlines()
    assert json.loads(news)["sort"] == "test"
    scale = {"received": 3, "fresh": 3, "appended": 3, "held": 0, "deleted": 3}
    assert export.shown["sites"]["mine"]["scales"]["QOL"].items() >= scale.items()
    assert surveys.scales == {"QOL": {}}
    copies = [one for one in (folder / "copies" / "mine" / "raw_data").rglob("*") if one.is_file()]
    assert copies
    assert {one.stat().st_mode & 0o777 for one in copies} == {0o400}
    assert (add.code, runner.shown["carried"] > 0) == (0, True), installed.said
    [job] = jobs.shown["jobs"]
    assert (job["kind"], job["status"]) == ("survey.sizes", "Success"), (job, installed.said)
    content = (folder / "out" / "sizes_mine.csv").read_bytes()
    assert content.startswith(b"sheet,rows\r\nQOL_")
    assert content.endswith(b".csv,3\r\n")
    line = (folder / "out" / "sizes_mine.csv.sha256").read_text()
    assert line == f"{sha256(content).hexdigest()}  sizes_mine.csv\n"


def test_a_package_that_throws_at_import_is_left_out_and_the_rest_runs(
    installed: Installed, surveys: Surveys
) -> None:
    groups = ("collectors", "job_kinds", "outputs", "replicas", "messengers")
    names = {"job_kinds": "broken.go"}
    entries = {f"mtdata.{one}": {names.get(one, "broken"): "of_broken:x"} for one in groups}
    body = f"print('noise')\nraise SystemExit({PASSWORD!r})\n"
    lay(installed.environment.packages, "broken", entries, of_broken=body)
    other = {**installed.site, "KIND": "broken", "PATH": "other"}
    installed.write("server", {"theirs": other, "mine": installed.site})
    news = [f"broken://{PASSWORD}", f"notebook://{installed.folder}/news.jsonl"]
    installed.write("log", {"MESSENGERS": news})
    check, export, add, _, wrong, jobs = installed.run(
        "check --mail",
        "export",
        f"jobs add survey.sizes to={installed.folder}/out",
        "runner --once",
        "jobs add broken.go",
        "jobs list",
    )
    verdicts = installed.told(check)
    faults = [told for told, verdict in verdicts.items() if verdict == "bad"]
    assert len(faults) == len(groups)
    assert all("broken 1.0: the " in told and "SystemExit" in told for told in faults)
    assert sorted(verdicts.values()) == ["bad"] * 5 + ["good"] * 5
    assert check.code == 78
    first, *later = map(json.loads, (installed.folder / "news.jsonl").read_text().splitlines())
    assert first["sort"] == "test"
    found = {(one["kind"], one["scale"]) for news in later for one in news["incidents"]}
    assert ("news_stuck", "messenger 1") in found
    sites = export.shown["sites"]
    assert (export.code, sites["mine"]["exit"], sites["theirs"]["exit"]) == (78, 0, 78)
    assert "the kind of site 'broken' of broken 1.0 cannot be used" in sites["theirs"]["faults"][0]
    assert surveys.scales == {"QOL": {}}
    assert (add.code, wrong.code) == (0, 64)
    [job] = jobs.shown["jobs"]
    assert (job["kind"], job["status"]) == ("survey.sizes", "Success"), (job, installed.said)
    assert "broken 1.0: the kind of job broken.go is left out: " in installed.said
    assert PASSWORD not in installed.said
    logs = "".join(one.read_text() for one in (installed.home / "logs").glob("*.log"))
    assert "noise" not in logs
    assert PASSWORD not in logs


BEGIN = """
import subprocess, sys
from mtdata.jobs.runner import flags_of_child
words = [sys.executable, *flags_of_child(), "-c", "import mtdata.jobs.child, mtdata_survey"]
sys.exit(subprocess.run(words).returncode)
"""


def test_a_child_sees_packages_of_the_user_where_the_program_is_one_of_them(tmp_path: Path) -> None:
    python, home = sys._base_executable, {"HOME": str(tmp_path)}  # type: ignore[attr-defined]
    ask = [python, "-E", "-P", "-c", "import site; print(site.getusersitepackages())"]
    place = subprocess.run(ask, env=home, capture_output=True, text=True, check=True)
    packages = Path(place.stdout.strip())
    packages.mkdir(parents=True)
    (packages / "ours.pth").write_text(OURS)
    lay_example(packages)
    words = [python, "-E", "-P", "-c", BEGIN]
    ended = subprocess.run(words, env=home, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
