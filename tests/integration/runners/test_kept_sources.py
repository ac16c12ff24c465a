"""The source that ran is kept beside its attempt."""

from runthrough.adapters.session_files import SOURCE, LocalSessionFiles
from runthrough.application import attempts

FILES = LocalSessionFiles()


def test_an_attempt_folder_keeps_the_script_to_the_byte(tmp_path):
    """Whatever its encoding is, and also when the script changes later."""
    script = tmp_path / "latin.py"
    script.write_bytes(b"# -*- coding: latin-1 -*-\nname = '\xe9'\r\n")
    folder = tmp_path / "attempt"
    FILES.begin(str(folder), parents_of=(), script=str(script))
    script.write_text("name = 'x'\n")
    assert (folder / SOURCE).read_bytes().endswith(b"name = '\xe9'\r\n")
    assert FILES.text(str(folder / SOURCE)).endswith("name = '\ufffd'\r\n")


def test_a_script_that_cannot_be_read_is_not_kept(tmp_path):
    """The attempt begins all the same, and tells itself what is wrong with its script."""
    for number, script in enumerate((tmp_path / "gone.py", tmp_path, None)):
        folder = tmp_path / f"attempt-{number}"
        FILES.begin(str(folder), parents_of=(), script=script and str(script))
        assert folder.is_dir()
        assert not (folder / SOURCE).exists()
    assert FILES.text(str(tmp_path / "gone.py")) is None
    assert FILES.text(str(tmp_path)) is None


def test_no_output_takes_the_name_of_the_copy():
    """The adapter and the application mean the same file, and outputs keep away from it."""
    assert attempts.SOURCE == SOURCE
    assert SOURCE in attempts.OWN_FILES
