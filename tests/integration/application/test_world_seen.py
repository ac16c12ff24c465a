"""What a session sees of its files when it begins, and when it is looked at again."""

from tests.support.testers import NAME, configured, outcomes

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration

COPIES = """
import shutil


def main(input_paths, output_paths):
    shutil.copy(input_paths["source"], output_paths["copy"])
"""
DEEP = """
def main(input_paths, job_args):
    if job_args.deep:
        print(input_paths["more"])
"""
FILE = RecordedPath("pipeline:data.txt")


def declared(studio, *, external=None, **inputs):
    """A session over an external node, a node that copies, and a node below it that copies."""
    studio.place.script("copies", COPIES)
    studio.place.script("again", COPIES)
    outputs = external or {"file": FILE}
    pipeline = PipelineDeclaration(
        name="declared",
        nodes={
            "given": NodeDeclaration(external=True, outputs=outputs),
            "copies": NodeDeclaration(inputs=inputs),
            "again": NodeDeclaration(inputs={"source": Output("copies", "copy")}),
        },
        edges=(("given", "copies"), ("copies", "again")),
    )
    definition = PipelineDefinition(pipeline, str(studio.place.folder))
    workspaces = (str(studio.place.workspace),)
    return studio.sessions().start(definition, name=NAME, workspaces=workspaces)


def states(session):
    """The lifecycle state of each node that has one."""
    return [there.state for there in session.state.nodes.values() if there.state]


def test_an_external_file_that_is_there_feeds_by_declaration(studio):
    """No person is needed: the whole pipeline is configured by itself, and runs."""
    studio.place.file("data.txt", "x")
    session = declared(studio, source=Output("given", "file"))
    assert states(session) == [Lifecycle.AUTO_CONFIGURED] * 2
    assert outcomes(session.run()) == {"copies": "passed", "again": "passed"}


def test_a_path_inside_an_external_folder_is_looked_at(studio):
    """The part that feeds is named by the connection, and an edit of it makes the node stale."""
    inside = studio.place.file("folder/part.txt", "x")
    session = declared(
        studio,
        external={"folder": RecordedPath("pipeline:folder")},
        source=Output("given", "folder", "part.txt"),
    )
    assert outcomes(session.run()) == {"copies": "passed", "again": "passed"}
    inside.write_text("y")
    assert [row.category for row in session.worklist() if row.node == "copies"] == ["stale"]
    assert outcomes(session.run()) == {"copies": "passed", "again": "passed"}


def test_an_external_file_that_is_not_there_needs_a_person_until_it_is_back(studio):
    """The node waits with the path in its words; when the file comes it is configured."""
    session = declared(studio, source=Output("given", "file"))
    assert states(session)[0] is Lifecycle.PENDING
    assert "data.txt" in session.state.nodes["copies"].needs[0].message
    studio.place.file("data.txt", "x")
    session.resume()
    assert states(session) == [Lifecycle.AUTO_CONFIGURED] * 2
    assert outcomes(session.run()) == {"copies": "passed", "again": "passed"}


def test_a_declared_file_is_looked_at_when_the_session_begins(studio):
    """A path that the pipeline gives is evidence as it lies there."""
    studio.place.file("data.txt", "x")
    session = declared(studio, source=FILE)
    evidence = session.particulars.evidence["copies"][0]
    assert (evidence.source, evidence.path, evidence.size_bytes) == ("connection", FILE, 1)
    assert str(session.state.connections["copies"]["source"].source) == "given.file"


def test_a_script_that_is_written_later_is_found_when_the_session_is_resumed(studio):
    """Until then its node waits for it, and nothing is written anywhere."""
    session = studio.start("copies")
    assert [need.code for need in session.state.nodes["copies"].needs] == ["SCRIPT_NOT_FOUND"]
    studio.place.script("copies", COPIES)
    source = studio.place.file("data.txt", "x")
    session.resume()
    assert [need.code for need in session.state.nodes["copies"].needs] == ["INPUT_MISSING"]
    configured(session, "copies", input_paths={"source": str(source)})
    assert outcomes(session.run()) == {"copies": "passed"}


def test_what_lies_where_inputs_lie_by_convention_is_found(studio):
    """`input/<name>` in the workspace feeds a source node; an empty file there does not."""
    studio.place.script("copies", COPIES)
    path = studio.place.file("workspace/input/source", "")
    session = studio.start("copies")
    assert states(session) == [Lifecycle.PENDING]
    path.write_text("x")
    session.resume()
    assert states(session) == [Lifecycle.AUTO_CONFIGURED]
    assert session.state.nodes["copies"].spec.input_paths == {"source": "workspace:input/source"}


def test_what_a_script_needs_anew_is_read_again_and_why_is_told(studio):
    """An edited script is read again because of itself, other arguments because of them."""
    studio.place.script("copies", DEEP)
    session = configured(studio.start("copies"), "copies", job_args={"deep": False})
    more = studio.place.file("data.txt", "x")
    configured(session, "copies", job_args={"deep": True}, input_paths={"more": str(more)})
    studio.place.script("copies", DEEP.replace("print(", "print(job_args.other, "))
    session.resume()
    told = [event.because for event in studio.events("RequirementsRead")]
    assert told == ["discovered", "arguments", "arguments", "script"]
    assert [need.where.name for need in session.state.nodes["copies"].needs] == ["other"]


def test_what_the_pipeline_no_longer_declares_is_no_edit_of_a_contract(studio):
    """A need that the pipeline stops naming is read again for that; a contract says so too."""
    file = studio.place.script("copies", COPIES)
    inputs = {"source": FILE}
    pipeline = PipelineDeclaration(
        name="declared", nodes={"copies": NodeDeclaration(inputs=inputs)}, edges=()
    )
    folder = str(studio.place.folder)
    session = studio.sessions().start(
        PipelineDefinition(pipeline, folder),
        name=NAME,
        workspaces=(str(studio.place.workspace),),
    )
    silent = PipelineDeclaration(name="declared", nodes={"copies": NodeDeclaration()}, edges=())
    session.update(PipelineDefinition(silent, folder))
    contract = file.with_name("copies.contract.yaml")
    contract.write_text("expected_input_paths: {source: /opt/in}\n")
    session.resume()
    contract.unlink()
    session.resume()
    told = [event.because for event in studio.events("RequirementsRead")]
    assert told == ["discovered", "pipeline", "contract", "contract"]
