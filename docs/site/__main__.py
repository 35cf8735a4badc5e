"""Builds the docs as a site; bin/docs calls it, and says what it takes."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.site.reference.__main__ import write
from docs.site.staging import ROOT, Stage, StagingError

RULES = ROOT / "docs" / "alerts.rules.yml"
DASHBOARD = ROOT / "docs" / "grafana.json"
PICTURE = ROOT / "docs" / "pictures" / "docs.png"
HERE = Path(__file__).parent


def main(words: list[str] | None = None) -> int:
    """Build it; the exit code of Sphinx, or 1."""
    parser = argparse.ArgumentParser(prog="bin/docs", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "docs")
    told = "find what is wrong, and write no page: a quarter of the time"
    parser.add_argument("--check", action="store_true", help=told)
    parser.add_argument("--links", action="store_true", help="ask for each link that leads outside")
    parser.add_argument("--picture", action="store_true", help=f"take {PICTURE.relative_to(ROOT)}")
    options = parser.parse_args(words)
    began = time.monotonic()
    folder = options.folder.resolve()
    builder = "linkcheck" if options.links else "dummy" if options.check else "html"
    try:
        built = _build(folder, builder)
    except StagingError as error:
        print(f"bin/docs: {error}", file=sys.stderr)
        return 1
    if built or builder != "html":
        return built
    count = sum(1 for _ in (folder / "html").rglob("*.html"))
    print(f"{count} pages in {time.monotonic() - began:.0f} s: {folder / 'html' / 'index.html'}")
    if options.picture:
        _take_picture(folder / "html" / "index.html")
    return _check_rules()


def _build(folder: Path, builder: str) -> int:
    from sphinx.cmd.build import build_main

    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    stage = Stage(source)
    stage.lay()
    write(source / "reference")
    stage.lead_reference()
    out = folder / builder
    shutil.rmtree(out, ignore_errors=True)
    strictly = ["-W", "--keep-going", "-n", "-q", "-E"]
    done = build_main(
        [
            "-b",
            builder,
            *strictly,
            "-c",
            str(HERE),
            "-d",
            str(folder / "doctrees"),
            str(source),
            str(out),
        ]
    )
    if not done and builder == "html":
        _bring(source, out)
    return int(done)


def _bring(source: Path, out: Path) -> None:
    """Files that are fetched by their names, not read."""
    shutil.copyfile(source / "reference" / "openapi.json", out / "reference" / "openapi.json")


def _take_picture(page: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no picture: chromium is not installed; sudo apt-get install chromium")
        return
    subprocess.run(  # noqa: S603  # our own words
        [chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1280,900",
         f"--screenshot={PICTURE}", page.as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip
    print(f"taken: {PICTURE}")


def _check_rules() -> int:
    """Whether Prometheus can read the rules, and what the dashboard asks of it."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print(f"{RULES.name}: not held against promtool; sudo apt-get install prometheus brings it")
        return 0
    with TemporaryDirectory() as folder:
        asked = Path(folder) / DASHBOARD.name
        asked.write_text(json.dumps({"groups": [{"name": "panels", "rules": _as_rules()}]}))
        command = [promtool, "check", "rules", str(RULES), str(asked)]
        return subprocess.run(command).returncode  # noqa: S603  # our own words


def _as_rules() -> list[dict[str, str]]:
    """Each question of the dashboard as a rule, for there is no other way to have it checked."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    found = [of["expr"] for panel in panels for of in panel.get("targets", ())]
    asked = [one.replace("$site", ".*") for one in found]
    return [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(asked)]


if __name__ == "__main__":
    sys.exit(main())
