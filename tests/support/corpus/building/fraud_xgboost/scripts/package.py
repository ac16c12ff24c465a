#!/usr/bin/env python
"""Pack model, calibration and inference code into one model.tar.gz."""
import logging
import os
import shutil
import tarfile
from pathlib import Path

MODEL_PATH = "/opt/ml/processing/input/model"
SCRIPT_PATH = "/opt/ml/processing/input/script"
CALIBRATION_PATH = "/opt/ml/processing/input/calibration"
OUTPUT_PATH = "/opt/ml/processing/output"
WORKING_DIRECTORY = "packaging"

logger = logging.getLogger(__name__)


def copy_scripts(src_dir, dst_dir):
    for root, _, files in os.walk(src_dir):
        for name in files:
            rel = os.path.relpath(root, src_dir)
            target = Path(dst_dir) / rel / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(root) / name, target)


def create_tarfile(tar_path, source_dir):
    with tarfile.open(tar_path, "w:gz") as tar:
        for member in sorted(Path(source_dir).rglob("*")):
            tar.add(member, arcname=member.relative_to(source_dir))


def main(input_paths, output_paths, environ_vars, job_args):
    model_path = Path(input_paths["model_input"])
    script_path = Path(input_paths["inference_scripts_input"])
    calibration_path = input_paths.get("calibration_model")
    output_path = Path(output_paths["packaged_model"])
    working = Path(environ_vars.get("WORKING_DIRECTORY", WORKING_DIRECTORY))
    working.mkdir(parents=True, exist_ok=True)

    for needed in ("xgboost_model.bst", "feature_columns.txt", "hyperparameters.json"):
        shutil.copy2(model_path / needed, working / needed)
    copy_scripts(script_path, working / "code")
    if calibration_path is not None:
        (working / "calibration").mkdir(exist_ok=True)
        for name in ("calibration_model.pkl", "calibration_summary.json"):
            shutil.copy2(Path(calibration_path) / name, working / "calibration" / name)
    else:
        logger.warning("packaging without calibration")

    output_path.mkdir(parents=True, exist_ok=True)
    create_tarfile(output_path / "model.tar.gz", working)
    return output_path / "model.tar.gz"


if __name__ == "__main__":
    main(
        {
            "model_input": MODEL_PATH,
            "inference_scripts_input": SCRIPT_PATH,
            "calibration_model": CALIBRATION_PATH,
        },
        {"packaged_model": OUTPUT_PATH},
        dict(os.environ),
        None,
    )
