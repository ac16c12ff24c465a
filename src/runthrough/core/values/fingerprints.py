"""What an execution depended on, part by part."""

import json
from hashlib import sha256
from typing import Literal

from pydantic import JsonValue

from runthrough.core.values.model import Frozen


class FingerprintPart(Frozen):
    """One thing the outcome depends on, by digest or by value; of a secret only its name."""

    part: Literal["script", "module", "input", "environ_var", "job_arg", "interpreter"]
    name: str
    value: JsonValue


Fingerprint = tuple[FingerprintPart, ...]
"""Sorted by part and name; equal fingerprints mean that nothing a run depends on differs."""


def digest(told: Fingerprint) -> str:
    """SHA-256 over a fingerprint's parts as JSON; 64 hex characters, equal for equal ones."""
    parts = [[part.part, part.name, part.value] for part in told]
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return sha256(text.encode()).hexdigest()
