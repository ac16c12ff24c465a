"""Time travel, history, audit and putting away through the Python door."""

import json
from datetime import UTC, datetime

import pytest
from tests.support.pipelines import answered, orders, orders_answers

from runthrough import (
    CommandRefusedError,
    ConfigurationInvalidError,
    InteractiveRuntimeTestingFactory,
    PipelineDAG,
    PipelineError,
    SessionError,
    SessionNameTakenError,
    UnknownNodeError,
    UnknownSessionError,
    load_pipeline,
)
from runthrough.errors import AuditFileError, CommandInvalidError, PipelineFileError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return orders(tmp_path)


@pytest.fixture
def factory(place):
    """A factory whose run has passed."""
    folder, dag = place
    with folder.factory(dag, session_name="demo") as factory:
        answered(factory, orders_answers(folder)).execute_dag_guided_testing()
        yield factory


@pytest.fixture
def begun(place):
    """A factory whose scripts have not run."""
    folder, dag = place
    with folder.factory(dag, session_name="demo") as factory:
        yield factory


def last_node(factory):
    return factory.get_scripts_requiring_testing()[-1]


def test_as_of_gives_the_session_as_it_was(factory):
    """Another object over the same database, read only; this one goes on."""
    version, node = factory.version, last_node(factory)
    factory.configure_script_testing(node, user_notes="changed")
    with factory.as_of(version) as then:
        assert isinstance(then, InteractiveRuntimeTestingFactory)
        assert (then.version, then.session_id) == (version, factory.session_id)
        assert then.status()["as_of"]["version"] == version
        with pytest.raises(CommandRefusedError, match="opened to be read"):
            then.note("x")
    assert factory.version == version + 1


def test_each_object_ends_its_own_connection(factory):
    """One that is let go of leaves the others as they are."""
    then = factory.as_of(1)
    fork = factory.fork()
    factory.release()
    assert then.version == 1
    assert fork.status()["phase"] == "open"
    with pytest.raises(SessionError, match="has let go"):
        factory.as_of(1)
    then.release()
    fork.release()


def test_history_takes_filters(factory):
    """By node, actor, type, version and time, together."""
    node, version = last_node(factory), factory.version
    factory.configure_script_testing(node, user_notes="changed")
    (row,) = factory.history(node, "ann", "ScriptConfigured", version + 1)
    assert (row["before"], row["after"]["user_notes"]) == (
        {"state": "executed"},
        "changed",
    )
    assert factory.history(actor="bob") == []
    assert factory.history(since=datetime(2999, 1, 1, tzinfo=UTC)) == []
    json.dumps(factory.history())


def test_diff_tells_what_differs_from_another_moment(factory, place):
    """From a version, from another object, from a session by name, from the last green run."""
    node, version = last_node(factory), factory.version
    assert factory.diff() == factory.diff(version) == []
    factory.configure_script_testing(node, user_notes="changed")
    rows = [row for row in factory.diff(version) if row["name"] == "user_notes"]
    assert [(row["node"], row["old"], row["new"]) for row in rows] == [(node, None, "changed")]
    with factory.as_of(version) as then:
        assert factory.diff(then) == factory.diff(version)
    with factory.fork(at=version, name="other"):
        assert "user_notes" in {row["name"] for row in factory.diff("other")}
    script = place[0].workspace / "scripts" / f"{factory.get_script_info(node)['script_name']}.py"
    script.write_text(script.read_text() + "\nUNUSED = 1\n")
    (row,) = [row for row in factory.diff() if row["part"] == "script"]
    assert row["diff"].endswith("+UNUSED = 1")


def test_a_fork_goes_its_own_way(factory):
    """What it records is not in the other session; one of the past forks from there."""
    version, node = factory.version, last_node(factory)
    factory.note("later")
    with factory.as_of(version) as then, then.fork(name="other") as fork:
        assert (fork.session_name, fork.version) == ("other", version + 1)
        fork.configure_script_testing(node, user_notes="here")
        assert fork.history()[-1]["actor"] == "ann"
    assert factory.version == version + 1


def test_undo_and_redo_tell_what_they_did(factory):
    """The actions, the nodes, and what was recorded."""
    node = last_node(factory)
    factory.configure_script_testing(node, user_notes="changed")
    told = factory.undo()
    assert [action["nodes"] for action in told["undone"]] == [[node]]
    assert set(told) == {"version", "nodes", "recorded", "undone"}
    assert factory.redo()["nodes"][node]["state"] == "configured"
    with pytest.raises(CommandInvalidError, match="whole number"):
        factory.undo(to="yesterday")


def test_an_undo_takes_back_nothing_that_the_object_has_not_shown(factory, place):
    """Whoever acted since is named with the call to make; once it was shown, it is taken back."""
    node = last_node(factory)
    folder, dag = place
    with folder.factory(dag, session_name="demo") as other:
        other.configure_script_testing(node, user_notes="later")
        with pytest.raises(CommandRefusedError, match=f"configured {node}.*since you last looked"):
            factory.undo(anyone=True)
        factory.history()
        assert factory.undo()["undone"][0]["nodes"] == [node]


def test_what_was_kept_in_part_is_taken_back(begun):
    """The object that gave the answers knows of it, also where the others were rejected."""
    node = last_node(begun)
    with pytest.raises(ConfigurationInvalidError):
        begun.configure_script_testing(
            node, user_notes="kept", input_paths={"nosuch": "gone.csv"}, partial=True
        )
    assert begun.undo()["undone"][0]["nodes"] == [node]


def test_errors_advise_calls(factory, place, tmp_path):
    """No option of the command line is told to who writes a program."""
    node = last_node(factory)
    folder, dag = place
    with folder.factory(dag, session_name="demo", actor="bob") as other:
        other.configure_script_testing(node, user_notes="of another")
    factory.history()
    with pytest.raises(CommandRefusedError) as refused:
        factory.undo()
    assert refused.value.fix == "factory.undo(anyone=True), to take it back all the same"
    assert str(refused.value).endswith("→ factory.undo(anyone=True), to take it back all the same")
    factory.export(tmp_path / "out.yaml")
    with pytest.raises(PipelineFileError, match="overwrite it: force=True"):
        factory.export(tmp_path / "out.yaml")


def test_a_note_and_an_approval_are_told(factory):
    """Both stand in the history, and the approval in the status."""
    assert factory.note("looks fine")["recorded"][0]["sentence"] == "noted: looks fine"
    told = factory.approve()
    assert told["approval"]["by"] == "ann"
    assert factory.status()["approval"] == told["approval"]
    with pytest.raises(CommandInvalidError):
        factory.approve("latest")
    with pytest.raises(CommandInvalidError):
        factory.note(5)


def test_a_session_is_renamed_reopened_and_put_away(factory, tmp_path):
    """Each answers as the others do; an archive is a file that was not there."""
    factory.rename("renamed")
    assert factory.session_name == "renamed"
    factory.close()
    assert factory.reopen("again")["version"] == factory.version
    assert factory.session_name == "again"
    with pytest.raises(CommandRefusedError, match="'archive' is refused"):
        factory.archive()
    factory.close()
    events = factory.version
    told = factory.archive()
    assert (told["file"], told["events"]) == ("again.jsonl", events)
    assert (tmp_path / "again.jsonl").is_file()
    with pytest.raises(CommandRefusedError, match="archived already"):
        factory.archive(tmp_path / "twice.jsonl")
    assert not (tmp_path / "twice.jsonl").exists()
    factory.reopen()
    factory.close()
    with pytest.raises(AuditFileError, match="is there already"):
        factory.archive()


def test_a_pipeline_that_changed_is_taken_over(factory, place):
    """A DAG with another node; what people answered stays."""
    _, dag = place
    larger = PipelineDAG(nodes=[*dag.nodes, "Extra"], edges=dag.edges, name=dag.name)
    told = factory.update(larger)
    assert "Extra" in told["nodes"]
    assert told["told"] == []
    smaller = factory.update(dag)
    assert "Extra" not in smaller["nodes"]
    with pytest.raises(CommandRefusedError):
        factory.update(dag)


def test_a_session_is_written_as_a_pipeline_file(factory, tmp_path):
    """A new session of that file needs nobody."""
    told = factory.export(tmp_path / "out.yaml")
    assert told["nodes"] == factory.get_scripts_requiring_testing()
    assert list(load_pipeline(told["file"]).dag.nodes) == told["nodes"]
    with pytest.raises(PipelineFileError):
        factory.export(tmp_path / "out.yaml")
    factory.export(tmp_path / "out.yaml", force=True)


def test_the_log_is_verified(factory):
    """All events of the database, with the position of the last."""
    told = factory.verify_audit()
    assert told == {
        "ok": True,
        "checked": told["head_position"],
        "head_position": factory.version,
        "first_bad": None,
    }


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda f: f.as_of("yesterday"), SessionError),
        (lambda f: f.as_of(None), SessionError),
        (lambda f: f.as_of(True), SessionError),
        (lambda f: f.as_of(10**6), SessionError),
        (lambda f: f.fork(at="x"), SessionError),
        (lambda f: f.fork(name=5), CommandInvalidError),
        (lambda f: f.fork(name="demo"), SessionNameTakenError),
        (lambda f: f.diff(2.5), SessionError),
        (lambda f: f.diff("nobody"), UnknownSessionError),
        (lambda f: f.history(5), UnknownNodeError),
        (lambda f: f.history(type=5), CommandInvalidError),
        (lambda f: f.history(actor=5), CommandInvalidError),
        (lambda f: f.history(since="2d"), CommandInvalidError),
        (lambda f: f.rename(None), CommandInvalidError),
        (lambda f: f.reopen(7), CommandInvalidError),
        (lambda f: f.update(5), PipelineError),
        (lambda f: f.update(renamed=["a"]), CommandInvalidError),
        (lambda f: f.update(renamed={1: "a"}), CommandInvalidError),
        (lambda f: f.update(renamed={"clean": ""}), CommandInvalidError),
        (lambda f: f.export("a\0b.yaml"), CommandInvalidError),
        (lambda f: f.archive("a\0b"), CommandInvalidError),
        (lambda f: type(f).open(5), CommandInvalidError),
        (lambda f: type(f).resume(None), CommandInvalidError),
        (lambda f: type(f).resume("demo", True, 5), CommandInvalidError),
        (lambda f: type(f).resume("demo", True, [5]), CommandInvalidError),
        (lambda f: type(f).resume("demo", True, ".", 7), CommandInvalidError),
        (lambda f: type(f)(PipelineDAG(["a"]), like=5), CommandInvalidError),
        (lambda f: type(f)(PipelineDAG(["a"]), session_name=5), CommandInvalidError),
        (lambda f: f.export(5), CommandInvalidError),
        (lambda f: f.export(""), CommandInvalidError),
        (lambda f: f.archive(5), CommandInvalidError),
    ],
)
def test_a_wrong_argument_is_our_own_error(begun, act, error):
    """Whoever mistypes is told so, and nothing is recorded of it."""
    before = begun.version
    with pytest.raises(error):
        act(begun)
    assert begun.status()["version"] == before
