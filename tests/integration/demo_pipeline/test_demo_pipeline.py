"""The demo pipeline, rehearsed by hand: every script in a child process of its own."""

import csv
import json
import shutil
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

import runthrough

pytestmark = pytest.mark.demo

DEMO = Path(runthrough.__file__).parent / "demo"
OUTPUTS = {
    "TabularPreprocessing_training": ["processed_data"],
    "TabularPreprocessing_calibration": ["processed_data"],
    "XGBoostTraining": ["model_output"],
    "XGBoostModelEval_calibration": ["eval_output", "metrics_output"],
    "ModelCalibration_calibration": ["calibration_output", "metrics_output"],
    "Package": ["packaged_model"],
    "Payload": ["payload_sample"],
}
MODULES = {
    "TabularPreprocessing_training": "tabular_preprocessing",
    "TabularPreprocessing_calibration": "tabular_preprocessing",
    "XGBoostTraining": "training.xgboost_training",
    "XGBoostModelEval_calibration": "xgboost_model_eval",
    "ModelCalibration_calibration": "model_calibration",
    "Package": "package",
    "Payload": "payload",
}
CONNECTIONS = {
    ("TabularPreprocessing_training", "DATA"): ("DataLoading_training", "DATA"),
    ("TabularPreprocessing_calibration", "DATA"): ("DataLoading_calibration", "DATA"),
    ("XGBoostTraining", "input_path"): ("TabularPreprocessing_training", "processed_data"),
    ("XGBoostModelEval_calibration", "model_input"): ("XGBoostTraining", "model_output"),
    ("XGBoostModelEval_calibration", "processed_data"): (
        "TabularPreprocessing_calibration",
        "processed_data",
    ),
    ("ModelCalibration_calibration", "evaluation_data"): (
        "XGBoostModelEval_calibration",
        "eval_output",
    ),
    ("Package", "model_input"): ("XGBoostTraining", "model_output"),
    ("Package", "calibration_input"): ("ModelCalibration_calibration", "calibration_output"),
    ("Payload", "model_input"): ("XGBoostTraining", "model_output"),
}
"""Which output feeds which input, as a person knows it; the file does not say."""
METRICS = [
    "XGBoostModelEval_calibration/metrics_output/metrics.json",
    "ModelCalibration_calibration/metrics_output/metrics.json",
]
CHILD = """
import importlib, json, sys, types
request = json.load(sys.stdin)
sys.path.insert(0, request["root"])
module = importlib.import_module(request["module"])
returned = module.main(
    request["inputs"], request["outputs"], request["env"], types.SimpleNamespace(**request["args"])
)
print("returned " + json.dumps(returned))
"""
CLIENT = """
import json, sys
from pathlib import Path
unpacked, payload = map(Path, sys.argv[1:])
sys.path.insert(0, str(unpacked / "code"))
import inference
model = inference.model_fn(str(unpacked))
answers = {"calibrated": model.curve is not None}
for name, kind in [("payload.json", "application/json"), ("payload.csv", "text/csv")]:
    rows = inference.input_fn((payload / name).read_text(), kind)
    answer = inference.output_fn(inference.predict_fn(rows, model), "application/json")
    answers[kind] = json.loads(answer)["probabilities"]
print(json.dumps(answers))
"""


def read_yaml(name):
    return yaml.safe_load((DEMO / name).read_text(encoding="utf-8"))


def python(code, *arguments, stdin=""):
    """Run `code` in a child whose warnings are errors, and give back what it printed."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


class Rehearsal:
    """A copy of the demo whose nodes have run, one child after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.pipeline = read_yaml("pipeline.yaml")
        self.answers = read_yaml("answers.yaml")
        self.returned = {}
        shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([sys.executable, "-B", folder / "make_data.py"], check=True)
        for node in self.order():
            if not self.pipeline["nodes"][node].get("external"):
                self.run(node)

    def order(self):
        upstream = {node: [] for node in self.pipeline["nodes"]}
        for before, after in self.pipeline["edges"]:
            upstream[after].append(before)
        return list(TopologicalSorter(upstream).static_order())

    def output(self, node, name):
        """Where an output lies: as declared, else in a folder of the node's own."""
        declared = self.pipeline["nodes"][node].get("outputs", {})
        return self.folder / declared.get(name, f"runs/{node}/{name}")

    def part(self, node, name):
        """One part of a node's configuration: the file's, with the answers over it."""
        return self.pipeline["nodes"][node].get(name, {}) | self.answers.get(node, {}).get(
            name, {}
        )

    def inputs(self, node):
        wired = {name: self.output(*s) for (at, name), s in CONNECTIONS.items() if at == node}
        given = {name: self.folder / path for name, path in self.part(node, "input_paths").items()}
        return {name: str(path) for name, path in (wired | given).items()}

    def request(self, node, **changed):
        """What a child is asked to do for `node`, with some of it changed."""
        return {
            "root": str(self.folder / "scripts"),
            "module": MODULES[node],
            "inputs": self.inputs(node),
            "outputs": {name: str(self.output(node, name)) for name in OUTPUTS[node]},
            "env": self.part(node, "environ_vars"),
            "args": self.part(node, "job_args"),
        } | changed

    def run(self, node):
        printed = python(CHILD, stdin=json.dumps(self.request(node))).splitlines()
        assert len(printed) > 1, f"{node} said nothing of what it did"
        self.returned[node] = json.loads(printed[-1].removeprefix("returned "))

    def files(self, node, name):
        root = self.output(node, name)
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    def metrics(self):
        return [(self.folder / "runs" / name).read_text(encoding="utf-8") for name in METRICS]


@pytest.fixture(scope="module")
def rehearsals(tmp_path_factory):
    """Two rehearsals of the whole pipeline, side by side, with the answers that ship."""
    folders = [tmp_path_factory.mktemp("demo") / "copy" for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(Rehearsal, folders))


def test_every_edge_of_the_demo_names_two_nodes_of_the_file():
    """The pipeline file declares the nodes of its edges, and no connection."""
    pipeline = read_yaml("pipeline.yaml")
    assert {end for edge in pipeline["edges"] for end in edge} == set(pipeline["nodes"])
    assert not any("inputs" in said for said in pipeline["nodes"].values())


def test_the_demo_is_wired_without_a_person(tmp_path):
    """Every connection that a person knows is accepted by itself, and no other."""
    shutil.copytree(DEMO, tmp_path / "demo")
    definition = runthrough.load_pipeline(tmp_path / "demo" / "pipeline.yaml")
    with runthrough.InteractiveRuntimeTestingFactory(
        definition, database_url=f"sqlite:///{tmp_path / 'log.db'}"
    ) as factory:
        wires = factory.status()["connections"]
    found = {(w["node"], w["input"]): (w["from_node"], w["output"]) for w in wires}
    assert found == CONNECTIONS
    assert {(wire["status"], wire["subpath"]) for wire in wires} == {("accepted", None)}


def test_the_demo_is_the_founding_plans_pipeline():
    """Ten nodes, eleven edges, and one script under both preprocessing nodes."""
    pipeline = read_yaml("pipeline.yaml")
    assert pipeline["name"] == "xgboost_complete_e2e"
    assert len(pipeline["nodes"]) == 10
    assert len(pipeline["edges"]) == 11
    scripted = [node for node, said in pipeline["nodes"].items() if not said.get("external")]
    assert scripted == list(MODULES)


def test_every_node_finds_its_script_in_the_demo():
    """A node's script is the declared one, else the file under `scripts/` with its name."""
    nodes = read_yaml("pipeline.yaml")["nodes"]
    for node, module in MODULES.items():
        script = "scripts/" + module.replace(".", "/") + ".py"
        assert (DEMO / script).is_file()
        assert nodes[node].get("script", script) == script


def test_the_answers_name_pending_nodes_in_the_order_of_the_pipeline():
    """answers.yaml answers three scripted nodes, first things first, and nothing declared."""
    nodes, answers = read_yaml("pipeline.yaml")["nodes"], read_yaml("answers.yaml")
    assert list(answers) == [node for node in nodes if node in answers]
    assert len(answers) == 3
    for node, parts in answers.items():
        assert set(parts) <= {"input_paths", "environ_vars", "job_args"}
        for part, values in parts.items():
            declared = nodes[node].get("inputs" if part == "input_paths" else part, {})
            assert not set(values) & set(declared)


def test_the_demo_stays_small():
    """All that ships with the demo weighs less than 100 kB."""
    files = [path for path in DEMO.rglob("*") if path.is_file() and "__pycache__" not in str(path)]
    assert sum(path.stat().st_size for path in files) < 100_000


@pytest.mark.parametrize(
    ("node", "output", "expected"),
    [
        (
            "TabularPreprocessing_training",
            "processed_data",
            {
                "imputer.pkl",
                "train/train_processed_data.csv",
                "val/val_processed_data.csv",
                "test/test_processed_data.csv",
            },
        ),
        (
            "TabularPreprocessing_calibration",
            "processed_data",
            {"calibration/calibration_processed_data.csv"},
        ),
        (
            "XGBoostTraining",
            "model_output",
            {
                "model.json",
                "feature_columns.json",
                "feature_medians.json",
                "hyperparameters.json",
            },
        ),
        ("XGBoostModelEval_calibration", "eval_output", {"predictions.csv"}),
        ("XGBoostModelEval_calibration", "metrics_output", {"metrics.json"}),
        ("ModelCalibration_calibration", "calibration_output", {"calibration.json"}),
        ("ModelCalibration_calibration", "metrics_output", {"metrics.json"}),
        ("Package", "packaged_model", {"model.tar.gz"}),
        ("Payload", "payload_sample", {"payload.csv", "payload.json"}),
    ],
)
def test_a_script_writes_what_its_consumers_read(rehearsals, node, output, expected):
    """Every output folder holds exactly the files that the next scripts open."""
    assert rehearsals[0].files(node, output) == expected


def test_preprocessing_keeps_every_row_and_fills_only_the_training_gaps(rehearsals):
    """All 569 samples arrive; the training splits have no gap, the calibration rows still do."""
    demo = rehearsals[0]
    training = demo.returned["TabularPreprocessing_training"]
    calibration = demo.returned["TabularPreprocessing_calibration"]
    assert sum(training.values()) + sum(calibration.values()) == 569
    gaps = {}
    for node, splits in [
        ("TabularPreprocessing_training", training),
        ("TabularPreprocessing_calibration", calibration),
    ]:
        for split in splits:
            path = demo.output(node, "processed_data") / split / f"{split}_processed_data.csv"
            with path.open(encoding="utf-8", newline="") as file:
                gaps[split] = sum(row.count("") for row in csv.reader(file))
    assert gaps.pop("calibration") > 0
    assert gaps == {"train": 0, "val": 0, "test": 0}


def test_the_demo_model_learns_something(rehearsals):
    """The scores rank the unseen rows well, and the calibration keeps them honest."""
    evaluated, calibrated = map(json.loads, rehearsals[0].metrics())
    assert evaluated["roc_auc"] > 0.95
    assert calibrated["rows"] == evaluated["rows"]
    assert calibrated["brier_after"] < 0.1


def test_the_packaged_model_answers_the_sample_requests(rehearsals, tmp_path):
    """The archive alone serves both payloads, calibrated, with equal answers."""
    demo = rehearsals[0]
    with tarfile.open(demo.output("Package", "packaged_model") / "model.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    payload = demo.output("Payload", "payload_sample")
    answers = json.loads(python(CLIENT, str(tmp_path), str(payload)))
    assert answers["calibrated"] is True
    assert len(answers["text/csv"]) == 3
    assert answers["text/csv"] == answers["application/json"]
    assert all(0 <= value <= 1 for value in answers["text/csv"])


def test_the_same_seed_gives_the_same_results_twice(rehearsals):
    """Two rehearsals in two folders agree on metrics and on the bytes of the package."""
    first, second = rehearsals
    assert first.metrics() == second.metrics()
    archives = [demo.output("Package", "packaged_model") / "model.tar.gz" for demo in rehearsals]
    assert archives[0].read_bytes() == archives[1].read_bytes()


@pytest.mark.parametrize("method", ["gpa", "isotonic", "platt"])
def test_each_calibration_method_ends_as_a_rising_curve(rehearsals, tmp_path, method):
    """A curve's scores rise and its probabilities never fall nor leave 0 to 1."""
    request = rehearsals[0].request(
        "ModelCalibration_calibration",
        env={"CALIBRATION_METHOD": method},
        outputs={name: str(tmp_path / name) for name in OUTPUTS["ModelCalibration_calibration"]},
    )
    python(CHILD, stdin=json.dumps(request))
    text = (tmp_path / "calibration_output/calibration.json").read_text(encoding="utf-8")
    curve = json.loads(text)
    assert curve["method"] == method
    assert curve["scores"] == sorted(set(curve["scores"]))
    assert curve["probabilities"] == sorted(curve["probabilities"])
    assert 0 <= curve["probabilities"][0] < curve["probabilities"][-1] <= 1


def test_a_model_is_packed_without_a_calibration_too(rehearsals, tmp_path):
    """Package's `calibration_input` is optional: the archive then holds no curve."""
    demo = rehearsals[0]
    inputs = demo.inputs("Package")
    del inputs["calibration_input"]
    request = demo.request(
        "Package", inputs=inputs, outputs={"packaged_model": str(tmp_path / "packed")}
    )
    python(CHILD, stdin=json.dumps(request))
    with tarfile.open(tmp_path / "packed/model.tar.gz") as archive:
        names = archive.getnames()
    assert "code/inference.py" in names
    assert "calibration/calibration.json" not in names
