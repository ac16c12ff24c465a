"""A bundle for the servers: the model, and the operators' settings for hosts and limits."""

import os
import shutil

import yaml


def main(input_paths, output_paths, environ_vars, job_args):
    with open(os.path.join(input_paths["config"], "serving.yaml")) as f:
        settings = yaml.safe_load(f)
    bundle = os.path.join(output_paths["bundle"], settings["name"])
    os.makedirs(bundle, exist_ok=True)
    shutil.copy(os.path.join(input_paths["model"], "best.joblib"), bundle)
    with open(os.path.join(bundle, "limits.yaml"), "w") as f:
        yaml.safe_dump(settings["limits"], f)
