"""What may be asked. A command carries the facts its decision needs in the field `facts`.

`facts` are what was seen, not what was asked: two tries of one command may differ in them and
still be the same request. So is `stood`, which a version tells already.
"""

from runthrough.core.commands.configuration import (
    AcceptUnchanged,
    BindScript,
    ClearConfiguration,
    ConfigureScript,
    ConfirmConnections,
    Connect,
    Disconnect,
    MarkExternal,
    MarkInternal,
    RecordWorld,
    RedoConfiguration,
    RejectConnections,
    Target,
    UndoConfiguration,
    UpdatePipeline,
)
from runthrough.core.commands.execution import (
    CancelRun,
    FinishRun,
    FinishScript,
    ReuseScript,
    SeamChecked,
    StartRun,
    StartScript,
)
from runthrough.core.commands.kinds import InformedCommand, World
from runthrough.core.commands.sessions import (
    AddNote,
    ApproveVersion,
    ArchiveSession,
    CloseSession,
    ForkSession,
    ImportSession,
    MoveHome,
    RenameSession,
    ReopenSession,
    StartSession,
)
from runthrough.core.values.ids import NodeName

__all__ = [
    "AcceptUnchanged",
    "AddNote",
    "ApproveVersion",
    "ArchiveSession",
    "BindScript",
    "CancelRun",
    "ClearConfiguration",
    "CloseSession",
    "Command",
    "ConfigureScript",
    "ConfirmConnections",
    "Connect",
    "Disconnect",
    "FinishRun",
    "FinishScript",
    "ForkSession",
    "ImportSession",
    "InformedCommand",
    "MarkExternal",
    "MarkInternal",
    "MoveHome",
    "NodeCommand",
    "RecordWorld",
    "RedoConfiguration",
    "RejectConnections",
    "RenameSession",
    "ReopenSession",
    "ReuseScript",
    "SeamChecked",
    "SessionCommand",
    "StartRun",
    "StartScript",
    "StartSession",
    "Target",
    "TargetsCommand",
    "UndoConfiguration",
    "UpdatePipeline",
    "World",
    "nodes_of",
]

Command = (
    StartSession
    | ConfigureScript
    | Connect
    | ConfirmConnections
    | RejectConnections
    | Disconnect
    | BindScript
    | MarkExternal
    | MarkInternal
    | ClearConfiguration
    | AcceptUnchanged
    | RecordWorld
    | CancelRun
    | UndoConfiguration
    | RedoConfiguration
    | UpdatePipeline
    | ForkSession
    | ImportSession
    | MoveHome
    | AddNote
    | ApproveVersion
    | RenameSession
    | CloseSession
    | ReopenSession
    | ArchiveSession
    | StartRun
    | StartScript
    | FinishScript
    | ReuseScript
    | FinishRun
)

NodeCommand = (
    ConfigureScript
    | Connect
    | BindScript
    | MarkExternal
    | MarkInternal
    | ClearConfiguration
    | AcceptUnchanged
)
"""What a person asks of one node."""
TargetsCommand = ConfirmConnections | RejectConnections | Disconnect
"""What a person asks of some inputs."""
SessionCommand = (
    UndoConfiguration
    | RedoConfiguration
    | UpdatePipeline
    | ApproveVersion
    | RenameSession
    | CloseSession
    | ReopenSession
    | ArchiveSession
)
"""What a person asks of the session as a whole, who may have seen an older one."""


def nodes_of(command: Command) -> tuple[NodeName, ...]:
    """The nodes that a person's command is about; none for what is about the whole session."""
    if isinstance(command, NodeCommand):
        return (command.node,)
    if isinstance(command, TargetsCommand):
        return tuple(dict.fromkeys(target.node for target in command.targets))
    return ()
