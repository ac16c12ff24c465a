"""The one loop: load, decide, append, evolve."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_core import PydanticSerializationError

from runthrough.application.ports import EventStore, Log
from runthrough.core.commands import Command, ConfigureScript, StartSession
from runthrough.core.decide import Conflict, conflicting, decide
from runthrough.core.events import CommandRefused, Event, EventEnvelope
from runthrough.core.evolve import replay
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.secrets import masked_text
from runthrough.core.views.conflicts import conflict_fields
from runthrough.core.views.particulars import Particulars
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    SelectionError,
    UnknownNodeError,
    VersionConflictError,
    WrongExpectedVersionError,
)


@dataclass(slots=True)
class Loaded:
    """A session's state and particulars, folded up to `state.version`."""

    state: SessionState
    particulars: Particulars = field(default_factory=Particulars)

    def fold(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Take in events that follow what is folded already."""
        replay(envelopes, self.state)
        self.particulars.take(envelopes)


def request_hash(command: Command, actor: str, session_id: SessionId) -> str:
    """SHA-256 over what was asked, of which session and by whom; 64 hex characters.

    Facts are left out: they are what was seen, not what was asked. So is the id of a session
    that is to begin, since a retry makes another.

    Raises:
        CommandInvalidError: A value cannot be kept as text.
    """
    try:
        asked = command.model_dump_json(exclude={"facts"})
    except PydanticSerializationError as error:
        raise CommandInvalidError(command.verb, str(error)) from error
    session = "" if isinstance(command, StartSession) else session_id
    told = f"{type(command).__name__}\n{session}\n{actor}\n{asked}"
    return hashlib.sha256(told.encode()).hexdigest()


class CommandHandler:
    """Handles commands of any session against one store."""

    def __init__(self, store: EventStore, log: Log) -> None:
        self._store = store
        self._log = log

    def load(self, session_id: SessionId, *, upto: int | None = None) -> Loaded:
        """The session as the log tells it; `upto` a version, or to its end."""
        loaded = Loaded(SessionState(session_id))
        for envelope in self._store.read(session_id, upto=upto):
            loaded.fold((envelope,))
        return loaded

    def refresh(self, loaded: Loaded) -> None:
        """Take in what others appended."""
        state = loaded.state
        for envelope in self._store.read(state.session_id, after=state.version):
            loaded.fold((envelope,))

    def handle(
        self, loaded: Loaded, command: Command, metadata: Metadata, *, retried: bool = False
    ) -> tuple[EventEnvelope, ...]:
        """Decide and append; `loaded` moves on. `retried`: the caller chose the command id.

        Raises:
            CommandRefusedError: The state does not allow it; the refusal is recorded.
            VersionConflictError: Somebody else changed the same node since the command's base.
        """
        asked = request_hash(command, metadata.actor, loaded.state.session_id)
        if retried:
            answer = self._store.answer(metadata.command_id, request_hash=asked)
            if answer is not None:
                self.refresh(loaded)
                return answer
        try:
            return self._decide(loaded, command, metadata, asked)
        except WrongExpectedVersionError:
            # Others appended meanwhile; under the lock the second try cannot be overtaken. A
            # refusal is an answer too: it is recorded before the lock is left.
            with self._store.exclusive():
                self.refresh(loaded)
                outcome = self._settled(loaded, command, metadata, asked)
            if isinstance(outcome, Exception):
                raise outcome from None
            return outcome

    def _settled(
        self, loaded: Loaded, command: Command, metadata: Metadata, asked: str
    ) -> tuple[EventEnvelope, ...] | Exception:
        try:
            return self._decide(loaded, command, metadata, asked)
        except (CommandRefusedError, UnknownNodeError, SelectionError) as refusal:
            return refusal

    def _decide(
        self, loaded: Loaded, command: Command, metadata: Metadata, asked: str
    ) -> tuple[EventEnvelope, ...]:
        conflict = conflicting(command, loaded.state)
        if conflict is not None and isinstance(command, ConfigureScript):
            raise self._conflict_error(loaded, command, conflict)
        try:
            events = decide(command, loaded.state)
        except (CommandRefusedError, UnknownNodeError, SelectionError) as refusal:
            refused = CommandRefused(
                command=command.verb, code=refusal.code, message=masked_text(refusal.message)
            )
            if loaded.state.version:
                self._append(loaded, (refused,), metadata, asked)
            self._tell(loaded, command, metadata, refused=refusal.code)
            raise
        envelopes = self._append(loaded, events, metadata, asked) if events else ()
        self._tell(loaded, command, metadata, events=len(envelopes))
        return envelopes

    def _tell(
        self, loaded: Loaded, command: Command, metadata: Metadata, **values: str | float | None
    ) -> None:
        self._log(
            "command",
            command=type(command).__name__,
            session_id=loaded.state.session_id,
            actor=metadata.actor,
            door=metadata.door,
            correlation_id=metadata.correlation_id,
            version=loaded.state.version,
            **values,
        )

    def _append(
        self, loaded: Loaded, events: Sequence[Event], metadata: Metadata, asked: str
    ) -> tuple[EventEnvelope, ...]:
        state = loaded.state
        envelopes = self._store.append(
            state.session_id,
            events=events,
            expected_version=state.version,
            metadata=metadata,
            request_hash=asked,
        )
        if envelopes[0].version == state.version + 1:
            loaded.fold(envelopes)
        else:
            self.refresh(loaded)
        return envelopes

    def _conflict_error(
        self, loaded: Loaded, command: ConfigureScript, conflict: Conflict
    ) -> VersionConflictError:
        base = self.load(loaded.state.session_id, upto=conflict.based_on)
        at = conflict.concerned_at
        (theirs,) = self._store.read(loaded.state.session_id, after=at - 1, upto=at)
        return VersionConflictError(
            command.node,
            based_on=conflict.based_on,
            version=at,
            actor=theirs.metadata.actor,
            event=theirs.event.type,
            fields=conflict_fields(command, base.state, loaded.state),
        )
