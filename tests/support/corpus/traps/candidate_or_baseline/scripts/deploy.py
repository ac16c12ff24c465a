"""Hand the model over to the servers."""

import os
import shutil


def main(input_paths, output_paths, environ_vars, job_args):
    source = os.path.join(input_paths["model"], "model.pkl")
    if os.path.getsize(source) > int(environ_vars.get("MOST_BYTES", "500000000")):
        raise ValueError(f"{source} is too large to serve")
    shutil.copy(source, os.path.join(output_paths["serving"], "model.pkl"))
