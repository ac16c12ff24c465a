"""Running: what a run would do and why, the run itself, and its end before the time."""

import inspect
from collections.abc import Callable, Mapping, Sequence

from runthrough.core.names import nearest
from runthrough.core.views.nodes import View as RunView
from runthrough.entrypoints.given import jobs_of, patterns_of
from runthrough.entrypoints.notebook import Results
from runthrough.entrypoints.python.advice import advising
from runthrough.entrypoints.python.connections import ConnectionActions
from runthrough.entrypoints.python.held import View
from runthrough.errors import UnknownKeywordError

Select = str | Sequence[str] | None
"""A pattern of nodes, or several; `None` for all nodes."""


@advising
class RunActions(ConnectionActions):
    """Plans, runs and judges; patterns are `node`, `node+`, `+node`, or `state:` and a word."""

    def plan(self, select: Select = None, *, reuse: bool = True, sagemaker: bool = False) -> View:
        """What a run of the selection would do now; `core.views.plans` tells the keys.

        It records nothing.

        Args:
            select: As `execute_dag_guided_testing` takes it.
            reuse: Whether what passed and is unchanged would be left alone.
            sagemaker: Compare with a run that also sets SageMaker's variables.

        Raises:
            SelectionError: Nothing is selected.
            CommandInvalidError: `select` is no pattern, nor several.
        """
        return self._looked(
            self._session.plan(patterns_of(select), reuse=reuse, sagemaker=sagemaker)
        )

    def why(self, node: str, *, sagemaker: bool = False) -> View:
        """What differs from what a node's last passed attempt depended on.

        It records nothing; `core.views.plans` tells the keys.

        Args:
            node: The node, or its script.
            sagemaker: Compare with a run that also sets SageMaker's variables.

        Raises:
            UnknownNodeError: No node has that name; the nearest ones are named.
            AmbiguousScriptError: A script's name that several nodes run.
        """
        return self._looked(self._session.why(node, sagemaker=sagemaker), node)

    def accept_unchanged(self, node: str, *, based_on: int | None = None) -> View:
        """Let a node's last passed attempt stand although what it depended on has changed.

        Args:
            node: The node, or its script.
            based_on: The version that you saw; left out, the one in which this object last
                showed the node.

        Raises:
            CommandRefusedError: There is nothing that could stand, or nothing has changed.
            VersionConflictError: Somebody else changed the node after that version.
        """
        base = self._last_shown(node) if based_on is None else based_on
        return self._told(self._session.accept_unchanged(node, based_on=base))

    def execute_dag_guided_testing(
        self,
        select: Select = None,
        *,
        jobs: int | None = None,
        fail_fast: bool = False,
        reuse: bool = True,
        sagemaker: bool = False,
        **unknown: object,
    ) -> Results:
        """Run all nodes, or those selected, end to end; `core.views.results` tells the keys.

        Args:
            select: `node`, `node+` (and below), `+node` (and above), `state:failed`,
                `state:stale`, or several of them.
            jobs: How many scripts may run at a time; left out, the setting's.
            fail_fast: Start nothing more once a script did not pass, and end what runs.
            reuse: Take the last passed attempt of a node that is unchanged.
            sagemaker: Also tell scripts their paths in SageMaker's variables.
            unknown: Nothing; a keyword that there is not is refused.

        Raises:
            PendingScriptsError: Nodes of the selection need a person first.
            RunInProgressError: A run is on, and its tester lives.
            SelectionError: Nothing is selected.
            UnknownKeywordError: A keyword that there is not; the nearest one is named.
        """
        _refuse_unknown(self.execute_dag_guided_testing, unknown)
        chosen = patterns_of(select)
        most = self._jobs if jobs is None else jobs_of(jobs)
        return self._ran(
            lambda: self._session.run(
                chosen, jobs=most, fail_fast=fail_fast, reuse=reuse, sagemaker=sagemaker
            )
        )

    def retry(
        self,
        *,
        jobs: int | None = None,
        fail_fast: bool = False,
        sagemaker: bool = False,
        **unknown: object,
    ) -> Results:
        """Run again what did not pass, and what that blocked, as it is configured now.

        The answer and the keywords are those of `execute_dag_guided_testing`.

        Raises:
            NothingToRetryError: Every last attempt passed.
            PendingScriptsError: One of the nodes needs a person first.
            RunInProgressError: A run is on, and its tester lives.
        """
        _refuse_unknown(self.retry, unknown)
        most = self._jobs if jobs is None else jobs_of(jobs)
        chosen = self._session.to_retry()
        return self._ran(
            lambda: self._session.run(chosen, jobs=most, fail_fast=fail_fast, sagemaker=sagemaker)
        )

    def cancel(self) -> View:
        """Ask the tester that drives the present run to end it, wherever it is.

        It ends its scripts within a second or two; the run's status is then `cancelled`. Another
        thread may ask through the object that runs, another process through one that `open` gave.

        Raises:
            CommandRefusedError: No run is on, or its tester is gone.
        """
        present = self._sessions.open(self._session.session_id)
        present.cancel()
        run = present.state.run
        return {"run": run and run.run, "version": present.version}

    def logs(self, node: str) -> View:
        """What a node's last attempt wrote: node, stdout, stderr; empty where none has ended.

        Raises:
            UnknownNodeError: No node has that name; the nearest ones are named.
            AmbiguousScriptError: A script's name that several nodes run.
            SessionError: The logs lie on another machine, where the session lives.
        """
        stdout, stderr = self._session.log_texts(node)
        return {"node": self._session.node_named(node), "stdout": stdout, "stderr": stderr}

    def _ran(self, run: Callable[[], RunView]) -> Results:
        try:
            results = Results(run())
        except KeyboardInterrupt:
            # What was done until then is this person's doing as well.
            self._looked(None)
            raise
        configurations = results["interactive_factory_info"]["script_configurations"]
        for node in configurations:
            configurations[node] = self._spec(node).model_dump(mode="json")
        results.picture = self._session.run_picture()
        if results["root_causes"]:
            results.failures = self._failures(results)
        return self._looked(results)

    def _failures(self, results: Results) -> list[View]:
        causes = {cause["node"] for cause in results["root_causes"]}
        report: View = {**self._session.report()}
        return [node for node in report["nodes"] if node["node"] in causes]


def _refuse_unknown(method: Callable[..., object], unknown: Mapping[str, object]) -> None:
    """Refuse keywords that a method has not.

    Raises:
        UnknownKeywordError: With the nearest one that there is.
    """
    known = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    for keyword in unknown:
        raise UnknownKeywordError(keyword, nearest(keyword, known))
