"""What is wrong with codebooks is told all at once: the file, the key, and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtdata.core.errors import ConfigError
from mtdata.toolbox.codebook import Codebook, Variable, json_schema, load_codebook
from tests.toolbox.pools_made import MadePool

GOOD = "scale: Mood\nvariables:\n  calm: {type: integer, lowest: 0, highest: 4}\n"


def faults_of(folder: Path, text: str, name: str = "Mood") -> list[str]:
    file = folder / f"{name}.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_codebook(file)
    assert caught.value.exit_code == 78
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


MANY = """
scale: Mood/
titel: x
variables:
  a: {type: choise, wording: [1]}
  b: {type: integer, values: {1: a, 1.0: b, x: c, 2: d, 2: e}, highest: nan}
  B:
  c: {reversed: maybe, no_answer: [5, 5]}
  d: {reversed: true}
sub_scales:
  s: {items: [a, a, zz], rule: summ, at_least: 9, timess: 2}
  a: {items: []}
  t: {items: d, at_least: 2, times: 0}
"""
TOLD = (
    "line 6: 2: a key is allowed once; found also in line 6",
    "scale: allowed: the scale's name as the site has it",
    "titel: no such key. Did you mean title? Allowed: scale, title",
    "variables.a.type: allowed: integer, number, text, choice, multiple, date or flag",
    "variables.a.wording: allowed: the question as people read it",
    "variables.b.highest: allowed: the greatest number that may stand",
    "variables.b.values: 1.0: it stands twice",
    "variables.b.values: x: it is no number, as the type wants",
    "variables.B: another differs by case alone",
    "variables.c.reversed: allowed: true where a high value means little, or false",
    "variables.c.no_answer: 5: it stands twice",
    "variables.d.reversed: wants the type integer, number or choice",
    "sub_scales.s.items: a: it stands twice",
    "sub_scales.s.items: zz: no such variable",
    "sub_scales.s.rule: allowed: sum, mean or prorated",
    "sub_scales.s.at_least: it is more than the 3 items that there are",
    "sub_scales.s.timess: no such key. Did you mean times?",
    "sub_scales.a: a variable has this name already",
    "sub_scales.a.items: allowed: names of variables, one or more",
    "sub_scales.t.at_least: it is more than the 1 items that there are",
    "sub_scales.t.times: 0 makes every score 0",
)


def test_every_fault_is_told_at_once_by_its_place(tmp_path: Path) -> None:
    found = faults_of(tmp_path, MANY)
    for told in TOLD:
        assert [line for line in found if line.startswith(told)], told
    assert len(found) == len(TOLD)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "keys such as scale and variables are allowed; found none"),
        ("- 1\n", "keys such as scale and variables are allowed; found none"),
        ("scale: Mood\n", "variables: it is missing; allowed: names of columns"),
        ("scale: Mood\nvariables: {}\n", "variables: there is none"),
        ("scale: Mood\nvariables: [a]\n", "variables: allowed: names of columns"),
        ("scale: Mood\nvariables: {a: 1}\n", "variables.a: allowed: keys such as wording, type"),
        (GOOD.replace("Mood", "Other"), "scale: Other: it must be the name of the file"),
        (f"{GOOD}sub_scales: {{x: 1}}\n", "sub_scales.x: allowed: keys such as items, rule"),
        (f"{GOOD}sub_scales: {{x: {{}}}}\n", "sub_scales.x.items: it is missing"),
        (GOOD.replace("highest: 4", "highest: -1"), "variables.calm.lowest: it is above highest"),
        (GOOD.replace("integer", "text"), "variables.calm.lowest, highest: are for numbers"),
        (
            "scale: Mood\nvariables: {a: {type: text}}\nsub_scales: {x: {items: a}}\n",
            "sub_scales.x.items: a: its type is no number",
        ),
        ("scale: Mood\nvariables: {a: {type: choice}}\n", "variables.a.values: a choice wants"),
        (
            "scale: Mood\nvariables: {a: {type: integer, values: {0.5: x}}}\n",
            "variables.a.values: 0.5: it is no whole number",
        ),
        ("scale: [\n", "line 2, column 1: not valid YAML"),
        ("scale: &a [*a]\nvariables: {x: }\n", "scale: allowed: the scale's name"),
    ],
)
def test_a_fault_says_what_is_allowed(text: str, told: str, tmp_path: Path) -> None:
    found = faults_of(tmp_path, text)
    assert any(line.startswith(told) for line in found), found


def test_a_hostile_name_is_shown_so_that_no_terminal_obeys_it(tmp_path: Path) -> None:
    text = 'scale: Mood\nvariables: {"\\e[31m\\r\\nx": {type: odd}}\n'
    [fault] = faults_of(tmp_path, text)
    assert fault.startswith(r"variables.'\x1b[31m\r\nx'.type: allowed: ")


def test_a_long_name_is_shown_short(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, f"scale: Mood\nvariables: {{{'x' * 5000}: 1}}\n")
    assert len(fault) < 200


def test_a_codebook_made_by_hand_in_python_is_held_to_the_same() -> None:
    with pytest.raises(ValueError, match="zz: no such variable"):
        Codebook.model_validate(
            {"scale": "X", "variables": {"a": {}}, "sub_scales": {"s": {"items": "zz"}}}
        )
    with pytest.raises(ValueError, match="wants the type"):
        Variable(reversed=True)


def test_a_flag_may_be_scored_and_a_text_has_no_bounds() -> None:
    book = Codebook.model_validate(
        {
            "scale": "X",
            "variables": {"a": {"type": "flag"}, "b": {"values": {"0": "no", "1": "yes"}}},
            "sub_scales": {"s": {"items": "a", "times": 3}},
        }
    )
    assert book.score_range("s") == (0, 3)
    assert book.variables["b"].bounds is None


def test_one_section_may_be_used_again(tmp_path: Path) -> None:
    file = tmp_path / "Mood.yaml"
    file.write_text(
        "scale: Mood\nvariables:\n  a: &item {type: choice, values: {0: no, 1: yes}}\n"
        "  b: {<<: *item, wording: B}\n  free:\n"
    )
    book = load_codebook(file)
    assert book.variables["b"].values == {"0": "no", "1": "yes"}
    assert book.variables["b"].wording == "B"
    assert book.variables["free"].type == "text"


class Home:
    """A config with codebooks."""

    def __init__(self, folder: Path) -> None:
        self.pool = MadePool(folder)
        self.scales = self.pool.config / "scales"
        self.scales.mkdir()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_faults_of_every_file_are_told_together(home: Home) -> None:
    (home.scales / "A.yaml").write_text("scale: A\nvariables: {x: {type: odd}}\n")
    (home.scales / "B.yaml").write_text("scale: B\nvariables: {x: {tipe: text}}\n")
    answered = home.pool.run("codebook")
    assert answered.code == 78
    assert "A.yaml: variables.x.type: allowed" in answered.said
    assert "B.yaml: variables.x.tipe: no such key. Did you mean type?" in answered.said


def test_two_files_for_one_scale_are_refused(home: Home) -> None:
    (home.scales / "Mood.yaml").write_text(GOOD)
    (home.scales / "mood.yaml").write_text(GOOD.replace("Mood", "mood"))
    for words in (("codebook",), ("codebook", "MOOD")):
        answered = home.pool.run(*words)
        assert answered.code == 78
        assert "by case alone" in answered.said


def test_one_codebook_is_shown_though_another_is_faulty(home: Home) -> None:
    (home.scales / "Mood.yaml").write_text(GOOD)
    (home.scales / "Other.yaml").write_text("scale: [")
    assert home.pool.run("codebook", "mood").code == 0


def test_a_missing_one_says_how_to_make_it(home: Home) -> None:
    (home.scales / "Mood.yaml").write_text(GOOD)
    answered = home.pool.run("codebook", "Moot")
    assert answered.code == 78
    assert "Did you mean Mood?" in answered.said
    assert "`mtdata codebook --draft Moot --out " in answered.said


@pytest.mark.parametrize("word", ["", " ", "../Mood", "a'; DROP TABLE x", "\x1b[31m"])
def test_a_word_that_names_no_scale_reaches_nothing(word: str, home: Home) -> None:
    (home.scales / "Mood.yaml").write_text(GOOD)
    answered = home.pool.run("codebook", word)
    assert answered.code in (64, 78)
    assert "--draft" not in answered.said
    assert "\x1b" not in answered.said


def test_check_tells_each_fault_and_the_file_that_is_not_read(home: Home) -> None:
    (home.scales / "A.yaml").write_text("scale: A\nvariables: {x: {type: odd, tipe: 1}}\n")
    (home.scales / "B.yml").write_text(GOOD)
    answered = home.pool.run("check", "--json")
    found = [f for f in json.loads(answered.out)["findings"] if f["what"] == "codebooks"]
    assert [(f["verdict"], f["exit"]) for f in found] == [("bad", 78), ("bad", 78), ("odd", 0)]
    assert "B.yml: not read; call it .yaml" in found[2]["told"]


def test_a_file_that_cannot_be_read_is_a_fault_of_its_own(home: Home) -> None:
    (home.scales / "A.yaml").mkdir()
    (home.scales / "B.yaml").write_bytes(b"scale: \xff")
    answered = home.pool.run("codebook")
    assert answered.code == 78
    assert "A.yaml: cannot be read" in answered.said
    assert "B.yaml: line 1: only UTF-8" in answered.said


def test_the_schema_is_one_for_editors() -> None:
    schema = json_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == set(Codebook.model_fields)
    assert schema["additionalProperties"] is False
    refused = schema["$defs"]["Variable"]["properties"]["no_answer"]
    assert {"type": ["string", "number", "boolean"]} in refused["anyOf"]
