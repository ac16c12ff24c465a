"""The variables of SageMaker's containers, for the paths that an attempt really has."""

import json

from runthrough.core.sagemaker import sagemaker_variables
from runthrough.core.values.requirements import Requirement, ScriptRequirements


def need(kind, name, container_path=None):
    return Requirement(
        kind=kind, name=name, level="required", sources=("code",), container_path=container_path
    )


def variables(*needs, inputs=None, outputs=None, job_args=None, folders=None):
    return sagemaker_variables(
        ScriptRequirements(needs=needs),
        inputs=inputs or {},
        outputs=outputs or {},
        job_args=job_args or {},
        folders=folders or {},
        attempt="/attempt",
    )


def channels(told):
    return {name: value for name, value in told.items() if name.startswith("SM_CHANNEL_")}


def test_an_input_is_a_channel_of_its_name():
    """An input that no container knows is the channel of its own name, and a folder as it is."""
    told = variables(need("input", "data"), inputs={"data": "/w/data"}, folders={"data": ()})
    assert channels(told) == {"SM_CHANNEL_DATA": "/w/data"}
    assert json.loads(told["SM_CHANNELS"]) == ["data"]


def test_a_file_is_reached_through_its_folder():
    """A channel is a folder, so that of an input which is a file is the folder around it."""
    told = variables(need("input", "data"), inputs={"data": "/w/in/data.csv"})
    assert channels(told) == {"SM_CHANNEL_DATA": "/w/in"}


def test_a_containers_path_names_the_channel():
    """An input that lies at a channel's place in the container is that channel."""
    told = variables(
        need("input", "rows", "/opt/ml/input/data/train"),
        inputs={"rows": "/w/rows"},
        folders={"rows": ()},
    )
    assert channels(told) == {"SM_CHANNEL_TRAIN": "/w/rows"}


def test_the_folder_of_all_channels_is_told_one_by_one():
    """An input that stands for all channels gives one for each folder inside it."""
    told = variables(
        need("input", "input_path", "/opt/ml/input/data/"),
        inputs={"input_path": "/w/out"},
        folders={"input_path": ("train", "val")},
    )
    assert channels(told) == {"SM_CHANNEL_TRAIN": "/w/out/train", "SM_CHANNEL_VAL": "/w/out/val"}
    assert json.loads(told["SM_CHANNELS"]) == ["train", "val"]


def test_the_model_goes_to_the_output_at_its_place():
    """The output that lies where a container keeps the model is the model's folder."""
    told = variables(
        need("output", "model_output", "/opt/ml/model"),
        need("output", "old_model", "/opt/ml/other"),
        outputs={"model_output": "/w/m", "old_model": "/w/o"},
    )
    assert told["SM_MODEL_DIR"] == "/w/m"


def test_the_only_output_called_model_is_the_model():
    """Without a place in a container the only output with `model` in its name is taken."""
    told = variables(outputs={"model_output": "/w/m", "metrics": "/w/e"})
    assert told["SM_MODEL_DIR"] == "/w/m"


def test_two_models_are_not_chosen_between():
    """Of two outputs called model none is guessed: the attempt's own folder is told."""
    told = variables(outputs={"model_a": "/w/a", "model_b": "/w/b"})
    assert told["SM_MODEL_DIR"] == "/attempt/sagemaker/model"


def test_what_is_written_beside_the_model_has_its_folder():
    """The output at the container's place for data is told, else a folder of the attempt."""
    evaluation = need("output", "evaluation", "/opt/ml/output/data")
    told = variables(evaluation, outputs={"evaluation": "/w/evaluation"})
    assert told["SM_OUTPUT_DATA_DIR"] == "/w/evaluation"
    assert told["SM_OUTPUT_DIR"] == "/w"
    assert variables()["SM_OUTPUT_DATA_DIR"] == "/attempt/sagemaker/output/data"


def test_arguments_are_hyperparameters():
    """Each argument is a hyperparameter, a text as it is and anything else as JSON."""
    told = variables(job_args={"job_type": "training", "depth": 6, "grid": [1, 2]})
    assert json.loads(told["SM_HPS"]) == {"job_type": "training", "depth": 6, "grid": [1, 2]}
    assert told["SM_HP_JOB_TYPE"] == "training"
    assert told["SM_HP_DEPTH"] == "6"
    assert told["SM_HP_GRID"] == "[1, 2]"
    line = ["--depth", "6", "--grid", "[1, 2]", "--job_type", "training"]
    assert json.loads(told["SM_USER_ARGS"]) == line


def test_a_rehearsal_is_one_host():
    """Scripts that ask for the cluster find one host with one processor and no accelerator."""
    told = variables()
    assert (told["SM_CURRENT_HOST"], json.loads(told["SM_HOSTS"])) == ("algo-1", ["algo-1"])
    assert (told["SM_NUM_CPUS"], told["SM_NUM_GPUS"]) == ("1", "0")


def test_a_command_line_is_written_as_the_container_writes_it():
    """One dash before a letter, Python's words for values, mappings in one word."""
    arguments = {"v": True, "seed": None, "opts": {"b": 2, "a": "x"}}
    told = variables(job_args=arguments)
    line = ["--opts", "a=x,b=2", "--seed", "", "-v", "True"]
    assert json.loads(told["SM_USER_ARGS"]) == line
    assert (told["SM_HP_V"], told["SM_HP_SEED"]) == ("true", "")


def test_a_name_that_no_environment_holds_is_left_out():
    """Its script starts; the lists of all names still tell it."""
    told = variables(job_args={"a=b": 1, "c": 2}, inputs={"x=y": "/w/x/data.csv"})
    assert [name for name in told if "=" in name] == []
    assert json.loads(told["SM_HPS"]) == {"a=b": 1, "c": 2}
    assert json.loads(told["SM_CHANNELS"]) == ["x=y"]
    assert told["SM_HP_C"] == "2"
