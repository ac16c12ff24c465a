"""The founding plan's tester: scripts, connections and whole pipelines, without a session."""

import math
import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDAG
from runthrough.core.testing_specs import PipelineTestingSpec, RuntimeTestingConfiguration
from runthrough.core.values.ids import NodeName
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.values.tested import (
    DataCompatibilityResult,
    InferenceTestResult,
    ScriptTestResult,
)
from runthrough.entrypoints.given import FOUNDING_WORKSPACE, Folder, answers_of
from runthrough.errors import (
    CommandInvalidError,
    PendingScriptsError,
    ScriptNotFoundError,
    SettingError,
    UnknownKeywordError,
)
from runthrough.sessionless import Bench, StepCatalog

View = dict[str, Any]
_PARAMETERS = ("input_paths", "output_paths", "environ_vars", "job_args")
_NOTHING_GOES = (
    "nothing is known to go from {a} to {b}: name it in the specification of {b}, "
    "connections={{INPUT: Output({a!r}, OUTPUT)}}"
)
_ARCHIVED_HANDLER = "code/inference.py"


class RuntimeTester:
    """Runs scripts each in a process of its own, and tells what became of them; keeps no session.

    What a run leaves lies in `.runthrough/rehearsals/` of the workspace, and may be deleted at
    any time. Secrets, limits and time limits of a specification hold as in a session.
    """

    def __init__(
        self,
        config_or_workspace_dir: RuntimeTestingConfiguration | Folder = FOUNDING_WORKSPACE,
        step_catalog: StepCatalog | None = None,
    ) -> None:
        """Take what is to be tested, or only the folder to work in.

        Args:
            config_or_workspace_dir: A configuration, whose workspace is that of its
                specification; or a folder, which starts at the current one when it is relative.
            step_catalog: Reads scripts, and finds those that a specification does not name;
                left out, one over the workspace.

        Raises:
            CommandInvalidError: The workspace is no folder.
            RunnerUnavailableError: The configuration's runner cannot be used here.
        """
        given = config_or_workspace_dir
        self._config: RuntimeTestingConfiguration | None = None
        if isinstance(given, RuntimeTestingConfiguration):
            self._config, root = given, given.pipeline_spec.test_workspace_root
        else:
            root = os.fspath(given)
        self._cwd = str(Path.cwd())
        self.workspace = Path(os.path.normpath(Path(self._cwd, root)))
        if not os.path.isdir(self.workspace):  # noqa: PTH112 - pathlib's raises for long names
            raise CommandInvalidError(
                "RuntimeTester",
                f"the workspace {self.workspace} is no folder",
                fix="make it, or give the folder in which the tester may leave what runs write",
            )
        self._bench = Bench(
            self.workspace,
            catalog=step_catalog,
            runner=self._config.runner if self._config else "process:",
            cwd=self._cwd,
            environ=os.environ,
        )

    def test_script_with_spec(
        self, spec: ScriptExecutionSpec, main_params: Mapping[str, Any] | None = None
    ) -> ScriptTestResult:
        """Run one script on the paths of its specification.

        Args:
            spec: How it is run.
            main_params: `input_paths`, `output_paths`, `environ_vars` and `job_args`; each that
                is given stands for the specification's.

        Raises:
            ScriptNotFoundError: The specification names no script that is there.
            PendingScriptsError: An input is fed by another node, and has no path of its own.
            UnknownKeywordError: `main_params` has another name.
            ConfigurationInvalidError: A value is nothing that JSON has.
        """
        node = NodeName(spec.step_name)
        tested = self._alone(_with(spec, main_params))
        rehearsal = self._bench.rehearsal(
            self._bench.staging(tested), hand_over=False, check_seams=False
        )
        results: View = rehearsal.run((), jobs=1, fail_fast=False)
        result, outcome = results["script_results"][node], results["outcomes"][node]
        return ScriptTestResult(
            **result,
            step_name=node,
            log=outcome["log"],
            output_paths=rehearsal.written(node),
        )

    def test_data_compatibility_with_specs(
        self, spec_a: ScriptExecutionSpec, spec_b: ScriptExecutionSpec
    ) -> DataCompatibilityResult:
        """Run script A, and check what it really wrote against what script B reads.

        Which output feeds which input is told by `spec_b.connections`, by inputs of B that are or
        lie in outputs of A, and else by the rules of a session. B does not run.

        Raises:
            ScriptNotFoundError: A specification names no script that is there.
            PendingScriptsError: A's input is fed by another node, and has no path of its own.
            CommandInvalidError: Both are of one node.
        """
        a, b = spec_a.step_name, spec_b.step_name
        if a == b:
            raise CommandInvalidError(
                "test_data_compatibility_with_specs",
                f"both specifications are of the node {a}",
                fix="give one of them another step_name",
            )
        tested = PipelineTestingSpec(
            dag=PipelineDAG(nodes=[a, b], edges=[(a, b)]),
            script_specs={a: _only_with(spec_a, ()), b: _only_with(spec_b, (a,), runs=False)},
            test_workspace_root=str(self.workspace),
        )
        staging = self._bench.staging(tested)
        if not staging.feeds(a, b):
            return DataCompatibilityResult(
                script_a=a,
                script_b=b,
                compatible=False,
                compatibility_issues=(_NOTHING_GOES.format(a=a, b=b),),
            )
        rehearsal = self._bench.rehearsal(staging, hand_over=True, check_seams=True)
        results: View = rehearsal.run((NodeName(a),), jobs=1, fail_fast=False)
        flow = results["data_flow_results"].get(f"{a}->{b}")
        if flow is None:
            told = results["script_results"][a]["error_message"]
            return DataCompatibilityResult(
                script_a=a,
                script_b=b,
                compatible=False,
                compatibility_issues=(
                    f"{a} did not pass, so that nothing can be checked: {told}",
                ),
            )
        return DataCompatibilityResult.model_validate(flow)

    def test_pipeline_flow_with_spec(self, pipeline_spec: PipelineTestingSpec) -> View:
        """Run a pipeline end to end, each node once, consumers on what producers really wrote.

        The keys are those of `execute_dag_guided_testing` but for what only a session knows.

        Raises:
            PendingScriptsError: A node has no specification, or an input no path.
            ScriptNotFoundError: A specification names no script that is there.
            PipelineCycleError: Edges and connections form a cycle.
        """
        results = self.test_pipeline_flow_with_step_catalog_enhancements(pipeline_spec)
        del results["step_catalog_analysis"]
        return results

    def test_pipeline_flow_with_step_catalog_enhancements(
        self, pipeline_spec: PipelineTestingSpec
    ) -> View:
        """The same, and `step_catalog_analysis`: which scripts were found, and how they look.

        Raises:
            PendingScriptsError, ScriptNotFoundError, PipelineCycleError: As for
                `test_pipeline_flow_with_spec`.
        """
        config = (
            replace(self._config, pipeline_spec=pipeline_spec)
            if self._config is not None
            else RuntimeTestingConfiguration(pipeline_spec)
        )
        whole = replace(config, test_individual_scripts=True, test_pipeline_flow=True)
        return self._tested(whole)

    def run(self) -> View:
        """Do what the configuration's switches say; answers as `test_pipeline_flow_with_spec`.

        Without `test_pipeline_flow` each script runs by itself, on the paths of its own
        specification, and nothing stops below a failure. Without `test_individual_scripts`
        `script_results` is empty, and of scripts that need not run in order only those run that
        feed others. Without `test_data_compatibility` `data_flow_results` is empty.

        Raises:
            CommandInvalidError: The tester was made without a configuration.
            PendingScriptsError, ScriptNotFoundError, PipelineCycleError: As for
                `test_pipeline_flow_with_spec`.
        """
        if self._config is None:
            raise CommandInvalidError(
                "run",
                "this tester was made for a folder, and does not know what to test",
                fix="RuntimeTester(RuntimeTestingConfiguration(pipeline_spec)).run()",
            )
        results = self._tested(self._config)
        del results["step_catalog_analysis"]
        return results

    def test_inference_handlers(
        self,
        handler_path: Folder | None,
        model_archive: Folder,
        payloads: Folder,
        *,
        content_type: str | None = None,
        accept: str = "application/json",
        timeout_s: float | None = None,
    ) -> InferenceTestResult:
        """Load a packed model by its handlers, and send each payload through them.

        `model_fn(model_dir)` and `predict_fn(data, model)` are required. Without `input_fn(body,
        content_type)` JSON, JSON lines and CSV are parsed; without `output_fn(prediction,
        accept)` text is sent as it is, and all else as JSON.

        Args:
            handler_path: The script that defines them; `None` for `code/inference.py` in the
                archive.
            model_archive: The `model.tar.gz`, or another tar or zip.
            payloads: A folder, a file or an archive of samples.
            content_type: What each sample is sent as; left out, its suffix tells.
            accept: What the answer should be.
            timeout_s: How long all of it may take.

        Raises:
            ArchiveError: An archive is broken, or cannot be unpacked without danger.
            ScriptNotFoundError: There is no script at `handler_path`.
            CommandInvalidError: There is nothing at `payloads`.
            SettingError: `timeout_s` is no number of seconds above 0.
        """
        if timeout_s is not None and not 0 < timeout_s < math.inf:
            raise SettingError(
                f"timeout_s is {timeout_s!r}, which is no number of seconds.",
                fix="give a number above 0, or leave it out",
            )
        archive, given = self._absolute(model_archive), self._absolute(payloads)
        handler = None if handler_path is None else self._handler(self._absolute(handler_path))
        with (
            self._bench.samples(given, content_type=content_type) as (samples, skipped),
            self._bench.unpacked(archive) as model,
        ):
            if not samples:
                left_out = f"; left out: {', '.join(skipped)}" if skipped else ""
                return InferenceTestResult(
                    success=False,
                    error_message=f"{given} holds no sample that could be sent{left_out}",
                    skipped=tuple(skipped),
                )
            result = self._bench.handler_test().serve(
                handler=str(handler or self._handler(model / _ARCHIVED_HANDLER)),
                model=str(model),
                samples=samples,
                accept=accept,
                timeout_s=timeout_s,
            )
        return result.model_copy(update={"skipped": tuple(skipped)})

    # ---- how it is done

    def _alone(self, spec: ScriptExecutionSpec) -> PipelineTestingSpec:
        return PipelineTestingSpec(
            dag=PipelineDAG(nodes=[spec.step_name]),
            script_specs={spec.step_name: _only_with(spec, ())},
            test_workspace_root=str(self.workspace),
        )

    def _tested(self, config: RuntimeTestingConfiguration) -> View:
        if not config.pipeline_spec.script_specs:
            raise CommandInvalidError(
                "test",
                "no node of the pipeline has a specification, so that nothing would run",
                fix="give script_specs one for each node, as build_from_dag does",
            )
        staging = self._bench.staging(config.pipeline_spec)
        rehearsal = self._bench.rehearsal(
            staging,
            hand_over=config.test_pipeline_flow,
            check_seams=config.test_data_compatibility,
        )
        everything = config.test_pipeline_flow or config.test_individual_scripts
        chosen = () if everything else staging.producers
        if not everything and not chosen:
            raise CommandInvalidError(
                "run",
                "no script of the pipeline feeds another one, so that nothing can be checked",
                fix="switch on test_individual_scripts, or give the specifications connections",
            )
        results: View = rehearsal.run(chosen, jobs=config.jobs, fail_fast=config.fail_fast)
        if not config.test_individual_scripts:
            results["script_results"] = {}
        return results

    def _absolute(self, path: Folder) -> Path:
        return Path(os.path.normpath(Path(self._cwd, path)))

    def _handler(self, path: Path) -> Path:
        if not path.is_file():
            raise ScriptNotFoundError(path.stem, path.stem, folders=(str(path.parent),))
        return path


def _with(spec: ScriptExecutionSpec, main_params: Mapping[str, Any] | None) -> ScriptExecutionSpec:
    """The specification with the parameters that are given in place of its own.

    Raises:
        UnknownKeywordError: There is no such parameter.
        ConfigurationInvalidError: A value is nothing that JSON has.
    """
    given = dict(main_params or {})
    for name in given:
        if name not in _PARAMETERS:
            raise UnknownKeywordError(name, nearest(name, _PARAMETERS))
    answers = answers_of(spec.step_name, **given)
    return spec.model_copy(update={name: getattr(answers, name) for name in given})


def _only_with(
    spec: ScriptExecutionSpec, known: Collection[str], *, runs: bool = True
) -> ScriptExecutionSpec:
    """The specification without the connections to nodes that are no part of the test.

    Raises:
        PendingScriptsError: It is to run, and such an input has no path of its own.
    """
    left = {name: s for name, s in spec.connections.items() if s.node not in known}
    told = [
        f"input {name} comes from {source}, which is no part of this test, and has no path"
        for name, source in left.items()
        if runs and name not in spec.input_paths
    ]
    if told:
        raise PendingScriptsError(
            {spec.step_name: told}, fix="give them a path in input_paths, or test the pipeline"
        )
    kept = {name: s for name, s in spec.connections.items() if name not in left}
    return spec.model_copy(update={"connections": kept})
