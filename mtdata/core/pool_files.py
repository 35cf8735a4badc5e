"""How the files of a pool, and of the program's own state, are called; it opens none of them."""

from __future__ import annotations

RAW, SHEETS, HELD, RECOVERED = "raw_data", "active_data", "held", "recovered_data"
"""Folders of raw files, of sheets, of entries that are no JSON, of sheets that were made again."""
INCOMING = f"{RAW}/.incoming"
"""The folder of what is being received."""
SCHEDULES = "schedule"
"""The folder of the study's sessions and tasks as the site told them, by day."""
BENCHMARK = f"{SHEETS}/benchMark.json"
FORMATS = "formats.json"
"""The DATE_FORMAT and TIME_FORMAT that the pool has had."""
MARKER = ".mtdata-pool"
"""Which pool it is, and whose."""
LEDGER_FILE = "ledger.sqlite3"
"""Of a pool what is known of every entry; of the state the program's own incidents."""
LOCK = ".lock"
