"""Names of things, each its own type so that they cannot be mixed up."""

from typing import NewType

SessionId = NewType("SessionId", str)
"""UUIDv7 in lower-case text; sorts by the time of its making."""

NodeName = NewType("NodeName", str)
"""A step of the DAG: the unit of everything."""

RunId = NewType("RunId", str)
"""UUIDv7 of one run of a session."""

AttemptId = NewType("AttemptId", str)
"""UUIDv7 of one execution of one node."""

CommandId = NewType("CommandId", str)
"""UUIDv7 chosen by the caller; a retry carries the same one."""

HostId = NewType("HostId", str)
"""`RUNTHROUGH_HOST`, else an id made once in the user's data folder."""

TokenId = NewType("TokenId", str)
"""12 lower-case hex characters; the part of a token that may be shown."""

Version = NewType("Version", int)
"""Events in a session's stream so far; the first event has version 1."""

RecordedPath = NewType("RecordedPath", str)
"""`root:relative/path` with a POSIX path; see `values.paths`."""
