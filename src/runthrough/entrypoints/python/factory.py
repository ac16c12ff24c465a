"""The founding plan's factory: names and dicts over a session."""

import argparse
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.python_calls import calls_in_python
from runthrough.core.views.worklist import row_view
from runthrough.entrypoints.given import (
    FOUNDING_WORKSPACE,
    Folder,
    Source,
    Values,
    answers_of,
    definition_of,
    path_given,
    session_asked,
    workspaces_of,
)
from runthrough.entrypoints.notebook import Requirements, Worklist
from runthrough.entrypoints.python.advice import advising
from runthrough.entrypoints.python.held import View, wired
from runthrough.entrypoints.python.past import PastActions
from runthrough.errors import (
    CommandInvalidError,
    ConfigurationInvalidError,
    ConfigurationWarning,
)


@advising
class InteractiveRuntimeTestingFactory(PastActions):
    """Guides a person through the test of a pipeline, and remembers every step.

    All methods take the name of a node, or of a script where exactly one node runs it. The
    object remembers the version that it last showed: what it is then told to configure is
    refused when somebody else changed the node after that.
    """

    def __init__(
        self,
        dag: PipelineDAG | PipelineDefinition,
        workspace_dir: Folder | Sequence[Folder] = FOUNDING_WORKSPACE,
        *,
        session_name: str | None = None,
        database_url: str | None = None,
        actor: str | None = None,
        runner: str | None = None,
        like: str | None = None,
    ) -> None:
        """Start a session, or go on with the open one called `session_name` over an equal DAG.

        Scripts are looked for in `<workspace>/scripts/`, then in the workspace itself; of several
        workspaces the first wins, and is where the session keeps its files. Relative paths are
        taken from the folder that is the current one now. With `like`, a new session begins with
        what people answered in that one, for nodes of one name.

        Raises:
            UnknownSessionError: There is no session to be like.
            CommandInvalidError: A session cannot be called so.
            PipelineDiffersError: The open session of that name tests another pipeline.
            PipelineError: `dag` is no pipeline.
            RunInProgressError: The open session of that name is running, and its tester lives.
            StoreError: The database cannot be used.
        """
        cwd = str(Path.cwd())
        definition = definition_of(dag, cwd)
        for asked in (session_name, like):
            if asked is not None:
                session_asked("new", asked)
        with ExitStack() as stack:
            app = wired(stack, database_url=database_url, actor=actor, runner=runner)
            there = session_name and app.sessions.resume_equal(session_name, definition)
            if there:
                there.resume()
            workspaces = workspaces_of(workspace_dir, dag, cwd, app.settings.workspaces)
            session = there or app.sessions.start(
                definition, name=session_name, workspaces=workspaces, like=like
            )
            self._hold(session, app, stack)

    @classmethod
    def resume(
        cls,
        session: str,
        here: bool = False,
        workspace_dir: Folder | Sequence[Folder] | None = None,
        pipeline: Folder | None = None,
        *,
        take_over: bool = False,
        database_url: str | None = None,
        actor: str | None = None,
        runner: str | None = None,
    ) -> Self:
        """Go on with a session: its id, its name, or `@last` for the actor's last one.

        What changed in the world meanwhile is recorded: nodes whose files are gone are pending
        again, nodes whose files are back are configured again. Of a session that lives on another
        machine nothing is looked at: it can be configured, and runs there.

        Args:
            session: Its id, its name, or `@last`.
            here: Move the session to this machine.
            workspace_dir: With `here`: its workspace on this machine, or several; left out, where
                it lay here before, else the current folder.
            pipeline: With `here`: its pipeline file on this machine; left out, it lies to the
                workspace as it did where the session lived.
            take_over: With `here`: close a run that a tester on another machine drives, whether or
                not that tester is gone. On this machine it is known whether it lives.
            database_url: The database that remembers; left out, the setting's.
            actor: Who goes on; left out, the setting's.
            runner: What runs scripts; left out, the setting's.

        Raises:
            UnknownSessionError: There is none.
            RunInProgressError: It is running, and its tester lives.
            CommandInvalidError: `session` or a place is no text, a place or `take_over` was given
                without `here`, or nothing of the session lies there.
        """
        if not here and (workspace_dir is not None or pipeline is not None or take_over):
            what = "taking a run over" if take_over else "a place on this machine"
            raise CommandInvalidError(
                "resume", f"{what} goes with a move", fix="resume(…, here=True)"
            )
        asked = session_asked("resume", session)
        places = () if workspace_dir is None else workspace_dir
        listed = places if isinstance(places, (list, tuple)) else [places]
        workspaces = [path_given("resume", place) for place in listed]
        file = None if pipeline is None else path_given("resume", pipeline)
        with ExitStack() as stack:
            app = wired(stack, "empty", database_url=database_url, actor=actor, runner=runner)
            found = app.sessions.open(asked)
            if here:
                found.move_home(workspaces=workspaces, pipeline=file, take_over=take_over)
            else:
                found.resume()
            return cls._over(found, app, stack)

    @classmethod
    def open(
        cls,
        session: str,
        at: int | datetime | None = None,
        *,
        database_url: str | None = None,
        actor: str | None = None,
    ) -> Self:
        """Look at a session, as it is or as it was at a version or an aware time; read only.

        Raises:
            UnknownSessionError: There is none.
            CommandInvalidError: `session` is no text.
            SessionError: It never was at that version, or the time has no time zone.
        """
        with ExitStack() as stack:
            app = wired(stack, "empty", database_url=database_url, actor=actor)
            asked = session_asked("open", session)
            return cls._over(app.sessions.open_at(asked, at), app, stack)

    # ---- what is there

    def get_scripts_requiring_testing(self) -> list[str]:
        """All nodes that have a script to run, in execution order; external ones have none."""
        return self._nodes(lambda there: not there.external)

    def get_pending_script_configurations(self) -> list[str]:
        """The nodes that need a person, in execution order."""
        return self._nodes(lambda there: there.state == "pending")

    def get_auto_configured_scripts(self) -> list[str]:
        """The nodes that needed no person, in execution order."""
        return self._nodes(lambda there: there.configured_by == "auto")

    def get_script_testing_requirements(self, node: str) -> Requirements:
        """What a node needs, and what it has; `core.views.requirements` tells the keys.

        Raises:
            UnknownNodeError: No node has that name; the nearest ones are named.
            AmbiguousScriptError: A script's name that several nodes run.
        """
        return self._looked(Requirements(self._session.requirements(node)), node)

    def get_script_info(self, node: str) -> View:
        """A node's script, its needs by name, and where they could lie; see the reference.

        Raises:
            UnknownNodeError, AmbiguousScriptError: As for the requirements.
        """
        needs = self.get_script_testing_requirements(node)
        names = ("script_name", "script_path", "step_name", "auto_configurable")
        info: View = {name: needs[name] for name in names}
        for kind in ("input", "output"):
            examples = {need["name"]: need["example_path"] for need in needs[f"expected_{kind}s"]}
            info[f"expected_{kind}s"] = list(examples)
            info[f"example_{kind}_paths"] = examples
        return info

    def get_testing_factory_summary(self) -> View:
        """How far the configuration is; `core.views.summary` tells the keys."""
        return self._looked(self._session.summary())

    def status(self) -> View:
        """The summary, and everything about every node; `core.views.summary` tells the keys."""
        return self._looked(self._status())

    def worklist(self) -> Worklist:
        """What is to be done, node by node: node, category, text, needs, evidence, by, next."""
        rows = [row_view(row) for row in self._session.worklist()]
        if self._held.past:  # nothing can be done there
            rows = [{**row, "next": None} for row in rows]
        return self._looked(Worklist(rows))

    # ---- what a person does

    def configure_script_testing(  # noqa: D417 - most keywords are what their names say
        self,
        node: str,
        *,
        expected_inputs: Mapping[str, Source] | None = None,
        input_paths: Mapping[str, Source] | None = None,
        expected_outputs: Mapping[str, Folder] | None = None,
        output_paths: Mapping[str, Folder] | None = None,
        environment_variables: Values | None = None,
        environ_vars: Values | None = None,
        job_arguments: Values | argparse.Namespace | None = None,
        job_args: Values | argparse.Namespace | None = None,
        user_notes: str | None = None,
        timeout_s: float | None = None,
        limits: Mapping[str, object] | None = None,
        unset: Sequence[str] = (),
        replace: bool = False,
        partial: bool = False,
        based_on: int | None = None,
        **unknown: object,
    ) -> ScriptExecutionSpec:
        """Answer what a node needs; what is not given stays as it is.

        `expected_inputs` and `input_paths` are two names of one thing, and so are the other
        pairs. Mappings are merged over what is there. The answer's paths are absolute. What looks
        wrong and yet forbids nothing, such as a name that the script does not read, is a
        `ConfigurationWarning`.

        Args:
            limits: What the script may use: `memory` in bytes or as `"2GiB"`, `cpu_s`,
                `open_files`.
            unset: Values that are taken back first, such as `env.CURRENCY`, `arg.top`,
                `input.raw`, `limit.cpu_s`, `timeout_s` or `user_notes`: each becomes what the
                pipeline says of it, or nothing again.
            replace: A mapping that is given stands for what is there.
            partial: Keep what holds as a draft, even while something is missing.
            based_on: The version that you saw; left out, the one in which this object last
                showed the node.

        Raises:
            ConfigurationInvalidError: With every problem; nothing was changed but, with
                `partial`, what holds was kept.
            VersionConflictError: Somebody else changed the node after that version.
            UnknownKeywordError: A keyword that there is not; the nearest one is named.
            CommandRefusedError: The session or the node does not allow it.
        """
        answers = answers_of(
            node,
            expected_inputs=expected_inputs,
            input_paths=input_paths,
            expected_outputs=expected_outputs,
            output_paths=output_paths,
            environment_variables=environment_variables,
            environ_vars=environ_vars,
            job_arguments=job_arguments,
            job_args=job_args,
            user_notes=user_notes,
            timeout_s=timeout_s,
            limits=limits,
            unset=unset,
            replace=replace,
            partial=partial,
            based_on=self._last_shown(node) if based_on is None else based_on,
            **unknown,
        )
        try:
            recorded = self._session.configure(node, answers)
        except ConfigurationInvalidError:
            # What held may have been kept, and then this person knows of it.
            self._looked(None, node)
            name = self._session.node_named(node)
            last = self._session.state.actions[-1:]
            self._made.update(action.version for action in last if name in action.nodes)
            raise
        for problem in recorded.warnings:
            told = calls_in_python(problem.message, session=self.session_name)
            warnings.warn(told, ConfigurationWarning, stacklevel=3)
        self._made.update(range(recorded.after + 1, recorded.version + 1))
        return self._looked(self._spec(node), node)

    def validate_configuration_preview(
        self, node: str, input_paths: Mapping[str, Source] | None = None, **answers: Any
    ) -> list[str]:
        """Every problem that `configure_script_testing` would find; records nothing.

        Raises:
            UnknownKeywordError: A keyword that there is not; the nearest one is named.
        """
        try:
            given = answers_of(node, input_paths=input_paths, **answers)
        except ConfigurationInvalidError as invalid:
            told = [str(problem["message"]) for problem in invalid.problems]
        else:
            told = [problem.message for problem in self._session.preview(node, given)]
        return [calls_in_python(message, session=self.session_name) for message in told]
