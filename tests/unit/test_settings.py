"""Settings: where they come from, which one wins, and what is refused."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from runthrough.errors import SettingError
from runthrough.settings import SETTING_NAMES, host_id, load_settings


@pytest.fixture
def load(tmp_path):
    def load(environ=None, flags=None, cwd=None):
        return load_settings(
            cwd or tmp_path, environ or {}, flags, data_folder=tmp_path / "user-data"
        )

    return load


def test_without_anything_said_the_defaults_hold(load, tmp_path):
    """One job in a child process, a database in the user's data folder, the system's user."""
    settings = load({"LOGNAME": "ann"})
    assert settings.database_url == f"sqlite:///{tmp_path}/user-data/runthrough.db"
    assert settings.actor == f"ann@{socket.gethostname()}"
    assert settings.actor_source == "system"
    assert (settings.session, settings.host, settings.workspaces) == (None, None, ())
    assert (settings.runner, settings.jobs, settings.log_level) == ("process:", 1, "warning")
    assert settings.data_folder == tmp_path / "user-data"
    assert set(settings.origins.values()) == {"default"}


def test_the_data_folder_is_the_users_own(tmp_path):
    """Without a data folder the platform's own for this user and program is taken."""
    settings = load_settings(tmp_path, {})
    assert settings.data_folder.is_absolute()
    assert settings.data_folder.name == "runthrough"


def test_a_flag_wins_over_a_variable_over_a_file_over_the_default(load, tmp_path):
    """Of several places that set the same thing the one nearest to the person wins."""
    file = tmp_path / "runthrough.toml"
    assert load().jobs == 1
    file.write_text("jobs = 2")
    assert load().jobs == 2
    assert load().origins["jobs"] == str(file)
    environ = {"RUNTHROUGH_JOBS": "3"}
    assert load(environ).jobs == 3
    assert load(environ).origins["jobs"] == "RUNTHROUGH_JOBS"
    assert load(environ, {"jobs": 4}).jobs == 4
    assert load(environ, {"jobs": 4}).origins["jobs"] == "flag"


def test_every_setting_can_be_said_everywhere(load, tmp_path):
    """Each setting is taken from a file, from a variable and from a flag."""
    said = {
        "database_url": "postgresql://host/name",
        "actor": "bob",
        "session": "quiet-heron",
        "runner": "process:",
        "jobs": 7,
        "keep_runs": 9,
        "workspace": "/w",
        "suffixes": "_daily",
        "compounds": "CatBoost",
        "packages": "steps",
        "preload": "pandas",
        "registry": "A=/s/a.py",
        "log_level": "debug",
        "host": "ws-1",
    }
    assert set(said) == set(SETTING_NAMES)
    variables = {f"RUNTHROUGH_{name.upper()}": str(value) for name, value in said.items()}
    by_variable, by_flag = load(variables), load(flags=said)
    lines = [f"{name} = {value!r}" for name, value in said.items()]
    (tmp_path / "runthrough.toml").write_text("\n".join(lines))
    for settings in (load(), by_variable, by_flag):
        assert settings.database_url == said["database_url"]
        assert (settings.suffixes, settings.compounds) == (("_daily",), ("CatBoost",))
        assert settings.preload == ("pandas",)
        assert (settings.packages, settings.registry) == (("steps",), {"A": "/s/a.py"})
        assert settings.workspaces == ("/w",)
        told = {name: getattr(settings, name) for name in ("actor", "session", "runner", "jobs")}
        assert told == {name: said[name] for name in told}
        assert (settings.log_level, settings.host) == ("debug", "ws-1")
        assert "default" not in settings.origins.values()


def test_what_is_not_given_sets_nothing(load):
    """A flag that was not given and an empty variable leave the setting alone."""
    settings = load({"RUNTHROUGH_JOBS": "", "RUNTHROUGH_ACTOR": ""}, {"jobs": None})
    assert settings.jobs == 1
    assert settings.actor_source == "system"


def test_only_the_given_variables_are_read(load, monkeypatch):
    """What the process has in its own environment does not matter."""
    monkeypatch.setenv("RUNTHROUGH_JOBS", "9")
    assert load({}).jobs == 1


def test_the_nearest_file_above_holds(load, tmp_path):
    """The search walks up from the current folder and ends at the first file."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "runthrough.toml").write_text("jobs = 2\nlog_level = 'info'")
    assert load(cwd=deep).jobs == 2
    (tmp_path / "a" / "runthrough.toml").write_text("jobs = 3")
    assert load(cwd=deep).jobs == 3
    assert load(cwd=deep).log_level == "warning"


def test_a_project_file_with_our_table_holds(load, tmp_path):
    """The table `tool.runthrough` counts; in one folder the file of our own wins."""
    project = tmp_path / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n[tool.runthrough]\njobs = 5\n")
    assert load().jobs == 5
    assert load().origins["jobs"] == str(project)
    (tmp_path / "runthrough.toml").write_text("jobs = 6")
    assert load().jobs == 6


@pytest.mark.parametrize(
    "text", ["[project]\n", "[project]\ndependencies = ['runthrough']\n", "]"]
)
def test_a_project_file_of_others_is_passed_by(load, tmp_path, text):
    """A project file without our table, even a broken one, ends no search."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "runthrough.toml").write_text("jobs = 2")
    (inner / "pyproject.toml").write_text(text)
    assert load(cwd=inner).jobs == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///runs.db", "sqlite:///{0}/runs.db"),
        ("sqlite:///../x/./runs.db?timeout=5", "sqlite:///{0.parent}/x/runs.db?timeout=5"),
        ("sqlite+pysqlite:///runs.db", "sqlite+pysqlite:///{0}/runs.db"),
        ("sqlite:////abs/runs.db", "sqlite:////abs/runs.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql://ann:pw@host/name", "postgresql://ann:pw@host/name"),
    ],
)
def test_a_relative_database_starts_where_it_was_said(load, tmp_path, written, meant):
    """In a file it starts at the file's folder, in a variable at the current folder."""
    inner = tmp_path / "inner"
    inner.mkdir()
    assert load({"RUNTHROUGH_DATABASE_URL": written}, cwd=inner).database_url == meant.format(
        inner
    )
    (tmp_path / "runthrough.toml").write_text(f'database_url = "{written}"')
    assert load(cwd=inner).database_url == meant.format(tmp_path)


def test_workspaces_are_one_or_several(load, tmp_path):
    """A text names one or several as on PATH, a list several; all start where they were said."""
    inner = tmp_path / "inner"
    inner.mkdir()
    both = (f"{inner}/a", "/b")
    assert load({"RUNTHROUGH_WORKSPACE": "a:/b"}, cwd=inner).workspaces == both
    assert load(flags={"workspace": ["a", "/b"]}, cwd=inner).workspaces == both
    (tmp_path / "runthrough.toml").write_text('workspace = ["a", "b"]')
    assert load(cwd=inner).workspaces == (f"{tmp_path}/a", f"{tmp_path}/b")


@pytest.mark.parametrize(
    ("environ", "flags", "actor", "source"),
    [
        ({}, {"actor": " ann "}, "ann", "flag"),
        ({"RUNTHROUGH_ACTOR": "bob"}, {}, "bob", "setting"),
        ({"RUNTHROUGH_ACTOR": "bob"}, {"actor": "ann"}, "ann", "flag"),
    ],
)
def test_the_actor_is_known_with_its_source(load, environ, flags, actor, source):
    """Who acts is told with whether a flag or a setting said so."""
    settings = load(environ, flags)
    assert (settings.actor, settings.actor_source) == (actor, source)


def test_an_actor_in_a_file_is_a_setting(load, tmp_path):
    """A file may name the actor too."""
    (tmp_path / "runthrough.toml").write_text("actor = 'team-x'")
    assert (load().actor, load().actor_source) == ("team-x", "setting")


@pytest.mark.parametrize("environ", [{}, {"LOGNAME": ""}, {"LOGNAME": " "}, {"USER": "a\x1fb"}])
def test_the_system_always_knows_an_actor(load, environ):
    """Where no variable names the user well, the system's own name for them is taken."""
    user, _, host = load(environ).actor.partition("@")
    assert user.strip()
    assert user.isprintable()
    assert host


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobz = 1", "Unknown setting 'jobz' .*did you mean 'jobs'"),
        ("zzz = 1", "Unknown setting 'zzz' .*the settings are database_url, "),
        ("jobs = 0", "jobs .*must be 1 or more"),
        ("jobs = 'many'", "jobs .*must be a whole number"),
        ("jobs = true", "jobs .*must be a whole number"),
        ("actor = 5", "actor .*must be a text"),
        ("actor = ''", "actor .*must not be empty"),
        ('actor = "a\\u001fb"', "actor .*control characters"),
        ("log_level = 'loud'", "log_level .*must be debug, info"),
        ("database_url = 'runs.db'", "database_url .*must be a URL, such as sqlite:///runs.db"),
        ("database_url = '/tmp/a.db'", "must be a URL, such as sqlite:////tmp/a.db or"),
        ("database_url = 'hunter2/hunter2'", "must be a URL, such as sqlite:///runs.db or"),
        ("database_url = 'sqlite:///~/runs.db'", "database_url .*`~` is not expanded"),
        ("workspace = '~/w'", "workspace .*`~` is not expanded"),
        ("workspace = 5", "workspace .*must be a list of texts"),
        ("runner = 'process'", "runner .*must be a URL, such as process:"),
        ("\njobs = ]", "is not TOML: .*line 2"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_key(load, tmp_path, text, said):
    """An unknown key, an unusable value and broken TOML name the file and what is wrong."""
    file = tmp_path / "runthrough.toml"
    file.write_text(text)
    with pytest.raises(SettingError, match=re.compile(said, re.DOTALL)) as caught:
        load()
    assert str(file) in str(caught.value)
    assert caught.value.fix


def test_a_file_that_is_not_text_is_refused(load, tmp_path):
    """A file in another encoding is no TOML."""
    (tmp_path / "runthrough.toml").write_bytes(b"\xff")
    with pytest.raises(SettingError, match="is not TOML"):
        load()


def test_a_broken_project_file_that_names_us_is_refused(load, tmp_path):
    """A project file that may hold our table is not passed by in silence."""
    (tmp_path / "pyproject.toml").write_text("[tool.runthrough\njobs = 1")
    with pytest.raises(SettingError, match="is not TOML"):
        load()


def test_a_bad_variable_and_a_bad_flag_are_told_as_such(load):
    """The error names the variable or says that it was a flag."""
    with pytest.raises(SettingError, match=r"jobs \(RUNTHROUGH_JOBS\)"):
        load({"RUNTHROUGH_JOBS": "x"})
    with pytest.raises(SettingError, match=r"jobs \(flag\)"):
        load(flags={"jobs": -1})
    with pytest.raises(SettingError, match=r"Unknown setting 'jbos' \(flag\)"):
        load(flags={"jbos": 1})


def test_a_refused_value_is_not_shown(load):
    """A database's address may hold a password, so no value is repeated."""
    with pytest.raises(SettingError) as caught:
        load({"RUNTHROUGH_DATABASE_URL": "ann:s3cr3t@host"})
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("host", ["https://u:s3cr3t@h", "gh" + "p_" + "s3cr3t" * 6])
def test_a_host_that_looks_like_a_secret_is_refused(load, host):
    """Every event names the host, so that a secret in its place would stay for good."""
    with pytest.raises(SettingError, match=r"host \(RUNTHROUGH_HOST\): looks as if it held") as no:
        load({"RUNTHROUGH_HOST": host})
    assert "s3cr3t" not in str(no.value)


def test_the_host_is_the_setting_or_an_id_made_once(load):
    """A host that was set is taken; else an id is made and is the same ever after."""
    numbers = (f"id-{number}" for number in count())
    assert host_id(load({"RUNTHROUGH_HOST": "ws-1"}), new_id=numbers.__next__) == "ws-1"
    assert not load().data_folder.exists()
    assert [host_id(load(), new_id=numbers.__next__) for _ in range(3)] == ["id-0"] * 3
    assert [file.name for file in load().data_folder.iterdir()] == ["host-id"]


def test_an_id_made_at_once_by_many_is_one(load):
    """Of several that make the id at the same time one wins, and all use it."""
    numbers = count()
    settings = load()
    with ThreadPoolExecutor(16) as pool:
        made = pool.map(
            lambda _: host_id(settings, new_id=lambda: f"id-{next(numbers)}"), range(64)
        )
        assert len(set(made)) == 1


@pytest.mark.parametrize("content", [b"", b" \n", b"a\x1fb", b"\xff"])
def test_an_id_that_is_none_is_refused(load, content):
    """A damaged id is told with its file and what to do."""
    load().data_folder.mkdir()
    (load().data_folder / "host-id").write_bytes(content)
    with pytest.raises(SettingError, match=r"host-id(.|\n)*RUNTHROUGH_HOST"):
        host_id(load(), new_id=lambda: "id")


def test_an_id_that_cannot_be_kept_is_refused(load, tmp_path):
    """Where the data folder cannot be made the error says what to set instead."""
    (tmp_path / "user-data").write_text("in the way")
    with pytest.raises(SettingError, match="set RUNTHROUGH_HOST"):
        host_id(load(), new_id=lambda: "id")


def test_a_registry_is_a_table_whose_paths_start_at_the_file(load, tmp_path):
    """Lists and tables are written as TOML has them."""
    (tmp_path / "runthrough.toml").write_text(
        'suffixes = ["_daily", "_weekly"]\n[registry]\nFraud = "lib/fraud.py"\n'
    )
    settings = load()
    assert settings.suffixes == ("_daily", "_weekly")
    assert settings.registry == {"Fraud": str(tmp_path / "lib" / "fraud.py")}


def test_a_registry_without_equals_is_refused(load):
    """The variable's own form is named."""
    with pytest.raises(SettingError, match="NAME=PATH"):
        load({"RUNTHROUGH_REGISTRY": "fraud.py"})
