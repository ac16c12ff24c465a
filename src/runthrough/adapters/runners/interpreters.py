"""Asks an interpreter for its version by starting it."""

import subprocess

PROBE_S = 20.0
"""A cold start from a slow disk takes some seconds; longer means that it hangs."""

_QUESTION = "import platform; print(platform.python_version())"


def python_version(executable: str) -> str | None:
    """The version of the Python at a path, such as `3.11.7`; `None` when it is none.

    It is started isolated and without site packages, so that no user's code runs.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the user names the interpreter of their scripts
            [executable, "-I", "-S", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_S,
            check=True,
            text=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    answer = done.stdout.strip()
    return answer if answer[:1].isdigit() and len(answer.splitlines()) == 1 else None
