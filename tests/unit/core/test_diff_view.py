"""Two sides of a comparison: only what differs, in contents, configuration and outcomes."""

import pytest
from tests.support.builders import (
    envelopes,
    file_at,
    node_facts,
    nothing_at,
    part,
    pipeline,
    script_info,
    session_started,
    written,
)

from runthrough.core.events import (
    ConnectionConfirmed,
    DataFlowChecked,
    NodeDiscovered,
    NodeMarkedExternal,
    PipelineChanged,
    ScriptConfigured,
    ScriptExecuted,
    ScriptStarted,
    SessionForked,
)
from runthrough.core.state import SessionState
from runthrough.core.values.facts import InterpreterFacts, NodeFacts
from runthrough.core.values.outcomes import Edge, SeamResult
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.diff import (
    Difference,
    Side,
    difference_words,
    differences_of,
    source_diff,
)
from runthrough.core.views.loaded import Loaded

OUT = "session:runs/r/clean/1/rows"
RAW = "workspace:raw.csv"


def configured(node="clean", *, raw=RAW, **job_args):
    inputs = {"raw": raw} if raw else {}
    spec = ScriptSpec(input_paths=inputs, job_args=job_args)
    return ScriptConfigured(node=node, spec=spec, evidence=())


def ran(node="clean", *, attempt="1", script="s1", raw="r1", out="o1", **more):
    """An attempt that read these contents, and what it left."""
    more.setdefault("outcome", "passed")
    more.setdefault("duration_s", 1.0)
    prints = (
        part("input", "raw", raw),
        part("interpreter", "python", "3.11.7"),
        part("module", "helpers", "m1"),
        part("script", "clean", script),
    )
    return (
        ScriptStarted(
            node=node, run="r", attempt=attempt, fingerprint=prints, runner="p", outputs={}
        ),
        ScriptExecuted(
            node=node, run="r", attempt=attempt, outputs=(written("rows", OUT, out),), **more
        ),
    )


def seam(rows, columns=("a", "b"), subpath=None):
    """What was found between the two nodes."""
    edge = Edge(from_node="clean", output="rows", input="data", subpath=subpath)
    result = SeamResult(compatible=True, rows=rows, columns=columns)
    return DataFlowChecked(node="train", run="r", edge=edge, result=result)


BEGUN = (
    session_started(pipeline(("clean", "train"))),
    NodeDiscovered(node="clean", script=script_info(digest="s1", modules={"helpers": "m1"})),
    NodeDiscovered(node="train", script=script_info("train")),
    ConnectionConfirmed(node="train", input="data", from_node="clean", output="rows", reason="r"),
    configured(depth=1),
)


def side(*events, world=None, begun=BEGUN):
    """A session in which these events have happened."""
    loaded = Loaded(SessionState("session-1"))
    loaded.fold(envelopes((*begun, *events)))
    return Side(loaded.state, loaded.particulars, world or {})


def told(one, other, *parts):
    """Node, part, name, old and new of what differs, or of some parts of it."""
    return [
        (row.node, row.part, row.name, row.old, row.new)
        for row in differences_of(one, other)
        if not parts or row.part in parts
    ]


def digest(value, rows=None, columns=None):
    """An input or output as it is told."""
    return {"digest": value, "rows": rows, "columns": columns}


def test_what_is_equal_is_not_told():
    """Two equal sides have no difference at all."""
    assert told(side(*ran()), side(*ran())) == []


def test_configured_values_differ_by_their_names():
    """As history tells them, with the state of the node."""
    other = side(configured(depth=2, mode="x"))
    assert told(side(), other) == [
        ("clean", "configuration", "arg.depth", 1, 2),
        ("clean", "configuration", "arg.mode", None, "x"),
    ]


def test_nodes_that_came_or_went_are_told_once():
    """Not with all that they hold, which the other side cannot have."""
    changed = PipelineChanged(
        pipeline=pipeline(clean=NodeDeclaration(), report=NodeDeclaration()),
        added=("report",),
        removed=("train",),
    )
    assert told(side(), side(changed)) == [
        ("train", "node", "train", "train", None),
        ("report", "node", "report", None, "no script"),
    ]


def test_a_node_that_became_external_is_another_configuration():
    """It has no script and provides paths."""
    other = side(NodeMarkedExternal(node="clean", outputs={"rows": "workspace:rows.csv"}))
    assert ("clean", "configuration", "external", None, True) in told(side(), other)
    assert ("clean", "configuration", "provides.rows", None, "rows.csv") in told(side(), other)


def test_a_run_is_told_by_what_it_left():
    """Outcome, duration and outputs differ from a version before it."""
    assert told(side(), side(*ran()), "outcome", "duration", "output") == [
        ("clean", "output", "rows", None, digest("o1")),
        ("clean", "outcome", "outcome", None, "passed"),
        ("clean", "duration", "duration", None, 1.0),
    ]


def test_two_attempts_differ_in_what_they_read_and_left():
    """Contents by digest, and how long it took; the same outcome is not told."""
    later = ran(attempt="2", raw="r2", out="o2", duration_s=2.0)
    assert told(side(*ran()), side(*ran(), *later)) == [
        ("clean", "input", "raw", digest("r1"), digest("r2")),
        ("clean", "output", "rows", digest("o1"), digest("o2")),
        ("clean", "duration", "duration", 1.0, 2.0),
        ("train", "input", "data", digest("o1"), digest("o2")),
    ]


def test_an_attempt_that_failed_leaves_what_passed_before_it():
    """Its outcome differs, the outputs do not."""
    failed = ran(attempt="2", outcome="failed")
    assert told(side(*ran()), side(*ran(), *failed)) == [
        ("clean", "outcome", "outcome", "passed", "failed")
    ]


def test_tables_are_told_with_their_size():
    """Rows and columns stand beside the digest, of the output and of the input that it feeds."""
    one = side(*ran(), seam(3))
    other = side(*ran(), seam(3), *ran(attempt="2", out="o2"), seam(5, ("a", "b", "c")))
    assert told(one, other, "output", "input") == [
        ("clean", "output", "rows", digest("o1", 3, 2), digest("o2", 5, 3)),
        ("train", "input", "data", digest("o1", 3, 2), digest("o2", 5, 3)),
    ]


def test_the_size_of_a_table_goes_with_its_attempt():
    """What was found in an older output says nothing of a new one that nobody looked into."""
    other = side(*ran(), seam(3), *ran(attempt="2", out="o2"))
    assert told(side(*ran()), other, "output") == [
        ("clean", "output", "rows", digest("o1"), digest("o2"))
    ]


def test_what_lies_there_now_is_looked_at():
    """An edited script, a module that is gone, another file and another interpreter show."""
    facts = node_facts(
        script=script_info(digest="s2"),
        paths=[file_at(RAW, digest="r2"), file_at(OUT, digest="o2")],
        interpreter=InterpreterFacts(version="3.12.1"),
    )
    assert told(side(*ran()), side(*ran(), world={"clean": facts})) == [
        ("clean", "input", "raw", digest("r1"), digest("r2")),
        ("clean", "interpreter", "python", "3.11.7", "3.12.1"),
        ("clean", "module", "helpers", "m1", None),
        ("clean", "script", "clean", "s1", "s2"),
        ("clean", "output", "rows", digest("o1"), digest("o2")),
    ]


def test_what_is_gone_now_is_told_as_nothing():
    """Of input and output `None` stands for the content, and of a script as well."""
    facts = NodeFacts(
        script=None,
        paths={RAW: nothing_at(RAW), OUT: nothing_at(OUT)},
        interpreter=InterpreterFacts(version="3.11.7"),
    )
    assert told(side(*ran()), side(*ran(), world={"clean": facts})) == [
        ("clean", "input", "raw", digest("r1"), None),
        ("clean", "script", "clean", "s1", None),
        ("clean", "output", "rows", digest("o1"), None),
    ]


def test_contents_that_nobody_digested_are_not_compared():
    """A size and a time do not tell whether the content is another one."""
    seen = file_at(RAW, digest=None)
    facts = node_facts(
        script=script_info(digest="s1", modules={"helpers": "m1"}),
        paths=[seen, file_at(OUT, digest=None)],
        interpreter=InterpreterFacts(version="3.11.7"),
    )
    assert told(side(*ran()), side(*ran(), world={"clean": facts})) == []


def test_what_history_saw_last_counts_where_nobody_looks():
    """A script that was found anew is another one, though no attempt ran it yet."""
    found = NodeDiscovered(node="clean", script=script_info(digest="s9"))
    remembered = NodeFacts(script=script_info(digest="s9"), checked_here=False)
    other = side(*ran(), found, world={"clean": remembered})
    assert ("clean", "script", "clean", "s1", "s9") in told(side(*ran()), other)


def test_a_fork_reads_its_parents_folder():
    """The same output is no difference, although each session has a folder of its own."""
    begun = (*BEGUN[:-1], configured(raw="session:runs/a/rows.csv"))
    parent = side(*ran(), begun=begun)
    loaded = Loaded(SessionState("session-1"))
    loaded.fold(envelopes((*begun, *ran())))
    loaded.fold(
        envelopes((SessionForked(parent="session-1", at=7, name="x"),), after=len(begun) + 2)
    )
    loaded.state.session_id = "session-2"
    assert told(parent, Side(loaded.state, loaded.particulars, {}), "configuration") == []


def test_a_text_diff_masks_what_looks_like_a_secret():
    """It goes to screens and into logs of builds."""
    key = "ghp_" + "a1" * 18
    text = source_diff(
        "x = 1\nkey = None\n", f"x = 1\nkey = '{key}'\n", name="clean", labels=("1", "now")
    )
    assert text.splitlines() == [
        "--- clean (1)",
        "+++ clean (now)",
        "@@ -1,2 +1,2 @@",
        " x = 1",
        "-key = None",
        "+key = '[masked]'",
    ]
    assert source_diff("x\n", "x\n", name="clean", labels=("1", "2")) == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("node", "train", "train", None), "gone: train"),
        (("node", "report", None, "no script"), "new: no script"),
        (("configuration", "arg.depth", None, 2), "arg.depth  not set → 2"),
        (
            ("configuration", "env.KEY", {"secret": "OLD"}, {"secret": "NEW"}),
            "env.KEY  @secret:OLD → @secret:NEW",
        ),
        (("configuration", "arg.list", [1], [2]), "arg.list  [1] → [2]"),
        (
            ("output", "rows", digest("a" * 64, 3, 2), None),
            "output rows  aaaaaaaaaaaa (3 rows, 2 columns) → none",
        ),
        (("module", "helpers", "b" * 64, None), "module helpers  bbbbbbbbbbbb → none"),
        (("outcome", "outcome", "passed", "failed"), "outcome  passed → failed"),
        (("duration", "duration", None, 1.25), "duration  never ran → 1.25 s"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else None,
)
def test_a_difference_is_one_line_for_people(row, words):
    """Digests are cut, secrets stay names."""
    assert difference_words(Difference("n", *row)) == words


def test_a_text_that_is_missing_says_why():
    """The digests differ all the same."""
    row = Difference("n", "script", "clean", "a" * 64, "b" * 64, reason="it was not kept")
    assert difference_words(row).endswith("(no text: it was not kept)")
    assert row.view() == {
        "node": "n",
        "part": "script",
        "name": "clean",
        "old": "a" * 64,
        "new": "b" * 64,
        "diff": None,
        "reason": "it was not kept",
    }
