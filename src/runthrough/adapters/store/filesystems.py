"""Which kind of file system a path lies on: SQLite's shared memory needs a local one."""

from pathlib import Path

from runthrough.errors import StoreUnavailableError

NETWORK = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.cephfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
        "webdav",
    }
)
"""Names, as the system tells them, of file systems that several machines share. Their locks and
shared memory do not hold what a write-ahead log asks of them (sqlite.org/wal.html)."""


def kind_of(path: Path) -> str | None:
    """The file system's name, such as `ext4`; `None` where the system does not tell it."""
    import psutil  # noqa: PLC0415 - only for setting up, and for `doctor`

    path = path.resolve()  # a link leads to where a file lies in the end
    fitting = [
        (len(mount.mountpoint), place, mount.fstype)
        for place, mount in enumerate(psutil.disk_partitions(all=True))
        if path.is_relative_to(mount.mountpoint)
    ]
    # Of two mounts at one point the later one lies on top.
    return max(fitting)[2] or None if fitting else None


def refuse_network(path: Path) -> None:
    """Go on only on a file system of this machine.

    Raises:
        StoreUnavailableError: It belongs to several.
    """
    kind = kind_of(path)
    if kind in NETWORK:
        raise StoreUnavailableError(
            f"The database {path} would lie on a network file system ({kind}), where SQLite can "
            "lose what was written.",
            fix="name a file on a local disk with RUNTHROUGH_DATABASE_URL, or share a PostgreSQL "
            "database",
        )
