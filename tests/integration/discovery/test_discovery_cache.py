"""What is remembered of files, and when it is made again."""

import ast
import contextlib
import gc
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest
from tests.support.scripts import until

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.reading import read_needs
from runthrough.adapters.discovery.reading_cache import PRUNE_EACH, ReadingCache
from runthrough.adapters.discovery.search import ScriptFolders
from runthrough.adapters.discovery.sources import KEPT_TREES
from runthrough.adapters.discovery.stamps import Remembered
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration

SCRIPT = """
import json
from near import KEY
def main(input_paths, output_paths, environ_vars, job_args):
    input_paths[KEY]
    if job_args.job_type == "training":
        environ_vars["LABEL"]
"""


def later_ns():
    """A time at which everything was written long ago."""
    return time.time_ns() + 10**12


def counted(limit=10, now_ns=later_ns):
    """Texts of files as they are remembered, and the paths that were read."""
    read = []

    def make(path):
        read.append(path)
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a text, as the reader gets it
            return file.read()

    return Remembered(make, limit=limit, now_ns=now_ns), read


def test_a_file_that_did_not_change_is_read_once(tmp_path):
    """The same stamp gives the same answer."""
    file = tmp_path / "a"
    file.write_text("one")
    remembered, read = counted()
    assert [remembered.of(str(file)) for _ in range(3)] == ["one"] * 3
    assert read == [str(file)]


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    """A second write within a tick of the clock could leave the same stamp."""
    file = tmp_path / "a"
    file.write_text("one")
    written = file.stat().st_ctime_ns
    remembered, read = counted(now_ns=lambda: written + 10**6)
    assert [remembered.of(str(file)) for _ in range(3)] == ["one"] * 3
    assert len(read) == 3


def test_a_write_that_puts_size_and_time_back_is_seen(tmp_path):
    """The time of the change cannot be put back, as a copy does it with the other stamps."""
    file = tmp_path / "a"
    file.write_text("one")
    before = file.stat()
    remembered, _ = counted()
    assert remembered.of(str(file)) == "one"

    def written_later():
        file.write_text("two")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        return file.stat().st_ctime_ns != before.st_ctime_ns

    until(written_later, "the clock to tick")
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert remembered.of(str(file)) == "two"


def test_a_file_in_the_place_of_another_is_seen(tmp_path):
    """Another inode is another file."""
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("one")
    other.write_text("two")
    remembered, _ = counted()
    assert remembered.of(str(file)) == "one"
    other.replace(file)
    assert remembered.of(str(file)) == "two"
    file.unlink()
    assert remembered.of(str(file)) is None


def test_only_so_many_answers_are_remembered(tmp_path):
    """The oldest answer goes first."""
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_text(file.name)
    remembered, read = counted(limit=2)
    for file in files:
        remembered.of(str(file))
    assert [remembered.of(str(file)) for file in reversed(files)] == ["c", "b", "a"]
    assert [path[-1] for path in read] == ["a", "b", "c", "a"]


def test_a_folder_is_listed_again_where_a_link_in_it_may_lead_elsewhere(tmp_path):
    """What a link leads to may come without the folder changing."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "step.py").symlink_to(tmp_path / "target.py")
    folders = ScriptFolders(now_ns=later_ns)
    assert folders.of(str(tmp_path / "linked")) == ((), ())
    (tmp_path / "target.py").write_text("")
    assert folders.of(str(tmp_path / "linked")) == (("step.py",), ())
    assert folders.of(str(tmp_path / "plain")) == ((), ())


@pytest.fixture
def cache(tmp_path):
    """Open the cache in the test's folder, again and again."""
    opened = []

    def open_cache(version="1", file=tmp_path / "cache" / "readings.db", **more):
        opened.append(ReadingCache(file, version=version, **more))
        return opened[-1]

    yield open_cache
    for each in opened:
        each.close()


def test_a_reading_is_there_for_the_next_process(cache):
    """What was kept is found again, by what it was made of and by the same version only."""
    cache().keep(b"made of", b"value")
    assert cache().find(b"made of") == b"value"
    assert cache().find(b"other") is None
    assert cache("2").find(b"made of") is None
    kept = cache()
    kept.keep(b"made of", b"new")
    kept.close()
    assert kept.find(b"made of") == b"new"


def test_a_file_that_is_no_cache_is_replaced(cache, tmp_path):
    """A damaged cache costs a reading, never an error."""
    file = tmp_path / "damaged.db"
    file.write_bytes(b"no database at all" * 500)
    damaged = cache(file=file)
    assert damaged.find(b"a") is None
    damaged.keep(b"a", b"1")
    assert cache(file=file).find(b"a") == b"1"


def test_a_value_that_was_altered_is_not_taken(cache, tmp_path):
    """Each value stands beside a proof that it is the one that was kept."""
    kept = cache()
    kept.keep(b"a", b"value")
    kept.close()
    with sqlite3.connect(tmp_path / "cache" / "readings.db") as database:
        database.execute("UPDATE readings SET value = ?", (b"valuE",))
    database.close()
    assert cache().find(b"a") is None


def test_a_cache_that_cannot_be_made_keeps_nothing(cache, tmp_path):
    """A folder in its place, or a file in place of its folder, is worked around."""
    (tmp_path / "file").write_text("")
    for file in (tmp_path, tmp_path / "file" / "readings.db"):
        none = cache(file=file)
        none.keep(b"a", b"1")
        assert none.find(b"a") is None
    assert tmp_path.is_dir()
    assert (tmp_path / "file").read_text() == ""


def test_a_cache_that_is_held_is_done_without(cache, tmp_path):
    """Reading anew is cheaper than waiting for another process."""
    first = cache()
    first.keep(b"a", b"1")
    first.close()
    holder = sqlite3.connect(tmp_path / "cache" / "readings.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    held = cache()
    assert held.find(b"a") is None
    held.keep(b"b", b"2")
    holder.execute("ROLLBACK")
    holder.close()
    assert cache().find(b"a") == b"1"


def test_a_cache_does_not_grow_without_end(cache, tmp_path):
    """Beyond its size the oldest readings go."""
    kept = cache(most=100)
    for number in range(2 * PRUNE_EACH):
        kept.keep(b"%d" % number, b"x")
    kept.close()
    database = sqlite3.connect(tmp_path / "cache" / "readings.db")
    assert database.execute("SELECT count(*) FROM readings").fetchone() == (100,)
    database.close()
    assert cache().find(b"%d" % (2 * PRUNE_EACH - 1)) == b"x"


def test_a_cache_is_used_from_several_threads(cache):
    """Threads that keep and find at once get what they kept."""
    kept = cache()
    wrong = []

    def work(name):
        for number in range(50):
            key = b"%d %d" % (name, number)
            kept.keep(key, key)
            if kept.find(key) != key:
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.fixture
def scripts(tmp_path):
    """A workspace with a script and a module beside it."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "step.py").write_text(SCRIPT)
    (folder / "near.py").write_text("KEY = 'raw'\n")
    return folder


def needs(catalog, **known):
    script = catalog.find("step")
    found = catalog.requirements(
        script,
        roots=catalog.roots,
        job_args=known.get("job_args", {}),
        environ_vars=known.get("environ_vars", {}),
    )
    return [(need.name, need.level) for need in found.needs]


def test_another_catalog_reads_from_the_cache(cache, scripts):
    """What was read once is the same from the cache, for each content and each argument."""
    training = {"job_args": {"job_type": "training"}}
    first = StepCatalog([scripts], cache=cache())
    script, plain, trained = first.find("step"), needs(first), needs(first, **training)
    second = StepCatalog([scripts], cache=cache())
    assert second.find("step") == script
    assert (needs(second), needs(second, **training)) == (plain, trained)
    assert plain != trained
    (scripts / "near.py").write_text("KEY = 'other'\n")
    assert needs(StepCatalog([scripts], cache=cache()))[0] == ("other", "required")


def test_the_next_process_reads_without_the_reader(cache, scripts, tmp_path):
    """Where everything is in the cache, no script is parsed or followed again."""
    needs(StepCatalog([scripts], cache=cache()))
    code = textwrap.dedent("""
        import ast, sys
        from pathlib import Path
        from runthrough.adapters.discovery.catalog import StepCatalog
        from runthrough.adapters.discovery.reading_cache import ReadingCache
        sys.modules["runthrough.adapters.discovery.reading"] = None
        ast.parse = None
        catalog = StepCatalog([sys.argv[1]], cache=ReadingCache(Path(sys.argv[2]), version="1"))
        script = catalog.find("step")
        found = catalog.requirements(script, roots=catalog.roots, job_args={}, environ_vars={})
        print([need.name for need in found.needs])
        catalog.close()
    """)
    done = subprocess.run(
        [sys.executable, "-c", code, str(scripts), str(tmp_path / "cache" / "readings.db")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stderr, done.stdout) == ("", "['raw', 'job_type', 'LABEL']\n")


def test_values_of_a_node_are_never_kept_as_they_are(cache, scripts, tmp_path):
    """Arguments and variables are part of the key as a hash only."""
    kept = cache()
    catalog = StepCatalog([scripts], cache=kept)
    needs(catalog, job_args={"job_type": "arg-1234"}, environ_vars={"LABEL": "variable-5678"})
    catalog.close()
    stored = b"".join(file.read_bytes() for file in (tmp_path / "cache").iterdir())
    assert b"job_type" in stored
    assert b"arg-1234" not in stored
    assert b"variable-5678" not in stored


def test_a_reading_of_another_shape_is_made_anew(cache, scripts):
    """What cannot be understood is no answer."""
    kept = cache()
    for name in ("step.py", "near.py"):
        sha = hashlib.sha256((scripts / name).read_bytes()).hexdigest()
        kept.keep(f"facts {sha}".encode(), b"[1]")
    assert needs(StepCatalog([scripts], cache=cache()))[0] == ("raw", "required")


def test_garbage_is_collected_again_after_a_reading(scripts):
    """Collection is put off while a script is read, whatever becomes of that."""
    (scripts / "broken.py").write_text("def main(")
    catalog = StepCatalog([scripts])
    needs(catalog)
    assert catalog.find("broken").problems
    assert gc.isenabled()
    gc.disable()
    try:
        needs(StepCatalog([scripts]), job_args={"job_type": "other"})
        assert not gc.isenabled()
    finally:
        gc.enable()


@contextlib.contextmanager
def counted_parsing(monkeypatch):
    """The texts that are parsed inside."""
    parse, parsed = ast.parse, []
    with monkeypatch.context() as inside:
        inside.setattr(ast, "parse", lambda text: parsed.append(text) or parse(text))
        yield parsed


def test_a_discovery_reads_the_scripts_that_it_parses(tmp_path, monkeypatch):
    """Each script is parsed once, however many there are and in whatever order its nodes come."""
    scripts = [f"step{number}" for number in range(2 * KEPT_TREES)]
    for stem in scripts:
        (tmp_path / f"{stem}.py").write_text(f"{SCRIPT}# of {stem}\n")
    declared = {
        f"{stem.title()}_{job_type}": NodeDeclaration(
            job_args={"job_type": job_type},
            script=RecordedPath(f"workspace:{stem}.py") if stem in scripts[:3] else None,
        )
        for job_type in ("training", "testing")
        for stem in scripts
    }
    catalog = StepCatalog([tmp_path])
    read = {}
    with counted_parsing(monkeypatch) as parsed:
        found = catalog.discover(
            [NodeName(node) for node in declared],
            pipeline=PipelineDeclaration(name="many", nodes=declared),
            settings=SessionSettings(workspaces=(RecordedPath("workspace:."),)),
            roots=catalog.roots,
        )
        for node, given in declared.items():
            read[node] = catalog.requirements(
                found[node].script, roots=catalog.roots, job_args=given.job_args, environ_vars={}
            )
    assert len(parsed) == len(scripts)
    assert list(found) == list(declared)
    assert gc.isenabled()
    for node, needs_of_it in read.items():
        labelled = "LABEL" in {need.name for need in needs_of_it.needs}
        assert labelled == node.endswith("training")


def test_a_discovery_from_the_cache_reads_nothing(cache, scripts):
    """What a session is not going to ask, because its nodes were given other arguments, waits."""
    needs(StepCatalog([scripts], cache=cache()))
    catalog = StepCatalog([scripts], cache=cache())
    pipeline = PipelineDeclaration(
        name="one", nodes={"step": NodeDeclaration(job_args={"job_type": "declared"})}
    )
    catalog.discover(
        [NodeName("step")],
        pipeline=pipeline,
        settings=SessionSettings(workspaces=(RecordedPath("workspace:."),)),
        roots=catalog.roots,
    )
    with contextlib.closing(sqlite3.connect(scripts.parent / "cache" / "readings.db")) as kept:
        values = [json.loads(value) for (value,) in kept.execute("SELECT value FROM readings")]
    assert sum("needs" in value for value in values) == 1


def test_a_reading_leaves_no_circles():
    """A tree is let go of at once, and not only when garbage is collected."""
    tree, module = ast.parse(SCRIPT), ast.parse("KEY = 'raw'\ndef near():\n    return KEY\n")
    alive = [weakref.ref(parsed.body[-1]) for parsed in (tree, module)]
    gc.disable()
    try:
        found = read_needs(tree, job_args={}, environ_vars={}, modules={"near": module})
        del tree, module
        assert [ref() for ref in alive] == [None, None]
    finally:
        gc.enable()
    assert [need.name for need in found.needs] == ["raw", "job_type", "LABEL"]
