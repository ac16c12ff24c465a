"""Secrets: how they are named, told apart, and kept out of commands.

Rules (DESIGN § 7): names ending in TOKEN, SECRET, PASSWORD or API_KEY; known key prefixes; PEM
blocks; the password of a URL. What only looks secret is given as `{"plain": VALUE}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

MASK = "[masked]"
"""Stands in a command, and so in history, where a value looked like a secret."""

_SECRET_NAME = re.compile(
    r"(TOKEN|SECRET((_ACCESS)?_KEY)?|PASSWORD|PASSWD|API_?KEY)$", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----
      [\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z)
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b            # AWS access key id
    | \bgh[pousr]_[0-9A-Za-z]{30,}             # GitHub
    | \bgithub_pat_[0-9A-Za-z_]{22,}
    | \bglpat-[0-9A-Za-z_-]{20,}               # GitLab
    | \bxox[abprs]-[0-9A-Za-z-]{10,}           # Slack
    | \bsk-[0-9A-Za-z_-]{20,}                  # OpenAI and others
    | \bsk_live_[0-9A-Za-z]{16,}               # Stripe
    | \bhf_[0-9A-Za-z]{30,}                    # Hugging Face
    | \bAIza[0-9A-Za-z_-]{35}                  # Google
    | \bpypi-[0-9A-Za-z_-]{20,}
    | \beyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}   # JSON web token
    """,
    re.VERBOSE,
)
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/:]*):[^\s/]+@", re.IGNORECASE)
"""User and password reach up to the last `@` before the path, so either may hold an `@`."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by its name; its value is looked up when the script starts."""

    secret: str


def secret_name(value: JsonValue) -> str | None:
    """The NAME of a `{"secret": NAME}` reference, else `None`."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("secret"), str):
        return str(value["secret"])
    return None


def named_like_a_secret(name: str) -> bool:
    """Whether a variable or argument of that name is taken for a secret."""
    return _SECRET_NAME.search(name) is not None


def masked_text(text: str) -> str:
    """`text` with whatever looks like a secret replaced by the mask."""
    text = _URL_PASSWORD.sub(rf"\g<head>:{MASK}@", text)
    return _SECRET_TEXT.sub(MASK, text)


def masked_value(name: str, value: JsonValue) -> JsonValue:
    """`value` of a variable or argument called `name`, safe to put into a command.

    `{"secret": NAME}` stays, `{"plain": V}` becomes V unlooked at, and all else that a rule
    takes for a secret becomes the mask, at any depth.
    """
    reference = secret_name(value)
    if reference is not None:
        return {"secret": masked_text(reference)}
    if isinstance(value, dict):
        if set(value) == {"plain"}:
            return value["plain"]
        secret = named_like_a_secret(name)
        return {
            masked_text(key): masked_value(name if secret else key, item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked_value(name, item) for item in value]
    if isinstance(value, bool) or value is None or value == "":
        return value
    if named_like_a_secret(name):
        return MASK
    return masked_text(value) if isinstance(value, str) else value


def masked_values(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Each value of a mapping, safe to put into a command."""
    return {name: masked_value(name, value) for name, value in values.items()}


def holds_mask(value: JsonValue) -> bool:
    """Whether a mask stands anywhere in `value`."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, dict):
        return any(holds_mask(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_mask(item) for item in value)
    return False


def secret_names(value: JsonValue) -> tuple[str, ...]:
    """The names of all secrets that `value` refers to, at any depth."""
    name = secret_name(value)
    if name is not None:
        return (name,)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(found for item in items for found in secret_names(item))
