"""Needs from several sources, merged."""

from runthrough.core.requirements import merge
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import (
    DynamicRequirement,
    Requirement,
    ScriptRequirements,
)


def need(kind, name, level="required", **more):
    return Requirement(kind=kind, name=name, level=level, sources=("code",), **more)


def test_a_pipeline_that_declares_nothing_leaves_the_code_alone():
    """Without declarations the needs are the code's, dynamic ones too."""
    code = ScriptRequirements(
        needs=(need("input", "raw"),), dynamic=(DynamicRequirement(kind="environ_var"),)
    )
    assert merge(NodeDeclaration(), code) == code


def test_what_only_the_pipeline_names_is_optional_and_comes_last():
    """Declared names that the code does not read follow the code's, in declared order."""
    merged = merge(
        NodeDeclaration(
            inputs={"z": RecordedPath("workspace:z"), "a": Output("Load", "out")},
            outputs={"o": RecordedPath("workspace:o")},
            environ_vars={"V": "1"},
            job_args={"n": 3},
        ),
        ScriptRequirements(needs=(need("input", "raw"),)),
    )
    assert [(n.kind, n.name, n.level, n.sources) for n in merged.needs] == [
        ("input", "raw", "required", ("code",)),
        ("input", "z", "optional", ("pipeline",)),
        ("input", "a", "optional", ("pipeline",)),
        ("output", "o", "optional", ("pipeline",)),
        ("environ_var", "V", "optional", ("pipeline",)),
        ("job_arg", "n", "optional", ("pipeline",)),
    ]


def test_what_both_name_keeps_the_level_of_the_code_and_tells_both_sources():
    """The code decides how much a declared name is needed."""
    merged = merge(
        NodeDeclaration(inputs={"raw": RecordedPath("workspace:raw")}),
        ScriptRequirements(needs=(need("input", "raw", "conditional"),)),
    )
    assert merged.needs == (
        Requirement(kind="input", name="raw", level="conditional", sources=("pipeline", "code")),
    )


def test_a_declared_alias_is_the_same_need():
    """A name that the code takes in place of another adds no second need."""
    merged = merge(
        NodeDeclaration(inputs={"old": RecordedPath("workspace:raw")}),
        ScriptRequirements(needs=(need("input", "new", aliases=("old",)),)),
    )
    assert [(n.name, n.sources) for n in merged.needs] == [("new", ("pipeline", "code"))]


def test_equal_names_of_different_kinds_are_different_needs():
    """A variable and an argument of one name do not meet."""
    merged = merge(
        NodeDeclaration(job_args={"mode": "x"}),
        ScriptRequirements(needs=(need("environ_var", "mode"),)),
    )
    assert [(n.kind, n.sources) for n in merged.needs] == [
        ("environ_var", ("code",)),
        ("job_arg", ("pipeline",)),
    ]
