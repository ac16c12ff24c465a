"""The demo pipeline through the tester without a session, and its packed model served."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import runthrough

pytestmark = pytest.mark.demo

DEMO = Path(runthrough.__file__).parent / "demo"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """A copy of the demo, and the results of its one run."""
    folder = tmp_path_factory.mktemp("demo") / "copy"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-B", folder / "make_data.py"], check=True)
    answers = yaml.safe_load((folder / "answers.yaml").read_text(encoding="utf-8"))
    given = {
        part: {node: said[part] for node, said in answers.items() if part in said}
        for part in ("input_paths", "environ_vars", "job_args")
    }
    given["input_paths"] = {
        node: {name: folder / path for name, path in paths.items()}
        for node, paths in given["input_paths"].items()
    }
    definition = runthrough.load_pipeline(folder / "pipeline.yaml")
    built = runthrough.PipelineTestingSpecBuilder(folder).build_from_dag(definition, **given)
    tested = runthrough.RuntimeTestingConfiguration(built, jobs=2)
    return folder, built, runthrough.RuntimeTester(tested).run()


def test_the_demo_runs_end_to_end_without_a_session(rehearsed):
    """Seven scripts run once each, and every connection between them fits."""
    _, built, results = rehearsed
    assert results["pipeline_success"], results["errors"]
    assert set(results["script_results"]) == set(built.script_specs)
    assert len(results["script_results"]) == 7
    assert all(flow["compatible"] for flow in results["data_flow_results"].values())
    assert len(results["data_flow_results"]) == 7
    assert built.script_specs["XGBoostTraining"].timeout_s == 120


def test_the_demos_packed_model_serves_the_demos_payloads(rehearsed):
    """The archive of Package and the samples of Payload go through the real handlers."""
    folder, built, _ = rehearsed
    package = Path(built.script_specs["Package"].output_paths["packaged_model"])
    payloads = built.script_specs["Payload"].output_paths["payload_sample"]
    tester = runthrough.RuntimeTester(folder)
    for handler in (folder / "inference/inference.py", None):
        result = tester.test_inference_handlers(handler, package / "model.tar.gz", payloads)
        assert result.success, result.error_message
        assert [sample.name for sample in result.samples] == ["payload.csv", "payload.json"]
        answers = {sample.output_preview for sample in result.samples}
        assert len(answers) == 1
        assert "probabilities" in answers.pop()
