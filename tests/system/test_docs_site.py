"""The docs as a site: every page stands in its menu, links are led, the reference is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.site import staging
from docs.site.reference.markdown import table, text
from docs.site.staging import INDEX, OPERATING, ROOT, Stage, StagingError
from mtdata.alerts.incident_kinds import KINDS as INCIDENTS
from mtdata.cli.main import _parser
from mtdata.config.folders import FILES
from mtdata.config.schema import config_schemas
from mtdata.core import errors
from mtdata.core.errors import MTDataError
from mtdata.duties import KINDS
from tests.system.test_metric_names import lines_in_source

DASHBOARD = ROOT / "docs" / "grafana.json"
RULES = ROOT / "docs" / "alerts.rules.yml"
_METRIC = re.compile(r"\bmtdata_\w+")


def listed() -> list[str]:
    """What stands in the lists of the first page, which make the menu."""
    index = (ROOT / INDEX).read_text("utf-8")
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```$", index, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def test_every_page_stands_in_the_menu_once() -> None:
    made = {f"reference/{name}" for name in ("config/index", "commands/index")}
    made |= {
        f"reference/{one}" for one in "exit-codes job-kinds incidents metrics files api".split()
    }
    pages = {staging.place_of_page(one).removesuffix(".md") for one in staging.pages()}
    found = listed()
    assert len(set(found)) == len(found)
    told = "name it in docs/index.md, where its kind of page is listed"
    assert set(found) == (pages | made) - {"index"}, told


# how pages are laid


def test_links_are_led_to_where_the_pages_lie(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.headings = {"mail": "operating/mail.md", "upgrading": "operating/install.md"}
    led = stage.led
    page, place = "docs/howto/mail.md", "howto/mail.md"
    assert led("[a](../CAKE.md#every-day)\n", page, place) == "[a](../CAKE.md#every-day)\n"
    assert led(f"[a](../{Path(OPERATING).name})", page, place) == "[a](../operating/index.md)"
    assert led("[a](../OPERATING.md#mail)", page, place) == "[a](../operating/mail.md)"
    assert led("[a](../OPERATING.md#upgrading)", page, place) == (
        "[a](../operating/install.md#upgrading)"
    )
    assert led("[a](docs/CAKE.md)", "CONTRIBUTING.md", "CONTRIBUTING.md") == "[a](CAKE.md)"
    assert led("[a](../README.md)", "docs/CAKE.md", "CAKE.md") == "[a](index.md)"
    assert (
        led("[a](https://a.example/b) [b](#c)", page, place) == "[a](https://a.example/b) [b](#c)"
    )
    code = "```\n[a](../none.md)\n```\n"
    assert led(code, page, place) == code


def test_a_file_that_is_linked_comes_along(tmp_path: Path) -> None:
    led = Stage(tmp_path).led("[a](../alerts.rules.yml)", "docs/howto/mail.md", "howto/mail.md")
    assert led == "[a](../alerts.rules.yml)"
    assert (tmp_path / "alerts.rules.yml").read_bytes() == RULES.read_bytes()


@pytest.mark.parametrize("link", ["none.md", "../none/", "OPERATING.md#none"])
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, link: str) -> None:
    with pytest.raises(StagingError, match="none"):
        Stage(tmp_path).led(f"[a]({link})", "docs/CAKE.md", "CAKE.md")


def test_the_manual_is_a_page_a_section(tmp_path: Path) -> None:
    manual = "# M\n\n## One `x`\na\n```\n## none\n```\n### Two\n## Three\nb\n"
    assert list(staging.manual_sections(manual)) == [
        ("one-x", ["# One `x`", "a", "```", "## none", "```", "## Two"]),
        ("three", ["# Three", "b"]),
    ]


def test_every_section_of_the_manual_is_laid(tmp_path: Path) -> None:
    Stage(tmp_path).lay()
    laid = "".join(path.read_text("utf-8") for path in (tmp_path / "operating").glob("*.md"))
    lines = [
        line for line in (ROOT / OPERATING).read_text("utf-8").splitlines() if "](" not in line
    ]
    missing = [one for one in lines[1:] if one.removeprefix("##") not in laid]
    assert missing == []


# the site, and its reference


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site is made as strictly as bin/docs does, short of HTML; the pages made for it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-P", "-s", "-m", "docs.site", "--check", str(folder)]
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "source" / "reference"


def headings(file: Path) -> set[str]:
    return set(re.findall(r"^#+ `(.+)`$", file.read_text("utf-8"), re.M))


def test_every_key_of_the_config_has_a_heading(reference: Path) -> None:
    for file in FILES:
        schema = config_schemas()[file]
        sections = [schema, *schema["$defs"].values()]
        sections += [way for one in sections for way in one.get("anyOf", [])]
        keys = {key for one in sections for key in one.get("properties", {})}
        assert keys
        assert keys <= headings(reference / "config" / f"{file}.md"), file


def test_every_command_has_its_help(reference: Path) -> None:
    parser = _parser()
    text = "".join(path.read_text("utf-8") for path in (reference / "commands").glob("*.md"))
    for name, command in parser.commands().items():
        assert f"`mtdata {name}`" in text or f"Also called `{name}`" in text, name
        for one in command.below():
            assert f"## `{one.prog}`" in text


def test_every_error_kind_and_incident_is_told(reference: Path) -> None:
    codes = (reference / "exit-codes.md").read_text("utf-8")
    known = [one for one in vars(errors).values() if isinstance(one, type)]
    of_ours = [one for one in known if issubclass(one, MTDataError) and one is not MTDataError]
    assert [one.__name__ for one in of_ours if f"| `{one.__name__}` |" not in codes] == []
    assert all(f"| `{one.exit_code}` |" in codes for one in of_ours)
    assert "| `0` |" in codes
    assert set(KINDS) <= headings(reference / "job-kinds.md")
    assert set(INCIDENTS) == headings(reference / "incidents.md")


def test_every_operation_of_the_api_is_told(reference: Path) -> None:
    document = json.loads((reference / "openapi.json").read_text("utf-8"))
    found = {f"{way.upper()} {path}" for path, ways in document["paths"].items() for way in ways}
    assert found
    assert found == headings(reference / "api.md")


def test_words_of_the_code_are_no_markdown() -> None:
    assert text("a `<b|c>` *d* <e>") == r"a `<b|c>` \*d\* \<e\>"
    assert table(("h",), [("`a|b`",), (r"c\|d",)]).splitlines()[2:] == [r"| `a\|b` |", r"| c\|d |"]


# what is for monitoring


@pytest.fixture(scope="module")
def metrics(reference: Path) -> dict[str, set[str]]:
    """Every metric of the reference with its labels."""
    lines = (reference / "metrics.md").read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| `mtdata_")]
    return {row[0].strip("| `"): set(re.findall(r"`(\w+)`", row[2])) for row in rows}


def test_no_metric_of_the_source_is_left_out(reference: Path, metrics: dict[str, Any]) -> None:
    told = json.loads((reference / "metric-lines.json").read_text("utf-8"))
    heard = [(file, line) for file, line in told]
    missed = [
        f"{file}:{lines.start}"
        for file, lines in lines_in_source()
        if not any(path == file and line in lines for path, line in heard)
    ]
    assert missed == []
    assert len(metrics) > 30


def expressions(node: Any) -> list[str]:
    """Whatever is asked of Prometheus in there."""
    if isinstance(node, dict):
        own = [str(node[key]) for key in ("expr", "definition") if key in node]
        return own + [one for value in node.values() for one in expressions(value)]
    return [one for value in node for one in expressions(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("file", [DASHBOARD, RULES], ids=lambda file: file.name)
def test_every_metric_that_is_asked_for_is_one_that_there_is(
    file: Path, metrics: dict[str, set[str]]
) -> None:
    asked = expressions(yaml.safe_load(file.read_text("utf-8")))
    assert len(asked) > 10
    for one in asked:
        names = set(_METRIC.findall(one))
        assert names <= set(metrics), one
        labels = set(re.findall(r"(\w+)=~?\"", one))
        for group in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", one):
            labels |= {word.strip() for word in group.split(",")} - {""}
        assert labels <= set().union(*(metrics[name] for name in names)), one
