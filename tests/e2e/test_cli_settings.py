"""`config show`: every setting, where it came from, and what it overruled."""

import pytest
from tests.support.cli import begun
from tests.support.inside import Inside

from runthrough.settings import SETTING_NAMES


@pytest.fixture
def desk(tmp_path):
    """A folder without settings but the test's own variables."""
    return Inside(tmp_path)


def told(desk, *words, **environ):
    """Setting → its row."""
    view = desk.run("config", "show", "--json", *words, **environ).json
    return {row["name"]: row for row in view["settings"]}


def test_every_setting_is_told(desk):
    """Each with a value and what it came from."""
    rows = told(desk)
    assert tuple(rows) == SETTING_NAMES
    assert rows["jobs"] == {"name": "jobs", "value": 1, "origin": "default", "overrides": []}
    assert rows["actor"]["origin"] == "RUNTHROUGH_ACTOR"
    assert rows["workspace"]["value"] is None
    assert "_training" in rows["suffixes"]["value"]


def test_what_won_and_what_it_won_over_is_told(desk):
    """A flag over a variable over the file, in that order."""
    file = desk.file("runthrough.toml", "session = 'filed'\njobs = 2\n")
    rows = told(desk, "--session", "typed", RUNTHROUGH_SESSION="exported", RUNTHROUGH_JOBS="3")
    assert rows["session"] == {
        "name": "session",
        "value": "typed",
        "origin": "flag",
        "overrides": [
            {"origin": "RUNTHROUGH_SESSION", "value": "exported"},
            {"origin": str(file), "value": "filed"},
        ],
    }
    assert (rows["jobs"]["value"], rows["jobs"]["origin"]) == (3, "RUNTHROUGH_JOBS")
    assert rows["jobs"]["overrides"] == [{"origin": str(file), "value": 2}]
    screen = desk.run("config", "show", RUNTHROUGH_JOBS="3").out
    assert "instead of 2" in screen
    assert "settings file: runthrough.toml" in screen


def test_no_password_is_told(desk):
    """Neither of the database that won nor of one that lost; nor in another setting."""
    desk.file("runthrough.toml", "database_url = 'postgresql://bob:hunter2@host/name'\n")
    words = ("--database", "postgresql://ann:hunter2@host/name?password=hunter2")
    for json in ((), ("--json",)):
        done = desk.run("config", "show", *words, *json, RUNTHROUGH_RUNNER="dask://u:hunter2@h:1")
        assert "hunter2" not in done.out + done.err
        assert "postgresql://ann@host/name" in done.out


def test_it_makes_nothing(desk):
    """Neither a database nor an id of this machine."""
    before = desk.snapshot(".")
    assert told(desk, RUNTHROUGH_HOST="")["host"]["value"] is None
    assert desk.snapshot(".") == before


def test_a_misspelt_variable_is_told_with_the_nearest(desk):
    """`config show` lists each that sets nothing; the tests' own and ours are none."""
    view = desk.run(
        "config",
        "show",
        "--json",
        RUNTHROUGH_DATABSE_URL="x",
        RUNTHROUGH_QQQQ="x",
        RUNTHROUGH_DEBUG="",
        RUNTHROUGH_TEST_SCALE="1",
    ).json
    assert view["unknown"] == [
        {"variable": "RUNTHROUGH_DATABSE_URL", "nearest": ["RUNTHROUGH_DATABASE_URL"]},
        {"variable": "RUNTHROUGH_QQQQ", "nearest": []},
    ]


def test_every_command_warns_of_a_variable_that_is_nearly_ours(tmp_path):
    """On standard error, so that no result is disturbed; of far names nothing is said."""
    begun(tmp_path)
    desk = Inside(tmp_path)
    done = desk.run("status", "--json", RUNTHROUGH_JOSB="4", RUNTHROUGH_QQQQ="x")
    assert done.json["name"] == "demo"
    assert "RUNTHROUGH_JOSB is no setting" in done.err
    assert "RUNTHROUGH_JOBS" in done.err
    assert "QQQQ" not in done.err


def test_a_misspelt_setting_in_a_file_is_an_error(desk):
    """It names the file and the nearest setting."""
    desk.file("runthrough.toml", "databse_url = 'sqlite:///x.db'\n")
    done = desk.run("config", "show", code=2)
    assert "runthrough.toml" in done.err
    assert "'database_url'" in done.err
