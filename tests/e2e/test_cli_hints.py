"""What errors of the database tell to do: in the words of the call that met them."""

import pytest
from tests.support.cli import Shell, begun, orders_shell

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", ["flag", "variable", "file", "project"])
def test_another_database_is_named_where_this_one_was(tmp_path, how):
    """Who is to name another database is told the flag, the variable or the file that named it."""
    shell = Shell(tmp_path)
    url = f"sqlite:///{tmp_path}/log.db"
    words, environ, setting = {
        "flag": (("--database", url), {}, "--database"),
        "variable": ((), {}, "RUNTHROUGH_DATABASE_URL"),
        "file": (
            (),
            {"RUNTHROUGH_DATABASE_URL": ""},
            f"database_url in {tmp_path}/runthrough.toml",
        ),
        "project": (
            (),
            {"RUNTHROUGH_DATABASE_URL": ""},
            f"database_url in {tmp_path}/pyproject.toml",
        ),
    }[how]
    if how == "file":
        shell.file("runthrough.toml", f"database_url = '{url}'\n")
    if how == "project":
        shell.file("pyproject.toml", f"[tool.runthrough]\ndatabase_url = '{url}'\n")
    shell.database.write_text("no database at all\n" * 100)
    for command in (("status",), ("audit", "verify"), ("db", "upgrade"), ("db", "current")):
        error = shell.run(*command, *words, "--json", code=4, **environ).json["error"]
        assert error["fix"] == f"move the file away, or name another database with {setting}"
    done = shell.run("doctor", *words, "--json", code=1, **environ)
    (finding,) = [one for one in done.json["findings"] if one["check"] == "database"]
    assert finding["fix"].endswith(f"name another database with {setting}")


def test_a_path_in_place_of_a_url_is_answered_with_the_url(tmp_path):
    """Who gives a path is told the URL of that very file."""
    done = Shell(tmp_path).run("sessions", "--database", "/tmp/a.db", code=2)
    assert "such as sqlite:////tmp/a.db" in done.err


def test_a_broken_settings_file_says_what_to_do(tmp_path):
    """A file that is no TOML is named with its place, and with what to do."""
    shell = orders_shell(tmp_path)
    shell.file("runthrough.toml", "actor = ann\n")
    error = shell.run("sessions", "--json", code=2).json["error"]
    assert "line 1" in error["message"]
    assert "quotes" in error["fix"]


@pytest.mark.parametrize(
    "password", ["hun@ter2", "hunter2@", "@hunter2", "hun/ter2@x", "hun?ter2@x"]
)
def test_no_part_of_a_password_with_a_bare_at_is_shown(tmp_path, password):
    """Whatever is done with such a URL, the password is told nowhere, and what to write is."""
    shell = begun(tmp_path)
    url = f"postgresql://ann:{password}@127.0.0.1:1/team"
    for words in (("status",), ("db", "upgrade"), ("doctor",), ("db", "current")):
        for more in ((), ("--json",)):
            code = 1 if words == ("doctor",) else 4
            flag = shell.run(*words, *more, "--database", url, code=code)
            variable = shell.run(*words, *more, code=code, RUNTHROUGH_DATABASE_URL=url)
            for done in (flag, variable):
                assert "write @ as %40" in " ".join((done.out + done.err).split())
                assert "hun" not in done.out + done.err
                assert "ter2" not in done.out + done.err
