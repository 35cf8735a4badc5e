"""`wide` has a line for each participant and a column for each item and session; and pseudonyms."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyreadstat
import pytest

from mtdata.toolbox.pseudonym import KEY_NAME, pseudonym, pseudonym_key
from tests.toolbox.codebooks import write_codebook
from tests.toolbox.pools_made import MadePool

HEADER = ("calm", "date", "id", "participant", "session", "tag", "tense")
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def pool(tmp_path: Path) -> MadePool:
    return MadePool(tmp_path)


def row(number: int, who: str, session: str, tag: str = "", calm: str = "1") -> tuple[str, ...]:
    date = f"Thu, {number:02} Mar 2018 10:00:00 -0500"
    return (calm, date, str(number), who, session, tag, "2")


def result(pool: MadePool, ending: str = "csv") -> Path:
    (file,) = (pool.path / "processed_data" / "Mood").glob(f"Mood_wide_*.{ending}")
    return file


def lines(pool: MadePool) -> list[dict[str, str]]:
    with result(pool).open(newline="") as file:
        return list(csv.DictReader(file))


def test_sessions_stand_in_the_order_in_which_they_began(pool: MadePool) -> None:
    rows = [row(1, "17", "PRE"), row(2, "18", "PRE"), row(9, "18", "AFTER"), row(5, "17", "MID")]
    pool.sheet("Mood", [HEADER, *rows])
    assert pool.run("LongToWide", "Mood").code == 0
    first, second = lines(pool)
    assert list(first) == [
        "participant",
        "calm_PRE", "tense_PRE", "calm_MID", "tense_MID", "calm_AFTER", "tense_AFTER",
    ]  # fmt: skip
    assert (first["participant"], first["tense_MID"], first["tense_AFTER"]) == ("17", "2", "")
    assert (second["participant"], second["tense_MID"], second["tense_AFTER"]) == ("18", "", "2")


def test_tags_tell_the_same_session_apart_and_stand_only_where_they_do(pool: MadePool) -> None:
    rows = [row(1, "17", "PRE", "a"), row(2, "17", "PRE", "b"), row(3, "17", "POST", "a")]
    pool.sheet("Mood", [HEADER, *rows])
    pool.run("wide", "Mood")
    assert [name for name in lines(pool)[0] if name.startswith("calm")] == [
        "calm_PRE_a", "calm_PRE_b", "calm_POST",
    ]  # fmt: skip


def test_of_duplicates_the_first_stands_or_all_is_refused(pool: MadePool) -> None:
    pool.sheet("Mood", [HEADER, row(3, "17", "PRE", calm="late"), row(2, "17.0", "PRE")])
    assert pool.run("wide", "Mood", "--refuse-duplicates").code == 65
    assert not list((pool.path / "processed_data").rglob("*.csv"))
    assert pool.run("wide", "Mood").code == 0
    assert [(one["participant"], one["calm_PRE"]) for one in lines(pool)] == [("17", "1")]


def test_hostile_sessions_and_columns_are_only_names(pool: MadePool) -> None:
    session = "x' OR '1'='1\"; DROP TABLE kept; --"
    pool.sheet("Mood", [(*HEADER[:-1], 'a"b'), row(1, "17", session), row(2, "17", "PRE")])
    assert pool.run("wide", "Mood", "--format", "csv,sav,dta,parquet").code == 0
    assert lines(pool)[0][f'a"b_{session}'] == "2"


def test_a_scale_without_sessions_is_none_for_it(pool: MadePool) -> None:
    pool.sheet("Log", [("id", "text"), ("1", "a")])
    answered = pool.run("wide", "Log")
    assert answered.code == 65
    pool.sheet("Mood", [HEADER, row(1, "17", "PRE")])
    answered = pool.run("-v", "wide", "all")
    assert answered.code == 0
    assert "Log" in answered.out


def test_a_session_that_is_none_makes_no_ten_thousand_columns(pool: MadePool) -> None:
    pool.sheet("Mood", [HEADER, *(row(1, str(n), f"session {n}") for n in range(5_001))])
    answered = pool.run("wide", "Mood")
    assert answered.code == 65
    assert "are these sessions?" in answered.said


def test_codes_have_labels_in_spss_and_no_answer_is_missing_there(pool: MadePool) -> None:
    write_codebook(pool.config)
    pool.sheet("Mood", [HEADER, row(1, "17", "PRE", calm="3"), row(2, "18", "PRE", calm="555")])
    assert pool.run("wide", "Mood", "--format", "sav").code == 0
    how = {"output_format": "polars", "user_missing": True}
    frame, told = pyreadstat.read_sav(result(pool, "sav"), **how)
    assert frame["calm_PRE"].to_list() == [3.0, 555.0]
    assert told.variable_value_labels["calm_PRE"][3.0] == "very 'much'"
    assert told.missing_ranges["calm_PRE"] == [{"lo": 555.0, "hi": 555.0}]
    assert told.column_names_to_labels["calm_PRE"] == "How calm, really? (PRE)"


def test_a_pseudonym_needs_a_key_that_is_hard_to_guess(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_codebook(pool.config)
    pool.sheet("Mood", [HEADER, row(1, "17", "PRE")])
    for key in ("", "short-key"):
        monkeypatch.setenv(KEY_NAME, key)
        answered = pool.run("wide", "Mood", "--pseudonyms")
        assert answered.code == 78
        assert "openssl rand" in answered.said
        assert "short-key" not in answered.said


def test_pseudonyms_are_the_same_for_the_same_key_and_the_key_stands_nowhere(
    pool: MadePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_codebook(pool.config)
    pool.sheet("Mood", [HEADER, row(1, "17", "PRE"), row(2, "17.0", "POST")])
    pool.sheet("Free", [(*HEADER, "mail"), (*row(1, "17", "PRE"), "me@example.org")])
    monkeypatch.setenv(KEY_NAME, KEY)
    assert pool.run("wide", "Mood", "--pseudonyms").code == 0
    assert [one["participant"] for one in lines(pool)] == [pseudonym(KEY.encode(), "17")]
    (side,) = pool.path.glob("processed_data/Mood/*.provenance.json")
    told = json.loads(side.read_text())
    assert (told["sheets"], told["sheets_sha256"]) == ([], None), "a guess could be proven by them"
    answered = pool.run("wide", "Free", "--pseudonyms")  # who could tell that `mail` is a name?
    assert answered.code == 78
    written = [one.read_bytes() for one in (pool.path / "processed_data").rglob("*.*")]
    assert KEY.encode() not in b"".join(written)
    assert b"HMAC-SHA-256" in b"".join(written)


def test_a_pseudonym_is_that_of_the_standard() -> None:
    key = pseudonym_key({KEY_NAME: f" {'k' * 16}\n"})
    assert key == b"k" * 16
    # printf %s 17 | openssl dgst -sha256 -mac HMAC -macopt key:kkkkkkkkkkkkkkkk
    assert pseudonym(key, "17") == "9e3bc4929f05baeab091fe9249b3721b"
