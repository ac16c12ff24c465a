"""The script of every task: it writes what it reads, one character longer."""

import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["text"]).read_text()
    Path(output_paths["text"]).write_text(text + "x")


if __name__ == "__main__":
    main({"text": sys.argv[1]}, {"text": sys.argv[2]}, {}, None)
