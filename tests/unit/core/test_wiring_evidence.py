"""What speaks for a pair: one test for each row of the table of evidence."""

import pytest
from tests.support.builders import need

from runthrough.core.wiring.evidence import (
    agree,
    compare,
    contrast,
    place,
    together,
    told_apart,
)
from runthrough.core.wiring.words import side


def evidence(mine, theirs):
    return compare(side(mine), side(theirs))


def out(name, *files, **more):
    return need(name, "output", files=files, **more)


def test_equal_names_are_the_strongest_of_the_names():
    """Whatever the writing, and only the highest of the name evidence counts."""
    found = evidence(need("riskTables", aliases=("risk_tables",)), out("risk_tables"))
    assert (found.own, found.reasons, found.vouched) == (
        3000,
        ("equal names: riskTables",),
        True,
    )


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (need("rows", aliases=("orders",)), out("orders")),
        (need("orders"), out("rows", aliases=("orders",))),
    ],
)
def test_an_alias_of_either_side_is_nearly_as_strong(mine, theirs):
    """Contract names, and names that the code takes as well."""
    found = evidence(mine, theirs)
    assert (found.own, found.reasons, found.vouched) == (2500, ("also named orders",), True)


def test_the_same_strong_words_are_strong():
    """Role and weak words, order and plural weigh nothing."""
    found = evidence(need("model_spec_input"), out("processed_specs_models"))
    assert (found.own, found.reasons) == (2000, ("same words: model, spec",))


def test_similar_words_weigh_by_their_similarity():
    """Two thirds of 1.2 where one of two words is shared."""
    found = evidence(need("click_model"), out("model_dir"))
    assert (found.own, found.reasons) == (799, ("similar words: click model ~ model",))


def test_little_similarity_says_nothing():
    """One word shared of seven."""
    assert evidence(need("a1_b1_model"), out("d1_e1_model")).own == 399
    assert evidence(need("a1_b1_c1_model"), out("d1_e1_model")).own == 0


def test_common_words_alone_are_weak():
    """`data` fits nearly everything."""
    found = evidence(need("data_input"), out("processed_data"))
    assert (found.own, found.reasons) == (500, ("only common words: data",))
    assert evidence(need("train_data"), out("processed_data")).own == 0
    assert evidence(need("input_path"), out("output_path")).own == 0


def test_file_names_weigh_by_the_share_of_what_is_read():
    """1.0 for any, and as much again for all."""
    one = evidence(need("x1", files=("rows.csv", "spec.json")), out("y1", "rows.csv"))
    assert (one.own, one.reasons, one.vouched) == (1500, ("file names rows.csv",), True)
    both = evidence(need("x1", files=("rows.csv",)), out("y1", "rows.csv"))
    assert both.own == 2000


def test_many_file_names_are_told_in_short():
    """Three convince as well as ten."""
    names = tuple(f"rows_{letter}.csv" for letter in "abcde")
    found = evidence(need("x1", files=names), out("y1", *names))
    assert found.reasons == ("file names rows_a.csv, rows_b.csv, rows_c.csv and 2 more",)


def test_a_common_file_name_vouches_for_nothing():
    """It weighs the same, and yet names must not disagree."""
    found = evidence(need("x1", files=("config.json",)), out("y1", "config.json"))
    assert (found.own, found.vouched) == (2000, False)


def test_patterns_alone_are_weak():
    """`*.csv` in the same folder."""
    found = evidence(need("x1", files=("*.csv",)), out("y1", "rows.csv"))
    assert (found.own, found.reasons) == (500, ("patterns of file names match",))
    assert evidence(need("x1", files=("*.csv",)), out("y1", "a/rows.csv")).own == 0


def test_files_that_contradict_forbid_even_equal_names():
    """Nothing of what is read would be there."""
    found = evidence(need("rows", files=("rows.csv",)), out("rows", "model.pkl"))
    assert found.own == 2500
    assert found.contradicted
    assert found.doubts == ("no file that is read is written there",)


def test_files_alone_can_contradict():
    """Names that say nothing, and files that are not there."""
    found = evidence(need("x1", files=("rows.csv",)), out("y1", "model.pkl"))
    assert (found.own, found.reasons, found.contradicted) == (-500, (), True)
    assert found.doubts == ("no file that is read is written there",)
    assert not found.vouched


def test_a_common_layout_weighs_by_its_share():
    """At least two sub-folders that both sides have."""
    found = evidence(
        need("x1", files=("train/*.csv", "val/*.csv")), out("y1", "train/*.csv", "val/*.csv")
    )
    assert (found.own, found.vouched) == (500 + 1000, True)
    assert found.reasons[1] == "folders train, val"


def test_an_open_sub_folder_is_a_doubt():
    """Strong evidence, and yet a person must say which."""
    found = evidence(need("x1", files=("rows.csv",)), out("y1", "a/rows.csv", "b/rows.csv"))
    assert found.doubts == ("which sub-folder is open",)
    assert (found.subpath, found.choices) == (None, ("a", "b"))


def test_container_paths_that_end_alike_weigh_a_little():
    """The last part, without what every container has."""
    found = evidence(
        need("x1", container_path="/opt/ml/processing/input/model"),
        out("y1", container_path="/opt/ml/processing/model/"),
    )
    assert (found.own, found.reasons) == (700, ("container paths end alike: model",))


def test_a_producer_is_named_by_the_words_of_the_input():
    """Between edges only: 1.2 for all words, half of it for a single one."""
    click, buy = place("ClickModel", None), place("BuyModel", "buy_model_training")
    found = told_apart(side(need("click_rate_model")), click, (buy,))
    assert (found.own, found.reasons) == (400, ("ClickModel is named: click",))
    assert told_apart(side(need("click_input")), click, (buy,)).own == 600
    assert told_apart(side(need("click_input")), click, ()).own == 0
    assert told_apart(side(need("model_input")), click, (buy,)).own == 0
    assert told_apart(side(need("training_data")), buy, (click,)).own == 600


def test_a_description_that_names_the_producer_weighs():
    """Its node or its script, all words of the name; a single word is no name."""
    trainer = place("TrainModel", "fit_ranker")
    named = need("x1", description="What TrainModel has written.")
    found = told_apart(side(named), trainer, ())
    assert (found.own, found.reasons, found.vouched) == (
        1000,
        ("the description names TrainModel",),
        True,
    )
    by_script = need("x1", description="The output of fit_ranker.py")
    assert told_apart(side(by_script), trainer, ()).own == 1000
    assert told_apart(side(need("x1", description="a model")), trainer, ()).own == 0
    assert told_apart(side(need("x1", description="to train")), place("Train", None), ()).own == 0


def test_evidence_between_edges_is_added():
    """Weights, reasons and what vouches."""
    pair = evidence(need("click_model"), out("model_dir"))
    mine = side(need("click_model", description="see ClickTrain"))
    sum_of_both = together(pair, told_apart(mine, place("ClickTrain", None), ()))
    assert (sum_of_both.own, sum_of_both.vouched) == (1799, True)
    assert sum_of_both.reasons == (*pair.reasons, "the description names ClickTrain")


@pytest.mark.parametrize(
    ("mine", "theirs", "consumer", "producer", "expected"),
    [
        ("data_input", "processed_data", "Train", "Clean", True),
        ("raw_pos", "sales", "AggregateSales", "PosExport", True),
        ("crm", "crm_extract", "Train", "Any", True),
        ("crm_table", "crm", "Train", "Any", True),
        ("holidays", "calendar", "Join", "HolidayCalendar", True),
        ("data", "report", "Train", "Report", False),
        ("weather_history", "invoices", "Demand", "Billing", False),
        ("model", "train_log", "Serve", "Model", False),
        ("baseline_model", "model", "Evaluate", "Train", False),
    ],
)
def test_names_disagree_when_one_says_what_the_other_does_not(
    mine, theirs, consumer, producer, expected
):
    """Each strong word is said by the other side or its node; forms of data say nothing."""
    assert (
        agree(side(need(mine)), place(consumer, None), side(out(theirs)), place(producer, None))
        is expected
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "subpath", "expected"),
    [
        ("Use.test_rows", "Make.train_rows", None, "test, row is not train, row"),
        ("Use.training_rows", "Make.train_rows", None, None),
        ("Use.test_train_rows", "Make.train_rows", None, None),
        ("Use.test_rows", "Make.rows", None, None),
        ("Use.test_rows", "Make.rows", "train", "test, row is not row, train"),
        ("Use.test_rows", "Make.rows", "test", None),
        ("Use.baseline", "Make.rows", None, "only one side speaks of baseline"),
        ("Use.rows", "Make.old_rows", None, "only one side speaks of old"),
        ("Use.old_rows", "Make.old_rows", None, None),
        ("Use.baseline", "MakeBaseline.rows", None, None),
        ("UseCandidate.rows", "Make.candidate_rows", None, None),
    ],
)
def test_what_looks_alike_is_told_apart_by_words(mine, theirs, subpath, expected):
    """Two parts of one table, or a thing and its baseline: files cannot tell which is meant."""
    (consumer, name), (producer, output) = mine.split("."), theirs.split(".")
    ends = side(need(name)), place(consumer, None), side(out(output)), place(producer, None)
    assert contrast(*ends, subpath) == expected
