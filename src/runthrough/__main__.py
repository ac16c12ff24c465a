"""`runthrough` and `python -m runthrough`: the command line."""

import gc
import sys


def main() -> int:
    """Run the command line with this process's arguments; its exit code."""
    gc.set_threshold(200_000)  # modules and models stay: searching them takes a tenth of a command
    from runthrough.entrypoints.cli.app import run_command_line  # noqa: PLC0415 - cheap to import

    code = run_command_line(sys.argv[1:])
    gc.freeze()  # else the interpreter's end searches every module for garbage, for 0.1 s
    return code


if __name__ == "__main__":
    sys.exit(main())
