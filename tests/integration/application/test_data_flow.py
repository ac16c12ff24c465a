"""What goes from real outputs to real inputs: judged, told, and believed more than the source."""

import pytest
from tests.support.pipelines import Place
from tests.support.stored import memory_stores
from tests.support.testers import Studio, configured, outcomes

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.secrets import Secret

GIVES = """
import pickle
from pathlib import Path


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main(input_paths, output_paths, environ_vars, job_args):
    out = Path(output_paths["data"])
    {}
"""
TAKES = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    source = Path(input_paths["data"])
    {}
    Path(output_paths["copy"]).write_text("x")
"""
READS_TRAIN = 'text = (source / "train.csv").read_text()'


@pytest.fixture
def studio(tmp_path):
    """A folder and one store: what goes between scripts is the same over all of them."""
    return Studio(Place(tmp_path), memory_stores())


def pair(studio, writes, reads="pass", *, output=None, **args):
    """A node that writes, and one that it feeds."""
    studio.place.script("gives", GIVES.format(writes))
    studio.place.script("takes", TAKES.format(reads))
    session = studio.start("gives", "takes", edges=[("gives", "takes")])
    to = {"data": str(studio.place.folder / output)} if output else {}
    configured(session, "gives", output_paths=to, job_args=args)
    return configured(session, "takes", input_paths={"data": "@gives.data"})


def flow(results):
    """The one edge."""
    (only,) = results["data_flow_results"].values()
    return only


def test_an_unreadable_output_fails_the_run_though_its_script_passed(studio):
    """The consumer is not kept from trying; the run failed, and says what is wrong."""
    session = pair(studio, "out.write_text('{\"a\": 1,}')", output="made.json")
    results = session.run()
    assert outcomes(results) == {"gives": "passed", "takes": "passed"}
    assert results["pipeline_success"] is False
    assert flow(results)["compatible"] is False
    (issue,) = flow(results)["compatibility_issues"]
    assert "its name says .json, and it is no JSON: " in issue
    assert studio.statuses() == ["failed"]


def test_what_does_not_fit_is_no_success_to_be_reused(studio):
    """Until it fits its node runs again, is told as failed, and is retried with its reader."""
    session = pair(studio, "out.write_text('nothing')", output="made.json")
    session.run()
    assert outcomes(session.run()) == {"gives": "passed", "takes": "reused"}
    row = next(row for row in session.worklist() if row.node == "gives")
    assert (row.category, row.next) == ("failed", "runthrough logs gives")
    assert row.text.startswith("data does not fit takes: ")
    planned = {row["node"]: row["reasons"] for row in session.plan()["run"]}
    assert planned == {"gives": ["does_not_fit"], "takes": ["upstream_runs"]}
    assert session.to_retry() == ("gives", "takes")
    studio.place.script("gives", GIVES.format("out.write_text('{}')"))
    assert session.run()["pipeline_success"] is True
    assert session.state.nodes["gives"].misfits == ()
    assert session.plan()["run"] == []


def test_another_source_is_not_held_to_what_the_first_one_left(studio):
    """Once the input is fed otherwise, its producer counts as passed again."""
    session = pair(studio, "out.write_text('nothing')", output="made.json")
    session.run()
    assert session.state.nodes["gives"].misfits
    session.disconnect(["takes.data"])
    assert session.state.nodes["gives"].misfits == ()


def test_rows_and_columns_of_what_was_handed_over_are_told(studio):
    """The results and history hold what was really found."""
    results = pair(studio, "out.write_text('label,x\\n1,2\\n3,4\\n')").run()
    seen = flow(results)
    assert results["pipeline_success"] is True
    assert (seen["data_format_a"], seen["rows"], seen["columns"]) == ("csv", 2, ["label", "x"])
    (connection,) = seen["connections"]
    assert (connection["output"], connection["input"]) == ("gives.data", "takes.data")
    (checked,) = studio.events("DataFlowChecked")
    assert (checked.result.rows, checked.result.columns) == (2, ("label", "x"))


def test_what_was_not_checked_never_fails_a_run(studio):
    """A pickle is not loaded; that is told, and nothing more."""
    results = pair(studio, "out.write_bytes(pickle.dumps([1]))", output="made.pkl").run()
    assert results["pipeline_success"] is True
    assert flow(results)["unchecked"] == "loading a pickle could run code"


def test_a_missing_file_fails_the_run_and_is_explained_to_the_consumer(studio):
    """The seam says it before the consumer fails, and both lead to the sub-folder."""
    writes = 'put(out / job_args.name / "train.csv", "a,b\\n1,2\\n")'
    session = pair(studio, writes, READS_TRAIN, name="v1")
    results = session.run()
    assert outcomes(results) == {"gives": "passed", "takes": "failed"}
    (issue,) = flow(results)["connections"][0]["issues"]
    assert issue["code"] == "SEAM_FILES_MISSING"
    assert issue["fix"] == "runthrough connect gives.data/v1 takes.data"
    assert flow(results)["data_format_b"] == "csv"
    (hint,) = results["script_results"]["takes"]["error_hints"]
    assert hint.endswith(f"it holds v1/; is the sub-folder meant? {issue['fix']}")
    session.connect("gives.data/v1", "takes.data")
    results = session.run()
    assert outcomes(results) == {"gives": "reused", "takes": "passed"}
    assert results["pipeline_success"] is True


def test_a_key_that_is_no_column_is_explained_by_the_columns(studio):
    """The hint stands in the event, so that every door can tell it."""
    reads = "import csv; [row['labl'] for row in csv.DictReader(source.open())]"
    session = pair(studio, "out.write_text('label,x\\n1,2\\n')", reads)
    results = session.run()
    told = ["data has: label, x; did you mean 'label'?"]
    assert results["script_results"]["takes"]["error_hints"] == told
    assert list(session.state.nodes["takes"].last.error.hints) == told
    assert results["script_results"]["gives"]["error_hints"] == []


def test_an_attempt_tells_the_files_of_its_folders(studio):
    """Names are kept with the output, relative to its folder."""
    writes = 'put(out / "b.txt", "x"); put(out / "a/c.txt", "x")'
    pair(studio, writes).run()
    first, second = studio.events("ScriptExecuted")
    (written,) = first.outputs
    assert (written.format, written.files) == ("folder", ("a/c.txt", "b.txt"))
    assert [output.files for output in second.outputs] == [()]


# ---- what was really written answers open questions

SPLITS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    for side, names in job_args.files.items():
        folder = Path(output_paths[side])
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text("a,b\\n1,2\\n")
    Path(output_paths["north"]), Path(output_paths["south"])
"""
JOINS = """
from pathlib import Path


def main(input_paths, output_paths):
    folder = Path(input_paths["parts"])
    text = (folder / "customers.csv").read_text() + (folder / "regions.csv").read_text()
    Path(output_paths["joined"]).write_text(text)
"""


def asking(studio, files, *more, edges=()):
    """A producer of two folders whose files nobody can read in it, and who is asked about them."""
    studio.place.script("splits", SPLITS)
    studio.place.script("joins", JOINS)
    for name in more:
        studio.place.script(name, GIVES.format("out.write_text('x')"))
    session = studio.start("splits", "joins", *more, edges=[("splits", "joins"), *edges])
    configured(session, "splits", job_args={"files": files})
    assert session.state.nodes["joins"].state is Lifecycle.PENDING
    assert "parts" in session.state.proposals["joins"]
    return session


READ = ["customers.csv", "regions.csv"]


def test_a_run_of_the_producer_answers_what_its_source_could_not(studio):
    """The consumer is configured by the files that were really written, and runs on them."""
    session = asking(studio, {"north": ["orders.csv"], "south": READ})
    assert outcomes(session.run(["splits"])) == {"splits": "passed"}
    assert session.state.nodes["joins"].state is Lifecycle.AUTO_CONFIGURED
    assert str(session.state.connections["joins"]["parts"].source) == "splits.south"
    before = session.version
    assert session.resume() == [], "a later look comes to the same answer"
    assert session.version == before
    assert outcomes(session.run()) == {"splits": "reused", "joins": "passed"}


def test_an_undo_past_the_run_believes_what_was_written(studio):
    """The files that answered are there still, so nobody is asked again."""
    session = asking(studio, {"north": ["orders.csv"], "south": READ})
    configured(session, "joins", user_notes="later", partial=True)
    session.run(["splits"])
    session.undo()
    joins = session.state.nodes["joins"]
    assert (joins.state, joins.spec.user_notes) == (Lifecycle.AUTO_CONFIGURED, None)
    assert str(session.state.connections["joins"]["parts"].source) == "splits.south"


def test_another_tester_judges_by_the_same_files(studio):
    """What was written is remembered by the session, not by the process that saw it."""
    session = asking(studio, {"north": READ, "south": READ})
    session.run(["splits"])
    assert session.state.nodes["joins"].state is Lifecycle.PENDING
    other = studio.enter()
    other.resume()
    asked = other.state.proposals["joins"]["parts"]
    assert "file names customers.csv, regions.csv" in asked.reason
    assert other.particulars.written["splits"] == {"north": tuple(READ), "south": tuple(READ)}


def test_files_that_contradict_take_the_question_back(studio):
    """Nothing that was written is read, so the consumer wants a path."""
    session = asking(studio, {"north": ["orders.csv"], "south": ["lines.csv"]})
    session.run(["splits"])
    assert "joins" not in session.state.proposals
    assert [need.code for need in session.state.nodes["joins"].needs] == ["INPUT_MISSING"]


def test_what_other_producers_offer_still_counts(studio):
    """All edges of the consumer are looked at, not only the one whose producer has ended."""
    session = asking(
        studio,
        {"north": ["orders.csv"], "south": ["lines.csv"]},
        "gives",
        edges=[("gives", "joins")],
    )
    session.run(["splits"])
    asked = session.state.proposals["joins"]["parts"]
    assert str(asked.source) == "gives.data"


def test_files_of_another_script_or_other_arguments_are_not_believed(studio):
    """After a change the next attempt may write anything."""
    session = asking(studio, {"north": READ, "south": READ})
    session.run(["splits"])
    reason = "file names customers.csv, regions.csv"
    assert reason in session.state.proposals["joins"]["parts"].reason
    looked = session._looking.at(session.state, session.particulars, ["splits"])
    assert set(looked["splits"].written) == {"north", "south"}
    configured(session, "splits", job_args={"files": {"north": ["x.csv"], "south": ["y.csv"]}})
    looked = session._looking.at(session.state, session.particulars, ["splits"])
    assert looked["splits"].written == {}
    configured(session, "splits", job_args={"files": {"north": READ, "south": READ}})
    script = studio.place.workspace / "scripts/splits.py"
    script.write_text(script.read_text().replace("1,2", "3,4"))
    looked = session._looking.at(session.state, session.particulars, ["splits"])
    assert looked["splits"].written == {}


def test_what_was_written_is_no_reading_of_the_script(studio):
    """Requirements and fingerprints stay what they were: nothing is read again or stale."""
    session = asking(studio, {"north": READ, "south": ["orders.csv"]})
    read = len(studio.events("RequirementsRead"))
    session.run(["splits"])
    session.resume()
    assert len(studio.events("RequirementsRead")) == read
    assert outcomes(session.run(["splits"])) == {"splits": "reused"}


WRITES_TOKEN = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["data"]).write_text("ann," + environ_vars["TOKEN"] + "\\nbob,x\\n")
    folder = Path(output_paths["folder"])
    folder.mkdir()
    (folder / environ_vars["TOKEN"]).write_text("x")
"""


def test_no_secret_comes_back_as_the_name_of_a_column_or_file(studio):
    """What a script wrote is looked into, and its secrets are masked there as in its logs."""
    studio.secrets["API"] = "correct-horse-battery-staple-7391"
    studio.place.script("gives", WRITES_TOKEN)
    studio.place.script("takes", TAKES.format('raise KeyError("correct-house")'))
    session = studio.start("gives", "takes", edges=[("gives", "takes")])
    configured(session, "gives", environ_vars={"TOKEN": Secret("API")})
    configured(session, "takes", input_paths={"data": "@gives.data"})
    results = session.run()
    assert outcomes(results) == {"gives": "passed", "takes": "failed"}
    assert flow(results)["columns"] == ["ann", "[masked]"]
    assert results["script_results"]["takes"]["error_hints"] == ["data has: ann, [masked]"]
    assert ["[masked]"] in [list(o.files) for o in studio.events("ScriptExecuted")[0].outputs]
    assert "correct-horse" not in repr(results) + repr(studio.events())


@pytest.mark.parametrize(
    "tells",
    [
        "print(source.read_text(), file=__import__('sys').stderr)",
        "print(source.read_text())",
        "return {'read': [source.read_text()]}",
        "raise ValueError(source.read_text())",
    ],
    ids=["stderr", "stdout", "returned", "raised"],
)
def test_a_secret_that_another_script_wrote_is_no_part_of_history(studio, tells):
    """Its own host does not know it: who reads it and tells it has no secret."""
    studio.secrets["API"] = "correct-horse-battery-staple-7391"
    studio.place.script("gives", WRITES_TOKEN)
    studio.place.script("takes", TAKES.format(tells))
    session = studio.start("gives", "takes", edges=[("gives", "takes")])
    configured(session, "gives", environ_vars={"TOKEN": Secret("API")})
    configured(session, "takes", input_paths={"data": "@gives.data"})
    results = session.run()
    assert "takes" in results["execution_order"]
    told = repr(results) + repr(studio.events()) + repr(session.report())
    assert "[masked]" in told
    assert "correct-horse" not in told


def test_an_output_called_like_a_file_of_ours_lies_beside_it(studio):
    """An output named `cancelled` or `claim` never meets the files that steer its attempt."""
    studio.place.script(
        "odd",
        "from pathlib import Path\n\n\n"
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        '    Path(output_paths["cancelled"]).write_text("x")\n'
        '    Path(output_paths["claim"]).write_text("x")\n',
    )
    session = studio.start("odd")
    assert outcomes(session.run()) == {"odd": "passed"}
    written = session.state.nodes["odd"].passed.outputs
    assert {path.rsplit("/", 1)[1] for path in written.values()} == {"cancelled_", "claim_"}
