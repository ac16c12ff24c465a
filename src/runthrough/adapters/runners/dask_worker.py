"""What runs on a Dask worker: one attempt, told and answered as JSON."""

import json
import platform
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, cast

from distributed import Status, get_worker
from pydantic import TypeAdapter

from runthrough import __version__
from runthrough.adapters.runners import script_host
from runthrough.adapters.runners.hosting import failed
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.session_files import CANCELLED
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.limits import Limits

LOOK_S = 0.5
"""Between two looks of a worker at whether its attempt is still wanted."""
_CLOSING = (Status.closing, Status.closed, Status.failed)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A request on its way to a worker: JSON that no log, key or page of Dask shows."""

    text: bytes = field(repr=False)
    """It holds the values of secrets."""


def run_attempt(order: Sealed) -> str:
    """Run one attempt on this worker; its result as JSON, `null` if it was begun before.

    It ends the attempt when it is cancelled, when nobody waits for it any more, and when the
    worker is closing; and with the worker's process the attempt ends in any case.
    """
    told = json.loads(order.text)
    if told["version"] != __version__:
        return _result_text(
            failed(
                f"The worker {_here()} has runthrough {__version__}, and this tester has "
                f"{told['version']}. Install the same version on both."
            )
        )
    request = _request(told["request"])
    folder = Path(request.folder)
    if not folder.is_dir():
        return _result_text(
            failed(
                f"The folder {folder} is not there on the worker {_here()}. Let the worker's "
                "machine share it with this one, at the same path."
            )
        )
    if (folder / script_host.CLAIM).exists():
        return "null"
    return _result_text(_watched(request))


def _watched(request: ScriptRequest) -> ScriptResult:
    cancelled = Path(request.folder, CANCELLED)
    worker = get_worker()
    key = worker.get_current_task()
    if cancelled.exists():
        return ScriptResult("cancelled", 0.0)
    with ProcessRunner(jobs=1) as runner:
        ending = runner.submit(request)
        while not wait((ending,), timeout=LOOK_S).done:
            task = worker.state.tasks.get(key)
            released = task is None or task.state == "cancelled"
            if cancelled.exists() or released or worker.status in _CLOSING:
                runner.cancel(request.attempt)
        return ending.result()


def _here() -> str:
    return f"{get_worker().address} on {platform.node()}"


# What goes over the wire


def sealed(request: ScriptRequest) -> Sealed:
    """Make the one argument of `run_attempt`."""
    plain = {part.name: getattr(request, part.name) for part in fields(request)}
    told = {"version": __version__, "request": plain}
    return Sealed(json.dumps(told, default=_plain).encode())


def _plain(value: object) -> object:
    """What JSON does not know of itself: the mappings of a request, and its limits."""
    if isinstance(value, Limits):
        return value.model_dump()
    return dict(cast("Mapping[str, object]", value))


def _request(plain: dict[str, Any]) -> ScriptRequest:
    # Not by pydantic: its refusals show values, and a task that raises is logged with its words.
    parts: dict[str, Any] = {
        name: tuple(part) if isinstance(part, list) else part for name, part in plain.items()
    }
    parts["limits"] = Limits(**plain["limits"])
    return ScriptRequest(**parts)


def _result_text(result: ScriptResult) -> str:
    text = json.dumps(_answers().dump_python(result), ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # a path may hold what no text can


def answered(text: str) -> ScriptResult | None:
    """What `run_attempt` told; `None` for an attempt that was begun before."""
    return _answers().validate_json(text)


@cache
def _answers() -> TypeAdapter[ScriptResult | None]:
    return TypeAdapter(ScriptResult | None)
