"""The definitions that come with the program: they load, are sourced, and score as published."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtdata.config.samples import samples_folder, write_samples
from mtdata.demo.study.rows import DASS, LIFE, READ_EVENTS
from mtdata.toolbox.codebook import Codebook, load_codebook
from tests.toolbox.pools_made import MadePool

SHIPPED = sorted(
    file.name.partition(".")[0] for file in (samples_folder() / "scales").glob("*.yaml.sample")
)
TOTALS = {
    ("DASS21_AS", "anxiety"): (0, 42),
    ("DASS21_DS", "depression"): (0, 42),
    ("PHQ4", "total"): (0, 12),
    ("PHQ4", "anxiety"): (0, 6),
    ("GAD7", "total"): (0, 21),
    ("AUDIT", "total"): (0, 40),
    ("AUDIT", "consumption"): (0, 12),
    ("OASIS", "total"): (0, 20),
    ("QOL", "total"): (0, 96),
    ("BBSIQ", "threat"): (0, 4),
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Codebook]:
    folder = tmp_path_factory.mktemp("config")
    write_samples(folder)
    return {name: load_codebook(folder / "scales" / f"{name}.yaml") for name in SHIPPED}


def test_the_scales_of_the_demo_have_one_each(shipped: dict[str, Codebook]) -> None:
    assert set(SHIPPED) >= {scale for scale, _ in TOTALS}


@pytest.mark.parametrize("scale", SHIPPED)
def test_each_says_who_made_it_and_what_is_not_sure(
    scale: str, shipped: dict[str, Codebook]
) -> None:
    book = shipped[scale]
    assert book.scale == scale
    assert "https://doi.org/10." in book.citation
    assert book.source
    assert book.unsure
    assert book.sub_scales
    assert all(variable.wording for variable in book.variables.values())


@pytest.mark.parametrize("scale", SHIPPED)
def test_what_was_preferred_not_to_be_answered_is_no_answer_in_each(
    scale: str, shipped: dict[str, Codebook]
) -> None:
    for variable in shipped[scale].variables.values():
        assert variable.no_answer == ("555",)
        assert variable.bounds is not None
        assert variable.bounds[1] < 555


@pytest.mark.parametrize(("scale", "score"), TOTALS)
def test_scores_reach_from_end_to_end_as_published(
    scale: str, score: str, shipped: dict[str, Codebook]
) -> None:
    assert shipped[scale].score_range(score) == TOTALS[scale, score]


def test_the_columns_are_those_of_the_demo(shipped: dict[str, Codebook]) -> None:
    assert set(shipped["DASS21_AS"].variables) == set(DASS.split())
    assert set(shipped["QOL"].variables) == set(LIFE.split())
    assert set(shipped["BBSIQ"].variables) == set(READ_EVENTS.split())


def test_half_a_dass_is_seven_items_times_two(shipped: dict[str, Codebook]) -> None:
    for scale in ("DASS21_AS", "DASS21_DS"):
        [score] = shipped[scale].sub_scales.values()
        assert (len(score.items), score.times, score.least) == (7, 2, 6)


def test_init_lays_them_out_once_and_leaves_what_is_there(tmp_path: Path) -> None:
    made = write_samples(tmp_path)
    mine = tmp_path / "scales" / "QOL.yaml"
    assert mine in made
    mine.write_text("mine")
    assert write_samples(tmp_path) == []
    assert mine.read_text() == "mine"


def test_check_finds_them_good(tmp_path: Path) -> None:
    pool = MadePool(tmp_path)
    write_samples(pool.config)
    answered = pool.run("check")
    assert f"{len(SHIPPED)} good: AUDIT" in answered.out.replace("\n", " ")
