"""Specifications of scripts and of whole pipelines without a session, by the founding names."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.drafts import Drafts
from runthrough.core.names import canonical, nearest, snake
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition, declared_dag
from runthrough.core.testing_specs import PipelineTestingSpec
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import PIPELINE, Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.scripts import ScriptInfo
from runthrough.core.values.secrets import Secret, holds_mask, secret_names
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.errors import (
    CommandInvalidError,
    PendingScriptsError,
    PipelineError,
    ScriptNotFoundError,
    UnknownNodeError,
)

Folder = str | os.PathLike[str]
Given = Mapping[str, Mapping[str, Any]]
"""Node → name → value."""
_VALUES: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class PipelineTestingSpecBuilder:
    """Works out how scripts are run, for programs that keep no session.

    It reads scripts without importing them, and writes nothing: neither folders nor scripts are
    made up. Inputs lie in `input/<node>/<name>` of the test data, outputs go to
    `output/<node>/<name>`. All paths that it tells are absolute.
    """

    def __init__(
        self,
        test_data_dir: Folder = "test/integration/runtime",
        step_catalog: StepCatalog | None = None,
    ) -> None:
        """Take a folder of test data; a relative one starts at the current folder.

        Args:
            test_data_dir: Holds `input/`, `output/` and, unless a catalog is given, the scripts,
                in `scripts/` or itself.
            step_catalog: Finds the scripts instead.
        """
        self.test_data_dir = Path(os.path.abspath(test_data_dir))  # noqa: PTH100 - links are kept
        self.step_catalog = step_catalog or StepCatalog([self.test_data_dir])

    def canonical_to_script_name(self, name: str) -> str:
        """The script name that belongs to a node's name: no job type, snake case.

        `XGBoostModelEval_training` becomes `xgboost_model_eval`.
        """
        return snake(canonical(name, SessionSettings().suffixes))

    def find_script_file(self, name: str) -> Path:
        """The file of a node's script, by the name of either.

        Raises:
            ScriptNotFoundError: There is none; similar ones are named.
        """
        return Path(self.step_catalog.roots.locate(self._script(name).path))

    def resolve_script_execution_spec_from_node(self, node: str) -> ScriptExecutionSpec:
        """How a node is run, as far as its name and its script tell.

        Required inputs have the place where they are looked for, whether or not something lies
        there; optional ones only where something does. Nothing is invented for variables and
        arguments.

        Raises:
            ScriptNotFoundError: No script has its name; similar ones are named.
        """
        return self._alone(node, node).spec(NodeName(node))

    def get_script_main_params(self, node_or_spec: str | ScriptExecutionSpec) -> dict[str, Any]:
        """What `main` is called with: `input_paths`, `output_paths`, `environ_vars`, `job_args`.

        The last is an `argparse.Namespace`; the others are new dictionaries.

        Raises:
            ScriptNotFoundError: No script has the node's name.
            CommandInvalidError: A value is a secret, which is looked up only when a session
                starts the script.
        """
        spec = (
            node_or_spec
            if isinstance(node_or_spec, ScriptExecutionSpec)
            else self.resolve_script_execution_spec_from_node(node_or_spec)
        )
        for name, value in {**spec.environ_vars, **spec.job_args}.items():
            if secret_names(value) or holds_mask(value):
                raise CommandInvalidError(
                    "get_script_main_params",
                    f"{name} of {spec.step_name} is a secret, which is looked up only when a "
                    "session starts the script",
                    fix="run the node in a session, or leave the name out of the specification "
                    "and add its value to the answer",
                )
        return {
            "input_paths": dict(spec.input_paths),
            "output_paths": dict(spec.output_paths),
            "environ_vars": dict(spec.environ_vars),
            "job_args": argparse.Namespace(**spec.job_args),
        }

    def contract_aware_input_paths(self, script: str, node: str | None = None) -> dict[str, str]:
        """Where each input lies that the contract or the code of a script names.

        The first place that holds something: `input/<node>/<name>`, then `input/<name>`; where
        none does, the first.

        Args:
            script: The name of the script, or of a node that runs it.
            node: Whose folder it is; left out, `script`.

        Raises:
            ScriptNotFoundError: There is no such script; similar ones are named.
        """
        owner = NodeName(node or script)
        drafts = self._alone(owner, script)
        return {
            need.name: drafts.locate(drafts.input_place(owner, need.name))
            for need in drafts.needs(owner).of("input")
        }

    def contract_aware_output_paths(self, script: str, node: str | None = None) -> dict[str, str]:
        """Where each output goes that the contract or the code of a script names.

        That is `output/<node>/<name>`.

        Args:
            script: The name of the script, or of a node that runs it.
            node: Whose folder it is; left out, `script`.

        Raises:
            ScriptNotFoundError: There is no such script; similar ones are named.
        """
        owner = NodeName(node or script)
        drafts = self._alone(owner, script)
        return {
            need.name: drafts.locate(drafts.output_place(owner, need.name))
            for need in drafts.needs(owner).of("output")
        }

    def build_from_dag(
        self,
        dag: PipelineDAG | PipelineDefinition,
        validate: bool = True,
        *,
        input_paths: Mapping[str, Mapping[str, Folder | Output]] | None = None,
        environ_vars: Given | None = None,
        job_args: Given | None = None,
    ) -> PipelineTestingSpec:
        """How each node of a pipeline is run, inputs wired to the outputs of other nodes.

        Connections are made by the rules of a session, and what a session would ask a person for
        stays open: a connection that is not certain, a missing file, variable or argument.

        Args:
            dag: A DAG, or what `load_pipeline` gives.
            validate: Refuse when anything is open; else it is left open.
            input_paths: Node → input → path or `Output`.
            environ_vars: Node → variable → text or `Secret`.
            job_args: Node → argument → JSON value or `Secret`.

        Raises:
            PendingScriptsError: Something is open; told node by node.
            UnknownNodeError: A value is given for a node that there is not.
            CommandInvalidError: A value is nothing that JSON has.
            PipelineError: `dag` is no pipeline.
        """
        declaration, roots = self._pipeline(dag)
        declaration = _with(declaration, "inputs", _recorded(input_paths, roots))
        declaration = _with(declaration, "environ_vars", _plain(environ_vars))
        declaration = _with(declaration, "job_args", _plain(job_args))
        drafts = self._drafts(declaration, roots)
        if validate:
            told = [(str(node), drafts.still_open(node)) for node in drafts.scripted]
            needs = {node: texts for node, texts in told if texts}
            if needs:
                raise PendingScriptsError(needs, fix=_TO_BUILD)
        return PipelineTestingSpec(
            dag=drafts.dag,
            script_specs={node: drafts.spec(node) for node in drafts.scripted},
            test_workspace_root=str(self.test_data_dir),
            external=frozenset(n for n, d in declaration.nodes.items() if d.external),
            inherit_env=declaration.inherit_env,
        )

    # ---- how it is done

    def _pipeline(
        self, dag: PipelineDAG | PipelineDefinition
    ) -> tuple[PipelineDeclaration, Roots]:
        places = self.step_catalog.roots.places
        if isinstance(dag, PipelineDAG):
            declaration = PipelineDefinition.from_dag(dag, str(Path.cwd())).declaration
            return declaration, Roots(places)
        if isinstance(dag, PipelineDefinition):
            return dag.declaration, Roots({PIPELINE: dag.folder, **places})
        raise PipelineError(
            f"A pipeline is a PipelineDAG or what load_pipeline gives, not {type(dag).__name__}.",
            fix="build_from_dag(PipelineDAG(edges=[('a', 'b')])), or "
            "build_from_dag(load_pipeline('pipeline.yaml'))",
        )

    def _drafts(self, declaration: PipelineDeclaration, roots: Roots) -> Drafts:
        return Drafts(
            declaration,
            catalog=self.step_catalog,
            roots=roots,
            test_data_dir=self.test_data_dir.as_posix(),
        )

    def _script(self, name: str) -> ScriptInfo:
        found = self.step_catalog.find(name)
        if found is not None:
            return found
        roots = self.step_catalog.roots
        near = [c.path for c in self.step_catalog.candidates(name) if c.kind == "suggested"]
        raise ScriptNotFoundError(
            name,
            self.canonical_to_script_name(name),
            folders=tuple(roots.places.values()),
            nearest=tuple(roots.locate(path) for path in near),
        )

    def _alone(self, node: str, script: str) -> Drafts:
        """Drafts of one node of which nothing but its script is known."""
        declared = NodeDeclaration(script=self._script(script).path)
        return self._drafts(
            PipelineDeclaration(name=node, nodes={node: declared}), self.step_catalog.roots
        )


def _with(
    declaration: PipelineDeclaration, kind: str, given: Mapping[str, Mapping[str, Any]]
) -> PipelineDeclaration:
    """The declaration with more values of one kind; those that it has already give way.

    Raises:
        UnknownNodeError: A node that there is not, with the nearest names.
    """
    if not given:
        return declaration
    order = declared_dag(declaration).nodes
    nodes = {name: declaration.nodes.get(name) or NodeDeclaration() for name in order}
    for name, values in given.items():
        if name not in nodes:
            raise UnknownNodeError(name, nearest(name, order), in_dag=True)
        old = getattr(nodes[name], kind)
        nodes[name] = nodes[name].model_copy(update={kind: {**old, **values}})
    return declaration.model_copy(update={"nodes": nodes})


def _recorded(
    given: Mapping[str, Mapping[str, Folder | Output]] | None, roots: Roots
) -> dict[str, dict[str, RecordedPath | Output]]:
    """Paths as they are recorded; relative ones start at the current folder."""
    return {
        node: {
            name: source if isinstance(source, Output) else roots.record(os.path.abspath(source))  # noqa: PTH100 - links are kept
            for name, source in sources.items()
        }
        for node, sources in (given or {}).items()
    }


def _plain(given: Given | None) -> dict[str, dict[str, JsonValue]]:
    """Values as JSON has them; secrets by their names.

    Raises:
        CommandInvalidError: JSON has no such value.
    """
    plain = {}
    for node, values in (given or {}).items():
        named = {
            n: {"secret": v.secret} if isinstance(v, Secret) else v for n, v in values.items()
        }
        try:
            plain[node] = _VALUES.validate_python(named)
        except ValidationError as invalid:
            names = ", ".join(dict.fromkeys(str(e["loc"][0]) for e in invalid.errors()))
            raise CommandInvalidError(
                "build_from_dag",
                f"{names} of {node} is nothing that JSON has",
                fix="give texts, numbers, true or false, None, or lists and mappings of these",
            ) from None  # the cause would show the value, which may be a secret
    return plain


_TO_BUILD = (
    "put the files there, give input_paths, environ_vars and job_args to build_from_dag, or pass "
    "validate=False and complete the specifications"
)
