"""What becomes of a codebook: pages that show texts as texts, labels and a schema for others."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mtdata.config.samples import write_samples
from mtdata.toolbox.codebook import Codebook, Variable, load_codebook
from mtdata.toolbox.codebook.document import page_of
from mtdata.toolbox.codebook.html_page import html_page
from mtdata.toolbox.codebook.label_files import dta, sav
from mtdata.toolbox.codebook.labels import SPSS, STATA, column_names
from mtdata.toolbox.codebook.markdown import markdown
from mtdata.toolbox.codebook.syntax import spss_syntax, stata_syntax
from mtdata.toolbox.codebook.table_schema import table_schema
from tests.toolbox.pools_made import MadePool

PREFERRED = "Prefer not to answer"
HOSTILE = (
    "<script>alert(1)</script>",
    "a | b\n| c |",
    "[x](javascript:alert(1)) ![y](http://z/)",
    "`code` **bold** _em_ ~~s~~ \\",
    "\x1b[31mred\x07\u2028next",
    "# head\r\n- list",
    "&lt;b&gt; \"quoted\" 'too' $HOME `x'",
    "Ängste 不安 🙂",
)


def book_of(texts: tuple[str, ...]) -> Codebook:
    return Codebook.model_validate(
        {
            "scale": "Odd",
            "title": texts[0],
            "citation": texts[1],
            "variables": {
                text: {
                    "wording": text,
                    "type": "choice",
                    "values": {"0": text, "1": "one"},
                    "note": text,
                }
                for text in texts
            },
            "sub_scales": {f"score {texts[0]}": {"items": list(texts), "title": texts[1]}},
        }
    )


class Seen(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [f"{tag} {name}" for name, _ in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def worded(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


_GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN_TAGS = set(
    "html head meta title style body h1 h2 dl dt dd div table thead tbody tr th td br".split()
)


def test_the_html_page_shows_hostile_texts_as_texts_and_fetches_nothing() -> None:
    page = html_page(page_of(book_of(HOSTILE)))
    seen = Seen(page)
    assert seen.tags <= OWN_TAGS
    assert seen.links == []
    assert "default-src 'none'" in page
    for text in HOSTILE:
        assert worded(text) in seen.texts


def test_the_markdown_page_shows_hostile_texts_as_texts() -> None:
    page = _GITHUB.render(markdown(page_of(book_of(HOSTILE))))
    seen = Seen(page)
    allowed = set("h1 h2 ul li strong p table thead tbody tr th td".split())
    assert seen.tags <= allowed
    text = "".join(seen.texts)
    for one in HOSTILE:
        assert worded(one) in text


def test_no_line_of_the_markdown_holds_a_control_character() -> None:
    text = markdown(page_of(book_of(HOSTILE)))
    assert all(line.isprintable() for line in text.splitlines())


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Codebook]:
    folder = tmp_path_factory.mktemp("config")
    write_samples(folder)
    files = (folder / "scales").glob("*.yaml")
    return {file.stem: load_codebook(file) for file in files}


# ---- SPSS and Stata


def read_back(tmp_path: Path, ending: str, content: bytes) -> Any:
    file = tmp_path / f"x{ending}"
    file.write_bytes(content)
    read = pyreadstat.read_sav if ending == ".sav" else pyreadstat.read_dta
    how = {"user_missing": True} if ending == ".sav" else {}
    return read(str(file), output_format="polars", **how)[1]


def test_spss_opens_the_labels(tmp_path: Path, shipped: dict[str, Codebook]) -> None:
    book = shipped["AUDIT"]
    read = read_back(tmp_path, ".sav", sav(book.variables, book.title))
    assert read.column_names == list(book.variables)
    assert read.column_names_to_labels["guilt"] == book.variables["guilt"].wording
    assert read.variable_value_labels["injured"] == {
        0: "No",
        2: "Yes, but not in the last year",
        4: "Yes, during the last year",
        555: "Prefer not to answer",
    }
    assert read.missing_ranges["injured"] == [{"lo": 555.0, "hi": 555.0}]
    assert read.variable_measure["injured"] == "ordinal"


def test_stata_opens_the_labels(tmp_path: Path, shipped: dict[str, Codebook]) -> None:
    book = shipped["OASIS"]
    read = read_back(tmp_path, ".dta", dta(book.variables, book.title))
    assert read.column_names == list(book.variables)
    assert read.variable_value_labels["avoid"][4] == "All the time"
    assert all(len(label.encode()) <= 80 for label in read.column_labels)


@pytest.mark.parametrize(("ending", "write"), [(".sav", sav), (".dta", dta)])
def test_hostile_names_and_texts_become_labels_that_open(
    ending: str, write: Any, tmp_path: Path
) -> None:
    texts = (*HOSTILE, "x" * 500, "ö" * 500, "1st", "with", "Name", "name", "", "a.b")
    book = book_of(tuple(dict.fromkeys(text or " " for text in texts if text != "Name")))
    read = read_back(tmp_path, ending, write(book.variables, "t" * 500))
    assert len(read.column_names) == len(book.variables)
    assert len({name.casefold() for name in read.column_names}) == len(book.variables)


ODD_CODES = {
    "words": Variable(
        type="choice",
        values={"yes": "Yes", "no": "", "a code of very many bytes": "Long"},
        no_answer=("refused to say",),
    ),
    "letters": Variable(type="choice", values={"f": "F", "m": "M"}, no_answer=("?",)),
    "halves": Variable(type="number", values={"0.5": "half", "1": "one"}, no_answer=("-1",)),
    "large": Variable(type="integer", values={"3000000000": "large"}),
    "flag": Variable(type="flag", wording="Is it?"),
}


def test_codes_of_every_sort_are_labelled_where_the_package_can(tmp_path: Path) -> None:
    spss = read_back(tmp_path, ".sav", sav(ODD_CODES))
    assert spss.variable_value_labels["words"]["a code of very many bytes"] == "Long"
    assert spss.variable_value_labels["halves"] == {0.5: "half", 1: "one", -1: PREFERRED}
    assert spss.variable_value_labels["large"] == {3e9: "large"}
    assert set(spss.missing_ranges) == {"letters", "halves"}
    stata = read_back(tmp_path, ".dta", dta(ODD_CODES))
    assert stata.variable_value_labels == {"halves": {-1: PREFERRED, 1: "one"}}


TEXTS = st.text(max_size=40)
VARIABLES = st.builds(
    Variable,
    wording=TEXTS,
    type=st.just("choice"),
    values=st.dictionaries(st.one_of(TEXTS, st.integers(-9, 9).map(str)), TEXTS, min_size=1),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(TEXTS, VARIABLES, min_size=1, max_size=4), TEXTS)
def test_whatever_texts_there_are_the_files_can_be_written_and_opened(
    variables: dict[str, Variable], title: str
) -> None:
    with TemporaryDirectory() as folder:
        for ending, write in ((".sav", sav), (".dta", dta)):
            read = read_back(Path(folder), ending, write(variables, title))
            assert len(read.column_names) == len(variables)


@pytest.mark.parametrize("package", [SPSS, STATA])
def test_names_are_told_apart_when_they_are_cut(package: Any) -> None:
    names = column_names([f"{'x' * 80}{n}" for n in range(12)] + ["with", "9", "é", "É"], package)
    assert len({name.casefold() for name in names.values()}) == 16
    assert all(len(name) <= package.longest_name for name in names.values())
    assert names["9"] == "v9"


def test_syntax_holds_each_text_within_its_quotes() -> None:
    book = book_of(HOSTILE)
    for line in spss_syntax(book.variables).splitlines():
        quoted = line.replace("''", "")
        assert quoted.count("'") % 2 == 0, line
    for line in stata_syntax(book.variables).splitlines():
        if '`"' in line:
            inside = line.split('`"', 1)[1].rsplit("\"'", 1)[0].replace('"\' 1 `"', " ")
            assert "`" not in inside
            assert "$" not in inside.replace("\\$", "")


def test_syntax_names_values_and_what_is_no_answer(shipped: dict[str, Codebook]) -> None:
    variables = shipped["PHQ4"].variables
    spss, stata = spss_syntax(variables), stata_syntax(variables)
    assert "VALUE LABELS worry\n  0 'Not at all'\n  1 'Several days'" in spss
    assert "MISSING VALUES worry (555)." in spss
    assert "replace worry = .a if worry == 555" in stata
    assert '.a `"Prefer not to answer"\', replace' in stata


# ---- Frictionless


TYPES = {"string", "integer", "number", "boolean", "array", "any"}
KEYS = {
    *("name", "type", "title", "description", "constraints", "categories"),
    *("missingValues", "trueValues", "falseValues"),
}
CONSTRAINTS = {"enum", "minimum", "maximum"}


def is_of(kind: str, value: object) -> bool:
    if kind == "integer":
        return type(value) is int
    if kind == "number":
        return type(value) in (int, float)
    return isinstance(value, str)


def assert_is_a_table_schema(schema: dict[str, Any]) -> None:
    """As the standard says: https://datapackage.org/standard/table-schema/ (version 2.0)."""
    assert schema["$schema"] == "https://datapackage.org/profiles/2.0/tableschema.json"
    assert schema.get("fieldsMatch", "exact") in ("exact", "partial")
    assert schema["missingValues"] == [""]
    names = [field["name"] for field in schema["fields"]]
    assert names
    assert len(names) == len(set(names))
    for field in schema["fields"]:
        assert set(field) <= KEYS
        assert field["type"] in TYPES
        assert all(isinstance(word, str) for word in field.get("missingValues", []))
        limits = field.get("constraints", {})
        assert set(limits) <= CONSTRAINTS
        assert all(is_of(field["type"], value) for value in limits.get("enum", []))
        ends = [limits[key] for key in ("minimum", "maximum") if key in limits]
        assert not ends or field["type"] in ("integer", "number")
        if "categories" in field:
            assert field["type"] in ("string", "integer")
            assert [one["value"] for one in field["categories"]] == limits["enum"]
            assert all(isinstance(one.get("label", ""), str) for one in field["categories"])


def test_each_shipped_codebook_is_a_table_schema(shipped: dict[str, Codebook]) -> None:
    for book in shipped.values():
        schema = table_schema(book)
        assert_is_a_table_schema(schema)
        assert {field["name"] for field in schema["fields"]} >= set(book.variables)


def test_the_schema_says_what_may_stand(shipped: dict[str, Codebook]) -> None:
    [injured] = [f for f in table_schema(shipped["AUDIT"])["fields"] if f["name"] == "injured"]
    assert injured["type"] == "integer"
    assert injured["constraints"] == {"enum": [0, 2, 4]}
    assert injured["categories"][0] == {"value": 0, "label": "No"}
    assert injured["missingValues"] == ["", "555"]


def test_the_schema_of_a_sheet_has_its_columns_in_their_order(shipped: dict[str, Codebook]) -> None:
    schema = table_schema(shipped["PHQ4"], ["Worry", "id", "stranger"])
    assert [(f["name"], f["type"]) for f in schema["fields"]] == [
        ("Worry", "integer"),
        ("id", "integer"),
        ("stranger", "string"),
    ]
    assert "fieldsMatch" not in schema


def test_every_sort_of_variable_has_a_type_of_the_standard() -> None:
    book = Codebook.model_validate(
        {
            "scale": "X",
            "variables": {
                "integer": {"type": "integer", "lowest": 0, "highest": 9, "unit": "kg"},
                "number": {"type": "number", "lowest": 0.5},
                "text": {"type": "text"},
                "words": {"type": "choice", "values": {"yes": "Yes", "no": ""}, "no_answer": "?"},
                "halves": {"type": "choice", "values": {"0.5": "half", "1": "whole"}},
                "multiple": {"type": "multiple"},
                "date": {"type": "date"},
                "flag": {"type": "flag"},
            },
        }
    )
    schema = table_schema(book)
    assert_is_a_table_schema(schema)
    by_name = {field["name"]: field for field in schema["fields"]}
    assert by_name["integer"]["constraints"] == {"minimum": 0, "maximum": 9}
    assert by_name["integer"]["description"] == "in kg"
    assert by_name["words"]["categories"] == [{"value": "yes", "label": "Yes"}, {"value": "no"}]
    assert by_name["halves"]["constraints"] == {"enum": [0.5, 1]}
    assert by_name["flag"]["trueValues"] == ["True", "true"]


# ---- the command


def test_out_writes_each_form_and_what_it_was_made_of(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    write_samples(pool.config)
    out = tmp_path / "labels"
    answered = pool.run("codebook", "--out", str(out), "phq4")
    assert (answered.code, answered.out, answered.said) == (0, "", "")
    endings = (".md", ".html", ".schema.json", ".sps", ".do", ".sav", ".dta", ".provenance.json")
    assert {file.name for file in out.iterdir()} == {f"PHQ4{ending}" for ending in endings}
    assert {file.stat().st_mode & 0o777 for file in out.iterdir()} == {0o600}
    told = json.loads((out / "PHQ4.provenance.json").read_text())
    assert set(told["files"]) == {f"PHQ4{ending}" for ending in endings[:-1]}
    assert told["codebook"]["file"] == "scales/PHQ4.yaml"
    assert_is_a_table_schema(json.loads((out / "PHQ4.schema.json").read_text()))


def test_out_without_a_scale_writes_all_of_them(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    assert pool.run("codebook", "--out", str(tmp_path / "none")).code == 78
    write_samples(pool.config)
    assert pool.run("codebook", "--out", str(tmp_path / "labels")).code == 0
    assert len(list((tmp_path / "labels").glob("*.html"))) == 8


def test_a_codebook_is_printed_as_markdown(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    write_samples(pool.config)
    answered = pool.run("codebook", "gad7")
    assert answered.out.startswith("# GAD7: Generalized Anxiety Disorder")
    assert "0 = Not at all; 1 = Several days" in answered.out
    shown = json.loads(pool.run("codebook", "gad7", "--json").out)
    assert shown["codebook"]["variables"]["nervous"]["values"]["3"] == "Nearly every day"
