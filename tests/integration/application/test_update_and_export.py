"""A pipeline file that changes under a living session, and sessions written back: real files."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support.desk import shop, states, top

import runthrough
from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline, write_pipeline
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    PipelineDiffersError,
    PipelineFileError,
    UnknownSessionError,
)

EURO = Answers(environ_vars={"CURRENCY": "USD"})


@pytest.fixture
def desk(tmp_path):
    """The shop, whose `report` needs to be told `top`."""
    with shop(tmp_path) as made:
        yield made


def edited(desk, *changes, name="pipeline.yaml"):
    """The pipeline file with some of its words changed."""
    file = desk.folder / name
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return load_pipeline(file)


def configured(session):
    """What each node is configured with: values with absolute paths, and what feeds it."""
    found = {}
    for node, there in session.state.nodes.items():
        if there.external:
            found[node] = {n: session.locate(p) for n, p in there.external_outputs.items()}
            continue
        spec = there.spec or there.draft
        wires = session.state.connections.get(node, {})
        found[node] = (
            there.spec is None,
            there.script and session.locate(there.script.path),
            spec and {n: session.locate(p) for n, p in spec.input_paths.items()},
            spec and {n: session.locate(p) for n, p in spec.output_paths.items()},
            spec and (spec.environ_vars, spec.job_args, spec.timeout_s, spec.limits, spec.python),
            {name: str(wires[name].source) for name in sorted(wires)},
        )
    return found


def written_back(desk, session, file):
    """The session as a file, and a new session on it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    done = write_pipeline(file, session.as_pipeline(), locate=session.locate)
    again = desk.application().sessions.start(load_pipeline(file))
    return done, again


def test_the_own_file_is_taken_as_it_is_now(desk):
    """File values are defaults: a person's stay and are told, the others follow."""
    session = desk.begin(clean=EURO, report=top(3))
    edited(desk, ("CURRENCY: EUR", "CURRENCY: GBP"), ("report: {}", "report: {timeout_s: 9}"))
    recorded = session.update(load_pipeline(session.pipeline_file()))
    assert recorded.told == ("clean.CURRENCY: yours USD stays, the file says GBP",)
    spec = session.state.nodes["report"].spec
    assert (spec.job_args, spec.timeout_s) == ({"top": 3}, 9.0)
    assert session.state.nodes["clean"].spec.environ_vars == {"CURRENCY": "USD"}
    assert session.recorded(recorded)[0].type == "PipelineChanged"


def test_an_added_node_is_found_and_wired(desk):
    """A node that the file names now has its script, its needs and its connection at once."""
    session = desk.begin(report=top())
    desk.script(
        "mail",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    open(input_paths['totals']).read()\n",
    )
    new = edited(
        desk,
        ("  report: {}", "  report: {}\n  mail: {}"),
        ("- [total, report]", "- [total, report]\n  - [total, mail]"),
    )
    session.update(new)
    assert states(session)["mail"] == "auto_configured"
    assert str(session.state.connections["mail"]["totals"].source) == "total.totals"


def test_a_file_that_is_missing_at_a_new_place_is_told_where_it_lies(desk):
    """The facts are those of the new pipeline: its paths are looked at before the decision."""
    session = desk.begin(report=top())
    session.update(edited(desk, ("data/orders.csv", "data/absent.csv")))
    (need,) = session.state.nodes["clean"].needs
    assert need.code == "INPUT_NOT_FOUND"
    assert "data/absent.csv" in need.message
    shutil.copy(desk.orders, desk.folder / "data" / "absent.csv")
    session.resume()
    assert states(session)["clean"] == "auto_configured"


def test_another_declared_script_is_taken_with_what_was_answered(desk):
    """The node runs the script that the file names now, and external nodes become scripts."""
    session = desk.begin(report=top(3))
    desk.script("best", (desk.folder / "scripts" / "report.py").read_text())
    session.update(edited(desk, ("report: {}", "report: {script: scripts/best.py}")))
    assert session.state.nodes["report"].script.name == "best"
    assert session.state.nodes["report"].spec.job_args == {"top": 3}
    outside = "report: {external: true, outputs: {report: data/orders.csv}}"
    session.update(edited(desk, ("report: {script: scripts/best.py}", outside)))
    assert session.state.nodes["report"].external
    session.update(edited(desk, (outside, "report: {}")))
    assert session.state.nodes["report"].script.name == "report"
    assert states(session)["report"] == "configured"


def test_a_renamed_node_is_known_by_its_new_name(desk):
    """Needs, evidence and outcome go with the name; what has passed is not run again."""
    session = desk.begin(report=top())
    assert session.run()["pipeline_success"]
    new = edited(
        desk,
        ("clean:", "tidy:\n    script: scripts/clean.py"),
        ("total: {}", "sum: {script: scripts/total.py}"),
        ("[clean, total]", "[tidy, sum]"),
        ("[total, report]", "[sum, report]"),
    )
    recorded = session.update(new, renamed={"clean": "tidy", "total": "sum"})
    assert [row.type for row in session.recorded(recorded)] == ["PipelineChanged"]
    assert session.particulars.needs("sum").of("input")
    assert [row["node"] for row in session.plan()["reuse"]] == ["tidy", "sum", "report"]
    assert session.run()["outcomes"]["sum"]["outcome"] == "reused"
    with pytest.raises(CommandRefusedError):
        session.update(new)


def test_a_file_in_another_folder_keeps_its_own_paths(desk):
    """Paths of another file are relative to that file; the session's folders stay."""
    session = desk.begin(report=top())
    before = dict(session._roots.places)
    other = desk.folder / "plans" / "pipeline.yaml"
    other.parent.mkdir()
    shutil.copy(desk.folder / "pipeline.yaml", other)
    new = edited(
        desk,
        ("data/orders.csv", "orders.csv"),
        ("[scripts]", "[../scripts]"),
        name="plans/pipeline.yaml",
    )
    shutil.copy(desk.orders, other.parent / "orders.csv")
    session.update(new)
    assert session.locate(session.state.nodes["clean"].spec.input_paths["orders"]) == str(
        other.parent / "orders.csv"
    )
    assert session.pipeline_file() == str(other)
    assert dict(session._roots.places) == before
    assert states(session)["clean"] == "auto_configured"


def test_only_an_update_needs_the_file(desk):
    """With its pipeline file gone a session goes on; an update says what is gone."""
    session = desk.begin(report=top())
    (desk.folder / "pipeline.yaml").unlink()
    assert session.run()["pipeline_success"]
    with pytest.raises(PipelineFileError, match="own pipeline file is gone") as caught:
        session.pipeline_file()
    assert "runthrough update PIPELINE" in caught.value.fix


def test_a_session_without_a_file_says_so(desk):
    """A session that was brought to a DAG has no file that it could be updated from."""
    session = desk.begin(report=top())
    dag = PipelineDAG(["clean", "total"], [("clean", "total")], "shop")
    session.update(PipelineDefinition.from_dag(dag, str(desk.folder)))
    with pytest.raises(CommandInvalidError, match="no pipeline file"):
        session.pipeline_file()


def test_a_refused_update_is_in_the_log(desk):
    """Nothing differs: that is refused, and who asked is on record."""
    session = desk.begin()
    with pytest.raises(CommandRefusedError, match="already"):
        session.update(load_pipeline(session.pipeline_file()))
    assert desk.events()[-1][0] == "CommandRefused"


def test_another_pipeline_under_a_known_name_names_update(desk):
    """Who resumes by name with a changed file is told of `update`."""
    session = desk.begin()
    new = edited(desk, ("CURRENCY: EUR", "CURRENCY: GBP"))
    with pytest.raises(PipelineDiffersError, match="update"):
        desk.application().sessions.resume_equal(session.name, new)


def test_registered_scripts_are_taken_anew(desk):
    """The settings' registry is part of what an update takes, below the file's own."""
    desk.shell.file("runthrough.toml", '[registry]\nextra = "scripts/total.py"\n')
    session = desk.begin(report=top())
    assert "extra" in session.state.pipeline.registry
    edited(
        desk,
        ("  report: {}", "  report: {}\n  extra: {}"),
        ("[clean, total]", "[clean, extra]"),
        ("- [total, report]", "- [clean, total]\n  - [total, report]"),
    )
    session.update(load_pipeline(session.pipeline_file()))
    assert session.state.nodes["extra"].script.name == "total"


@pytest.mark.parametrize("place", ["pipeline-2.yaml", "deep/er/other.json"])
def test_a_written_session_begins_equally_configured(desk, place):
    """A session with people's answers of every kind is read back, with nothing pending."""
    session = desk.begin(
        clean=Answers(
            input_paths={"orders": str(desk.orders)},
            output_paths={"clean_orders": "out/clean.csv"},
            environ_vars={"CURRENCY": {"secret": "MONEY"}},
            timeout_s=30.0,
            limits={"memory": "2GiB", "open_files": 64},
            user_notes="because",
        ),
        report=top(2),
    )
    done, again = written_back(desk, session, desk.folder / place)
    assert set(states(again).values()) == {"auto_configured"}
    assert configured(again) == configured(session)
    assert done.left_out == ()
    assert session.unsaid() == ("the note of clean: because",)


def test_a_pending_node_is_written_with_its_draft(desk):
    """What is known of it is there again, and it is pending again."""
    session = desk.begin()
    session.configure("report", Answers(environ_vars={"LANG": "de"}, partial=True))
    _, again = written_back(desk, session, desk.folder / "again.yaml")
    assert states(again)["report"] == "pending"
    assert configured(again) == configured(session)


def test_rejections_and_marks_are_written_as_far_as_they_can_be(desk):
    """External nodes are written; what no file can say is told."""
    session = desk.begin(report=top())
    session.mark_external("clean", {"clean_orders": "data/orders.csv"})
    session.disconnect(["report.totals"])
    assert session.unsaid() == ("report.totals does not take total.totals: rejected",)
    declared = session.as_pipeline()
    assert declared.nodes["clean"].external
    assert declared.edges == (("clean", "total"), ("total", "report"))
    done = write_pipeline(desk.folder / "x.json", declared, locate=session.locate)
    assert done.left_out == ()
    said = json.loads((desk.folder / "x.json").read_text())
    assert said["nodes"]["clean"] == {
        "external": True,
        "outputs": {"clean_orders": "data/orders.csv"},
    }


def test_an_edge_that_a_connection_brought_is_written(desk):
    """A person's connection is declared in the file, with its edge."""
    session = desk.begin(report=top())
    desk.script(
        "mail",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    open(input_paths['text']).read()\n",
    )
    session.update(edited(desk, ("  report: {}", "  report: {}\n  mail: {}")))
    session.connect("report.report", "mail.text")
    assert ("report", "mail") in session.as_pipeline().edges
    _, again = written_back(desk, session, desk.folder / "again.yaml")
    assert ("report", "mail") in again.state.pipeline.edges
    assert configured(again) == configured(session)


def test_the_demo_pipeline_is_written_back(tmp_path):
    """A real pipeline: its session's file begins a session that is configured equally."""
    shutil.copytree(Path(runthrough.__file__).parent / "demo", tmp_path, dirs_exist_ok=True)
    with shop(tmp_path / "shop") as desk:
        sessions = desk.application().sessions
        session = sessions.start(load_pipeline(tmp_path / "pipeline.yaml"))
        done, again = written_back(desk, session, tmp_path / "again.yaml")
    assert done.left_out == ()
    assert configured(again) == configured(session)


def test_answers_of_another_session_are_taken(desk):
    """A new session like another one has its people's values, notes and rejections."""
    session = desk.begin(clean=EURO, report=top(3, user_notes="three is enough"))
    session.disconnect(["total.clean_orders"])
    again = desk.application("bob").sessions.start(
        load_pipeline(desk.folder / "pipeline.yaml"), like="demo"
    )
    assert again.likeness is not None
    assert (again.likeness.name, again.likeness.answers) == ("demo", 4)
    assert configured(again) == configured(session)
    assert again.state.nodes["report"].spec.user_notes == "three is enough"
    assert again.state.nodes["report"].configured_by == "person"
    assert again.state.rejected == session.state.rejected
    assert [need.code for need in again.state.nodes["total"].needs] == ["INPUT_MISSING"]


def test_connections_of_another_session_are_taken_where_they_can_be(desk):
    """A person's connection is made again with its edge, but not where it would close a cycle."""
    session = desk.begin(report=top())
    session.connect("clean.clean_orders", "report.totals")
    again = desk.application().sessions.start(
        load_pipeline(desk.folder / "pipeline.yaml"), like="demo"
    )
    assert configured(again) == configured(session)
    assert again.state.connections["report"]["totals"].status == "confirmed"
    turned = edited(
        desk, ("[clean, total]", "[total, clean]"), ("[total, report]", "[report, clean]")
    )
    third = desk.application().sessions.start(turned, like="demo")
    assert not third.state.connections.get("report")
    assert third.likeness.answers == again.likeness.answers - 1


def test_answers_meet_another_file(desk):
    """The new session's file has the defaults: people's values win, and are told against it."""
    desk.begin(clean=EURO, report=top(3))
    new = edited(
        desk,
        ("CURRENCY: EUR", "CURRENCY: GBP"),
        ("report: {}", "report: {timeout_s: 9}\n  extra: {script: scripts/total.py}"),
    )
    again = desk.application().sessions.start(new, like="demo")
    assert again.state.nodes["clean"].spec.environ_vars == {"CURRENCY": "USD"}
    assert again.state.nodes["report"].spec.timeout_s == 9.0
    assert again.likeness.told == ("clean.CURRENCY: yours USD stays, the file says GBP",)


def test_answers_are_judged_by_todays_world(desk):
    """An answer whose file is gone is the draft of a node that waits for a person."""
    other = desk.folder / "data" / "mine.csv"
    shutil.copy(desk.orders, other)
    desk.begin(clean=Answers(input_paths={"orders": str(other)}), report=top())
    other.unlink()
    file = load_pipeline(desk.folder / "pipeline.yaml")
    again = desk.application().sessions.start(file, like="demo")
    there = again.state.nodes["clean"]
    assert [need.code for need in there.needs] == ["INPUT_NOT_FOUND"]
    assert there.restores_to == "person"
    shutil.copy(desk.orders, other)
    again.resume()
    assert states(again)["clean"] == "configured"


def test_what_another_sessions_runs_wrote_is_not_taken(desk):
    """A path in the other session's own folder is nobody's answer in a new one."""
    session = desk.begin(report=top())
    session.run()
    log = session.locate(session.state.nodes["clean"].passed.outputs["clean_orders"])
    session.configure("clean", Answers(input_paths={"orders": log}))
    assert session.state.nodes["clean"].spec.input_paths["orders"].startswith("session:")
    file = load_pipeline(desk.folder / "pipeline.yaml")
    again = desk.application().sessions.start(file, like="demo")
    assert again.locate(again.state.nodes["clean"].spec.input_paths["orders"]) == str(desk.orders)


def test_answers_are_taken_to_another_folder(desk):
    """Paths are those that people meant, wherever the new session's folders lie."""
    mine = desk.shell.file("data/mine.csv", desk.orders.read_text())
    desk.begin(clean=Answers(input_paths={"orders": str(mine)}), report=top())
    away = desk.folder / "away"
    away.mkdir()
    shutil.copytree(desk.folder / "scripts", away / "scripts")
    shutil.copytree(desk.folder / "data", away / "data")
    shutil.copy(desk.folder / "pipeline.yaml", away)
    again = desk.application().sessions.start(load_pipeline(away / "pipeline.yaml"), like="demo")
    paths = again.state.nodes["clean"].spec.input_paths
    assert again.locate(paths["orders"]) == str(mine)


def test_a_chosen_script_and_a_mark_are_taken(desk):
    """A bound script is bound again, and an external node stands outside again."""
    desk.script("mine", (desk.folder / "scripts" / "total.py").read_text())
    session = desk.begin(report=top())
    session.bind("total", str(desk.folder / "scripts" / "mine.py"))
    session.mark_external("clean", {"clean_orders": str(desk.orders)})
    file = load_pipeline(desk.folder / "pipeline.yaml")
    again = desk.application().sessions.start(file, like="demo")
    assert again.state.nodes["total"].script.name == "mine"
    assert again.state.nodes["total"].bound
    assert configured(again) == configured(session)


def test_a_session_that_is_not_there_cannot_be_like(desk):
    """The sessions there are, are named, and nothing is begun."""
    desk.begin()
    file = load_pipeline(desk.folder / "pipeline.yaml")
    with pytest.raises(UnknownSessionError, match="demo"):
        desk.application().sessions.start(file, like="nobody")
    assert desk.count("SessionStarted") == 1
