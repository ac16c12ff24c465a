"""Tests of inference handlers: one attempt at the script that calls them."""

import posixpath
from collections.abc import Sequence
from contextlib import closing

from pydantic import Field, ValidationError

from runthrough.application.rehearsal import RehearsalPorts
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.ids import AttemptId, NodeName
from runthrough.core.values.model import Frozen
from runthrough.core.values.tested import (
    InferenceStage,
    InferenceTestResult,
    Sample,
    SampleResult,
)

_NODE = NodeName("inference")
_RESULTS = "results"


class _Served(Frozen):
    """What the driver wrote; it does so after every step."""

    over: bool
    stage: InferenceStage | None
    """What it was at when it wrote last."""
    failed_stage: InferenceStage | None
    error_message: str | None
    missing_handlers: tuple[str, ...]
    default_handlers: tuple[str, ...]
    seconds: dict[str, float]
    samples: tuple[SampleResult, ...] = Field(default=())


class HandlerTest:
    """Serves samples by handlers, in a child process of its own."""

    def __init__(self, ports: RehearsalPorts, *, folder: str, driver: str) -> None:
        """Take the world, the absolute path of a folder to be made, and that of the driver."""
        self._ports = ports
        self._folder = folder
        self._driver = driver

    def serve(
        self,
        *,
        handler: str,
        model: str,
        samples: Sequence[Sample],
        accept: str,
        timeout_s: float | None,
    ) -> InferenceTestResult:
        """Load the model, and send each sample through the handlers.

        Args:
            handler: Absolute path of the script that defines the handlers.
            model: Absolute path of the folder that the model was unpacked into.
            samples: What is sent.
            accept: The content type that is asked for.
            timeout_s: How long all of it may take.

        Raises:
            RunnerUnavailableError: The runner cannot be opened, or no folder be made.
        """
        attempt = AttemptId(self._ports.caller.new_id())
        folder = posixpath.join(self._folder, _NODE, attempt)
        results = posixpath.join(folder, f"{_RESULTS}.json")
        stem = posixpath.splitext(posixpath.basename(self._driver))[0]
        request = ScriptRequest(
            node=_NODE,
            attempt=attempt,
            script=self._driver,
            package_root=posixpath.dirname(self._driver),
            module=stem,
            folder=folder,
            input_paths={"handler": handler, "model": model},
            output_paths={_RESULTS: results},
            environ_vars={},
            job_args={
                "accept": accept,
                "samples": [
                    {"name": s.name, "path": s.path, "content_type": s.content_type}
                    for s in samples
                ],
            },
            timeout_s=timeout_s,
        )
        self._ports.files.begin(folder, parents_of=())
        with closing(self._ports.runner(1)) as runner:
            ended = runner.submit(request).result()
        return _told(ended, self._served(results), folder)

    def _served(self, results: str) -> _Served | None:
        """What the driver wrote; `None` when it did not come to that."""
        text = self._ports.files.log_text(results)
        try:
            return _Served.model_validate_json(text)
        except ValidationError:
            return None


def _told(ended: ScriptResult, served: _Served | None, folder: str) -> InferenceTestResult:
    """The whole result; a child that did not end well failed in the stage it was at."""
    error = None if ended.error is None else ended.error.headline
    if ended.outcome == "passed" and (served is None or not served.over):
        error = "the handlers ended the process before all samples were served"
    result = InferenceTestResult(
        success=False,
        error_message=error,
        outcome=ended.outcome,
        exit_code=ended.exit_code,
        signal=ended.signal,
        execution_time=ended.duration_s,
        log=posixpath.join(folder, "stderr.log"),
    )
    if served is None:
        return result
    samples = served.samples
    if error is not None and samples and not samples[-1].success and served.stage:
        cut_off = {"failed_stage": served.stage, "error_message": error}
        samples = (*samples[:-1], samples[-1].model_copy(update=cut_off))
    failed = [sample for sample in samples if not sample.success]
    stage = served.failed_stage or (served.stage if error else None)
    if stage is None and failed:
        stage = failed[0].failed_stage
    told = error or served.error_message
    if told is None and failed:
        told = f"{len(failed)} of {len(samples)} samples failed; {failed[0].name}: "
        told += failed[0].error_message or "not served"
    return result.model_copy(
        update={
            "success": told is None and bool(samples),
            "error_message": told,
            "failed_stage": stage,
            "missing_handlers": served.missing_handlers,
            "default_handlers": served.default_handlers,
            "seconds": served.seconds,
            "samples": samples,
        }
    )
