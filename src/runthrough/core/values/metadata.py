"""Who did something, through which door, and on which machine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from runthrough.core.values.ids import CommandId, HostId, RecordedPath
from runthrough.core.values.model import Frozen

ActorSource = Literal["token", "setting", "flag", "system"]
Door = Literal["python", "notebook", "cli", "http", "page", "system"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """The columns beside an event's payload that its caller knows."""

    actor: str
    actor_source: ActorSource
    door: Door
    host: HostId
    app_version: str
    command_id: CommandId
    recorded_at: datetime
    """Aware, UTC."""
    correlation_id: str | None = None
    causation_id: str | None = None
    request_hash: str | None = None
    """Of all that was asked, where the door tells: a command may depend on what is there. It is
    not known of events that are read back."""


class Home(Frozen):
    """The host on which a session lives."""

    host: HostId
    name: str = ""
    """The host's name for display."""


class SessionSettings(Frozen):
    """What a session fixes at its start."""

    workspaces: tuple[RecordedPath, ...] = ()
    """Search roots after the pipeline's own, by priority."""
    suffixes: tuple[str, ...] = Field(
        default=(
            "_training",
            "_calibration",
            "_evaluation",
            "_validation",
            "_testing",
            "_inference",
            "_registration",
        )
    )
    """Job types that a node name may end in."""
    compounds: tuple[str, ...] = ()
    """Words that stay whole in script names, beyond `core.names.COMPOUNDS`."""
    packages: tuple[str, ...] = ()
    """Packages whose scripts are found after those of all workspaces, first wins."""


class Holder(Frozen):
    """The process that drives a run."""

    host: HostId
    boot_id: str
    pid: int
    started_at: float
    """Start of the process in seconds, since the boot on Linux and since the epoch elsewhere, so
    that a reused pid is told apart; a wall clock that is set does not move it."""
    host_name: str = ""
    pid_namespace: str = ""
    """Within which the pid holds; empty where the system has one for all, or nothing tells."""


class Origin(Frozen):
    """Where an imported session comes from."""

    exported_at: datetime
    """When the export was written; aware, UTC."""
    app_version: str
    """Of the program that wrote it."""
    whole: bool = True
    """Whether all of the session was in the export. Of an ancestor that a fork needs only the
    part up to the fork is, so that nobody can go on with it."""
