"""Prints every address that the page has, as JSON; /admin/ stands for all below it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.setting import prepare_web


def walk(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """The address of each pattern."""
    for one in patterns:
        route = prefix + str(one.pattern)
        inner = getattr(one, "url_patterns", None)
        if inner is None or route == "/admin/":
            yield route
        else:
            yield from walk(inner, route)


if __name__ == "__main__":
    prepare_web(load(Path(sys.argv[1]), {}), KINDS)
    from django.urls import get_resolver

    print(json.dumps(list(walk(get_resolver().url_patterns))))
