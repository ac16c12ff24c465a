"""The variables in which SageMaker's training containers tell a script its paths.

Names and meaning are those of the public `sagemaker-training` toolkit; the paths are the ones
that this attempt really has. A rehearsal is one host with one processor and no accelerator.
"""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from runthrough.core.values.requirements import Requirement, ScriptRequirements

CHANNELS = "/opt/ml/input/data"
"""A container's folder of channels; an input that lies there is named by the rest."""
MODEL, OUTPUT_DATA = "/opt/ml/model", "/opt/ml/output/data"
OWN = "sagemaker"
"""Where they go in the attempt's folder, when none of the node's outputs is meant."""
_HOST = "algo-1"
_NAMES = frozenset(
    [
        "SM_MODEL_DIR",
        "SM_OUTPUT_DATA_DIR",
        "SM_OUTPUT_DIR",
        "SM_CHANNELS",
        "SM_HPS",
        "SM_USER_ARGS",
        "SM_HOSTS",
        "SM_CURRENT_HOST",
        "SM_NUM_CPUS",
        "SM_NUM_GPUS",
    ]
)
_PREFIXES = ("SM_CHANNEL_", "SM_HP_")


def is_sagemaker_variable(name: str) -> bool:
    """Whether a run with `--sagemaker` can set the variable."""
    return name in _NAMES or name.startswith(_PREFIXES)


def sagemaker_variables(
    needs: ScriptRequirements,
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    job_args: Mapping[str, JsonValue],
    folders: Mapping[str, Sequence[str]],
    attempt: str,
) -> dict[str, str]:
    """Every variable by name, for one attempt; all paths are absolute.

    Args:
        needs: What the script needs, for the places that these have in a container.
        inputs: What each input is given.
        outputs: Where each output goes.
        job_args: The hyperparameters.
        folders: Of each input that is a folder, the names of the folders in it.
        attempt: The attempt's own folder.
    """
    channels = _channels(needs, inputs, folders)
    output_data = _output(needs, outputs, OUTPUT_DATA, word=None) or f"{attempt}/{OWN}/output/data"
    told = {
        "SM_MODEL_DIR": _output(needs, outputs, MODEL, word="model") or f"{attempt}/{OWN}/model",
        "SM_OUTPUT_DATA_DIR": output_data,
        "SM_OUTPUT_DIR": output_data.rpartition("/")[0],
        "SM_CHANNELS": json.dumps(sorted(channels)),
        "SM_HPS": json.dumps(dict(job_args), ensure_ascii=False),
        "SM_USER_ARGS": json.dumps(_command_line(job_args), ensure_ascii=False),
        "SM_HOSTS": json.dumps([_HOST]),
        "SM_CURRENT_HOST": _HOST,
        "SM_NUM_CPUS": "1",
        "SM_NUM_GPUS": "0",
    }
    told |= {f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()}
    told |= {f"SM_HP_{name.upper()}": _text(value) for name, value in job_args.items()}
    # No environment holds such a name; these stand in SM_HPS and SM_CHANNELS all the same.
    return {name: value for name, value in told.items() if not {"=", "\0"} & set(name)}


def _channels(
    needs: ScriptRequirements, inputs: Mapping[str, str], folders: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Channel → folder; of an input that stands for all channels, one for each folder in it."""
    known = {need.name: need for need in needs.of("input")}
    channels: dict[str, str] = {}
    for name, path in inputs.items():
        folder = path if name in folders else path.rpartition("/")[0]
        container = _container(known.get(name))
        if container == CHANNELS and folders.get(name):
            channels |= {inner: f"{path}/{inner}" for inner in folders[name]}
        elif container.startswith(f"{CHANNELS}/"):
            channels[container.removeprefix(f"{CHANNELS}/").partition("/")[0]] = folder
        else:
            channels[name] = folder
    return channels


def _output(
    needs: ScriptRequirements, outputs: Mapping[str, str], container: str, *, word: str | None
) -> str | None:
    """The output that has this place in a container, else the only one with the word in it."""
    known = {need.name: need for need in needs.of("output")}
    there = [path for name, path in outputs.items() if _container(known.get(name)) == container]
    if not there and word is not None:
        there = [path for name, path in outputs.items() if word in name.lower()]
    return there[0] if len(there) == 1 else None


def _container(need: Requirement | None) -> str:
    if need is None:
        return ""
    default = need.default if isinstance(need.default, str) else ""
    return (need.container_path or default).rstrip("/")


def _text(value: JsonValue) -> str:
    """A value as a variable holds it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _command_line(job_args: Mapping[str, JsonValue]) -> list[str]:
    """Arguments as the container's command line has them: in order, values as Python writes them.

    So `true` is `True` there, and a mapping is `key=value` joined by commas.
    """
    line: list[str] = []
    for name, value in sorted(job_args.items()):
        line.append(f"--{name}" if len(name) > 1 else f"-{name}")
        if isinstance(value, Mapping):
            line.append(",".join(f"{key}={inner}" for key, inner in sorted(value.items())))
        else:
            line.append("" if value is None else str(value))
    return line
