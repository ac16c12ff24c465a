"""What is left of older runs, and what a host that has lost its tester is waited for."""

import os
import shutil
from pathlib import Path

import pytest
from tests.support.handling import FaultyStore, Recorded
from tests.support.hanging import WRITES, on, quick, ran
from tests.support.stored import memory_stores
from tests.support.testers import Machine, configured, outcomes

from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.errors import StoreUnavailableError

FAILS = "def main(input_paths, output_paths, environ_vars, job_args):\n    raise LookupError\n"
READS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["out"]).write_text(Path(input_paths["text"]).read_text())
"""
SUCCESSOR = Machine(pid=2, living={2})


@pytest.fixture
def stores():
    """In memory: what is tried here does not hang on where events are kept."""
    return memory_stores()


def runs_of(studio):
    """The folder of the session's runs."""
    (runs,) = studio.place.workspace.glob(".runthrough/*/runs")
    return runs


def attempts(studio, node):
    """The folders of a node's attempts, oldest first."""
    return sorted(runs_of(studio).glob(f"*/{node}/*"), key=lambda folder: folder.name)


def keeping(studio, keep_runs, **other):
    """The session as a tester has it who keeps so many runs."""
    return studio.enter("ann", keep_runs=keep_runs, **other)


# ---- pruning


def test_of_older_runs_nothing_is_left(studio):
    """The newest runs keep their folders whole; the others' are gone, with all that held them."""
    quick(studio, "a")
    session = keeping(studio, 2)
    for _ in range(4):
        session.run(reuse=False)
    told = [event.attempt for event in studio.events("ScriptStarted")]
    assert [folder.name for folder in attempts(studio, "a")] == told[-2:]
    assert len(list(runs_of(studio).iterdir())) == 2
    assert {path.name for path in attempts(studio, "a")[0].iterdir()} >= {"out", "stdout.log"}


def test_what_passed_is_kept_however_old(studio):
    """The last passed attempt is reused run after run, so its outputs stay where they are."""
    session = quick(studio, "a", "b")
    session.run()
    session = keeping(studio, 1)
    for _ in range(3):
        configured(session, "b", environ_vars={})
        assert outcomes(session.run(["b"], reuse=False)) == {"b": "passed"}
    (kept,) = attempts(studio, "a")
    assert (kept / "out").read_text() == "x"
    assert outcomes(session.run()) == {"a": "reused", "b": "reused"}


def test_the_last_failure_keeps_its_logs(studio):
    """What a person looks at after a failure is there until the next attempt at the node."""
    session = quick(studio, "a", "b")
    session.run()
    studio.place.script("a", FAILS)
    session.run(["a"])
    session = keeping(studio, 1)
    for _ in range(2):
        session.run(["b"], reuse=False)
    passed, failed = attempts(studio, "a")
    assert "LookupError" in (failed / "stderr.log").read_text()
    assert (passed / "out").exists(), "what passed before stands as well"
    studio.place.script("a", WRITES)
    session.run(["a"])
    assert len(attempts(studio, "a")) == 1


def test_what_a_person_gave_as_an_input_is_kept(studio):
    """A path into an older attempt's folder is referred to like any other."""
    studio.place.script("reads", READS)
    studio.place.script("a", WRITES)
    session = studio.start("a", "reads")
    configured(session, "a", job_args={"ran": str(ran(studio, "a"))})
    session.run(["a"])
    (first,) = attempts(studio, "a")
    configured(session, "reads", input_paths={"text": str(first / "out")})
    session = keeping(studio, 1)
    session.run(["a"], reuse=False)
    session.run(["a"], reuse=False)
    assert [first, attempts(studio, "a")[-1]] == attempts(studio, "a")
    assert outcomes(session.run(["reads"])) == {"reads": "passed"}


def test_links_are_never_followed_out(studio):
    """A link in place of a run, of a node, or inside an attempt: what it leads to stays whole."""
    quick(studio, "a")
    outside = studio.place.file("outside/node/attempt/precious.txt", "precious").parents[2]
    session = keeping(studio, 1)
    session.run(reuse=False)
    (old,) = attempts(studio, "a")
    (old / "work" / "link").symlink_to(outside)
    (old.parent / "link").symlink_to(outside)
    (old.parents[1] / "link").symlink_to(outside)
    (old.parents[2] / "0-oldest").symlink_to(outside)
    session.run(reuse=False)
    assert not old.exists(), "the attempt itself is gone"
    assert (outside / "node/attempt/precious.txt").read_text() == "precious"


class Stubborn(LocalSessionFiles):
    """Folders of which one cannot be deleted."""

    def prune(self, runs, *, keep_runs, kept):
        told = super().prune(runs, keep_runs=keep_runs, kept=kept)
        return (*told, "runs/1/a/2: Permission denied")


def test_a_folder_that_cannot_be_deleted_is_told_and_fails_no_run(studio):
    """The program's log has it; the run ended as it went."""
    quick(studio, "a")
    lines = Recorded()
    session = keeping(studio, 1, files=Stubborn(), log=lines)
    assert outcomes(session.run()) == {"a": "passed"}
    told = [values["failed"] for event, values in lines.lines if event == "prune"]
    assert told == ["runs/1/a/2: Permission denied"]
    assert studio.statuses() == ["passed"]


# ---- adopting


class AboutToWrite(LocalSessionFiles):
    """A host that writes its result after somebody has begun to look for it."""

    def __init__(self, result, folder):
        self._result, self._folder = result, folder
        self.looked = 0

    def settled(self, folder, *, here):
        found = super().settled(folder, here=here)
        self.looked += 1
        if self.looked == 2:
            shutil.move(self._result, self._folder)
        return found


def left_unwritten(studio, claim):
    """A run whose tester is gone, with an attempt that has no result yet; its folder."""
    quick(studio, "a")
    store = FaultyStore(studio.stores.events)

    def lose(event):
        store.lost = True

    with pytest.raises(StoreUnavailableError):
        studio.enter("ann", store=store).run(told=on("ScriptStarted", lose))
    (folder,) = attempts(studio, "a")
    (folder / "claim").write_text(claim)
    (folder / "out").write_text("x")  # written after the claim, as an attempt's output is
    kept = studio.place.folder / "result.json"
    shutil.move(folder / "result.json", kept)
    return AboutToWrite(kept, folder)


@pytest.mark.parametrize("claim", [f"{os.getpid()}\n", ""], ids=["living", "beginning"])
def test_a_host_that_is_about_to_write_its_result_is_waited_for(studio, claim):
    """It lives, or has only made its claim: nothing that comes to a result counts as lost."""
    files = left_unwritten(studio, claim)
    studio.enter("bob", hosts=SUCCESSOR, files=files).resume()
    assert files.looked >= 3
    assert studio.ends() == [("a", "passed")]
    assert ran(studio, "a").read_text() == "x"


def test_a_host_that_is_gone_is_not_waited_for(studio):
    """Its process is not there any more, so nothing will ever be written."""
    files = left_unwritten(studio, f"{2**22 + 1}\n")
    studio.enter("bob", hosts=SUCCESSOR, files=files).resume()
    assert files.looked == 1
    assert studio.ends() == [("a", "lost")]


def test_an_attempt_that_was_never_started_is_not_waited_for(studio):
    """Without a claim there is no host."""
    files = left_unwritten(studio, "")
    (folder,) = attempts(studio, "a")
    Path(folder, "claim").unlink()
    studio.enter("bob", hosts=SUCCESSOR, files=files).resume()
    assert files.looked == 1
    assert studio.ends() == [("a", "lost")]
