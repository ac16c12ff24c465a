"""Unpacks archives of unknown origin, so that nothing in them can do harm.

Nothing is written but plain files and folders below one fresh folder. Whatever else an archive
holds refuses it whole: a name that leads out, a link, a device, too much of anything.
"""

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from runthrough.errors import ArchiveError

_BLOCK_BYTES = 1 << 20
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    UnicodeError,
    ValueError,
)
_PACKED: tuple[tuple[bytes, Callable[[Path], IO[bytes]]], ...] = (
    (b"\x1f\x8b", lambda path: cast("IO[bytes]", gzip.GzipFile(path))),
    (b"BZh", lambda path: cast("IO[bytes]", bz2.BZ2File(path))),
    (b"\xfd7zXZ\x00", lambda path: cast("IO[bytes]", lzma.LZMAFile(path))),  # noqa: SIM115 - `_tar` closes it
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may hold."""

    members: int = 10_000
    total_bytes: int = 8 << 30
    """Of everything in it, unpacked."""
    ratio: int = 200
    """Of unpacked to packed bytes; well-packed text stays below 20."""
    ratio_from_bytes: int = 64 << 20
    """What is smaller than this, unpacked, may be packed as well as it likes."""


BOUNDS = Bounds()


def unpack(archive: Path, folder: Path, *, bounds: Bounds = BOUNDS) -> Path:
    """Unpack a tar (plain, gzip, bzip2, xz) or a zip into a folder that is made for it.

    The format is told by the content. Modes, owners and times are left out. Of an archive that
    is refused half-way the folder is removed.

    Raises:
        FileExistsError: The folder is there already.
        ArchiveError: It cannot be read, is broken, or holds what it should not.
    """
    folder.mkdir()  # before anything is caught: what was there is not ours to remove
    try:
        with archive.open("rb") as file:
            head = file.read(6)
        _Unpacking(archive, folder, bounds).unpack(head)
    except _BROKEN as why:
        shutil.rmtree(folder)
        raise ArchiveError(str(archive), f"it is broken or no archive: {_told(why)}") from why
    except OSError as why:
        shutil.rmtree(folder, ignore_errors=True)
        told = why.strerror or str(why)
        raise ArchiveError(str(archive), f"it cannot be read or unpacked: {told}") from why
    except ArchiveError:
        shutil.rmtree(folder)
        raise
    return folder


def _told(why: BaseException) -> str:
    return str(why) or type(why).__name__


class _Unpacking:
    """One archive on its way into one folder; every byte and every member is counted."""

    def __init__(self, archive: Path, folder: Path, bounds: Bounds) -> None:
        self._archive = archive
        self._folder = folder
        self._bounds = bounds
        self._packed_bytes = archive.stat().st_size
        self._bytes = 0
        self._members = 0

    def unpack(self, head: bytes) -> None:
        """Unpack what begins with these bytes.

        Raises:
            ArchiveError: It holds what it should not, or nothing.
        """
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            self._zip()
        else:
            self._tar(head)
        if not self._members:
            raise ArchiveError(str(self._archive), "it holds nothing")

    def _tar(self, head: bytes) -> None:
        openers = [make for magic, make in _PACKED if head.startswith(magic)]
        with openers[0](self._archive) if openers else self._archive.open("rb") as file:
            counted = _Counted(file, self._count)
            # As a stream, so that all that is unpacked, headers included, goes past the counter.
            with tarfile.open(fileobj=cast("IO[bytes]", counted), mode="r|") as tar:
                for member in tar:
                    self._tar_member(tar, member)
            while counted.read(_BLOCK_BYTES):  # to the end, where the checksum stands
                pass

    def _tar_member(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if not (member.isreg() or member.isdir()):
            raise self._refused(member.name, f"is {_kind(member)}, no plain file or folder")
        place = self._place(member.name, is_folder=member.isdir())
        if place is None:
            return
        content = tar.extractfile(member)
        if content is None:
            raise self._refused(member.name, "has no content that can be read")
        with place.open("xb") as target:
            shutil.copyfileobj(content, target, _BLOCK_BYTES)

    def _zip(self) -> None:
        with zipfile.ZipFile(self._archive) as packed:
            for member in packed.infolist():
                mode = member.external_attr >> 16
                if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                    raise self._refused(member.filename, "is a link or a device, no plain file")
                if member.flag_bits & 1:
                    raise self._refused(member.filename, "is encrypted")
                place = self._place(member.filename, is_folder=member.is_dir())
                if place is None:
                    continue
                with packed.open(member) as content, place.open("xb") as target:
                    counted = _Counted(content, self._count)
                    while block := counted.read(_BLOCK_BYTES):
                        target.write(block)

    def _place(self, name: str, *, is_folder: bool) -> Path | None:
        """Where a member goes, its folders made; `None` where there is nothing to write."""
        self._members += 1
        if self._members > self._bounds.members:
            raise ArchiveError(
                str(self._archive), f"it holds more than {self._bounds.members} members"
            )
        path = PurePosixPath(name)
        if path.is_absolute():
            raise self._refused(name, "is an absolute path")
        if ".." in path.parts:
            raise self._refused(name, "leads out of the archive")
        if "\\" in name or ":" in name or not name.isprintable():
            raise self._refused(name, "has signs that no name should have")
        place = self._folder / path
        if is_folder:
            place.mkdir(parents=True, exist_ok=True)
            return None
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            raise self._refused(name, "is there twice")
        return place

    def _count(self, size: int) -> None:
        """Refuse a bomb while it goes off.

        Raises:
            ArchiveError: It is too much, or too much for so small an archive.
        """
        self._bytes += size
        if self._bytes > self._bounds.total_bytes:
            raise ArchiveError(
                str(self._archive), f"it holds more than {self._bounds.total_bytes} bytes"
            )
        if self._bytes < self._bounds.ratio_from_bytes:
            return
        if self._bytes > self._bounds.ratio * max(self._packed_bytes, 1):
            raise ArchiveError(
                str(self._archive),
                f"it grows to more than {self._bounds.ratio} times its size, as a bomb does",
            )

    def _refused(self, name: str, why: str) -> ArchiveError:
        return ArchiveError(str(self._archive), f"its member {name[:200]!r} {why}")


class _Counted:
    """A file that tells how much is read from it."""

    def __init__(self, file: IO[bytes], count: Callable[[int], None]) -> None:
        self._file = file
        self._count = count

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._count(len(block))
        return block


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym():
        return "a symbolic link"
    if member.islnk():
        return "a hard link"
    return "a device or a pipe" if member.isdev() else "of an unknown kind"
