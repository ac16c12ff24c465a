"""Every problem of a configuration, each with a fix."""

from typing import get_args

import pytest
from tests.support.builders import file_at, need, node_facts, nothing_at, script_info
from tests.support.proposals import only, proposal, seen

from runthrough.core.validation import (
    Neighbour,
    errors,
    problems_of,
    secrets_of,
    unset_secrets,
)
from runthrough.core.values.connections import Output, ProposedConnection
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.problems import Place, Problem, ProblemCode
from runthrough.core.values.requirements import Drift, DynamicRequirement, ScriptRequirements
from runthrough.core.values.scripts import ScriptCandidate
from runthrough.core.values.secrets import MASK
from runthrough.core.values.specs import ScriptSpec

GIVEN = {"input_paths": {"raw": "workspace:a.csv"}}
BLURRED = ProposedConnection("train", "raw", Output("clean", "report"), 2.4, 0.3, "same words")


def test_nothing_is_wrong_with_a_whole_configuration():
    """What is given, there and known makes no problem."""
    assert not problems_of(
        proposal(
            need("raw"),
            need("out", "output"),
            need("MODE", "environ_var"),
            need("n", "job_arg", choices=(1, 2)),
            paths=[file_at("workspace:a.csv"), nothing_at("workspace:o")],
            output_paths={"out": "workspace:o"},
            environ_vars={"MODE": "x"},
            job_args={"n": 2},
            user_notes="tried on a sample",
            **GIVEN,
        )
    )


@pytest.mark.parametrize(("kind", "flag"), [("environ_var", "env"), ("job_arg", "arg")])
def test_a_missing_secret_is_to_be_given_by_its_name(kind, flag):
    """Its value would be refused, so that no fix asks for one."""
    (missing,) = problems_of(proposal(need("API_TOKEN", kind)))
    assert missing.fix == f"runthrough configure train --{flag} API_TOKEN=@secret:NAME"


PROVOKED = {
    "SCRIPT_NOT_FOUND": (
        proposal(facts=NodeFacts()),
        "Script 'train' not found in discovered scripts",
        "runthrough bind train PATH, or runthrough external train --output NAME=PATH when it",
    ),
    "INPUT_MISSING": (
        proposal(need("raw")),
        "Missing required input: raw",
        "runthrough configure train --input raw=PATH",
    ),
    "INPUT_NOT_FOUND": (
        proposal(need("raw"), paths=[nothing_at("workspace:a.csv")], **GIVEN),
        "Input file does not exist: a.csv",
        "put it there, or runthrough configure train --input raw=PATH",
    ),
    "INPUT_EMPTY": (
        proposal(need("raw"), paths=[seen("workspace:a.csv", empty=True)], **GIVEN),
        "Input file is empty: a.csv",
        "fill it, or runthrough configure train --input raw=PATH",
    ),
    "INPUT_UNREADABLE": (
        proposal(need("raw"), paths=[seen("workspace:a.csv", readable=False)], **GIVEN),
        "Input file cannot be read: a.csv",
        "chmod u+r a.csv, or runthrough configure train --input raw=PATH",
    ),
    "INPUT_UNKNOWN": (
        proposal(need("raw_data", level="optional"), input_paths={"raw_dat": "workspace:a"}),
        "The script does not name the input raw_dat. Did you mean 'raw_data'?",
        "runthrough configure train --input raw_data=PATH",
    ),
    "OUTPUT_UNKNOWN": (
        proposal(need("model", "output"), output_paths={"modle": "workspace:m"}),
        "The script does not name the output modle. Did you mean 'model'?",
        "runthrough configure train --output model=PATH",
    ),
    "OUTPUT_CLASH": (
        proposal(
            need("model", "output"),
            output_paths={"model": "workspace:m"},
            claimed={"workspace:m": (Output("train", "model"), Output("clean", "report"))},
        ),
        "Output model has the same path as output report of node clean: m",
        "runthrough configure train --output model=ANOTHER_PATH",
    ),
    "OUTPUT_NOT_WRITABLE": (
        proposal(
            need("model", "output"),
            output_paths={"model": "workspace:m"},
            paths=[nothing_at("workspace:m", writable=False)],
        ),
        "Output cannot be written: m",
        "runthrough configure train --output model=ANOTHER_PATH",
    ),
    "OUTPUT_IS_INPUT": (
        proposal(
            need("raw"),
            need("model", "output"),
            output_paths={"model": "workspace:a.csv"},
            **GIVEN,
        ),
        "Output model would overwrite the input raw: a.csv",
        "runthrough configure train --output model=ANOTHER_PATH",
    ),
    "EXTERNAL_NOT_FOUND": (
        proposal(
            need("raw"),
            connections={"raw": Output("outside", "DATA", "2024")},
            paths=[nothing_at("workspace:data/2024")],
        ),
        "Input file does not exist: data/2024 (output DATA of the external node outside)",
        "put it there, or runthrough configure train --input raw=PATH",
    ),
    "ENV_MISSING": (
        proposal(need("MODE", "environ_var")),
        "Missing required environment variable: MODE",
        "runthrough configure train --env MODE=VALUE",
    ),
    "ENV_NOT_TEXT": (
        proposal(need("MODE", "environ_var"), environ_vars={"MODE": 3}),
        "Environment variable MODE is not text: 3",
        "runthrough configure train --env MODE=3",
    ),
    "ARG_MISSING": (
        proposal(need("n", "job_arg", choices=(1, 2))),
        "Missing required argument: n",
        "runthrough configure train --arg n=VALUE",
    ),
    "ARG_UNKNOWN": (
        proposal(need("epochs", "job_arg", "optional"), job_args={"epoch": 3}),
        "The script does not name the argument epoch. Did you mean 'epochs'?",
        "runthrough configure train --arg epochs=VALUE",
    ),
    "ARG_CHOICE": (
        proposal(need("n", "job_arg", choices=(1, 2)), job_args={"n": 3}),
        "Argument n is 3, which is none of 1, 2",
        "runthrough configure train --arg n=1",
    ),
    "ARG_TYPE": (
        proposal(need("n", "job_arg", value_type="float"), job_args={"n": "ten"}),
        "Argument n is 'ten', which is not a number; the script's parser says type=float",
        "runthrough configure train --arg n=NUMBER",
    ),
    "ARG_NOT_JSON": (
        proposal(need("n", "job_arg"), job_args={"n": {"deep": [1.5, float("nan")]}}),
        "Argument n holds a number that JSON cannot keep (NaN or infinity)",
        "give it as text, and let the script read it: runthrough configure train --arg n=VALUE",
    ),
    "CONNECTION_UNKNOWN": (
        proposal(need("raw"), connections={"raw": Output("clean", "cleand")}),
        "clean has no output cleand; it has cleaned, report",
        "runthrough configure train --input raw=@clean.cleaned",
    ),
    "CONNECTION_AMBIGUOUS": (
        proposal(need("raw"), proposals={"raw": BLURRED}),
        "Missing required input: raw (proposed: clean.report, score 2.4, same words)",
        "runthrough confirm train.raw",
    ),
    "INPUT_FORMAT": (
        proposal(
            need("raw", container_path="/opt/raw.csv"),
            paths=[seen("workspace:a.csv", format="parquet")],
            **GIVEN,
        ),
        "Input file holds parquet, and the script reads .csv: a.csv",
        "runthrough configure train --input raw=PATH",
    ),
    "OUTPUT_MISSING": (
        proposal(need("model", "output"), output_paths={"model": "workspace:"}),
        "Missing required output: model is named without a path",
        "leave it out, or runthrough configure train --output model=PATH",
    ),
    "CONNECTION_CYCLE": (
        proposal(
            need("raw"), connections={"raw": Output("train", "report")}, below=frozenset({"train"})
        ),
        "train.report runs after train, so feeding raw from it would be a cycle",
        "runthrough configure train --input raw=PATH",
    ),
    "SECRET_IN_PLAIN": (
        proposal(need("KEY", "environ_var"), environ_vars={"KEY": MASK}),
        "KEY looks like a secret in plain text and was not kept",
        "runthrough configure train --env KEY=@secret:NAME",
    ),
}


WARNED = {
    "SCRIPT_SHADOWED": (
        proposal(
            facts=node_facts(
                candidates=(
                    ScriptCandidate(
                        path="workspace2:clean.py", kind="preferred", score=1.0, reason="same name"
                    ),
                )
            )
        ),
        "train keeps scripts/clean.py, although workspace2:clean.py now comes first (same name)",
        "runthrough bind train workspace2:clean.py",
    ),
    "CONTRACT_DRIFT": (
        proposal(
            facts=node_facts(
                drift=(Drift(kind="input", contract="DATA", code="raw"),),
                contract="workspace:scripts/clean.contract.yaml",
            )
        ),
        "Contract and code disagree: contract: DATA · code: raw",
        "write raw instead of DATA in scripts/clean.contract.yaml",
    ),
    "ENV_MISSING": (
        proposal(
            need(
                "MODE",
                "environ_var",
                "optional",
                recommended=True,
                default="fast",
                has_default=True,
            )
        ),
        (
            "Missing recommended environment variable: MODE (the contract requires it; "
            "the code has the default 'fast')"
        ),
        "runthrough configure train --env MODE=fast",
    ),
    "PATH_OUTSIDE": (
        proposal(need("raw"), input_paths={"raw": "abs:/data/a.csv"}),
        "Input raw lies outside the workspace, so it does not move with it: /data/a.csv",
        "runthrough configure train --input raw=PATH_IN_THE_WORKSPACE",
    ),
    "NOT_CHECKED_HERE": (
        proposal(
            facts=node_facts(
                need("raw"), paths=[nothing_at("workspace:a.csv")], checked_here=False
            ),
            **GIVEN,
        ),
        "Input raw was not looked at, for the session lives on another machine: a.csv",
        "runthrough resume --here",
    ),
}
"""What forbids nothing."""

FOUND_ELSEWHERE = (
    "SCRIPT_SYNTAX",
    "SCRIPT_UNREADABLE",
    "MAIN_MISSING",
    "MAIN_SIGNATURE",
    "CONTRACT_INVALID",
)
"""By those who read the script; validation hands them on."""

WARNED_OF = ("ENV_UNKNOWN", "SECRET_NOT_FOUND")
"""Never errors; below they have tests of their own."""
FOUND_BY_RUNS = (
    "OUTPUT_NOT_WRITTEN",
    "SEAM_UNREADABLE",
    "SEAM_FILES_MISSING",
    "SEAM_FORMAT",
)
"""At connections, once a producer has ended."""


def test_every_problem_code_is_provoked_here():
    """Whoever adds a code is asked for what provokes it."""
    assert set(get_args(ProblemCode)) == {
        *PROVOKED,
        *WARNED,
        *FOUND_ELSEWHERE,
        *FOUND_BY_RUNS,
        *WARNED_OF,
    }


@pytest.mark.parametrize("code", PROVOKED)
def test_each_problem_says_what_is_wrong_and_what_to_type(code):
    """Its message begins as users know it, and its fix is a thing to type."""
    made, message, fix = PROVOKED[code]
    problem = only(made)
    assert (problem.code, problem.severity) == (code, "error")
    assert problem.where.node == "train"
    assert problem.message.startswith(message)
    assert problem.fix.startswith(fix)


@pytest.mark.parametrize("code", WARNED)
def test_each_warning_says_what_looks_wrong_and_what_to_type(code):
    """It keeps no node from being configured."""
    made, message, fix = WARNED[code]
    problem = only(made)
    assert (problem.code, problem.severity, problem.where.node) == (code, "warning", "train")
    assert problem.message == message
    assert problem.fix.startswith(fix)


def test_all_problems_are_found_at_once():
    """Nobody mends one thing only to be told the next."""
    made = proposal(
        need("raw"),
        need("MODE", "environ_var"),
        need("n", "job_arg"),
        output_paths={"a": "workspace:o", "b": "workspace:o"},
    )
    codes = [problem.code for problem in errors(problems_of(made))]
    assert codes == ["INPUT_MISSING", "OUTPUT_CLASH", "ENV_MISSING", "ARG_MISSING"]


@pytest.mark.parametrize("code", FOUND_ELSEWHERE)
def test_what_reading_the_script_found_is_told_of_the_node(code):
    """Two nodes over one script each have the problem as their own."""
    place = Place(node="", kind="script")
    found = Problem(code=code, severity="error", where=place, message="no", fix="mend it")
    problem = only(proposal(facts=node_facts(script=script_info(problems=(found,)))))
    assert problem == found.model_copy(update={"where": Place(node="train", kind="script")})


def test_a_missing_script_tells_what_could_have_been_meant():
    """Suggestions stand in the fix; shadowed scripts are no suggestions."""
    candidates = tuple(
        ScriptCandidate(path=f"workspace:{kind}.py", kind=kind, score=0.8, reason="near name")
        for kind in ("shadowed", "preferred", "suggested")
    )
    problem = only(proposal(facts=NodeFacts(candidates=candidates)))
    assert problem.candidates == ("suggested.py (near name)",)
    assert problem.message.endswith(". Did you mean 'suggested.py'?")
    assert problem.fix.startswith("runthrough bind train suggested.py, or ")


@pytest.mark.parametrize("level", ["required", "fallback"])
def test_required_and_fallback_inputs_must_be_fed(level):
    """A default that holds only inside a container is no default."""
    assert only(proposal(need("raw", level=level))).code == "INPUT_MISSING"


@pytest.mark.parametrize("level", ["conditional", "optional", "unread"])
@pytest.mark.parametrize("kind", ["input", "output", "environ_var", "job_arg"])
def test_what_is_not_required_may_be_left_out(kind, level):
    """An open optional need is no problem."""
    assert not problems_of(proposal(need("x", kind, level)))


def test_an_output_may_be_left_out():
    """Without a path it goes to the attempt's own folder."""
    assert not problems_of(proposal(need("model", "output")))


@pytest.mark.parametrize(
    "answer",
    [{"input_paths": {"RAW": "workspace:a"}}, {"connections": {"RAW": Output("clean", "report")}}],
)
def test_an_input_may_be_answered_by_its_alias(answer):
    """By a path or a connection."""
    assert not problems_of(proposal(need("raw", aliases=("RAW",)), **answer))


def test_variables_and_arguments_may_be_answered_by_their_alias():
    """One need, several names."""
    assert not problems_of(
        proposal(
            need("MODE", "environ_var", aliases=("mode",)),
            need("n", "job_arg", aliases=("num",)),
            environ_vars={"mode": "x"},
            job_args={"num": 1},
        )
    )


def test_a_variable_may_come_from_the_tester():
    """What the pipeline inherits is given."""
    made = proposal(need("MODE", "environ_var"), inherited=frozenset({"MODE"}))
    assert not problems_of(made)


@pytest.mark.parametrize(
    ("wanted", "value", "severity", "candidates"),
    [
        ("float", 1.5, None, ()),
        ("float", 10**400, None, ()),
        ("int", 2.0, None, ()),
        ("int", None, None, ()),
        ("int", {"secret": "SIZE"}, None, ()),
        ("int", 2.5, "error", ()),
        ("int", True, "error", ()),
        ("float", [1.5], "error", ()),
        ("float", "ten", "error", ()),
        ("float", "1e999", "error", ()),
        ("float", "12,5", "error", ("12.5",)),
        ("float", " 12.5", "warning", ("12.5",)),
        ("int", "12", "warning", ("12",)),
        ("int", "12.5", "error", ()),
    ],
)
def test_an_argument_that_the_parser_makes_a_number_is_one(wanted, value, severity, candidates):
    """What only a parser would make a number is warned of, and what nothing makes one rejected."""
    found = problems_of(proposal(need("n", "job_arg", value_type=wanted), job_args={"n": value}))
    told = [(p.severity, p.candidates) for p in found if p.code == "ARG_TYPE"]
    assert told == ([] if severity is None else [(severity, candidates)])


def test_an_empty_folder_is_told_as_a_folder():
    """No file in it holds anything."""
    folder = PathFacts(path="workspace:a.csv", kind="folder", empty=True)
    problem = only(proposal(need("raw"), paths=[folder], **GIVEN))
    assert problem.message == "Input folder holds no non-empty file: a.csv"


def test_what_was_not_looked_at_is_not_judged():
    """Without facts about a path there is nothing to say of it."""
    assert not problems_of(proposal(need("raw"), **GIVEN))


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("input", {"input_paths": {"zzz": "workspace:a"}}),
        ("output", {"output_paths": {"zzz": "workspace:a"}}),
        ("job_arg", {"job_args": {"zzz": 1}}),
    ],
)
def test_an_unknown_name_without_a_near_one_is_a_warning(kind, answers):
    """A reader of source cannot see everything."""
    problem = only(proposal(need("raw", kind, "optional"), **answers))
    assert (problem.severity, problem.candidates) == ("warning", ())
    does = "writes" if kind == "output" else "reads"
    flag = "arg" if kind == "job_arg" else kind
    assert problem.fix == (
        f"runthrough configure train --unset {flag}.zzz; runthrough requirements train lists what "
        f"it {does}"
    )


def test_a_near_name_that_is_given_too_is_no_slip():
    """`data` beside `data2` is not taken for a misspelling of it."""
    made = proposal(need("data"), input_paths={"data": "workspace:a", "data2": "workspace:b"})
    assert only(made).severity == "warning"


def test_names_that_are_computed_at_run_time_are_not_judged():
    """A script that loops over its dictionary takes any name."""
    requirements = ScriptRequirements(
        needs=(need("raw_data", level="optional"),), dynamic=(DynamicRequirement(kind="input"),)
    )
    facts = node_facts(requirements=requirements)
    assert not problems_of(proposal(facts=facts, input_paths={"raw_dat": "workspace:a"}))
    other = proposal(facts=facts, job_args={"x": 1})
    assert only(other).code == "ARG_UNKNOWN"


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({"CURENCY": "EUR"}, "runthrough configure train --env CURRENCY=VALUE"),
        (
            {"CURENCY": "EUR", "CURRENCY": "EUR"},
            (
                "runthrough configure train --unset env.CURENCY; runthrough requirements train "
                "lists what it reads"
            ),
        ),
    ],
)
def test_a_near_miss_of_a_variable_is_warned_of(given, fix):
    """It forbids nothing, since libraries read variables too; and the fix is rid of it."""
    made = proposal(need("CURRENCY", "environ_var", "optional"), environ_vars=given)
    problem = only(made)
    assert (problem.code, problem.severity) == ("ENV_UNKNOWN", "warning")
    assert problem.message == (
        "The script does not name the variable CURENCY. Did you mean 'CURRENCY'?"
    )
    assert problem.fix == fix


def test_a_secret_is_no_placeholder_for_a_value():
    """Where the name that was meant is one of a secret, its own would be refused."""
    made = proposal(need("API_TOKEN", "environ_var", "optional"), environ_vars={"API_TOKN": "x"})
    assert only(made).fix == "runthrough configure train --env API_TOKEN=@secret:NAME"


def test_a_variable_of_a_library_is_no_problem():
    """What is near to no name of the script is told nowhere."""
    made = proposal(need("CURRENCY", "environ_var"), environ_vars={"CURRENCY": "a", "TZ": "UTC"})
    assert problems_of(made) == ()


def test_each_value_of_an_unset_secret_is_warned_of():
    """Variables and arguments, at any depth; secrets that are set are no problem."""
    spec = ScriptSpec(
        environ_vars={"A": {"secret": "ONE"}, "B": "plain"},
        job_args={"c": {"deep": [{"secret": "TWO"}]}, "d": {"secret": "SET"}},
    )
    assert secrets_of(spec) == {"ONE", "TWO", "SET"}
    told = list(unset_secrets("a node", spec, {"ONE", "TWO"}))
    assert {(one.code, one.severity) for one in told} == {("SECRET_NOT_FOUND", "warning")}
    assert [(one.where.kind, one.where.name) for one in told] == [
        ("environ_var", "A"),
        ("job_arg", "c"),
    ]
    assert told[0].message == "The secret ONE, from which A is to come, is not set on this machine"
    assert told[0].fix == (
        "set ONE in the environment or keyring, or runthrough configure 'a node' "
        "--env A=@secret:NAME"
    )


def test_two_outputs_of_one_node_may_not_share_a_path():
    """The second is told of the first."""
    made = proposal(
        need("a", "output"),
        need("b", "output"),
        output_paths={"a": "workspace:o", "b": "workspace:o"},
    )
    assert only(made).message == "Output b has the same path as the output a of the same node: o"


def test_an_unknown_node_cannot_feed():
    """The nearest name is in the fix."""
    problem = only(proposal(need("raw"), connections={"raw": Output("claen", "report")}))
    assert problem.message == "No node is called claen, so claen.report cannot feed raw"
    assert problem.fix.endswith("--input raw=@clean.report")
    assert problem.where == Place(node="train", kind="connection", name="raw")


def test_an_unknown_node_without_a_near_one():
    """The fix says what kind of name belongs there."""
    problem = only(proposal(need("raw"), connections={"raw": Output("zzz", "report")}))
    assert problem.fix.endswith("--input raw=@NODE.report")


def test_an_unknown_output_without_a_near_one():
    """The first there is is proposed; where there is none, the kind of name."""
    problem = only(proposal(need("raw"), connections={"raw": Output("clean", "zzz")}))
    assert problem.fix.endswith("--input raw=@clean.cleaned")
    mute = {"mute": Neighbour(frozenset(), open_ended=False)}
    problem = only(proposal(need("raw"), connections={"raw": Output("mute", "x")}, sources=mute))
    assert problem.message == "mute has no output x; it has none"
    assert problem.fix.endswith("--input raw=@mute.OUTPUT")


def test_a_producer_that_could_not_be_read_may_offer_anything():
    """What is not known is not judged."""
    vague = {"vague": Neighbour(frozenset({"a"}), open_ended=True)}
    assert not problems_of(
        proposal(need("raw"), connections={"raw": Output("vague", "b")}, sources=vague)
    )


@pytest.mark.parametrize(
    "paths", [(), [file_at("workspace:data")]], ids=["not looked at", "there"]
)
def test_an_external_output_that_is_there_feeds(paths):
    """So does one that nobody looked at."""
    made = proposal(need("raw"), connections={"raw": Output("outside", "DATA")}, paths=paths)
    assert not problems_of(made)


def test_an_external_output_that_is_empty_does_not_feed():
    """It is told like an empty input."""
    made = proposal(
        need("raw"),
        connections={"raw": Output("outside", "DATA")},
        paths=[seen("workspace:data", empty=True)],
    )
    assert only(made).message.startswith("Input file is empty: data (output DATA of")


@pytest.mark.parametrize(
    ("kind", "name", "answers"),
    [
        ("input", "x", {"input_paths": {"x": f"workspace:{MASK}"}}),
        ("output", "x", {"output_paths": {"x": f"abs:/{MASK}"}}),
        ("environ_var", "x", {"environ_vars": {"x": f"a {MASK}"}}),
        ("job_arg", "x", {"job_args": {"x": {"deep": [MASK]}}}),
    ],
)
def test_nothing_masked_is_accepted(kind, name, answers):
    """The field is named, the value nowhere."""
    problem = only(proposal(need("x", kind), **answers))
    assert problem.code == "SECRET_IN_PLAIN"
    assert problem.where == Place(node="train", kind=kind, name=name)


def test_a_note_with_a_secret_is_kept_masked():
    """The person is told, and may go on."""
    problem = only(proposal(user_notes=f"with {MASK}"))
    assert (problem.code, problem.severity) == ("SECRET_IN_PLAIN", "warning")
    assert problem.message == "The note held what looks like a secret; it is kept masked"


def test_a_reference_to_a_secret_is_text():
    """It is resolved when the script starts."""
    assert not problems_of(
        proposal(need("KEY", "environ_var"), environ_vars={"KEY": {"secret": "KEY"}})
    )


def test_warnings_are_no_errors():
    """Only errors keep a node from being configured."""
    made = proposal(user_notes=MASK, job_args={"zzz": 1})
    assert [problem.severity for problem in problems_of(made)] == ["warning", "warning"]
    assert errors(problems_of(made)) == ()
