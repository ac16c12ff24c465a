"""Where a configuration's paths lie, beside each other and beside those of other nodes."""

import pytest
from tests.support.builders import need, node_facts, nothing_at, script_info
from tests.support.proposals import only, proposal, seen

from runthrough.core.validation import problems_of
from runthrough.core.validation.places import folded, one_thing, outside
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import RecordedPath

RAW = {"raw": "workspace:a.csv"}
NEEDS = (need("raw"), need("model", "output", "optional"), need("log", "output", "optional"))
STAT = {"size_bytes": 4, "mtime_ns": 10, "inode": 7, "changed_ns": 11}


def placed(output, read="workspace:a.csv", **more):
    """One input, and one output beside it."""
    return proposal(
        *NEEDS, input_paths={"raw": read}, output_paths={"model": output, **more}, paths=()
    )


def brief(problem):
    """What a test says of a problem."""
    return problem.code, problem.severity, problem.where.name, problem.message


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("workspace:a.csv", False),
        ("workspace:.", False),
        ("pipeline:data/a..b/..c", False),
        ("workspace2:a", False),
        ("session:runs/1", False),
        ("workspace:..", True),
        ("workspace:../a.csv", True),
        ("pipeline:../data", True),
        ("abs:/data/a.csv", True),
        ("abs:/", True),
    ],
)
def test_a_path_below_no_root_is_outside(path, out):
    """Dots inside a name lead nowhere; a root may not be climbed out of."""
    assert outside(path) is out


@pytest.mark.parametrize("kind", ["input", "output"])
def test_a_path_outside_is_a_warning(kind):
    """It works on this machine."""
    given = {f"{kind}_paths": {"x": "abs:/data/a"}}
    problem = only(proposal(need("x", kind), **given))
    assert (problem.code, problem.severity) == ("PATH_OUTSIDE", "warning")
    assert problem.where.kind == kind


def test_a_path_that_climbs_out_of_its_root_is_told_with_it():
    """A pipeline file may name what lies beside its folder."""
    problem = only(proposal(need("x"), input_paths={"x": "pipeline:../data"}))
    assert problem.message == (
        "Input x lies outside its root pipeline:, so it does not move with it: ../data"
    )


@pytest.mark.parametrize(
    ("output", "read", "severity", "text"),
    [
        ("workspace:a", "workspace:a", "error", "would overwrite the input raw"),
        (
            "workspace:A",
            "workspace:a",
            "warning",
            "differs from the input raw only in case or accents",
        ),
        (
            "workspace:cafe\u0301",
            "workspace:caf\u00e9",
            "warning",
            "differs from the input raw only in case or accents",
        ),
        (
            "workspace:d/o.csv",
            "workspace:d",
            "warning",
            "lies inside the input raw, which would never be up to date",
        ),
        (
            "workspace:d",
            "workspace:d/in/a.csv",
            "warning",
            "holds the input raw, which may be written over",
        ),
    ],
)
def test_an_output_and_an_input_of_one_node_keep_apart(output, read, severity, text):
    """What is destroyed for certain is an error; what may go well is a warning."""
    made = placed(output, read)
    shown = output.partition(":")[2]
    assert brief(only(made)) == (
        "OUTPUT_IS_INPUT",
        severity,
        "model",
        f"Output model {text}: {shown}",
    )


@pytest.mark.parametrize(
    ("output", "read"),
    [
        ("workspace:data2", "workspace:data"),
        ("workspace:data/a.csv.out", "workspace:data/a.csv"),
        ("workspace2:a", "workspace:a"),
        ("workspace:a b\nc", "workspace:a b"),
        ("workspace:..data", "workspace:data"),
    ],
)
def test_places_that_only_look_alike_are_two(output, read):
    """A common beginning of names, another root: nothing is written over."""
    assert not problems_of(placed(output, read))


def test_a_link_to_the_input_would_overwrite_it_too():
    """Two names of one file are seen by what the file system says of them."""
    facts = [seen("workspace:a.csv", **STAT), seen("workspace:link.csv", **STAT)]
    made = proposal(
        *NEEDS, paths=facts, input_paths=RAW, output_paths={"model": "workspace:link.csv"}
    )
    assert brief(only(made)) == (
        "OUTPUT_IS_INPUT",
        "error",
        "model",
        "Output model would overwrite the input raw: link.csv",
    )


def test_two_links_to_one_file_are_one_output():
    """The second output is told of the first."""
    facts = [seen("workspace:one", **STAT), seen("workspace:two", **STAT)]
    outputs = {"model": "workspace:one", "log": "workspace:two"}
    problem = only(proposal(*NEEDS[1:], paths=facts, output_paths=outputs))
    assert problem.code == "OUTPUT_CLASH"
    assert problem.message == (
        "Output log has the same path as the output model of the same node: two"
    )


@pytest.mark.parametrize(
    "other", [{}, {"inode": 8}, {"size_bytes": 5}, {"mtime_ns": 1}, {"changed_ns": 1}]
)
def test_one_thing_has_one_stat(other):
    """An inode comes again on another device, but not with all its times."""
    one = seen("workspace:a", **STAT)
    assert one_thing(one, seen("workspace:b", **STAT | other)) is not bool(other)
    assert not one_thing(one, PathFacts(path="workspace:b", kind="folder", **STAT))


def test_what_was_not_seen_is_not_one_thing():
    """Two places where nothing is are not the same."""
    nothing = nothing_at("workspace:a")
    assert not one_thing(nothing, nothing)
    assert not one_thing(None, seen("workspace:a", **STAT))
    assert not one_thing(seen("workspace:a", **STAT), None)


def test_outputs_of_one_node_may_lie_in_each_other():
    """A folder and a file in it are how many scripts write."""
    outputs = {"model": "workspace:o", "log": "workspace:o/log.txt"}
    assert not problems_of(proposal(*NEEDS[1:], output_paths=outputs))


def test_outputs_that_differ_in_case_are_told():
    """Where case is ignored the second would overwrite the first."""
    outputs = {"model": "workspace:Out", "log": "workspace:out"}
    assert brief(only(proposal(*NEEDS[1:], output_paths=outputs))) == (
        "OUTPUT_CLASH",
        "warning",
        "log",
        "Output log differs from the output model only in case or accents: out",
    )


def test_an_output_below_another_nodes_output_is_told():
    """What that node wrote would differ from its record after each run of this one."""
    made = proposal(
        *NEEDS[1:],
        output_paths={"model": "workspace:o/deep/m"},
        claimed={"workspace:o": (Output("clean", "report"), Output("train", "log"))},
    )
    assert brief(only(made)) == (
        "OUTPUT_CLASH",
        "warning",
        "model",
        (
            "Output model lies inside output report of node clean, "
            "which would never be up to date: o/deep/m"
        ),
    )


def test_an_output_that_another_node_reads_earlier_is_told():
    """Its raw data would be gone with the first run."""
    made = proposal(
        *NEEDS[1:],
        output_paths={"model": "workspace:a.csv"},
        readers={"workspace:a.csv": (("clean", "raw"),)},
    )
    assert brief(only(made)) == (
        "OUTPUT_IS_INPUT",
        "error",
        "model",
        (
            "Output model would overwrite the input raw of clean, "
            "which does not run afterwards: a.csv"
        ),
    )


def test_an_output_never_overwrites_the_script():
    """Nothing is written into a user's source."""
    facts = node_facts(*NEEDS[1:], script=script_info("clean"))
    kept = {"workspace:scripts/clean.py": "the script of clean"}
    made = proposal(facts=facts, output_paths={"model": "workspace:scripts/clean.py"}, kept=kept)
    assert (
        only(made).message == "Output model would overwrite the script of clean: scripts/clean.py"
    )
    above = proposal(facts=facts, output_paths={"model": "workspace:scripts"}, kept=kept)
    assert only(above).message == (
        "Output model holds the script of clean, which it may write over: scripts"
    )


@pytest.mark.parametrize("path", ["workspace:.runthrough/x", "session:runs/o"])
def test_an_output_never_lies_in_the_folder_that_is_kept_for_sessions(path):
    """Attempts and logs lie there."""
    made = proposal(*NEEDS[1:], output_paths={"model": path})
    assert "keeps for itself" in only(made).message


@pytest.mark.parametrize("read", ["workspace:o", "workspace:o/deep/a.csv"])
def test_an_input_where_another_node_writes_is_no_connection(read):
    """Nobody knows which comes first, so the connection is proposed."""
    made = proposal(
        *NEEDS, input_paths={"raw": read}, claimed={"workspace:o": (Output("clean", "report"),)}
    )
    problem = only(made)
    assert brief(problem) == (
        "OUTPUT_IS_INPUT",
        "warning",
        "raw",
        f"Input raw is where clean.report is written, and no connection says so: {read[10:]}",
    )
    assert problem.where.kind == "input"
    assert problem.fix == (
        "runthrough connect clean.report train.raw, or "
        "runthrough configure train --input raw=ANOTHER_PATH"
    )
    assert problem.candidates == ("clean.report",)


@pytest.mark.parametrize("source", [Output("outside", "DATA"), Output("train", "model")])
def test_an_input_where_nothing_else_is_written_is_left_alone(source):
    """An external node writes nothing, and the node's own outputs are judged as outputs."""
    made = proposal(*NEEDS, input_paths=RAW, claimed={"workspace:a.csv": (source,)})
    assert not problems_of(made)


def test_a_path_of_several_lines_is_told_on_one():
    """What cannot be seen is escaped in the message, and can be typed in a fix."""
    path = "workspace:two\nlines.csv"
    made = proposal(*NEEDS, input_paths={"raw": path}, paths=[seen(path, readable=False)])
    problem = only(made)
    assert problem.message == "Input file cannot be read: two\\nlines.csv"
    assert problem.fix.startswith("chmod u+r $'two\\x0alines.csv', or ")


def test_names_with_spaces_can_be_copied():
    """Each word of a fix is quoted as a shell wants it."""
    problem = only(proposal(need("raw data"), node="my node"))
    assert problem.fix == "runthrough configure 'my node' --input 'raw data'=PATH"


@pytest.mark.parametrize(
    ("where", "facts"),
    [
        ("input", {"input_paths": {"x": "workspace:x"}}),
        ("output", {"output_paths": {"x": "workspace:x"}}),
        ("input", {"connections": {"x": Output("outside", "DATA")}}),
    ],
)
def test_paths_of_another_machine_are_not_judged(where, facts):
    """What is absent here may be there where the session lives."""
    paths = [nothing_at("workspace:x", writable=False), nothing_at("workspace:data")]
    seen_elsewhere = node_facts(need("x", where), paths=paths, checked_here=False)
    problem = only(proposal(facts=seen_elsewhere, **facts))
    assert (problem.code, problem.severity) == ("NOT_CHECKED_HERE", "warning")
    assert problem.where.kind == where


def test_what_needs_no_look_is_judged_on_every_machine():
    """Two outputs at one path clash whoever looks."""
    facts = node_facts(*NEEDS[1:], checked_here=False)
    outputs = {"model": "workspace:o", "log": "workspace:o"}
    codes = [problem.code for problem in problems_of(proposal(facts=facts, output_paths=outputs))]
    assert codes == ["NOT_CHECKED_HERE", "OUTPUT_CLASH", "NOT_CHECKED_HERE"]


def test_case_and_accents_fold():
    """`STRASSE` and `straße` are one name on systems that ignore case."""
    assert folded("workspace:STRASSE") == folded("workspace:straße")
    assert folded("workspace:a") != folded("workspace2:a")


@pytest.mark.parametrize("kind", ["input", "output"])
def test_what_a_service_may_not_touch_is_told_in_its_own_words(kind):
    """Such a node was not looked at here, and a move to this machine would not help."""
    given = {f"{kind}_paths": {"x": "workspace:a"}}
    facts = node_facts(need("x", kind), checked_here=False, outside=(RecordedPath("abs:/data/a"),))
    problem = only(proposal(facts=facts, **given))
    assert (problem.code, problem.severity) == ("NOT_CHECKED_HERE", "warning")
    assert problem.message == (
        f"{kind.capitalize()} x was not looked at, for paths of its node lie outside of what this "
        "service may touch: a"
    )
    assert problem.fix == "runthrough serve --root DIR"
