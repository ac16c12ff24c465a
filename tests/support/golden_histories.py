"""Golden histories: rows of every shape that events ever had, and what they must replay to.

    python -m tests.support.golden_histories

writes the states beside them anew, after folding or the state's shape changed and `FOLD_VERSION`
went up. With the name of a history that is to be, such as `0003-run-with-a-reason`, it first
writes that history: the example events whose shape no history holds yet. Rows that are there are
never written again.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from tests.support.stored import METADATA, REQUEST
from tests.support.strategies import EVENT_CLASSES

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.core.events import Event, RunStarted, SessionForked, SessionStarted
from runthrough.core.evolve import FOLD_VERSION
from runthrough.core.state import SessionState
from runthrough.core.values.ids import CommandId, SessionId, Version
from runthrough.core.values.store import ZERO_HASH, StoredEvent
from runthrough.core.views.loaded import Loaded
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT, FORKED

GOLDEN = Path(__file__).parents[1] / "golden"
HISTORIES = GOLDEN / "histories"
FOLD = GOLDEN / "fold.json"
_ROWS, _STATE = ".jsonl", ".state.json"
_CONTEXT = (SessionStarted, RunStarted)
"""Without a session and a run few events change anything."""
_LOADED: TypeAdapter[Loaded] = TypeAdapter(Loaded)
Shape = tuple[str, int]
"""Type and schema version."""


def names() -> list[str]:
    """The histories that there are, the oldest first."""
    return sorted(path.name.removesuffix(_ROWS) for path in HISTORIES.glob(f"*{_ROWS}"))


def rows(name: str) -> list[StoredEvent]:
    """The rows of a history, as they were stored."""
    lines = (HISTORIES / f"{name}{_ROWS}").read_text(encoding="utf-8").splitlines()
    return [StoredEvent(**json.loads(line)) for line in lines]


def replayed(name: str) -> dict[str, Loaded]:
    """Each session of a history, folded by today's program."""
    return {session: steps[-1] for session, steps in _steps(name).items()}


def state_text(name: str) -> str:
    """What a history replays to, as it is to stand in its file of states.

    Of each session the whole at its end, and a short hash of it after each event.
    """
    told = {
        session: {
            "after_each": [hashlib.sha256(_LOADED.dump_json(s)).hexdigest()[:12] for s in steps],
            "at_the_end": json.loads(_LOADED.dump_json(steps[-1])),
        }
        for session, steps in _steps(name).items()
    }
    return f"{json.dumps(told, ensure_ascii=False, indent=1)}\n"


def _steps(name: str) -> dict[str, list[Loaded]]:
    sessions: dict[str, list[Loaded]] = {}
    for row in rows(name):
        steps = sessions.setdefault(row.session_id, [])
        envelope = codec.decode(row)
        loaded = Loaded(SessionState(SessionId(row.session_id)))
        if isinstance(envelope.event, SessionForked):
            loaded = deepcopy(sessions[envelope.event.parent][envelope.event.at - 1])
        elif steps:
            loaded = deepcopy(steps[-1])
        loaded.fold([envelope])
        steps.append(loaded)
    return sessions


def kept_state(name: str) -> str:
    """What a history is to replay to; empty where that was not written yet."""
    path = HISTORIES / f"{name}{_STATE}"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def held() -> set[Shape]:
    """The shapes of which some history holds an event."""
    return {(row.type, row.schema_version) for name in names() for row in rows(name)}


def old_shapes() -> set[Shape]:
    """The shapes that events had, and that are no longer written."""
    return {
        (event.__name__, version)
        for event in EVENT_CLASSES
        for version in range(1, event.schema_version)
    }


def all_shapes() -> set[Shape]:
    """The shapes that events have and had."""
    return old_shapes() | {(event.__name__, event.schema_version) for event in EVENT_CLASSES}


def fold_shape() -> str:
    """SHA-256 over the shape of the folded state, whatever its docstrings say."""
    shape = json.dumps(_bare(_LOADED.json_schema()), sort_keys=True)
    return hashlib.sha256(shape.encode()).hexdigest()


def kept_fold() -> dict[str, Any]:
    """Fold version and shape as they were when the states were written."""
    return json.loads(FOLD.read_text(encoding="utf-8")) if FOLD.exists() else {"fold_version": 0}


def _bare(schema: Any) -> Any:
    """A JSON schema without words for readers; a field may well be called `description`."""
    if isinstance(schema, dict):
        return {
            key: _bare(value)
            for key, value in schema.items()
            if not (key in {"title", "description"} and isinstance(value, str))
        }
    return [_bare(one) for one in schema] if isinstance(schema, list) else schema


def _new_rows(name: str) -> Iterator[StoredEvent]:
    """Each event as the only one of a command of its own, and at the end a fork of the session."""
    new = all_shapes() - held()
    session = SessionId(f"golden-{name[:4]}")
    kept: list[Event] = [
        event
        for event in EVERY_EVENT
        if isinstance(event, _CONTEXT) or (event.type, event.schema_version) in new
    ]
    places = [session] * len(kept)
    if (FORKED.type, FORKED.schema_version) in new:
        at = Version(len(kept))
        kept.append(FORKED.model_copy(update={"parent": session, "at": at}))
        places.append(SessionId(f"{session}-fork"))
    if len(kept) == len(_CONTEXT):
        sys.exit("Every shape of an event has its golden history.")
    log_hash = event_hash = ZERO_HASH
    for place, (session_id, event) in enumerate(zip(places, kept, strict=True)):
        batch = Batch(
            session_id,
            events=[event],
            expected_version=place,
            metadata=replace(METADATA, command_id=CommandId(f"golden-{name[:4]}-{place}")),
            request_hash=REQUEST,
        )
        (row,) = batch.seal(position=place, log_hash=log_hash, event_hash=event_hash)
        log_hash, event_hash = row.log_hash, row.event_hash
        yield row


def _write_history(name: str) -> None:
    path = HISTORIES / f"{name}{_ROWS}"
    if path.exists():
        sys.exit(f"{path.name} is there: rows of a golden history are never written again.")
    lines = [json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in _new_rows(name)]
    path.write_text("".join(lines), encoding="utf-8")


def _write_states() -> None:
    kept = kept_fold()
    fold = {"fold_version": FOLD_VERSION, "shape": fold_shape()}
    changed = [name for name in names() if kept_state(name) not in {"", state_text(name)}]
    if kept["fold_version"] == FOLD_VERSION and (changed or kept != fold):
        sys.exit(
            "Folding gives something else than it gave, so kept snapshots must not be used any "
            f"more: let FOLD_VERSION in core/evolve be {FOLD_VERSION + 1} first."
        )
    for name in names():
        (HISTORIES / f"{name}{_STATE}").write_text(state_text(name), encoding="utf-8")
    FOLD.write_text(f"{json.dumps(fold, indent=1)}\n", encoding="utf-8")


if __name__ == "__main__":
    for new_name in sys.argv[1:]:
        _write_history(new_name)
    _write_states()
