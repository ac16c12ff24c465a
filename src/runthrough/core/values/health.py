"""What `doctor` looks at: versions, the settings, the database; and what it says of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["ok", "warning", "error"]
Check = Literal[
    "versions",
    "settings",
    "database",
    "schema",
    "triggers",
    "log_head",
    "events",
    "clock",
    "sqlite_fault",
    "journal_mode",
    "synchronous",
    "content",
    "file_system",
    "free_space",
    "permissions",
    "server_version",
    "encoding",
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "writable",
    "rights",
    "server_clock",
    "disk_use",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what it means."""

    check: Check
    level: Level
    message: str
    fix: str | None = None
    """What to do, where something is to be done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that stood in the way of looking, as it would be told."""

    message: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """What takes part, with its version."""

    runthrough: str
    python: str
    sqlite: str
    sqlalchemy: str
    pydantic: str
    psycopg: str | None = None
    """`None` where it is not installed."""
    postgresql: str | None = None
    """Of the server; `None` where none was asked."""


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the log's tables tell."""

    schema: str | None
    """`None` where there are no tables."""
    missing_triggers: tuple[str, ...] | None = None
    """Of those that keep events as they are; `None` where the schema is not today's."""
    last_recorded_at: datetime | None = None
    """Of the last event; aware, UTC. `None` in an empty log."""
    last_position: int = 0
    """Of the last event; 0 in an empty log."""
    head_position: int | None = None
    """What `log_head` says of it; `None` where it says nothing."""
    read: int = 0
    """Of the newest events, how many were read back, up to the first that could not be."""
    unreadable: Fault | None = None
    """The newest event that cannot be read back; `None` where all that were tried can."""
    session_folders: tuple[tuple[str, str], ...] = ()
    """Host and absolute path of each session's own folder, sorted."""


@dataclass(frozen=True, slots=True)
class PathRights:
    """What this process may do with a file or folder, and whether everybody may."""

    path: str
    kind: Literal["file", "folder", "other"]
    readable: bool
    """Of a folder: it may be entered."""
    writable: bool
    """Of a folder: files may be made in it."""
    must_be_writable: bool
    """Of a lock file, reading is enough."""
    open_to_all: bool
    """Any user of the machine may write it; of a folder, replace what lies in it."""


@dataclass(frozen=True, slots=True)
class SqliteFacts:
    """A database file, and where it lies."""

    path: str
    size_bytes: int | None
    """`None` where there is no file."""
    file_system: str | None
    """As the system names its kind, such as `ext4`; `None` where it does not."""
    on_network: bool
    """Several machines share the file system."""
    free_bytes: int
    rights: tuple[PathRights, ...]
    """The file, the files beside it that are there, and the nearest folder that is there."""
    journal_mode: Literal["wal", "rollback"] | None = None
    """As the file itself says; `None` where it holds nothing yet."""
    synchronous: Literal["off", "normal", "full", "extra"] | None = None
    """Of the connection that writes; `None` where it was not opened."""
    damage: str | None = None
    """The first thing that SQLite's own check of the file complains about."""


@dataclass(frozen=True, slots=True)
class PostgresFacts:
    """A PostgreSQL server, and what it lets this user do."""

    version: int
    """As `server_version_num`: 140005 is 14.5."""
    encoding: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    replica: bool
    read_only: bool
    """Transactions begin as read-only ones, on a replica or by a setting."""
    database: str
    user: str
    missing_rights: tuple[str, ...]
    """On tables that are there, such as `SELECT, INSERT on events`."""
    owner: str
    """Of the tables; where there are none, of the database."""
    may_migrate: bool
    """Whether this user can make and change the tables: is the owner, or acts for it."""
    clock_ahead_s: float
    """Of the server's clock before ours; below zero where it is behind."""

    @property
    def release(self) -> str:
        """The version in its usual form, such as 14.5."""
        major, minor = divmod(self.version, 10_000)
        return f"{major}.{minor}"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What was found where the settings point."""

    place: str
    """As people know it; no password in it."""
    origin: str
    """Where the setting came from: `flag`, a variable, the path of a file, `default`."""
    schema_wanted: str
    fault: Fault | None = None
    """What kept us from reading the log, or even from reaching the database."""
    log: LogFacts | None = None
    sqlite: SqliteFacts | None = None
    postgres: PostgresFacts | None = None


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What sessions keep on this machine: attempts, outputs, logs."""

    folders: int
    size_bytes: int
    """As the disk counts it, of all folders together."""
    largest: str
    """Absolute path of the largest folder."""
    largest_bytes: int
    free_bytes: int
    """What is free for this user where the largest lies."""


@dataclass(frozen=True, slots=True)
class Health:
    """All that `doctor` looked at."""

    now: datetime
    """By this machine's clock; aware, UTC."""
    versions: Versions
    settings_fault: Fault | None = None
    database: DatabaseFacts | None = None
    """`None` where the settings do not tell which one."""
    disk: DiskUse | None = None
    """`None` where no session has a folder on this machine."""
