"""Archives of unknown origin: what is plain is unpacked, and all else leaves nothing behind."""

import io
import os
import tarfile
import zipfile

import pytest

from runthrough.adapters.archives import Bounds, unpack
from runthrough.errors import ArchiveError

SMALL = Bounds(members=5, total_bytes=200_000, ratio=20, ratio_from_bytes=50_000)


def tar(path, members, mode="w:gz"):
    """Write a tar of `(TarInfo or name, content)`."""
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def special(name, kind, target=""):
    """A member that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(path, members):
    """Write a zip of `(ZipInfo or name, content)`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def zip_link(name):
    """A zip member that says that it is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_any_packing_is_unpacked(tmp_path, mode):
    """Files and folders are there with their content, whatever the archive is called."""
    archive = tar(tmp_path / "model", [("./a.txt", b"a"), ("code/b.py", b"b")], mode)
    folder = unpack(archive, tmp_path / "out")
    assert (folder / "a.txt").read_bytes() == b"a"
    assert (folder / "code/b.py").read_bytes() == b"b"


def test_a_zip_is_unpacked(tmp_path):
    """Files and folders of a zip are there with their content."""
    archive = zipped(tmp_path / "model.zip", [("code/", b""), ("code/b.py", b"b")])
    folder = unpack(archive, tmp_path / "out")
    assert (folder / "code/b.py").read_bytes() == b"b"


def test_modes_and_owners_are_left_out(tmp_path):
    """A file that says that it runs as its owner is a plain file."""
    member = tarfile.TarInfo("tool")
    member.mode = 0o6777
    folder = unpack(tar(tmp_path / "m.tar.gz", [(member, b"x")]), tmp_path / "out")
    assert (folder / "tool").stat().st_mode & 0o7111 == 0


HOSTILE = {
    "climbs": ([("../out2", b"x")], "leads out"),
    "climbs inside": ([("a/../../out2", b"x")], "leads out"),
    "absolute": ([("/tmp/out2", b"x")], "absolute"),
    "backslash": ([("..\\out2", b"x")], "signs"),
    "newline": ([("a\nb", b"x")], "signs"),
    "symlink": ([(special("a", tarfile.SYMTYPE, "/etc/passwd"), b"")], "symbolic link"),
    "hard link": ([("b", b"x"), (special("a", tarfile.LNKTYPE, "b"), b"")], "hard link"),
    "device": ([(special("a", tarfile.CHRTYPE), b"")], "device"),
    "pipe": ([(special("a", tarfile.FIFOTYPE), b"")], "device or a pipe"),
    "twice": ([("a", b"x"), ("./a", b"y")], "twice"),
    "many": ([(f"{n}", b"") for n in range(6)], "more than 5 members"),
    "large": ([("a", os.urandom(200_000))], "more than 200000 bytes"),
    "bomb": ([("a", b"\0" * 190_000)], "as a bomb does"),
    "two bombs": ([("a", b"\0" * 40_000), ("b", b"\0" * 40_000)], "as a bomb does"),
    "empty": ([], "holds nothing"),
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_tar_is_refused_and_leaves_nothing(tmp_path, members):
    """The error names the archive and the reason; neither folder nor file remains."""
    content, told = members
    archive = tar(tmp_path / "m.tar.gz", content)
    with pytest.raises(ArchiveError, match=told) as refused:
        unpack(archive, tmp_path / "out", bounds=SMALL)
    assert str(archive) in str(refused.value)
    assert list(tmp_path.iterdir()) == [archive]


def test_a_header_that_is_a_bomb_is_refused(tmp_path):
    """A long name counts like a content, though it is no member of its own."""
    archive = tar(tmp_path / "m.tar.gz", [("n" * 100_000, b"x")])
    with pytest.raises(ArchiveError, match="as a bomb does"):
        unpack(archive, tmp_path / "out", bounds=SMALL)


HOSTILE_ZIPS = {
    "climbs": ([("../out2", b"x")], "leads out"),
    "absolute": ([("/tmp/out2", b"x")], "absolute"),
    "symlink": ([(zip_link("a"), b"/etc/passwd")], "link"),
    "many": ([(f"{n}", b"") for n in range(6)], "more than 5 members"),
    "large": ([("a", os.urandom(200_001))], "more than 200000 bytes"),
    "bomb": ([("a", b"\0" * 190_000)], "as a bomb does"),
    "empty": ([], "holds nothing"),
}


@pytest.mark.parametrize("members", HOSTILE_ZIPS.values(), ids=HOSTILE_ZIPS)
def test_a_hostile_zip_is_refused_and_leaves_nothing(tmp_path, members):
    """The same rules hold for both formats."""
    content, told = members
    archive = zipped(tmp_path / "m.zip", content)
    with pytest.raises(ArchiveError, match=told):
        unpack(archive, tmp_path / "out", bounds=SMALL)
    assert list(tmp_path.iterdir()) == [archive]


def test_an_encrypted_zip_is_refused(tmp_path):
    """Nobody is there to type its password."""
    archive = zipped(tmp_path / "m.zip", [("a", b"x")])
    raw = bytearray(archive.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(ArchiveError, match="encrypted"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("packing", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_a_broken_archive_is_refused_and_leaves_nothing(tmp_path, packing, kept):
    """One that ends too early is told as broken, wherever it ends."""
    members = [("a", os.urandom(3000)), ("b", os.urandom(3000))]
    archive = tmp_path / "m"
    if packing == "zip":
        zipped(archive, members)
    else:
        tar(archive, members, packing)
    size = min(archive.stat().st_size, 7000)
    archive.write_bytes(archive.read_bytes()[: int(size * kept)])
    with pytest.raises(ArchiveError, match=r"broken|cannot be read"):
        unpack(archive, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [archive]


def test_a_changed_byte_is_found_by_the_checksum(tmp_path):
    """The end of a packed tar is read too, where its checksum stands."""
    archive = tar(tmp_path / "m.tar.gz", [("a", os.urandom(3000))])
    raw = bytearray(archive.read_bytes())
    raw[-6] ^= 0xFF
    archive.write_bytes(raw)
    with pytest.raises(ArchiveError, match="CRC"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive at all" * 100])
def test_what_is_no_archive_is_refused(tmp_path, content):
    """Any other file is told as none."""
    archive = tmp_path / "m.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("name", ["absent", "."])
def test_what_is_no_file_is_refused(tmp_path, name):
    """Neither nothing nor a folder is an archive."""
    with pytest.raises(ArchiveError, match="cannot be read"):
        unpack(tmp_path / name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_never_touched(tmp_path):
    """What lies where the archive was to go is not ours to remove."""
    archive = tar(tmp_path / "m.tar.gz", [("a", b"x")])
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").write_text("mine")
    with pytest.raises(FileExistsError):
        unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/mine").read_text() == "mine"
