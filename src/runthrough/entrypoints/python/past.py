"""What lies behind a session and what becomes of it: time travel, history, audit."""

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Self

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.bootstrap import Application, load_either, withdraw, write_pipeline, write_session
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.entrypoints.given import Folder, definition_of, names_renamed, path_given
from runthrough.entrypoints.notebook import Differences, History
from runthrough.entrypoints.python.advice import advising
from runthrough.entrypoints.python.held import View, wired
from runthrough.entrypoints.python.runs import RunActions
from runthrough.errors import CommandInvalidError, SessionError, UnknownNodeError


@advising
class PastActions(RunActions):
    """Looks back, goes back, and puts away.

    A moment is a version, or an aware time; of a time the last version before the first event
    that came later is meant.
    """

    # ---- looking back

    def as_of(self, at: int | datetime) -> Self:
        """The session as it was at a moment, read only; its status looks at no file of today.

        Raises:
            SessionError: It never was at that moment, or the time has no time zone.
        """
        if at is None:
            raise SessionError("as_of needs a version or an aware time.", fix="as_of(41)")
        with ExitStack() as stack:
            app = self._wired_alike(stack)
            return self._over(app.sessions.open_at(self.session_id, at), app, stack)

    def history(
        self,
        node: str | None = None,
        actor: str | None = None,
        type: str | None = None,  # noqa: A002 - the name that it has in every row
        since: int | datetime | None = None,
    ) -> History:
        """Every event, or those that fit all that is asked for; see the reference for the keys.

        Args:
            node: A node that there is, or was; what it was called before is followed.
            actor: Who did it.
            type: Of event, such as `ScriptConfigured`.
            since: The first version, or the first moment (aware).

        Raises:
            UnknownNodeError: No node has, or had, that name.
            CommandInvalidError: There is no such type, or `since` is neither version nor moment.
        """
        rows = self._session.history(node, actor=actor, type=type, since=since)
        if actor is None and type is None and since is None:
            with suppress(UnknownNodeError):  # one that is gone cannot be configured any more
                self._looked(None, node)
        return History(row.view() for row in rows)

    def diff(self, other: "int | datetime | str | PastActions | None" = None) -> Differences:
        """What differs between another moment or session and this one as it is shown here.

        Each row has node, part, name, old, new; of a script also diff, the text that differs, or
        the reason why there is none.

        Args:
            other: A moment of this session, another object like this one, or a text: a session,
                `SESSION@VERSION` or `now`. Left out, where the last run that passed ended.

        Raises:
            SessionError: It never was, or no run has passed.
            UnknownSessionError: There is no such session.
        """
        if isinstance(other, PastActions):
            one: object = other._session  # noqa: SLF001 - an object of this class
        else:
            one = other
        return Differences(row.view() for row in self._sessions.diff(self._session, one).rows)

    def verify_audit(self) -> View:
        """Recompute the chain of hashes of the whole log.

        Keys: ok, checked, head_position, first_bad (position, kind; null where all is well).
        """
        verdict = self._app.auditing.verify()
        return {
            "ok": verdict.ok,
            "checked": verdict.checked,
            "head_position": verdict.head_position,
            "first_bad": asdict(verdict.first_bad) if verdict.first_bad else None,
        }

    # ---- going back, and elsewhere

    def fork(self, at: int | datetime | None = None, name: str | None = None) -> Self:
        """A session that goes on from a moment of this one; left out, from where this one is.

        Nothing is recorded in this one.

        Raises:
            SessionError: It never was at that moment.
            SessionNameTakenError: An open session has the name.
            CommandInvalidError: The name is none that can be typed.
        """
        with ExitStack() as stack:
            app = self._wired_alike(stack)
            shown = self._session
            where = shown.version if at is None and shown.past else at
            return self._over(app.sessions.fork(self.session_id, at=where, name=name), app, stack)

    def undo(self, to: int | None = None, anyone: bool = False) -> View:
        """Take back the last thing done to the configuration, or all since the version `to`.

        What others did is taken back only with `anyone`, and only what was done through this
        object or shown by it. Beside the usual keys: undone, the actions that were taken back.

        Raises:
            CommandRefusedError: There is nothing to take back, it is another's, or it was not
                shown yet.
            CommandInvalidError: `to` is no version.
        """
        if to is not None and (isinstance(to, bool) or not isinstance(to, int)):
            raise CommandInvalidError("undo", f"a version is a whole number, not {to!r}")
        return self._reverted(self._session.undo(to=to, anyone=bool(anyone), seen=self._was_shown))

    def redo(self) -> View:
        """Do again what the last undo took back, while nothing else was done.

        Raises:
            CommandRefusedError: Nothing is taken back, or somebody acted since.
        """
        return self._reverted(self._session.redo())

    def update(
        self,
        pipeline: PipelineDAG | PipelineDefinition | None = None,
        *,
        renamed: Mapping[str, str] | None = None,
    ) -> View:
        """Test the pipeline as it is now; what people answered stays.

        Beside the usual keys: told, where the pipeline says otherwise than a person did.

        Args:
            pipeline: Left out, the session's own pipeline file is read again.
            renamed: Old → new names of nodes that are called otherwise now.

        Raises:
            PipelineError: It is no pipeline.
            CommandInvalidError: `renamed` maps no names.
            CommandRefusedError: Nothing differs, or a name cannot be taken over.
            UnknownNodeError: No node has the old name of one that is renamed.
        """
        session = self._session
        names = names_renamed(renamed)
        if pipeline is None:
            definition = load_either(session.pipeline_file(), scripts=session.workspaces())
        else:
            definition = definition_of(pipeline, str(Path.cwd()))
        recorded = session.update(definition, renamed=names)
        return {**self._told(recorded), "told": list(recorded.told)}

    def export(self, path: Folder, *, force: bool = False) -> View:
        """Write the session as a pipeline file, with all that was answered.

        Keys: file, nodes, left_out: what such a file cannot say, a line each; also how many
        comments stood in a file that was overwritten.

        Raises:
            CommandInvalidError: `path` is none.
            PipelineFileError: The file is there already, and not to be overwritten with `force`.
        """
        file, session = path_given("export", path), self._session
        declared = session.as_pipeline()
        written = write_pipeline(file, declared, locate=session.locate, force=force)
        left_out = [*session.unsaid(), *written.left_out]
        return {"file": written.file, "nodes": list(declared.nodes), "left_out": left_out}

    # ---- what is said of it, and what becomes of it

    def note(self, text: str) -> View:
        """Keep a remark; what looks like a secret in it is masked.

        Raises:
            CommandRefusedError: It says nothing.
        """
        return self._told(self._session.note(text))

    def approve(self, version: int | None = None) -> View:
        """Sign off what had passed at a version; left out, at the present one.

        Beside the usual keys: approval, as in `status()`.

        Raises:
            CommandInvalidError: The session has no such version.
            CommandRefusedError: A script had not passed then as it was set up.
        """
        told = self._told(self._session.approve(version))
        return {**told, "approval": self._session.status()["approval"]}

    def rename(self, name: str) -> View:
        """Call the session otherwise.

        Raises:
            CommandInvalidError: The name is none that can be typed.
            CommandRefusedError: It is called so already, or it is closed.
            SessionNameTakenError: Another open session has the name.
        """
        return self._told(self._session.rename(name))

    def reopen(self, name: str | None = None) -> View:
        """Go on with a closed session, under another name where one is given.

        Raises:
            CommandRefusedError: It is not closed.
            SessionNameTakenError: Another open session has its name.
        """
        return self._told(self._session.reopen(name=name))

    def archive(self, path: Folder | None = None) -> View:
        """Export a closed session to a new file, and let it no longer be listed.

        Beside the usual keys: file, by default NAME.jsonl in the current folder, and events,
        how many it holds.

        Raises:
            CommandRefusedError: It is not closed, or not listed already.
            CommandInvalidError: `path` is none.
            AuditFileError: The file is there already, or cannot be written.
        """
        session = self._session
        default = f"{session.name.replace(os.sep, '_')}.jsonl"
        file = default if path is None else path_given("archive", path)
        events = 0

        def export() -> None:
            nonlocal events
            events = write_session(self._app, session.session_id, file)

        told = self._told(session.archive(export=export, withdraw=lambda: withdraw(file)))
        return {**told, "file": file, "events": events}

    # ---- how it is done

    @classmethod
    def _over(cls, session: Session, app: Application, stack: ExitStack) -> Self:
        factory = cls.__new__(cls)
        factory._hold(session, app, stack)  # noqa: SLF001 - an object of this class
        return factory

    def _wired_alike(self, stack: ExitStack) -> Application:
        """Another connection to the same database, so that each object ends its own."""
        self._session  # noqa: B018 - refuses where this object has let go of its own
        settings = self._app.settings
        flags = {"database_url": settings.database_url, "runner": settings.runner}
        actor = settings.actor if settings.actor_source == "flag" else None
        return wired(stack, "refuse", actor=actor, **flags)

    def _reverted(self, recorded: Recorded) -> View:
        undone = self._session.undone(recorded)
        return {**self._told(recorded), "undone": [action.view() for action in undone]}
