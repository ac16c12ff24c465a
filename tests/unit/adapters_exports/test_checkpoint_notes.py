"""Notes of checkpoints: what is written is read back, and what is none is told."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from runthrough.adapters.exports.notes import FORMAT, note_text, read_note, write_note
from runthrough.adapters.exports.signing import is_signed_by, signed, signed_text
from runthrough.core.values.store import Checkpoint
from runthrough.errors import AuditFileError

NOTE = Checkpoint(41, "ab" * 32, datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC), "0.1.0")


@pytest.fixture
def keys(tmp_path):
    """Paths of a private key and of its public key, as openssl writes them."""
    return written_keys(tmp_path, ed25519.Ed25519PrivateKey.generate(), "")


def written_keys(folder, private, name):
    paths = folder / f"{name}key.pem", folder / f"{name}public.pem"
    paths[0].write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    paths[1].write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return paths


def test_note_is_read_back(tmp_path):
    """A note holds the whole checkpoint, and says what it is."""
    write_note(tmp_path / "note.json", NOTE)
    assert read_note(tmp_path / "note.json") == NOTE
    assert json.loads(note_text(NOTE)) == {
        "format": FORMAT,
        "position": 41,
        "log_hash": "ab" * 32,
        "taken_at": "2026-11-28T12:00:05.000000Z",
        "app_version": "0.1.0",
    }


def test_note_is_never_overwritten(tmp_path):
    """A second note of the same name is refused, and the first one stays."""
    path = tmp_path / "note.json"
    write_note(path, NOTE)
    with pytest.raises(AuditFileError, match="never overwritten"):
        write_note(path, replace(NOTE, position=42))
    assert read_note(path) == NOTE


def test_place_that_cannot_be_written_is_told(tmp_path):
    """A folder that is not there is named."""
    with pytest.raises(AuditFileError, match="cannot be written"):
        write_note(tmp_path / "nowhere" / "note.json", NOTE)


def test_half_a_note_is_not_left_behind(tmp_path):
    """Where the note does not fit on the disk its name stays free."""
    path = tmp_path / "note.json"
    program = (
        "import resource, signal, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from runthrough.adapters.exports.notes import write_note\n"
        "from runthrough.core.values.store import Checkpoint\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "note = Checkpoint(1, 'ab' * 32, datetime.now(UTC), '1')\n"
        "write_note(Path(sys.argv[1]), note)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "cannot be written: File too large" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "other"}, "format"),
        ({"position": -1}, "position"),
        ({"position": True}, "position"),
        ({"position": "41"}, "position"),
        ({"position": 2**63}, "position"),
        ({"log_hash": "ab"}, "log_hash"),
        ({"log_hash": 7}, "log_hash"),
        ({"taken_at": "yesterday"}, "taken_at"),
        ({"taken_at": "2026-11-28T12:00:05.000000"}, "taken_at"),
        ({"taken_at": "2026-11-28T14:00:05.000000+02:00"}, "taken_at"),
        ({"taken_at": "2026-13-28T12:00:05.000000Z"}, "taken_at"),
        ({"signature": "ab" * 64}, "public_key"),
        ({"public_key": "ab" * 32}, "signature"),
        ({"public_key": "AB" * 32, "signature": "ab" * 64}, "public_key"),
        ({"app_version": None}, "app_version"),
    ],
)
def test_note_that_was_changed_is_no_note(tmp_path, change, told):
    """A field that is not what was written is named."""
    path = tmp_path / "note.json"
    path.write_text(json.dumps(json.loads(note_text(NOTE)) | change))
    with pytest.raises(AuditFileError, match=rf"is not the note of a checkpoint.*{told}"):
        read_note(path)


@pytest.mark.parametrize("name", ["position", "log_hash", "taken_at", "app_version"])
def test_note_without_a_field_is_no_note(tmp_path, name):
    """A field that is missing is named."""
    path = tmp_path / "note.json"
    told = json.loads(note_text(NOTE))
    del told[name]
    path.write_text(json.dumps(told))
    with pytest.raises(AuditFileError, match=name):
        read_note(path)


@pytest.mark.parametrize("content", ["", "raw,csv", "[]", "7", "[" * 100_000])
def test_other_file_is_no_note(tmp_path, content):
    """Somebody else's file is told as such."""
    path = tmp_path / "note.json"
    path.write_text(content)
    with pytest.raises(AuditFileError, match="is not the note of a checkpoint"):
        read_note(path)


def test_missing_note_is_told(tmp_path):
    """A path that leads nowhere is named."""
    with pytest.raises(AuditFileError, match="cannot be read"):
        read_note(tmp_path / "note.json")


# ---- signatures


def test_signature_holds_after_the_way_through_a_note(tmp_path, keys):
    """What the private key signed, its public key vouches for, and no other key does."""
    private, public = keys
    path = tmp_path / "note.json"
    write_note(path, signed(NOTE, private))
    assert is_signed_by(read_note(path), public)
    _, other = written_keys(tmp_path, ed25519.Ed25519PrivateKey.generate(), "other-")
    assert not is_signed_by(read_note(path), other)


@pytest.mark.parametrize(
    "change",
    [
        {"position": 42},
        {"log_hash": "cd" * 32},
        {"taken_at": datetime(2026, 11, 28, 12, 0, 6, tzinfo=UTC)},
        {"app_version": "0.1.1"},
        {"signature": "00" * 64},
        {"signature": "no hex"},
        {"signature": b"no text"},
        {"app_version": b"no text"},
        {"signature": None},
    ],
)
def test_changed_note_is_not_signed(keys, change):
    """Every field is signed; without a signature, or with what is none, a note is not signed."""
    private, public = keys
    assert not is_signed_by(replace(signed(NOTE, private), **change), public)


def test_signed_text_is_fixed():
    """Old signatures hold as long as this text stays: it never changes."""
    assert signed_text(NOTE) == (
        b"runthrough-checkpoint-1\n41\n" + b"ab" * 32 + b"\n2026-11-28T12:00:05.000000Z\n0.1.0"
    )


def test_public_key_inside_the_note_proves_nothing(keys, tmp_path):
    """A note that was signed anew with another key brings that key, which is not asked."""
    forger, _ = written_keys(tmp_path, ed25519.Ed25519PrivateKey.generate(), "forger-")
    assert not is_signed_by(signed(replace(NOTE, log_hash="cd" * 32), forger), keys[1])


@pytest.mark.parametrize("use", [signed, is_signed_by])
def test_key_that_cannot_be_used_is_told(tmp_path, use):
    """A missing file, another kind of file and another kind of key each say how to make one."""
    with pytest.raises(AuditFileError, match="cannot be read"):
        use(NOTE, tmp_path / "nowhere.pem")
    (tmp_path / "raw.pem").write_text("raw")
    with pytest.raises(AuditFileError, match=r"in PEM[\s\S]*openssl"):
        use(NOTE, tmp_path / "raw.pem")
    pair = written_keys(tmp_path, rsa.generate_private_key(65537, 2048), "rsa-")
    with pytest.raises(AuditFileError, match="not of the kind Ed25519"):
        use(NOTE, pair[0] if use is signed else pair[1])


def test_encrypted_key_is_told(tmp_path):
    """A key behind a passphrase is not asked for one."""
    path = tmp_path / "key.pem"
    path.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(AuditFileError, match="is encrypted"):
        signed(NOTE, path)


@pytest.mark.parametrize("use", ["signed", "is_signed_by"])
def test_missing_extra_is_told(keys, use):
    """Without the module for signatures the error says what to install."""
    program = (
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from datetime import UTC, datetime\n"
        "from runthrough.adapters.exports import signing\n"
        "from runthrough.core.values.store import Checkpoint\n"
        "note = Checkpoint(1, 'ab' * 32, datetime.now(UTC), '1')\n"
        f"signing.{use}(note, Path({str(keys[0])!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "install runthrough with its extra `signing`" in done.stderr
