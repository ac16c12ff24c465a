"""Whether an attempt wrote what it was to write."""

from datetime import UTC, datetime

from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import SESSION, shown, split


def not_written(seen: PathFacts, claimed_ns: int | None) -> str | None:
    """Why a path does not count as written by an attempt, in words; `None` when it does.

    `claimed_ns` is when the attempt was claimed, in nanoseconds on the clock that stamps files;
    `None` asks only whether something is there.
    """
    if seen.kind is None:
        return f"nothing was written to {_place(seen.path)}"
    if seen.empty:
        what = "the folder holds no non-empty file" if seen.kind == "folder" else "it is empty"
        return f"{what}: {_place(seen.path)}"
    if claimed_ns is not None and seen.changed_ns is not None and seen.changed_ns < claimed_ns:
        since = datetime.fromtimestamp(seen.changed_ns / 1e9, UTC)
        when = f"{since:%Y-%m-%d %H:%M:%S} UTC"
        return f"not written by this attempt, it is there since {when}: {_place(seen.path)}"
    return None


def _place(path: RecordedPath) -> str:
    """A path for people; one that nobody chose is told by the way the script gets it."""
    own = split(path)[0] == SESSION
    return "the path in output_paths, inside the attempt's folder" if own else shown(path)
