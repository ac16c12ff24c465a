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
from runthrough.core.staleness import configured_otherwise
from runthrough.core.state import SessionState
from runthrough.core.values.fingerprints import digest
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.secrets import holds_mask, masked_prose
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    SessionNameTakenError,
    VersionConflictError,
)


def checked_name(verb: str, name: str) -> str:
    """A name that a session may be called.

    Raises:
        CommandInvalidError: It cannot be typed, or looks like a secret.
    """
    wrong = _unusable(name) if isinstance(name, str) else "is no text"
    if wrong is not None:
        raise CommandInvalidError(
            verb,
            f"a session cannot be called so: its name {wrong}",
            fix="give a name of letters, digits, hyphens, dots and spaces within, "
            "such as quiet-heron",
        )
    if holds_mask(masked_prose(name)):
        raise CommandInvalidError(
            verb, "the name looks as if it held a secret", fix="choose another name"
        )
    return name


def _unusable(name: str) -> str | None:
    """Why a session could not be found by a name: `/` ends it in an address, `@` begins a version.

    Names that were given before this was a rule are read as they are.
    """
    bad = next((sign for sign in name if sign in "/@" or not sign.isprintable()), None)
    if bad is not None:
        shown = bad if bad.isprintable() else f"the unprintable sign U+{ord(bad):04X}"
        return f"holds {shown}"
    if not name.strip():
        return "is empty"
    if name != name.strip():
        return "begins or ends with a space"
    if name.isdecimal():
        return "has digits only, as a version has"
    return "is now, which means the present version" if name == "now" else None


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
        self.refresh()
        return self._kept(AddNote(text=masked_prose(text)))

    def approve(self, version: int | None = None, *, based_on: int | None = None) -> Recorded:
        """Sign off what had passed at a version; left out, at the present one.

        Raises:
            CommandInvalidError: The session has no such version.
            CommandRefusedError: A script had not passed then as it was set up.
            VersionConflictError: Somebody else changed the session after `based_on`.
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
            ApproveVersion(
                version=asked,
                fingerprints=fingerprints,
                open_nodes=open_nodes,
                based_on=self._based_on(based_on, "approve"),
            )
        )

    def rename(
        self, name: str, *, seen: str | None = None, based_on: int | None = None
    ) -> Recorded:
        """Call the session otherwise, where `seen` is given only if it is still called so.

        Raises:
            CommandInvalidError: The name is none that can be typed.
            CommandRefusedError: It is called so already, or otherwise than was seen, or closed.
            SessionNameTakenError: Another open session has the name.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self.refresh()
        command = RenameSession(
            name=checked_name("rename", name),
            seen=seen,
            based_on=self._based_on(based_on, "rename"),
        )
        try:
            return self._kept(command)
        except SessionNameTakenError as taken:
            taken.fix = "runthrough rename NAME, with a name that is free"
            raise

    def close(self, *, based_on: int | None = None) -> Recorded:
        """End the session's work; its history stays.

        Raises:
            CommandRefusedError: A run is on, or the session is closed.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self.refresh()
        return self._kept(CloseSession(based_on=self._based_on(based_on, "close")))

    def reopen(self, *, name: str | None = None, based_on: int | None = None) -> Recorded:
        """Go on with a closed session, under another name where one is given.

        Raises:
            CommandInvalidError: The name is none that can be typed.
            CommandRefusedError: It is not closed.
            SessionNameTakenError: Another open session has its name.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self.refresh()
        asked = None if name is None else checked_name("reopen", name)
        try:
            return self._kept(
                ReopenSession(name=asked, based_on=self._based_on(based_on, "reopen"))
            )
        except SessionNameTakenError as taken:
            taken.fix = "runthrough reopen --name NAME, with a name that is free"
            raise

    def archive(
        self,
        *,
        export: Callable[[], object] | None = None,
        withdraw: Callable[[], object] | None = None,
        based_on: int | None = None,
    ) -> Recorded:
        """Let a closed session no longer be listed; nothing of it is deleted.

        It is exported before, unless it is refused; where the export fails nothing is recorded.
        Where somebody else archives it meanwhile, `withdraw` takes the export back.

        Raises:
            CommandRefusedError: It is not closed, or not listed already.
            VersionConflictError: Somebody else changed the session after `based_on`.
        """
        self.refresh()
        command = ArchiveSession(based_on=self._based_on(based_on, "archive"))
        exported = export is not None and not self._handler.refuses(self._loaded, command)
        if exported and export is not None:
            export()
        try:
            return self._kept(command)
        except (CommandRefusedError, VersionConflictError):
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
        stored = self._handle(command)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)


def _passed_as_it_is(state: SessionState, node: NodeName) -> bool:
    """Whether a node's last attempt passed, with what it is set up with."""
    there = state.nodes[node]
    passed = there.last is not None and there.last.outcome == "passed"
    return passed and there.passed is not None and not configured_otherwise(state, node)
