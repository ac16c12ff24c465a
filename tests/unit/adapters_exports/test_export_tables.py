"""The log as a table: every column, each value back as it was, and nothing that runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters_exports.test_export_lines import OF_SESSION, ROWS, SESSION

from runthrough.adapters.exports.files import ExportFile, write_export
from runthrough.adapters.exports.tables import COLUMNS, table_lines
from runthrough.core.values.store import EventFilter, StoredEvent
from runthrough.errors import AuditFileError

ALL = EventFilter()
STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
"""What a spreadsheet may take for a formula's begin."""


def table(rows=ROWS, session_id=None, wanted=ALL):
    """The rows of the table as a reader of CSV gives them."""
    text = "".join(table_lines(rows, session_id=session_id, wanted=wanted))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def unquoted(text):
    """A cell without what makes it text; docs/reference/export.md tells it."""
    return text.removeprefix("'")


def test_table_holds_every_column_of_every_event():
    """Each row is an event: all columns but the one that is no part of the chain."""
    assert set(COLUMNS) == set(StoredEvent._fields) - {"request_hash"}
    for told, row in zip(table(), ROWS, strict=True):
        for name in COLUMNS:
            value = getattr(row, name)
            assert unquoted(told[name]) == ("" if value is None else str(value))
        assert told["export"] == "log"


def test_table_of_a_part_says_so_in_every_row():
    """Rows that were cut out and mailed still tell what they were chosen from."""
    wanted = EventFilter(types=(ROWS[0].type,))
    rows = table(OF_SESSION, SESSION, wanted)
    assert rows
    assert {row["type"] for row in rows} == {ROWS[0].type}
    told = f"filtered session {SESSION}: type {ROWS[0].type}"
    assert {row["export"] for row in rows} == {told}
    assert {row["export"] for row in table(OF_SESSION, SESSION)} == {f"session {SESSION}"}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("column", ["actor", "subject", "payload", "host", "door"])
def test_cell_that_begins_a_formula_is_text(start, column):
    """Whatever somebody called themselves, no spreadsheet runs it."""
    value = f'{start}HYPERLINK("https://evil","x")'
    (row,) = table([ROWS[0]._replace(**{column: value})])
    assert row[column] == f"'{value}"
    assert unquoted(row[column]) == value


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_every_text_comes_back(value):
    """A cell without its quote is the value, also where that began with a quote itself."""
    (row,) = table([ROWS[0]._replace(actor=value)])
    assert unquoted(row["actor"]) == value
    assert not row["actor"].startswith(tuple(STARTS))


def test_table_is_refused_where_an_export_is_asked_for(tmp_path):
    """Nobody verifies or imports a table; the error says what to export instead."""
    path = tmp_path / "log.csv"
    write_export(path, table_lines(ROWS, session_id=None, wanted=ALL))
    with pytest.raises(AuditFileError, match="is a table") as refused:
        ExportFile(path)
    assert "without --format csv" in str(refused.value.fix)
