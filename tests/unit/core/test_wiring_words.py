"""Names in words, and how alike they are."""

import pytest
from tests.support.builders import need

from runthrough.core.wiring.words import likeness, said, side, similarity, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("modelOutput", ("model", "output")),
        ("XGBoostTraining", ("xgboost", "training")),
        ("risk_tables", ("risk", "table")),
        ("feature-specs.v2", ("feature", "spec", "v2")),
        ("batches", ("batch",)),
        ("entries", ("entry",)),
        ("loss", ("loss",)),
        ("status", ("status",)),
        ("gas", ("gas",)),
        ("data_data", ("data",)),
        ("___", ()),
        ("", ()),
    ],
)
def test_a_name_is_split_into_words_without_plural(name, expected):
    """Snake and camel case, compounds whole, each word once."""
    assert words(name) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("model", "model", 1000),
        ("eval", "evaluation", 900),
        ("training", "train", 900),
        ("mdl", "model", 800),
        ("calibrated", "calibration", 600),
        ("in", "index", 0),
        ("score", "store", 0),
        ("order", "orbit", 0),
    ],
)
def test_words_are_alike_by_beginning_or_skeleton(a, b, expected):
    """A prefix of three letters counts nearly whole, a common stem of five letters less."""
    assert likeness(a, b) == likeness(b, a) == expected


def test_a_word_is_said_by_its_prefix_and_not_by_a_common_stem():
    """`calibrated` may be another thing than `calibration`."""
    assert said("feats", ("feats",))
    assert said("evaluation", ("model", "eval"))
    assert not said("calibrated", ("calibration",))
    assert not said("model", ())


def test_similarity_is_the_share_of_words_that_find_their_like():
    """Each word is used once, the most alike first."""
    assert similarity(("model",), ("model",)) == 1000
    assert similarity(("click", "model"), ("model",)) == 666
    assert similarity(("train", "training"), ("train",)) == 666
    assert similarity(("eval",), ("evaluation",)) == 900
    assert similarity(("a",), ()) == similarity((), ("a",)) == similarity(("ax",), ("by",)) == 0


def test_role_and_weak_words_are_no_strong_words():
    """They say which end it is, or fit nearly everything."""
    found = side(need("processed_model_input_path", aliases=("modelDir",)))
    assert (found.strong, found.weak, found.aliases) == (
        ("model",),
        ("processed",),
        ("model_dir",),
    )


def test_a_container_path_is_known_by_the_words_at_its_end():
    """What every container has says nothing."""
    assert side(need("x", container_path="/opt/ml/processing/input/model/")).place == ("model",)
    assert side(need("x", container_path="/opt/ml/processing/input")).place == ()
    assert side(need("x")).place == ()


def test_equal_needs_are_one_side():
    """What was compared before is found again by identity, whatever the level."""
    assert side(need("x", files=("./a.csv", "a.csv", ""))) is side(
        need("x", level="optional", files=("./a.csv", "a.csv", ""))
    )
    assert side(need("x", files=("./a.csv", "a.csv", "b/"))).files == ("a.csv", "b")


def test_a_text_too_long_for_a_name_is_cut():
    """Comparing hundreds of words with hundreds would take long and say nothing."""
    assert len(side(need("_".join(f"word{number}" for number in range(100)))).strong) == 16


def test_files_beyond_the_first_may_be_anything():
    """So that what was not compared contradicts nothing."""
    files = side(need("x", files=tuple(f"rows_{n}.csv" for n in range(100)))).files
    assert (len(files), files[63:]) == (65, ("rows_63.csv", "**"))
