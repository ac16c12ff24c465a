"""Paths as history keeps them."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.values.paths import Roots, below, folders, inside, record, shown, split

ROOTS = Roots({"pipeline": "/home/ann/churn", "workspace": "/home/ann/churn/", "session": "/s"})
PARTS = st.text("abc.", min_size=1, max_size=3).filter(lambda part: part not in {".", ".."})
BELOW = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("root", "relative", "expected"),
    [
        ("workspace", "a//b/./c", "workspace:a/b/c"),
        ("workspace", "", "workspace:."),
        ("pipeline", "../data", "pipeline:../data"),
        ("abs", "/a/../b", "abs:/b"),
    ],
)
def test_a_path_is_recorded_in_its_plain_form(root, relative, expected):
    """Detours are taken out, so that equal paths are equal texts."""
    assert record(root, relative) == expected


def test_only_the_first_colon_ends_the_root():
    """A name may hold a colon."""
    assert split("abs:/a:b") == ("abs", "/a:b")


def test_a_path_inside_another():
    """A sub-path is joined; without one the path stays."""
    assert below("workspace:a", "b/c") == "workspace:a/b/c"
    assert below("workspace:a", None) == "workspace:a"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("workspace:a/b", ("workspace:a/b", "workspace:a", "workspace:.")),
        ("workspace:.", ("workspace:.",)),
        ("pipeline:../x", ("pipeline:../x", "pipeline:..")),
        ("pipeline:../..", ("pipeline:../..",)),
        ("abs:/a/b", ("abs:/a/b", "abs:/a", "abs:/")),
    ],
)
def test_folders_lead_up_to_the_root(path, expected):
    """The path itself first, then each folder above it, and never outside what is known."""
    assert folders(path) == expected


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("workspace:a/b", "workspace:a", "b"),
        ("workspace:a", "workspace:a", ""),
        ("workspace:ab", "workspace:a", None),
        ("workspace:a/b", "workspace:.", "a/b"),
        ("workspace:../a", "workspace:.", None),
        ("workspace:..", "workspace:.", None),
        ("workspace:../a", "workspace:..", "a"),
        ("workspace:../../a", "workspace:..", None),
        ("workspace:..a", "workspace:.", "..a"),
        ("pipeline:a/b", "workspace:a", None),
        ("abs:/a/b", "abs:/", "a/b"),
        ("workspace:b", "workspace:a", None),
    ],
)
def test_what_leads_from_a_folder_to_a_path(path, folder, expected):
    """Nothing for equal paths, `None` for what lies elsewhere."""
    assert inside(path, folder) == expected


@given(folder=BELOW, rest=BELOW)
def test_inside_undoes_below(folder, rest):
    """What is joined below a folder is found inside it, and the folder among its folders."""
    there = record("workspace", folder)
    path = below(there, rest)
    assert inside(path, there) == posixpath.normpath(rest)
    assert there in folders(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("workspace:a/b", "a/b"),
        ("pipeline:a", "a"),
        ("abs:/a", "/a"),
        ("session:runs/x", "session:runs/x"),
        ("workspace2:a", "workspace2:a"),
    ],
)
def test_people_see_the_root_only_where_it_matters(path, expected):
    """Paths of the workspace and of the pipeline are shown as they were typed."""
    assert shown(path) == expected


@pytest.mark.parametrize(
    ("absolute", "expected"),
    [
        ("/home/ann/churn/a", "pipeline:a"),
        ("/home/ann/churn", "pipeline:."),
        ("/home/ann/churn2", "abs:/home/ann/churn2"),
        ("/s/runs/../x", "session:x"),
        ("/etc/x", "abs:/etc/x"),
    ],
)
def test_an_absolute_path_is_recorded_below_its_root(absolute, expected):
    """Of equal roots the first named wins; what lies nowhere is absolute."""
    assert ROOTS.record(absolute) == expected


def test_the_deepest_root_wins():
    """The session's own folder inside the workspace takes what lies in it."""
    roots = Roots({"workspace": "/w", "session": "/w/.runthrough/1", "top": "/"})
    assert roots.record("/w/.runthrough/1/runs") == "session:runs"
    assert roots.record("/w/.runthrough/2") == "workspace:.runthrough/2"
    assert roots.record("/x") == "top:x"


def test_a_recorded_path_is_located_on_this_host():
    """Root and rest are joined to an absolute path; `..` leads out of the root."""
    assert ROOTS.locate("pipeline:a/b") == "/home/ann/churn/a/b"
    assert ROOTS.locate("workspace:.") == "/home/ann/churn"
    assert ROOTS.locate("pipeline:../x") == "/home/ann/x"
    assert ROOTS.locate("abs:/etc") == "/etc"


def test_an_unknown_root_cannot_be_located():
    """A host that does not know a root says so."""
    with pytest.raises(KeyError):
        ROOTS.locate("workspace2:a")


@given(place=st.sampled_from(["/home/ann/churn", "/s", "/elsewhere"]), rest=BELOW)
def test_recording_and_locating_come_back(place, rest):
    """A path that is recorded and located again is the same path."""
    absolute = posixpath.normpath(f"{place}/{rest}")
    assert ROOTS.locate(ROOTS.record(absolute)) == absolute
