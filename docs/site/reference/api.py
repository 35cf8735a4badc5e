"""The API by its OpenAPI document: a page of operations, and the document itself."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docs.site.reference.markdown import code, codes, page, table, text
from mtdata.config import load
from mtdata.duties import KINDS

MARK = "the name of a cookie depends on it, and a page that is built twice is the same"
DOCUMENT = "openapi.json"


def pages() -> dict[str, str]:
    """By their paths below the reference; Django is made ready for it, once in a process."""
    document = openapi()
    return {DOCUMENT: json.dumps(document, indent=1, sort_keys=True), "api.md": _page(document)}


def openapi() -> dict[str, Any]:
    """The document as `/api/v1/openapi.json` gives it."""
    from mtdata.web.setting import prepare_web

    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.mkdir(mode=0o700)
        (config / "programme.config").write_text("SLOTS: 1\n")
        prepare_web(load(config, {}), KINDS, MARK)
    from django.test import RequestFactory

    from mtdata.web.api.document import openapi as view

    answer = view(RequestFactory().get("/api/v1/openapi.json"))
    found: dict[str, Any] = json.loads(answer.content)
    return found


def _page(document: dict[str, Any]) -> str:
    parts = []
    for tag in document["tags"]:
        parts.append(f"## {tag['name']}\n\n{text(tag['description'])}")
        for path, ways in document["paths"].items():
            parts += [
                _operation(method, path, one)
                for method, one in ways.items()
                if tag["name"] in one["tags"]
            ]
    return page(
        "API",
        text(document["info"]["description"]),
        f'The OpenAPI document of this version: <a href="{DOCUMENT}">{DOCUMENT}</a>. A running '
        "page gives its own at `/api/v1/openapi.json`, and shows it at `/api/docs`. What stays as "
        "it is: [What you may rely on](../CONTRACTS.md).",
        *parts,
    )


def _operation(method: str, path: str, one: dict[str, Any]) -> str:
    rows = [
        (
            code(of["name"]),
            of["in"],
            "yes" if of.get("required") else "no",
            text(of.get("description") or of["schema"].get("description", "")),
        )
        for of in one.get("parameters", [])
    ]
    body = one.get("requestBody", {}).get("content", {})
    return "\n\n".join(
        filter(
            None,
            [
                f"### `{method.upper()} {path}`",
                text(one["description"]),
                table(("parameter", "in", "needed", "what it is"), rows) if rows else "",
                f"Body: {codes(body)}." if body else "",
                f"Answers: {codes(one['responses'])}.",
            ],
        )
    )
