"""Proving the log at the command line: verify, checkpoint, export."""

import json
import sqlite3
from contextlib import closing

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.support.cli import answered

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def shell(request, tmp_path):
    """A session with some history, on each back end."""
    if request.param == "sqlite":
        return answered(tmp_path)
    url = request.getfixturevalue("postgres_url")
    return OnServer(answered_on(tmp_path, url), url)


def answered_on(folder, url):
    """The same session, begun in the database at that URL."""
    from tests.support.cli import orders_shell

    begun = orders_shell(folder)
    begun.run("new", "pipeline.yaml", "--name", "demo", RUNTHROUGH_DATABASE_URL=url)
    return begun


class OnServer:
    """A user's shell whose commands all mean one database."""

    def __init__(self, shell, url):
        self._shell, self._url = shell, url
        self.folder = shell.folder

    def run(self, *words, **how):
        return self._shell.run(*words, RUNTHROUGH_DATABASE_URL=self._url, **how)


def key_pair(folder):
    """Paths of a private key and of its public key."""
    key, paths = ed25519.Ed25519PrivateKey.generate(), (folder / "key.pem", folder / "public.pem")
    pem = serialization.Encoding.PEM
    private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[0].write_bytes(key.private_bytes(pem, *private))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    paths[1].write_bytes(key.public_key().public_bytes(pem, public))
    return paths


def alter(shell, statement):
    with closing(sqlite3.connect(shell.database, isolation_level=None)) as connection:
        for verb in ("update", "delete", "replace"):
            connection.execute(f"DROP TRIGGER IF EXISTS events_no_{verb}")
        connection.execute(statement)


def test_notes_and_exports_hold_on_each_back_end(shell):
    """Note, go on, note again, export: all of it verifies, in the database and as a file."""
    first = shell.run("audit", "checkpoint", "-o", "first.json", "--json").json
    assert json.loads((shell.folder / "first.json").read_text())["log_hash"] == first["log_hash"]
    shell.run("resume")
    shell.run("audit", "checkpoint", "--output", "second.json")
    verified = shell.run(
        "audit", "verify", "--against", "first.json", "--against", "second.json", "--json"
    ).json
    assert (verified["ok"], verified["first_bad"], verified["since"]) == (True, None, 0)
    assert verified["checked"] == verified["head_position"] >= first["position"]
    since = shell.run("audit", "verify", "--since", "first.json", "--json").json
    assert (since["ok"], since["since"]) == (True, first["position"])
    assert since["checked"] == verified["checked"] - first["position"]
    new = shell.run("audit", "verify", "--new", "--json").json
    assert new["since"] >= first["position"]
    exported = shell.run("audit", "export", "-o", "log.jsonl", "--json").json
    assert exported["events"] == verified["checked"]
    offline = shell.run("audit", "verify", "log.jsonl", "--against", "second.json", "--json").json
    assert (offline["ok"], offline["scope"]) == (True, "log")
    assert offline["checked"] == verified["checked"]


def test_one_session_is_exported_and_verified(tmp_path):
    """An auditor of one session gets its events alone, and needs no database."""
    shell = answered(tmp_path)
    shell.run("audit", "export", "--session", "demo", "-o", "demo.jsonl")
    told = shell.run(
        "audit",
        "verify",
        "demo.jsonl",
        "--json",
        RUNTHROUGH_DATABASE_URL="sqlite:////nowhere/x.db",
    ).json
    assert (told["ok"], told["scope"]) == (True, "session")
    assert told["checked"] > 0


def test_export_goes_to_stdout_for_pipes(tmp_path):
    """Without --output the lines themselves are printed, and nothing else."""
    shell = answered(tmp_path)
    lines = shell.run("audit", "export").out.splitlines()
    assert [json.loads(line)["specversion"] for line in lines] == ["1.0"] * len(lines)
    refused = shell.run("audit", "export", "--json", code=2)
    assert "give --output" in refused.err


def test_note_goes_to_stdout_where_no_file_is_named(tmp_path):
    """The note can be piped to where it is kept."""
    shell = answered(tmp_path)
    note = shell.run("audit", "checkpoint").out
    assert json.loads(note)["format"] == "runthrough-checkpoint-1"
    shell.file("piped.json", note)
    shell.run("audit", "verify", "--against", "piped.json")


def test_changed_log_is_told_with_exit_6(tmp_path):
    """The first bad position, what is wrong with it, and what to do."""
    shell = answered(tmp_path)
    shell.run("audit", "checkpoint", "-o", "note.json")
    alter(shell, "UPDATE events SET actor = 'eve' WHERE position = 2")
    done = shell.run("audit", "verify", "--json", code=6)
    assert done.json["first_bad"] == {"position": 2, "kind": "event_hash"}
    assert "from position 2 on (event_hash)" in done.err
    shell.run("audit", "export", "-o", "log.jsonl")
    assert shell.run("audit", "verify", "log.jsonl", "--json", code=6).json["first_bad"] == {
        "position": 2,
        "kind": "event_hash",
    }


def test_no_checkpoint_is_taken_of_a_changed_log(tmp_path):
    """What came since the last checkpoint is verified first: a note never covers a change up."""
    shell = answered(tmp_path)
    alter(shell, "UPDATE events SET actor = 'eve' WHERE position = 2")
    shell.run("audit", "checkpoint", "-o", "note.json", code=6)
    assert not (shell.folder / "note.json").exists()


def test_no_note_is_left_of_a_checkpoint_that_could_not_be_kept(tmp_path):
    """What is refused leaves nothing: the same command works when the cause is gone."""
    shell = answered(tmp_path)
    alter(
        shell,
        "CREATE TRIGGER full BEFORE INSERT ON checkpoints "
        "BEGIN SELECT RAISE(ABORT, 'no more room'); END",
    )
    done = shell.run("audit", "checkpoint", "-o", "note.json", code=4)
    assert "no more room" in done.err
    assert not (shell.folder / "note.json").exists()
    alter(shell, "DROP TRIGGER full")
    assert shell.run("audit", "checkpoint", "-o", "note.json", "--json").json["kept"] is True


def test_dropped_tail_is_found_by_a_note(tmp_path):
    """A log that is shorter than a note says was cut, though its chain is whole."""
    shell = answered(tmp_path)
    shell.run("audit", "checkpoint", "-o", "note.json")
    alter(shell, "DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    alter(
        shell,
        "UPDATE log_head SET (position, log_hash) = "
        "(SELECT position, log_hash FROM events ORDER BY position DESC LIMIT 1)",
    )
    assert shell.run("audit", "verify", "--json").json["ok"]
    done = shell.run("audit", "verify", "--against", "note.json", "--json", code=6)
    assert done.json["first_bad"]["kind"] == "head"


def flat(text):
    """A screen's text without its line breaks."""
    return " ".join(text.split())


def cut(shell, left):
    """Drop events behind a position, and put the head where the log now ends."""
    alter(shell, f"DELETE FROM events WHERE position > {left}")
    alter(
        shell,
        "UPDATE log_head SET (position, log_hash) = "
        "(SELECT position, log_hash FROM events ORDER BY position DESC LIMIT 1)",
    )


def test_the_note_that_fails_is_named(tmp_path):
    """Of several notes the one that does not fit is told by its file, and which one does."""
    shell = answered(tmp_path)
    first = shell.run("audit", "checkpoint", "-o", "first.json", "--json").json
    shell.run("configure", "report", "--arg", "top=2")
    second = shell.run("audit", "checkpoint", "-o", "second.json", "--json").json
    told = json.loads((tmp_path / "second.json").read_text())
    shell.file("second.json", json.dumps({**told, "log_hash": "ab" * 32}))
    words = ("audit", "verify", "--against", "first.json", "--against", "second.json")
    screen = flat(shell.run(*words, code=6).out)
    place = second["position"]
    assert f"from position {place} on (checkpoint): second.json (position {place}, 20" in screen
    assert f"and first.json (position {first['position']}, 20" in screen
    assert "rewritten between these positions" in screen
    assert f"the hashes of {place} events were computed anew" in screen
    notes = shell.run(*words, "--json", code=6).json["notes"]
    assert [(note["file"], note["fits"]) for note in notes] == [
        ("first.json", True),
        ("second.json", False),
    ]
    alone = flat(shell.run(*words[:2], "--against", "second.json", code=6).out)
    assert "or the note is of another log" in alone
    assert "first.json" not in alone


def test_a_note_of_another_log_may_be_the_reason(tmp_path):
    """A note of another database fails, and it is said that it may be of another one."""
    ours, theirs = answered(tmp_path / "ours"), answered(tmp_path / "theirs")
    theirs.run("audit", "checkpoint", "-o", "note.json")
    note = str(theirs.folder / "note.json")
    done = flat(ours.run("audit", "verify", "--against", note, code=6).out)
    assert f"{note} (position" in done
    assert "or the note is of another log" in done


def test_a_log_that_is_shorter_than_noted_names_the_note(tmp_path):
    """Numbers and words fit what is there: all that is left is whole, and less than was noted."""
    shell = answered(tmp_path)
    position = shell.run("audit", "checkpoint", "-o", "note.json", "--json").json["position"]
    cut(shell, position - 2)
    done = shell.run("audit", "verify", "--against", "note.json", "--json", code=6)
    assert done.json["first_bad"] == {"position": position - 1, "kind": "head"}
    assert (done.json["checked"], done.json["head_position"]) == (position - 2, position - 2)
    assert done.json["notes"][0]["fits"] is False
    assert f"the log ends at position {position - 2}, before note.json" in flat(done.err)


def test_a_lost_head_is_told_as_such(tmp_path):
    """Where the row is gone, no number is made up for it, and the events are said to be whole."""
    shell = answered(tmp_path)
    events = shell.run("audit", "verify", "--json").json["checked"]
    alter(shell, "DELETE FROM log_head")
    done = shell.run("audit", "verify", "--json", code=6)
    assert done.json["first_bad"] == {"position": events + 1, "kind": "head"}
    assert (done.json["checked"], done.json["head_position"]) == (events, None)
    assert "the row of log_head, which says where the log ends, is missing" in flat(done.err)
    assert f"the hashes of {events} events were computed anew" in flat(done.err)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE log_head SET position = position - 3", "events were added"),
        ("UPDATE log_head SET position = position + 3", "events were dropped"),
        ("UPDATE log_head SET log_hash = '00'", "another hash than its last event"),
    ],
)
def test_a_head_that_does_not_fit_is_told_with_both_positions(tmp_path, change, words):
    """What the log says of its end and where it ends are both told."""
    shell = answered(tmp_path)
    events = shell.run("audit", "verify", "--json").json["checked"]
    alter(shell, change)
    done = shell.run("audit", "verify", "--json", code=6)
    assert words in flat(done.err)
    said = {"- 3": events - 3, "+ 3": events + 3}.get(change[-3:], events)
    assert (done.json["checked"], done.json["head_position"]) == (events, said)


def test_an_export_tells_no_end_that_was_not_reached(tmp_path):
    """Where the last line was not reached the end is unknown; the fix is about files."""
    shell = answered(tmp_path)
    shell.run("audit", "export", "-o", "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_text().splitlines(keepends=True)
    events = len(lines) - 2
    shell.file("cut.jsonl", "".join(lines[:-1]))
    done = shell.run("audit", "verify", "cut.jsonl", "--json", code=6)
    assert (done.json["checked"], done.json["head_position"]) == (events, None)
    assert "the last line of the export" in flat(done.err)
    assert "ask for the export anew" in done.err
    shell.file("edited.jsonl", "".join([*lines[:3], lines[3].replace("rtactor", "x"), *lines[4:]]))
    done = shell.run("audit", "verify", "edited.jsonl", "--json", code=6)
    assert (done.json["checked"], done.json["head_position"]) == (2, None)
    assert "2 events before it were checked" in done.err
    dropped = "".join([*lines[:-2], lines[-1]])
    shell.file("dropped.jsonl", dropped)
    done = shell.run("audit", "verify", "dropped.jsonl", "--json", code=6)
    assert (done.json["checked"], done.json["head_position"]) == (events - 1, events)


def test_checkpoint_says_what_it_checked(tmp_path):
    """A note stands for what came since the last one, and says how much that was."""
    shell = answered(tmp_path)
    first = shell.run("audit", "checkpoint", "-o", "first.json", "--json")
    position = first.json["position"]
    assert (first.json["checked"], first.json["since"]) == (position, 0)
    assert f"{position} events were checked" in first.err
    shell.run("configure", "report", "--arg", "top=2")
    second = shell.run("audit", "checkpoint", "--json").json
    assert (second["checked"], second["since"]) == (second["position"] - position, position)
    again = shell.run("audit", "checkpoint")
    assert f"0 events since position {second['position']} were checked" in flat(again.err)
    assert json.loads(again.out)["position"] == second["position"]


def test_signature_status_is_in_the_json(tmp_path):
    """Each note's signature is valid, invalid, not checked, or none."""
    shell = answered(tmp_path)
    private, public = key_pair(tmp_path)
    shell.run("audit", "checkpoint", "-o", "plain.json")
    shell.run("audit", "checkpoint", "-o", "signed.json", "--sign", str(private))
    verify = ("audit", "verify", "--json")
    both = ("--against", "plain.json", "--against", "signed.json")

    def signatures(*words, code=0):
        return [note["signature"] for note in shell.run(*verify, *words, code=code).json["notes"]]

    assert signatures(*both) == ["none", "not_checked"]
    assert signatures(*both[2:], "--public-key", str(public)) == ["valid"]
    assert signatures("--since", "signed.json", "--public-key", str(public)) == ["valid"]
    assert signatures("--new", "--public-key", str(public)) == ["valid"]
    told = json.loads((tmp_path / "signed.json").read_text())
    shell.file("signed.json", json.dumps(told | {"position": told["position"] - 1}))
    refused = shell.run(*verify, *both, "--public-key", str(public), code=6)
    assert [note["signature"] for note in refused.json["notes"]] == ["none", "invalid"]
    assert refused.json["head_position"] is None
    assert "no event was looked at" in refused.err


def test_signed_notes_are_held_against_a_public_key(tmp_path):
    """With a public key only notes that its private key signed count, and the others are told."""
    shell = answered(tmp_path)
    private, public = key_pair(tmp_path)
    shell.run("audit", "checkpoint", "-o", "plain.json")
    shell.run("audit", "checkpoint", "-o", "signed.json", "--sign", str(private))
    held = shell.run("audit", "verify", "--against", "signed.json", "--public-key", str(public))
    assert "signed.json: signed by" in held.out
    unchecked = shell.run("audit", "verify", "--against", "signed.json")
    assert "its signature was not checked" in unchecked.out
    plain = shell.run(
        "audit", "verify", "--against", "plain.json", "--public-key", str(public), code=6
    )
    assert "plain.json is not signed with that key" in plain.out
    told = json.loads((tmp_path / "signed.json").read_text())
    shell.file("forged.json", json.dumps(told | {"position": told["position"] - 1}))
    forged = shell.run(
        "audit", "verify", "--since", "forged.json", "--public-key", str(public), "--json", code=6
    )
    assert forged.json["first_bad"]["kind"] == "signature"


def test_public_key_is_asked_of_the_checkpoint_in_the_database_too(tmp_path):
    """With --new the key must vouch for what the database keeps; without a key that is said."""
    shell = answered(tmp_path)
    private, public = key_pair(tmp_path)
    asked = ("audit", "verify", "--new", "--public-key", str(public), "--json")
    none = shell.run(*asked, code=6)
    assert none.json["first_bad"] == {"position": 0, "kind": "signature"}
    assert "there is none" in none.err
    shell.run("audit", "checkpoint", "-o", "plain.json")
    assert shell.run(*asked, code=6).json["first_bad"]["kind"] == "signature"
    shell.run("audit", "checkpoint", "-o", "signed.json", "--sign", str(private))
    assert shell.run(*asked).json["ok"]
    assert "its signature was not checked" in shell.run("audit", "verify", "--new").out
    alter(shell, "UPDATE checkpoints SET signature = 'no hex'")
    assert shell.run(*asked, code=6).json["first_bad"]["kind"] == "signature"


def test_printed_export_is_utf_8_wherever_it_goes(tmp_path):
    """A terminal's encoding does not change the text that is verified."""
    shell = answered(tmp_path)
    shell.run("configure", "report", "--arg", "top=1", "--note", "größer", "--as", "ζωή")
    done = shell.run("audit", "export", PYTHONIOENCODING="ascii")
    assert "größer" in done.out
    assert "ζωή" in done.out
    shell.file("log.jsonl", done.out)
    assert shell.run("audit", "verify", "log.jsonl", "--json").json["ok"]


def test_export_leaves_other_files_alone(tmp_path):
    """A file whose name looks like that of an unfinished export is not touched."""
    shell = answered(tmp_path)
    mine = shell.file("log.jsonl.part", "mine")
    shell.run("audit", "export", "-o", "log.jsonl")
    assert mine.read_text() == "mine"
    assert [path.name for path in tmp_path.glob("*.part")] == ["log.jsonl.part"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "--public-key", "key.pem"), "is about notes"),
        (("verify", "nowhere.jsonl"), "cannot be read"),
        (("verify", "pipeline.yaml"), "is no export"),
        (("verify", "--against", "pipeline.yaml"), "is not the note of a checkpoint"),
        (("verify", "log.jsonl", "--new"), "exclude each other"),
        (("verify", "--new", "--since", "note.json"), "exclude each other"),
        (("checkpoint", "-o", "pipeline.yaml"), "never overwritten"),
        (("checkpoint", "--sign", "pipeline.yaml"), "no private key"),
        (("export", "-o", "pipeline.yaml"), "never overwritten"),
        (("export", "-o", "nowhere/log.jsonl"), "cannot be written"),
        (("export", "--session", "other"), "No session fits 'other'"),
    ],
)
def test_mistakes_are_told_with_exit_2(tmp_path, words, told):
    """A wrong file, option or name says what is wrong, and nothing is written."""
    shell = answered(tmp_path)
    shell.file("note.json", "{}")
    before = (tmp_path / "pipeline.yaml").read_text()
    assert told in shell.run("audit", *words, code=2).err
    assert (tmp_path / "pipeline.yaml").read_text() == before
    assert not list(tmp_path.glob("*.part"))
