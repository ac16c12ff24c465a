"""Exports as new files: never over what is there, nothing left of what failed."""

import pytest

from runthrough.adapters.exports.files import write_export
from runthrough.errors import AuditFileError


def left(folder):
    """The files of a folder with what they hold."""
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_an_export_is_a_new_file(tmp_path):
    """All of its lines, and nothing beside it."""
    assert write_export(tmp_path / "log.jsonl", ["a\n", "b\n"]) == 2
    assert left(tmp_path) == {"log.jsonl": "a\nb\n"}


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path):
    """Of two that write one name at once the first has it; the other is refused."""
    path = tmp_path / "log.jsonl"

    def lines():
        yield "mine\n"
        path.write_text("theirs\n")

    with pytest.raises(AuditFileError, match="never overwritten"):
        write_export(path, lines())
    assert left(tmp_path) == {"log.jsonl": "theirs\n"}


def test_nothing_is_left_of_an_export_that_failed(tmp_path):
    """The name stays free, and no piece of it lies about."""

    def lines():
        yield "a\n"
        raise LookupError("the log ends here")

    with pytest.raises(LookupError):
        write_export(tmp_path / "log.jsonl", lines())
    assert left(tmp_path) == {}
