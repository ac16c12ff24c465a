"""The one loop: load, decide, append, evolve."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic_core import PydanticSerializationError

from runthrough.application.ports import Clock, EventStore, Log, SnapshotCache
from runthrough.application.wishes import WHOLE, Asked
from runthrough.core.commands import Command, ForkSession, InformedCommand, StartSession
from runthrough.core.decide import conflicting, decide
from runthrough.core.events import CommandRefused, Event, EventEnvelope
from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.secrets import masked_prose
from runthrough.core.views.conflicts import conflict_fields, conflict_lines
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.particulars import Particulars
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    RunthroughError,
    SelectionError,
    StoreUnavailableError,
    UnknownNodeError,
    VersionConflictError,
    WrongExpectedVersionError,
)

LONG_TAIL = 1000
"""A session that has so many events behind its last snapshot is worth another."""
SLOW_TAIL = timedelta(milliseconds=20)
"""So is one whose tail took longer than this: large events make a short tail slow."""
SHORT_TAIL = 100
"""A tail up to this is never worth one: what took long then was the first use of the decoder."""


_NOT_ASKED = frozenset({"facts", "stood", "like", "holder", "runner"})
"""What commands carry of the world: what was seen, and the process that does it and how."""


def request_hash(command: Command, actor: str, session_id: SessionId, what: Asked = WHOLE) -> str:
    """SHA-256 over what was asked, of which session and by whom; 64 hex characters.

    Facts are left out: they are what was seen, not what was asked. So is what stood at a version
    that is named, the process that is to do it, the id of a session that is to begin, since a
    retry makes another, and what else was `chosen` for whoever asks.

    Raises:
        CommandInvalidError: A value cannot be kept as text.
    """
    try:
        asked = command.model_dump_json(exclude={*_NOT_ASKED, *what.chosen})
    except PydanticSerializationError as error:
        raise CommandInvalidError(
            command.verb,
            "what is given holds bytes that are no text in UTF-8",
            fix="write it as UTF-8; a file or folder of such a name needs another one",
        ) from error
    session = what.of if isinstance(command, StartSession | ForkSession) else session_id
    told = f"{type(command).__name__}\n{session}\n{actor}\n{asked}"
    return hashlib.sha256(told.encode()).hexdigest()


def _hashed(command: Command, metadata: Metadata, session_id: SessionId, what: Asked) -> str:
    """What a command that comes again is told by: its request where that has a key."""
    own = request_hash(command, metadata.actor, session_id, what)
    return metadata.request_hash or own


def recalled(told: CommandRefused) -> CommandRefusedError:
    """A refusal as the log has it; what class it was of its code tells."""
    refusal = CommandRefusedError(told.message)
    refusal.code = told.code  # type: ignore[misc]  # that class cannot be made from its words
    return refusal


class CommandHandler:
    """Handles commands of any session against one store."""

    def __init__(
        self, store: EventStore, *, snapshots: SnapshotCache, clock: Clock, log: Log
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._log = log
        self._overtaken = False
        """Whether others appended between this one's last two commands: then a first try would
        wait for the lock only to learn that it has to wait again."""

    def load(self, session_id: SessionId, *, upto: int | None = None) -> Loaded:
        """The session as the log tells it; `upto` a version, or to its end.

        Of a fork, what its ancestors recorded is its own; paths are as the ancestor meant them.
        """
        loaded = self._snapshots.latest(session_id, upto=upto)
        if loaded is None:
            loaded = Loaded(SessionState(session_id))
        begun, begun_at = loaded.state.version, self._clock()
        keeping = self._fold_past(loaded, session_id, upto)
        tail, took = loaded.state.version - begun, self._clock() - begun_at
        long = tail > LONG_TAIL or (tail > SHORT_TAIL and took > SLOW_TAIL)
        if keeping and long and upto is None:  # one of the past would be the first to go
            self._keep_snapshot(loaded)
        return loaded

    def refresh(self, loaded: Loaded) -> None:
        """Take in what others appended."""
        self._fold_tail(loaded)

    def keep(self, loaded: Loaded) -> None:
        """Keep what is folded, so that it is opened quickly; not done, it costs only time."""
        self._keep_snapshot(loaded)

    def refuses(self, loaded: Loaded, command: Command) -> bool:
        """Whether a command would be refused as things stand; nothing is recorded."""
        return self._decide(loaded, command).refusal is not None

    def answered(
        self, loaded: Loaded, command: Command, metadata: Metadata, *, asked: Asked = WHOLE
    ) -> tuple[EventEnvelope, ...]:
        """What a command left when it was handled before, else nothing; `loaded` moves on.

        Raises:
            CommandRefusedError: It was refused then.
            CommandIdReusedError: The command id is known, and something else was asked with it.
        """
        hashed = _hashed(command, metadata, loaded.state.session_id, asked)
        stored = self._store.answer(metadata.command_id, request_hash=hashed) or ()
        if not stored:
            return ()
        self._fold_tail(loaded)
        refusal = _refusal(self._decide(loaded, command), stored)
        if refusal is not None:
            raise refusal
        return stored

    def handle(
        self, loaded: Loaded, command: Command, metadata: Metadata, *, asked: Asked = WHOLE
    ) -> tuple[EventEnvelope, ...]:
        """Decide and append; `loaded` moves on.

        A command whose id is known is answered with what it left when it was handled before. That
        may be of another session, where it begins one: then `loaded` is of none that there is. One
        that would record nothing by now is not looked for: who may come twice with an id, as
        requests do, asks for what it left first.

        Raises:
            CommandRefusedError: The state does not allow it; the refusal is recorded.
            UnknownNodeError: No node has that name; recorded as well.
            SelectionError: A run's selection matches no node; recorded as well.
            VersionConflictError: Somebody else changed the same node since the command's base;
                recorded as well.
            StoreUnavailableError: The database cannot be written; nothing was recorded.
        """
        hashed = _hashed(command, metadata, loaded.state.session_id, asked)
        if self._overtaken:
            decision, stored = self._decide_alone(loaded, command, metadata, hashed)
        else:
            try:
                decision = self._decide(loaded, command)
                stored = self._append(loaded.state, decision.events, metadata, hashed)
            except WrongExpectedVersionError:
                decision, stored = self._decide_alone(loaded, command, metadata, hashed)
        self._take(loaded, stored)
        refusal = _refusal(decision, stored)
        self._tell(
            loaded,
            type(command).__name__,
            metadata,
            events=None if refusal else len(stored),
            refused=refusal.code if refusal else None,
        )
        if refusal is not None:
            raise refusal
        return stored

    def refuse(
        self, loaded: Loaded, verb: str, refusal: CommandRefusedError, metadata: Metadata
    ) -> None:
        """Record that a wish was refused before it became a command; `loaded` moves on."""
        told = f"{verb}\n{loaded.state.session_id}\n{metadata.actor}\n{refusal.code}"
        asked = metadata.request_hash or hashlib.sha256(told.encode()).hexdigest()
        with self._store.exclusive():
            self._fold_tail(loaded)
            stored = self._append(loaded.state, (_refused(verb, refusal),), metadata, asked)
        self._take(loaded, stored)
        self._tell(loaded, verb, metadata, refused=refusal.code)

    def _decide_alone(
        self, loaded: Loaded, command: Command, metadata: Metadata, asked: str
    ) -> tuple["_Decision", tuple[EventEnvelope, ...]]:
        """Decide again when others appended meanwhile: under the lock nobody overtakes."""
        decision = _Decision()
        before, home = loaded.state.version, loaded.state.home
        try:
            with self._store.exclusive():
                self._fold_tail(loaded)
                self._overtaken = loaded.state.version != before
                if self._overtaken:
                    command = _with_news_only(command, loaded.particulars)
                decision = self._decide(loaded, command)
                if isinstance(command, InformedCommand) and loaded.state.home != home:
                    decision = _moved(decision, command, loaded.state)
                stored = self._append(loaded.state, decision.events, metadata, asked)
        except StoreUnavailableError:
            stored = self._answered(metadata, asked)
            if not stored:
                raise
        return decision, stored

    def _decide(self, loaded: Loaded, command: Command) -> "_Decision":
        try:
            self._refuse_conflict(loaded, command)
            return _Decision(decide(command, loaded.state))
        except _REFUSALS as refusal:
            # A session that does not begin has no history that could hold its refusal.
            begun = loaded.state.version and not isinstance(command, ForkSession)
            refused = (_refused(command.verb, refusal),) if begun else ()
            return _Decision(refused, refusal)

    def _tell(
        self, loaded: Loaded, command: str, metadata: Metadata, **values: str | float | None
    ) -> None:
        self._log(
            "command",
            command=command,
            session_id=loaded.state.session_id,
            actor=metadata.actor,
            door=metadata.door,
            correlation_id=metadata.correlation_id,
            version=loaded.state.version,
            **values,
        )

    def _append(
        self, state: SessionState, events: Sequence[Event], metadata: Metadata, asked: str
    ) -> tuple[EventEnvelope, ...]:
        if not events:
            return ()
        try:
            return self._store.append(
                state.session_id,
                events=events,
                expected_version=state.version,
                metadata=metadata,
                request_hash=asked,
            )
        except StoreUnavailableError:
            stored = self._answered(metadata, asked)
            if not stored:
                raise
            return stored

    def _answered(self, metadata: Metadata, asked: str) -> tuple[EventEnvelope, ...]:
        """What the log holds of a command whose append failed.

        It may have been committed and only the answer been lost. The store is not asked more
        than that: where it cannot even be read, its first error tells best what is wrong.
        """
        try:
            return self._store.answer(metadata.command_id, request_hash=asked) or ()
        except StoreUnavailableError:
            return ()

    def _take(self, loaded: Loaded, stored: Sequence[EventEnvelope]) -> None:
        """Fold what was committed; a command that was handled before may lie further back."""
        if stored and stored[0].session_id != loaded.state.session_id:
            return
        before = loaded.state.version
        if stored and stored[0].version == before + 1:
            loaded.fold(stored)
        elif stored:
            self._fold_tail(loaded)
        apart = _apart(loaded.state)
        if loaded.state.version // apart > before // apart:
            self._keep_snapshot(loaded)

    def _fold_past(self, loaded: Loaded, session_id: SessionId, upto: int | None) -> bool:
        """Fold what no snapshot spared; whether all that were to be left on the way are kept."""
        state, begun, keeping = loaded.state, loaded.state.version, True
        for envelope in self._store.read(session_id, after=begun, upto=upto):
            if keeping and state.version > begun and state.version % _apart(state) == 0:
                keeping = self._keep_snapshot(loaded)
            loaded.fold((envelope,))
            state.session_id = envelope.session_id  # what an ancestor recorded is its own
        state.session_id = session_id
        return keeping

    def _fold_tail(self, loaded: Loaded) -> None:
        state = loaded.state
        loaded.fold(self._store.read(state.session_id, after=state.version))

    def _keep_snapshot(self, loaded: Loaded) -> bool:
        """Spare the next one who opens the session its long tail; not done, it costs only time."""
        try:
            self._snapshots.keep(loaded)
        except StoreUnavailableError as error:
            self._log(
                "snapshot_not_kept", session_id=loaded.state.session_id, failed=error.message
            )
            return False
        return True

    def _refuse_conflict(self, loaded: Loaded, command: Command) -> None:
        conflict = conflicting(command, loaded.state)
        if conflict is None:
            return
        base = self.load(loaded.state.session_id, upto=conflict.based_on)
        at = conflict.concerned_at
        (theirs,) = self._store.read(loaded.state.session_id, after=at - 1, upto=at)
        raise VersionConflictError(
            conflict.node,
            based_on=conflict.based_on,
            version=at,
            actor=theirs.metadata.actor,
            event=theirs.event.type,
            fields=conflict_fields(command, conflict.node, base.state, loaded.state),
            told=conflict_lines(command, conflict.node, base.state, loaded.state),
        )


_REFUSALS = (CommandRefusedError, UnknownNodeError, SelectionError, VersionConflictError)


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a command leads to, and the error to raise where that is a refusal."""

    events: tuple[Event, ...] = ()
    refusal: RunthroughError | None = None


def _moved(decision: _Decision, command: Command, state: SessionState) -> _Decision:
    """Refuse what was decided on a look at a machine that the session has left meanwhile."""
    if decision.refusal is not None or state.home is None:
        return decision
    refusal = CommandRefusedError(
        f"The session moved to {state.home.name or state.home.host} meanwhile, so what was seen "
        "on this machine decides nothing.",
        fix="runthrough status shows what is there, and where it lives",
    )
    return _Decision((_refused(command.verb, refusal),), refusal)


def _with_news_only(command: Command, held: Particulars) -> Command:
    """A command without what it found changed and others have recorded since it looked."""
    if not isinstance(command, InformedCommand):
        return command
    facts = {
        node: seen.model_copy(
            update={
                "changes": tuple(c for c in seen.changes if not held.holds(node, c)),
                "reread": None if held.needs(node) == seen.requirements else seen.reread,
            }
        )
        if seen.changes or seen.reread
        else seen
        for node, seen in command.facts.items()
    }
    return command.model_copy(update={"facts": facts})


def _apart(state: SessionState) -> int:
    """So many events lie between two snapshots: one costs what the nodes are."""
    return max(LONG_TAIL, len(state.nodes))


def _refused(verb: str, refusal: RunthroughError) -> CommandRefused:
    message = masked_prose(refusal.message)
    return CommandRefused(command=verb, code=refusal.code, message=message)


def _refusal(decision: _Decision, stored: Sequence[EventEnvelope]) -> RunthroughError | None:
    """The error to raise, told by what the log holds of the command.

    A command that comes again gets the answer of its first time, whatever would be decided now.
    """
    told = next((e.event for e in stored if isinstance(e.event, CommandRefused)), None)
    if told is None:
        return None if stored else decision.refusal
    now = decision.refusal
    return now if now is not None and now.code == told.code else recalled(told)
