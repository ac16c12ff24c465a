"""The folders of attempts."""

import json
import os
import time

import pytest

from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.core.values.attempts import ScriptResult
from runthrough.errors import RunnerUnavailableError


@pytest.fixture
def runner_url():
    return "process:"


@pytest.fixture
def files():
    return LocalSessionFiles()


def test_an_attempt_begins_in_a_fresh_folder(files, tmp_path):
    """Folder, working folder and the parents of outputs are made; the outputs are not."""
    folder, output = tmp_path / "runs" / "1", tmp_path / "out" / "deep" / "model.pkl"
    files.begin(str(folder), parents_of=[str(output)])
    assert [path.name for path in folder.iterdir()] == ["work"]
    assert output.parent.is_dir()
    assert not output.exists()


def test_a_used_folder_is_refused(files, tmp_path):
    """A second attempt never begins in the folder of a first."""
    files.begin(str(tmp_path / "1"), parents_of=())
    with pytest.raises(RunnerUnavailableError, match=r"there already.*\n.*runthrough run"):
        files.begin(str(tmp_path / "1"), parents_of=())


@pytest.mark.parametrize("output", ["taken/model.pkl", "taken/deep/model.pkl"])
def test_a_parent_that_cannot_be_made_is_named(files, tmp_path, output):
    """A file where a folder is needed is told by its path."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(RunnerUnavailableError, match="taken"):
        files.begin(str(tmp_path / "1"), parents_of=[str(tmp_path / output)])


def test_a_result_is_read_as_the_host_wrote_it(files, stage):
    """What the file says is what the runner's future said."""
    rehearsal = stage.run("def main():\n    return {'a': [1]}\n")
    assert files.result(rehearsal.request.folder) == rehearsal.result
    written = json.loads((rehearsal.folder / "result.json").read_text())
    assert set(written) == set(ScriptResult.__slots__)


@pytest.mark.parametrize("content", [None, "", '{"outcome": "pass', '{"outcome": "fine"}', "\0"])
def test_there_is_no_result_before_a_whole_one(files, tmp_path, content):
    """A missing or broken file is no result."""
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    assert files.result(str(tmp_path)) is None


def test_a_claim_tells_when_the_child_was_started(files, stage):
    """The claim's time stands on the clock that stamps files, before all that is written."""
    before = time.time_ns()
    rehearsal = stage.run("def main():\n    open('written', 'w').close()\n")
    claimed = files.claimed_ns(rehearsal.request.folder)
    # Files are stamped by a clock that steps every few milliseconds.
    assert before - 20_000_000 <= claimed <= (rehearsal.work / "written").stat().st_mtime_ns
    assert files.claimed_ns(str(rehearsal.work)) is None


def test_logs_are_read_whole_or_from_their_end(files, tmp_path):
    """A log is text, its undecodable bytes replaced; where there is none it is empty."""
    log = tmp_path / "stdout.log"
    log.write_bytes(b"first\n\xff second\n")
    assert files.log_text(str(log)) == "first\n\ufffd second\n"
    assert files.log_text(str(log), last_bytes=7) == "second\n"
    assert files.log_text(str(log), last_bytes=1000) == "first\n\ufffd second\n"
    assert files.log_text(str(tmp_path / "absent.log")) == ""


def test_a_log_is_read_in_pieces_of_bytes(files, tmp_path):
    """A piece has as many bytes as are asked for and there, with the size of all of it."""
    log = tmp_path / "stdout.log"
    log.write_bytes(b"0123456789")
    assert files.log_part(str(log), after=0, limit=4) == (b"0123", 10)
    assert files.log_part(str(log), after=8, limit=4) == (b"89", 10)
    assert files.log_part(str(log), after=10, limit=4) == (b"", 10)
    assert files.log_part(str(log), after=99, limit=4) == (b"", 10)
    assert files.log_part(str(log), after=3, limit=0) == (b"", 10)


def test_what_is_no_plain_file_is_no_log(files, tmp_path):
    """A link is not followed, a pipe is not waited for, and a folder has no bytes."""
    log = tmp_path / "stdout.log"
    log.write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to(log)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe", "absent", "folder/below", "stdout.log/below"):
        assert files.log_part(str(tmp_path / name), after=0, limit=4) is None, name


def test_a_place_that_cannot_be_written_is_told_with_one_that_can(files, tmp_path):
    """Where the session itself cannot write, another workspace helps, and no other output."""
    (tmp_path / "readonly").write_text("no folder")
    with pytest.raises(RunnerUnavailableError, match="cannot be made") as refused:
        files.begin(str(tmp_path / "readonly" / ".runthrough" / "runs" / "1"), parents_of=())
    assert refused.value.fix.endswith("runthrough new PIPELINE --workspace DIR")
