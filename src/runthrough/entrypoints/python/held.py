"""What every method of the Python door stands on: the session, and what was last shown."""

import os
import warnings
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from runthrough.application.answers import split_at_node
from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.bootstrap import Absent, Application, wire
from runthrough.core.state import Action, NodeState
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.nodes import node_view
from runthrough.core.views.python_calls import calls_in_python, view_in_python
from runthrough.entrypoints.python.advice import advising, tell_in_python
from runthrough.errors import ConfigurationWarning, RunthroughError, SessionError, SettingError

View = dict[str, Any]
_T = TypeVar("_T")


@advising
class HeldSession:
    """Holds one session for one caller, and remembers the version that it last showed."""

    def _hold(self, session: Session, app: Application, stack: ExitStack) -> None:
        self._held = session
        self._app = app
        self._sessions = app.sessions
        self._jobs = app.settings.jobs
        self._seen = session.version
        self._seen_of: dict[str, int] = {}
        self._made: set[int] = set()
        # The connection ends with this object, whether or not anybody thought of it.
        self._connection = weakref.finalize(self, stack.pop_all().close)

    # ---- the session

    @property
    def session_id(self) -> str:
        """The session's id; ids sort by the time of their start."""
        return self._held.session_id

    @property
    def session_name(self) -> str:
        """The session's name, unique among open sessions."""
        return self._held.name

    @property
    def version(self) -> int:
        """How many events the session had when it was last looked at through this object."""
        return self._held.version

    def close(self) -> None:
        """End the session's work; its history stays. The object can still be asked.

        Raises:
            CommandRefusedError: A run is on, or the session is closed.
        """
        self._session.close()
        self._looked(None)

    def release(self) -> None:
        """Let go of the database; the session stays as it is, and this object is done.

        Leaving a `with` block does the same, and so does the end of the object.
        """
        self._connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = self._held.state
        scripts = [there for there in state.nodes.values() if not there.external]
        configured = sum(there.configured_by is not None for there in scripts)
        return (
            f"<{type(self).__name__} {state.name} over {state.pipeline.name}, "
            f"{state.phase.value}, version {state.version}: "
            f"{configured} of {len(scripts)} scripts configured>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the picture, the work list, and what comes next."""
        from runthrough.entrypoints.notebook.sessions import (  # noqa: PLC0415 - only notebooks ask
            refused_html,
            session_html,
        )

        try:
            picture, view = self._session.picture(), self._status()
        except RunthroughError as error:
            # A display that raised would hide the object; the words say why there is none.
            tell_in_python(error, session=self.session_name)
            return refused_html(self.session_name, error)
        view_in_python(view, session=self.session_name)
        return session_html(self._looked(view), picture)

    # ---- how it is done

    @property
    def _session(self) -> Session:
        if not self._connection.alive:
            raise SessionError(
                f"This object has let go of session {self._held.name}.",
                fix=f"{type(self).__name__}.resume({self._held.name!r})",
            )
        return self._held

    def _looked(self, seen: _T, node: str | None = None) -> _T:
        """Remember that the present version was shown, of one node or of all."""
        if node is None:
            self._seen = self._held.version
            self._seen_of.clear()
        else:
            self._seen_of[self._held.node_named(node)] = self._held.version
        return seen

    def _status(self) -> View:
        """The status; of the past, where nothing can be done, with the way on from there."""
        view: View = {**self._session.status()}
        if self._held.past:
            view["next_command"] = f"factory.fork(at={self._held.version})"
            view["worklist"] = [{**row, "next": None} for row in view["worklist"]]
        return view

    def _nodes(self, fits: Callable[[NodeState], bool]) -> list[str]:
        self._session.refresh()
        nodes = self._held.state.nodes
        return self._looked([node for node, there in nodes.items() if fits(there)])

    def _told(self, recorded: Recorded) -> View:
        """What one command did: version, nodes (state, external, problems), recorded events."""
        for problem in recorded.warnings:
            told = calls_in_python(problem.message, session=self.session_name)
            warnings.warn(told, ConfigurationWarning, stacklevel=4)
        self._made.update(range(recorded.after + 1, recorded.version + 1))
        rows = self._session.recorded(recorded)
        state = self._session.state_at(recorded.version)
        nodes = dict.fromkeys(row.node for row in rows if row.node is not None)
        for node in nodes:
            self._seen_of[node] = recorded.version
        return {
            "version": recorded.version,
            # One that another pipeline has no longer is told by what was recorded.
            "nodes": {n: node_view(state.nodes[n]) for n in nodes if n in state.nodes},
            "recorded": [row.view() for row in rows],
        }

    def _based_on(self, targets: Iterable[str], based_on: int | None) -> int | None:
        """The oldest version in which one of the inputs' nodes was shown."""
        if based_on is not None:
            return based_on
        return min((self._last_shown_input(target) for target in targets), default=self._seen)

    def _last_shown_input(self, target: str) -> int:
        node, _ = split_at_node(target, self._session.state.nodes)
        return self._last_shown(node)

    def _was_shown(self, action: Action) -> bool:
        """Whether an action was done through this object, or shown by it since."""
        shown = min((self._seen_of.get(node, 0) for node in action.nodes), default=0)
        return action.version in self._made or action.version <= max(self._seen, shown)

    def _last_shown(self, node: str) -> int:
        return self._seen_of.get(self._session.node_named(node), self._seen)

    def _spec(self, node: str) -> ScriptExecutionSpec:
        """A node's configuration with paths that can be opened."""
        spec = self._session.spec(node)
        if spec is None:
            raise AssertionError(f"{node} was configured and has no configuration")
        script = self._held.state.nodes[NodeName(spec.step_name)].script
        located = {
            "script_path": script and self._located(script.path),
            "input_paths": {n: self._located(p) for n, p in spec.input_paths.items()},
            "output_paths": {n: self._located(p) for n, p in spec.output_paths.items()},
        }
        return spec.model_copy(update=located)

    def _located(self, path: str | None) -> str | None:
        return None if path is None else self._held.locate(RecordedPath(path))


def wired(stack: ExitStack, absent: Absent = "make", **flags: str | None) -> Application:
    """The wired application for a caller in Python, which ends with `stack`."""
    try:
        app = wire("python", cwd=str(Path.cwd()), environ=os.environ, flags=flags, absent=absent)
    except SettingError as wrong:
        wrong.message = wrong.message.replace(" (flag):", ":")  # here it is a keyword
        raise
    return stack.enter_context(app)
