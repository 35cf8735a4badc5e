"""The original click tool's way, re-created: an interval's whole answer, then row by row; no more.

Run as a process; prints JSON.  288 intervals of five minutes, a new connection for each, one answer
without pages; the whole of it is parsed, and each row is looked up field by field into csv.writer.
As a DOM of the answer in XML (`dom`), or as the JSON that the tool asked for (`json`).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from xml.dom import minidom

import requests

from mtdata.cake.columns import CLICKS, DATE

MINUTES, ASKED, SHOWN = 5, "%Y-%m-%d %H:%M:%S", "%d-%m-%YT%H:%M:%S.%f"
ZEROS = "affiliate_id advertiser_id offer_id campaign_id creative_id price_format_id".split()
Row = Callable[[str], str]


def asked(start: datetime, every: timedelta, key: str) -> dict[str, str]:
    """The question for an interval."""
    times = {"start_date": start.strftime(ASKED), "end_date": (start + every).strftime(ASKED)}
    flags = {"include_duplicates": "False", "include_tests": "False"}
    pages = {"start_at_row": "0", "row_limit": "0"}
    return {"api_key": key, **times, **dict.fromkeys(ZEROS, "0"), **flags, **pages}


def of_json(url: str, question: dict[str, str]) -> Iterator[Row]:
    """Each row of the interval, as JSON has it."""
    told = requests.post(url, json=question, timeout=600).json()
    for click in told["d"]["clicks"]:
        yield lambda path, click=click: _in_json(click, path)  # type: ignore[misc]


def _in_json(found: Any, path: str) -> str:
    for name in path.split("."):
        if found is None:
            return ""
        found = found[name]
    if isinstance(found, str) and found.startswith("/Date("):
        ms = int(re.findall(r"-?\d+", found)[0])
        return datetime.fromtimestamp(ms / 1000, UTC).strftime(SHOWN)
    return "" if found is None else str(found)


def of_dom(url: str, question: dict[str, str]) -> Iterator[Row]:
    """Each row of the interval, out of a document of all of them."""
    document = minidom.parseString(requests.post(url, data=question, timeout=600).text)
    for click in document.getElementsByTagName("click"):
        yield lambda path, click=click: _in_dom(click, path)  # type: ignore[misc]
    document.unlink()


def _in_dom(found: Any, path: str) -> str:
    for name in path.split("."):
        found = next((one for one in found.childNodes if one.nodeName == name), None)
        if found is None:
            return ""
    return found.firstChild.data if found.firstChild is not None else ""


def cells(row: Row) -> Iterator[str]:
    """A cell for each of the 43 columns."""
    for column in CLICKS:
        text = row(column.field)
        if column.kind == DATE and "T" in text and text[4] == "-":
            text = datetime.fromisoformat(text).strftime(SHOWN)
        yield text


def exported(order: dict[str, Any]) -> dict[str, Any]:
    """The first so many intervals of each hour of a day, into 24 files; seconds and rows."""
    rows_of = {"dom": of_dom, "json": of_json}[order["way"]]
    url = f"http://{order['domain']}/api/12/reports.asmx/Clicks"
    start, every, rows = datetime.fromisoformat(order["day"]), timedelta(minutes=MINUTES), 0
    began = perf_counter()
    for hour in range(24):
        with (Path(order["folder"]) / f"{hour:02d}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.header for column in CLICKS])
            for number in range(order["intervals"]):
                at = start + timedelta(hours=hour) + number * every
                for row in rows_of(url, asked(at, every, order["key"])):
                    writer.writerow(list(cells(row)))
                    rows += 1
    return {"seconds": perf_counter() - began, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(exported(json.loads(sys.argv[1]))))
