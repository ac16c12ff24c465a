"""Rehearse a pipeline of scripts before it ships.

Importing this package imports nothing else: each name is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runthrough.adapters.discovery.builder import PipelineTestingSpecBuilder
    from runthrough.adapters.discovery.catalog import StepCatalog
    from runthrough.adapters.pipeline_files import load_pipeline, load_sagemaker
    from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
    from runthrough.core.testing_specs import PipelineTestingSpec, RuntimeTestingConfiguration
    from runthrough.core.values.connections import Output
    from runthrough.core.values.secrets import Secret
    from runthrough.core.values.specs import ScriptExecutionSpec
    from runthrough.core.values.tested import (
        DataCompatibilityResult,
        InferenceTestResult,
        ScriptTestResult,
    )
    from runthrough.entrypoints.python.factory import InteractiveRuntimeTestingFactory
    from runthrough.entrypoints.python.tester import RuntimeTester
    from runthrough.errors import (
        AmbiguousScriptError,
        ArchiveError,
        AuditFileError,
        CommandInvalidError,
        CommandRefusedError,
        ConfigurationInvalidError,
        NothingToRetryError,
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
    "ArchiveError",
    "AuditFileError",
    "CommandInvalidError",
    "CommandRefusedError",
    "ConfigurationInvalidError",
    "DataCompatibilityResult",
    "InferenceTestResult",
    "InteractiveRuntimeTestingFactory",
    "NothingToRetryError",
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
    "RuntimeTester",
    "RuntimeTestingConfiguration",
    "ScriptExecutionSpec",
    "ScriptNotFoundError",
    "ScriptTestResult",
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
    "DataCompatibilityResult": "core.values.tested",
    "InferenceTestResult": "core.values.tested",
    "InteractiveRuntimeTestingFactory": "entrypoints.python.factory",
    "Output": "core.values.connections",
    "PipelineDAG": "core.pipeline",
    "PipelineDefinition": "core.pipeline",
    "PipelineTestingSpec": "core.testing_specs",
    "PipelineTestingSpecBuilder": "adapters.discovery.builder",
    "RuntimeTester": "entrypoints.python.tester",
    "RuntimeTestingConfiguration": "core.testing_specs",
    "ScriptExecutionSpec": "core.values.specs",
    "ScriptTestResult": "core.values.tested",
    "Secret": "core.values.secrets",
    "StepCatalog": "adapters.discovery.catalog",
    "load_pipeline": "adapters.pipeline_files",
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
