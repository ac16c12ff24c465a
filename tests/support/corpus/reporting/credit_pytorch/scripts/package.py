#!/usr/bin/env python3
"""model.tar.gz with code, for the endpoint."""

import logging
import shutil
import tarfile
from pathlib import Path

logger = logging.getLogger(__name__)


def ensure_directory(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)


def copy_file(src: Path, dst: Path) -> None:
    ensure_directory(dst.parent)
    shutil.copy2(src, dst)
    logger.info("Copied %s to %s", src, dst)


def main(input_paths, output_paths, environ_vars, job_args):
    model = Path(input_paths["model_input"])
    scripts = Path(input_paths["inference_scripts_input"])
    output_dir = Path(output_paths["packaged_model"])
    working = output_dir / "work"
    for file in ["credit_net.pth", "model_artifacts.json"]:
        copy_file(model / file, working / file)
    for script in scripts.glob("*.py"):
        copy_file(script, working / "code" / script.name)
    with tarfile.open(output_dir / "model.tar.gz", "w:gz") as tar:
        tar.add(working, arcname=".")
    return output_dir


if __name__ == "__main__":
    main(
        {
            "model_input": "/opt/ml/processing/input/model",
            "inference_scripts_input": "/opt/ml/processing/input/script",
        },
        {"packaged_model": "/opt/ml/processing/output"},
        {},
        None,
    )
