"""Reading SageMaker pipeline definitions from disk."""

import json
import shutil
from pathlib import Path

import pytest

from runthrough.adapters.pipeline_files import load_either, load_pipeline, load_sagemaker
from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import PipelineCycleError, PipelineFileError

DEFINITIONS = Path(__file__).parent / "definitions"
SECRET = "hunter2-is-not-a-key"


def loaded(folder, name, **given):
    """A definition of ours, read from a folder of the test."""
    return load_sagemaker(shutil.copy(DEFINITIONS / name, folder), **given)


def written(folder, text):
    path = folder / "definition.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def steps(*said, **more):
    return {"Version": "2020-12-01", **more, "Steps": said}


def processing(name, *, inputs=None, outputs=(), entry=("python3", "/code/run.py"), **more):
    """A Processing step; `inputs` maps names to URIs."""
    given = [
        {"InputName": key, "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/{key}"}}
        for key, uri in (inputs or {}).items()
    ]
    taken = [{"OutputName": key, "S3Output": {"S3Uri": f"s3://b/{key}"}} for key in outputs]
    arguments = {
        "AppSpecification": {"ContainerEntrypoint": entry, **more.pop("app", {})},
        "ProcessingInputs": given,
        "ProcessingOutputConfig": {"Outputs": taken},
    }
    return {"Name": name, "Type": "Processing", "Arguments": {**arguments, **more}}


def output(step, name):
    return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}


def node_of(folder, *said, name="B", **more):
    return load_sagemaker(written(folder, steps(*said, **more))).declaration.nodes[name]


def refused(folder, text):
    with pytest.raises(PipelineFileError) as caught:
        load_sagemaker(written(folder, text))
    return caught.value


def test_a_definition_becomes_a_pipeline_in_its_order(tmp_path):
    """Steps become nodes in their order, those of a condition's branches after it."""
    definition = loaded(tmp_path, "churn.json")
    assert definition.name == "churn"
    assert definition.folder == str(tmp_path)
    assert definition.file == str(tmp_path / "churn.json")
    assert definition.declaration.file == "pipeline:churn.json"
    assert list(definition.declaration.nodes) == [
        "PrepareChurn",
        "CheckDataQuality",
        "TrainChurn",
        "EvaluateChurn",
        "GoodEnough",
        "RegisterChurn",
        "WriteModelCard",
        "NotifyTeam",
        "TooWeak",
    ]


def test_what_a_processing_step_says_arrives_in_its_node(tmp_path):
    """Script, options and variables are taken; what only the cloud knows is left out."""
    node = loaded(tmp_path, "churn.json").declaration.nodes["PrepareChurn"]
    assert node == NodeDeclaration(
        script="pipeline:prepare.py",
        environ_vars={"LOG_LEVEL": "info", "LABEL": "churned"},
        job_args={"label_column": "churned", "test_share": 0.2, "drop_duplicates": True},
    )


def test_what_a_training_step_says_arrives_in_its_node(tmp_path):
    """Channels are inputs and hyperparameters arguments; what the SDK adds for itself is not."""
    node = loaded(tmp_path, "churn.json").declaration.nodes["TrainChurn"]
    assert node == NodeDeclaration(
        script="pipeline:train.py",
        inputs={
            "train": Output("PrepareChurn", "sets", "train"),
            "validation": Output("PrepareChurn", "sets", "validation"),
        },
        environ_vars={"THREADS": "4"},
        job_args={
            "objective": "binary:logistic",
            "max_depth": 5,
            "eta": 0.2,
            "monotone": [1, 0],
        },
    )


def test_a_uri_that_an_upstream_step_writes_is_a_connection(tmp_path):
    """A URI that is spelled out on both sides connects them, with the folder below it."""
    nodes = loaded(tmp_path, "churn.json").declaration.nodes
    assert nodes["EvaluateChurn"].inputs == {
        "model": Output("TrainChurn", "model"),
        "test": Output("PrepareChurn", "sets", "test"),
    }


def test_edges_come_from_dependencies_references_and_conditions(tmp_path):
    """DependsOn, references and branches give edges, and scripts keep their order past others."""
    dag = loaded(tmp_path, "churn.json").dag
    assert dag.get_dependencies("EvaluateChurn") == (
        "TrainChurn",
        "CheckDataQuality",
        "PrepareChurn",
    )
    assert dag.get_dependencies("GoodEnough") == ("EvaluateChurn",)
    assert dag.get_dependencies("TooWeak") == ("GoodEnough",)
    assert set(dag.get_dependencies("WriteModelCard")) == {
        "EvaluateChurn",
        "GoodEnough",
        "NotifyTeam",
        "TrainChurn",  # the condition and the model's registration stand in between
    }


def test_steps_without_a_script_are_external(tmp_path):
    """Conditions, checks, registrations, functions and failures run nothing here."""
    nodes = loaded(tmp_path, "churn.json").declaration.nodes
    outside = [name for name, node in nodes.items() if node.external]
    assert outside == [
        "CheckDataQuality",
        "GoodEnough",
        "RegisterChurn",
        "NotifyTeam",
        "TooWeak",
    ]
    assert all(nodes[name] == NodeDeclaration(external=True) for name in outside)


def test_options_are_read_as_the_container_gets_them(tmp_path):
    """Lists, glued values, negative numbers, flags and modules are understood."""
    node = loaded(tmp_path, "churn.json").declaration.nodes["WriteModelCard"]
    assert node.script == "pipeline:model_card.py"
    assert node.job_args == {"columns": ["age", "plan"], "threshold": -1, "v": True}


def test_a_definition_in_one_line_is_read(tmp_path):
    """An exported definition of framework processors, tuning, model and transform is read."""
    definition = loaded(tmp_path, "fraud_compact.json")
    nodes = definition.declaration.nodes
    assert nodes["TabularPreprocessing-training"] == NodeDeclaration(
        inputs={"DATA": "pipeline:data/training"},
        environ_vars={"LABEL_FIELD": "is_fraud"},
        job_args={"job_type": "training"},
    )
    assert nodes["TabularPreprocessing-calibration"].inputs == {
        "DATA": "abs:/srv/fraud/calibration"
    }
    assert nodes["Search"] == NodeDeclaration(
        script="pipeline:train_fraud.py",
        inputs={"train": Output("TabularPreprocessing-training", "processed_data")},
        job_args={"eta": 0.1},
    )
    assert nodes["CreateModel"].external
    assert nodes["Score"].external
    assert nodes["Calibrate"] == NodeDeclaration(
        script="pipeline:calibrate.py",
        inputs={"rows": Output("TabularPreprocessing-calibration", "processed_data", "part-0")},
        job_args={"method": "isotonic"},
    )
    assert definition.dag.get_dependencies("CreateModel") == ("Search",)


def test_an_external_step_offers_what_lies_on_this_machine(tmp_path):
    """A container without code of its own is external; its outputs count where a path is known."""
    nodes = loaded(tmp_path, "nightly.json").declaration.nodes
    assert nodes["Stage"] == NodeDeclaration(
        external=True, outputs={"staged": "pipeline:lake/staged"}
    )
    assert nodes["DailyReport"] == NodeDeclaration(
        script="pipeline:daily_report.py",
        inputs={"staged": Output("Stage", "staged")},
        job_args={"limit": 10},
    )


def test_scripts_are_found_by_their_file_names(tmp_path):
    """Scripts are looked for in the given folders, the first wins, and never invented."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second / "scripts"):
        folder.mkdir(parents=True)
        (folder / "train.py").write_text("def main(a, b, c, d): pass")
    (second / "scripts" / "prepare.py").write_text("def main(a, b, c, d): pass")
    nodes = loaded(tmp_path, "churn.json", scripts=[first, second]).declaration.nodes
    assert nodes["TrainChurn"].script == "pipeline:first/train.py"
    assert nodes["PrepareChurn"].script == "pipeline:second/scripts/prepare.py"
    assert nodes["EvaluateChurn"].script == "pipeline:evaluate.py"
    assert not list(tmp_path.rglob("evaluate.py"))


def test_a_step_without_a_named_script_runs_the_one_of_its_name(tmp_path):
    """Hyphens of steps are the underscores of names; job types share a script."""
    (tmp_path / "scripts").mkdir()
    for stem in ("tabular_preprocessing", "stage"):
        (tmp_path / "scripts" / f"{stem}.py").write_text("def main(a, b, c, d): pass")
    nodes = loaded(tmp_path, "fraud_compact.json").declaration.nodes
    script = "pipeline:scripts/tabular_preprocessing.py"
    assert nodes["TabularPreprocessing-training"].script == script
    assert nodes["TabularPreprocessing-calibration"].script == script
    stage = loaded(tmp_path, "nightly.json").declaration.nodes["Stage"]
    assert (stage.external, stage.script) == (False, "pipeline:scripts/stage.py")


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        (["booster"], Output("TrainChurn", "booster")),
        (["model_output", "metrics"], Output("TrainChurn", "model_output")),
        (["metrics", "plots"], None),
        (["model_a", "model_b"], None),
    ],
)
def test_the_model_has_the_name_that_the_script_gives_it(tmp_path, outputs, found):
    """Model artifacts are the output in the script's own words, and open where those leave it."""
    body = "".join(f"    open(output_paths[{name!r}], 'w')\n" for name in outputs)
    (tmp_path / "train.py").write_text(
        f"def main(input_paths, output_paths, environ_vars, job_args):\n{body}"
    )
    definition = loaded(tmp_path, "churn.json")
    assert definition.declaration.nodes["EvaluateChurn"].inputs.get("model") == found
    assert "TrainChurn" in definition.dag.get_dependencies("EvaluateChurn")


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        (output("A", "x"), Output("A", "x")),
        ({"Get": 'Steps.A.ProcessingOutputConfig.Outputs["x"].S3Output.S3Uri'}, Output("A", "x")),
        ({"Get": "Steps.A.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"}, Output("A", "x")),
        (
            {"Std:Join": {"On": "/", "Values": [output("A", "x"), "p", "q"]}},
            Output("A", "x", "p/q"),
        ),
        ({"Std:Join": {"Values": [output("A", "x"), "/p"]}}, Output("A", "x", "p")),
        ({"Std:Join": {"On": "/", "Values": [output("A", "x"), ".."]}}, None),
        ({"Std:Join": {"On": "-", "Values": [output("A", "x"), "p"]}}, None),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", output("A", "x")]}}, None),
        (
            {"Std:Join": {"On": "/", "Values": [output("A", "x"), {"Get": "Execution.Id"}]}},
            None,
        ),
        ({"Get": "Steps.A.ProcessingJobName"}, None),
        ("s3://b/x/deep/er", Output("A", "x", "deep/er")),
        ("s3://b/xy", None),
        ("s3://elsewhere", None),
        ("rows/today.csv", "pipeline:rows/today.csv"),
        ("/rows", "abs:/rows"),
        ("file:///rows", "abs:/rows"),
        ("~/rows", None),
        ("https://host/rows", None),
        ({"Get": "Parameters.Local"}, "pipeline:rows"),
        ({"Get": "Parameters.Open"}, None),
        (
            {"Std:Join": {"On": "/", "Values": [{"Get": "Parameters.Local"}, "a"]}},
            "pipeline:rows/a",
        ),
    ],
)
def test_what_a_uri_comes_to(tmp_path, uri, source):
    """A URI is a connection, a path on this machine, or open; never a path of a container."""
    parameters = [{"Name": "Local", "DefaultValue": "rows"}, {"Name": "Open"}]
    a = processing("A", outputs=["x"])
    b = {**processing("B", inputs={"i": uri}), "DependsOn": ["A"]}
    node = node_of(tmp_path, a, b, Parameters=parameters)
    assert node.inputs == ({} if source is None else {"i": source})


def test_a_step_that_names_itself_waits_for_nobody(tmp_path):
    """A reference to a property of the step itself is no edge."""
    a = processing("A", Environment={"NAME": {"Get": "Steps.A.ProcessingJobName"}})
    assert load_sagemaker(written(tmp_path, steps(a))).dag.edges == ()


def test_an_equal_uri_connects_only_what_is_in_order(tmp_path):
    """Without an order between two steps a URI is what an earlier execution left there."""
    a, b = processing("A", outputs=["x"]), processing("B", inputs={"i": "s3://b/x"})
    assert node_of(tmp_path, a, b).inputs == {}


def test_a_uri_that_two_steps_write_stays_open(tmp_path):
    """Of two writers neither is chosen."""
    a, c = processing("A", outputs=["x"]), processing("C", outputs=["x"])
    b = {**processing("B", inputs={"i": "s3://b/x"}), "DependsOn": ["A", "C"]}
    assert node_of(tmp_path, a, c, b).inputs == {}


@pytest.mark.parametrize(
    ("entry", "words", "script", "arguments"),
    [
        (["python3", "/c/a.py"], ["--x", "1"], "a.py", {"x": 1}),
        (["python3", "-u", "/c/a.py", "--x", "1"], ["--y"], "a.py", {"x": 1, "y": True}),
        (["/usr/bin/python3"], ["/c/a.py", "--x", "a"], "a.py", {"x": "a"}),
        (["python3", "-u"], ["-m", "pack.a", "--x", "a"], "a.py", {"x": "a"}),
        (["python3", "/c/a.py"], ["loose", "--x-y", "a=b"], "a.py", {"x_y": "a=b"}),
        (
            ["python3", "/c/a.py"],
            ["--x", "NaN", "--y", "1e999"],
            "a.py",
            {"x": "NaN", "y": "1e999"},
        ),
        (["python3", "/c/a.py"], ["--x", "[1]", "--y", "true"], "a.py", {"x": "[1]", "y": True}),
        (
            ["python3", "/c/a.py"],
            ["--x", "-5", "--y", "--", "z"],
            "a.py",
            {"x": -5, "y": ["--", "z"]},
        ),
    ],
)
def test_the_command_of_a_container_is_understood(tmp_path, entry, words, script, arguments):
    """The script is found in the command, and what follows it are its arguments."""
    node = node_of(tmp_path, processing("B", entry=entry, app={"ContainerArguments": words}))
    assert (node.script, node.job_args) == (f"pipeline:{script}", arguments)


def test_several_trained_scripts_are_no_node(tmp_path):
    """A tuning step over several training jobs runs more than one script, so it is external."""
    job = {"StaticHyperParameters": {"sagemaker_program": "a.py"}}
    one = {"Name": "B", "Type": "Tuning", "Arguments": {"TrainingJobDefinitions": [job]}}
    two = {"Name": "B", "Type": "Tuning", "Arguments": {"TrainingJobDefinitions": [job, job]}}
    assert node_of(tmp_path, one).script == "pipeline:a.py"
    assert node_of(tmp_path, two).external


def test_branches_inside_branches_are_steps_too(tmp_path):
    """A condition in a branch is a step whose own branches depend on it."""
    inner = {"Name": "I", "Type": "Condition", "Arguments": {"IfSteps": [processing("B")]}}
    outer = {"Name": "O", "Type": "Condition", "Arguments": {"ElseSteps": [inner]}}
    a = {**outer, "DependsOn": ["A"]}
    dag = load_sagemaker(written(tmp_path, steps(processing("A"), a))).dag
    assert dag.get_dependencies("I") == ("O",)
    assert dag.get_dependencies("B") == ("I", "A")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('{"Version": "2020-12-01",\n "Steps": [}', 2, 12, "not JSON: Expecting value"),
        ('{"Steps": 5}', 1, 11, "Steps: this must be a list"),
        ('{"Steps": []}', 1, 11, "Steps: the pipeline has no steps"),
        ('{"Version": "2031-01-01",\n "Steps": []}', 1, 13, "only version 2020-12-01"),
        ('{"Steps": [5]}', 1, 12, "Steps.0: this must be a mapping"),
        ('{"Steps": [{"Type": "Fail"}]}', 1, 12, "Steps.0: the key 'Name' is missing"),
        ('{"Steps": [{"Name": "A"}]}', 1, 12, "Steps.0: the key 'Type' is missing"),
        ('{"Steps": [{"Name": 5, "Type": "Fail"}]}', 1, 21, "Steps.0.Name: this must be a text"),
        ('{"Steps": [{"Name": "a/b", "Type": "Fail"}]}', 1, 21, "must not be a path"),
        (
            '{"Steps": [{"Name": "A", "Type": "Fail"},\n{"Name": "A", "Type": "Fail"}]}',
            2,
            10,
            "a second step is called 'A'; the first is on line 1",
        ),
        (
            '{"Steps": [{"Name": "A", "Type": "Fail", "DependsOn": ["Bee"]}]}',
            1,
            56,
            "there is no step 'Bee'",
        ),
        (
            '{"Steps": [{"Name": "A", "Type": "Fail", "Arguments": {"x": {"Get": "Steps.Z.y"}}}]}',
            1,
            69,
            "Arguments.x.Get: there is no step 'Z'",
        ),
        (
            (
                '{"Steps": [{"Name": "A", "Type": "Training", "Arguments":'
                ' {"HyperParameters": {"x": {"Get": "Parameters.Z"}}}}]}'
            ),
            1,
            93,
            "there is no parameter 'Z'",
        ),
        (
            (
                '{"Steps": [{"Name": "A", "Type": "Training", "Arguments":'
                ' {"HyperParameters": {"x": {"Get": 5}}}}]}'
            ),
            1,
            93,
            "x.Get: this must be a text",
        ),
        (
            (
                '{"Steps": [{"Name": "A", "Type": "Training", "Arguments":'
                ' {"HyperParameters": {"x": {"Std:Join": {"On": 5, "Values": []}}}}}]}'
            ),
            1,
            105,
            "Std:Join.On: this must be a text",
        ),
        (
            '{"Steps": [{"Name": "A", "Type": "Training", "Arguments": {"InputDataConfig": {}}}]}',
            1,
            79,
            "InputDataConfig: this must be a list",
        ),
        ('{"nodes": {"A": null}}', 1, 1, "not a SageMaker pipeline definition"),
        ('{"PipelineDefinition": "{}"}', 1, 1, "answer of describe-pipeline"),
        ("[]", 1, 1, "not a SageMaker pipeline definition"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, line, column, said):
    """Whatever is wrong is told with line, column and the way to it."""
    error = refused(tmp_path, text)
    assert (error.line, error.column) == (line, column)
    assert said in str(error)


@pytest.mark.parametrize(
    ("said", "near"),
    [
        (processing("B", inputs={"i": output("Prepare", "sett")}), "did you mean 'sets'?"),
        (processing("B", inputs={"i": output("Prepara", "sets")}), "did you mean 'Prepare'?"),
        ({**processing("B"), "DependsOn": ["Prepar"]}, "did you mean 'Prepare'?"),
        (processing("B", Environment={"X": {"Get": "Parameters.Rowz"}}), "did you mean 'Rows'?"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(tmp_path, said, near):
    """Steps, outputs and parameters that there are not are answered with what was meant."""
    parameters = [{"Name": "Rows"}]
    error = refused(
        tmp_path, steps(processing("Prepare", outputs=["sets"]), said, Parameters=parameters)
    )
    assert near in str(error)


def test_two_inputs_of_one_name_are_refused(tmp_path):
    """An input that stands twice could be fed by either."""
    step = processing("B", inputs={"i": "s3://b/x"})
    step["Arguments"]["ProcessingInputs"] *= 2
    assert "'i' stands twice" in str(refused(tmp_path, steps(step)))


def test_a_variable_that_cannot_be_set_is_refused_without_its_value(tmp_path):
    """A wrong name of a variable is told, and what it would hold is not."""
    error = refused(tmp_path, steps(processing("B", Environment={"A=B": SECRET})))
    assert "variable's name" in str(error)
    assert SECRET not in str(error)


def test_a_cycle_is_named_with_the_place_that_closes_it(tmp_path):
    """Steps that wait for each other are refused with the reference written last."""
    text = (
        '{"Steps": [\n{"Name": "A", "Type": "Fail", "DependsOn": ["B"]},\n'
        '{"Name": "B", "Type": "Fail", "Arguments": {"x": {"Get": "Steps.A.y"}}}]}'
    )
    path = written(tmp_path, text)
    with pytest.raises(PipelineCycleError) as caught:
        load_sagemaker(path)
    assert caught.value.cycle == ("A", "B", "A")
    assert str(caught.value).startswith(f"{path}:3:58: ")


def test_each_kind_of_file_is_told_from_the_other(tmp_path):
    """A definition given to `load_pipeline` names the function that reads it; one reads both."""
    path = written(tmp_path, steps(processing("B")))
    with pytest.raises(PipelineFileError, match="SageMaker pipeline definition") as caught:
        load_pipeline(path)
    assert "load_sagemaker" in str(caught.value.fix)
    assert load_either(path) == load_sagemaker(path)
    ours = tmp_path / "ours.yaml"
    ours.write_text("nodes: {A: }")
    assert load_either(ours) == load_pipeline(ours)
