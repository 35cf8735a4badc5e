"""How a program of a test opens the page and its records by a config; it is no test itself."""

from __future__ import annotations

OPENED = """import json, sys
from pathlib import Path
from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.setting import open_web, prepare_web
ours = load(Path(sys.argv[1]), {})
prepare_web(ours, KINDS)
from mtdata.jobs.records import setting
setting.open_records(ours.database)
setting.migrate()
open_web(ours, KINDS)
"""
"""What it begins with: its first argument is the folder of the config."""
