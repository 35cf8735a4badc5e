"""Heavy libraries are loaded only where they are used: not by a round or a look at a pool."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.system.home import STUDY, Home, row

HEAVY = (
    "boto3", "botocore", "celery", "django", "duckdb", "flask", "moto", "pandas", "polars",
    "psycopg", "pyarrow", "pymysql", "pyreadstat", "waitress", "xlsxwriter",
)  # fmt: skip
PROGRAM = f"""
import sys
from mtdata.cli.main import run
code = run(sys.argv[1:])
print(code, [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


def loaded(home: Home, *words: str) -> str:
    """The exit code, and which heavy libraries the command brought along."""
    call = [sys.executable, "-c", PROGRAM, *words, "--config", str(home.folder / "config")]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=120)
    return ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("words", [["export", STUDY], ["status"], ["deletions"], ["version", "-v"]])
def test_a_round_or_a_look_at_a_pool_loads_nothing_heavy(home: Home, words: list[str]) -> None:
    home.site.put("QOL", [row(1), row(2)])
    assert loaded(home, *words) == "0 []"


def test_what_is_heavy_would_be_seen(home: Home) -> None:
    assert loaded(home, "migrate") == "0 ['django']"


def test_the_json_of_a_version_has_every_library_and_nothing_secret(home: Home) -> None:
    home.configure(PASS="kestrel-of-the-config")
    told = json.dumps(home.run("version").shown)
    assert all(f'"{name}": "' in told for name in ("Django", "requests", "duckdb"))
    assert "kestrel-of-the-config" not in told
