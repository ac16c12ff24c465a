"""Facts about paths, from real files."""

import hashlib
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.inspection.digests import DigestCache
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.paths import Roots


@pytest.fixture
def inspector():
    made = LocalInspector(probe=lambda _: None)
    yield made
    made.close()


@pytest.fixture
def look(inspector, tmp_path):
    def one(name, digest_up_to=None):
        path = f"workspace:{name}"
        roots = Roots({"workspace": str(tmp_path)})
        return inspector.look([path], roots=roots, digest_up_to=digest_up_to)[path]

    return one


def sha(content):
    return hashlib.sha256(content).hexdigest()


def folder_sha(files):
    pairs = sorted((name.encode(), hashlib.sha256(c).digest()) for name, c in files.items())
    return sha(b"".join(name + b"\0" + digest for name, digest in pairs))


def test_a_file_is_told_by_its_stat_and_digest(look, tmp_path):
    """Of a file there are size, times, inode, access and the SHA-256 of its content."""
    file = tmp_path / "a.csv"
    file.write_bytes(b"x,y\n")
    seen = file.stat()
    assert look("a.csv") == PathFacts(
        path="workspace:a.csv",
        kind="file",
        size_bytes=4,
        mtime_ns=seen.st_mtime_ns,
        inode=seen.st_ino,
        changed_ns=seen.st_ctime_ns,
        digest=sha(b"x,y\n"),
        format="csv",
    )


def test_the_format_of_a_file_is_told_again_when_it_was_written(look, tmp_path):
    """What was kept of a file holds until its size, time or inode moves."""
    file = tmp_path / "a"
    file.write_bytes(b"PAR1" + b"\0" * 9 + b"PAR1")
    assert look("a").format == "parquet"
    file.write_bytes(b"x,y\n")
    assert look("a").format == "csv"
    file.with_name("b").write_bytes(b"z y\n")
    file.with_name("b").replace(file)
    assert look("a").format == "text"


@pytest.mark.parametrize("up_to", [None, 0, 10])
def test_a_format_is_told_whatever_is_digested(look, tmp_path, up_to):
    """A large file has a format too; where no digest is wanted at all, no file is opened."""
    (tmp_path / "a").write_bytes(b"x,y\n" * 100)
    assert look("a", up_to).format == "csv"
    assert look("a", -1).format is None


def test_a_folder_and_an_empty_file_have_no_format(look, tmp_path):
    """What they are is told otherwise."""
    (tmp_path / "empty").touch()
    assert look("empty").format is None
    assert look(".").format is None


def test_a_file_without_content_is_empty(look, tmp_path):
    """A file of no bytes is there, is empty, and has the digest of nothing."""
    (tmp_path / "a").touch()
    facts = look("a")
    assert (facts.kind, facts.empty, facts.size_bytes, facts.digest) == ("file", True, 0, sha(b""))


@pytest.mark.parametrize(
    ("up_to", "taken"), [(None, True), (4, True), (3, False), (0, False), (-1, False)]
)
def test_a_digest_is_taken_up_to_the_size_that_was_asked_for(look, tmp_path, up_to, taken):
    """Larger content is not digested; without a limit all is, below zero nothing."""
    (tmp_path / "a").write_bytes(b"four")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"fo")
    (tmp_path / "d" / "b").write_bytes(b"ur")
    assert (look("a", up_to).digest is not None) == taken
    assert (look("d", up_to).digest is not None) == taken


def test_nothing_there_can_be_made_where_its_folder_can_be_written(look):
    """A path where nothing is has no kind, and is writable through the folder above."""
    assert look("deep/er/file") == PathFacts(path="workspace:deep/er/file")


def test_nothing_can_be_made_below_a_file(look, tmp_path):
    """A path that leads through a file does not exist and cannot be made."""
    (tmp_path / "a").touch()
    assert look("a/b/c") == PathFacts(path="workspace:a/b/c", writable=False)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "loop"])
def test_an_impossible_path_is_nothing_there(look, tmp_path, name):
    """What can be no path, and a link to itself, is told as nothing there; nothing is raised."""
    (tmp_path / "loop").symlink_to("loop")
    assert look(name).kind is None


def test_a_link_is_what_it_leads_to(look, tmp_path):
    """Links are followed; one that leads nowhere is nothing."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dangling").symlink_to("gone")
    assert look("link").digest == sha(b"a")
    assert look("dangling").kind is None


def test_what_is_neither_file_nor_folder_is_something_else(look, tmp_path, monkeypatch):
    """A pipe and a socket are told as other and never opened."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        facts = [look(name) for name in ("pipe", "socket")]
    assert [(one.kind, one.digest, one.size_bytes) for one in facts] == [("other", None, None)] * 2


def test_a_folder_is_told_with_all_that_lies_below(look, tmp_path):
    """Of a folder the sizes are added, the latest times taken, names and contents digested."""
    folder = tmp_path / "d"
    (folder / "train").mkdir(parents=True)
    (folder / "hollow").mkdir()
    (folder / "train" / "x.csv").write_bytes(b"1,2\n")
    (folder / "marker").touch()
    os.utime(folder / "train" / "x.csv", ns=(1, 10**18))
    os.utime(folder / "marker", ns=(1, 2 * 10**18))
    for place in (folder / "train", folder / "hollow", folder):
        os.utime(place, ns=(1, 3))
    facts = look("d")
    assert (facts.kind, facts.empty, facts.size_bytes) == ("folder", False, 4)
    assert facts.mtime_ns == 2 * 10**18
    assert facts.inode == folder.stat().st_ino
    assert facts.changed_ns == (folder / "train" / "x.csv").stat().st_ctime_ns
    assert facts.digest == folder_sha({"train/x.csv": b"1,2\n", "marker": b""})


def test_a_folder_in_which_no_file_holds_anything_is_empty(look, tmp_path):
    """Folders and files without content leave a folder empty, at any depth."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    assert look("d").empty
    (tmp_path / "d" / "e" / "f").touch()
    assert look("d").empty
    assert look("d").changed_ns is None
    (tmp_path / "d" / "e" / "f").write_bytes(b"x")
    assert not look("d").empty


def test_an_empty_folder_below_changes_no_digest(look, tmp_path):
    """A folder's digest is that of its files: empty folders do not count, names do."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"a")
    before = look("d").digest
    (tmp_path / "d" / "hollow").mkdir()
    assert look("d").digest == before
    (tmp_path / "d" / "a").rename(tmp_path / "d" / "b")
    assert look("d").digest != before


def test_links_inside_a_folder_are_followed_and_loops_end(look, tmp_path):
    """Linked files and folders belong to a folder, each real folder once."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"a")
    (tmp_path / "d" / "up").symlink_to("..")
    (tmp_path / "d" / "self").symlink_to(".")
    (tmp_path / "d" / "gone").symlink_to("nowhere")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b").write_bytes(b"b")
    (tmp_path / "d" / "out").symlink_to("../outside")
    (tmp_path / "d" / "out2").symlink_to("../outside")
    facts = look("d")
    assert facts.size_bytes == 2
    assert not facts.empty
    assert facts.digest == look("d").digest


def test_each_path_is_looked_at_under_its_root(inspector, tmp_path):
    """Recorded paths are found below their roots, whatever the current folder is."""
    (tmp_path / "a").write_bytes(b"a")
    roots = Roots({"pipeline": str(tmp_path), "workspace": "/nowhere"})
    paths = ["pipeline:a", f"abs:{tmp_path}/a", "workspace:a"]
    facts = inspector.look(paths, roots=roots, digest_up_to=-1)
    assert [facts[path].kind for path in paths] == ["file", "file", None]
    assert all(facts[path].path == path for path in paths)
    with pytest.raises(KeyError):
        inspector.look(["elsewhere:a"], roots=roots, digest_up_to=-1)


def test_a_rewritten_file_has_another_digest_at_once(look, tmp_path):
    """Content of the same length written right after a look is seen."""
    for content in (b"aaaa", b"bbbb", b"cccc") * 20:
        (tmp_path / "a").write_bytes(content)
        assert look("a").digest == sha(content)


@pytest.mark.parametrize(
    ("stamp", "age_ns", "again"),
    [
        (10**18 + 1, 5_000_000, True),
        (10**18 + 1, 30_000_000, False),
        (10**18, 30_000_000, True),
        (10**18, 3_000_000_000, False),
        (10**18 + 1, -1, True),
    ],
)
def test_a_stamp_that_the_next_write_could_share_is_not_trusted(tmp_path, stamp, age_ns, again):
    """Within two ticks, or two seconds of whole-second stamps, content is read again."""
    file = tmp_path / "a"
    cache = DigestCache(now_ns=lambda: stamp + age_ns)
    told = []
    for content in (b"aaaa", b"bbbb"):
        file.write_bytes(content)
        os.utime(file, ns=(stamp, stamp))
        told.append(cache.digest(str(file)).hex())
    cache.close()
    assert told == [sha(b"aaaa"), sha(b"bbbb" if again else b"aaaa")]


def aged(file, content, seconds=3600):
    file.write_bytes(content)
    stamp = file.stat().st_mtime_ns - seconds * 10**9
    os.utime(file, ns=(stamp, stamp))
    return stamp


def test_a_known_digest_is_told_without_opening_the_file(tmp_path):
    """Only for the very stat that it was taken of; never before it was taken."""
    file, cache = tmp_path / "a", DigestCache()
    aged(file, b"aaaa")
    seen = file.stat()
    assert cache.known(str(file), seen) is None
    taken = cache.digest(str(file))
    file.unlink()
    assert cache.known(str(file), seen) == taken
    aged(file, b"aaaa", seconds=7200)
    assert cache.known(str(file), file.stat()) is None
    cache.close()


def test_a_digest_is_taken_again_only_when_the_stat_moved(look, tmp_path):
    """Content behind an unmoved size, time and inode is not read again; a moved time is."""
    file = tmp_path / "a"
    stamp = aged(file, b"aaaa")
    assert look("a").digest == sha(b"aaaa")
    file.write_bytes(b"bbbb")
    os.utime(file, ns=(stamp, stamp))
    assert look("a").digest == sha(b"aaaa")
    os.utime(file, ns=(stamp, stamp + 1))
    assert look("a").digest == sha(b"bbbb")


def test_digests_outlive_the_process(tmp_path):
    """A second inspector with the same cache file does not read the content again."""
    file, cache = tmp_path / "a", tmp_path / "cache" / "digests.db"
    stamp = aged(file, b"aaaa")
    for content in (b"aaaa", b"bbbb"):
        file.write_bytes(content)
        os.utime(file, ns=(stamp, stamp))
        inspector = LocalInspector(probe=lambda _: None, cache=cache)
        facts = inspector.look([f"abs:{file}"], roots=Roots({}), digest_up_to=None)
        inspector.close()
        assert facts[f"abs:{file}"].digest == sha(b"aaaa")


def test_looking_without_digests_makes_no_cache(tmp_path):
    """The cache's file is made when the first digest needs it."""
    inspector = LocalInspector(probe=lambda _: None, cache=tmp_path / "cache.db")
    inspector.look([f"abs:{tmp_path}"], roots=Roots({}), digest_up_to=-1)
    inspector.close()
    assert not (tmp_path / "cache.db").exists()


@pytest.mark.parametrize("content", [b"no database, but long enough to be looked at" * 50, b"x"])
def test_a_corrupt_cache_is_replaced(tmp_path, content):
    """A cache file that is none is thrown away, and the new one is used."""
    cache = tmp_path / "cache.db"
    cache.write_bytes(content)
    aged(tmp_path / "a", b"aaaa")
    inspector = LocalInspector(probe=lambda _: None, cache=cache)
    facts = inspector.look([f"abs:{tmp_path}/a"], roots=Roots({}), digest_up_to=None)
    inspector.close()
    assert facts[f"abs:{tmp_path}/a"].digest == sha(b"aaaa")
    kept = sqlite3.connect(cache)
    assert kept.execute("SELECT count(*) FROM digests").fetchone() == (1,)
    kept.close()


@pytest.mark.parametrize("damage", ["dropped", "overwritten"])
def test_a_cache_that_fails_in_use_costs_only_time(tmp_path, damage):
    """A cache that is damaged under our hands is given up, and digests are taken all the same."""
    cache = tmp_path / "cache.db"
    inspector = LocalInspector(probe=lambda _: None, cache=cache)
    for number, content in enumerate((b"a", b"b", b"c")):
        aged(tmp_path / "a", content)
        facts = inspector.look([f"abs:{tmp_path}/a"], roots=Roots({}), digest_up_to=None)
        assert facts[f"abs:{tmp_path}/a"].digest == sha(content)
        if number == 0 and damage == "dropped":
            other = sqlite3.connect(cache)
            other.execute("DROP TABLE digests")
            other.close()
        if number == 0 and damage == "overwritten":
            for file in tmp_path.glob("cache.db*"):
                file.write_bytes(b"\xff" * 100_000)
    inspector.close()
    if damage == "overwritten":
        mended = sqlite3.connect(cache)
        assert mended.execute("SELECT count(*) FROM digests").fetchone() == (1,)
        mended.close()


def test_a_cache_that_cannot_be_made_costs_only_time(tmp_path):
    """Where the cache's folder cannot be made, digests are taken all the same."""
    (tmp_path / "a").write_bytes(b"a")
    inspector = LocalInspector(probe=lambda _: None, cache=tmp_path / "a" / "cache.db")
    facts = inspector.look([f"abs:{tmp_path}/a"], roots=Roots({}), digest_up_to=None)
    inspector.close()
    assert facts[f"abs:{tmp_path}/a"].digest == sha(b"a")


def test_a_foreign_database_is_left_alone(tmp_path):
    """A database that is not a cache of ours is neither used nor destroyed."""
    cache = tmp_path / "cache.db"
    foreign = sqlite3.connect(cache)
    foreign.execute("CREATE TABLE digests (precious TEXT)")
    foreign.commit()
    (tmp_path / "a").write_bytes(b"a")
    inspector = LocalInspector(probe=lambda _: None, cache=cache)
    facts = inspector.look([f"abs:{tmp_path}/a"], roots=Roots({}), digest_up_to=None)
    inspector.close()
    assert facts[f"abs:{tmp_path}/a"].digest == sha(b"a")
    assert foreign.execute("SELECT * FROM digests").fetchall() == []
    foreign.close()


def test_several_threads_look_at_once(tmp_path):
    """Threads that share an inspector all get the right digests."""
    for number in range(40):
        aged(tmp_path / str(number), str(number).encode())
    inspector = LocalInspector(probe=lambda _: None, cache=tmp_path / "cache.db")
    paths = [f"abs:{tmp_path}/{number}" for number in range(40)]
    wrong = []

    def look():
        facts = inspector.look(paths, roots=Roots({}), digest_up_to=None)
        wrong.extend(
            path for path in paths if facts[path].digest != sha(path.rpartition("/")[2].encode())
        )

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inspector.close()
    assert wrong == []


ORDINARY = """
import os, sys
os.chdir(sys.argv[1])
from runthrough.adapters.inspection import LocalInspector
from runthrough.core.values.paths import Roots
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
inspector = LocalInspector(probe=lambda _: None)
names = ["secret", "locked", "locked/inside", "fixed", "fixed/new", "mixed", "readonly"]
roots = Roots({"workspace": sys.argv[1]})
for name in names:
    path = f"workspace:{name}"
    facts = inspector.look([path], roots=roots, digest_up_to=None)[path]
    print(name, facts.kind, facts.readable, facts.writable, facts.digest is not None)
"""


def test_permissions_are_those_of_the_process(tmp_path):
    """What an ordinary user may not read or write is told so, and nothing is raised."""
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "readonly").write_bytes(b"r")
    for name in ("locked", "fixed", "mixed"):
        (tmp_path / name).mkdir()
    (tmp_path / "locked" / "inside").write_bytes(b"i")
    (tmp_path / "mixed" / "secret").write_bytes(b"s")
    for name, mode in {
        "secret": 0o000,
        "readonly": 0o444,
        "locked": 0o000,
        "fixed": 0o555,
        "mixed/secret": 0o000,
    }.items():
        (tmp_path / name).chmod(mode)
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(folder.stat().st_mode | 0o755)
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY, str(tmp_path)],
        # Coverage would write where a child without rights may not.
        env={name: text for name, text in os.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        check=True,
    )
    (tmp_path / "locked").chmod(0o755)
    assert done.stdout.splitlines() == [
        "secret file False False False",
        "locked folder False False False",
        "locked/inside other False False False",
        "fixed folder True False True",
        "fixed/new None True False False",
        # Only where the tests run as root does the folder belong to somebody else.
        f"mixed folder False {os.getuid() != 0} False",
        "readonly file True False True",
    ]
