"""Who calls, and the columns that this puts beside every event."""

from dataclasses import dataclass

from runthrough.application.ports import Clock, NewId
from runthrough.core.values.ids import CommandId, HostId
from runthrough.core.values.metadata import ActorSource, Door, Metadata


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that may come twice and is done once: its key tells it from all others."""

    command_id: CommandId
    """Of the first command that it leads to."""
    refusal_id: CommandId
    """Of its refusal, where a run that it asks for is refused before there is a command."""
    hash: str
    """Of all that is asked; 64 hex characters."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The person at a door."""

    actor: str
    actor_source: ActorSource
    door: Door
    host: HostId
    host_name: str
    app_version: str
    clock: Clock
    new_id: NewId
    correlation_id: str | None = None
    """What its commands are part of, where nothing nearer is; a door's request."""
    request: KeyedRequest | None = None
    """What its commands are asked by, where that has a key."""

    def metadata(
        self, *, command_id: str | None = None, correlation_id: str | None = None
    ) -> Metadata:
        """The columns of one command, now."""
        return Metadata(
            actor=self.actor,
            actor_source=self.actor_source,
            door=self.door,
            host=self.host,
            app_version=self.app_version,
            command_id=CommandId(command_id or self.new_id()),
            recorded_at=self.clock(),
            correlation_id=correlation_id or self.correlation_id,
            request_hash=None if self.request is None else self.request.hash,
        )
