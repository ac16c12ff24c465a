"""Errors about a pipeline file do not repeat the secrets that somebody left in it."""

import json
import traceback

import pytest

from runthrough.adapters.pipeline_files import load_either, load_pipeline, load_sagemaker
from runthrough.application.definitions import normalised
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.errors import PipelineError, PipelineFileError

SECRET = "s3cr3t-of-ann"
URL = f"https://ann:{SECRET}@host/x"
WRONG = {
    "another kind of value": f"nodes: {{a: {{timeout_s: '{URL}'}}}}",
    "an unknown key": f"nodes: {{a: {{'{URL}': 1}}}}",
    "an unknown node": f"nodes: {{a: {{}}}}\nedges: [[a, '{URL}']]",
    "a text that is no edge": f"nodes: {{a: {{}}}}\nedges:\n  - '{URL}'\n",
    "no YAML": f"nodes:\n  a: {{timeout_s: '{URL}'\nedges: [",
    "a list in place of a text": f"nodes: {{a: {{script: ['{URL}']}}}}",
}


@pytest.mark.parametrize("load", [load_pipeline, load_either, load_sagemaker])
@pytest.mark.parametrize("what", WRONG)
def test_error_tells_the_place_and_no_secret(tmp_path, what, load):
    """Line and column are told, also of YAML that cannot be read; the password is not."""
    path = tmp_path / "pipeline.yaml"
    path.write_text(f"name: x\n{WRONG[what]}\n")
    with pytest.raises(PipelineFileError) as refused:
        load(path)
    told = "".join(traceback.format_exception(refused.value))
    assert SECRET not in told
    assert refused.value.line is not None


KEY = "gh" + "p_" + "a1" * 18
NAMED = {
    "the pipeline": f"name: {URL}\nnodes: {{a: {{}}}}",
    "a node": f"name: x\nnodes: {{{KEY}: {{}}}}",
    "an end of an edge": f"name: x\nnodes: {{a: {{}}}}\nedges: [[a, {KEY}]]",
    "an input": f"name: x\nnodes: {{a: {{inputs: {{{KEY}: b}}}}}}",
    "an output": f"name: x\nnodes: {{a: {{outputs: {{{KEY}: b}}}}}}",
    "a source": f"name: x\nnodes: {{a: {{}}, b: {{inputs: {{c: {{from: a.{KEY}}}}}}}}}",
    "a variable": f"name: x\nnodes: {{a: {{environ_vars: {{{KEY}: b}}}}}}",
    "an argument": f"name: x\nnodes: {{a: {{job_args: {{{KEY}: 3}}}}}}",
    "a registered node": f"name: x\nnodes: {{a: {{}}}}\nregistry: {{{KEY}: a.py}}",
}


@pytest.mark.parametrize("what", NAMED)
def test_a_name_that_looks_like_a_secret_is_refused(tmp_path, what):
    """Names are the keys of what is recorded and cannot be masked; place and reason are told."""
    path = tmp_path / "pipeline.yaml"
    path.write_text(f"{NAMED[what]}\n")
    with pytest.raises(PipelineFileError, match="names cannot be masked") as refused:
        load_pipeline(path)
    told = "".join(traceback.format_exception(refused.value))
    assert SECRET not in told
    assert KEY not in told
    assert refused.value.line is not None


def test_a_pipeline_of_code_is_refused_for_such_a_name_as_well(tmp_path):
    """Not every pipeline comes from a file: what is about to be recorded is looked at again."""
    for dag in (PipelineDAG(nodes=["a"], name=URL), PipelineDAG(nodes=[KEY], name="x")):
        with pytest.raises(PipelineError, match="names cannot be masked") as refused:
            normalised(PipelineDefinition.from_dag(dag, str(tmp_path)))
        assert SECRET not in str(refused.value)
        assert KEY not in str(refused.value)


def test_error_of_json_tells_no_secret(tmp_path):
    """A JSON file that is cut off behind a secret is refused without it."""
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps({"nodes": {"a": {"script": URL}}})[:-2])
    with pytest.raises(PipelineFileError) as refused:
        load_pipeline(path)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_error_without_a_secret_keeps_what_led_to_it(tmp_path):
    """Only where something is masked is the error told anew."""
    with pytest.raises(PipelineFileError, match="there is no such file") as refused:
        load_pipeline(tmp_path / "nowhere.yaml")
    assert isinstance(refused.value.__cause__, FileNotFoundError)
