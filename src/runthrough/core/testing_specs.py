"""How a whole pipeline is to be tested, where no session keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass

from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDAG
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.errors import UnknownNodeError


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

    def __post_init__(self) -> None:
        """Refuse a key that is no node of the DAG, such as the name of a script.

        Raises:
            UnknownNodeError: With the nearest names.
        """
        for name in self.script_specs:
            if name not in self.dag:
                raise UnknownNodeError(name, nearest(name, self.dag.nodes))
