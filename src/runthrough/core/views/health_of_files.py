"""A SQLite file and the place where it lies, judged."""

import shlex
from collections.abc import Iterator

from runthrough.core.values.health import DiskUse, Finding, PathRights, SqliteFacts
from runthrough.core.views.health_words import size_words

FULL_BYTES = 16 * 2**20
"""Below this a command may fail: SQLite's log alone grows to 4 MiB before it is folded in."""
SCARCE_BYTES = 512 * 2**20
"""Below this the outputs of one run may fill the disk."""
_MEMORY_ONLY = frozenset({"ramfs", "tmpfs"})


def judge_file(facts: SqliteFacts, version: str) -> Iterator[Finding]:
    """What is well and what is not with a file that SQLite of that version reads."""
    yield _sqlite_fault(version)
    if facts.journal_mode is not None:
        yield _journal_mode(facts)
    if facts.synchronous is not None:
        yield _synchronous(facts.synchronous)
    if facts.damage is not None:
        yield Finding(
            "content",
            "error",
            f"the file is damaged: {facts.damage}",
            "put back a copy of it; runthrough audit verify tells how far a copy is whole",
        )
    yield _file_system(facts)
    yield _free_space(facts.free_bytes)
    yield from _permissions(facts)


def judge_disk_use(disk: DiskUse) -> Finding:
    """What the sessions' folders take on this machine, and whether there is room for more."""
    folders = "folder" if disk.folders == 1 else "folders"
    told = (
        f"{disk.folders} session {folders} of {size_words(disk.size_bytes)} in all, the largest "
        f"{size_words(disk.largest_bytes)}: {disk.largest}"
    )
    if disk.free_bytes >= SCARCE_BYTES:
        return Finding("disk_use", "ok", told)
    return Finding(
        "disk_use",
        "warning",
        f"{told}; {size_words(disk.free_bytes)} are free there",
        "keep fewer runs (setting keep_runs), or delete the folder of a session that is closed",
    )


def has_wal_reset_fault(version: str) -> bool:
    """Whether that SQLite can damage a file in WAL mode when two connections meet badly.

    Of two connections that commit and checkpoint at one moment, one can overlook that the other
    began the write-ahead log anew, and leave out part of it. Found in 2026, in 3.7.0 to 3.51.2;
    mended in 3.51.3, and in 3.50.7 and 3.44.6 of the older lines
    (https://sqlite.org/wal.html#walresetbug).
    """
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    mended_in = {(3, 44): 6, (3, 50): 7}.get((major, minor))
    if mended_in is not None and patch >= mended_in:
        return False
    return (3, 7, 0) <= (major, minor, patch) <= (3, 51, 2)


def _sqlite_fault(version: str) -> Finding:
    if not has_wal_reset_fault(version):
        return Finding("sqlite_fault", "ok", f"none that is known in SQLite {version}")
    return Finding(
        "sqlite_fault",
        "warning",
        f"SQLite {version} has the WAL-reset fault: in rare moments two connections that write "
        "at once damage the file; runthrough's own take turns, other programs do not",
        "let no other program write the file, until this Python has SQLite 3.51.3 or newer, "
        "3.50.7 or 3.44.6",
    )


def _journal_mode(facts: SqliteFacts) -> Finding:
    if facts.journal_mode == "wal":
        return Finding("journal_mode", "ok", "WAL")
    return Finding(
        "journal_mode",
        "warning",
        "another program switched the file from WAL to a rollback journal: those who read and "
        "those who write now wait for each other",
        f"while nobody uses it: sqlite3 {shlex.quote(facts.path)} 'PRAGMA journal_mode = WAL'",
    )


def _synchronous(found: str) -> Finding:
    if found in {"full", "extra"}:
        return Finding("synchronous", "ok", f"{found}: a commit outlives a power cut")
    return Finding(
        "synchronous",
        "error",
        f"{found}: a power cut can take the last commits",
        "report it: runthrough asks SQLite for full, and this SQLite does not obey",
    )


def _file_system(facts: SqliteFacts) -> Finding:
    kind = facts.file_system or "of a kind that the system does not tell"
    if facts.on_network:
        return Finding(
            "file_system",
            "error",
            f"{kind} is a network file system, where SQLite can lose what was written",
            "name a file on a local disk with RUNTHROUGH_DATABASE_URL, or share a PostgreSQL "
            "database",
        )
    if kind in _MEMORY_ONLY:
        return Finding(
            "file_system",
            "warning",
            f"{kind} lives in memory: the log is gone when this machine restarts",
            "name a file on a disk with RUNTHROUGH_DATABASE_URL",
        )
    return Finding("file_system", "ok", kind)


def _free_space(free: int) -> Finding:
    fix = "free some space on the disk of the database"
    told = size_words(free)
    if free >= SCARCE_BYTES:
        return Finding("free_space", "ok", told)
    if free >= FULL_BYTES:
        full = f"{told}: the outputs of one run may fill it"
        return Finding("free_space", "warning", full, fix)
    return Finding("free_space", "error", f"{told}: the next command may fail", fix)


def _permissions(facts: SqliteFacts) -> Iterator[Finding]:
    faults = [finding for rights in facts.rights for finding in _faults_of(rights)]
    yield from faults or [Finding("permissions", "ok", "what is needed, and not open to all")]


def _faults_of(rights: PathRights) -> Iterator[Finding]:
    """What is wrong with one path; the folder counts too, because files are made beside it."""
    if rights.kind == "other":
        yield Finding(
            "permissions",
            "error",
            f"{rights.path} is neither a file nor a folder that could hold one",
            "move it away, or name another database with RUNTHROUGH_DATABASE_URL",
        )
        return
    denied = None if rights.readable else "read" if rights.kind == "file" else "enter"
    if denied is None and rights.must_be_writable and not rights.writable:
        denied = "write"
    if denied is not None:
        yield Finding(
            "permissions",
            "error",
            f"you may not {denied} {rights.path}",
            f"let its owner allow it (ls -ld {shlex.quote(rights.path)} tells who that is), or "
            "name another database with RUNTHROUGH_DATABASE_URL",
        )
    if rights.open_to_all:
        yield Finding(
            "permissions",
            "warning",
            f"every user of this machine may write {rights.path}, and so rewrite the log",
            f"chmod o-w {shlex.quote(rights.path)}",
        )
