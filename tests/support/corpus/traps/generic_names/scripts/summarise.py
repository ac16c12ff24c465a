"""Count files and bytes."""

import json
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    sizes = [path.stat().st_size for path in Path(input_paths["input"]).rglob("*")]
    summary = {"files": len(sizes), "bytes": sum(sizes)}
    Path(output_paths["output"]).write_text(json.dumps(summary))
