"""Needs from several sources, merged."""

from runthrough.core.requirements import merge, unknown_names
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import (
    Drift,
    DynamicRequirement,
    Requirement,
    ScriptRequirements,
)
from runthrough.core.values.scripts import ScriptInfo


def need(kind, name, level="required", **more):
    return Requirement(kind=kind, name=name, level=level, sources=("code",), **more)


def test_a_pipeline_that_declares_nothing_leaves_the_code_alone():
    """Without declarations the needs are the code's, dynamic ones too."""
    code = ScriptRequirements(
        needs=(need("input", "raw"),), dynamic=(DynamicRequirement(kind="environ_var"),)
    )
    assert merge(NodeDeclaration(), code).requirements == code


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
    assert [(n.kind, n.name, n.level, n.sources) for n in merged.requirements.needs] == [
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
    assert merged.requirements.needs == (
        Requirement(kind="input", name="raw", level="conditional", sources=("pipeline", "code")),
    )


def test_a_declared_alias_is_the_same_need():
    """A name that the code takes in place of another adds no second need."""
    merged = merge(
        NodeDeclaration(inputs={"old": RecordedPath("workspace:raw")}),
        ScriptRequirements(needs=(need("input", "new", aliases=("old",)),)),
    )
    assert [(n.name, n.sources) for n in merged.requirements.needs] == [
        ("new", ("pipeline", "code"))
    ]


def test_equal_names_of_different_kinds_are_different_needs():
    """A variable and an argument of one name do not meet."""
    merged = merge(
        NodeDeclaration(job_args={"mode": "x"}),
        ScriptRequirements(needs=(need("environ_var", "mode"),)),
    )
    assert [(n.kind, n.sources) for n in merged.requirements.needs] == [
        ("environ_var", ("code",)),
        ("job_arg", ("pipeline",)),
    ]


NOTHING = NodeDeclaration()


def told(kind, name, level="required", **more):
    return Requirement(kind=kind, name=name, level=level, sources=("contract",), **more)


def sides(merged):
    return [(drift.contract, drift.code) for drift in merged.drift]


def of(*needs, dynamic=()):
    return ScriptRequirements(needs=needs, dynamic=dynamic)


def test_the_contract_describes_what_the_code_reads():
    """Description and container path come from the contract, level and default from the code."""
    merged = merge(
        NOTHING,
        of(need("input", "raw", "optional", default="x", has_default=True)),
        of(told("input", "raw", description="Shards.", container_path="/opt/in")),
    )
    assert merged.requirements.needs == (
        Requirement(
            kind="input",
            name="raw",
            level="optional",
            sources=("contract", "code"),
            default="x",
            has_default=True,
            description="Shards.",
            container_path="/opt/in",
        ),
    )
    assert merged.drift == ()


def test_a_contract_name_at_the_same_container_path_is_another_name():
    """`DATA` at the path that the code knows as `data_input` is that input."""
    merged = merge(
        NOTHING,
        of(need("input", "data_input", container_path="/opt/in/")),
        of(told("input", "DATA", container_path="/opt/in")),
    )
    (found,) = merged.requirements.needs
    assert (found.name, found.aliases) == ("data_input", ("DATA",))
    assert found.sources == ("contract", "code")
    assert merged.drift == ()


def test_a_container_path_that_several_share_tells_nothing():
    """With two candidates a contract name is drift, never a guess."""
    merged = merge(
        NOTHING,
        of(
            need("input", "a", container_path="/opt/in"),
            need("input", "b", container_path="/opt/in"),
        ),
        of(told("input", "DATA", container_path="/opt/in")),
    )
    assert [(n.name, n.level) for n in merged.requirements.needs] == [
        ("a", "required"),
        ("b", "required"),
        ("DATA", "unread"),
    ]
    assert sides(merged) == [("DATA", None), (None, "a"), (None, "b")]


def test_a_need_that_the_contract_names_takes_no_second_name():
    """A need that both name equally is not the other side of a further contract name."""
    merged = merge(
        NOTHING,
        of(need("output", "model", container_path="/opt/model")),
        of(told("output", "model"), told("output", "MODEL", container_path="/opt/model")),
    )
    assert [n.name for n in merged.requirements.needs] == ["model", "MODEL"]
    assert merged.drift == (Drift(kind="output", contract="MODEL", code=None),)


def test_one_name_left_on_each_side_is_told_as_a_pair():
    """The drift report names both sides where there is only one of each."""
    merged = merge(NOTHING, of(need("input", "data_input")), of(told("input", "DATA")))
    assert sides(merged) == [("DATA", "data_input")]
    assert [(n.name, n.level) for n in merged.requirements.needs] == [
        ("data_input", "required"),
        ("DATA", "unread"),
    ]


def test_what_the_code_can_do_without_is_told_where_the_contract_speaks_of_its_kind():
    """A contract without arguments has no opinion on an optional one; it misses a required one."""
    code = of(need("input", "raw"), need("job_arg", "n", "optional"), need("job_arg", "k"))
    silent = merge(NOTHING, code, of(told("input", "raw")))
    assert sides(silent) == [(None, "k")]
    speaking = merge(NOTHING, code, of(told("input", "raw"), told("job_arg", "k", "optional")))
    assert sides(speaking) == [(None, "n")]


def test_a_variable_that_only_the_contract_requires_is_recommended():
    """The code's default keeps it optional; that the contract wants it is told."""
    merged = merge(
        NOTHING,
        of(
            need("environ_var", "A", "optional", default="1", has_default=True),
            need("environ_var", "B"),
            need("environ_var", "C", "optional"),
        ),
        of(
            told("environ_var", "A"),
            told("environ_var", "B"),
            told("environ_var", "C", "optional"),
        ),
    )
    assert [(n.name, n.level, n.recommended) for n in merged.requirements.needs] == [
        ("A", "optional", True),
        ("B", "required", False),
        ("C", "optional", False),
    ]


def test_contract_names_under_computed_keys_are_optional_and_no_drift():
    """Where keys are put together at run time, the contract may know one of them."""
    merged = merge(
        NOTHING,
        of(
            need("environ_var", "A"),
            dynamic=(DynamicRequirement(kind="environ_var", prefix="P_"),),
        ),
        of(told("environ_var", "A"), told("environ_var", "P_X"), told("environ_var", "Q")),
    )
    assert [(n.name, n.level) for n in merged.requirements.needs] == [
        ("A", "required"),
        ("P_X", "optional"),
        ("Q", "unread"),
    ]
    assert sides(merged) == [("Q", None)]


def test_arguments_meet_in_the_form_of_the_command_line_too():
    """`job-type` in a contract is `job_type` in the code, and no second name."""
    merged = merge(
        NOTHING,
        of(need("job_arg", "job_type")),
        of(told("job_arg", "--job-type", "optional", choices=("a", "b"))),
    )
    (found,) = merged.requirements.needs
    assert (found.name, found.aliases, found.choices) == ("job_type", (), ("a", "b"))


def test_a_contract_speaks_alone_where_nothing_is_known_of_the_code():
    """A `main` that comes from another module leaves the contract's needs as they are."""
    contract = of(told("input", "raw"), told("environ_var", "X", "optional"))
    merged = merge(NodeDeclaration(environ_vars={"X": "1"}), of(), contract)
    assert [(n.name, n.level, n.sources) for n in merged.requirements.needs] == [
        ("raw", "required", ("contract",)),
        ("X", "optional", ("pipeline", "contract")),
    ]
    assert merged.drift == ()


def test_a_declared_name_of_the_contract_is_the_same_need():
    """The pipeline may call an input as the contract does."""
    merged = merge(
        NodeDeclaration(inputs={"DATA": RecordedPath("workspace:raw")}),
        of(need("input", "data_input", container_path="/opt/in")),
        of(told("input", "DATA", container_path="/opt/in")),
    )
    assert [(n.name, n.sources) for n in merged.requirements.needs] == [
        ("data_input", ("pipeline", "contract", "code"))
    ]


def test_names_that_are_put_together_at_run_time_are_told():
    """Inputs and outputs that nobody can name in advance are a warning with what to write."""
    script = ScriptInfo(
        name="merge",
        path=RecordedPath("workspace:scripts/merge.py"),
        package_root=RecordedPath("workspace:scripts"),
        module="merge",
        digest="0" * 64,
    )
    code = of(
        dynamic=(
            DynamicRequirement(kind="input", prefix="shard_"),
            DynamicRequirement(kind="output"),
            DynamicRequirement(kind="environ_var"),
        )
    )
    shards, outputs = unknown_names(script, NOTHING, code)
    assert (shards.code, shards.severity, shards.where.kind) == (
        "INPUT_UNKNOWN",
        "warning",
        "input",
    )
    assert shards.message == (
        "scripts/merge.py puts names of inputs together when it runs, after 'shard_', so they "
        "cannot be read"
    )
    assert shards.fix == (
        "write merge.contract.yaml beside it, with expected_input_paths: {NAME: /container/path}"
    )
    assert outputs.code == "OUTPUT_UNKNOWN"
    named = NodeDeclaration(
        inputs={"shard_1": RecordedPath("workspace:a")},
        outputs={"any": RecordedPath("workspace:b")},
    )
    assert unknown_names(script, named, code) == ()


def test_a_variable_that_a_run_can_set_is_never_asked_for():
    """What SageMaker's containers tell a script is set by the run, so no person is asked."""
    code = ScriptRequirements(needs=(need("environ_var", "SM_MODEL_DIR"), need("input", "SM_HPS")))
    variable, other = merge(NodeDeclaration(), code).requirements.needs
    assert (variable.level, variable.description) == (
        "conditional",
        "runthrough run --sagemaker sets it",
    )
    assert other.level == "required"
