"""Names compared and derived."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runthrough.core.names import (
    canonical,
    friendly_session_name,
    nearest,
    ranked,
    similarity,
    snake,
)

SUFFIXES = ("_training", "_calibration", "_registration")
ANY_TEXT = st.text(max_size=40)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("XGBoostTraining", "xgboost_training"),
        ("MyXGBoostHPO", "my_xgboost_hpo"),
        ("XGBoosting", "xg_boosting"),
        ("LightGBMModelEval", "lightgbm_model_eval"),
        ("PyTorchTraining", "pytorch_training"),
        ("TensorFlowServing", "tensorflow_serving"),
        ("MLFlowLogging", "mlflow_logging"),
        ("SageMakerPyTorch", "sagemaker_pytorch"),
        ("AutoMLOps", "automl_ops"),
        ("TabularPreprocessing", "tabular_preprocessing"),
        ("HTTPServer", "http_server"),
        ("parseHTTP", "parse_http"),
        ("ResNet50Training", "res_net50_training"),
        ("DataLoading_training", "data_loading_training"),
        ("Data_Loading", "data_loading"),
        ("tabular_preprocessing", "tabular_preprocessing"),
        ("_private__name_", "_private__name_"),
        ("tabular-preprocessing v2", "tabular_preprocessing_v2"),
        ("ModèleÉvaluation", "modèle_évaluation"),
        ("A", "a"),
        ("", ""),
    ],
)
def test_snake_splits_capitals_and_keeps_compounds_whole(name, expected):
    """Capitals begin words; acronyms, digits and compound words stay together."""
    assert snake(name) == expected


def test_snake_knows_compounds_of_the_user():
    """A user's own compound word is kept whole too."""
    assert snake("CatBoostTraining") == "cat_boost_training"
    assert snake("CatBoostTraining", ("CatBoost",)) == "catboost_training"


@given(ANY_TEXT)
@example("ΑΣ")
@example("İstanbul")
@example("ǅungla")
def test_snake_never_fails_and_changes_nothing_twice(name):
    """Snake case of any text exists, and is its own snake case."""
    assert snake(snake(name)) == snake(name)


@given(st.text(st.characters(max_codepoint=127), max_size=40))
@example("aBCdE1F_GHi2JK")
def test_snake_splits_the_same_beside_letters_of_other_alphabets(name):
    """The quick way for plain letters takes words apart as the way for all letters does."""
    assert snake(f"{name}_é") == snake(f"{name}_") + "é"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("TabularPreprocessing_training", "TabularPreprocessing"),
        ("TabularPreprocessing_Training", "TabularPreprocessing"),
        ("Model_training_calibration", "Model_training"),
        ("XGBoostTraining", "XGBoostTraining"),
        ("_training", "_training"),
        ("", ""),
    ],
)
def test_canonical_drops_one_job_type(node, expected):
    """One job type goes from the end of a name, never the whole name."""
    assert canonical(node, SUFFIXES) == expected


def test_canonical_and_snake_lead_from_the_node_to_the_stem():
    """The node that runs a script for one job leads to the script for all jobs."""
    assert snake(canonical("TabularPreprocessing_training", SUFFIXES)) == "tabular_preprocessing"


@given(ANY_TEXT, st.lists(st.text(max_size=8), max_size=4))
def test_canonical_yields_a_beginning_of_the_name(node, suffixes):
    """Whatever the suffixes, what is left begins the name and is empty only for no name."""
    left = canonical(node, suffixes)
    assert node.startswith(left)
    assert bool(left) == bool(node)


@given(ANY_TEXT, ANY_TEXT)
def test_similarity_is_symmetric_and_lies_between_0_and_1(a, b):
    """Similarity does not depend on who is asked, and is 1 for equal names."""
    assert similarity(a, b) == pytest.approx(similarity(b, a))
    assert 0.0 <= similarity(a, b) <= 1.0
    assert similarity(a, a) == 1.0


def test_the_same_words_in_another_order_are_near_but_not_equal():
    """`train_xgboost` is near `XGBoostTrain`, yet not the same name."""
    assert 0.9 < similarity("train_xgboost", "XGBoostTrain") < 1.0


def test_nearest_names_the_likely_meant_first():
    """A slip of the fingers is answered with the name that was meant."""
    assert nearest("inptu_path", ["output_path", "input_path", "zebra"])[0] == "input_path"
    assert nearest("DATA_INPUT", ["data_input"]) == ("data_input",)


def test_nearest_is_silent_where_nothing_is_near():
    """No name is proposed that has little in common with what was typed."""
    assert nearest("calibration", ["zebra", "gnu"]) == ()
    assert nearest("x", []) == ()


@given(ANY_TEXT, st.lists(st.text(max_size=12), max_size=12), st.integers(0, 5))
def test_nearest_does_not_depend_on_the_order_of_the_choices(name, choices, limit):
    """Reversed or repeated choices lead to the same answer, never longer than asked for."""
    found = nearest(name, choices, limit=limit)
    assert found == nearest(name, [*reversed(choices), *choices], limit=limit)
    assert len(found) <= limit
    assert set(found) <= set(choices)


def test_ranked_tells_the_score_of_each_choice():
    """Near names come with their similarity, ties in the order of the alphabet."""
    assert ranked("abcd", ["abce", "abcf", "abcd"], limit=3) == (
        ("abcd", 1.0),
        ("abce", 0.75),
        ("abcf", 0.75),
    )


def test_session_names_are_told_apart_and_stay_the_same():
    """A number always has the same two-word name, and 4,096 numbers have different ones."""
    names = [friendly_session_name(number) for number in range(4096)]
    assert len(set(names)) == 4096
    assert all(name.count("-") == 1 for name in names)
    assert friendly_session_name(4096 + 7) == names[7]


@given(st.integers())
def test_any_number_has_a_session_name(number):
    """Negative and huge numbers have names too."""
    assert friendly_session_name(number) == friendly_session_name(number)


def test_importing_the_names_does_not_load_the_matcher():
    """The fuzzy matcher is loaded on the first comparison only, as most commands need none."""
    code = "import sys, runthrough.core.names; print('rapidfuzz' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
