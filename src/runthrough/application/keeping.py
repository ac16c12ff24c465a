"""What is said of a session as a whole, and what becomes of it."""

from collections.abc import Callable

from runthrough.application.shown import Recorded
from runthrough.application.updating import UpdatedSession
from runthrough.core.commands import (
    AddNote,
    ApproveVersion,
    ArchiveSession,
    CloseSession,
    Command,
    RenameSession,
    ReopenSession,
)
from runthrough.core.staleness import configured_otherwise, digest
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.secrets import holds_mask, masked_prose, masked_text
from runthrough.errors import CommandInvalidError, CommandRefusedError, SessionNameTakenError


def checked_name(verb: str, name: str) -> str:
    """A name that a session may be called.

    Raises:
        CommandInvalidError: It cannot be typed, or looks like a secret.
    """
    typable = isinstance(name, str) and name.strip() and name.isprintable() and name[0] != "@"
    if not typable:
        raise CommandInvalidError(
            verb,
            f"a session cannot be called {name!r}",
            fix="give a name of letters and digits, such as quiet-heron",
        )
    if holds_mask(masked_text(name)):
        raise CommandInvalidError(
            verb, "the name looks as if it held a secret", fix="choose another name"
        )
    return name


class KeptSession(UpdatedSession):
    """A session that is noted upon, approved, named and put away."""

    def note(self, text: str) -> Recorded:
        """Keep a remark; what looks like a secret in it is masked.

        Raises:
            CommandInvalidError: It is no text.
            CommandRefusedError: It says nothing.
        """
        if not isinstance(text, str):
            raise CommandInvalidError("note", f"a note is text, not {text!r}")
        return self._kept(AddNote(text=masked_prose(text)))

    def approve(self, version: int | None = None) -> Recorded:
        """Sign off what had passed at a version; left out, at the present one.

        Raises:
            CommandInvalidError: The session has no such version.
            CommandRefusedError: A script had not passed then as it was set up.
        """
        self.refresh()
        asked = self._approvable(version)
        state = self.state_at(asked)
        open_nodes = tuple(
            node
            for node, there in state.nodes.items()
            if not there.external and not _passed_as_it_is(state, node)
        )
        fingerprints = {
            node: digest(there.passed.fingerprint)
            for node, there in state.nodes.items()
            if not there.external and there.passed is not None and node not in open_nodes
        }
        return self._kept(
            ApproveVersion(version=asked, fingerprints=fingerprints, open_nodes=open_nodes)
        )

    def rename(self, name: str) -> Recorded:
        """Call the session otherwise.

        Raises:
            CommandInvalidError: The name is none that can be typed.
            CommandRefusedError: It is called so already, or it is closed.
            SessionNameTakenError: Another open session has the name.
        """
        try:
            return self._kept(RenameSession(name=checked_name("rename", name)))
        except SessionNameTakenError as taken:
            taken.fix = "runthrough rename NAME, with a name that is free"
            raise

    def close(self) -> Recorded:
        """End the session's work; its history stays.

        Raises:
            CommandRefusedError: A run is on, or the session is closed.
        """
        return self._kept(CloseSession())

    def reopen(self, *, name: str | None = None) -> Recorded:
        """Go on with a closed session, under another name where one is given.

        Raises:
            CommandInvalidError: The name is none that can be typed.
            CommandRefusedError: It is not closed.
            SessionNameTakenError: Another open session has its name.
        """
        asked = None if name is None else checked_name("reopen", name)
        try:
            return self._kept(ReopenSession(name=asked))
        except SessionNameTakenError as taken:
            taken.fix = "runthrough reopen --name NAME, with a name that is free"
            raise

    def archive(
        self,
        *,
        export: Callable[[], object] | None = None,
        withdraw: Callable[[], object] | None = None,
    ) -> Recorded:
        """Let a closed session no longer be listed; nothing of it is deleted.

        It is exported before, unless it is refused; where the export fails nothing is recorded.
        Where somebody else archives it meanwhile, `withdraw` takes the export back.

        Raises:
            CommandRefusedError: It is not closed, or not listed already.
        """
        self.refresh()
        command = ArchiveSession()
        exported = export is not None and not self._handler.refuses(self._loaded, command)
        if exported and export is not None:
            export()
        try:
            return self._kept(command)
        except CommandRefusedError:
            if exported and withdraw is not None:
                withdraw()
            raise

    def _approvable(self, version: int | None) -> Version:
        if version is None:
            return self.version
        whole = isinstance(version, int) and not isinstance(version, bool)
        if not whole or not 1 <= version <= self.version:
            raise CommandInvalidError(
                "approve",
                f"the session has versions 1 to {self.version}, not {version!r}",
                fix="runthrough history lists the versions",
            )
        return Version(version)

    def _kept(self, command: Command) -> Recorded:
        self.refresh()
        stored = self._handle(command)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)


def _passed_as_it_is(state: SessionState, node: NodeName) -> bool:
    """Whether a node's last attempt passed, with what it is set up with."""
    there = state.nodes[node]
    passed = there.last is not None and there.last.outcome == "passed"
    return passed and there.passed is not None and not configured_otherwise(state, node)
