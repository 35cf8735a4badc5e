"""A draft holds codes and what many gave, never what one person wrote; and what codebooks lack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtdata.config.samples import write_samples
from mtdata.toolbox.codebook import Codebook, load_codebook
from tests.toolbox.pools_made import MadePool

SECRET = "my name is Ada Example"
COLUMNS = (
    *("id", "participantRSA", "session", "calm", "refused", "country", "town", "why", "nickname"),
    *("phone", "year", "sure", "devices", "at", "gone", "comma", "vas"),
)
COUNTRIES, TOWNS = ("Canada", "Chile", "China"), ("Lima", "Oslo")


def row(number: int) -> list[str]:
    person = str(100 + number)
    return [
        *(str(number), person, "PRE"),
        str(number % 5),
        "555" if number % 7 == 0 else str(number % 3),
        COUNTRIES[number % 3],
        TOWNS[number % 2] if number else "Tinyville",
        f"{SECRET}, person {number}",
        "Ada" if number % 2 else "Bob\nthe second",
        f"555{number:07}",
        "1950" if number == 0 else str(1980 + number % 2),
        str(number % 2 == 0),
        '["Phone","Tablet"]',
        "Mon, 12 Mar 2018 15:45:05 -0500",
        "",
        "3,5" if number == 1 else str(number),
        "17.5" if number % 2 else "80",
    ]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> MadePool:
    pool = MadePool(tmp_path_factory.mktemp("draft"))
    rows = [row(number) for number in range(30)]
    pool.sheet("Mood", [COLUMNS, *rows[:15]])
    pool.sheet("Mood", [COLUMNS, *rows[15:]], day="2026-03-13")
    return pool


@pytest.fixture(scope="module")
def text(pool: MadePool) -> str:
    answered = pool.run("codebook", "--draft", "mood")
    assert answered.code == 0
    return answered.out


@pytest.fixture(scope="module")
def draft(text: str, tmp_path_factory: pytest.TempPathFactory) -> Codebook:
    file = tmp_path_factory.mktemp("scales") / "Mood.yaml"
    file.write_text(text)
    return load_codebook(file)


def test_a_draft_loads_and_leaves_out_what_every_scale_has(draft: Codebook) -> None:
    assert draft.scale == "Mood"
    assert set(draft.variables) == set(COLUMNS) - {"id", "participantRSA", "session"}


def test_types_are_guessed(draft: Codebook) -> None:
    kinds = {name: variable.type for name, variable in draft.variables.items()}
    assert kinds == {
        **dict.fromkeys(("calm", "refused", "country"), "choice"),
        **dict.fromkeys(("town", "why", "nickname", "gone", "comma"), "text"),
        "phone": "integer",
        "year": "integer",
        "sure": "flag",
        "vas": "number",
        "devices": "multiple",
        "at": "date",
    }


def test_codes_are_values_and_555_is_no_answer(draft: Codebook) -> None:
    assert list(draft.variables["calm"].values) == ["0", "1", "2", "3", "4"]
    assert list(draft.variables["refused"].values) == ["0", "1", "2"]
    assert draft.variables["refused"].no_answer == ("555",)


def test_what_many_participants_gave_is_shown_and_what_few_gave_is_not(draft: Codebook) -> None:
    assert tuple(draft.variables["country"].values) == COUNTRIES
    assert tuple(draft.variables["town"].values) == TOWNS
    assert "1 more" in draft.variables["town"].note
    year = draft.variables["year"]
    assert (year.lowest, year.highest) == (1980, 1981)
    assert (draft.variables["vas"].lowest, draft.variables["vas"].highest) == (17.5, 80)


def test_a_draft_holds_no_answer_of_one_person(text: str) -> None:
    for hidden in (SECRET, "Ada", "Bob", "Tinyville", "1950", "555000", "3,5", "Phone", "2018"):
        assert hidden not in text


def test_nothing_of_a_small_pool_but_codes_is_shown(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    pool.sheet("Mood", [COLUMNS, *[row(number) for number in range(4)]])
    text = pool.run("codebook", "--draft", "Mood").out
    assert not any(word in text for word in (*COUNTRIES, *TOWNS, "1980", "17.5"))
    assert "'3': ''" in text


def test_without_a_participant_no_text_is_shown(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    pool.sheet("Mood", [["id", "word"], *[[str(n), "same"] for n in range(20)]])
    text = pool.run("codebook", "--draft", "Mood").out
    assert "word:" in text
    assert "same" not in text


def test_one_participant_who_says_a_thing_often_is_one(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    written = ("7", "7.0", "07", " 7", "7.00", "7e0")  # one person all the same
    rows = [[str(n), written[n % 6], "often said"] for n in range(20)]
    pool.sheet("Mood", [["id", "participant", "word"], *rows])
    assert "often said" not in pool.run("codebook", "--draft", "Mood").out


def test_hostile_names_of_columns_make_a_draft_that_loads(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    names = ['a"; DROP TABLE x; --', "*a", "&b", "yes", "null", "a: b", "tab\there", "", "ö🙂"]
    names += ["1", "cell", "column_name"]
    pool.sheet("Mood", [["id", *names], ["1", *["2"] * len(names)]])
    answered = pool.run("codebook", "--draft", "Mood", "--out", str(tmp_path / "scales"))
    assert answered.code == 0
    book = load_codebook(tmp_path / "scales" / "Mood.yaml")
    assert len(book.variables) == len(names)
    assert set(names) - {""} < set(book.variables)


def test_a_draft_is_never_put_over_a_codebook(pool: MadePool, tmp_path: Path) -> None:
    (tmp_path / "MOOD.yaml").write_text("mine")
    answered = pool.run("codebook", "--draft", "Mood", "--out", str(tmp_path))
    assert answered.code == 64
    assert "is there already" in answered.said
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]


def test_a_scale_without_a_sheet_has_no_draft(pool: MadePool) -> None:
    answered = pool.run("codebook", "--draft", "Mod")
    assert answered.code == 64
    assert "Did you mean Mood?" in answered.said
    assert pool.run("codebook", "--draft").code == 64


# ---- what the codebooks cover


def test_the_table_tells_what_codebooks_and_pool_lack_of_each_other(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    write_samples(pool.config)
    header = ["id", "session", "nervous", "Worry", "pleasure", "interest"]
    pool.sheet("PHQ4", [header, ["1", "PRE", "0", "1", "2", ""]])
    pool.sheet("PHQ4", [["id", "new"], ["2", "x"]], day="2026-03-14")
    pool.sheet("Mood", [["id"], ["1"]])
    found = {
        one["scale"]: one for one in json.loads(pool.run("codebook", "--json").out)["codebooks"]
    }
    assert found["PHQ4"]["columns_without_variable"] == ["interest", "new"]
    assert found["PHQ4"]["variables_without_column"] == ["depressed"]
    assert found["Mood"]["variables"] is None
    assert not found["AUDIT"]["in_pool"]
    shown = pool.run("codebook").out
    assert "no codebook: mtdata codebook --draft Mood" in shown
    assert "no variable for the columns interest, new" in shown
    assert "no column for the variables depressed" in shown


def test_codebooks_are_listed_before_there_is_a_pool(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    write_samples(pool.config)
    (pool.path / "active_data").rmdir()
    pool.path.rmdir()
    assert "DASS21_AS" in pool.run("codebook").out
    assert pool.run("codebook", "--server", "study").code == 64
