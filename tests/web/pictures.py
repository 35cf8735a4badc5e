"""Takes the pictures of docs/pictures anew: `.venv/bin/python -m tests.web.pictures`; no test."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.web.browser import DESK, PHONE, Tab, chromium
from tests.web.site import PASSWORD

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LOOKS = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "is_mobile": True, "color_scheme": "light"},
}
PAGES = {"overview": "/", "jobs": "/jobs/", "pool": "/pool/demo/"}


def _mtdata(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "mtdata", *words]


def _take(url: str) -> None:
    with chromium() as browser:
        for look, how in LOOKS.items():
            tab = Tab(browser, url, "anna", **how)
            for name, path in PAGES.items():
                tab.page.goto(path)
                tab.page.screenshot(path=FOLDER / f"{name}-{look}.png")
            tab.page.goto("/jobs/")
            tab.page.get_by_role("link", name="study.decode_demo").click()
            tab.page.get_by_role("heading", name="study.decode_demo").wait_for()
            tab.page.screenshot(path=FOLDER / f"job-{look}.png")
            tab.close()


def main() -> None:
    """The demo's pool and its job, as `mtdata web` shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "demo")
        subprocess.run(_mtdata("demo", "--rows", "600", "--keep", home), check=True)
        config = ("--config", f"{home}/config")
        subprocess.run(
            _mtdata(*config, "user", "add", "anna", "--operator"),
            input=PASSWORD,
            text=True,
            check=True,
        )
        words = _mtdata(*config, "web", "--port", "0")
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            _take(server.stderr.readline().split()[-1].rstrip("/"))
            server.terminate()


if __name__ == "__main__":
    main()
