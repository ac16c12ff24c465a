"""Who calls, and the columns that this puts beside every event."""

from dataclasses import dataclass

from runthrough.application.ports import Clock, NewId
from runthrough.core.values.ids import CommandId, HostId
from runthrough.core.values.metadata import ActorSource, Door, Metadata


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
            correlation_id=correlation_id,
        )
