"""How the Python that runs a script is named."""

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import PIPELINE, Roots, record


def executable(python: str, roots: Roots) -> str:
    """What to start for an interpreter as it is configured: an absolute path or a command.

    It is configured as a recorded path, an absolute one, one relative to the pipeline's folder,
    or a command on PATH, which has no slash.

    Raises:
        KeyError: This host does not know the root of the path.
    """
    if ":" in python.partition("/")[0]:
        return roots.locate(RecordedPath(python))
    if python.startswith("/") or "/" not in python:
        return python
    return roots.locate(record(PIPELINE, python))
