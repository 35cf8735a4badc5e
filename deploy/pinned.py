"""Which lines of constraints.txt an image needs, for the Containerfile: by what pip has planned.

    pinned.py constraints.txt               every line without its hashes, as pip's --constraint
    pinned.py constraints.txt plan.json     the lines of what `pip install --report` names, whole

So an image of some extras has the releases that a checkout has, each file proven by its hash.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HASH = re.compile(r"\s*--hash=\S+")
OURS = "mtdata-collect"


def pinned_lines(text: str) -> Iterator[tuple[str, str]]:
    """The name and the whole line of each release; comments left out."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if found := _NAME.match(line):
            yield _folded(found[0]), " ".join(line.split())


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def planned_names(plan: str) -> set[str]:
    """What pip would install, without the program itself."""
    found = {_folded(one["metadata"]["name"]) for one in json.loads(plan)["install"]}
    return found - {OURS}


def main(words: list[str]) -> int:
    """Print the lines; 65 where one is missing, for then nobody has proven that release."""
    lines = list(pinned_lines(Path(words[0]).read_text("utf-8")))
    if len(words) == 1:
        print("\n".join(_HASH.sub("", line) for _, line in lines))
        return 0
    wanted = planned_names(Path(words[1]).read_text("utf-8"))
    if missing := wanted - {name for name, _ in lines}:
        print(f"mtdata: constraints.txt lacks {', '.join(sorted(missing))}", file=sys.stderr)
        return 65
    print("\n".join(line for name, line in lines if name in wanted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
