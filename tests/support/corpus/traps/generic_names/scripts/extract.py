"""Take an archive apart: what is good, and what is left."""

import tarfile
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    data, result = Path(output_paths["data"]), Path(output_paths["result"])
    most_bytes = job_args.most_bytes
    with tarfile.open(input_paths["archive"]) as archive:
        for member in archive.getmembers():
            target = data if member.size < most_bytes else result
            archive.extract(member, target, filter="data")
