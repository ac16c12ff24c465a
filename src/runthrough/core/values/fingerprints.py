"""What an execution depended on, part by part."""

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
