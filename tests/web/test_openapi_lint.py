"""The OpenAPI document as linters want it: valid by its own specification, and nothing left unsaid.

Valid is what openapi-spec-validator says.  The rules beside that are those which Spectral
recommends for version 3.1 (docs/reference/openapi-rules.md there), but for `info-contact`: who runs
an installation is not known to the program.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.programs import program
from tests.web.site import WebSite

Document = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
IN_A_URL = re.compile(r"[A-Za-z0-9-._~:/?#\[\]@!$&'()*+,;=]*")
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),), "array": (list,), "object": (dict,),
}  # fmt: skip


def operations(of: Document) -> Iterator[tuple[str, str, Document]]:
    for path, ways in of["paths"].items():
        for method in METHODS:
            if method in ways:
                yield path, method, ways[method]


def parts(node: Any, place: str = "#") -> Iterator[tuple[str, Document]]:
    """Every object in there, by its place."""
    if isinstance(node, dict):
        yield place, node
        for name, value in node.items():
            yield from parts(value, f"{place}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from parts(value, f"{place}/{number}")


def schemas(of: Document) -> Iterator[tuple[str, Document]]:
    """Every schema that says of what type it is, or what may stand."""
    within = {"paths": of["paths"], "components": of["components"]}
    for place, one in parts(within):
        parent = place.rpartition("/")[0].rpartition("/")[2]
        if parent != "properties" or "type" in one or "$ref" in one or "anyOf" in one:
            yield place, one


# the rules: each gives the places that break it


def without_operation_id(of: Document) -> Iterator[str]:
    names = Counter(one.get("operationId", "") for _, _, one in operations(of))
    for path, method, one in operations(of):
        name = one.get("operationId", "")
        if not name or names[name] > 1 or not IN_A_URL.fullmatch(name):
            yield f"{method} {path}: operationId {name!r}"


def without_words(of: Document) -> Iterator[str]:
    if not of["info"].get("description") or not of["info"].get("title"):
        yield "info"
    for path, method, one in operations(of):
        if not one.get("description") or not one.get("summary"):
            yield f"{method} {path}"
    yield from (f"tag {one['name']}" for one in of["tags"] if not one.get("description"))


def without_known_tags(of: Document) -> Iterator[str]:
    names = [one["name"] for one in of["tags"]]
    yield from (f"tag {name} stands twice" for name, count in Counter(names).items() if count > 1)
    used = {tag for _, _, one in operations(of) for tag in one.get("tags", ())}
    yield from (f"tag {name} has no operation" for name in names if name not in used)
    for path, method, one in operations(of):
        if not one.get("tags") or set(one["tags"]) - set(names):
            yield f"{method} {path}: tags {one.get('tags')}"


def without_success(of: Document) -> Iterator[str]:
    for path, method, one in operations(of):
        if not any(status[0] in "23" for status in one["responses"]):
            yield f"{method} {path}"


def with_odd_paths(of: Document) -> Iterator[str]:
    shapes = Counter(re.sub(r"{[^}]*}", "{}", path) for path in of["paths"])
    yield from (f"{path} stands twice" for path, count in shapes.items() if count > 1)
    for path in of["paths"]:
        if "?" in path or path.endswith("/") or "{}" in path:
            yield path


def with_other_parameters_than_their_path(of: Document) -> Iterator[str]:
    for path, method, one in operations(of):
        given = [(p["in"], p["name"]) for p in one.get("parameters", ())]
        twice = [name for name, count in Counter(given).items() if count > 1]
        wanted = set(re.findall(r"{([^}]*)}", path))
        if twice or {name for where, name in given if where == "path"} != wanted:
            yield f"{method} {path}: {given}"


def with_unused_components(of: Document) -> Iterator[str]:
    used = {one["$ref"] for _, one in parts(of) if isinstance(one.get("$ref"), str)}
    for kind, known in of["components"].items():
        for name in known:
            if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used:
                yield f"#/components/{kind}/{name}"


def with_unknown_security(of: Document) -> Iterator[str]:
    known = set(of["components"]["securitySchemes"])
    wanted = [*of.get("security", ())]
    wanted += [need for _, _, one in operations(of) for need in one.get("security", ())]
    yield from (name for need in wanted for name in need if name not in known)
    if not of.get("security"):
        yield "nothing says who may ask"


def with_odd_enums(of: Document) -> Iterator[str]:
    for place, one in schemas(of):
        values = one.get("enum")
        if not isinstance(values, list):
            continue
        kinds = one.get("type", [])
        kinds = TYPES.get(kinds, ()) if isinstance(kinds, str) else ()
        if len(set(map(repr, values))) < len(values):
            yield f"{place}: one stands twice"
        if kinds and not all(isinstance(value, kinds) for value in values):
            yield f"{place}: not all are of its type"


def with_arrays_of_nothing(of: Document) -> Iterator[str]:
    for place, one in schemas(of):
        if one.get("type") == "array" and not {"items", "prefixItems"} & set(one):
            yield place


def with_odd_servers(of: Document) -> Iterator[str]:
    if not of.get("servers"):
        yield "there is none"
    for one in of.get("servers", ()):
        if "example.com" in one["url"] or re.search("./$", one["url"]):
            yield one["url"]


def with_scripts_in_words(of: Document) -> Iterator[str]:
    for place, one in parts(of):
        for name in ("title", "description"):
            if isinstance(one.get(name), str) and re.search(r"<script|eval\(", one[name]):
                yield f"{place}/{name}"


def with_examples_that_are_none(of: Document) -> Iterator[str]:
    for place, one in schemas(of):
        examples = [*one["examples"]] if isinstance(one.get("examples"), list) else []
        examples += [one["example"]] if "example" in one and "in" not in one else []
        rule = {k: v for k, v in one.items() if k not in ("example", "examples")}
        for example in examples:
            try:
                OAS31Validator({**rule, "components": of["components"]}).validate(example)
            except ValidationError as error:
                yield f"{place}: {error.message}"


Rule = Callable[[Document], Iterator[str]]
RULES: tuple[Rule, ...] = (
    without_operation_id, without_words, without_known_tags, without_success, with_odd_paths,
    with_other_parameters_than_their_path, with_unused_components, with_unknown_security,
    with_odd_enums, with_arrays_of_nothing, with_odd_servers, with_scripts_in_words,
    with_examples_that_are_none,
)  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> dict[str, Document]:
    """The document, asked for once."""
    return {}


@pytest.fixture
def document(web: WebSite, asked: dict[str, Document]) -> Document:
    if not asked:
        asked["it"] = program(web, "viewer").get("/api/openapi.json").json()
    return deepcopy(asked["it"])


def test_it_is_valid_by_its_specification(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_keeps_each_rule_that_linters_recommend(document: Document, rule: Rule) -> None:
    assert list(rule(document)) == []


def break_tags(of: Document) -> None:
    of["paths"]["/api/v1/jobs"]["get"]["tags"] = ["unheard of"]


def break_words(of: Document) -> None:
    del of["paths"]["/api/v1/jobs"]["get"]["description"]


def break_names(of: Document) -> None:
    of["paths"]["/api/v1/jobs"]["get"]["operationId"] = "add_job"


def break_answers(of: Document) -> None:
    of["paths"]["/api/v1/me"]["get"]["responses"] = {"404": {"description": "Not Found"}}


def break_paths(of: Document) -> None:
    of["paths"]["/api/v1/jobs/"] = of["paths"].pop("/api/v1/jobs")


def break_parameters(of: Document) -> None:
    of["paths"]["/api/v1/jobs/{id}"]["get"]["parameters"] = []


def break_components(of: Document) -> None:
    of["components"]["schemas"]["Nobody"] = {"type": "object"}


def break_security(of: Document) -> None:
    of["security"] = [{"key": []}]


def break_enums(of: Document) -> None:
    of["components"]["schemas"]["Me"]["properties"]["role"]["enum"] = ["a", "a", 3]


def break_arrays(of: Document) -> None:
    of["components"]["schemas"]["Me"]["properties"]["role"] = {"type": "array"}


def break_servers(of: Document) -> None:
    of["servers"] = [{"url": "https://example.com/"}]


def break_scripts(of: Document) -> None:
    of["info"]["description"] += "<script>"


def break_examples(of: Document) -> None:
    of["components"]["schemas"]["Me"]["properties"]["role"] |= {"type": "string", "example": 3}


BROKEN: dict[Rule, Callable[[Document], None]] = {
    without_operation_id: break_names,
    without_words: break_words,
    without_known_tags: break_tags,
    without_success: break_answers,
    with_odd_paths: break_paths,
    with_other_parameters_than_their_path: break_parameters,
    with_unused_components: break_components,
    with_unknown_security: break_security,
    with_odd_enums: break_enums,
    with_arrays_of_nothing: break_arrays,
    with_odd_servers: break_servers,
    with_scripts_in_words: break_scripts,
    with_examples_that_are_none: break_examples,
}


def test_each_rule_sees_what_it_forbids(document: Document) -> None:
    assert set(BROKEN) == set(RULES)
    for rule, harm in BROKEN.items():
        broken = deepcopy(document)
        harm(broken)
        assert list(rule(broken)), rule.__name__
