"""Connections, scripts and marks at the command line."""

import pytest
from tests.support.cli import Shell, begun
from tests.support.pipelines import MADE, MAKE, TAKE

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path):
    """Two outputs, and an input whose name says nothing of them."""
    shell = Shell(tmp_path)
    shell.file("scripts/make.py", MAKE.lstrip())
    shell.file("scripts/take.py", TAKE.lstrip())
    shell.file("pipeline.yaml", MADE)
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def node(shell, name):
    return shell.run("status", "--json").json["nodes"][name]


def wires(shell):
    return {
        (wire["node"], wire["input"]): (wire["status"], wire["output"])
        for wire in shell.run("status", "--json").json["connections"]
    }


def test_connecting_feeds_an_input_and_the_pipeline_runs(shell):
    """After the one connection nothing is missing, and the output reaches the consumer."""
    done = shell.run("connect", "make.beta", "take.gamma")
    assert "connected take.gamma to make.beta" in done.out
    assert done.out.splitlines()[-1] == "next:  runthrough run"
    shell.run("run")
    (copy,) = shell.folder.rglob("copy")
    assert copy.read_text() == "beta"


def test_connecting_in_json_tells_what_was_recorded(shell):
    """--json holds the version, the nodes that changed, events, warnings and the next command."""
    told = shell.run("connect", "make.alpha", "take.gamma", "--json").json
    assert set(told) == {"version", "nodes", "recorded", "warnings", "next_command"}
    assert told["warnings"] == []
    assert told["nodes"]["take"] == {
        "state": "auto_configured",
        "external": False,
        "problems": [],
    }
    assert "ConnectionConfirmed" in [row["type"] for row in told["recorded"]]


def test_a_connection_to_nothing_is_rejected(shell):
    """An unknown output is exit 2 with what there is."""
    done = shell.run("connect", "make.delta", "take.gamma", code=2)
    assert "make has no output delta; it has alpha, beta" in done.err


def test_a_text_that_names_no_input_is_refused(shell):
    """The error shows how to write one."""
    done = shell.run("connect", "make.alpha", "take", code=2)
    assert "NODE.INPUT" in done.err


def test_a_disconnected_input_stays_open_until_it_is_connected(shell):
    """The wiring does not bring it back."""
    shell.run("connect", "make.alpha", "take.gamma")
    shell.run("disconnect", "take.gamma")
    shell.run("resume")
    assert wires(shell).get(("take", "gamma"), ("", ""))[0] != "confirmed"
    assert node(shell, "take")["state"] == "pending"


def test_confirming_nothing_says_so(tmp_path):
    """Where nothing is proposed, --all has nothing to take: exit 2."""
    shell = begun(tmp_path)
    done = shell.run("confirm", "--all", code=2)
    assert "nothing to confirm" in done.err


@pytest.mark.parametrize("verb", ["confirm", "reject", "disconnect"])
def test_an_input_or_all_must_be_named(shell, verb):
    """Neither and both are usage errors."""
    assert "--all" in shell.run(verb, code=2).err
    assert "--all" in shell.run(verb, "take.gamma", "--all", code=2).err


def test_a_node_without_script_is_bound(shell):
    """`bind` gives a node the script that no name rule finds."""
    (shell.folder / "scripts" / "make.py").rename(shell.folder / "scripts" / "maker.py")
    shell.run("resume")
    assert node(shell, "make")["state"] == "pending"
    done = shell.run("bind", "make", "scripts/maker.py")
    assert "make: bound scripts/maker.py" in done.out
    assert node(shell, "make")["state"] == "auto_configured"


def test_binding_a_missing_file_is_refused(shell):
    """Exit 2, and the command to type."""
    done = shell.run("bind", "make", "scripts/none.py", code=2)
    assert "There is no script at scripts/none.py" in done.err
    assert "runthrough bind make PATH" in done.err


def test_a_node_becomes_external_and_internal_again(shell):
    """External, it provides a path; internal, it runs its script."""
    shell.file("data/alpha.txt", "from outside")
    shell.run("external", "make", "--output", "alpha=data/alpha.txt")
    assert node(shell, "make")["external"]
    shell.run("connect", "make.alpha", "take.gamma")
    shell.run("run")
    (copy,) = shell.folder.rglob("copy")
    assert copy.read_text() == "from outside"
    shell.run("internal", "make")
    assert node(shell, "make")["state"] == "auto_configured"
    assert "make is not external" in shell.run("internal", "make", code=2).err


def test_clearing_takes_answers_back(tmp_path):
    """The node asks again for what a person had answered."""
    shell = begun(tmp_path)
    shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    done = shell.run("clear", "clean")
    assert "cleared clean" in done.out
    assert node(shell, "clean")["state"] == "pending"


def test_an_action_on_what_changed_meanwhile_is_a_conflict(shell):
    """--based-on is refused with exit 4 once somebody changed the node."""
    seen = shell.run("status", "--json").json["version"]
    shell.run("connect", "make.alpha", "take.gamma", "--as", "bob")
    words = ("connect", "make.beta", "take.gamma", "--based-on", str(seen))
    done = shell.run(*words, code=4)
    assert "bob" in done.err


def test_check_finds_what_is_wrong_and_records_nothing(shell):
    """An error is exit 1 with its fix; nothing wrong is exit 0."""
    before = shell.run("status", "--json").json["version"]
    done = shell.run("check", "--json", code=1)
    problems = done.json["problems"]
    assert {p["where"]["node"] for p in problems if p["severity"] == "error"} == {"take"}
    assert all(problem["fix"] for problem in problems)
    shell.run("connect", "make.alpha", "take.gamma")
    after = shell.run("status", "--json").json["version"]
    assert after > before
    shell.run("check")
    assert shell.run("status", "--json").json["version"] == after


def test_history_tells_who_connected_what(shell):
    """Each action is a sentence, with the value as it was and as it is."""
    shell.run("connect", "make.alpha", "take.gamma", "--as", "bob")
    rows = shell.run("history", "--node", "take", "--json").json
    (row,) = [row for row in rows if row["type"] == "ConnectionConfirmed"]
    assert (row["actor"], row["sentence"]) == ("bob", "connected take.gamma to make.alpha")
    assert row["after"]["input.gamma"] == "@make.alpha"


def test_an_output_that_is_to_lie_elsewhere_is_written_there(shell):
    """A changed output path is a reason to run again, though nothing else changed."""
    shell.run("connect", "make.alpha", "take.gamma")
    shell.run("run")
    shell.run("configure", "take", "--output", "copy=out/copy.txt")
    shell.run("run")
    assert (shell.folder / "out" / "copy.txt").read_text() == "alpha"


def split(tmp_path):
    """A session in which one of two sub-folders is to be chosen."""
    shell = Shell(tmp_path)
    make = MAKE.replace(
        'for name in ("alpha", "beta"):\n        Path(output_paths[name]).write_text(name)',
        'for part in ("one", "two"):\n'
        '        target = Path(output_paths["parts"]) / part / "rows.csv"\n'
        "        target.parent.mkdir(parents=True)\n"
        "        target.write_text(part)",
    )
    shell.file("scripts/make.py", make.lstrip())
    take = TAKE.replace('Path(input_paths["gamma"])', '(Path(input_paths["gamma"]) / "rows.csv")')
    shell.file("scripts/take.py", take.lstrip())
    shell.file("pipeline.yaml", MADE)
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def test_all_leaves_out_what_a_person_has_to_choose(tmp_path):
    """A proposal of which the sub-folder is open is connected, and never confirmed."""
    shell = split(tmp_path)
    assert wires(shell)["take", "gamma"] == ("proposed", "parts")
    shell.run("confirm", "--all", code=2)
    shell.run("connect", "make.parts/two", "take.gamma")
    shell.run("run")
    (copy,) = tmp_path.rglob("copy")
    assert copy.read_text() == "two"


def test_an_open_sub_folder_is_not_confirmed_by_its_input_either(tmp_path):
    """The error names the choices and the command of each; what is next is one of them."""
    shell = split(tmp_path)
    done = shell.run("confirm", "take.gamma", code=2)
    assert "Which sub-folder of make.parts feeds take.gamma is open: one or two." in done.err
    assert "runthrough connect make.parts/two take.gamma" in done.err
    assert wires(shell)["take", "gamma"] == ("proposed", "parts")
    told = shell.run("status").out
    assert "next:  runthrough connect make.parts/one take.gamma" in told
    assert "gamma ← make.parts? " in told


def test_a_rejection_says_that_it_is_about_the_whole_output(tmp_path):
    """No sub-folder of it is proposed again."""
    shell = split(tmp_path)
    done = shell.run("reject", "take.gamma")
    assert "take.gamma is not fed by make.parts, nor by any sub-folder of it" in done.out
    assert ("take", "gamma") not in wires(shell)


def test_history_cannot_be_forged_by_a_note(shell):
    """A line break in a value is shown as what it is."""
    forged = "x\n99  2027-01-01 00:00:00Z  bob  approved"
    shell.run("configure", "make", "--env", f"NOTE={forged}")
    lines = shell.run("history").out.splitlines()
    assert not [line for line in lines if line.startswith("99  2027")]
