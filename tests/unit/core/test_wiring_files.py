"""What is read below an input against what is written below an output."""

import pytest
from tests.support.builders import need

from runthrough.core.wiring.files import Overlap, layout_share, meets, overlap, specific, telling
from runthrough.core.wiring.words import side


def between(reads, writes, name="rows"):
    return overlap(side(need(name, files=reads)), side(need("made", "output", files=writes)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("a.csv", "a.csv", True),
        ("a.csv", "b.csv", False),
        ("*.csv", "a.csv", True),
        ("*.csv", "*.json", False),
        ("part-*.csv", "*-0.csv", True),
        ("part-*.csv", "shard-*.csv", False),
        ("ab*", "*ba", True),
        ("a*c", "ab*bc", True),
        ("*ab", "a*", True),
        ("a/*.csv", "a/b/c.csv", False),
        ("*", "a/b", False),
        ("*/b", "a/*", True),
        ("**/x.csv", "x.csv", True),
        ("**/x.csv", "a/b/x.csv", True),
        ("a/**", "b/x.csv", False),
        ("rows_[0-9].csv", "rows_1.csv", True),
        ("rows_?.csv", "rows_1.csv", True),
        ("", "a", False),
        ("*" + "a" * 600, "a" * 600, False),
    ],
)
def test_patterns_meet_when_some_name_fits_both(a, b, expected):
    """`*` stands for a part of one name, `**` for folders; texts too long for a name fit none."""
    assert meets(a, b) is meets(b, a) is expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("train/rows.csv", True),
        ("model.tar.gz", True),
        ("*_model.pkl", True),
        ("*.csv", False),
        ("a1.csv", False),
        ("part-*.csv", False),
        ("data.csv", True),
        ("*", False),
        (".csv", False),
    ],
)
def test_which_file_names_say_something(file, expected):
    """Three letters at least, and beside a `*` more than that it is a part of something."""
    assert specific(file) is expected


def test_a_file_that_many_scripts_write_tells_little():
    """Its name vouches for no connection by itself."""
    assert telling("risk_tables.pkl")
    assert telling("churn_model.txt")
    assert not telling("config.json")
    assert not telling("out/model_metrics.json")


def test_specific_names_are_shared_by_the_share_that_is_read():
    """Names that the output writes beside them do not matter."""
    assert between(("train.csv", "val.csv"), ("train.csv", "x.csv", "y.csv")) == Overlap(
        shared=("train.csv",), share=500
    )


def test_a_written_pattern_meets_the_names_that_are_read():
    """Globs match both ways."""
    assert between(("val_scores.csv",), ("*_scores.csv",)).shared == ("val_scores.csv",)
    assert between(("*_scores.csv",), ("val_scores.csv",)).shared == ("*_scores.csv",)


def test_patterns_alone_are_told_apart_from_names():
    """Any CSV file is little evidence, and no contradiction."""
    assert between(("*.csv",), ("rows.csv",)) == Overlap(patterns=True)
    assert between(("rows.csv",), ("*.csv",)) == Overlap(patterns=True)


def test_names_that_never_meet_contradict():
    """Nothing that is read would be there."""
    assert between(("rows.csv",), ("model.pkl",)).contradicts
    assert between(("*.csv",), ("*.pkl",)).contradicts


def test_nothing_is_said_where_one_side_is_not_known():
    """External nodes and imported readers show no files."""
    assert between((), ("rows.csv",)) == between(("rows.csv",), ()) == Overlap()


def test_the_one_sub_folder_that_fits_is_set():
    """A right output with a missing subpath fails at run time."""
    assert between(("rows.csv",), ("train/rows.csv", "log.txt")) == Overlap(
        shared=("rows.csv",), share=1000, subpath="train"
    )
    assert between(("m/rows.csv",), ("run/m/rows.csv",)).subpath == "run"
    assert between(("*.csv",), ("train/rows.csv",)).subpath == "train"


def test_the_root_wins_where_it_holds_as_much():
    """No subpath is needed where all that is read lies at the root as well."""
    assert between(("rows.csv",), ("rows.csv", "old/rows.csv")) == Overlap(
        shared=("rows.csv",), share=1000
    )


def test_several_sub_folders_that_fit_are_choices():
    """Which one is meant, a person knows."""
    found = between(("rows.csv",), ("train/rows.csv", "test/rows.csv"))
    assert (found.open, found.choices, found.subpath) == (True, ("train", "test"), None)


def test_the_sub_folder_that_the_input_alone_speaks_of_is_meant():
    """By one of its words, or at the end of its container path; the others are told."""
    written = ("fit/rows.csv", "blend/rows.csv", "val/rows.csv")
    found = between(("rows.csv",), written, name="blend_rows")
    assert (found.subpath, found.instead_of) == ("blend", ("fit", "val"))
    found = between(("rows.csv",), written, name="validation_x")
    assert (found.subpath, found.instead_of) == ("val", ("fit", "blend"))
    reads = need("x1", files=("rows.csv",), container_path="/opt/ml/input/data/blend")
    found = overlap(side(reads), side(need("made", "output", files=written)))
    assert (found.subpath, found.instead_of) == ("blend", ("fit", "val"))


def test_of_two_sub_folders_that_the_input_speaks_of_none_is_meant():
    """They come first among the choices."""
    written = ("fit/rows.csv", "blend/rows.csv", "val/rows.csv")
    found = between(("rows.csv",), written, name="blend_val")
    assert (found.open, found.choices) == (True, ("blend", "val", "fit"))


def test_a_sub_folder_that_fits_more_names_than_the_root_is_open():
    """The root could be meant as well."""
    found = between(("*.csv", "meta.json"), ("log.csv", "run/rows.csv", "run/meta.json"))
    assert (found.open, found.choices) == (True, ("run",))


def test_an_unknown_sub_folder_is_open_without_choices():
    """Its name is known at run time only."""
    found = between(("rows.csv",), ("*/rows.csv",))
    assert (found.open, found.choices, found.subpath) == (True, (), None)


@pytest.mark.parametrize("folder", ["run_[0-9]", "run_?", "..", "a/../..", "a//b"])
def test_a_folder_without_a_plain_name_is_no_subpath(folder):
    """A pattern is no name, and a subpath stays inside the output."""
    found = between(("rows.csv",), (f"{folder}/rows.csv",))
    assert (found.open, found.choices, found.subpath) == (True, (), None)


def test_a_pattern_may_lie_below_any_folder():
    """`**` stands for folders, so that the root fits as well as any other."""
    assert between(("rows.csv",), ("**/rows.csv", "logs/run.txt")) == Overlap(
        shared=("rows.csv",), share=1000
    )
    assert between(("a/b/rows_*.csv",), ("b/rows_1.csv", "*/rows_2.csv")).contradicts


def test_a_pattern_of_folders_counts_for_the_folders_that_are_known():
    """`*/crop_*.png` lies below `train/` too."""
    written = ("*/crop_*.png", "train/train_list.csv", "val/val_list.csv")
    assert between(("train_list.csv", "crop_*.png"), written).subpath == "train"
    assert between(("crop_*.png",), written).choices == ("train", "val")


def test_the_input_may_name_its_sub_folder():
    """Of several that fit, the one whose name the input says in full, and no other."""
    written = ("train/rows.csv", "test/rows.csv")
    assert between(("rows.csv",), written, name="test_data").subpath == "test"
    assert between(("rows.csv",), written, name="train_test").open
    found = between(("rows.csv",), written, name="testing")
    assert (found.subpath, found.instead_of) == ("test", ("train",))


def test_a_layout_is_shared_from_two_folders_on():
    """One common folder is easily chance."""
    reads = side(need("a", files=("train/x", "val/x", "test/x", "*/y")))
    assert layout_share(reads, side(need("b", files=("train/z", "val/z")))) == (
        ("train", "val"),
        666,
    )
    assert layout_share(reads, side(need("b", files=("train/z",)))) == ((), 0)
    assert layout_share(side(need("c", files=("x",))), reads) == ((), 0)
