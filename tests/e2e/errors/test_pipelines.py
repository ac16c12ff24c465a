"""Errors of pipelines: the file, its names, its cycles, and what is selected of it."""

import pytest
from tests.support.provoked import at_the_start, provokes, with_answers, with_questions

from runthrough.errors import (
    AmbiguousScriptError,
    NothingToRetryError,
    PipelineCycleError,
    PipelineError,
    PipelineFileError,
    SelectionError,
    UnknownNodeError,
)

TO_DRAFT = "runthrough new --from-folder DIR"
NO_FILE = (
    "name a pipeline file that is there; runthrough new --from-folder DIR drafts one from a "
    "folder of scripts"
)
SELECTIONS = (
    "runthrough status lists the nodes; select NODE, NODE+ (and below), +NODE (and above), "
    "state:failed or state:stale"
)


@provokes(PipelineError)
def test_no_folder_to_draft_from(tmp_path):
    """A folder that is not there is named, and another one drafts a pipeline file."""
    victim = at_the_start(tmp_path)
    victim.refused(
        "new --from-folder skripts",
        PipelineError,
        "There is no folder 'skripts'.",
        "name a folder of scripts",
    )
    victim.line("new --from-folder scripts -o drafted.yaml")
    assert (tmp_path / "drafted.yaml").exists()


@provokes(PipelineFileError)
def test_no_such_pipeline_file(tmp_path):
    """A file that is not there is answered with one that is, and with how to draft one."""
    victim = at_the_start(tmp_path)
    told = victim.refused(
        "new pipelin.yaml",
        PipelineFileError,
        "pipelin.yaml: there is no such file. Did you mean 'pipeline.yaml'?",
        NO_FILE,
    )
    (tmp_path / "pipeline.yaml").rename(tmp_path / "old.yaml")
    victim.follow(told, TO_DRAFT, DIR="scripts")
    victim.line("new pipeline.yaml")


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (
            "",
            "bad.yaml: the file is empty",
            "declare nodes and edges: docs/reference/pipeline-file.md shows how",
        ),
        (
            "nodes: {}\n",
            "bad.yaml:1:1: the pipeline has no nodes",
            "write at least one, such as nodes: {clean: {}}",
        ),
        (
            "nodes:\n  clean: {inputs: 3}\n",
            "bad.yaml:2:19: nodes.clean.inputs must be a mapping",
            "write NAME: VALUE below it, further in",
        ),
        (
            "nodes:\n\tclean: {}\n",
            (
                "bad.yaml:2:1: this is not YAML: found character that cannot start any token "
                "while scanning for the next token"
            ),
            "indent with spaces, not tabs",
        ),
        ("node: {clean: {}}\n", "bad.yaml:1:1: unknown key node", "did you mean 'nodes'?"),
    ],
)
@provokes(PipelineFileError)
def test_a_file_that_is_no_pipeline(tmp_path, text, message, fix):
    """What is wrong in a pipeline file is told with its place and how to write it."""
    victim = at_the_start(tmp_path)
    victim.file("bad.yaml", text)
    victim.refused("new bad.yaml", PipelineFileError, message, fix)
    assert not victim.database.exists()


@provokes(PipelineCycleError)
def test_a_cycle(tmp_path):
    """Of the edges that are named, one that is removed lets a session begin."""
    victim = at_the_start(tmp_path)
    cycle = "name: c\nnodes: {clean: {}, total: {}}\nedges: [[clean, total], [total, clean]]\n"
    victim.file("cycle.yaml", cycle)
    told = victim.refused(
        "new cycle.yaml",
        PipelineCycleError,
        "cycle.yaml:3:25: the pipeline has a cycle: clean → total → clean",
        "remove one of these edges: [clean, total], [total, clean]",
    )
    removed = told.fix.rpartition(", [")[2]
    victim.file("cycle.yaml", cycle.replace(f", [{removed}", ""))
    victim.line("new cycle.yaml")


@provokes(SelectionError)
def test_a_selection_of_nothing(tmp_path):
    """A selection that matches no node is exit 5, and each of the forms that are told works."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "run totl",
        SelectionError,
        "The selection 'totl' matches no node. Did you mean 'total'?",
        SELECTIONS,
        code=5,
    )
    assert "total" in victim.follow(told, "runthrough status").out
    for form in ("NODE", "NODE+", "+NODE"):
        assert form in told.fix
        victim.line(f"plan {form.replace('NODE', 'total')}")
    victim.refused(
        "run state:failed",
        SelectionError,
        "The selection 'state:failed' matches no node: no node's last attempt has failed.",
        SELECTIONS,
        code=5,
    )


@provokes(NothingToRetryError)
def test_nothing_to_retry(tmp_path):
    """A retry of nothing is exit 5, and names what shows what a run would do."""
    victim = with_answers(tmp_path)
    told = victim.refused(
        "retry",
        NothingToRetryError,
        "There is nothing to retry: the last attempt of every node passed, or there was none.",
        "runthrough plan shows what a run would do",
        code=5,
    )
    assert "clean" in victim.follow(told, "runthrough plan").out


@provokes(UnknownNodeError)
def test_a_node_that_is_none(tmp_path):
    """A slip in a node's name is answered with the nearest ones."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "requirements claen",
        UnknownNodeError,
        "Script 'claen' not found in discovered scripts. Did you mean 'clean'?",
        "runthrough status lists the nodes",
    )
    assert "clean" in victim.follow(told, "runthrough status").out
    victim.refused(
        "history --node zzz",
        UnknownNodeError,
        "No node is called 'zzz', nor was one.",
        "runthrough status lists the nodes",
    )


@provokes(AmbiguousScriptError)
def test_a_script_of_several_nodes(tmp_path):
    """Where a script's name stands for several nodes, one of those that are named is taken."""
    victim = at_the_start(tmp_path)
    node = "{script: scripts/clean.py}"
    victim.file("twice.yaml", f"name: twice\nnodes: {{a: {node}, b: {node}}}\n")
    victim.line("new twice.yaml")
    victim.refused(
        "requirements clean",
        AmbiguousScriptError,
        "The script 'clean' is run by 2 nodes: a, b.",
        "name the node instead of the script",
    )
    victim.line("requirements b")
