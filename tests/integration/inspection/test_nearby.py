"""Which files a person may be offered, found within a budget."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.inspection.nearby import files_below


@pytest.fixture
def folder(tmp_path):
    """Files in folders, and what is no data of a person's."""
    for name in (
        "b.csv",
        "a.csv",
        "data/deep/c.csv",
        ".hidden/d.csv",
        ".runthrough/run/e.csv",
        "node_modules/f.csv",
        "env/lib/g.csv",
        "env/pyvenv.cfg",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def names(found, folder):
    return [os.path.relpath(path, folder) for path in found]


def test_upper_files_come_first_and_what_is_hidden_is_left_out(folder):
    """Neither hidden folders nor virtual environments are gone into."""
    found = files_below([str(folder)], at_most=100)
    assert names(found, folder) == ["a.csv", "b.csv", "data/deep/c.csv"]


def test_a_folder_inside_another_is_gone_through_once(folder):
    """The roots of a session lie in one another more often than not."""
    found = files_below([str(folder), str(folder / "data")], at_most=100)
    assert sorted(names(found, folder)) == ["a.csv", "b.csv", "data/deep/c.csv"]


def test_what_cannot_be_read_is_passed_over(folder):
    """A folder that is not there, or a file in its place, offers nothing."""
    assert files_below([str(folder / "none"), str(folder / "a.csv")], at_most=100) == ()


def test_a_link_to_itself_hides_nothing_beside_it(folder):
    """One link that cannot be followed costs neither its folder's files nor those below."""
    (folder / "aloop").symlink_to("aloop")
    found = files_below([str(folder)], at_most=100)
    assert names(found, folder) == ["a.csv", "b.csv", "data/deep/c.csv"]


def test_a_link_that_leads_round_ends(folder):
    """Links to folders are not followed; links to files are files."""
    (folder / "data/round").symlink_to(folder)
    (folder / "data/linked.csv").symlink_to(folder / "a.csv")
    found = names(files_below([str(folder)], at_most=100), folder)
    assert found == ["a.csv", "b.csv", "data/linked.csv", "data/deep/c.csv"]


def test_the_database_is_not_offered(folder):
    """No script reads the log of all sessions."""
    log = folder / "log.db"
    log.write_text("x")
    inspector = LocalInspector(probe=lambda _: None, log=log)
    found = inspector.nearby([str(folder)], at_most=100)
    assert names(found, folder) == ["a.csv", "b.csv", "data/deep/c.csv"]


@settings(max_examples=20)
@given(at_most=st.integers(min_value=0, max_value=30))
def test_no_more_names_are_looked_at_than_there_is_a_budget_for(tmp_path_factory, at_most):
    """Law: a larger budget finds all that a smaller one finds in number, and never beyond it."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(20):
        (folder / f"f{number:02}").write_text("")
    found = files_below([str(folder)], at_most=at_most)
    assert len(found) == min(at_most, 20)
