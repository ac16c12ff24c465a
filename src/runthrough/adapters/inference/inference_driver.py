"""Calls the four handlers of a model server, in a child process.

Standard library alone, for any CPython from 3.9 on: it runs in the interpreter of the handlers.
What was found is written after every step, so that a handler that ends the process is known.
"""

import importlib.util
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

REQUIRED = ("model_fn", "predict_fn")
OPTIONAL = ("input_fn", "output_fn")
TEXTS = ("application/json", "application/jsonlines")
"""Sent as text, like everything of `text/`; whatever else is sent as bytes."""
PREVIEW_BYTES = 64 * 1024


def main(
    input_paths: Any,
    output_paths: Any,
    environ_vars: Any,  # noqa: ARG001 - all scripts are called with the same four
    job_args: Any,
) -> None:
    """Serve every sample; what was found is in the output `results`."""
    found = _Found(output_paths["results"])
    serving = _Serving(found, job_args["accept"])
    handler = input_paths["handler"]
    if not serving.loaded(handler, input_paths["model"]):
        return
    for sample in job_args["samples"]:
        serving.serve(sample)
    found.over()


class _StoppedError(Exception):
    """A stage failed, and what comes after it cannot be done."""


class _Found:
    """What was found so far, in a file that is always whole."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.told: dict[str, Any] = {
            "over": False,
            "stage": None,
            "failed_stage": None,
            "error_message": None,
            "missing_handlers": [],
            "default_handlers": [],
            "seconds": {},
            "samples": [],
        }

    def write(self) -> None:
        """Replace the file."""
        scratch = self._path + ".new"
        with open(scratch, "w", encoding="utf-8") as file:
            json.dump(self.told, file)
        os.replace(scratch, self._path)

    def at(self, stage: str) -> None:
        """Say what is about to be done."""
        self.told["stage"] = stage
        self.write()

    def over(self) -> None:
        """Say that everything was done."""
        self.told["stage"] = None
        self.told["over"] = True
        self.write()


class _Serving:
    """One model and its handlers."""

    def __init__(self, found: "_Found", accept: str) -> None:
        self._found = found
        self._accept = accept
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._model = None

    def loaded(self, handler: str, model_dir: str) -> bool:
        """Import the handlers and load the model; whether samples can be served."""
        told = self._found.told
        try:
            module = self._step("import", told, lambda: _imported(handler))
            for name in REQUIRED + OPTIONAL:
                given = getattr(module, name, None)
                if callable(given):
                    self._handlers[name] = given
            told["missing_handlers"] = [name for name in REQUIRED if name not in self._handlers]
            told["default_handlers"] = [name for name in OPTIONAL if name not in self._handlers]
            if told["missing_handlers"]:
                names = " and no ".join(told["missing_handlers"])
                told["failed_stage"] = told["missing_handlers"][0]
                told["error_message"] = f"{os.path.basename(handler)} defines no {names}"
                self._found.over()
                return False
            self._model = self._step(
                "model_fn", told, lambda: self._call("model_fn", None, model_dir)
            )
        except _StoppedError:
            self._found.over()
            return False
        return True

    def serve(self, sample: Any) -> None:
        """Send one payload through the handlers; the next one is served whatever happens."""
        told: dict[str, Any] = {
            "name": sample["name"],
            "content_type": sample["content_type"],
            "success": False,
            "failed_stage": None,
            "error_message": None,
            "seconds": {},
            "output_preview": None,
            "output_bytes": None,
        }
        self._found.told["samples"].append(told)
        kind, accept = sample["content_type"], self._accept
        try:
            rows = self._step(
                "input_fn",
                told,
                lambda: self._call("input_fn", _read, _body(sample["path"], kind), kind),
            )
            prediction = self._step(
                "predict_fn", told, lambda: self._call("predict_fn", None, rows, self._model)
            )
            answer = self._step(
                "output_fn",
                told,
                lambda: _answer(self._call("output_fn", _written, prediction, accept), accept),
            )
        except _StoppedError:
            return
        told["output_bytes"] = len(answer)
        told["output_preview"] = answer[:PREVIEW_BYTES].decode("utf-8", "replace")
        told["success"] = True

    def _step(self, stage: str, told: Any, work: Callable[[], Any]) -> Any:
        """Do one stage, timed; what it raises is told."""
        self._found.at(stage)
        began = time.perf_counter()
        try:
            return work()
        except (Exception, SystemExit) as why:  # noqa: BLE001 - handlers raise anything
            traceback.print_exc()
            told["failed_stage"] = stage
            told["error_message"] = _worded(why)
            raise _StoppedError from None
        finally:
            told["seconds"][stage] = time.perf_counter() - began

    def _call(self, name: str, default: Any, *values: Any) -> Any:
        """Call a handler, with the context `None` where it takes one more value, so called."""
        handler = self._handlers.get(name, default)
        try:
            parameters = list(inspect.signature(handler).parameters)
        except (TypeError, ValueError):  # a builtin tells none
            parameters = []
        if len(parameters) == len(values) + 1 and parameters[-1] == "context":
            values += (None,)
        return handler(*values)


def _imported(handler: str) -> Any:
    """The handlers' module, with its folder on the import path, as a server has it."""
    folder, file = os.path.split(handler)
    sys.path.insert(0, folder)
    stem = os.path.splitext(file)[0]
    # A module that is there already, such as one of the standard library, keeps its name.
    name = "handlers_in_" + stem if stem in sys.modules else stem
    spec = importlib.util.spec_from_file_location(name, handler)
    if spec is None or spec.loader is None:
        raise ImportError(f"{handler} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _body(path: str, content_type: str) -> Any:
    """A payload as a server hands it over: text where it is one."""
    with open(path, "rb") as file:
        body = file.read()
    kind = content_type.partition(";")[0].strip().lower()
    return body.decode("utf-8") if kind.startswith("text/") or kind in TEXTS else body


def _read(body: Any, content_type: str) -> Any:
    """What comes of a body where there is no `input_fn`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return json.loads(body)
    if kind == "application/jsonlines":
        return [json.loads(line) for line in body.splitlines() if line.strip()]
    if kind == "text/csv":
        return [line.split(",") for line in body.splitlines() if line.strip()]
    return body


def _written(prediction: Any, accept: str) -> Any:
    """The answer where there is no `output_fn`: text as it is, else JSON."""
    if isinstance(prediction, (str, bytes)):
        return prediction
    kind = accept.partition(";")[0].strip().lower()
    if kind != "application/json":
        raise TypeError(
            f"there is no output_fn, and without one only JSON is written, not {accept}"
        )
    return json.dumps(prediction, default=_plain)


def _plain(value: Any) -> Any:
    """An array or a number of a library as JSON has it."""
    for way in ("tolist", "item"):
        if callable(getattr(value, way, None)):
            return getattr(value, way)()
    raise TypeError(
        f"there is no output_fn, and a {type(value).__name__} cannot be written as JSON"
    )


def _answer(given: Any, accept: Any) -> bytes:
    """The bytes of an answer; some servers take a pair of it and its type."""
    if isinstance(given, tuple) and len(given) == 2:  # noqa: PLR2004 - a pair
        given, accept = given
    if isinstance(given, str):
        given = given.encode("utf-8")
    if not isinstance(given, (bytes, bytearray)):
        raise TypeError(
            f"the answer is a {type(given).__name__}, and a server sends text or bytes"
        )
    if str(accept).partition(";")[0].strip().lower() == "application/json":
        try:
            json.loads(given)
        except ValueError as why:
            raise ValueError(f"the answer should be JSON and is none: {why}") from None
    return bytes(given)


def _worded(why: BaseException) -> str:
    """The error in one line, with the place of the handlers' code where it came up."""
    told = ": ".join(filter(None, (type(why).__name__, str(why))))
    frames = [
        frame
        for frame in traceback.extract_tb(why.__traceback__)
        if os.path.abspath(frame.filename) != os.path.abspath(__file__)
        and not frame.filename.startswith("<")
        and "site-packages" not in frame.filename
        and os.path.dirname(os.__file__) not in frame.filename
    ]
    if not frames:
        return told
    last = frames[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}, in {last.name}"
    return f"{told} ({place})"
