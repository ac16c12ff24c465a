"""A run from its plan to its end: what is judged, reused, started, and told."""

import itertools
import os
import shutil
from pathlib import Path

import pytest
from tests.support.handling import Recorded
from tests.support.testers import configured, outcomes

from runthrough.core.events import ScriptExecuted, ScriptStarted
from runthrough.core.values.secrets import Secret
from runthrough.errors import PendingScriptsError

GOES_ON = '''
"""Put one more letter behind the text."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if Path(job_args.broken).exists():
        raise ValueError("broken on purpose")
    with Path(job_args.ran).open("a") as ran:
        ran.write("x")
    text = Path(input_paths["text"]).read_text() if "text" in input_paths else ""
    Path(output_paths["text"]).write_text(text + job_args.letter[:1])
'''
WRITES = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    out = Path(output_paths["out"])
    {}
"""
MAY_WRITE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["always"]).write_text("x")
    perhaps = output_paths.get("perhaps")
    if perhaps and Path(job_args.when_there).exists():
        Path(perhaps).write_text("x")
"""
TAKES = """
from pathlib import Path


def main(input_paths, output_paths):
    Path(output_paths["copy"]).write_text(Path(input_paths["perhaps"]).read_text())
"""
MEETS = """
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    folder = Path({0!r})
    folder.joinpath(job_args.me).touch()
    limit = time.monotonic() + 20
    while not folder.joinpath(job_args.other).exists():
        assert time.monotonic() < limit, "the other one did not come"
        time.sleep(0.005)
    Path(output_paths["out"]).write_text("x")
"""
TELLS_SECRET = """
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    print("got", environ_vars["TOKEN"])
    print("got", job_args.logins[0]["password"], file=sys.stderr)
    Path(output_paths["length"]).write_text(str(len(environ_vars["TOKEN"])))
    if job_args.fail:
        raise ValueError(environ_vars["TOKEN"])
    return environ_vars["TOKEN"]
"""
SECRET = "correct-horse-battery-staple-7391"


def one(studio, source, **answers):
    """A session over one node, configured."""
    studio.place.script("one", source)
    return configured(studio.start("one"), "one", **answers)


def chain(studio, *names):
    """Nodes in a row that each put a letter behind what the one above wrote."""
    for name in names:
        studio.place.script(name, GOES_ON)
    session = studio.start(*names, edges=list(itertools.pairwise(names)))
    folder = studio.place.folder
    for above, name in zip((None, *names), names, strict=False):
        source = {"text": f"@{above}.text"} if above else {}
        args = {"letter": name, "ran": f"{folder}/{name}.ran", "broken": f"{folder}/{name}.broken"}
        configured(session, name, job_args=args, input_paths=source)
    return session


def breaks(studio, node):
    """The file that makes a node of `chain` fail as long as it is there."""
    return studio.place.folder / f"{node}.broken"


def times_run(studio, *names):
    """How often the script of each node of `chain` went through."""
    files = [studio.place.folder / f"{name}.ran" for name in names]
    return [len(file.read_text()) if file.exists() else 0 for file in files]


def ended(session, node):
    """How the node's last attempt ended."""
    last = session.state.nodes[node].last
    assert last is not None
    return last


# ---- outputs


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("pass", "nothing was written to"),
        ("out.touch()", "it is empty"),
        ("(out / 'below').mkdir(parents=True)", "the folder holds no non-empty file"),
        ("out.mkdir(); (out / 'empty').touch()", "the folder holds no non-empty file"),
    ],
)
def test_a_script_that_does_not_write_what_it_must_has_failed(studio, body, words):
    """Its exit code was 0, and yet it failed, with the output's name and what is there."""
    session = one(studio, WRITES.format(body))
    results = session.run()
    assert outcomes(results) == {"one": "failed"}
    assert results["pipeline_success"] is False
    error = ended(session, "one").error
    assert error.kind == "outputs"
    assert error.message.startswith(f"OUTPUT_NOT_WRITTEN: output out: {words}")
    assert ended(session, "one").exit_code == 0
    assert studio.statuses() == ["failed"]


def test_a_folder_with_something_deep_inside_is_written(studio):
    """One non-empty file at any depth is enough; its format, size and digest are recorded."""
    session = one(
        studio,
        WRITES.format("(out / 'a/b').mkdir(parents=True); (out / 'a/b/c.txt').write_text('x')"),
    )
    assert outcomes(session.run()) == {"one": "passed"}
    (executed,) = studio.events("ScriptExecuted")
    (written,) = executed.outputs
    assert (written.name, written.format, written.size_bytes) == ("out", "folder", 1)
    assert written.digest


def test_an_output_of_an_earlier_run_does_not_count(studio):
    """A file that is there and was not written this time fails the node and tells since when."""
    path = studio.place.folder / "kept.txt"
    session = one(
        studio,
        WRITES.format("job_args.write and out.write_text('x')"),
        output_paths={"out": str(path)},
        job_args={"write": True},
    )
    assert outcomes(session.run()) == {"one": "passed"}
    configured(session, "one", job_args={"write": False})
    assert outcomes(session.run()) == {"one": "failed"}
    told = ended(session, "one").error.message
    assert "output out: not written by this attempt, it is there since " in told
    assert told.endswith("kept.txt")
    assert path.read_text() == "x", "what an earlier attempt left is the user's"


def test_a_copy_with_an_old_modification_time_counts_as_written(studio):
    """It is this attempt that put it there, whatever time the copy carries."""
    source = studio.place.file("old.txt", "x")
    os.utime(source, (1_000_000_000, 1_000_000_000))
    target = studio.place.folder / "new.txt"
    session = one(
        studio,
        WRITES.format("import shutil; shutil.copy2(input_paths['source'], out)"),
        input_paths={"source": str(source)},
        output_paths={"out": str(target)},
    )
    assert outcomes(session.run()) == {"one": "passed"}
    assert target.stat().st_mtime == 1_000_000_000


def test_only_the_folders_above_an_output_are_made(studio):
    """The script finds the parent there, and nothing at the output's own path."""
    target = studio.place.folder / "new/folder/out.txt"
    session = one(
        studio,
        WRITES.format("assert not out.exists(); out.write_text('x')"),
        output_paths={"out": str(target)},
    )
    assert outcomes(session.run()) == {"one": "passed"}
    assert target.read_text() == "x"


# ---- connections


def willing(studio):
    """The file that makes the first node of `offering` write its other output."""
    return studio.place.folder / "write"


def offering(studio):
    """A node with an output that it writes when a file is there, and a node that it feeds."""
    studio.place.script("gives", MAY_WRITE)
    studio.place.script("takes", TAKES)
    session = studio.start("gives", "takes", edges=[("gives", "takes")])
    configured(session, "gives", job_args={"when_there": str(willing(studio))})
    return configured(session, "takes", input_paths={"perhaps": "@gives.perhaps"})


def test_a_consumer_of_what_was_not_written_is_blocked(studio):
    """The producer passed; the connection is incompatible, and so the run failed."""
    session = offering(studio)
    results = session.run()
    assert outcomes(results) == {"gives": "passed", "takes": "blocked"}
    flow = results["data_flow_results"]["gives->takes"]
    assert flow["compatible"] is False
    assert "gives.perhaps is to feed perhaps: nothing was written to" in str(flow)
    assert studio.statuses() == ["failed"]
    (blocked,) = studio.events("ScriptBlocked")
    assert (blocked.node, blocked.by) == ("takes", ("gives",))


def test_it_runs_when_the_producer_has_written_after_all(studio):
    """A producer that left out what it feeds is run again by the next run, and not reused."""
    session = offering(studio)
    session.run()
    assert outcomes(session.run()) == {"gives": "passed", "takes": "blocked"}
    willing(studio).touch()
    assert outcomes(session.run()) == {"gives": "passed", "takes": "passed"}
    assert studio.statuses() == ["failed", "failed", "passed"]


def test_run_alone_the_consumer_fails_and_says_what_was_not_written(studio):
    """No input can be given to it: its attempt fails in words, and the session goes on."""
    session = offering(studio)
    session.run()
    assert outcomes(session.run(["takes"])) == {"takes": "failed"}
    error = ended(session, "takes").error
    assert error.kind == "start"
    assert "gives.perhaps, which is to feed perhaps, was not written" in error.message
    assert error.message.endswith("runthrough configure takes --input perhaps=PATH")
    willing(studio).touch()
    assert outcomes(session.run(reuse=False)) == {"gives": "passed", "takes": "passed"}


def test_an_output_that_feeds_nobody_may_be_left_out(studio):
    """What is not required and not connected is no fault."""
    studio.place.script("gives", MAY_WRITE)
    session = configured(studio.start("gives"), "gives", job_args={"when_there": "nowhere"})
    assert session.run()["pipeline_success"] is True
    assert set(session.state.nodes["gives"].passed.outputs) == {"always"}


def test_the_connections_of_a_run_are_checked_with_their_formats(studio):
    """Each connection of a producer that ran or was reused has its check in history."""
    willing(studio).touch()
    session = offering(studio)
    assert outcomes(session.run()) == {"gives": "passed", "takes": "passed"}
    assert outcomes(session.run()) == {"gives": "reused", "takes": "reused"}
    checks = studio.events("DataFlowChecked")
    assert [(c.edge.output, c.node, c.result.compatible) for c in checks] == [
        ("perhaps", "takes", True)
    ] * 2
    assert {check.result.format_written for check in checks} == {"text"}


def test_a_script_that_takes_the_place_of_a_later_ones_folder_fails_only_that_one(studio):
    """Where an output's folder cannot be made the node fails in words; elsewhere it goes on."""
    place = studio.place.folder / "taken"
    studio.place.script(
        "first", WRITES.format(f"out.write_text('x'); Path({str(place)!r}).touch()")
    )
    for name in ("second", "third"):
        studio.place.script(name, WRITES.format("out.write_text('x')"))
    session = studio.start("first", "second", "third", edges=[("first", "second")])
    configured(session, "second", output_paths={"out": str(place / "below/out.txt")})
    results = session.run()
    assert outcomes(results) == {"first": "passed", "second": "failed", "third": "passed"}
    error = ended(session, "second").error
    assert error.kind == "start"
    assert "cannot be made" in error.message
    assert studio.statuses() == ["failed"]


# ---- secrets


def test_a_missing_secret_fails_the_node_before_it_starts(studio):
    """The words name the secret and what to type; there is no log and no folder."""
    session = one(
        studio, WRITES.format("environ_vars['TOKEN']"), environ_vars={"TOKEN": Secret("API")}
    )
    results = session.run()
    assert outcomes(results) == {"one": "failed"}
    assert "The secret API is not set" in results["errors"][0]
    assert "export API=" in results["errors"][0]
    assert ended(session, "one").error.kind == "start"
    assert ended(session, "one").log is None
    assert results["outcomes"]["one"]["log"] is None
    assert session.log_texts("one") == ("", "")
    (started,) = studio.events("ScriptStarted")
    assert not list(studio.place.folder.rglob(started.attempt))


@pytest.mark.parametrize("fail", [False, True])
def test_a_secret_reaches_the_script_and_no_record(studio, fail):
    """Log, traceback, return value and events have it redacted; only the script knew it."""
    studio.secrets["API"] = SECRET
    session = one(
        studio,
        TELLS_SECRET,
        environ_vars={"TOKEN": Secret("API")},
        job_args={"logins": [{"user": "ann", "password": {"secret": "API"}}], "fail": fail},
    )
    assert outcomes(session.run()) == {"one": "failed" if fail else "passed"}
    stdout, stderr = session.log_texts("one")
    assert stdout.startswith("got ")
    assert "got " in stderr
    (started,) = studio.events("ScriptStarted")
    length = Path(session.locate(started.outputs["length"]))
    assert length.read_text() == str(len(SECRET))
    assert SECRET not in repr(studio.events())
    kept = [path for path in studio.place.folder.rglob("*") if path.is_file()]
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []


# ---- reuse


def test_what_is_unchanged_is_reused(studio):
    """The second run starts nothing, and says so node by node."""
    session = chain(studio, "a", "b")
    assert outcomes(session.run()) == {"a": "passed", "b": "passed"}
    assert outcomes(session.run()) == {"a": "reused", "b": "reused"}
    assert times_run(studio, "a", "b") == [1, 1]
    assert [(e.node, e.type) for e in studio.events("ScriptReused")] == [
        ("a", "ScriptReused"),
        ("b", "ScriptReused"),
    ]
    assert studio.statuses() == ["passed", "passed"]


def test_reuse_can_be_turned_off(studio):
    """Everything runs again, also where its producer wrote the same."""
    session = chain(studio, "a", "b")
    session.run()
    assert outcomes(session.run(reuse=False)) == {"a": "passed", "b": "passed"}
    assert times_run(studio, "a", "b") == [2, 2]


def test_a_node_whose_last_attempt_failed_is_never_reused(studio):
    """Though an earlier attempt passed with the very same fingerprint, it runs."""
    session = chain(studio, "a")
    session.run()
    breaks(studio, "a").touch()
    assert outcomes(session.run(reuse=False)) == {"a": "failed"}
    breaks(studio, "a").unlink()
    assert outcomes(session.run()) == {"a": "passed"}
    assert times_run(studio, "a") == [2]


@pytest.mark.parametrize("harm", ["deleted", "edited", "emptied"])
def test_a_node_whose_output_is_no_longer_what_it_wrote_runs_again(studio, harm):
    """And the node below, which gets the same bytes as before, is reused."""
    session = chain(studio, "a", "b")
    session.run()
    path = Path(session.locate(session.state.nodes["a"].passed.outputs["text"]))
    if harm == "deleted":
        path.unlink()
    else:
        path.write_text("other" if harm == "edited" else "")
    assert outcomes(session.run()) == {"a": "passed", "b": "reused"}
    assert times_run(studio, "a", "b") == [2, 1]


def test_a_comment_in_a_script_changes_nothing(studio):
    """It is the syntax tree that is compared; other code runs again."""
    session = chain(studio, "a")
    session.run()
    script = studio.place.workspace / "scripts/a.py"
    source = script.read_text()
    script.write_text(source.replace("    text =", "    # now the text\n\n    text ="))
    assert outcomes(session.run()) == {"a": "reused"}
    script.write_text(source.replace('ran.write("x")', 'ran.write("y")'))
    assert outcomes(session.run()) == {"a": "passed"}
    assert times_run(studio, "a") == [2]


def test_another_argument_runs_the_node_and_what_gets_other_bytes(studio):
    """Below, a node runs when its input's bytes changed."""
    session = chain(studio, "a", "b", "c")
    session.run()
    configured(session, "a", job_args={"letter": "z"})
    assert outcomes(session.run()) == {"a": "passed", "b": "passed", "c": "passed"}
    assert times_run(studio, "a", "b", "c") == [2, 2, 2]


def test_below_equal_bytes_everything_is_reused(studio):
    """Another argument that leads to the same output stops at that output."""
    session = chain(studio, "a", "b", "c")
    session.run()
    configured(session, "a", job_args={"letter": "another"})
    (*_, started) = [session.run(), *studio.events("RunStarted")]
    reasons = {node.node: node.reasons for node in started.plan.run}
    assert reasons == {"a": ("changed",), "b": ("upstream_runs",), "c": ("upstream_runs",)}
    assert times_run(studio, "a", "b", "c") == [2, 1, 1]
    assert studio.statuses() == ["passed", "passed"]


def test_an_input_that_changes_after_the_plan_is_seen_at_its_nodes_turn(studio):
    """Planned to be reused, the node runs, since by then its input is another."""
    source = studio.place.file("in.txt", "x")
    session = one(
        studio,
        WRITES.format("out.write_text(Path(input_paths['in']).read_text())"),
        input_paths={"in": str(source)},
    )
    session.run()

    def change(envelope):
        if envelope.event.type == "RunStarted":
            assert envelope.event.plan.reuse == ("one",)
            source.write_text("y")

    assert outcomes(session.run(told=change)) == {"one": "passed"}


def test_a_producer_that_ran_anew_feeds_the_next_from_its_new_folder(studio):
    """A node gets the path of the last passed attempt above it."""
    session = chain(studio, "a", "b")
    session.run()
    configured(session, "a", job_args={"letter": "z"})
    session.run()
    path = Path(session.locate(session.state.nodes["b"].passed.outputs["text"]))
    assert path.read_text() == "zb"


# ---- the run as a whole


def test_below_a_failure_nothing_starts(studio):
    """What the failure blocked is told with it, and its words are the run's error."""
    session = chain(studio, "a", "b", "c")
    breaks(studio, "b").touch()
    results = session.run()
    assert outcomes(results) == {"a": "passed", "b": "failed", "c": "blocked"}
    assert results["root_causes"] == [{"node": "b", "blocked": ["c"]}]
    assert "broken on purpose" in results["errors"][0]
    assert times_run(studio, "a", "b", "c") == [1, 0, 0]


def test_failing_fast_leaves_the_rest_unrun(studio):
    """What was not started when the first node failed is told as not run."""
    for name in ("bad", "good"):
        studio.place.script(name, WRITES.format(f"1 / {int(name == 'good')}; out.write_text('x')"))
    session = studio.start("bad", "good")
    assert outcomes(session.run(fail_fast=True)) == {"bad": "failed", "good": "not_run"}
    (finished,) = studio.events("RunFinished")
    assert finished.summary.not_run == ("good",)
    assert outcomes(session.run()) == {"bad": "failed", "good": "passed"}


def test_several_jobs_run_at_the_same_time(studio):
    """Two scripts that wait for each other pass with two jobs."""
    folder = studio.place.folder / "meeting"
    folder.mkdir()
    for name in ("left", "right"):
        studio.place.script(name, MEETS.format(str(folder)))
    session = studio.start("left", "right")
    configured(session, "left", job_args={"me": "left", "other": "right"})
    configured(session, "right", job_args={"me": "right", "other": "left"})
    assert outcomes(session.run(jobs=2)) == {"left": "passed", "right": "passed"}


def test_a_pending_node_refuses_the_run_before_it_begins(studio):
    """No run begins; the refusal is recorded."""
    studio.place.script("one", WRITES.format("job_args.needed"))
    session = studio.start("one")
    with pytest.raises(PendingScriptsError):
        session.run()
    assert studio.events("RunStarted") == []
    assert studio.events()[-1].code == "PENDING_SCRIPTS"


def test_each_script_is_one_line_of_the_log(studio):
    """It tells node, attempt, outcome and duration, under the run as its correlation."""
    lines = Recorded()
    studio.place.script("one", WRITES.format("out.write_text('x')"))
    session = studio.start("one", log=lines)
    results = session.run()
    (line,) = [values for event, values in lines.lines if event == "script"]
    assert (line["node"], line["outcome"]) == ("one", "passed")
    assert line["correlation_id"] == results["run"]
    assert line["duration_s"] > 0


def test_a_listener_is_told_every_event_of_the_run_in_order(studio):
    """What was told is what history holds since the run began."""
    session = chain(studio, "a", "b")
    before = len(studio.events())
    told = []
    session.run(told=lambda envelope: told.append(envelope.event))
    assert told == studio.events()[before:]
    claimed = [e.attempt for e in told if isinstance(e, ScriptStarted)]
    assert claimed == [e.attempt for e in told if isinstance(e, ScriptExecuted)]


def test_a_lost_script_is_noticed_at_the_run(studio):
    """A script that was deleted makes its node pending again, so the run is refused."""
    session = chain(studio, "a")
    shutil.rmtree(studio.place.workspace / "scripts")
    with pytest.raises(PendingScriptsError, match="not found"):
        session.run()
