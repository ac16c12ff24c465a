"""Ed25519 signatures of checkpoints; the only room of the extra `signing`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runthrough.adapters.exports.notes import FORMAT
from runthrough.adapters.store.codec import time_text
from runthrough.core.values.store import Checkpoint
from runthrough.errors import AuditFileError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

_MAKE = "openssl genpkey -algorithm ed25519 -out key.pem"
_PUBLISH = "openssl pkey -in key.pem -pubout -out public.pem"


def signed_text(checkpoint: Checkpoint) -> bytes:
    """What is signed: the fields of the note in five lines, without a line end behind them."""
    fields = (
        FORMAT,
        str(checkpoint.position),
        checkpoint.log_hash,
        time_text(checkpoint.taken_at),
        checkpoint.app_version,
    )
    return "\n".join(fields).encode()


def signed(checkpoint: Checkpoint, key: Path) -> Checkpoint:
    """The checkpoint with the signature of a private key, an unencrypted PEM file.

    Raises:
        AuditFileError: The key cannot be read or used, or the extra is not installed.
    """
    private = _private_key(key)
    return replace(
        checkpoint,
        public_key=private.public_key().public_bytes_raw().hex(),
        signature=private.sign(signed_text(checkpoint)).hex(),
    )


def is_signed_by(checkpoint: Checkpoint, key: Path) -> bool:
    """Whether the checkpoint carries a signature that a public key, a PEM file, vouches for.

    Raises:
        AuditFileError: The key cannot be read or used, or the extra is not installed.
    """
    public = _public_key(key)
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra

    if checkpoint.signature is None:
        return False
    try:
        public.verify(bytes.fromhex(checkpoint.signature), signed_text(checkpoint))
    except (InvalidSignature, TypeError, ValueError):
        return False  # of the database's own checkpoints no field need be what was kept
    return True


def _private_key(path: Path) -> "Ed25519PrivateKey":
    content = _content(path)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - an extra
            Ed25519PrivateKey,
        )
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - an extra
            load_pem_private_key,
        )
    except ModuleNotFoundError as exc:
        raise _missing(exc) from exc
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as exc:
        raise AuditFileError(
            f"The key {path} is encrypted, and runthrough asks for no passphrase.",
            fix="decrypt it to a file that only you may read: openssl pkey -in KEY -out key.pem",
        ) from exc
    except ValueError as exc:
        raise _unusable(path, "holds no private key in PEM", _MAKE) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "is not of the kind Ed25519", _MAKE)
    return key


def _public_key(path: Path) -> "Ed25519PublicKey":
    content = _content(path)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - an extra
            Ed25519PublicKey,
        )
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - an extra
            load_pem_public_key,
        )
    except ModuleNotFoundError as exc:
        raise _missing(exc) from exc
    try:
        key = load_pem_public_key(content)
    except ValueError as exc:
        raise _unusable(path, "holds no public key in PEM", _PUBLISH) from exc
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "is not of the kind Ed25519", _PUBLISH)
    return key


_KEY_MAX = 2**20
"""Bytes; a key has some hundred, and a device that never ends is none."""


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_KEY_MAX)
    except OSError as exc:
        raise AuditFileError(
            f"The key {path} cannot be read: {exc.strerror}.", fix="check its path and its rights"
        ) from exc


def _unusable(path: Path, what: str, make: str) -> AuditFileError:
    return AuditFileError(f"The key {path} {what}.", fix=f"make one with {make}")


def _missing(exc: ModuleNotFoundError) -> AuditFileError:
    return AuditFileError(
        f"Signatures need the module {exc.name}, which is not installed.",
        fix="install runthrough with its extra `signing`, which brings cryptography",
    )
