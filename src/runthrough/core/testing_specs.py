"""How a whole pipeline is to be tested, where no session keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass

from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDAG
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.errors import CommandInvalidError, SettingError, UnknownNodeError


@dataclass(frozen=True, slots=True)
class PipelineTestingSpec:
    """A pipeline, how each of its nodes is run, and where its test data lies.

    Specifications are keyed by node, so that two nodes may run one script. An external node has
    none.
    """

    dag: PipelineDAG
    script_specs: Mapping[str, ScriptExecutionSpec]
    test_workspace_root: str
    """Absolute path of the folder that holds `input/` and `output/`."""
    external: frozenset[str] = frozenset()
    """Nodes that stand for something outside, and run nothing."""
    inherit_env: tuple[str, ...] = ()
    """Names of environment variables that scripts take over from the tester."""

    def __post_init__(self) -> None:
        """Refuse a key that is no node of the DAG, such as the name of a script.

        Raises:
            UnknownNodeError: With the nearest names.
        """
        for name in (*self.script_specs, *self.external):
            if name not in self.dag:
                raise UnknownNodeError(name, nearest(name, self.dag.nodes), in_dag=True)


@dataclass(frozen=True, slots=True)
class RuntimeTestingConfiguration:
    """What a `RuntimeTester` tests of a pipeline, and how; what is switched off is not done."""

    pipeline_spec: PipelineTestingSpec
    test_individual_scripts: bool = True
    """Run every script, and tell how each ended."""
    test_data_compatibility: bool = True
    """Check what each script wrote against what its consumers read."""
    test_pipeline_flow: bool = True
    """Run in execution order, each consumer on what its producers really wrote."""
    jobs: int = 1
    """Scripts at once."""
    fail_fast: bool = False
    """Start nothing more, and end what runs, once a script did not pass."""
    runner: str = "process:"
    """URL of the runner."""

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises:
            SettingError: `jobs` is no whole number above 0.
            CommandInvalidError: `pipeline_spec` is none, or everything is switched off.
        """
        if not isinstance(self.pipeline_spec, PipelineTestingSpec):
            raise CommandInvalidError(
                "RuntimeTestingConfiguration",
                f"pipeline_spec is a {type(self.pipeline_spec).__name__}",
                fix="give what PipelineTestingSpecBuilder.build_from_dag makes",
            )
        if not isinstance(self.jobs, int) or isinstance(self.jobs, bool) or self.jobs < 1:
            raise SettingError(
                f"jobs is {self.jobs!r}, which is no number of scripts.",
                fix="give a whole number above 0",
            )
        switches = (
            self.test_individual_scripts,
            self.test_data_compatibility,
            self.test_pipeline_flow,
        )
        if not any(switches):
            raise CommandInvalidError(
                "RuntimeTestingConfiguration",
                "all three tests are switched off, so that nothing is left to do",
                fix="switch on test_pipeline_flow, test_individual_scripts or "
                "test_data_compatibility",
            )
