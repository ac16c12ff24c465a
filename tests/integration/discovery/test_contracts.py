"""Contracts found near a script, and read without importing anything."""

import json
import textwrap

import pytest
from tests.support.pipelines import Place

from runthrough import PipelineDAG
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.core.values.paths import record
from runthrough.errors import ConfigurationWarning

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"
YAML = """
entry_point: train.py
expected_input_paths:
  raw: /opt/in
  lookup: {path: /opt/lookup, description: Codes of the shops.}
expected_output_paths: {model: /opt/out}
required_env_vars: [LABEL]
optional_env_vars: {SEED: "7", DB_PASSWORD: hunter2}
expected_arguments:
  job_type: {choices: [training, testing], required: true}
  rows: 10
description: |
  Trains a model.
"""
TOLD = [
    ("input", "raw", "required", None, "/opt/in"),
    ("input", "lookup", "required", None, "/opt/lookup"),
    ("output", "model", "required", None, "/opt/out"),
    ("environ_var", "LABEL", "required", None, None),
    ("environ_var", "SEED", "optional", "7", None),
    ("environ_var", "DB_PASSWORD", "optional", "[masked]", None),
    ("job_arg", "job_type", "required", None, None),
    ("job_arg", "rows", "optional", 10, None),
]


@pytest.fixture
def contract(tmp_path):
    """Write files into a workspace with a script `train.py`; the contract that is found."""

    def write_and_find(files, script="scripts/train.py"):
        for name, content in {script: MAIN, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        catalog = StepCatalog([tmp_path])
        found = catalog.inspect(catalog.roots.record(str(tmp_path / script)), roots=catalog.roots)
        assert found is not None
        return catalog.contract(found, roots=catalog.roots)

    return write_and_find


def told(contract):
    return [
        (need.kind, need.name, need.level, need.default, need.container_path)
        for need in contract.requirements.needs
    ]


def told_at(name, place, reason):
    return f"the contract scripts/{name}:{place}: {reason}"


def python(*calls, before=""):
    return before + "\n".join(calls) + "\n"


def call(entry_point="train.py", name="raw", **more):
    keywords = "".join(f", {key}={value!r}" for key, value in more.items())
    return (
        f"C = ScriptContract(entry_point={entry_point!r}, "
        f"expected_input_paths={{{name!r}: '/opt/in'}}{keywords})"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.contract.yaml", YAML),
        ("train.contract.yml", "\ufeff" + YAML),
        ("contracts/train.contract.yaml", YAML),
    ],
)
def test_a_yaml_contract_is_read(contract, name, text):
    """Needs come with level, default, container path, choices and description; no secret does."""
    found = contract({f"scripts/{name}": text})
    assert told(found) == TOLD
    assert found.path == f"workspace:scripts/{name}"
    assert found.description == "Trains a model."
    assert found.problems == ()
    needs = {need.name: need for need in found.requirements.needs}
    assert needs["lookup"].description == "Codes of the shops."
    assert needs["job_type"].choices == ("training", "testing")
    assert {need.sources for need in needs.values()} == {("contract",)}


def test_a_json_contract_is_read(contract):
    """JSON says the same in the same words."""
    found = contract(
        {
            "scripts/train.contract.json": json.dumps(
                {"expected_input_paths": ["raw"], "required_env_vars": {"LABEL": "the target"}}
            )
        }
    )
    assert told(found) == [
        ("input", "raw", "required", None, None),
        ("environ_var", "LABEL", "required", None, None),
    ]
    assert found.requirements.needs[1].description == "the target"


def test_a_python_contract_is_read_whatever_it_calls(contract, tmp_path):
    """A call with an entry point and needs is a contract; the module is never imported."""
    touched = tmp_path / "touched"
    module = textwrap.dedent(f'''
        """Contract."""
        from pathlib import Path
        from .no_such_package import StepSpecification, unknown
        Path({str(touched)!r}).write_text("imported")
        ROOT = "/opt/ml/processing"
        INPUTS = {{"raw": ROOT + "/input", "more": f"{{ROOT}}/more"}}
        class Names:
            MODEL: str = "model"
        COMMON = ["LABEL"]
        REST = dict(description="""
            Trains.
              Twice.
        """)
        def contract():
            return StepSpecification.of(
                entry_point="train.py",
                expected_input_paths=INPUTS | {{"extra": Path(ROOT) / "extra"}},
                expected_output_paths={{Names.MODEL: "/opt/out", **{{"log": "/opt/log"}}}},
                required_env_vars=[*COMMON, "REGION"],
                optional_env_vars=dict(SEED="7"),
                expected_arguments={{"job-type": "training"}},
                framework_requirements={{"pandas": unknown()}},
                **REST,
            )
    ''')
    found = contract({"scripts/train_contract.py": module})
    assert told(found) == [
        ("input", "raw", "required", None, "/opt/ml/processing/input"),
        ("input", "more", "required", None, "/opt/ml/processing/more"),
        ("input", "extra", "required", None, "/opt/ml/processing/extra"),
        ("output", "model", "required", None, "/opt/out"),
        ("output", "log", "required", None, "/opt/log"),
        ("environ_var", "LABEL", "required", None, None),
        ("environ_var", "REGION", "required", None, None),
        ("environ_var", "SEED", "optional", "7", None),
        ("job_arg", "job-type", "optional", "training", None),
    ]
    assert found.description == "Trains.\n  Twice."
    assert found.problems == ()
    assert not touched.exists()


def test_what_is_computed_in_a_contract_is_left_out_and_told(contract):
    """A name with a computed value is kept, a computed name is not, and both are told."""
    module = (
        "C = Contract(entry_point='train.py',\n"
        "    expected_input_paths={'raw': path(), name(): '/x', 'ok': '/opt/ok'},\n"
        "    expected_output_paths=outputs())\n"
    )
    found = contract({"scripts/train_contract.py": module})
    assert [(need.name, need.container_path) for need in found.requirements.needs] == [
        ("raw", None),
        ("ok", "/opt/ok"),
    ]
    assert [(problem.message, problem.fix) for problem in found.problems] == [
        (
            told_at(
                "train_contract.py", place, f"a part of {part} is computed, so it is left out"
            ),
            f"write {part} with constants",
        )
        for place, part in [
            ("2:34", "expected_input_paths"),
            ("2:42", "expected_input_paths"),
            ("3:27", "expected_output_paths"),
        ]
    ]


@pytest.mark.parametrize(
    "files",
    [
        ["train.contract.yaml", "train_contract.py"],
        ["train_contract.py", "all_contracts.py"],
        ["all_contracts.py", "contracts/any.py"],
        ["contracts/train.contract.yaml", "contracts/any.py"],
        ["contracts/train_contract.py", "contracts/any.py"],
        ["contracts/any.py", "../contracts/any.py"],
    ],
)
def test_the_nearest_contract_wins(contract, files):
    """A file named after the script, then modules beside it, then folders of contracts."""
    near, far = (f"scripts/{name}" for name in files)
    texts = [
        call(name=name) if file.endswith(".py") else f"expected_input_paths: [{name}]"
        for file, name in zip(files, ["near", "far"], strict=True)
    ]
    found = contract({far: texts[1]})
    assert [need.name for need in found.requirements.needs] == ["far"]
    found = contract({near: texts[0]})
    assert [need.name for need in found.requirements.needs] == ["near"]


@pytest.mark.parametrize(
    ("entry_point", "meant"),
    [
        ("train.py", True),
        ("scripts/train.py", True),
        ("./train.py", True),
        ("other/train.py", False),
        ("retrain.py", False),
        ("rain.py", False),
        ("train", False),
    ],
)
def test_a_contract_speaks_of_the_script_that_it_names(contract, entry_point, meant):
    """The entry point is the script's file name, or the end of its path."""
    found = contract({"contracts/steps.py": python(call(entry_point))})
    assert (found is not None) == meant


def test_contracts_that_are_equally_near_and_differ_are_no_guess(contract):
    """Both are named with their lines, and nothing is taken from either."""
    found = contract({"contracts/a.py": call(), "contracts/b.py": python("", call(name="other"))})
    assert (found.path, found.requirements.needs) == (None, ())
    (problem,) = found.problems
    assert problem.message == (
        "2 contracts speak of train.py and differ: contracts/a.py:1, contracts/b.py:2"
    )
    assert problem.fix == (
        "keep one of them, or write scripts/train.contract.yaml, which comes first"
    )


def test_contracts_that_say_the_same_are_one(contract):
    """A contract that is written twice is no problem."""
    found = contract({"contracts/a.py": python(call(), call()), "contracts/b.py": call()})
    assert [need.name for need in found.requirements.needs] == ["raw"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "place", "reason", "fix"),
    [
        (
            "a: [1",
            "2:1",
            "this is not YAML",
            "write it as YAML or JSON, one value a line, such as entry_point: NAME.py",
        ),
        ("- a", "1:1", "a contract is a mapping", "entry_point: NAME.py"),
        ("", "1:1", "a contract is a mapping", "entry_point: NAME.py"),
        (
            "required_env_vars: LABEL",
            "1:1",
            "required_env_vars must be a mapping or a list of names",
            "required_env_vars: [NAME]",
        ),
        (
            "required_env_vars: [1]",
            "1:1",
            "required_env_vars holds something that is no name",
            "required_env_vars: [NAME]",
        ),
        (
            "expected_input_paths:\n  raw: [1]",
            "2:3",
            "the container path of raw must be a text",
            "expected_input_paths: {NAME: /container/path}",
        ),
        (
            "expected_input_paths:\n  raw: {pathh: x}",
            "2:3",
            "nothing called 'pathh' is said of a need; did you mean 'path'?",
            "one of path, description, default, choices, required",
        ),
        (
            "expected_inputs_paths: {raw: x}",
            "1:1",
            "expected_inputs_paths means nothing here",
            "expected_input_paths:",
        ),
        (
            "entry_point: other.py",
            "1:1",
            "its entry_point is other.py, but it is named after train.py",
            "entry_point: train.py",
        ),
        (
            b"description: \xff",
            None,
            "it is no text in its encoding",
            "iconv -f latin1 -t utf-8 {path} > fixed.py && mv fixed.py {path}",
        ),
    ],
)
def test_what_is_wrong_with_a_contract_is_told_with_its_place_and_fix(
    contract, text, place, reason, fix
):
    """A slip in a contract is a warning that says where and what to write; never a crash."""
    found = contract({"scripts/train.contract.yaml": text})
    (problem,) = found.problems
    where = "scripts/train.contract.yaml" + (f":{place}" if place else "")
    assert problem.severity == "warning"
    assert problem.message.startswith(f"the contract {where}: {reason}")
    assert problem.fix == fix.replace("{path}", "scripts/train.contract.yaml")


@pytest.mark.parametrize("name", ["scripts/train_contract.py", "contracts/steps.py"])
def test_a_module_that_does_not_parse_is_told_where_it_may_speak_of_the_script(contract, name):
    """A broken module that is named after the script, or mentions it, is a problem."""
    found = contract({name: "x = 1\nC = Contract(entry_point='train.py'"})
    (problem,) = found.problems
    assert problem.message.startswith(f"the contract {name}:2:13: '(' was never closed")
    assert problem.fix == f"python -m py_compile {name}"


@pytest.mark.parametrize(
    "text",
    [
        "entry_point = 'train.py'",
        "C = Contract(entry_point='train.py')",
        "C = Contract(entry_point=name(), expected_input_paths={})",
        "C = Contract(entry_point=C, expected_input_paths={})",
        "C = Contract(entry_point='other.py', expected_input_paths={'a': 'b'})",
        "C = Contract(entry_point='train.py'",
    ],
)
def test_modules_without_a_contract_of_the_script_are_passed_over(contract, text):
    """What names no script, no needs, or another script says nothing about this one."""
    broken = text.replace("train", "another") if text.count("(") > text.count(")") else text
    assert contract({"contracts/steps.py": broken, "contracts/data.txt": "entry_point"}) is None


def test_a_contract_is_read_again_when_it_changes(contract, tmp_path):
    """The same catalog sees a contract that is written, changed and removed."""
    path = tmp_path / "scripts" / "train.contract.yaml"
    contract({})
    catalog = StepCatalog([tmp_path])
    script = catalog.find("train")

    def names():
        found = catalog.contract(script, roots=catalog.roots)
        return found and [need.name for need in found.requirements.needs]

    assert names() is None
    path.write_text("expected_input_paths: [a]")
    assert names() == ["a"]
    path.write_text("expected_input_paths: [b]")
    assert names() == ["b"]
    path.unlink()
    assert names() is None


def test_a_script_outside_every_root_has_contracts_around_it(contract, tmp_path):
    """An absolute path is looked around in its folder and the one above."""
    contract({"contracts/steps.py": call()})
    catalog = StepCatalog()
    script = catalog.inspect(
        record("abs", str(tmp_path / "scripts/train.py")), roots=catalog.roots
    )
    found = catalog.contract(script, roots=catalog.roots)
    assert [need.name for need in found.requirements.needs] == ["raw"]


TRAINS = """
def main(input_paths, output_paths, environ_vars, job_args):
    open(input_paths["data_input"])
    open(output_paths["model"], "w")
    environ_vars.get("SEED", "1")
"""


def test_a_session_tells_where_contract_and_code_disagree(tmp_path):
    """Each side is named, a slip in the contract is told, and a changed contract is read."""
    place = Place(tmp_path)
    file = place.script("train", TRAINS).with_name("train.contract.yaml")
    with place.factory(PipelineDAG(["Train"])) as factory:
        assert warnings(factory) == []
        file.write_text("expected_input_paths: [")
        (broken,) = warnings(factory)
        assert broken.startswith("the contract scripts/train.contract.yaml:2:1: this is not YAML")
        file.write_text(
            "expected_input_paths: {DATA: /opt/in}\n"
            "expected_output_paths: {model: /opt/out}\n"
            "required_env_vars: [SEED]\n"
        )
        drift, recommended = warnings(factory)
        assert "DATA" in drift
        assert "data_input" in drift
        assert "SEED" in recommended
        place.file("workspace/raw.csv", "a")
        with pytest.warns(ConfigurationWarning, match="DATA"):
            factory.configure_script_testing("Train", input_paths={"data_input": "raw.csv"})
        needs = factory.get_script_testing_requirements("Train")
    assert [need["name"] for need in needs["expected_inputs"]] == ["data_input", "DATA"]
    assert needs["drift"] == ["contract: DATA · code: data_input"]
    assert [
        json.loads(payload)["because"]
        for kind, payload in place.logged("type, payload")
        if kind == "RequirementsRead"
    ] == ["discovered", "contract"]


def warnings(factory):
    return [p["message"] for p in factory.check() if p["severity"] == "warning"]


def test_a_script_that_now_comes_first_is_told_and_not_taken(tmp_path):
    """A node keeps its script; one of higher priority is a warning until it is bound."""
    place = Place(tmp_path)
    (tmp_path / "workspace").mkdir()
    own = place.file("workspace/train.py", TRAINS)
    with place.factory(PipelineDAG(["Train"])) as factory:
        assert warnings(factory) == []
        place.script("train", TRAINS)
        (shadowed,) = warnings(factory)
        assert shadowed.startswith("Train keeps train.py, although scripts/train.py now comes")
        assert factory.get_script_info("Train")["script_path"] == "train.py"
        factory.bind_script("Train", own.with_name("scripts") / "train.py")
        assert warnings(factory) == []


def test_a_session_tells_of_names_that_nobody_can_read(tmp_path):
    """Names that are computed are a warning until a contract names them."""
    place = Place(tmp_path)
    script = place.script(
        "merge",
        """
        def main(input_paths, output_paths, environ_vars, job_args):
            for number in range(job_args.shards):
                open(input_paths[f"shard_{number}"])
        """,
    )
    with place.factory(PipelineDAG(["Merge"])) as factory:
        (told,) = warnings(factory)
        assert told == (
            "scripts/merge.py puts names of inputs together when it runs, after 'shard_', so "
            "they cannot be read"
        )
        script.with_name("merge.contract.yaml").write_text("expected_input_paths: [shard_0]")
        assert not any("puts names" in told for told in warnings(factory))
