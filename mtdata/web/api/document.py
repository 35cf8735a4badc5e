"""The OpenAPI document and the page that shows it; both are made of our own files alone."""

from __future__ import annotations

import json
import re
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import get_script_prefix, reverse

from mtdata.jobs.kind import REQUIRED, Kind
from mtdata.jobs.parameters import MOST_VALUE
from mtdata.web.api import asked, once, shapes
from mtdata.web.api.deprecation import PREFIX
from mtdata.web.api.operations import api, tags

ALWAYS = (400, 401, 403, 422, 503)
OF_A_FILE = (413, 429)
OF_WHAT_IS_NAMED, OF_A_JOB = 404, 410
REFERENCE = "#/components/schemas/"


@cache
def _document() -> dict[str, Any]:
    """What the library makes of the operations, with how to be let in and how faults look."""
    found = _named(api().get_openapi_schema(path_prefix=PREFIX))
    parts = found["components"]
    problem = _named(shapes.Problem.model_json_schema(ref_template=REFERENCE + "{model}"))
    parts["schemas"] |= problem.pop("$defs")
    parts["schemas"]["Problem"] = problem
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of /account/."},
        "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
    }
    found["tags"] = tags()
    found["security"] = [{"token": []}, {"session": []}]
    parts["schemas"]["Order"]["oneOf"] = [_order_of(one) for one in settings.MTDATA_KINDS.values()]
    parts["schemas"]["These"]["properties"]["kind"] |= _kind_names()
    [kind] = [
        one
        for one in found["paths"][f"/{PREFIX}jobs"]["get"]["parameters"]
        if one["name"] == "kind"
    ]
    kind["schema"] |= _kind_names()
    for path, ways in found["paths"].items():
        for operation in ways.values():
            _tell_faults(path, operation)
    _drop_unused(found)
    return found


def _drop_unused(document: dict[str, Any]) -> None:
    """Leave out schemas that nothing refers to, such as those of what stands behind a `?`."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"{REFERENCE}{name}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]


def _named(schema: Any) -> dict[str, Any]:
    """The schema by the names of the contract: only our classes of what is shown end in Shape."""
    found: dict[str, Any] = json.loads(re.sub(r"(?<=\w)Shape\b", "", json.dumps(schema)))
    return found


def _kind_names() -> dict[str, Any]:
    return {"enum": ["", *sorted(settings.MTDATA_KINDS)]}


def _order_of(kind: Kind) -> dict[str, Any]:
    """What an order of that kind is; `asked.OrderShape` is what all of them have in common."""
    needed = [one.name for one in kind.parameters if one.default is REQUIRED]
    given = {
        one.name: {
            "type": "string",
            "maxLength": MOST_VALUE,
            "pattern": asked.NO_NUL,
            "description": one.allowed,
            "examples": list(one.examples),
        }
        for one in kind.parameters
    }
    return {
        "title": kind.name,
        "properties": {
            "kind": {"const": kind.name},
            "parameters": {
                "type": "object",
                "properties": given,
                "required": needed,
                "additionalProperties": False,
            },
        },
        "required": ["kind", *(["parameters"] if needed else [])],
    }


def _tell_faults(path: str, operation: dict[str, Any]) -> None:
    own = [*operation.pop("x-faults"), *([OF_WHAT_IS_NAMED] if "{" in path else [])]
    own += [OF_A_JOB] if "/jobs/{" in path else []
    if operation.pop("x-file"):
        operation["requestBody"] = {"required": True, "content": {"text/csv": _bytes()}}
        own += OF_A_FILE
    if operation.pop("x-key"):
        operation["parameters"] = [*operation["parameters"], once.PARAMETER]
    if media := operation.pop("x-media"):
        operation["responses"]["200"]["content"] = {media: _bytes()}
    for status in sorted({*ALWAYS, *own}):
        operation["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": {"$ref": REFERENCE + "Problem"}}},
        }


def _bytes() -> dict[str, Any]:
    return {"schema": {"type": "string", "format": "binary"}}


def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    here = get_script_prefix().rstrip("/") or "/"
    return JsonResponse({**_document(), "servers": [{"url": here}]})


def docs(request: HttpRequest) -> HttpResponse:
    """The page that shows it, and tries it out by the session of who looks."""
    how = {"url": reverse("openapi"), "deepLinking": True, "layout": "BaseLayout"}
    return render(request, "web/docs.html", {"how": how})
