"""Rehearse a pipeline of scripts before it ships.

Importing this package imports nothing else: each name is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runthrough.adapters.discovery.builder import PipelineTestingSpecBuilder
    from runthrough.adapters.pipeline_files import load_sagemaker
    from runthrough.bootstrap import StepCatalog, load_pipeline
    from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
    from runthrough.core.testing_specs import PipelineTestingSpec
    from runthrough.core.values.connections import Output
    from runthrough.core.values.secrets import Secret
    from runthrough.core.values.specs import ScriptExecutionSpec
    from runthrough.entrypoints.python import InteractiveRuntimeTestingFactory
    from runthrough.errors import (
        AmbiguousScriptError,
        CommandRefusedError,
        ConfigurationInvalidError,
        PendingScriptsError,
        PipelineCycleError,
        PipelineDiffersError,
        PipelineError,
        PipelineFileError,
        RunInProgressError,
        RunnerUnavailableError,
        RunthroughError,
        ScriptNotFoundError,
        SelectionError,
        SessionClosedError,
        SessionError,
        SessionNameTakenError,
        SettingError,
        StoreError,
        UnknownKeywordError,
        UnknownNodeError,
        UnknownSessionError,
        VersionConflictError,
    )

__version__ = "0.1.0"

__all__ = [
    "AmbiguousScriptError",
    "CommandRefusedError",
    "ConfigurationInvalidError",
    "InteractiveRuntimeTestingFactory",
    "Output",
    "PendingScriptsError",
    "PipelineCycleError",
    "PipelineDAG",
    "PipelineDefinition",
    "PipelineDiffersError",
    "PipelineError",
    "PipelineFileError",
    "PipelineTestingSpec",
    "PipelineTestingSpecBuilder",
    "RunInProgressError",
    "RunnerUnavailableError",
    "RunthroughError",
    "ScriptExecutionSpec",
    "ScriptNotFoundError",
    "Secret",
    "SelectionError",
    "SessionClosedError",
    "SessionError",
    "SessionNameTakenError",
    "SettingError",
    "StepCatalog",
    "StoreError",
    "UnknownKeywordError",
    "UnknownNodeError",
    "UnknownSessionError",
    "VersionConflictError",
    "__version__",
    "load_pipeline",
    "load_sagemaker",
]

_ROOMS = {
    "InteractiveRuntimeTestingFactory": "entrypoints.python",
    "Output": "core.values.connections",
    "PipelineDAG": "core.pipeline",
    "PipelineDefinition": "core.pipeline",
    "PipelineTestingSpec": "core.testing_specs",
    "PipelineTestingSpecBuilder": "adapters.discovery.builder",
    "ScriptExecutionSpec": "core.values.specs",
    "Secret": "core.values.secrets",
    "StepCatalog": "bootstrap",
    "load_pipeline": "bootstrap",
    "load_sagemaker": "adapters.pipeline_files",
}
"""Where the public names live; whatever else is public is an error."""


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'errors')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
