"""Looking back at the command line: history, as-of, diff."""

import pytest
from tests.support.desk import shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path):
    """A session whose run has passed."""
    with shop(tmp_path) as desk:
        shell = desk.shell
        shell.run("new", "pipeline.yaml", "--name", "demo")
        shell.run("configure", "report", "--arg", "top=1")
        shell.run("run")
        yield shell


def edit(shell, name, line="UNUSED = 1"):
    path = shell.folder / f"scripts/{name}.py"
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_history_tells_each_value_before_and_after(shell):
    """On the screen below the sentence, in JSON as two mappings."""
    shell.run("configure", "report", "--arg", "top=2", "--as", "bob")
    done = shell.run("history", "--node", "report", "--actor", "bob", "--since", "1h")
    first, *values = done.out.splitlines()
    assert first.endswith("bob  configured report")
    assert "    arg.top  1 → 2" in values
    (row,) = shell.run("history", "--type", "ScriptConfigured", "--actor", "bob", "--json").json
    assert (row["before"]["arg.top"], row["after"]["arg.top"]) == (1, 2)
    assert shell.run("history", "--since", str(row["version"]), "--json").json == [row]


def test_history_says_when_nothing_fits_and_what_cannot_be_asked(shell):
    """No event is no error; a type or a time that there is not, is one."""
    assert "No event fits" in shell.run("history", "--actor", "carol").out
    assert shell.run("history", "--actor", "carol", "--json").json == []
    assert "did you mean 'NoteAdded'" in shell.run("history", "--type", "NoteAded", code=2).err
    for wrong in ("yesterday", "99999999999d", "2x"):
        done = shell.run("history", "--since", wrong, code=2)
        assert "neither a version nor a time" in done.err


def test_as_of_shows_the_screen_as_it_was(shell):
    """With the version and its time on top, and today's files left alone."""
    before = shell.run("status", "--json").json
    version = before["version"]
    shell.run("configure", "report", "--arg", "top=2")
    edit(shell, "total")
    done = shell.run("as-of", str(version))
    head, *rest = done.out.splitlines()
    assert head.startswith(f"as it was at version {version}, ")
    assert head.endswith(f"; it is at {version + 1} now")
    assert sum(line.startswith("✓ passed") for line in rest) == 3
    assert rest[-1] == f"next:  runthrough diff {version}"
    then = shell.run("as-of", str(version), "--json").json
    assert then["as_of"] == {"version": version, "at": before["last_at"]}
    assert set(then) == set(before)
    assert then["nodes"] == before["nodes"]


def test_as_of_a_time_without_a_zone_means_utc_and_says_so(shell):
    """So that two people in two zones see the same."""
    last = shell.run("status", "--json").json["last_at"]
    told = last.replace("+00:00", "")
    done = shell.run("as-of", told, TZ="Pacific/Auckland")
    assert f"(as of {last[:10]} {last[11:19]}Z)" in done.out
    assert shell.run("as-of", last, "--json").json["last_at"] == last
    assert "was not there yet" in shell.run("as-of", "2020-01-01", code=2).err
    assert "versions 1 to" in shell.run("as-of", "9999", code=2).err


def test_an_edited_script_is_a_text_diff_against_the_last_green_run(shell):
    """Grouped by node, without a run in between; --exit-code is for pipelines."""
    assert "Nothing differs" in shell.run("diff", "--last-green", "--exit-code").out
    edit(shell, "total")
    done = shell.run("diff", "--last-green", "--exit-code", code=10)
    lines = done.out.splitlines()
    assert lines[2] == "total"
    assert lines[3].startswith("  script total  ")
    assert lines[4].startswith("    --- total (version ")
    assert lines[-1] == "    +UNUSED = 1"
    (row,) = shell.run("diff", "--last-green", "--json").json
    assert list(row) == ["node", "part", "name", "old", "new", "diff", "reason"]
    assert row["diff"].endswith("+UNUSED = 1")


def test_versions_and_sessions_are_compared(shell):
    """`A` alone is compared with now; a session at a version is written with an @."""
    version = shell.run("status", "--json").json["version"]
    shell.run("fork", "--name", "other")
    shell.run("configure", "report", "--arg", "top=4", "--session", "other")
    done = shell.run("diff", str(version), "--session", "other")
    assert "  arg.top  1 → 4" in done.out.splitlines()
    done = shell.run("diff", f"demo@{version}", "other", "--session", "demo")
    assert done.out.splitlines()[0] == f"demo, version {version} → other, now"
    assert "  arg.top  1 → 4" in done.out.splitlines()


def test_what_cannot_be_compared_is_said(shell):
    """No side, two ways to say one, a session or version that never was, no green run."""
    assert "name what to compare" in shell.run("diff", code=2).err
    assert "it is a side itself" in shell.run("diff", "3", "--last-green", code=2).err
    assert "No session fits 'nobody'" in shell.run("diff", "nobody", code=2).err
    assert "versions 1 to" in shell.run("diff", "9999", code=2).err
    shell.run("new", "pipeline.yaml", "--name", "fresh")
    done = shell.run("diff", "--last-green", "--session", "fresh", code=2)
    assert "No run of session fresh has passed yet" in done.err


def test_a_fork_is_told_with_the_name_of_its_parent(shell):
    """Not with its id; a node that never was is called one."""
    shell.run("fork", "--name", "other")
    told = shell.run("history", "--session", "other", "--type", "SessionForked").out
    assert " of demo\n" in told
    assert (
        "No node is called 'Nope', nor was one."
        in shell.run("history", "--node", "Nope", code=2).err
    )
